"""The map of a sheet: base, features in the colours of their declaration, polygon, grid, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from cityops.services.layers import Reading, Seen
from cityops.services.roles import Person
from cityops.services.selections import Selection
from cityops.services.sheets.base import BaseMap, base_map, clipped
from cityops.services.sheets.drawing import Pen, path, path_data, pen_of, svg
from cityops.services.sheets.labels import Board, Label, along, write_names
from cityops.services.sheets.plane import MapPlane
from cityops.services.sheets.scales import grid_step_m
from gis.errors import InvalidError
from gis.features import IntArray, ObjectArray, object_array
from gis.layers import CodeItem, GeometryKind

#: Features of the layer on one sheet, those around the polygon included.
MOST_FEATURES = 20_000
ACCENT = "#0b6370"
#: Scale number up to which lines carry the letter of their class, and their diameter.
_MARKED_TO, _SIZED_TO = 1000, 500
_MARK_PT, _SIZED_PT = 5.2, 6.0
#: A letter is repeated along a class at this distance at least, millimetres.
_MARK_APART_MM = 28.0
_CROSS_MM = 1.5
_ARROW_MM = (12.0, 16.0)


@dataclass(frozen=True)
class Tick:
    """A coordinate at the frame: `edge` is left, right, top or bottom, `at` millimetres along it."""

    edge: str
    at: float
    text: str


@dataclass(frozen=True)
class DrawnMap:
    """The map of a sheet, ready for print.

    Attributes
    ----------
    svg
        The drawing, its unit the millimetre.
    classes
        Codes of the classes that are drawn, in the order of their list; None for no known class.
    """

    svg: str
    base: BaseMap
    classes: tuple[str | None, ...]
    labels: tuple[Label, ...]
    ticks: tuple[Tick, ...]
    grid_m: float


def draw_map(
    now: Reading,
    person: Person,
    chosen: Selection,
    polygon: Any,
    equal: Mapping[str, Sequence[Any]],
    plane: MapPlane,
) -> DrawnMap:
    """Draw the map of a selection.

    Raises
    ------
    InvalidError
        When more than `MOST_FEATURES` features lie on the map.
    """
    base = base_map(now, person, plane)
    rows = _rows(chosen.seen, equal, plane)
    rows, shapes = clipped(chosen.seen, rows, plane)
    groups = _classes(chosen, rows)
    ring = plane.on_paper(plane.metres(object_array([polygon])))[0]
    step = grid_step_m(plane.scale)
    width, height = plane.rect.width, plane.rect.height
    body = (
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
        + base.svg
        + "".join(pen.draw(shapes[which]) for _, pen, which in _drawn(chosen, groups, plane))
        + _veil(ring, width, height)
        + _crosses(plane, step)
    )
    board = Board(plane.rect)
    board.reserve(shapely.box(width - _ARROW_MM[0], 0, width, _ARROW_MM[1]))
    write_names(board, base.names)
    _write_marks(board, chosen, rows, shapes, plane, ring)
    classes = tuple(code for code, _ in groups)
    return DrawnMap(
        svg(width, height, body), base, classes, tuple(board.labels), ticks(plane, step), step
    )


def _rows(seen: Seen, equal: Mapping[str, Sequence[Any]], plane: MapPlane) -> IntArray:
    rows = seen.equal(seen.rows_in(plane.outline().bounds), equal)
    if len(rows) > MOST_FEATURES:
        raise InvalidError(
            "sheet.too_many_features",
            "图上有 {got} 个要素，一张图最多画 {expected} 个",
            field="polygon",
            got=len(rows),
            expected=MOST_FEATURES,
            hint="画小一些的选区，或先筛选种类",
        )
    return rows


def item_of(chosen: Selection, code: Any) -> CodeItem | None:
    """The class called `code`, None where the list does not hold it."""
    if chosen.class_field is None:
        return None
    codes = chosen.seen.spec.field_named(chosen.class_field).codes
    return next((item for item in codes if item.code == code), None)


def _classes(chosen: Selection, rows: IntArray) -> list[tuple[str | None, np.ndarray]]:
    """Codes with the mask of their rows, in the order of the code list, unknown last."""
    if chosen.class_field is None:
        return [(None, np.ones(len(rows), bool))]
    values = chosen.seen.view.column(chosen.class_field, rows)
    listed = [item.code for item in chosen.seen.spec.field_named(chosen.class_field).codes]
    groups: list[tuple[str | None, Any]] = [(code, values == code) for code in listed]
    groups.append((None, ~np.isin(values.astype(str), listed)))
    return [(code, which) for code, which in groups if which.any()]


def _drawn(
    chosen: Selection, groups: list[tuple[str | None, Any]], plane: MapPlane
) -> list[tuple[str | None, Pen, Any]]:
    spec = chosen.seen.spec
    return [
        (
            code,
            pen_of(spec, item_of(chosen, code), plane.scale, is_only=chosen.class_field is None),
            which,
        )
        for code, which in groups
    ]


def _veil(ring: shapely.Geometry, width: float, height: float) -> str:
    """What is outside the polygon fades, and the polygon has a border."""
    data = path_data(object_array([ring]))
    frame = f"M-1 -1H{width + 1}V{height + 1}H-1Z"
    return (
        path(frame + data, fill="#ffffff", fill_opacity=0.62, fill_rule="evenodd")
        + path(data, stroke="#ffffff", stroke_width=1.1, stroke_linejoin="round")
        + path(data, stroke=ACCENT, stroke_width=0.6, stroke_linejoin="round")
    )


def grid_lines(low: float, high: float, step: float) -> list[float]:
    """Multiples of `step` from `low` to `high`."""
    first = int(np.ceil(low / step))
    return [n * step for n in range(first, int(np.floor(high / step)) + 1)]


def _crosses(plane: MapPlane, step: float) -> str:
    west, south, east, north = plane.box_m
    data = ""
    for x in grid_lines(west, east, step):
        for y in grid_lines(south, north, step):
            at_x, at_y = (x - west) * 1000 / plane.scale, (north - y) * 1000 / plane.scale
            data += f"M{at_x - _CROSS_MM:.3f} {at_y:.3f}H{at_x + _CROSS_MM:.3f}"
            data += f"M{at_x:.3f} {at_y - _CROSS_MM:.3f}V{at_y + _CROSS_MM:.3f}"
    return path(data, stroke="#384147", stroke_width=0.1)


def ticks(plane: MapPlane, step: float) -> tuple[Tick, ...]:
    """Coordinates at the frame, where the lines of the grid meet it."""
    west, south, east, north = plane.box_m
    factor = 1000 / plane.scale
    out = []
    for x in grid_lines(west, east, step):
        at = (x - west) * factor
        out += [Tick("top", at, metres_text(x)), Tick("bottom", at, metres_text(x))]
    for y in grid_lines(south, north, step):
        at = (north - y) * factor
        out += [Tick("left", at, metres_text(y)), Tick("right", at, metres_text(y))]
    return tuple(out)


def metres_text(value: float) -> str:
    """A coordinate in whole metres, in groups of three.

    Examples
    --------
    >>> metres_text(4330200.0)
    '4 330 200'
    """
    return f"{round(value):,}".replace(",", " ")


def _write_marks(
    board: Board,
    chosen: Selection,
    rows: IntArray,
    shapes: ObjectArray,
    plane: MapPlane,
    ring: shapely.Geometry,
) -> None:
    """Letters of classes on their lines within the polygon, longest lines first."""
    if plane.scale > _MARKED_TO or chosen.seen.spec.geometry is not GeometryKind.LINE:
        return
    within = np.isin(rows, chosen.measured.rows)
    texts = _mark_texts(chosen, rows[within], plane.scale)
    size = _SIZED_PT if plane.scale <= _SIZED_TO else _MARK_PT
    lines = _within(shapes[within], ring)
    written: dict[str, list[shapely.Geometry]] = {}
    for i in np.argsort(-shapely.length(lines), kind="stable").tolist():
        text = texts[i]
        for label in along(lines[i], text, size, "mark") if text else ():
            at = shapely.Point(label.x, label.y)
            near = written.setdefault(text, [])
            if any(at.distance(other) < _MARK_APART_MM for other in near):
                break
            if board.put(label, apart_mm=0.25):
                near.append(at)
                break


def _within(lines: ObjectArray, ring: shapely.Geometry) -> ObjectArray:
    shapely.prepare(ring)
    out = lines.copy()
    crossing = ~shapely.contains_properly(ring, lines)
    out[crossing] = shapely.intersection(lines[crossing], ring)
    return out


def _mark_texts(chosen: Selection, rows: IntArray, scale: int) -> list[str]:
    view, fields = chosen.seen.view, chosen.seen.permission.fields
    if chosen.class_field is None:
        return [""] * len(rows)
    items = [item_of(chosen, code) for code in view.column(chosen.class_field, rows)]
    marks = [item.mark or "" if item else "" for item in items]
    if scale > _SIZED_TO or "diameter_mm" not in fields:
        return marks
    sizes = view.column("diameter_mm", rows)
    return [
        f"{mark} DN{size:g}" if mark and size is not None else mark
        for mark, size in zip(marks, sizes, strict=True)
    ]
