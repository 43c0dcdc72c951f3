"""Facts of a case out of the case and its history: the only place where the two meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gis.errors import CityError
from grid.clock.clock import ClockKind, due_at, used
from grid.evaluation.facts import Fact
from grid.flow.case import Case, Entry
from grid.flow.effects import lateness
from grid.flow.states import CaseAction, CaseSource, CaseState, ClosedKind, Post
from grid.flow.world import World

_A = CaseAction
_HANDED_BACK = {_A.HAND_BACK}
_UNDONE = {_A.REWORK, _A.FAIL}
_IN_HAND = (CaseState.TO_DISPOSE, CaseState.DISPOSING, CaseState.SUSPENDED)
_PUBLIC = (CaseSource.PUBLIC, CaseSource.HOTLINE)
#: action -> flags set by the last act of it: done, done within the stage's limit.
_STAGES: tuple[tuple[frozenset[str], Fact, Fact], ...] = (
    (frozenset({_A.ACCEPT}), Fact.ACCEPTED, Fact.ACCEPTED_IN_TIME),
    (frozenset({_A.FILE}), Fact.FILED, Fact.FILED_IN_TIME),
    (frozenset({_A.DISPATCH, _A.DESIGNATE}), Fact.DISPATCHED, Fact.DISPATCHED_IN_TIME),
    (frozenset({_A.ASK_VERIFY}), Fact.VERIFY_SENT, Fact.VERIFY_SENT_IN_TIME),
    (frozenset({_A.CONFIRM, _A.DENY}), Fact.VERIFIED, Fact.VERIFIED_IN_TIME),
    (frozenset({_A.ASK_INSPECT}), Fact.INSPECT_SENT, Fact.INSPECT_SENT_IN_TIME),
    (frozenset({_A.PASS, _A.FAIL}), Fact.INSPECTED, Fact.INSPECTED_IN_TIME),
    (frozenset({_A.CLOSE}), Fact.CLOSED, Fact.CLOSED_STAGE_IN_TIME),
)
#: column of keys -> acts by which a person is named there, and the post.
_PEOPLE: dict[str, tuple[frozenset[str], Post]] = {
    "acceptor": (frozenset({_A.ACCEPT, _A.ASK_VERIFY, _A.REFUSE}), Post.ACCEPTOR),
    "filer": (frozenset({_A.FILE}), Post.FILER),
    "closer": (frozenset({_A.CLOSE}), Post.FILER),
    "dispatcher": (frozenset({_A.DISPATCH, _A.DESIGNATE}), Post.DISPATCHER),
    "verifier": (frozenset({_A.CONFIRM, _A.DENY, _A.UNABLE}), Post.COLLECTOR),
    "inspector": (frozenset({_A.PASS, _A.FAIL}), Post.COLLECTOR),
}
KEY_COLUMNS = ("department", "street", "reporter", "missed_by", *_PEOPLE)


@dataclass(frozen=True)
class FactRow:
    """Facts of one case, with the two times by which a period may be chosen."""

    bits: int
    reworks: int
    extensions: int
    returns: int
    bodies: int
    overtime: float
    reported_at: datetime
    deadline: datetime | None
    keys: Mapping[str, str]


def fact_row(
    case: Case,
    history: Sequence[Entry],
    world: World,
    *,
    area: str = "",
    missed_by: int | None = None,
    called_back: tuple[bool, bool] | None = None,
) -> FactRow:
    """Facts of a case at ``world.now``.

    Parameters
    ----------
    history
        All of its entries.
    area
        Division code of its place; the first nine digits are the street.
    missed_by
        The collector who should have reported a confirmed public report.
    called_back
        Whether the reporter, called back, was content with result and service.
    """
    bits = _stage_bits(history) | _state_bits(case, history, world)
    if bits & Fact.PUBLIC_CONFIRMED and missed_by is not None:
        bits |= Fact.MISSED
    if called_back is not None:
        bits |= Fact.CALLED_BACK
        bits |= Fact.CONTENT_RESULT if called_back[0] else Fact(0)
        bits |= Fact.CONTENT_SERVICE if called_back[1] else Fact(0)
    late = bool(bits & Fact.LATE)
    return FactRow(
        bits=int(bits),
        reworks=case.rework_count,
        extensions=sum(e.action == _A.GRANT_EXTENSION for e in history),
        returns=len(case.returned_by),
        bodies=len(set(case.departments)),
        overtime=_overtime(case, world) if late else 0.0,
        reported_at=case.reported_at,
        deadline=deadline_of(case, world),
        keys=_keys(case, history, area, missed_by),
    )


def _stage_bits(history: Sequence[Entry]) -> Fact:
    bits = Fact(0)
    for actions, done, in_time in _STAGES:
        last = next((e for e in reversed(history) if e.action in actions), None)
        if last is not None and not (done is Fact.FILED and _unfiled(history, last)):
            bits |= done
            bits |= in_time if last.late is False else Fact(0)
    return bits


def _unfiled(history: Sequence[Entry], filed: Entry) -> bool:
    """Whether a case was given back to be filed and has not been filed since."""
    return any(
        e.number > filed.number and e.action == _A.SEND_BACK and e.before is CaseState.TO_DISPATCH
        for e in history
    )


def _state_bits(case: Case, history: Sequence[Entry], world: World) -> Fact:
    acts = [e.action for e in history]
    back = max((i for i, a in enumerate(acts) if a in _HANDED_BACK), default=-1)
    undone = max((i for i, a in enumerate(acts) if a in _UNDONE), default=-1)
    disposed = back > undone
    claims = {
        Fact.VOIDED: case.state is CaseState.VOID,
        Fact.DISPOSED: disposed,
        Fact.CLOSED_SELF: case.closed_kind is ClosedKind.SELF,
        Fact.CLOSED_FORCED: case.closed_kind is ClosedKind.FORCED,
        Fact.NOT_ACCEPTED: case.state is CaseState.NOT_ACCEPTED,
        Fact.LINKED: case.merged_into is not None,
        Fact.LATE: disposed and case.was_late is True,
        Fact.EXEMPT: case.exempt,
        Fact.OVERDUE_OPEN: not disposed and _is_overdue(case, world),
        Fact.SUSPENDED_NOW: case.state is CaseState.SUSPENDED,
        Fact.SUSPENDED_EVER: case.suspension_count > 0,
        Fact.RETURNED_LATE: any(e.action == _A.ASK_RETURN and e.late is True for e in history),
        Fact.SHIRKED: bool(case.departments) and case.departments[-1] in case.returned_by,
        Fact.PUBLIC_CONFIRMED: case.source in _PUBLIC and case.verified is True,
    }
    bits = Fact(0)
    for flag, holds in claims.items():
        bits |= flag if holds else Fact(0)
    return bits


def _is_overdue(case: Case, world: World) -> bool:
    if case.state not in _IN_HAND:
        return False
    return lateness(case.clock(ClockKind.DISPOSE), world) is True


def deadline_of(case: Case, world: World) -> datetime | None:
    """When disposal was or is due; None without a limit, while suspended, without a calendar."""
    clock = case.clock(ClockKind.DISPOSE)
    try:
        return None if clock is None else due_at(clock, world.book)
    except CityError:
        return None


def _overtime(case: Case, world: World) -> float:
    """Time used over what was allowed."""
    clock = case.clock(ClockKind.DISPOSE)
    if clock is None or clock.limit is None:
        return 0.0
    allowed = world.book.amount(clock.limit, clock.calendar)
    return used(clock, world.book, world.now) / allowed if allowed else 0.0


def _keys(case: Case, history: Sequence[Entry], area: str, missed_by: int | None) -> dict[str, str]:
    keys = {
        "department": case.departments[-1] if case.departments else "",
        "street": area[:9] if len(area) >= 9 else "",
        "reporter": "" if case.reporter is None else person_key(Post.COLLECTOR, case.reporter),
        "missed_by": "" if missed_by is None else person_key(Post.COLLECTOR, missed_by),
    }
    for column, (actions, post) in _PEOPLE.items():
        last = next((e for e in reversed(history) if e.action in actions), None)
        keys[column] = "" if last is None else person_key(post, last.actor_id)
    return keys


def person_key(post: Post, person: int) -> str:
    """Key of a person in a post.

    Examples
    --------
    >>> person_key(Post.DISPATCHER, 7)
    'dispatcher/7'
    """
    return f"{post.value}/{person}"
