"""The audit trail for auditors: read and verify; nothing here changes anything."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response
from pydantic import Field

from cityops.services.audit import AuditQuery, anchor_of
from webmap.current import person, services
from webmap.errors import as_json
from webmap.validated import Query, validated

bp = Blueprint("audit", __name__, url_prefix="/api/v1/audit")

_Name = Annotated[str, Field(min_length=1, max_length=200)]


class EntriesQuery(Query):
    """Which entries; newest first, older than entry `before`."""

    before: int | None = Field(default=None, ge=1, le=2**53)
    action: _Name | None = None
    subject: _Name | None = None
    person: int | None = Field(default=None, ge=0, le=2**53)
    limit: int = Field(default=100, ge=1, le=500)


class CheckQuery(Query):
    """An anchor that was noted before, ``number:hash``."""

    anchor: _Name | None = None


@bp.get("")
@validated(query=EntriesQuery)
def entries(query: EntriesQuery) -> Response:
    """Entries with who, when, what, to what, and how it ended; ``next`` is where to go on."""
    wanted = AuditQuery(
        before=query.before,
        action=query.action,
        subject=query.subject,
        person=query.person,
        limit=query.limit,
    )
    found = services().audit.found(person(), wanted)
    more = found[-1]["id"] if len(found) == query.limit and found[-1]["id"] > 1 else None
    return as_json({"entries": found, "next": more})


@bp.get("/check")
@validated(query=CheckQuery)
def check(query: CheckQuery) -> Response:
    """Walk the whole chain; names the first entry that does not fit."""
    anchors = [] if query.anchor is None else [anchor_of(query.anchor)]
    return as_json(services().audit.verify(person(), anchors).as_dict())
