"""The first page: everyone to where their work is."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from cityops.services.roles import Role
from webmap.current import person

bp = Blueprint("home", __name__)


@bp.get("/")
def home() -> Response:
    """Inspectors with a phone to their field page, everyone else to the map."""
    on_phone = "Mobile" in request.user_agent.string
    if on_phone and person().has(Role.INSPECTOR) and "field.page" in current_app.view_functions:
        return redirect(url_for("field.page"))
    return redirect(url_for("map.page"))
