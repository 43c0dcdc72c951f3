"""What changed: a stream for pages that stay open, and the same to ask for now and then."""

from __future__ import annotations

from flask import Blueprint, Response, request
from pydantic import Field

from webmap.current import person, services
from webmap.errors import as_json
from webmap.hand_over import offer
from webmap.validated import Query, validated

bp = Blueprint("events", __name__)

_MOST = 2**62


class NewsQuery(Query):
    """From where to go on."""

    after: int | None = Field(default=None, ge=0, le=_MOST, description="`last` of the news before")


@bp.get("/events")
def stream() -> Response:
    """Server-sent events: versions of layers, moves of cases. 204 where no stream is served."""
    offer(services().events.audience(person()), _last_event(request.headers.get("Last-Event-ID")))
    return Response(status=204)


@bp.get("/api/v1/events")
@validated(query=NewsQuery)
def news(query: NewsQuery) -> Response:
    """What changed since the last news, for clients without a stream."""
    return as_json(services().events.news(person(), query.after).as_dict())


def _last_event(text: str | None) -> int | None:
    """Number in ``Last-Event-ID``; anything that is none counts as missing."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    return int(text)
