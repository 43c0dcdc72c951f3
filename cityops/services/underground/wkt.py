"""Shapes of command lines: WKT in the coordinates of a survey."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis.errors import GeometryError
from gis.shapes import WKT_DEPTH, Limits, depth_of_wkt


def shape_of_text(text: str, field: str | None = None) -> BaseGeometry:
    """The shape in a WKT whose numbers are finite.

    Raises
    ------
    GeometryError
        It is none, is nested, has too many vertices, or a coordinate is no finite number.
    """
    _refuse_too_much(text, field)
    try:
        with np.errstate(all="ignore"):  # "nan" and numbers beyond 1e308 are told below
            shape = shapely.from_wkt(text)
    except (shapely.errors.GEOSException, ValueError) as fault:
        raise GeometryError(
            "geometry.bad", "不是 WKT：{got}", field=field, got=text[:60]
        ) from fault
    places = shapely.get_coordinates(shape, include_z=shapely.has_z(shape))
    if not np.isfinite(places).all():
        wrong = [str(v) for v in places[~np.isfinite(places).all(axis=1)][0].tolist()]
        raise GeometryError(
            "axis.not_finite", "坐标不是有限的数：{got}", field=field, got=" ".join(wrong)
        )
    return shape


def _refuse_too_much(text: str, field: str | None) -> None:
    """Refuse before the kernel sees it: nested deeply enough, a text ends the process."""
    deep, limit = depth_of_wkt(text), Limits().vertices
    if deep > WKT_DEPTH:
        raise GeometryError(
            "geometry.nested",
            "图形嵌套 {got} 层，超过 {expected} 层",
            field=field,
            got=deep,
            expected=WKT_DEPTH,
        )
    if text.count(",") >= limit:
        raise GeometryError(
            "geometry.too_many_vertices",
            "图形的顶点超过 {expected} 个",
            field=field,
            expected=limit,
        )
