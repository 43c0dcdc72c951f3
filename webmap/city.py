"""The city that this deployment serves: its name, its extent, whose data it shows."""

from __future__ import annotations

from typing import Any

from flask import current_app, g
from flask_babel import gettext

from cityops.services.scene_kept import SCENE_KEY, layer_notices
from webmap.current import services
from webmap.i18n import language

_KEPT = "city_described"


def described() -> dict[str, Any]:
    """Description of the scene in the store, {} when there is none; read once per process."""
    kept = current_app.extensions.get(_KEPT)
    if kept:
        return dict(kept)
    if "city" not in g:
        with services().store.reading() as tx:
            g.city = dict(tx.meta.get(SCENE_KEY) or {})
        current_app.extensions[_KEPT] = g.city
    return dict(g.city)


def title() -> str:
    """Name of the city in the language of the request."""
    names = described().get("title") or {}
    return str(names.get(language()) or names.get("zh") or gettext("城市运行"))


def notices() -> list[str]:
    """What must be said about the data, in whole sentences."""
    return list(described().get("notices", ()))


def is_synthetic() -> bool:
    """Whether a layer of the scene is made up; the badge in the top bar says so."""
    return any(entry["synthetic"] for entry in layer_notices(described()).values())


def notice_of(layer: str) -> str | None:
    """Attribution or warning of a layer of the scene."""
    found = layer_notices(described()).get(layer)
    return None if found is None else found["notice"]


def extent() -> list[float] | None:
    """[west, south, east, north] that the map opens on, or None."""
    box = described().get("bounds")
    return None if box is None else [float(n) for n in box]
