"""``GET /api/v1/dossier``: what is here, over everything the person may see."""

from __future__ import annotations

from flask import Blueprint, Response
from pydantic import Field

from webmap.current import person, services
from webmap.errors import as_json
from webmap.validated import Query, validated

bp = Blueprint("dossier", __name__, url_prefix="/api/v1")


class DossierQuery(Query):
    """A position, its reference system, and how far around it to look."""

    lon: float = Field(allow_inf_nan=False)
    lat: float = Field(allow_inf_nan=False)
    radius_m: float = Field(50.0, gt=0, le=500)
    crs: str = Field("cgcs2000", max_length=40)


@bp.get("/dossier")
@validated(query=DossierQuery)
def dossier(query: DossierQuery) -> Response:
    """Areas, features of every layer and records near a position."""
    return as_json(
        services().dossier.dossier(person(), query.lon, query.lat, query.radius_m, query.crs)
    )
