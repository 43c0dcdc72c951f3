"""The map page: one shell for every desk."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from webmap.current import person, settings
from webmap.i18n import js_texts, keep_choice, language
from webmap.rail import tools_for

bp = Blueprint("map", __name__)


@bp.get("/map")
def page() -> str:
    """The map with its panels; everything on it comes through the interface."""
    keep_choice()
    return render_template("map.html", boot=boot())


def boot() -> dict[str, Any]:
    """What the scripts need at once: who asks, which tools, texts, what may be shown."""
    who = person()
    chosen = settings()
    return {
        "person": {"id": who.id, "name": who.name, "roles": sorted(who.roles)},
        "tools": tools_for(who),
        "language": language(),
        "texts": js_texts(),
        "notice": chosen.map_review_no or None,
        "background": {"url": chosen.tile_service_url, "notice": chosen.tile_service_notice}
        if chosen.tile_service_url
        else None,
    }
