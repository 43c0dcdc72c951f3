"""An act on a case as a sender gives it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from grid.flow.case import Filing, Request
from grid.flow.states import CaseAction


@dataclass(frozen=True)
class Act:
    """What is to be done to a case, and with what.

    Attributes
    ----------
    version
        Version of the case that the sender saw; None does not look.
    condition
        Id of a filing condition.
    handler, assignee
        Person who disposes; collector who is sent out.
    proposed
        Department that should have the case instead.
    until
        End of a suspension.
    target
        Case into which a copy goes.
    key
        Made by the sender; the same act sent again is not done twice.
    photo_sha256
        Of the photo that comes with the act.
    """

    action: CaseAction
    version: int | None = None
    note: str = ""
    department: str | None = None
    condition: str | None = None
    handler: int | None = None
    assignee: int | None = None
    proposed: str | None = None
    until: datetime | None = None
    target: UUID | None = None
    key: UUID | None = None
    photo_sha256: str | None = None

    def request(self, filing: Filing | None) -> Request:
        """The act as the workflow takes it."""
        return Request(
            note=self.note,
            department=self.department,
            handler=self.handler,
            assignee=self.assignee,
            filing=filing,
            proposed=self.proposed,
            until=self.until,
            target=self.target,
        )

    def digest(self, case_id: UUID, person_id: int) -> str:
        """sha256 of the act, of whose and on what; the version seen does not count."""
        parts: list[object] = [
            str(case_id),
            person_id,
            *(self.action.value, self.note, self.department, self.condition, self.handler),
            *(self.assignee, self.proposed, None if self.target is None else str(self.target)),
            None if self.until is None else self.until.isoformat(),
        ]
        # An act without a photo keeps the digest that it had before photos counted.
        parts += [] if self.photo_sha256 is None else [self.photo_sha256]
        return hashlib.sha256(orjson.dumps(parts)).hexdigest()
