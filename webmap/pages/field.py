"""The inspector's page, made for a thumb: where am I, what is here, file it, what became of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from cityops.services.case_report import SOURCES
from cityops.services.roles import Person
from webmap.current import person, settings
from webmap.i18n import js_texts, keep_choice, language

bp = Blueprint("field", __name__)


@bp.get("/field")
def page() -> str | Response:
    """The field page for who may report; everyone else goes to the map."""
    if not may_report(person()):
        return redirect(url_for("map.page"))
    keep_choice()
    return render_template("field.html", boot=boot())


def may_report(who: Person) -> bool:
    """Whether one of the person's roles reports cases."""
    return who.has(*SOURCES)


def boot() -> dict[str, Any]:
    """What the scripts need at once: who files, texts, limits."""
    who = person()
    return {
        "person": {"id": who.id, "name": who.name, "roles": sorted(who.roles)},
        "language": language(),
        "texts": js_texts(),
        "max_photo_mb": settings().max_photo_mb,
    }
