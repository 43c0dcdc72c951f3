"""The quiet base map of a sheet: water, green, buildings, roads, borders, and their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import shapely

from cityops.services.layers import Reading, Seen
from cityops.services.roles import Person
from cityops.services.sheets.drawing import path, path_data
from cityops.services.sheets.plane import MapPlane
from gis.features import IntArray, ObjectArray

WATER, GREEN, BUILDINGS, ROADS = "water", "green", "buildings", "roads"
#: Layer -> scale number up to which it is drawn, lowest layer first.
_DRAWN = {
    GREEN: 50_000,
    WATER: 1_000_000,
    BUILDINGS: 10_000,
    ROADS: 100_000,
    "communities": 10_000,
    "streets": 50_000,
    "districts": 1_000_000,
}
#: Layer -> scale numbers from and to which its names are written.
NAMED = {
    ROADS: (0, 10_000),
    BUILDINGS: (0, 1000),
    WATER: (0, 100_000),
    GREEN: (0, 2000),
    "communities": (2000, 10_000),
    "streets": (10_000, 50_000),
    "districts": (50_000, 1_000_000),
}
#: Features of one base layer on one sheet, above which the layer is left out and the sheet says so.
MOST_SHAPES = 20_000
#: Metres by class of road where a road does not say its width, as on the screen.
_USUAL_M = {
    **dict.fromkeys(("motorway", "trunk", "primary"), 24.0),
    **dict.fromkeys(("secondary", "tertiary"), 16.0),
    **dict.fromkeys(("footway", "cycleway", "pedestrian", "service"), 2.5),
}
_OTHER_ROAD_M = 7.0
_LEAST_ROAD_MM = 0.3
#: Layer -> width in millimetres and dashes of its borders.
BORDERS = {
    "communities": (0.15, "0.8 0.8"),
    "streets": (0.22, "2 1"),
    "districts": (0.35, "3 1 0.5 1"),
}
_EDGE = "#b3bab6"


@dataclass(frozen=True)
class Name:
    """A name to write on the map: along a line, or at a point of an area; shapes in millimetres."""

    layer: str
    text: str
    shape: shapely.Geometry


@dataclass
class BaseMap:
    """The base map of one sheet.

    Attributes
    ----------
    svg
        Its drawing, millimetres.
    names
        What may be written on it.
    drawn
        Layers of which something shows, in drawing order: a legend needs them.
    used
        Layers of which something shows or is named: their sources must be told.
    left_out
        Layers with too many features to be drawn.
    """

    svg: str = ""
    names: list[Name] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def base_map(now: Reading, person: Person, plane: MapPlane) -> BaseMap:
    """Draw the base layers that the person may see within the map's rectangle."""
    out = BaseMap()
    box = plane.outline().bounds
    for layer, most in _DRAWN.items():
        seen = now.seen_if_allowed(person, layer) if plane.scale <= most else None
        if seen is None:
            continue
        rows = seen.rows_in(box)
        if len(rows) > MOST_SHAPES:
            out.left_out.append(layer)
            continue
        _add(out, seen, rows, plane)
    return out


def _add(out: BaseMap, seen: Seen, rows: IntArray, plane: MapPlane) -> None:
    layer = seen.spec.name
    rows, shapes = clipped(seen, rows, plane)
    names = _names(seen, rows, shapes, plane)
    if layer in BORDERS:
        frame = shapely.box(0, 0, plane.rect.width, plane.rect.height)
        shapes = shapely.boundary(shapes)
        crossing = shapely.intersects(shapes, frame)
        rows, shapes = rows[crossing], shapes[crossing]
    if len(rows):
        out.svg += _DRAW[layer](seen, rows, shapes, plane)
        out.drawn.append(layer)
    out.names += names
    if len(rows) or names:
        out.used.append(layer)


def clipped(seen: Seen, rows: IntArray, plane: MapPlane) -> tuple[IntArray, ObjectArray]:
    """Rows that lie on the map, and their shapes on paper in millimetres, cut a little outside.

    Vertices that do not show are left out: nothing moves by more than 0.02 mm.
    """
    margin = 0.004 * plane.scale  # 4 mm of paper, so that no cut end shows
    west, south, east, north = plane.box_m
    shapes = shapely.clip_by_rect(
        plane.metres(seen.view.geometry(rows)),
        west - margin,
        south - margin,
        east + margin,
        north + margin,
    )
    there = ~shapely.is_empty(shapes) & ~shapely.is_missing(shapes)
    placed = plane.on_paper(shapes[there])
    return rows[there], shapely.simplify(placed, 0.02, preserve_topology=False)


def _names(seen: Seen, rows: IntArray, shapes: ObjectArray, plane: MapPlane) -> list[Name]:
    first, last = NAMED.get(seen.spec.name, (0, -1))
    label = seen.spec.label_field
    if not first <= plane.scale <= last or label not in seen.permission.fields:
        return []
    texts = seen.view.column(label, rows)
    return [
        Name(seen.spec.name, str(text), shape)
        for text, shape in zip(texts, shapes, strict=True)
        if text
    ]


def _areas(fill: str, stroke: str) -> Callable[[Seen, IntArray, ObjectArray, MapPlane], str]:
    def draw(seen: Seen, rows: IntArray, shapes: ObjectArray, plane: MapPlane) -> str:
        data = path_data(shapes)
        return path(data, fill=fill, fill_rule="evenodd", stroke=stroke, stroke_width=0.1)

    return draw


def _border(look: tuple[float, str]) -> Callable[[Seen, IntArray, ObjectArray, MapPlane], str]:
    def draw(seen: Seen, rows: IntArray, shapes: ObjectArray, plane: MapPlane) -> str:
        return path(path_data(shapes), **border_look(look))

    return draw


def border_look(look: tuple[float, str]) -> dict[str, str | float]:
    """Attributes of a border's path: its width in millimetres and its dashes."""
    return {"stroke": "#929da3", "stroke_width": look[0], "stroke_dasharray": look[1]}


def road_widths_mm(
    seen: Seen, rows: IntArray, scale: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """(n,) widths of roads on paper, true to scale, to a twentieth of a millimetre."""
    fields = seen.permission.fields
    known = seen.view.column("width_m", rows) if "width_m" in fields else [None] * len(rows)
    classes = seen.view.column("road_class", rows) if "road_class" in fields else known
    metres = [
        float(width) if width is not None else _USUAL_M.get(str(road), _OTHER_ROAD_M)
        for width, road in zip(known, classes, strict=True)
    ]
    return np.maximum(np.round(np.array(metres) * 1000 / scale * 20) / 20, _LEAST_ROAD_MM)


def _roads(seen: Seen, rows: IntArray, shapes: ObjectArray, plane: MapPlane) -> str:
    widths = road_widths_mm(seen, rows, plane.scale)
    look = {"stroke_linecap": "round", "stroke_linejoin": "round"}
    edges, fills = [], []
    for width in np.unique(widths).tolist():
        data = path_data(shapes[widths == width])
        edges.append(path(data, stroke=_EDGE, stroke_width=round(width + 0.2, 3), **look))
        fills.append(path(data, stroke="#ffffff", stroke_width=width, **look))
    return "".join(edges + fills)


_DRAW: dict[str, Callable[[Seen, IntArray, ObjectArray, MapPlane], str]] = {
    GREEN: _areas("#e8f0e5", "#d3dfcf"),
    WATER: _areas("#dbe8ee", "#b5ccd6"),
    BUILDINGS: _areas("#ececea", "#c4c9c6"),
    ROADS: _roads,
    **{layer: _border(look) for layer, look in BORDERS.items()},
}
