"""The one function that moves cases, and what it refuses.

Reasons come in a fixed order: the time, a link to another case, the state, the post, whose the
case is, missing inputs, the guards of the row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from gis.errors import CityError, ConflictError, ForbiddenError, InvalidError
from grid.clock.clock import ClockKind, start_clock, used
from grid.clock.stretches import seconds
from grid.flow.case import Actor, Case, Entry, Request
from grid.flow.effects import lateness
from grid.flow.settings import FlowSettings
from grid.flow.states import ACTION_TITLES, STATE_TITLES, CaseAction, CaseState, Owner, Post
from grid.flow.table import INDEX, Transition
from grid.flow.world import World

#: Longest opinion, in characters.
MAX_NOTE = 2000
#: The clock that measures the stage in which a case is left.
_STAGE_CLOCK: dict[CaseState, ClockKind] = {
    CaseState.REPORTED: ClockKind.ACCEPT,
    CaseState.VERIFYING: ClockKind.VERIFY,
    CaseState.TO_FILE: ClockKind.FILE,
    CaseState.TO_DISPATCH: ClockKind.DISPATCH,
    CaseState.TO_DISPOSE: ClockKind.DISPOSE,
    CaseState.DISPOSING: ClockKind.DISPOSE,
    CaseState.SUSPENDED: ClockKind.DISPOSE,
    CaseState.TO_INSPECT: ClockKind.SEND_INSPECT,
    CaseState.INSPECTING: ClockKind.INSPECT,
    CaseState.TO_CLOSE: ClockKind.CLOSE,
}
_OWNER_REFUSALS: dict[Owner, tuple[str, str]] = {
    Owner.TASK: ("case.other_task", "任务派给了别人"),
    Owner.CENTRE: ("case.other_centre", "案件在别的派遣中心"),
    Owner.DEPARTMENT: ("case.other_department", "案件不在您的部门手中"),
    Owner.HANDLER: ("case.other_handler", "案件没有指派给您"),
}


def report(
    case: Case, actor: Actor, world: World, *, post: str, note: str = ""
) -> tuple[Case, Entry]:
    """A new case with its acceptance clock running, and its first history entry.

    Raises
    ------
    InvalidError
        ``case.naive_time``.
    """
    _check_time(world.now)
    row = world.stages.of(ClockKind.ACCEPT, case.urgency)
    limit, calendar = (None, "default") if row is None else (row.limit, row.calendar)
    fresh = replace(case, state=CaseState.REPORTED, last_at=world.now, steps=1)
    fresh = fresh.started(start_clock(ClockKind.ACCEPT, limit, world.now, calendar))
    entry = Entry(1, "report", None, fresh.state, actor.id, actor.name, post, world.now, note)
    return fresh, entry


def posts_of(roles: Iterable[str], settings: FlowSettings) -> frozenset[Post]:
    """Posts that a person with these roles holds."""
    held = frozenset(roles)
    return frozenset(post for post, named in settings.posts if not named.isdisjoint(held))


def owns(case: Case, actor: Actor, owner: Owner) -> bool:
    """Whether a case is the actor's in the sense of a row."""
    if owner is Owner.TASK:
        return case.task is not None and case.task.assignee in (None, actor.id)
    if owner is Owner.CENTRE:
        return case.centre is None or case.centre == actor.department
    if owner is Owner.DEPARTMENT:
        return actor.department is not None and actor.department == case.department
    if owner is Owner.HANDLER:
        return case.handler is not None and case.handler == actor.id
    return True


def refusal(
    case: Case, action: CaseAction, actor: Actor, request: Request, world: World
) -> CityError | None:
    """Why `actor` may not do `action` now, or None when nothing speaks against it."""
    barred = _barred(case, action, actor, world)
    if barred is not None:
        return barred
    row = INDEX[case.state, action]
    missing = _missing(row, request)
    if missing is not None:
        return missing
    return next((r for r in (g(case, actor, request, world) for g in row.guards) if r), None)


def _barred(case: Case, action: CaseAction, actor: Actor, world: World) -> CityError | None:
    """Why an act is out of the question whatever is given with it."""
    if case.merged_into is not None and action is not CaseAction.UNLINK:
        return ConflictError(
            "case.merged",
            "案件已并入 {got}，请在那一案件上办理",
            got=str(case.merged_into),
        )
    row = INDEX.get((case.state, action))
    if row is None:
        return ConflictError(
            "case.wrong_state",
            "案件{state}，不能{action}",
            field="action",
            got=action.value,
            expected=sorted(a.value for s, a in INDEX if s is case.state),
            params={"state": STATE_TITLES[case.state].zh, "action": ACTION_TITLES[action].zh},
            hint="刷新案件，看它现在的状态",
        )
    held = posts_of(actor.roles, world.settings) & row.posts
    if not held:
        return ForbiddenError(
            "case.wrong_role",
            "您的角色不能{action}",
            field="action",
            got=sorted(actor.roles),
            expected=sorted({r for p in row.posts for r in world.settings.roles_of(p)}),
            params={"action": ACTION_TITLES[action].zh},
        )
    return _foreign(case, actor, row, held)


