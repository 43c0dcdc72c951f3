"""``GET /api/v1/search``: the search box."""

from __future__ import annotations

from flask import Blueprint, Response
from pydantic import Field

from webmap.current import person, services
from webmap.errors import as_json
from webmap.validated import Query, validated

bp = Blueprint("search", __name__, url_prefix="/api/v1")


class SearchQuery(Query):
    """What was typed, and how many answers are wanted."""

    q: str = Field(max_length=100)
    limit: int = Field(20, ge=1, le=50)


@bp.get("/search")
@validated(query=SearchQuery)
def search(query: SearchQuery) -> Response:
    """Coordinates, areas and features for a text."""
    return as_json(services().search.search(person(), query.q, query.limit))
