"""Changes of the organisation in mid-case: departments merged or closed, people who leave.

What follows for each open case says ``grid.flow.organisation``; here it is kept, told and audited,
in one transaction with the change itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from cityops.services.accounts import Account
from cityops.services.case_engine import keep_facts, with_deadline
from cityops.services.case_json import news_of
from cityops.services.grid.config import DEPARTMENTS, current_config
from cityops.services.ports import Store
from cityops.services.roles import SYSTEM, Person, Role
from gis.errors import ForbiddenError, InvalidError
from grid.flow.organisation import (
    ACTION,
    Change,
    DepartmentClosed,
    DepartmentMerged,
    PersonLeft,
    follow,
)


class OrganisationService:
    """Departments that are merged or closed, and what becomes of what they have in hand."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def end_department(self, person: Person, gone: str, into: str | None = None) -> dict[str, Any]:
        """End a department, merged into another or closed: ``{"gone", "into", "cases", "accounts"}``.

        Accounts of a merged department go over to the successor; new reports are suggested to it.

        Raises
        ------
        ForbiddenError
            ``organisation.forbidden`` when the person is no system administrator.
        InvalidError
            ``case.unknown_department`` when either is no department in being.
        """
        if not person.has(Role.SYSTEM_ADMIN):
            raise ForbiddenError(
                "organisation.forbidden", "{person} 不能调整部门", params={"person": person.name}
            )
        now = self._clock()
        with self._store.writing() as tx:
            known = current_config(tx).world(now).departments
            _check_ending(gone, into, known)
            ended = dict(current_config(tx).ended) | {gone: into}
            source = f"{person.name}，{now:%Y-%m-%d}"
            tx.grid_tables.add(
                DEPARTMENTS, "ended", str(len(ended)), source, {"ended": ended}, now, person.id
            )
            change = DepartmentClosed(gone) if into is None else DepartmentMerged(gone, into)
            moved = followed(tx, change, gone, now)
            taken = 0 if into is None else _taken_over(tx, gone, into)
            told = {"gone": gone, "into": into, "cases": moved, "accounts": taken}
            tx.audit.add(person, "department.end", f"department:{gone}", detail=told, at=now)
        return told

    def account_changed(self, tx: Any, before: Account, after: Account) -> None:
        """Let open cases follow a change of an account, in its transaction.

        Whoever is disabled, loses a role or changes the department has no case by name any more.
        """
        stays = after.active and before.roles <= after.roles
        if before.active and not (stays and before.department == after.department):
            followed(tx, PersonLeft(before.id), str(before.id), self._clock())


def _check_ending(gone: str, into: str | None, known: frozenset[str]) -> None:
    for field, code in (("gone", gone), ("into", into)):
        if code is not None and (code not in known or (field == "into" and code == gone)):
            raise InvalidError(
                "case.unknown_department",
                "没有部门 {got}",
                field=field,
                got=code[:80],
                expected=sorted(known - {gone} if field == "into" else known),
            )


def followed(tx: Any, change: Change, named: str, now: datetime) -> int:
    """Let every open case that names somebody follow a change; gives how many did.

    Parameters
    ----------
    named
        Code or number by which cases name who is gone; others are not looked at.
    """
    config = current_config(tx)
    world, count = config.world(now), 0
    for record in tx.cases.open_naming(named):
        found = follow(record.flow, change, world)
        if found is None:
            continue
        flow, entry = found
        kept = tx.cases.change(with_deadline(replace(record, flow=flow), world), entry)
        keep_facts(tx, kept, tx.cases.history(kept.seq), world)
        told = news_of(kept)
        tx.audit.add(SYSTEM, f"case.{ACTION}", f"case:{kept.id}", detail=told, at=entry.at)
        tx.outbox.put(f"case.{ACTION}", told)
        count += 1
    return count


def _taken_over(tx: Any, gone: str, into: str) -> int:
    count = 0
    for account in tx.accounts.all():
        if account.department == gone:
            tx.accounts.change(replace(account, department=into))
            count += 1
    return count
