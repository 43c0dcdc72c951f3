"""``GET /api/v1/locate`` and the description of the scene."""

from __future__ import annotations

from flask import Blueprint, Response
from pydantic import Field

from webmap.city import described
from webmap.current import person, services
from webmap.errors import as_json
from webmap.validated import Query, validated

bp = Blueprint("locate", __name__, url_prefix="/api/v1")


class LocateQuery(Query):
    """A position and its reference system."""

    lon: float = Field(allow_inf_nan=False)
    lat: float = Field(allow_inf_nan=False)
    crs: str = Field("cgcs2000", max_length=40)


@bp.get("/locate")
@validated(query=LocateQuery)
def locate(query: LocateQuery) -> Response:
    """Cell, community, street, district and nearest components of a position."""
    return as_json(services().locate.locate(person(), query.lon, query.lat, query.crs))


@bp.get("/scene")
@validated()
def scene() -> Response:
    """Title, centre, bounds, metric CRS and notices of the scene that is set up."""
    return as_json(described())
