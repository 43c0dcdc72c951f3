"""Which cases a person may see, and which wait for them."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from cityops.services.case_values import CaseRecord, CaseScope, Waiting
from cityops.services.roles import Person, Role
from gis.errors import ForbiddenError, NotFoundError
from grid.flow.settings import shipped_flow_settings
from grid.flow.states import Post
from grid.flow.turn import posts_waiting, turns_with

#: Roles that see every case in their areas.
WIDE = frozenset(
    {
        Role.INSPECTOR,
        Role.ACCEPTOR,
        Role.SHIFT_LEADER,
        Role.DISPATCHER,
        Role.STREET_OFFICER,
        Role.EMERGENCY,
        Role.DATA_MANAGER,
        Role.AUDITOR,
    }
)


def scope_of(person: Person) -> CaseScope:
    """Which cases the person may see.

    A department sees what it has in hand or had last; whoever reported sees what they reported.
    """
    areas = tuple(sorted(person.areas)) or None
    if person.has(*WIDE):
        return CaseScope(True, areas, None, person.id)
    if person.has(Role.DEPARTMENT) and person.department:
        return CaseScope(True, areas, person.department, None)
    return CaseScope(False)


def acting_scope(person: Person) -> CaseScope:
    """Which cases the person may act on, as far as place and department go."""
    return replace(scope_of(person), acting=True)


def check_acting(person: Person, record: CaseRecord) -> None:
    """Refuse acts on a case that the person sees for having reported it alone.

    Raises
    ------
    ForbiddenError
        ``case.not_your_area``.
    """
    if not acting_scope(person).reaches(record):
        raise ForbiddenError(
            "case.not_your_area",
            "案件不在您的责任区内，只能查看",
            field="area",
            got=record.area,
            expected=sorted(person.areas),
        )


def require_scope(person: Person) -> CaseScope:
    """The person's scope.

    Raises
    ------
    ForbiddenError
        When there is none.
    """
    scope = scope_of(person)
    if not scope.allowed:
        raise ForbiddenError(
            "case.forbidden", "{person} 没有查看案件的权限", params={"person": person.name}
        )
    return scope


def waiting_for(person: Person) -> tuple[Waiting, ...]:
    """What waits for an act of the person: a department's own cases, a collector's own errands."""
    posts = posts_waiting({r.value for r in person.roles}, shipped_flow_settings())
    out = []
    for post in sorted(posts):
        if post is Post.COLLECTOR:
            out.append(Waiting(turns_with(post), assignee=person.id))
        elif post is not Post.DEPARTMENT:
            out.append(Waiting(turns_with(post)))
        elif person.department:
            out.append(Waiting(turns_with(post), person.department))
    return tuple(out)


def not_found(case_id: UUID | str) -> NotFoundError:
    """The answer for a case that is not there, or not there for the person."""
    return NotFoundError(
        "case.unknown",
        "没有案件 {got}",
        field="id",
        got=str(case_id),
        hint="案件可能不在您的责任区内",
    )
