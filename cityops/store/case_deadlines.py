"""Deadlines of very many cases: the port ``cityops.services.grid.recompute.DeadlineRepo``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from cityops.services.grid.recompute import STEP_COLUMNS, Moved, OpenCase, step_of
from cityops.store.models.cases import CaseRow
from grid.clock.clock import ClockKind
from grid.flow.states import LIVE_STATES

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_case = CaseRow.__table__
_OPEN = sorted(state.value for state in LIVE_STATES)


@dataclass(frozen=True)
class _Statements:
    """What is sent to the driver as it is, in the words of one database."""

    read: str
    versions: str
    due: str
    fact: str
    step: str


def _statements(mark: str, state: str, inside: dict[str, str], flow: str) -> _Statements:
    # The same as ``Case.is_open``, between two numbers.
    is_open = (
        f"seq BETWEEN {mark} AND {mark} AND merged_into IS NULL "
        f"AND {state} IN ({', '.join(repr(one) for one in _OPEN)})"
    )
    names = ", ".join(inside.get(name, name) for name in OpenCase._fields)
    marks = ", ".join([mark] * len(STEP_COLUMNS))
    return _Statements(
        read=f"SELECT {names} FROM case_record WHERE {is_open} ORDER BY seq",  # noqa: S608
        versions=f"SELECT seq, version FROM case_record WHERE {is_open}",  # noqa: S608
        due=f"UPDATE case_record SET due_at = {mark}, steps = {mark}, version = version + 1, "  # noqa: S608
        f"flow = {flow} WHERE seq = {mark}",
        fact=f"UPDATE case_fact SET deadline = {mark} WHERE case_seq = {mark}",  # noqa: S608
        step=f"INSERT INTO case_step ({', '.join(STEP_COLUMNS)}) VALUES ({marks})",  # noqa: S608
    )


_LAST_KIND = f"= '{ClockKind.DISPOSE.value}'"
# Mostly the clock of disposal is the last one: then the others need not be unpacked.
_SQLITE = _statements(
    "?",
    "+state",  # a plus keeps the index of states out: the cases lie side by side in the table
    {
        "last_at": "json_extract(flow, '$.last_at')",
        "clocks": f"CASE WHEN json_extract(flow, '$.clocks[#-1].kind') {_LAST_KIND} "
        "THEN json_extract(flow, '$.clocks[#-1]') ELSE json_extract(flow, '$.clocks') END",
    },
    "json_set(flow, '$.steps', ?, '$.last_at', ?)",
)
_POSTGRESQL = _statements(
    "%s",
    "state",
    {
        "last_at": "flow::json ->> 'last_at'",
        "clocks": f"CASE WHEN flow::json #>> '{{clocks,-1,kind}}' {_LAST_KIND} "
        "THEN flow::json #>> '{clocks,-1}' ELSE flow::json #>> '{clocks}' END",
    },
    "jsonb_set(jsonb_set(flow::jsonb, '{steps}', to_jsonb(%s::int)),"
    " '{last_at}', to_jsonb(%s::text))::text",
)


class SqlDeadlineRepo:
    """Deadlines of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection
        is_sqlite = unit.connection.dialect.name == "sqlite"
        self._say = _SQLITE if is_sqlite else _POSTGRESQL

    def open_seqs(self) -> list[int]:
        """Cases that have not ended, in order."""
        # The index of states holds the numbers: no case is read.
        found = select(_case.c.seq).where(_case.c.state.in_(_OPEN))
        return sorted(self._connection.execute(found).scalars())

    def open_cases(self, first: int, last: int) -> list[OpenCase]:
        """Cases that have not ended from one seq to another, both included, in order."""
        rows = self._connection.exec_driver_sql(self._say.read, (first, last)).all()
        return [OpenCase._make(row) for row in rows]

    def open_versions(self, first: int, last: int) -> dict[int, int]:
        """Version of each of these, by seq."""
        rows = self._connection.exec_driver_sql(self._say.versions, (first, last)).all()
        return {row[0]: row[1] for row in rows}

    def move(self, moved: Sequence[Moved]) -> None:
        """Set deadlines, add a step to each history, raise versions."""
        if not moved:
            return
        # The driver takes the rows as they are: a statement of the toolkit would take them apart.
        run = self._connection.exec_driver_sql
        run(self._say.due, [(m.due_at, m.number, m.number, m.last_at, m.case.seq) for m in moved])
        run(self._say.fact, [(m.due_s, m.case.seq) for m in moved])
        run(self._say.step, [step_of(m) for m in moved])
