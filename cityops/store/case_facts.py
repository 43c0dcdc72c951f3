"""Facts of cases in columns: the port ``cityops.services.grid.evaluation.FactRepo``.

A month of a large city is a million rows. They come as one text per column, put together by the
database, which is many times quicker than rows of values one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, and_, case, func, literal, literal_column, or_, select

from cityops.services.case_values import CaseScope, stored_time
from cityops.services.grid.evaluation import Basis, Period
from cityops.store.case_filters import in_scope
from cityops.store.dialect import ExactReal, JoinedTexts, json_text
from cityops.store.models.cases import CaseFact, CaseRow, CaseStep
from grid.classes import ClassKey
from grid.clock.calendar import CITY_ZONE
from grid.evaluation.facts import BoolArray, CaseFacts, Fact, FloatArray, IntArray
from grid.flow.states import CaseAction, CaseState
from grid.routing.decide import Situation
from grid.routing.trial import Choice, Handled

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_case = CaseRow.__table__
_fact = CaseFact.__table__
_step = CaseStep.__table__
_NUMBERS = ("case_seq", "bits", "reworks", "extensions", "returns", "bodies", "is_open")
#: Stands for a deadline that is not known.
_NEVER = np.iinfo(np.int64).max
#: Between two keys of a column: codes and names of people never hold it.
_BETWEEN = "\x1f"
#: A period that holds more of the table than one in so many is read without the index.
_FEW = 8
_CHUNK = 500
_LISTED = ("seq", "id", "number", "class_name", "state", "department", "area", "address")
_TIMES = ("reported_at", "due_at", "closed_at")


class SqlFactRepo:
    """Facts of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection

    def columns(
        self, period: Period, keys: Sequence[str], scope: CaseScope, as_of: datetime
    ) -> tuple[CaseFacts, IntArray]:
        """Facts of the cases of a period in scope, and the seq of each."""
        query = (
            select(*_columns(keys))
            .select_from(_source(scope))
            .where(_in_period(period, by_index=self._is_small(period)), *_limits(scope))
        )
        row = self._connection.execute(query).mappings().one()
        numbers = {name: _integers(row[name]) for name in (*_NUMBERS, "deadline")}
        own = {name: _texts(row[f"key_{name}"], len(numbers["bits"])) for name in keys}
        facts = CaseFacts(
            bits=_bits_at(numbers, as_of),
            reworks=numbers["reworks"],
            extensions=numbers["extensions"],
            returns=numbers["returns"],
            bodies=numbers["bodies"],
            overtime=_reals(row["overtime"]),
            weight=np.ones(len(numbers["bits"]), np.int64),
            keys=own,
        )
        return facts, numbers["case_seq"]

    def cases(self, seqs: Sequence[int]) -> list[dict[str, Any]]:
        """id, number, state, department and times of cases, in the order of `seqs`."""
        columns = [_case.c[name] for name in (*_LISTED, *_TIMES)]
        found: dict[int, dict[str, Any]] = {}
        for at in range(0, len(seqs), _CHUNK):
            query = select(*columns).where(_case.c.seq.in_(list(seqs[at : at + _CHUNK])))
            found |= {row["seq"]: dict(row) for row in self._connection.execute(query).mappings()}
        return [
            {name: value for name, value in found[seq].items() if name != "seq"} for seq in seqs
        ]

    def settled(self, most: int = 100_000) -> list[Handled]:
        """Closed cases, newest first, with the body that disposed of them.

        Those about a component are left out: its owner goes before every rule.
        """
        c = _case.c
        condition = json_text(c.flow, "filing", 0)
        query = (
            select(
                *(c.class_domain, c.class_scheme, c.class_code, condition, c.cell),
                *(c.department, c.reported_at),
            )
            .where(c.state == CaseState.CLOSED.value, c.department.is_not(None))
            .where(c.component.is_(None))
            .order_by(c.seq.desc())
            .limit(most)
        )
        return [_handled(*row) for row in self._connection.execute(query)]

    def first_dispatches(self, start: datetime, end: datetime) -> list[Choice]:
        """What was suggested and what was chosen at the first dispatch of each case, by its time."""
        c = _step.c
        first = (
            select(c.case_seq, func.min(c.number).label("number"))
            .where(c.action.in_([CaseAction.DISPATCH.value, CaseAction.DESIGNATE.value]))
            .group_by(c.case_seq)
            .subquery()
        )
        same = and_(c.case_seq == first.c.case_seq, c.number == first.c.number)
        query = (
            select(json_text(c.details, "suggested"), c.department, c.at)
            .join(first, same)
            .where(c.at >= stored_time(start), c.at < stored_time(end), c.department.is_not(None))
            .order_by(c.case_seq)
        )
        return [
            Choice(said, chosen, datetime.fromisoformat(at).astimezone(CITY_ZONE).date())
            for said, chosen, at in self._connection.execute(query)
        ]

    def _is_small(self, period: Period) -> bool:
        """Whether a period holds a small part of the table, so that its index is worth while."""
        counted = select(func.count()).select_from(_fact)
        inside = self._connection.execute(counted.where(_in_period(period, by_index=True))).scalar()
        last = self._connection.execute(select(func.max(_fact.c.case_seq))).scalar()
        return int(inside or 0) * _FEW < int(last or 0)


