"""A store with very many cases: open ones with their clocks, and the facts of closed ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import orjson
from sqlalchemy import insert

from cityops.services.case_values import stored_time
from cityops.store.database import SqlStore
from cityops.store.models.cases import CaseFact, CaseRow, CaseStep
from grid.classes import GB_SCHEME, ClassKey
from grid.clock.book import CalendarBook
from grid.clock.clock import ClockKind, start_clock, stop
from grid.clock.limit import limit_of
from grid.clock.moved import deadlines
from grid.evaluation.facts import Fact
from grid.flow.case import Case, Filing
from grid.flow.states import CaseSource, CaseState
from grid.flow.stored import case_json

KEY = ClassKey("component", GB_SCHEME, "0102")
BODIES = ("drainage", "urban", "greening", "traffic")
#: Every open case was reported in the fortnight after this; most are due next year.
AUTUMN = datetime(2026, 12, 14, 0, 0, tzinfo=UTC)
_MONTH = (datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2026, 1, 31, 16, tzinfo=UTC))
_MANY = 50_000


def fill_open(store: SqlStore, count: int, book: CalendarBook, work_days: int = 16) -> None:
    """Put open cases, each in disposal with four clocks, a history of one step and its facts."""
    cases = [_open_case(number, work_days) for number in range(1, count + 1)]
    due = deadlines([case.clock(ClockKind.DISPOSE) for case in cases], book)
    for at in range(0, count, _MANY):
        some = list(zip(cases[at : at + _MANY], due[at : at + _MANY], strict=True))
        rows = [_case_row(i, case, end) for i, (case, end) in enumerate(some, at + 1)]
        with store.writing() as tx:
            tx.connection.execute(insert(CaseRow), rows)
            tx.connection.execute(insert(CaseStep), [_step_row(r) for r in rows])
            facts = [
                _fact_row(r["seq"], case, end) for r, (case, end) in zip(rows, some, strict=True)
            ]
            tx.connection.execute(insert(CaseFact), facts)


def _open_case(number: int, work_days: int) -> Case:
    at = AUTUMN + timedelta(minutes=number * 20_000 // 200_000)
    clocks = [start_clock(ClockKind.ACCEPT, limit_of("0.25", "urgent_hour"), at)]
    for kind in (ClockKind.FILE, ClockKind.DISPATCH):
        clocks = [*clocks[:-1], stop(clocks[-1], at + timedelta(minutes=5))]
        at += timedelta(minutes=5)
        clocks.append(start_clock(kind, limit_of("0.25", "urgent_hour"), at))
    clocks = [*clocks[:-1], stop(clocks[-1], at + timedelta(minutes=5))]
    limit = limit_of(work_days, "work_day")
    clocks.append(start_clock(ClockKind.DISPOSE, limit, at + timedelta(minutes=5)))
    body = BODIES[number % len(BODIES)]
    return Case(
        id=UUID(int=number),
        state=CaseState.TO_DISPOSE,
        source=CaseSource.PATROL,
        key=KEY,
        reported_at=clocks[0].started_at,
        last_at=clocks[-1].started_at,
        reporter=7,
        photos=1,
        accepted_by=3,
        filed_by=4,
        filing=Filing("TJ-WELL-COVER", limit),
        department=body,
        departments=(body,),
        clocks=tuple(clocks),
        steps=1,
    )


def _case_row(seq: int, case: Case, due: datetime | None) -> dict[str, Any]:
    return filled(
        CaseRow.__table__,
        seq=seq,
        id=str(case.id),
        number=f"S{seq:08d}",
        version=1,
        reporter_id=7,
        source=case.source.value,
        state=case.state.value,
        department=case.department,
        class_name="污水井盖",
        reported_at=stored_time(case.reported_at),
        due_at=None if due is None else stored_time(due),
        area="120101001001",
        flow=orjson.dumps(case_json(case)).decode(),
        steps=case.steps,
        flags="[]",
        extra="{}",
    )


def _step_row(row: dict[str, Any]) -> dict[str, Any]:
    return filled(
        CaseStep.__table__,
        case_seq=row["seq"],
        number=1,
        action="report",
        after=CaseState.REPORTED.value,
        at=row["reported_at"],
        details="{}",
    )


def _fact_row(seq: int, case: Case, due: datetime | None) -> dict[str, Any]:
    return filled(
        CaseFact.__table__,
        case_seq=seq,
        bits=int(Fact.ACCEPTED | Fact.FILED | Fact.DISPATCHED),
        reported=int(case.reported_at.timestamp()),
        deadline=None if due is None else int(due.timestamp()),
        is_open=True,
        bodies=1,
        department=case.department,
        street="120101001",
    )


def filled(table: Any, **values: Any) -> dict[str, Any]:
    """A row with something in every column that must not be empty."""
    out = {}
    for column in table.columns:
        plain: Any = None if column.nullable else "" if column.type.python_type is str else 0
        out[column.name] = values.get(column.name, plain)
    return out


def fill_closed(store: SqlStore, count: int, seed: int = 1) -> None:
    """Put the facts of closed cases of January 2026, and what lists show of each."""
    for at in range(0, count, _MANY):
        many = min(_MANY, count - at)
        facts = list(_closed(at + 1, many, seed + at))
        rows = [
            filled(
                CaseRow.__table__,
                seq=fact["case_seq"],
                id=str(UUID(int=fact["case_seq"])),
                number=f"S{fact['case_seq']:08d}",
                state=CaseState.CLOSED.value,
                department=fact["department"],
                reported_at=stored_time(datetime.fromtimestamp(fact["reported"], UTC)),
                flow="{}",
                flags="[]",
                extra="{}",
            )
            for fact in facts
        ]
        with store.writing() as tx:
            tx.connection.execute(insert(CaseRow), rows)
            tx.connection.execute(insert(CaseFact), facts)


def _closed(first: int, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Facts of closed cases: most went well, some late, with rework, returned or from the public."""
    rng = np.random.default_rng(seed)
    usual = Fact.ACCEPTED | Fact.FILED | Fact.DISPATCHED | Fact.DISPOSED | Fact.CLOSED
    usual |= Fact.INSPECT_SENT | Fact.INSPECTED
    shares = {
        Fact.LATE: 0.05,
        Fact.ACCEPTED_IN_TIME: 0.95,
        Fact.FILED_IN_TIME: 0.95,
        Fact.DISPATCHED_IN_TIME: 0.95,
        Fact.INSPECT_SENT_IN_TIME: 0.95,
        Fact.INSPECTED_IN_TIME: 0.9,
        Fact.CLOSED_STAGE_IN_TIME: 0.95,
        Fact.VERIFY_SENT: 0.3,
        Fact.PUBLIC_CONFIRMED: 0.2,
        Fact.CALLED_BACK: 0.1,
        Fact.LINKED: 0.03,
        Fact.VOIDED: 0.02,
    }
    bits = np.full(count, int(usual), np.int64)
    for flag, share in shares.items():
        bits |= np.where(rng.random(count) < share, int(flag), 0)
    late = (bits & int(Fact.LATE)) != 0
    few = {name: rng.geometric(0.95, count) - 1 for name in ("reworks", "extensions", "returns")}
    start, end = (int(at.timestamp()) for at in _MONTH)
    deadline = rng.integers(start, end, count)
    people = {
        name: [f"{post}/{n}" for n in rng.integers(100, 400, count).tolist()]
        for name, post in _PEOPLE.items()
    }
    columns: dict[str, list[Any]] = {
        "case_seq": list(range(first, first + count)),
        "bits": bits.tolist(),
        **{name: values.tolist() for name, values in few.items()},
        "bodies": (1 + (few["returns"] > 0)).tolist(),
        "overtime": np.where(late, 1.0 + rng.random(count), 0.0).tolist(),
        "reported": (deadline - rng.integers(3600, 400_000, count)).tolist(),
        "deadline": deadline.tolist(),
        "is_open": [False] * count,
        "department": [BODIES[n] for n in rng.integers(0, len(BODIES), count).tolist()],
        "street": [f"1201010{n:02d}" for n in rng.integers(1, 30, count).tolist()],
        **people,
        "missed_by": [""] * count,
    }
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


_PEOPLE = {
    "reporter": "collector",
    "verifier": "collector",
    "inspector": "collector",
    "acceptor": "acceptor",
    "filer": "filer",
    "closer": "filer",
    "dispatcher": "dispatcher",
}
