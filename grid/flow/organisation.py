"""What becomes of cases in hand when the organisation changes: merged, closed, person gone.

A case is never left with a body or a person that is no longer there, no clock is lost, and the
history says what happened. History before the change keeps the names of its time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gis.errors import InvalidError
from grid.flow.case import SYSTEM_ACTOR, Case, Entry
from grid.flow.effects import dispatched_anew
from grid.flow.states import CaseState, PendingKind, Post
from grid.flow.world import World

ACTION = "organisation"
_IN_HAND = (CaseState.TO_DISPOSE, CaseState.DISPOSING, CaseState.SUSPENDED)


@dataclass(frozen=True)
class DepartmentMerged:
    """A department is absorbed by another: what it has in hand, the other one has."""

    gone: str
    into: str


@dataclass(frozen=True)
class DepartmentClosed:
    """A department ends without a successor: what it has in hand is dispatched anew."""

    gone: str


@dataclass(frozen=True)
class PersonLeft:
    """A person's account is disabled: errands and assignments fall back to the post."""

    person: int


Change = DepartmentMerged | DepartmentClosed | PersonLeft


def follow(case: Case, change: Change, world: World) -> tuple[Case, Entry] | None:
    """The case after a change of the organisation with its history entry; None when untouched.

    Merged
        The successor owns the case, its clock goes on unchanged, and it counts as the same
        department when the case is dispatched again.
    Closed
        The case goes back to be dispatched; the disposal clock stands still, requests are void.
        A case that is already handed back goes on; a rework of it is dispatched anew.
    Person left
        An assigned case falls back to the department, an errand to the collectors of the area, a
        returned case to the post. What the person asked for as a handler is void.

    Raises
    ------
    InvalidError
        ``flow.bad_change`` when the successor is no department in being.
    """
    if not case.is_open:
        return None
    if isinstance(change, DepartmentMerged):
        changed, told = _merged(case, change, world)
    elif isinstance(change, DepartmentClosed):
        changed, told = _closed(case, change, world)
    else:
        changed, told = _left(case, change)
    if changed == case:
        return None
    moved = replace(changed, steps=case.steps + 1, last_at=max(world.now, case.last_at))
    entry = Entry(
        number=moved.steps,
        action=ACTION,
        before=case.state,
        after=moved.state,
        actor_id=SYSTEM_ACTOR.id,
        actor_name=SYSTEM_ACTOR.name,
        post=Post.SYSTEM.value,
        at=moved.last_at,
        note=told,
        department=moved.department,
    )
    return moved, entry


def _merged(case: Case, change: DepartmentMerged, world: World) -> tuple[Case, str]:
    if change.into not in world.departments or change.into == change.gone:
        raise InvalidError("flow.bad_change", "没有承接部门 {got}", field="into", got=change.into)

    def renamed(code: str | None) -> str | None:
        return change.into if code == change.gone else code

    def all_renamed(codes: Iterable[str]) -> tuple[str, ...]:
        return tuple(change.into if c == change.gone else c for c in codes)

    pending = tuple(replace(p, proposed=renamed(p.proposed)) for p in case.pending)
    changed = replace(
        case,
        department=renamed(case.department),
        centre=renamed(case.centre),
        departments=all_renamed(case.departments),
        returned_by=all_renamed(case.returned_by),
        pending=pending,
    )
    return changed, f"部门 {change.gone} 并入 {change.into}，案件由后者承办"


def _closed(case: Case, change: DepartmentClosed, world: World) -> tuple[Case, str]:
    told = f"部门 {change.gone} 已撤销，案件重新派遣"
    changed = case
    if case.centre == change.gone:
        changed = replace(changed, centre=None)
    pending = tuple(
        replace(p, proposed=None) if p.proposed == change.gone else p for p in changed.pending
    )
    changed = replace(changed, pending=pending)
    if case.department != change.gone or case.state not in _IN_HAND:
        return changed, told
    now = replace(world, now=max(world.now, case.last_at))
    return dispatched_anew(changed, case.state, told, now), told


def _left(case: Case, change: PersonLeft) -> tuple[Case, str]:
    gone = change.person
    told: list[str] = []
    if case.handler == gone:
        told.append("处置人员已停用，案件退回部门重新指派")
        state = CaseState.TO_DISPOSE if case.state is CaseState.DISPOSING else case.state
        case = replace(
            case.without(PendingKind.EXTENSION, PendingKind.SUSPENSION),
            state=state,
            handler=None,
            submitted=False,
        )
    if case.task is not None and case.task.assignee == gone:
        told.append("监督员已停用，任务改由辖区监督员办理")
        case = replace(case, task=replace(case.task, assignee=None))
    if case.returned is not None and case.returned.to == gone:
        told.append("原经办人已停用，退回的案件由同岗人员办理")
        case = replace(case, returned=replace(case.returned, to=None))
    if gone in (case.accepted_by, case.filed_by):
        told.append("原经办人已停用")
        case = replace(
            case,
            accepted_by=None if case.accepted_by == gone else case.accepted_by,
            filed_by=None if case.filed_by == gone else case.filed_by,
        )
    return case, "；".join(told)
