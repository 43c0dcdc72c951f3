"""The page where files come in and go out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from cityops.services.exports.writers import WRITERS
from cityops.services.imports.suspecting import accuracy_of
from cityops.services.imports.units import UNITS
from cityops.services.permissions import Action, permission_for
from cityops.services.reading.sniff import ACCEPTED
from webmap.current import person, services, settings
from webmap.i18n import js_texts, keep_choice, language

bp = Blueprint("imports", __name__)

#: What exports may be, with the ending of the file, in the order of use.
FORMATS = {
    "gpkg": "GeoPackage",
    "geojson": "GeoJSON",
    "shapefile": "Shapefile",
    "csv": "CSV",
    "xlsx": "Excel",
    "flatgeobuf": "FlatGeobuf",
}


@bp.get("/data")
def page() -> str | Response:
    """Import and export for who may do either; everyone else goes to the map."""
    keep_choice()
    layers = _layers()
    if not any(layer["imports"] or layer["exports"] for layer in layers):
        return redirect(url_for("map.page"))
    return render_template("imports.html", boot=boot(layers), may_import=_imports(layers))


def _layers() -> list[dict[str, Any]]:
    """Layers of the person with what may be done with each."""
    who = person()
    out = []
    for entry in services().layers.catalogue(who):
        spec = entry.spec
        out.append(
            {
                "name": spec.name,
                "title": {"zh": spec.title.zh, "en": spec.title.en},
                "group": spec.group,
                "geometry": spec.geometry.value,
                "count": entry.count,
                "imports": permission_for(who, spec, Action.IMPORT).allowed,
                "exports": permission_for(who, spec, Action.EXPORT).allowed,
                "reference": entry.count > 0 and accuracy_of(spec) is not None,
            }
        )
    return out


def _imports(layers: list[dict[str, Any]]) -> bool:
    return any(layer["imports"] for layer in layers)


def boot(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """What the scripts need at once: layers, formats, limits, texts."""
    return {
        "language": language(),
        "texts": js_texts(),
        "layers": layers,
        "may_import": _imports(layers),
        "accepted": list(ACCEPTED),
        "formats": [
            {"name": name, "title": title, "ending": WRITERS[name][1]}
            for name, title in FORMATS.items()
        ],
        "units": _units(),
        "max_upload_mb": settings().max_upload_mb,
    }


def _units() -> dict[str, list[str]]:
    """Units that numbers of a unit may be delivered in instead."""
    return {
        unit: [other for other, (kind, _) in UNITS.items() if kind == UNITS[unit][0]]
        for unit in UNITS
    }
