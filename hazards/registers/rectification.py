"""The loop of a major hidden danger: ordered, rectified, rechecked, and round again until it holds.

The states, the table of moves and the history are an engine's, reached through the port `Engine`;
this module says what the loop asks of it and holds what is the danger's own: a plan before an
order, a recheck by somebody else, the deadline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from gis.errors import ConflictError, InvalidError
from gis.layers import Title
from hazards.registers.values import HiddenDanger


class LoopStage(StrEnum):
    """Where a hidden danger stands."""

    FOUND = "found"
    RECTIFYING = "rectifying"
    RECTIFIED = "rectified"
    RECHECKING = "rechecking"
    PASSED = "passed"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


STAGE_TITLES: dict[LoopStage, Title] = {
    LoopStage.FOUND: Title("待下达整改", "To be ordered"),
    LoopStage.RECTIFYING: Title("整改中", "Being rectified"),
    LoopStage.RECTIFIED: Title("待复查", "To be rechecked"),
    LoopStage.RECHECKING: Title("复查中", "Being rechecked"),
    LoopStage.PASSED: Title("待销号", "To be closed"),
    LoopStage.CLOSED: Title("已销号", "Closed"),
    LoopStage.WITHDRAWN: Title("已撤销", "Withdrawn"),
}
#: Stages in which nothing is left to be done by a deadline.
_DONE = frozenset({LoopStage.PASSED, LoopStage.CLOSED, LoopStage.WITHDRAWN})


class LoopAct(StrEnum):
    """What may be done about a hidden danger."""

    ORDER = "order"
    REPORT_DONE = "report_done"
    RECHECK = "recheck"
    PASS = "pass"  # noqa: S105 - the verdict of a recheck, no password
    FAIL = "fail"
    CLOSE = "close"


ACT_TITLES: dict[LoopAct, Title] = {
    LoopAct.ORDER: Title("下达整改", "Order rectification"),
    LoopAct.REPORT_DONE: Title("报告整改完成", "Report it done"),
    LoopAct.RECHECK: Title("安排复查", "Send to be rechecked"),
    LoopAct.PASS: Title("复查合格", "Pass"),
    LoopAct.FAIL: Title("复查不合格", "Fail"),
    LoopAct.CLOSE: Title("销号", "Close"),
}


#: How a danger gets from stage to stage; the engine holds it, and a test holds both together.
TRANSITIONS: tuple[tuple[LoopStage, LoopAct, LoopStage], ...] = (
    (LoopStage.FOUND, LoopAct.ORDER, LoopStage.RECTIFYING),
    (LoopStage.RECTIFYING, LoopAct.REPORT_DONE, LoopStage.RECTIFIED),
    (LoopStage.RECTIFIED, LoopAct.RECHECK, LoopStage.RECHECKING),
    (LoopStage.RECHECKING, LoopAct.FAIL, LoopStage.RECTIFYING),
    (LoopStage.RECHECKING, LoopAct.PASS, LoopStage.PASSED),
    (LoopStage.PASSED, LoopAct.CLOSE, LoopStage.CLOSED),
)


@dataclass(frozen=True)
class Doer:
    """Who acts; ``body`` is the credit code of the enterprise that the person belongs to."""

    id: int
    name: str
    roles: frozenset[str]
    body: str | None = None


@dataclass(frozen=True)
class Given:
    """What is given with an act: an opinion, and how many photos or papers prove it."""

    note: str = ""
    evidence: int = 0


@dataclass(frozen=True)
class LoopEntry:
    """One entry of the history, as the engine keeps it."""

    act: str
    by: int
    by_name: str
    at: datetime
    note: str
    stage: LoopStage


S = TypeVar("S")


class Engine(Protocol[S]):
    """A workflow engine, as the loop needs it; ``S`` is its state of one danger."""

    def begin(self, danger: HiddenDanger, by: Doer, at: datetime) -> S:
        """The state of a danger that was found."""

    def act(self, state: S, act: LoopAct, by: Doer, at: datetime, given: Given) -> S:
        """The state after an act; refuses with the reason."""

    def stage(self, state: S) -> LoopStage:
        """Where it stands."""

    def open_acts(self, state: S, by: Doer, at: datetime) -> tuple[LoopAct, ...]:
        """What a person may do now."""

    def entries(self, state: S) -> tuple[LoopEntry, ...]:
        """The history, which is only ever added to."""


@dataclass(frozen=True)
class Loop(Generic[S]):
    """A hidden danger on its way, with the engine's state of it."""

    danger: HiddenDanger
    state: S


