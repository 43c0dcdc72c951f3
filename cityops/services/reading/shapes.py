"""Shapes from delivered coordinates, with every fault of a shape named at its row.

What a file gives is looked at before GEOS sees it: nesting, numbers, closing, vertex
counts. Then GEOS is asked for validity, and a broken polygon is mended only on request.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from cityops.services.reading.table import Note, ReadOptions
from gis.errors import CityError, GeometryError
from gis.features import ObjectArray, object_array

_PLAIN = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}
_NUMBERS = {int, float}
_MAX_FLOAT = 1e300
_POLYGONAL = (3, 6)
_COLLECTION = 7

Array = npt.NDArray[np.float64]


class Shapes:
    """Collects the shapes of a file, with the faults and repairs of each row."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self.found: list[Any] = []
        self.faults: list[CityError] = []
        self.repaired: list[Note] = []

    def add(self, value: Any, row: int) -> None:
        """Add the shape of a GeoJSON geometry object; a broken one becomes None and a fault."""
        try:
            self.found.append(self._shape(value, row))
        except GeometryError as fault:
            self.found.append(None)
            self.faults.append(at_row(fault, row))

    def _shape(self, value: Any, row: int) -> Any:
        if value is None:
            raise GeometryError("geometry.missing", "没有图形", field="geometry")
        if not isinstance(value, dict) or not isinstance(value.get("type"), str):
            raise GeometryError("geometry.bad", "图形不是 GeoJSON 对象", field="geometry")
        kind = value["type"]
        if kind == "GeometryCollection":
            return self._collection(value, row)
        if kind not in _PLAIN:
            raise GeometryError(
                "geometry.kind", "不认识的图形种类 {got}", field="geometry", got=kind[:40]
            )
        return self._plain(kind, value.get("coordinates"), row)

    def _collection(self, value: dict[str, Any], row: int) -> Any:
        members = value.get("geometries")
        if isinstance(members, list) and len(members) == 1:
            member = members[0]
            if isinstance(member, dict) and member.get("type") in _PLAIN:
                self.repaired.append(Note(row, "geometry.unwrapped", "集合中只有一个图形，已取出"))
                return self._plain(member["type"], member.get("coordinates"), row)
        raise GeometryError(
            "geometry.collection",
            "图形集合（GeometryCollection）不能作为一个要素",
            field="geometry",
            got="GeometryCollection",
            hint="请拆成单独的要素",
        )

    def _plain(self, kind: str, coordinates: Any, row: int) -> Any:
        if not isinstance(coordinates, list):
            raise GeometryError("geometry.bad", "图形没有坐标", field="geometry")
        if kind == "Point":
            return shapely.Point(_positions([coordinates])[0])
        if kind == "LineString":
            return self._line(coordinates)
        if kind == "Polygon":
            return self._polygon(coordinates, row)
        parts = _listed(coordinates)
        if kind == "MultiPoint":
            return shapely.multipoints(_positions(parts))
        self._bound(parts, 2 if kind == "MultiLineString" else 3)
        if kind == "MultiLineString":
            return shapely.multilinestrings([self._line(p) for p in parts])
        return shapely.multipolygons([self._polygon(p, row) for p in parts])

    def _bound(self, parts: list[Any], depth: int) -> None:
        rings = (
            parts if depth == 2 else chain.from_iterable(p for p in parts if isinstance(p, list))
        )
        count = sum(len(ring) for ring in rings if isinstance(ring, list))
        check_vertices(count, self._options.max_vertices)

    def _line(self, coordinates: Any) -> Any:
        points = _positions(_listed(coordinates))
        check_vertices(len(points), self._options.max_vertices)
        if len(points) < 2:
            raise GeometryError(
                "geometry.too_few_points", "线至少要 2 个点，得到 {got} 个", got=len(points)
            )
        return shapely.linestrings(points)

    def _polygon(self, coordinates: Any, row: int) -> Any:
        rings = _listed(coordinates)
        self._bound(rings, 2)
        if not rings:
            raise GeometryError("geometry.empty", "图形是空的", field="geometry")
        closed = [self._ring(ring, row) for ring in rings]
        dims = min(ring.shape[1] for ring in closed)
        made = [shapely.linearrings(ring[:, :dims]) for ring in closed]
        return shapely.polygons(made[0], holes=made[1:] or None)

    def _ring(self, coordinates: Any, row: int) -> Array:
        points = _positions(_listed(coordinates))
        if not len(points):
            raise GeometryError("geometry.empty", "图形是空的", field="geometry")
        if not np.array_equal(points[0], points[-1]):
            points = self._close(points, row)
        if len(points) < 4:
            raise GeometryError(
                "geometry.too_few_points",
                "环至少要 4 个点（首尾相同），得到 {got} 个",
                field="geometry",
                got=len(points),
            )
        return points

    def _close(self, points: Array, row: int) -> Array:
        gap = float(np.hypot(*(points[0, :2] - points[-1, :2])))
        if not self._options.repair:
            raise GeometryError(
                "geometry.unclosed_ring",
                "环没有闭合，首尾相差 {gap}",
                field="geometry",
                got=points[-1].tolist(),
                expected=points[0].tolist(),
                params={"gap": f"{gap:.6g}"},
                hint="加 --repair 可补上首点",
            )
        self.repaired.append(
            Note(
                row,
                "geometry.unclosed_ring",
                "环没有闭合（首尾相差 {gap}），已补上首点",
                {"gap": f"{gap:.6g}"},
            )
        )
        return np.vstack([points, points[:1]])


