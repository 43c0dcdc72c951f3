"""Deadlines of very many cases: the port ``cityops.services.grid.recompute.DeadlineRepo``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, func, select

from cityops.services.grid.recompute import STEP_COLUMNS, Moved, OpenCase, step_of
from cityops.store.models.cases import CaseRow
from grid.flow.states import END_STATES

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_case = CaseRow.__table__
_ENDED = sorted(state.value for state in END_STATES)
_CHUNK = 500
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

    def open_cases(self, seqs: Sequence[int] | None = None) -> list[OpenCase]:
        """Cases that have not ended, by seq; only some when `seqs` are given."""
        inside = {
            name: func.json_extract(_case.c.flow, f"$.{name}") for name in ("last_at", "clocks")
        }
        columns = [inside[n] if n in inside else _case.c[n] for n in OpenCase._fields]
        query = select(*columns).where(_is_open()).order_by(_case.c.seq)
        if seqs is None:
            return [OpenCase(*row) for row in self._connection.execute(query)]
        parts = [list(seqs[at : at + _CHUNK]) for at in range(0, len(seqs), _CHUNK)]
        return [
            OpenCase(*row)
            for some in parts
            for row in self._connection.execute(query.where(_case.c.seq.in_(some)))
        ]

    def open_versions(self) -> dict[int, int]:
        """Version of every case that has not ended, by seq."""
        query = select(_case.c.seq, _case.c.version).where(_is_open())
        return {int(row.seq): int(row.version) for row in self._connection.execute(query)}

    def move(self, moved: Sequence[Moved]) -> None:
        """Set deadlines, add a step to each history, raise versions."""
        if not moved:
            return
        # The driver takes the rows as they are: a statement of the toolkit would take them apart.
        run = self._connection.exec_driver_sql
        run(_SET_DUE, [(m.due_at, m.number, m.number, m.last_at, m.case.seq) for m in moved])
        run(_SET_FACT, [(m.due_s, m.case.seq) for m in moved])
        run(_ADD_STEP, [step_of(m) for m in moved])


def _is_open() -> ColumnElement[bool]:
    """The same as ``Case.is_open``."""
    return and_(_case.c.state.not_in(_ENDED), _case.c.merged_into.is_(None))
