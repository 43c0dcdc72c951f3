"""The first page: everyone to where their work is."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from cityops.services.roles import Role
from webmap.current import person

bp = Blueprint("home", __name__)

#: Who works with a phone in the hand.
_OUTSIDE = (Role.INSPECTOR, Role.STREET_OFFICER)


@bp.get("/")
def home() -> Response:
    """Who works outside and holds a phone to the field page, everyone else to the map."""
    if on_phone() and person().has(*_OUTSIDE) and "field.page" in current_app.view_functions:
        return redirect(url_for("field.page"))
    return redirect(url_for("map.page"))


def on_phone() -> bool:
    """Whether a phone asks: it says so itself, or the sign-in page saw a narrow screen."""
    hint = request.headers.get("Sec-CH-UA-Mobile") == "?1"
    return hint or "Mobile" in request.user_agent.string or request.cookies.get("narrow") == "1"
