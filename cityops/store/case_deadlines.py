"""Deadlines of very many cases: the port ``cityops.services.grid.recompute.DeadlineRepo``."""

from __future__ import annotations

from collections.abc import Sequence
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
#: The same as ``Case.is_open``, between two numbers.
_IS_OPEN = (
    "seq BETWEEN ? AND ? AND merged_into IS NULL "
    # A plus keeps the index of states out: the cases lie side by side in the table.
    f"AND +state IN ({', '.join(repr(state) for state in _OPEN)})"
)
_INSIDE = {
    "last_at": "json_extract(flow, '$.last_at')",
    # Mostly the clock of disposal is the last one: then the others need not be unpacked.
    "clocks": f"CASE WHEN json_extract(flow, '$.clocks[#-1].kind') = '{ClockKind.DISPOSE.value}' "
    "THEN json_extract(flow, '$.clocks[#-1]') ELSE json_extract(flow, '$.clocks') END",
}
_READ = (
    f"SELECT {', '.join(_INSIDE.get(name, name) for name in OpenCase._fields)} "  # noqa: S608
    f"FROM case_record WHERE {_IS_OPEN} ORDER BY seq"
)
_READ_VERSIONS = f"SELECT seq, version FROM case_record WHERE {_IS_OPEN}"  # noqa: S608
_SET_DUE = (
    "UPDATE case_record SET due_at = ?, steps = ?, version = version + 1, "
    "flow = json_set(flow, '$.steps', ?, '$.last_at', ?) WHERE seq = ?"
)
_SET_FACT = "UPDATE case_fact SET deadline = ? WHERE case_seq = ?"
_ADD_STEP = (
    f"INSERT INTO case_step ({', '.join(STEP_COLUMNS)}) "  # noqa: S608 - names of columns
    f"VALUES ({', '.join('?' * len(STEP_COLUMNS))})"
)


class SqlDeadlineRepo:
    """Deadlines of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection

    def open_seqs(self) -> list[int]:
        """Cases that have not ended, in order."""
        # The index of states holds the numbers: no case is read.
        found = select(_case.c.seq).where(_case.c.state.in_(_OPEN))
        return sorted(self._connection.execute(found).scalars())

    def open_cases(self, first: int, last: int) -> list[OpenCase]:
        """Cases that have not ended from one seq to another, both included, in order."""
        rows = self._connection.exec_driver_sql(_READ, (first, last)).all()
        return [OpenCase._make(row) for row in rows]

    def open_versions(self, first: int, last: int) -> dict[int, int]:
        """Version of each of these, by seq."""
        rows = self._connection.exec_driver_sql(_READ_VERSIONS, (first, last)).all()
        return {row[0]: row[1] for row in rows}

    def move(self, moved: Sequence[Moved]) -> None:
        """Set deadlines, add a step to each history, raise versions."""
        if not moved:
            return
        # The driver takes the rows as they are: a statement of the toolkit would take them apart.
        run = self._connection.exec_driver_sql
        run(_SET_DUE, [(m.due_at, m.number, m.number, m.last_at, m.case.seq) for m in moved])
        run(_SET_FACT, [(m.due_s, m.case.seq) for m in moved])
        run(_ADD_STEP, [step_of(m) for m in moved])