def _handled(
    domain: str,
    scheme: str,
    code: str,
    condition: str | None,
    cell: str | None,
    body: str,
    reported_at: str,
) -> Handled:
    at = datetime.fromisoformat(reported_at)
    situation = Situation(
        ClassKey(domain, scheme, code),
        condition=condition or None,
        day=at.astimezone(CITY_ZONE).date(),
        grids={} if cell is None else {"unit": cell},
    )
    return Handled(situation, body, at)


def _columns(keys: Sequence[str]) -> list[ColumnElement[Any]]:
    """One text per column; all in the order in which the rows are met."""
    exact = case((_fact.c.overtime == 0, literal("0")), else_=ExactReal(_fact.c.overtime))
    comma: ColumnElement[Any] = literal_column("','")
    unknown: ColumnElement[Any] = literal_column(str(_NEVER))
    return [
        *(JoinedTexts(_fact.c[name], comma).label(name) for name in _NUMBERS),
        JoinedTexts(func.coalesce(_fact.c.deadline, unknown), comma).label("deadline"),
        JoinedTexts(exact, comma).label("overtime"),
        *(JoinedTexts(_fact.c[name], _BETWEEN).label(f"key_{name}") for name in keys),
    ]


def _source(scope: CaseScope) -> Any:
    """The facts alone where everything may be seen, else with the cases that say what may be."""
    if scope.areas is None and scope.department is None:
        return _fact
    return _fact.join(_case, _case.c.seq == _fact.c.case_seq)


def _limits(scope: CaseScope) -> list[ColumnElement[bool]]:
    return [] if scope.areas is None and scope.department is None else [in_scope(scope)]


def _in_period(period: Period, *, by_index: bool) -> ColumnElement[bool]:
    """Cases whose deadline, or whose report, lies in a period; a sum keeps the index out."""
    first, last = int(period.start.timestamp()), int(period.end.timestamp())
    deadline: Any = _fact.c.deadline if by_index else _fact.c.deadline + 0
    report: Any = _fact.c.reported if by_index else _fact.c.reported + 0
    reported = and_(report >= first, report < last)
    if period.basis is Basis.REPORTED:
        return reported
    due = and_(deadline >= first, deadline < last)
    return or_(due, and_(_fact.c.deadline.is_(None), reported))


def _bits_at(numbers: dict[str, IntArray], as_of: datetime) -> IntArray:
    """(n,) flags with that for overdue cases as of a time.

    A clock that stands still keeps what it was when it was stopped; one that runs is looked at.
    """
    overdue = int(Fact.OVERDUE_OPEN)
    bits, runs = numbers["bits"], numbers["is_open"] != 0
    late: BoolArray = runs & (numbers["deadline"] < int(as_of.timestamp()))
    bits = np.where(runs, bits & ~overdue, bits)
    return np.where(late, bits | overdue, bits)


def _integers(text: str | None) -> IntArray:
    return np.fromstring(text or "", np.int64, sep=",")


def _reals(text: str | None) -> FloatArray:
    return np.fromstring(text or "", np.float64, sep=",")


def _texts(text: str | None, count: int) -> npt.NDArray[np.object_]:
    return np.array((text or "").split(_BETWEEN) if count else [], dtype=object)
