"""One search box: coordinates in any datum, codes, areas, places, roads and what layers call things."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import shapely

from cityops.services.areas import AreaLookup, AreaService
from cityops.services.permissions import Action, permission_for, require
from cityops.services.places import place_of
from cityops.services.ports import Store
from cityops.services.roles import Person
from gis.errors import CityError, InvalidError
from gis.layers import USER_GROUP, LayerSpec
from grid.divisions import Division, full_name, search_divisions
from grid.layers import DISTRICTS

MOST = 20
LONGEST = 100
_PER_LAYER = 8
#: Layers that a name or code is looked for in, best first. User layers come after them.
SEARCHED = (
    "cells",
    "roads",
    "places",
    "buildings",
    "green",
    "components",
    "pipes",
    "hazard_sites",
    "power_plants",
    "sensitive_places",
    "shelters",
    "rescue_teams",
    "relief_stores",
    "duty_grids",
    "governance_grids",
)
#: layer -> sort of hit; other layers give "feature".
KINDS = {
    "cells": "cell",
    "roads": "road",
    "places": "place",
    "buildings": "building",
    "components": "component",
    "pipes": "pipe",
    "hazard_sites": "site",
    "power_plants": "site",
    "sensitive_places": "place",
    "shelters": "place",
}
_NUMBER = r"[+-]?\d{1,9}(?:\.\d+)?"
_PAIR = re.compile(
    rf"^(?:(?P<crs>[A-Za-z][\w-]*(?::\d+)?)\s+)?(?P<a>{_NUMBER})\s*°?\s*[,，;；\s]\s*(?P<b>{_NUMBER})\s*°?"
    rf"(?:\s+(?P<after>[A-Za-z][\w-]*(?::\d+)?))?$"
)


@dataclass(frozen=True)
class Hit:
    """One answer: what sort of thing, how to call it, where it is when that is known.

    ``kind`` is position, area, cell, component, road, place, pipe, site, building or feature;
    ``kind_title`` names it for people, ``detail`` tells it from others of the same name.
    """

    kind: str
    title: str
    kind_title: str
    detail: str | None
    position: list[float] | None
    bounds: list[float] | None
    layer: str | None = None
    key: str | None = None


class SearchService:
    """Answers the search box, for one person."""

    def __init__(self, store: Store, areas: AreaService) -> None:
        self._store = store
        self._areas = areas

    def search(self, person: Person, text: str, limit: int = MOST) -> dict[str, Any]:
        """At most `limit` hits for what someone typed: coordinates, then areas, then features.

        Coordinates are read as CGCS2000 and, where nothing says which datum they are in, as GCJ-02
        and BD-09 too, each a hit of its own; a name in front or behind decides
        (``gcj02 117.2 39.1``). Latitude first is understood where it can be nothing else.

        Raises
        ------
        ForbiddenError
            When the person may not see areas.
        InvalidError
            When the text is longer than 100 characters or `limit` is not 1 to 50.
        """
        require(person, DISTRICTS, Action.VIEW)
        wanted = text.strip()
        _check(wanted, limit)
        hits: list[Hit] = list(coordinate_hits(wanted))
        if wanted and not hits:
            with self._store.reading() as tx:
                lookup = self._areas.lookup(tx)
                hits += [_division_hit(d, lookup) for d in search_divisions(wanted, limit)]
                hits += self._feature_hits(tx, person, wanted)
        unique = list({(h.kind, h.layer, h.key, h.title): h for h in hits}.values())
        return {"query": wanted, "results": [asdict(h) for h in unique[:limit]]}

    def _feature_hits(self, tx: Any, person: Person, wanted: str) -> Iterator[Hit]:
        registry = tx.layers.registry()
        users = [s.name for s in registry if s.group == USER_GROUP]
        for name in (*SEARCHED, *users):
            if name in registry:
                yield from _layer_hits(tx, person, registry.get(name), wanted)


def _check(wanted: str, limit: int) -> None:
    if len(wanted) > LONGEST:
        raise InvalidError(
            "search.too_long",
            "查找的文字长于 {expected} 个字",
            field="q",
            got=len(wanted),
            expected=LONGEST,
        )
    if not 1 <= limit <= 50:
        raise InvalidError("search.limit", "条数应在 1 与 50 之间：{got}", field="limit", got=limit)


def coordinate_hits(text: str) -> Iterator[Hit]:
    """Positions that a text can mean; none when it is no pair of numbers.

    Examples
    --------
    >>> [hit.detail for hit in coordinate_hits("117.2 39.1")]
    ['按 CGCS2000 / WGS84', '按 GCJ-02 换算', '按 BD-09 换算']
    >>> next(coordinate_hits("39.1, 117.2")).position
    [117.2, 39.1]
    """
    found = _PAIR.match(text.strip())
    if found is None:
        return
    x, y = float(found["a"]), float(found["b"])
    named = found["crs"] or found["after"]
    if abs(y) > 90.0 and abs(x) <= 90.0:
        x, y = y, x
    readings = [(named, f"按 {named} 换算")] if named else list(_UNNAMED)
    for crs, detail in readings:
        try:
            place = place_of(x, y, crs)
        except CityError:
            continue
        at = [place.lon, place.lat]
        title = f"{place.lon:.6f}, {place.lat:.6f}"
        yield Hit("position", title, "位置", detail, at, None, key=crs)


_UNNAMED = (
    ("cgcs2000", "按 CGCS2000 / WGS84"),
    ("gcj02", "按 GCJ-02 换算"),
    ("bd09", "按 BD-09 换算"),
)


def _division_hit(division: Division, lookup: AreaLookup) -> Hit:
    polygon = lookup.polygon_of(division.code)
    parent = full_name(division.parent) or None
    at, bounds = (None, None) if polygon is None else _extent(polygon)
    return Hit(
        kind="area",
        title=division.name,
        kind_title="行政区划",
        detail=f"{parent or ''} {division.code}".strip(),
        position=at,
        bounds=bounds,
        layer={6: "districts", 9: "streets", 12: "communities"}.get(len(division.code)),
        key=division.code,
    )


def _extent(shape: Any) -> tuple[list[float], list[float]]:
    point = shapely.point_on_surface(shape)
    return [float(point.x), float(point.y)], [float(v) for v in shapely.bounds(shape)]


def _layer_hits(tx: Any, person: Person, spec: LayerSpec, wanted: str) -> Iterator[Hit]:
    """Features whose key is the text, or whose label or key holds it."""
    permission = permission_for(person, spec, Action.VIEW)
    if not permission.allowed:
        return
    names = [n for n in (spec.label_field, spec.key) if n and n in permission.fields]
    # Only these fields are looked into: other texts (road, source) would crowd the names out.
    permission = replace(permission, fields=tuple(dict.fromkeys(names)))
    exact = tx.layers.by_key(spec, wanted, permission)
    batch = exact if len(exact) else tx.layers.page(spec, permission, text=wanted, limit=200)
    given = 0
    seen: set[str] = set()
    for i in range(len(batch)):
        values = batch.properties(i, tuple(names))
        texts = [str(v) for v in values.values() if v is not None]
        title = texts[0] if texts else spec.title.zh
        held = any(wanted.lower() in t.lower() for t in texts)
        if not held or title in seen or given >= _PER_LAYER:
            continue
        seen.add(title)
        given += 1
        at, bounds = _extent(batch.geometry[i])
        key = str(batch.columns[spec.key][i])
        detail = key if key != title else None
        yield Hit(
            KINDS.get(spec.name, "feature"),
            title,
            spec.title.zh,
            detail,
            at,
            bounds,
            spec.name,
            key,
        )
