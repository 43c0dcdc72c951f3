"""Shapes on paper as SVG: path data in millimetres, colours and dashes of the declarations."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import shapely

from gis.features import ObjectArray
from gis.layers import CodeItem, GeometryKind, LayerSpec

_COLOUR = re.compile(r"^#[0-9a-fA-F]{6}$")
_NO_COLOUR = "#4d585f"
#: Scale number up to which a width holds, and the width of a data line in millimetres.
_WIDTHS = ((500, 0.6), (1000, 0.5), (2000, 0.36), (5000, 0.28))
_THINNEST_MM = 0.22
#: A dash is in units of the line's width; thinner lines keep the rhythm of this width.
_DASH_UNIT_MM = 0.42
_CASING_MM = 0.28
_RADIUS_MM = 0.9


def safe_colour(text: str | None) -> str:
    """A colour ``#rrggbb``; grey for anything else.

    Examples
    --------
    >>> safe_colour("#0072b2"), safe_colour('red"/><script>')
    ('#0072b2', '#4d585f')
    """
    return text if text is not None and _COLOUR.match(text) else _NO_COLOUR


def line_mm(scale: int) -> float:
    """Width of a data line on paper in millimetres at a scale number.

    Examples
    --------
    >>> line_mm(500), line_mm(1_000_000)
    (0.6, 0.22)
    """
    return next((width for most, width in _WIDTHS if scale <= most), _THINNEST_MM)


def path_data(shapes: ObjectArray) -> str:
    """SVG path data of lines and polygons in millimetres, to a thousandth; '' for nothing."""
    parts = shapely.get_parts(shapely.get_parts(shapes))
    is_area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings = shapely.get_rings(parts[is_area])
    lines = parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING]
    return _steps(lines, "") + _steps(rings, "Z")


def _steps(lines: ObjectArray, end: str) -> str:
    if not len(lines):
        return ""
    coords, owner = shapely.get_coordinates(lines, return_index=True)
    texts = [f"{x:.3f} {y:.3f}" for x, y in coords.tolist()]
    starts = np.flatnonzero(np.diff(owner, prepend=-1)).tolist()
    out = []
    for first, last in zip(starts, [*starts[1:], len(texts)], strict=True):
        out.append("M" + "L".join(texts[first:last]) + end)
    return "".join(out)


def path(data: str, **attributes: str | float) -> str:
    """A path element; `attributes` are ours, with ``_`` for ``-``. Nothing for no data."""
    if not data:
        return ""
    given = {"fill": "none"} | attributes
    text = " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in given.items())
    return f'<path d="{data}" {text}/>'


def svg(width_mm: float, height_mm: float, body: str) -> str:
    """An SVG document whose unit is the millimetre."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" '
        f'width="{width_mm}mm" height="{height_mm}mm" viewBox="0 0 {width_mm} {height_mm}">'
        f"{body}</svg>"
    )


@dataclass(frozen=True)
class Pen:
    """How features of one class are drawn on paper; widths in millimetres."""

    kind: GeometryKind
    colour: str
    width: float
    dash: tuple[float, ...] = ()
    casing: str | None = None
    fill: str | None = None
    fill_opacity: float = 0.0

    def draw(self, shapes: ObjectArray) -> str:
        """SVG of shapes in millimetres."""
        if self.kind is GeometryKind.POINT:
            return self._points(shapes)
        data = path_data(shapes)
        if self.kind is GeometryKind.POLYGON:
            return path(
                data,
                fill=self.fill or "none",
                fill_opacity=round(self.fill_opacity, 3),
                fill_rule="evenodd",
                stroke=self.colour,
                stroke_width=self.width,
            )
        return self._casing(data) + path(
            data,
            stroke=self.colour,
            stroke_width=self.width,
            stroke_linejoin="round",
            stroke_linecap="butt" if self.dash else "round",
            **self._dashes(),
        )

    def _casing(self, data: str) -> str:
        if self.casing is None:
            return ""
        return path(
            data,
            stroke=self.casing,
            stroke_width=round(self.width + _CASING_MM, 3),
            stroke_linejoin="round",
            stroke_linecap="round",
        )

    def _dashes(self) -> dict[str, str | float]:
        if not self.dash:
            return {}
        unit = max(self.width, _DASH_UNIT_MM)
        return {"stroke_dasharray": " ".join(f"{part * unit:.3f}" for part in self.dash)}

    def _points(self, shapes: ObjectArray) -> str:
        return "".join(
            f'<circle cx="{x:.3f}" cy="{y:.3f}" r="{_RADIUS_MM}" fill="{self.colour}"'
            f' stroke="#ffffff" stroke-width="0.2"/>'
            for x, y in shapely.get_coordinates(shapes).tolist()
        )


def pen_of(spec: LayerSpec, item: CodeItem | None, scale: int, *, is_only: bool = False) -> Pen:
    """The pen for a class of a layer, for features of no known class, or for all that there are."""
    style = spec.style
    colour = safe_colour((item.colour if item else None) or style.colour)
    casing = item.casing if item else style.casing
    return Pen(
        kind=spec.geometry,
        colour=colour,
        width=line_mm(scale) if spec.geometry is GeometryKind.LINE else 0.25,
        dash=item.dash if item else style.dash if is_only else (1.0, 2.0),
        casing=None if casing is None else safe_colour(casing),
        fill=safe_colour(style.fill) if style.fill else colour,
        fill_opacity=max(0.15, style.fill_opacity),
    )


def swatch(pen: Pen, width_mm: float = 11.0, height_mm: float = 3.2) -> str:
    """A picture of how a class is drawn, for the legend: a whole SVG document."""
    middle = height_mm / 2
    if pen.kind is GeometryKind.LINE:
        shape = shapely.LineString([(0.4, middle), (width_mm - 0.4, middle)])
    elif pen.kind is GeometryKind.POLYGON:
        shape = shapely.box(1.5, 0.3, width_mm - 1.5, height_mm - 0.3)
    else:
        shape = shapely.Point(width_mm / 2, middle)
    return svg(width_mm, height_mm, pen.draw(np.array([shape], dtype=object)))
