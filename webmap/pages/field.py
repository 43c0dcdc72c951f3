"""The inspector's page, made for a thumb: where am I, what is here, file it, what became of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from webmap.current import person, settings
from webmap.i18n import js_texts, keep_choice, language

bp = Blueprint("field", __name__)


@bp.get("/field")
def page() -> str:
    """The field page; its parts come through the interface."""
    keep_choice()
    return render_template("field.html", boot=boot())


def boot() -> dict[str, Any]:
    """What the scripts need at once: who files, texts, limits."""
    who = person()
    return {
        "person": {"id": who.id, "name": who.name, "roles": sorted(who.roles)},
        "language": language(),
        "texts": js_texts(),
        "max_photo_mb": settings().max_photo_mb,
    }