def _foreign(
    case: Case, actor: Actor, row: Transition, held: frozenset[Post]
) -> ForbiddenError | None:
    """The refusal where the case is not the actor's, by any of the posts held."""
    owners = [owner for post, owner in row.owners if post in held]
    if any(owns(case, actor, owner) for owner in owners):
        return None
    code, message = _OWNER_REFUSALS[owners[0]]
    return ForbiddenError(code, message, field="action", got=actor.department)


def _missing(row: Transition, request: Request) -> CityError | None:
    title = ACTION_TITLES[row.action].zh
    if len(request.note) > MAX_NOTE:
        return InvalidError(
            "case.note_too_long",
            "意见最多 {expected} 字，得到 {got} 字",
            field="note",
            got=len(request.note),
            expected=MAX_NOTE,
        )
    for name, words in _INPUTS.items():
        value = getattr(request, name)
        there = bool(value.strip()) if isinstance(value, str) else value is not None
        if name in row.needs and not there:
            return InvalidError(
                f"case.{name}_needed",
                "{action}须" + words,
                field=name,
                params={"action": title},
            )
    return None


_INPUTS = {
    "note": "写明意见",
    "department": "选定部门",
    "handler": "选定处置人员",
    "filing": "选定立案条件",
    "proposed": "提出应由谁承办",
    "until": "写明截止时间",
    "target": "指明并入哪个案件",
}


def move(
    case: Case, action: CaseAction, actor: Actor, request: Request, world: World
) -> tuple[Case, Entry]:
    """The case after `action`, and the history entry to be added.

    Raises
    ------
    ConflictError
        ``case.wrong_state`` when the state knows no such action, ``case.merged``,
        ``case.clock_set_back``, and what the guards of the row refuse.
    ForbiddenError
        ``case.wrong_role``, and ``case.other_*`` when the case is not the actor's.
    InvalidError
        ``case.*_needed``, ``case.note_too_long``, ``case.naive_time``.
    """
    _check_time(world.now)
    if world.now < case.last_at:
        raise ConflictError(
            "case.clock_set_back",
            "服务器时间 {got} 早于上一步 {expected}",
            field="time",
            got=world.now.isoformat(),
            expected=case.last_at.isoformat(),
            hint="检查服务器时钟",
        )
    reason = refusal(case, action, actor, request, world)
    if reason is not None:
        raise reason
    row = INDEX[case.state, action]
    changed = row.effect(case, actor, request, world)
    after = changed.state if row.after is None else row.after
    moved = replace(changed, state=after, steps=case.steps + 1, last_at=world.now)
    return moved, _entry(case, moved, row, actor, request, world)


def _entry(
    case: Case, moved: Case, row: Transition, actor: Actor, request: Request, world: World
) -> Entry:
    spent, late = _time_used(case, moved, world)
    held = posts_of(actor.roles, world.settings)
    acting = next(p for p, o in row.owners if p in held and owns(case, actor, o))
    return Entry(
        number=moved.steps,
        action=row.action.value,
        before=case.state,
        after=moved.state,
        actor_id=actor.id,
        actor_name=actor.name,
        post=acting.value,
        at=world.now,
        note=request.note.strip(),
        department=moved.department if moved.department is not None else case.department,
        receiver=_receiver(moved),
        used_s=spent,
        late=late,
        details=_details(request),
    )


def _time_used(case: Case, moved: Case, world: World) -> tuple[float | None, bool | None]:
    """Time that the clock of the stage that was left had counted, and whether that was too much."""
    kind = _STAGE_CLOCK.get(case.state)
    clock = None if kind is None else case.clock(kind)
    if clock is None or kind is None:
        return None, None
    try:
        spent = float(seconds(used(clock, world.book, world.now)))
    except CityError:
        return None, None
    return spent, lateness(clock, world)


def _receiver(case: Case) -> str | None:
    """Who has to do next: the assigned person, the department, or who the case came back to."""
    if case.task is not None:
        return None if case.task.assignee is None else f"person:{case.task.assignee}"
    if case.returned is not None and case.returned.to is not None:
        return f"person:{case.returned.to}"
    if case.handler is not None:
        return f"person:{case.handler}"
    if case.department is not None and case.is_open:
        return f"department:{case.department}"
    return None if case.centre is None else f"centre:{case.centre}"


def _details(request: Request) -> dict[str, str]:
    found: dict[str, str] = {}
    if request.filing is not None:
        found["condition"] = request.filing.condition
    for name in ("proposed", "department", "handler", "assignee", "target"):
        value = getattr(request, name)
        if value is not None:
            found[name] = str(value)
    if request.until is not None:
        found["until"] = request.until.isoformat()
    if request.photos:
        found["photos"] = str(request.photos)
    return found


def _check_time(now: datetime) -> None:
    """Refuse a time without a zone.

    Raises
    ------
    InvalidError
        ``case.naive_time``.
    """
    if now.tzinfo is None:
        raise InvalidError("case.naive_time", "时间必须带时区：{got}", got=now.isoformat())
