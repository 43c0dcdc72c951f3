"""People, departments and cases that an act names: who may be chosen, and what is no choice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cityops.services.accounts import Account
from cityops.services.case_acts import Act
from cityops.services.case_scope import acting_scope
from cityops.services.case_values import CaseRecord
from cityops.services.roles import Person, Role
from gis.errors import InvalidError
from grid.flow.states import CaseAction
from grid.flow.world import World


def handlers_of(tx: Any, record: CaseRecord) -> list[Account]:
    """Who may dispose of a case: active accounts of the department that has it in hand."""
    department = record.flow.department
    return [
        one
        for one in _active(tx, Role.DEPARTMENT)
        if department is not None and one.department == department and _reaches(one, record)
    ]


def collectors_of(tx: Any, record: CaseRecord) -> list[Account]:
    """Who may be sent to look: active inspectors of the area."""
    return [one for one in _active(tx, Role.INSPECTOR) if _reaches(one, record)]


def _active(tx: Any, role: Role) -> Iterable[Account]:
    return (one for one in tx.accounts.all() if one.active and role in one.roles)


def _reaches(account: Account, record: CaseRecord) -> bool:
    return not account.areas or record.area.startswith(tuple(account.areas))


def check_named(tx: Any, person: Person, record: CaseRecord, act: Act, world: World) -> None:
    """Refuse an act that names somebody or something it cannot mean.

    Raises
    ------
    InvalidError
        ``case.unknown_handler``, ``case.unknown_collector``, ``case.unknown_department`` for a
        proposed body, ``case.bad_target`` and ``case.has_copies`` for a case to link to.
    """
    if act.handler is not None:
        _check_among("case.unknown_handler", "handler", act.handler, handlers_of(tx, record))
    if act.assignee is not None:
        _check_among("case.unknown_collector", "assignee", act.assignee, collectors_of(tx, record))
    if act.proposed is not None and act.proposed not in world.departments:
        raise InvalidError(
            "case.unknown_department",
            "没有部门 {got}",
            field="proposed",
            got=act.proposed,
            expected=sorted(world.departments),
        )
    if act.action is CaseAction.LINK and act.target is not None:
        _check_target(tx, person, record, act)


def _check_among(code: str, field: str, given: int, known: list[Account]) -> None:
    if any(one.id == given for one in known):
        return
    raise InvalidError(
        code,
        "{got} 不是可选的人员",
        field=field,
        got=given,
        expected=[one.id for one in known],
        hint="处置人员须是承办部门的在用账号，监督员须管这一区域",
    )


def _check_target(tx: Any, person: Person, record: CaseRecord, act: Act) -> None:
    """A case is linked to an open case that the person may act on, which is no copy itself.

    A case to which others are linked stays where it is: no link leads to another link.
    """
    target: CaseRecord | None = tx.cases.find(act.target)
    if (
        target is None
        or target.id == record.id
        or not acting_scope(person).reaches(target)
        or not target.flow.is_open
    ):
        raise InvalidError(
            "case.bad_target",
            "并入的应是另一个未结、未并入别处的案件",
            field="target",
            got=str(act.target),
        )
    if tx.cases.has_copies(record.id):
        raise InvalidError(
            "case.has_copies",
            "已有案件并入本案，本案不能再并入别的案件",
            field="target",
            got=str(act.target),
            hint="先撤销那些并入，或把别的案件并入本案",
        )