def at_row(error: CityError, row: int) -> CityError:
    """`error` with its row."""
    error.row = row
    return error


def check_vertices(count: int, most: int) -> None:
    """Refuse a shape of too many vertices.

    Raises
    ------
    GeometryError
        When `count` is above `most`.
    """
    if count > most:
        raise GeometryError(
            "geometry.too_many_vertices",
            "图形有 {got} 个顶点，最多 {expected} 个",
            field="geometry",
            got=count,
            expected=most,
        )


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise GeometryError("geometry.bad", "坐标的层次不对", field="geometry")
    return value


def _positions(points: list[Any]) -> Array:
    """(n, 2) or (n, 3) numbers of GeoJSON positions; heights only where every position has one."""
    if not points:
        raise GeometryError("geometry.empty", "图形是空的", field="geometry")
    if not all(type(p) is list for p in points):
        raise GeometryError("geometry.bad", "坐标的层次不对", field="geometry")
    lengths = set(map(len, points))
    if not set(map(type, chain.from_iterable(points))) <= _NUMBERS or min(lengths) < 2:
        raise GeometryError("geometry.bad", "坐标应为 [x, y] 两个数", field="geometry")
    if max(lengths) > 3:
        raise GeometryError(
            "geometry.dimensions",
            "坐标有 {got} 个数，最多 3 个",
            got=max(lengths),
            field="geometry",
        )
    if len(lengths) > 1:
        raise GeometryError("geometry.dimensions", "有的点有高程，有的没有", field="geometry")
    try:
        out = np.array(points, dtype=np.float64)
    except OverflowError:
        out = np.array([[np.inf, np.inf]])
    if not (np.abs(out) < _MAX_FLOAT).all():
        raise GeometryError("geometry.not_finite", "坐标不是有限的数", field="geometry")
    return out


def from_wkb(blobs: ObjectArray, rows: npt.NDArray[np.int64], shapes: Shapes) -> ObjectArray:
    """(n,) shapes of WKB texts out of GDAL; what is broken becomes None and a fault."""
    try:
        found: ObjectArray = np.asarray(shapely.from_wkb(blobs), object)
    except shapely.errors.GEOSException:
        found = object_array(
            _one_wkb(blob, row, shapes) for blob, row in zip(blobs, rows.tolist(), strict=True)
        )
    collections = shapely.get_type_id(found) == _COLLECTION
    found[collections] = None
    for row in rows[collections].tolist():
        shapes.add({"type": "GeometryCollection"}, row)
    named = {f.row for f in shapes.faults}
    for row in rows[shapely.is_missing(found)].tolist():
        if row not in named:
            shapes.add(None, row)
    return found


def _one_wkb(blob: Any, row: int, shapes: Shapes) -> Any:
    if blob is None:
        return None
    try:
        return shapely.from_wkb(blob)
    except shapely.errors.GEOSException:
        mended = shapely.from_wkb(blob, on_invalid="fix")
    if mended is None or shapely.get_type_id(mended) not in _POLYGONAL:
        shapes.faults.append(
            GeometryError("geometry.bad", "图形的二进制已损坏", field="geometry", row=row)
        )
        return None
    if not shapes._options.repair:
        shapes.faults.append(
            GeometryError(
                "geometry.unclosed_ring",
                "环没有闭合",
                field="geometry",
                row=row,
                hint="加 --repair 可补上首点",
            )
        )
        return None
    shapes.repaired.append(Note(row, "geometry.unclosed_ring", "环没有闭合，已补上首点"))
    return mended