#: What a plan says (整改责任、措施、资金、时限、预案), own knowledge; unknown parts are told.
PLAN_PARTS: dict[str, Title] = {
    "goal": Title("治理目标", "Goal"),
    "measures": Title("治理措施", "Measures"),
    "funds_yuan": Title("治理经费", "Funds"),
    "responsible": Title("责任人", "Person responsible"),
    "deadline": Title("治理期限", "Deadline"),
    "precautions": Title("治理期间防范措施和应急预案", "Precautions meanwhile"),
}


def unplanned(danger: HiddenDanger) -> tuple[str, ...]:
    """Parts of the plan that nobody has stated.

    Examples
    --------
    >>> bare = HiddenDanger("1", "91110000802100433B", date(2026, 3, 1), "未设防火堤")
    >>> unplanned(bare)[0]
    'goal'
    """
    return tuple(name for name in PLAN_PARTS if getattr(danger, name) is None)


def begin_loop(engine: Engine[S], danger: HiddenDanger, by: Doer, at: datetime) -> Loop[S]:
    """A danger that was found, in the engine's hands."""
    return Loop(danger, engine.begin(danger, by, at))


def do(
    engine: Engine[S],
    loop: Loop[S],
    act: LoopAct,
    by: Doer,
    at: datetime,
    given: Given | None = None,
) -> Loop[S]:
    """The loop after an act.

    Raises
    ------
    InvalidError
        ``rectification.no_plan`` for an order while responsibility, measures or deadline are not
        stated, ``rectification.bad_deadline`` for one that lies before the day it was found.
    ConflictError
        ``rectification.own_recheck`` when the verdict is by who reported it done.
    CityError
        What the engine refuses.
    """
    for rule in _RULES.get(act, ()):
        rule(engine, loop, by)
    state = engine.act(loop.state, act, by, at, given or Given())
    return replace(loop, state=state)


def is_overdue(engine: Engine[S], loop: Loop[S], today: date) -> bool | None:
    """Whether the deadline has passed with something left to do; None where there is no deadline.

    The day of the deadline itself is in time.
    """
    if loop.danger.deadline is None:
        return None
    return engine.stage(loop.state) not in _DONE and today > loop.danger.deadline


def rounds_of(engine: Engine[S], loop: Loop[S]) -> int:
    """How often it was found not rectified at a recheck."""
    return sum(entry.act == LoopAct.FAIL for entry in engine.entries(loop.state))


def _has_plan(engine: Engine[S], loop: Loop[S], by: Doer) -> None:
    missing = [n for n in ("responsible", "measures", "deadline") if n in unplanned(loop.danger)]
    if missing:
        raise InvalidError(
            "rectification.no_plan",
            "下达整改前须明确：{missing}",
            field=missing[0],
            expected=missing,
            params={"missing": "、".join(PLAN_PARTS[name].zh for name in missing)},
        )
    deadline = loop.danger.deadline
    if deadline is not None and deadline < loop.danger.found_on:
        raise InvalidError(
            "rectification.bad_deadline",
            "治理期限 {got} 早于发现日期 {expected}",
            field="deadline",
            got=deadline.isoformat(),
            expected=loop.danger.found_on.isoformat(),
        )


def _is_another(engine: Engine[S], loop: Loop[S], by: Doer) -> None:
    reports = [e for e in engine.entries(loop.state) if e.act == LoopAct.REPORT_DONE]
    own_body = by.body is not None and by.body == loop.danger.credit_code
    if own_body or (reports and reports[-1].by == by.id):
        raise ConflictError(
            "rectification.own_recheck",
            "复查须由企业以外、未报告整改完成的人员进行",
            field="by",
            got=by.name[:60],
        )


_RULES: dict[LoopAct, tuple[Callable[[Engine[S], Loop[S], Doer], None], ...]] = {
    LoopAct.ORDER: (_has_plan,),
    LoopAct.PASS: (_is_another,),
    LoopAct.FAIL: (_is_another,),
}
