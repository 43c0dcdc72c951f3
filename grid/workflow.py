"""How cases move: one table of transitions, and one function that moves.

The table is the smallest one that carries a report to its end: verification before
filing (核实), filing (立案), dispatch (派遣), disposal (处置), inspection after disposal
(核查), closing (结案), with the ways back. Another table can be handed to the same
function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from gis.errors import CityError, ConflictError, ForbiddenError, InvalidError
from grid.case import (
    ACTION_TITLES,
    NEEDS_VERIFICATION,
    STATE_TITLES,
    Actor,
    CaseAction,
    CaseFlow,
    CaseState,
    Step,
)

MAX_NOTE = 2000


@dataclass(frozen=True)
class Request:
    """What an actor asks for, beside the action itself."""

    note: str = ""
    department: str | None = None


Guard = Callable[[CaseFlow, Actor, Request], CityError | None]
Effect = Callable[[CaseFlow, Request], CaseFlow]


def _unchanged(case: CaseFlow, request: Request) -> CaseFlow:
    return case


@dataclass(frozen=True)
class Transition:
    """One row of the table.

    ``roles`` may act. ``needs`` names the inputs that must be there: ``note``,
    ``department``. ``guards`` give the reason why it may not happen, or None;
    ``effect`` changes what else changes beside the state.
    """

    before: CaseState
    action: CaseAction
    roles: frozenset[str]
    after: CaseState
    needs: frozenset[str] = frozenset()
    guards: tuple[Guard, ...] = ()
    effect: Effect = _unchanged


def own_department(case: CaseFlow, actor: Actor, request: Request) -> CityError | None:
    """A department acts only on what was dispatched to it."""
    if actor.department is not None and actor.department == case.department:
        return None
    return ForbiddenError(
        "case.other_department",
        "案件不在 {got} 手中",
        got=actor.department,
        hint="只有承办部门可以处置或回退",
    )


def seen_where_needed(case: CaseFlow, actor: Actor, request: Request) -> CityError | None:
    """A report that nobody of the city has seen is verified first."""
    if case.source not in NEEDS_VERIFICATION or case.verified:
        return None
    return ConflictError(
        "case.not_verified",
        "案件尚未核实属实，不能受理",
        got=case.verified,
        hint="先派发核实；核实不属实的，不予受理",
    )


def not_shirked_by(case: CaseFlow, actor: Actor, request: Request) -> CityError | None:
    """A case does not go twice in a row to the department that gave it back, unexplained."""
    if not case.returned_by or case.returned_by[-1] != request.department or request.note.strip():
        return None
    return InvalidError(
        "case.note_needed",
        "{got} 刚刚回退过此案，再次派遣须说明理由",
        field="note",
        got=request.department,
    )


def _confirmed(case: CaseFlow, request: Request) -> CaseFlow:
    return replace(case, verified=True)


def _denied(case: CaseFlow, request: Request) -> CaseFlow:
    return replace(case, verified=False)


def _dispatched(case: CaseFlow, request: Request) -> CaseFlow:
    return replace(case, department=request.department)


def _returned(case: CaseFlow, request: Request) -> CaseFlow:
    gave_back = () if case.department is None else (case.department,)
    return replace(case, department=None, returned_by=case.returned_by + gave_back)


def _reworked(case: CaseFlow, request: Request) -> CaseFlow:
    return replace(case, rework_count=case.rework_count + 1)


def _unfiled(case: CaseFlow, request: Request) -> CaseFlow:
    return replace(case, department=None, returned_by=())


_NOTE = frozenset({"note"})
_DEPARTMENT = frozenset({"department"})
_ACCEPTOR = frozenset({"acceptor"})
_INSPECTOR = frozenset({"inspector"})
_LEADER = frozenset({"shift_leader"})
_DISPATCHER = frozenset({"dispatcher"})
_HANDLER = frozenset({"department"})

_S, _A = CaseState, CaseAction

#: The table in use; (state, action) names at most one row. Of each state the usual act comes first.
TRANSITIONS: tuple[Transition, ...] = (
    Transition(_S.REPORTED, _A.ACCEPT, _ACCEPTOR, _S.TO_FILE, guards=(seen_where_needed,)),
    Transition(_S.REPORTED, _A.ASK_VERIFY, _ACCEPTOR, _S.VERIFYING),
    Transition(_S.VERIFYING, _A.CONFIRM, _INSPECTOR, _S.REPORTED, effect=_confirmed),
    Transition(_S.VERIFYING, _A.DENY, _INSPECTOR, _S.REPORTED, _NOTE, effect=_denied),
    Transition(_S.REPORTED, _A.REFUSE, _ACCEPTOR, _S.NOT_ACCEPTED, _NOTE),
    Transition(_S.TO_FILE, _A.FILE, _LEADER, _S.TO_DISPATCH),
    Transition(_S.TO_FILE, _A.SEND_BACK, _LEADER, _S.REPORTED, _NOTE),
    Transition(_S.TO_FILE, _A.VOID, _LEADER, _S.VOID, _NOTE),
    Transition(
        _S.TO_DISPATCH,
        _A.DISPATCH,
        _DISPATCHER,
        _S.TO_DISPOSE,
        _DEPARTMENT,
        (not_shirked_by,),
        _dispatched,
    ),
    Transition(_S.TO_DISPATCH, _A.SEND_BACK, _DISPATCHER, _S.TO_FILE, _NOTE, effect=_unfiled),
    Transition(_S.TO_DISPOSE, _A.SUBMIT, _HANDLER, _S.TO_INSPECT, _NOTE, (own_department,)),
    Transition(
        _S.TO_DISPOSE, _A.RETURN, _HANDLER, _S.TO_DISPATCH, _NOTE, (own_department,), _returned
    ),
    Transition(_S.TO_INSPECT, _A.PASS, _INSPECTOR, _S.TO_CLOSE),
    Transition(_S.TO_INSPECT, _A.FAIL, _INSPECTOR, _S.TO_DISPOSE, _NOTE, effect=_reworked),
    Transition(_S.TO_CLOSE, _A.CLOSE, _LEADER, _S.CLOSED),
    Transition(
        _S.TO_CLOSE,
        _A.REWORK,
        _LEADER | _DISPATCHER,
        _S.TO_DISPOSE,
        _NOTE,
        effect=_reworked,
    ),
)


def index_of(table: Iterable[Transition]) -> dict[tuple[CaseState, CaseAction], Transition]:
    """Rows by (state, action).

    Raises
    ------
    InvalidError
        When two rows share state and action: the outcome would depend on their order.
    """
    found: dict[tuple[CaseState, CaseAction], Transition] = {}
    for row in table:
        key = (row.before, row.action)
        if key in found:
            raise InvalidError(
                "case.ambiguous_table",
                "流转表中 {got} 出现两次",
                got=f"{row.before} + {row.action}",
            )
        found[key] = row
    return found


_INDEX = index_of(TRANSITIONS)


def refusal(
    case: CaseFlow,
    action: CaseAction,
    actor: Actor,
    request: Request,
    *,
    table: dict[tuple[CaseState, CaseAction], Transition] | None = None,
) -> CityError | None:
    """Why `actor` may not do `action` now, or None when nothing speaks against it.

    Reasons come in a fixed order: the state, the role, missing inputs, the guards.
    """
    row = (_INDEX if table is None else table).get((case.state, action))
    if row is None:
        return ConflictError(
            "case.wrong_state",
            "案件{state}，不能{action}",
            field="action",
            got=action.value,
            expected=sorted(a.value for s, a in (table or _INDEX) if s is case.state),
            params={"state": STATE_TITLES[case.state].zh, "action": ACTION_TITLES[action].zh},
            hint="刷新案件，看它现在的状态",
        )
    if row.roles.isdisjoint(actor.roles):
        return ForbiddenError(
            "case.wrong_role",
            "您的角色不能{action}",
            field="action",
            got=sorted(actor.roles),
            expected=sorted(row.roles),
            params={"action": ACTION_TITLES[action].zh},
        )
    missing = _missing(row, request)
    if missing is not None:
        return missing
    return next((r for r in (g(case, actor, request) for g in row.guards) if r is not None), None)


def _missing(row: Transition, request: Request) -> CityError | None:
    title = ACTION_TITLES[row.action].zh
    if "note" in row.needs and not request.note.strip():
        return InvalidError(
            "case.note_needed", "{action}须写明意见", field="note", params={"action": title}
        )
    if len(request.note) > MAX_NOTE:
        return InvalidError(
            "case.note_too_long",
            "意见最多 {expected} 字，得到 {got} 字",
            field="note",
            got=len(request.note),
            expected=MAX_NOTE,
        )
    if "department" in row.needs and not request.department:
        return InvalidError(
            "case.department_needed",
            "{action}须选定部门",
            field="department",
            params={"action": title},
        )
    return None


def move(
    case: CaseFlow,
    action: CaseAction,
    actor: Actor,
    now: datetime,
    request: Request | None = None,
    *,
    table: dict[tuple[CaseState, CaseAction], Transition] | None = None,
) -> tuple[CaseFlow, Step]:
    """The case after `action`, and the history entry to be added.

    Parameters
    ----------
    now
        Time of the act; aware.
    table
        Rows by (state, action); the shipped table when None.

    Raises
    ------
    ConflictError
        ``case.wrong_state`` when the state knows no such action, ``case.not_verified``.
    ForbiddenError
        ``case.wrong_role``, ``case.other_department``.
    InvalidError
        ``case.note_needed``, ``case.department_needed``, ``case.note_too_long``,
        ``case.naive_time``.
    """
    asked = Request() if request is None else request
    if now.tzinfo is None:
        raise InvalidError("case.naive_time", "时间必须带时区：{got}", got=now.isoformat())
    reason = refusal(case, action, actor, asked, table=table)
    if reason is not None:
        raise reason
    row = (_INDEX if table is None else table)[(case.state, action)]
    changed = row.effect(case, asked)
    moved = replace(
        changed,
        state=row.after,
        steps=case.steps + 1,
        closed_at=now if row.after is CaseState.CLOSED else None,
    )
    step = Step(
        number=moved.steps,
        action=action.value,
        before=case.state,
        after=row.after,
        actor_id=actor.id,
        actor_name=actor.name,
        role=min(row.roles & actor.roles),
        at=now,
        note=asked.note.strip(),
        department=moved.department if moved.department is not None else case.department,
    )
    return moved, step


def open_actions(case: CaseFlow, actor: Actor) -> tuple[CaseAction, ...]:
    """What `actor` may do now, inputs supposed to be given, in the order of the table."""
    supposed = Request(note="-", department="-")
    return tuple(
        row.action
        for row in TRANSITIONS
        if row.before is case.state and refusal(case, row.action, actor, supposed) is None
    )


def needs_of(state: CaseState, action: CaseAction) -> frozenset[str]:
    """Inputs that the action asks for in that state: ``note``, ``department``; empty if unknown."""
    row = _INDEX.get((state, action))
    return frozenset() if row is None else row.needs


def inbox_states(roles: Iterable[str]) -> frozenset[CaseState]:
    """States in which somebody with one of `roles` has something to do."""
    held = frozenset(roles)
    return frozenset(row.before for row in TRANSITIONS if not row.roles.isdisjoint(held))
