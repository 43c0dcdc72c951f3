"""Words on the map: each where it can be read, none over another. Millimetres, y downwards."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import shapely

from cityops.services.sheets.base import Name
from cityops.services.sheets.papers import Rect

#: Points to millimetres, and the height of a line of text in sizes.
PT_MM = 25.4 / 72
_LINE = 1.15
#: Where along a line a word may stand, the middle first.
_ALONG = (0.5, 0.38, 0.62, 0.26, 0.74, 0.14, 0.86)
#: How much longer than its chord the line under a word may be.
_BEND = 1.03
_MOST = 400


@dataclass(frozen=True)
class Label:
    """One word on the map.

    ``x`` and ``y`` are its middle from the map's upper left corner, ``angle`` its turn in
    degrees clockwise, ``size`` in points, ``style`` which look the print gives it.
    """

    text: str
    x: float
    y: float
    angle: float
    size: float
    style: str


def text_mm(text: str, size_pt: float) -> float:
    """Width of a line of text in millimetres, on the safe side: wide signs are as wide as high.

    Examples
    --------
    >>> round(text_mm("南京路", 10), 2), round(text_mm("DN300", 10), 2)
    (10.58, 10.58)
    """
    ems = sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.6 for c in text)
    return ems * size_pt * PT_MM


class Board:
    """The words placed so far; a word that would touch another is refused."""

    def __init__(self, area: Rect) -> None:
        self._area = shapely.box(0.8, 0.8, area.width - 0.8, area.height - 0.8)
        self._taken: list[shapely.Geometry] = []
        self.labels: list[Label] = []

    def reserve(self, shape: shapely.Geometry) -> None:
        """Keep words away from a part of the map."""
        self._taken.append(shape)

    def put(self, label: Label, *, apart_mm: float = 0.6) -> bool:
        """Place a word when it lies within the map and apart from all others."""
        half_w = text_mm(label.text, label.size) / 2 + apart_mm
        half_h = label.size * PT_MM * _LINE / 2 + apart_mm
        box = shapely.affinity.rotate(
            shapely.box(label.x - half_w, label.y - half_h, label.x + half_w, label.y + half_h),
            label.angle,
            origin=(label.x, label.y),
        )
        if len(self.labels) >= _MOST or not self._area.covers(box):
            return False
        if any(box.intersects(other) for other in self._taken):
            return False
        self._taken.append(box)
        self.labels.append(label)
        return True


def along(shape: shapely.Geometry, text: str, size: float, style: str) -> Iterator[Label]:
    """Places for a word along the longest part of a line, where it is straight enough."""
    parts = [part for part in _lines(shape) if part.length > 0]
    if not parts:
        return
    line = max(parts, key=lambda part: part.length)
    half = text_mm(text, size) / 2
    if line.length < 2 * half + 2:
        return
    for share in _ALONG:
        at = share * line.length
        if at - half < 0 or at + half > line.length:
            continue
        a, b = line.interpolate(at - half), line.interpolate(at + half)
        if 2 * half > _BEND * max(a.distance(b), 1e-6):
            continue
        angle = math.degrees(math.atan2(b.y - a.y, b.x - a.x))
        if angle <= -90 or angle > 90:  # never upside down
            angle -= math.copysign(180, angle)
        middle = line.interpolate(at)
        yield Label(text, middle.x, middle.y, round(angle, 3), size, style)


def _lines(shape: shapely.Geometry) -> Iterable[shapely.Geometry]:
    kinds = {shapely.GeometryType.LINESTRING}
    return [
        p for p in shapely.get_parts(shapely.get_parts([shape])) if shapely.get_type_id(p) in kinds
    ]


def inside(shape: shapely.Geometry, text: str, size: float, style: str) -> Iterator[Label]:
    """The place for a word in an area, when the area is wide enough there."""
    middle = shape.representative_point()
    label = Label(text, middle.x, middle.y, 0.0, size, style)
    half = text_mm(text, size) / 2
    ends = shapely.MultiPoint([(middle.x - half, middle.y), (middle.x + half, middle.y)])
    if shape.buffer(0.5).covers(ends):
        yield label


def write_names(board: Board, names: Iterable[Name]) -> None:
    """Write names of the base map: streets along their middle, longest first and each name twice at most."""
    told: dict[tuple[str, str], int] = {}
    # What is too small for paper has been simplified to nothing.
    there = (name for name in names if not name.shape.is_empty)
    for name in sorted(there, key=lambda n: (n.layer, -max(n.shape.length, 0.0), n.text)):
        key = (name.layer, name.text)
        if told.get(key, 0) >= (2 if name.layer == "roads" else 1):
            continue
        is_line = shapely.get_dimensions(name.shape) == 1
        size = 7.5 if is_line else 6.5
        places = along if is_line else inside
        for label in places(name.shape, name.text, size, name.layer):
            if board.put(label, apart_mm=1.2):
                told[key] = told.get(key, 0) + 1
                break
