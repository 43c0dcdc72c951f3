"""The dossier of a place as one sheet to print: A4, true to scale, readable in black and white."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, render_template

from cityops.services.dossier_paper import MOST_CASES, MOST_COMPONENTS, MOST_HAZARDS
from underground.kinds import KINDS
from webmap.api.dossier import DossierQuery
from webmap.current import person, services
from webmap.i18n import keep_choice, language, translate
from webmap.validated import parse_query

bp = Blueprint("dossier_page", __name__)

RADII_M = (20, 50, 100, 200, 500)
_LOOKS = {kind.code: kind for kind in KINDS}


@bp.get("/dossier")
def page() -> str:
    """The sheet of the place that the address names."""
    keep_choice()
    asked = parse_query(DossierQuery)
    sheet = services().papers.sheet(person(), asked.lon, asked.lat, asked.radius_m, asked.crs)
    return render_template(
        "dossier.html",
        asked=asked,
        radii=RADII_M,
        sheet=sheet,
        found=sheet.dossier,
        heads=[filled(head) for head in sheet.dossier["heads"]],
        looks=_LOOKS,
        limits={"cases": MOST_CASES, "components": MOST_COMPONENTS, "hazards": MOST_HAZARDS},
        sources=sources(sheet.dossier["sections"]),
        metres=metres,
        when=when,
        titled=titled,
    )


def filled(head: dict[str, Any]) -> str:
    """A head's sentence in the language of the page."""
    return translate(head["text"]).format_map(head["params"])


def sources(sections: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Titles of the sections by their source, each source once."""
    found: dict[str, list[str]] = {}
    for section in sections:
        if section["source"]:
            found.setdefault(section["source"], []).append(titled(section["title"]))
    return [("、".join(titles), source) for source, titles in found.items()]


def titled(pair: dict[str, str]) -> str:
    """A title in the language of the page."""
    return pair["en"] if language() == "en" else pair["zh"]


def metres(value: float | None, digits: int = 1) -> str:
    """A length for a table: as many digits as are known, '' unknown."""
    if value is None:
        return ""
    return f"{value:.{digits}f}" if value < 100 else f"{value:.0f}"


def when(text: str) -> str:
    """A time of the city as people write it: ``2026-11-24 09:05``."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}"
