"""A month's evaluation out of a store, equal to SQL that recomputes it."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.command import main
from benchmarks.contest import Finding, bounded, check_equal, cpu_seconds
from benchmarks.made_cases import fill_closed
from benchmarks.plan import Plan
from cityops.services.grid.evaluation import Basis, By, EvaluationService, Period
from cityops.services.roles import SYSTEM
from cityops.settings import Settings
from cityops.store.database import create_all

AT_MOST_S = 5.0
MONTH = Period(date(2026, 1, 1), date(2026, 1, 31), Basis.DEADLINE)
Figures = dict[str, dict[str, float | None]]
#: The same counts as others, from the view of who sent somebody out; the script has them once.
_LEFT = frozenset({"verify_due_sent", "inspect_due_sent"})
SQL = Path(__file__).parent.parent / "docs/examples/evaluation_month.sql"


def measure(plan: Plan) -> list[Finding]:
    """Closed cases of one month, by department, street and post."""
    count = plan.size(1_000_000, 2000)
    with tempfile.TemporaryDirectory(prefix="cityops-bench-") as made:
        store = create_all(Settings(data_dir=Path(made)))
        fill_closed(store, count)
        service = EvaluationService(lambda: store, lambda: datetime.now(UTC))
        found: dict[By, dict[str, Any]] = {}
        out = []
        for by in By:
            seconds = cpu_seconds(
                lambda by=by: found.update({by: service.evaluate(SYSTEM, MONTH, by)})  # type: ignore[misc]
            )
            out.append(
                bounded(
                    f"a month's evaluation out of the store by {by.value}",
                    f"{count:,} closed cases, {len(found[by]['rows'])} rows",
                    "EvaluationService",
                    seconds,
                    "CPU s",
                    at_most=AT_MOST_S,
                )
            )
        check_equal(
            "figures by department", ours_answer(found[By.DEPARTMENT]), peer_answer(Path(made))
        )
        store.dispose()
    return out


def ours_answer(found: dict[str, Any]) -> Figures:
    """Values by subject and figure, those that the script has."""
    return {
        row["key"]: {n: _rounded(f["value"]) for n, f in row["figures"].items() if n not in _LEFT}
        for row in found["rows"]
    }


def peer_answer(folder: Path) -> Figures:
    """The same by SQL alone."""
    times = {
        "first": MONTH.start.timestamp(),
        "until": MONTH.end.timestamp(),
        "now": datetime.now(UTC).timestamp(),
    }
    with sqlite3.connect(folder / "cityops.db") as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute(SQL.read_text("utf-8"), times)]
    return {
        row["subject"]: {n: _rounded(v) for n, v in row.items() if n != "subject"} for row in rows
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 9 - len(str(int(value))))


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or ""))
