"""The OpenAPI document of the interface."""

from __future__ import annotations

from importlib.metadata import version

from flask import Blueprint, Response, current_app

from webmap.errors import as_json
from webmap.validated import describe

bp = Blueprint("openapi", __name__, url_prefix="/api/v1")


@bp.get("/openapi.json")
def document() -> Response:
    """What the interface takes and gives, as OpenAPI 3.1."""
    return as_json(describe(current_app, "CityOps", version("cityops")))
