"""The small map of a printed dossier: vector shapes in millimetres of paper, at a true scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from cityops.services.permissions import Action, permission_for
from cityops.services.places import Place, box_around
from cityops.services.roles import Person
from gis.features import FeatureBatch
from gis.layers import CodeItem, LayerSpec

WIDTH_MM, HEIGHT_MM = 112.0, 72.0
#: Scales of paper maps that people know; the first that shows the whole circle is taken.
SCALES = (200, 250, 500, 1000, 1500, 2000, 2500, 5000, 10000, 20000)
_AROUND = 1.15
_BARS_M = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_LONGEST_BAR_MM = 40.0
#: Features of one layer that are drawn at most.
_MOST = 4000
#: Layers from the ground up, how each is drawn, and the smallest scale at which it can be read.
_DRAWN = (
    ("green", "ground", 20000),
    ("water", "ground", 20000),
    ("roads", "road", 20000),
    ("buildings", "ground", 20000),
    ("cells", "outline", 20000),
    ("pipes", "line", 5000),
    ("components", "point", 2500),
)
#: Width of a road whose width nobody told, in metres.
_ROAD_M = 6.0
#: A name is set along a piece of its road at least this long on paper.
_NAMED_MM = 14.0
#: Names keep this far from the place itself.
_CLEAR_MM = 14.0


@dataclass(frozen=True)
class Drawn:
    """One shape on paper: an SVG path in millimetres from the upper left corner.

    ``width`` is that of the stroke in millimetres, ``dash`` its pattern in millimetres.
    """

    layer: str
    style: str
    path: str
    width: float = 0.0
    colour: str | None = None
    casing: str | None = None
    dash: tuple[float, ...] = ()


@dataclass(frozen=True)
class Label:
    """A name on paper: where its middle lies in millimetres, and its slope in degrees."""

    text: str
    x: float
    y: float
    angle: float


@dataclass(frozen=True)
class PaperMap:
    """A map of a place on paper.

    ``scale`` is the denominator; ``metres_per_mm`` what a millimetre of paper is on the ground;
    ``bar_m`` the length of the scale bar in metres; ``radius_mm`` the circle of the dossier.
    """

    scale: int
    width_mm: float
    height_mm: float
    bar_m: int
    radius_mm: float
    shapes: tuple[Drawn, ...]
    labels: tuple[Label, ...]

    @property
    def metres_per_mm(self) -> float:
        """Metres on the ground of a millimetre on paper."""
        return self.scale / 1000.0

    @property
    def bar_mm(self) -> float:
        """Length of the scale bar in millimetres."""
        return self.bar_m / self.metres_per_mm


def scale_for(radius_m: float) -> int:
    """Denominator of the largest scale at which the circle fits into the map with some room.

    Examples
    --------
    >>> scale_for(50.0), scale_for(500.0)
    (2000, 20000)
    """
    wanted = 2.0 * radius_m * _AROUND * 1000.0 / HEIGHT_MM
    return next((s for s in SCALES if s >= wanted), SCALES[-1])


def paper_map(tx: Any, person: Person, place: Place, radius_m: float) -> PaperMap:
    """The map around a place with what the person may see."""
    scale = scale_for(radius_m)
    paper = _Paper(place, scale / 1000.0)
    reach_m = math.hypot(WIDTH_MM, HEIGHT_MM) / 2.0 * scale / 1000.0
    shapes: list[Drawn] = []
    labels: list[Label] = []
    registry = tx.layers.registry()
    for name, style, smallest in _DRAWN:
        if scale > smallest:
            continue
        spec = registry.get(name)
        permission = permission_for(person, spec, Action.VIEW)
        if permission.allowed:
            box = box_around(place, reach_m)
            batch = tx.layers.page(spec, permission, box=box, limit=_MOST)
            shapes += _shapes(paper, spec, style, batch)
            labels += _labels(paper, batch) if style == "road" else []
    bar = max((m for m in _BARS_M if m * 1000.0 / scale <= _LONGEST_BAR_MM), default=_BARS_M[0])
    return PaperMap(
        scale, WIDTH_MM, HEIGHT_MM, bar, radius_m * 1000.0 / scale, tuple(shapes), tuple(labels)
    )


def on_paper(place: Place, scale: int, lonlat: Sequence[float]) -> tuple[float, float] | None:
    """Where a position lies on the map in millimetres from the upper left, None outside of it."""
    east, north = place.frame.project([list(lonlat)])[0].tolist()
    x, y = WIDTH_MM / 2.0 + east * 1000.0 / scale, HEIGHT_MM / 2.0 - north * 1000.0 / scale
    is_on = 0.0 <= x <= WIDTH_MM and 0.0 <= y <= HEIGHT_MM
    return (round(x, 2), round(y, 2)) if is_on else None


@dataclass(frozen=True)
class _Paper:
    """From degrees to millimetres of paper, north up, the place in the middle."""

    place: Place
    metres_per_mm: float

    def shapes(self, geometry: Any) -> Any:
        """(n,) shapes in millimetres from the upper left corner, cut at the frame."""
        metres = self.place.frame.project_geometry(geometry)
        turned = shapely.transform(
            metres,
            lambda xy: np.column_stack(
                [
                    WIDTH_MM / 2.0 + xy[:, 0] / self.metres_per_mm,
                    HEIGHT_MM / 2.0 - xy[:, 1] / self.metres_per_mm,
                ]
            ),
        )
        return shapely.clip_by_rect(turned, -2.0, -2.0, WIDTH_MM + 2.0, HEIGHT_MM + 2.0)


def _shapes(paper: _Paper, spec: LayerSpec, style: str, batch: FeatureBatch) -> list[Drawn]:
    if not len(batch):
        return []
    cut = paper.shapes(batch.geometry)
    if style == "point":
        cut = paper.shapes(shapely.point_on_surface(batch.geometry))
    return [
        Drawn(spec.name, style, path, **_look(paper, spec, style, batch, i))
        for i, path in ((i, path_of(shape)) for i, shape in enumerate(cut))
        if path
    ]


def _look(
    paper: _Paper, spec: LayerSpec, style: str, batch: FeatureBatch, row: int
) -> dict[str, Any]:
    if style == "road":
        width = batch.columns["width_m"][row] if "width_m" in batch.columns else None
        return {"width": round(float(width or _ROAD_M) / paper.metres_per_mm, 2)}
    item = _class_of(spec, batch, row)
    colour = (item.colour if item else None) or spec.style.colour
    if style == "line":
        dash = item.dash if item else spec.style.dash
        casing = item.casing if item else spec.style.casing
        width = 0.6
        return {
            "width": width,
            "colour": colour,
            "casing": casing,
            "dash": tuple(round(d * width, 2) for d in dash),
        }
    return {"colour": colour} if style == "point" else {}


def _class_of(spec: LayerSpec, batch: FeatureBatch, row: int) -> CodeItem | None:
    name = spec.style.class_field
    if name is None or name not in batch.columns:
        return None
    value = batch.columns[name][row]
    return next((c for c in spec.field_named(name).codes if c.code == value), None)


def path_of(shape: Any) -> str:
    """SVG path of a shape in its own units, two decimals; '' for an empty one.

    Points become a move without a line.

    Examples
    --------
    >>> path_of(shapely.LineString([(0, 0), (1.234, 2)]))
    'M0 0L1.23 2'
    >>> path_of(shapely.box(0, 0, 1, 1))
    'M1 0L1 1L0 1L0 0Z'
    """
    return "".join(_pieces(shape))


def _pieces(shape: Any) -> Iterator[str]:
    if shape is None or shape.is_empty:
        return
    if shape.geom_type in ("Point", "LineString", "LinearRing"):
        yield _trace(shape.coords)
    elif shape.geom_type == "Polygon":
        for ring in (shape.exterior, *shape.interiors):
            yield _trace(ring.coords[:-1]) + "Z"
    else:
        for part in shape.geoms:
            yield from _pieces(part)


def _trace(coords: Sequence[Any]) -> str:
    return "M" + "L".join(
        f"{x:.2f}".rstrip("0").rstrip(".") + " " + f"{y:.2f}".rstrip("0").rstrip(".")
        for x, y in coords
    )


def _labels(paper: _Paper, batch: FeatureBatch) -> list[Label]:
    """One name per road, along the longest straight piece of it that shows."""
    if not len(batch) or "name" not in batch.columns:
        return []
    best: dict[str, tuple[float, Label]] = {}
    for name, shape in zip(batch.columns["name"], paper.shapes(batch.geometry), strict=True):
        if not name:
            continue
        for (x1, y1), (x2, y2) in _straight_pieces(shape):
            length = math.hypot(x2 - x1, y2 - y1)
            x, y = (x1 + x2) / 2.0, (y1 + y2) / 2.0
            if math.hypot(x - WIDTH_MM / 2.0, y - HEIGHT_MM / 2.0) < _CLEAR_MM:
                x, y = (x1 + 3.0 * x2) / 4.0, (y1 + 3.0 * y2) / 4.0
            if length >= max(_NAMED_MM, best.get(name, (0.0,))[0]) and _inside(x, y):
                angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
                label = Label(str(name), round(x, 2), round(y, 2), round(_upright(angle), 1))
                best[name] = (length, label)
    return [label for _, label in best.values()]


def _straight_pieces(shape: Any) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    lines = getattr(shape, "geoms", (shape,))
    for line in lines:
        if line.geom_type == "LineString" and not line.is_empty:
            straight = line.simplify(0.4)
            yield from zip(straight.coords[:-1], straight.coords[1:], strict=True)


def _upright(angle: float) -> float:
    """The slope turned so that nobody reads upside down: over -90 and up to 90 degrees."""
    turned = (angle + 90.0) % 180.0 - 90.0
    return 90.0 if turned == -90.0 else turned


def _inside(x: float, y: float) -> bool:
    return 6.0 <= x <= WIDTH_MM - 6.0 and 4.0 <= y <= HEIGHT_MM - 4.0
