"""A calendar is published: every open case of a store recomputed, written down and told."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks.command import main
from benchmarks.contest import Finding, bounded, check_equal, cpu_seconds
from benchmarks.made_cases import fill_open
from benchmarks.plan import Plan
from cityops.services.case_values import stored_time
from cityops.services.grid.config import current_config
from cityops.services.grid.publishing import CalendarDesk, DaysOptions
from cityops.services.roles import SYSTEM
from cityops.settings import Settings
from cityops.store.database import SqlStore, create_all
from grid.clock.book import CalendarBook
from grid.clock.clock import ClockKind, due_at
from grid.clock.shipped import shipped_calendars
from grid.flow.stored import case_from

AT_MOST_S = 10.0
#: Made for measuring: the days of that year are not announced.
DAYS = (
    "日期,结束日期,类型\n2027-01-01,2027-01-03,休息\n2027-02-05,2027-02-11,休息\n2027-02-20,,上班\n"
)


def measure(plan: Plan) -> list[Finding]:
    """Cases whose deadlines lie in the year that is published: every one moves."""
    count = plan.size(200_000, 300)
    with tempfile.TemporaryDirectory(prefix="cityops-bench-") as made:
        folder = Path(made)
        store = create_all(Settings(data_dir=folder / "data"))
        fill_open(store, count, shipped_calendars())
        (folder / "days.csv").write_text(DAYS, "utf-8")
        desk = CalendarDesk(lambda: store, lambda: datetime.now(UTC))
        done: dict[str, Any] = {}
        begun = time.perf_counter()
        seconds = cpu_seconds(
            lambda: done.update(desk.bring_in(SYSTEM, folder / "days.csv", DaysOptions()))
        )
        wall = time.perf_counter() - begun
        check_equal("moved", done["moved"], count)
        _check_each(store, count)
        store.dispose()
    return [
        bounded(
            "open cases recomputed after a calendar was published, histories and outbox included",
            f"{count:,} cases, all moved ({wall:.1f} s by the clock)",
            "CalendarDesk",
            seconds,
            "CPU s",
            at_most=AT_MOST_S,
        )
    ]


def _check_each(store: SqlStore, count: int) -> None:
    """Some deadlines against the one of the case alone, and one new entry in every history."""
    with store.reading() as tx:
        book = current_config(tx).book
        run = tx.connection.exec_driver_sql
        some = "SELECT flow, due_at FROM case_record WHERE seq % ? = 0"
        rows = run(some, (max(count // 200, 1),)).all()
        steps = run("SELECT count(*) FROM case_step WHERE action = 'recompute'").scalar()
    check_equal("history", steps, count)
    check_equal("deadlines", [due for _, due in rows], peer_answer([f for f, _ in rows], book))


def peer_answer(flows: list[str], book: CalendarBook) -> list[str]:
    """Deadlines of stored cases, each alone."""
    out = []
    for flow in flows:
        clock = case_from(orjson.loads(flow)).clock(ClockKind.DISPOSE)
        due = None if clock is None else due_at(clock, book)
        out.append("" if due is None else stored_time(due))
    return out


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or ""))
