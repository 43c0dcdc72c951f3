"""Shapes of strangers, GeoJSON objects and WKB, read without trust in them.

Types, depth and counts are checked before GEOS sees anything: a few thousand
nested collections would end the process. Nothing here recurses over input.
What is wrong is gathered as `Fault` values; the shape is built where it can be
(an open ring is closed for further checks, and the fault stays).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from gis.faults import Fault, Repair

FloatArray = npt.NDArray[np.float64]
ObjectArray = npt.NDArray[np.object_]
Rows = list[tuple[int, Fault]]

_MAX_LISTED = 20
#: Brackets in brackets that a WKT needs: a collection of multipolygons.
WKT_DEPTH = 4
_PARENTHESES = re.compile(r"[()]")
#: Repairs after which a shape read with faults may be used as it was built.
_BUILT = {Repair.CLOSE_RING, Repair.DROP_HEIGHT, Repair.DROP_MEASURE}


@dataclass(frozen=True)
class Limits:
    """How large a single shape may be."""

    vertices: int = 200_000
    parts: int = 50_000
    holes: int = 10_000


@dataclass(frozen=True)
class Reading:
    """A shape as far as it could be built, and all that was wrong with its text.

    Attributes
    ----------
    geometry
        None where no shape could be built.
    faults
        In the order of the input; empty for a shape that was read as it stands.
    """

    geometry: BaseGeometry | None
    faults: tuple[Fault, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether the shape was built and each fault is one that building it has mended."""
        return self.geometry is not None and all(fault.repair in _BUILT for fault in self.faults)


def read_geojson(value: Any, *, limits: Limits | None = None, path: str = "$") -> Reading:
    """The shape of a GeoJSON geometry object, with every structural fault.

    Parameters
    ----------
    value
        What a JSON parser gave. Numbers only are coordinates: no booleans, no texts.
    limits
        Bounds on vertices, parts and holes; the usual ones when None.
    path
        Where `value` stands in its text, for the faults.

    Examples
    --------
    >>> read_geojson({"type": "Point", "coordinates": [117.2, 39.1]}).geometry.wkt
    'POINT (117.2 39.1)'
    >>> [f.code for f in read_geojson({"type": "Point", "coordinates": [True, "39"]}).faults]
    ['geometry.bad_number', 'geometry.bad_number']
    """
    reader = _GeoJson(limits or Limits())
    geometry = reader.geometry(value, path)
    return Reading(geometry, tuple(reader.faults))


class _GeoJson:
    """Faults of one GeoJSON geometry, gathered while its shape is built."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.faults: list[Fault] = []
        self.vertices = 0
        self.holes = 0
        self.heights: set[bool] = set()
        self.fatal = False

    def fault(self, code: str, path: str, *, fatal: bool = True, **parts: Any) -> None:
        self.fatal = self.fatal or fatal
        if len(self.faults) < _MAX_LISTED:
            self.faults.append(Fault(code, path=path, **parts))

    def geometry(self, value: Any, path: str) -> BaseGeometry | None:
        if value is None:
            self.fault("geometry.missing", path)
        elif not isinstance(value, dict) or not value:
            self.fault("geometry.not_object", path, got=_shown(value))
        elif value.get("type") == "GeometryCollection":
            return self.collection(value, path)
        else:
            return self.simple(value, path)
        return None

    def collection(self, value: dict[str, Any], path: str) -> BaseGeometry | None:
        members = value.get("geometries")
        if not isinstance(members, list | tuple):
            self.fault("geometry.not_object", f"{path}.geometries", got=_shown(members))
            return None
        deep = _collection_depth(value)
        if deep > 1:
            self.fault("geometry.nested", path, got=deep, expected=1)
            return None
        if len(members) > self.limits.parts:
            self.fault(
                "geometry.too_many_parts", path, got=len(members), expected=self.limits.parts
            )
            return None
        shapes = []
        for i, member in enumerate(members):
            at = f"{path}.geometries[{i}]"
            if isinstance(member, dict) and member:
                shapes.append(self.simple(member, at))
            else:
                self.fault("geometry.not_object", at, got=_shown(member))
        return None if self.fatal else shapely.GeometryCollection(shapes)

    def simple(self, value: dict[str, Any], path: str) -> BaseGeometry | None:
        kind = value.get("type")
        make = _MAKERS.get(kind) if isinstance(kind, str) else None
        if make is None:
            self.fault("geometry.unknown_type", f"{path}.type", got=_shown(kind))
            return None
        before = self.fatal
        self.fatal = False
        self.heights = set()
        at = f"{path}.coordinates"
        coords = value.get("coordinates")
        if coords == [] or coords == ():
            self.fault("geometry.empty", at)
            built = None
        else:
            built = make(self, coords, at)
        if len(self.heights) > 1:
            self.fault("geometry.mixed_dimensions", at, fatal=False)
            built = None if built is None else shapely.force_2d(built)
        if self.fatal:
            built = None
        self.fatal = self.fatal or before
        return built

    def listed(self, value: Any, path: str) -> Sequence[Any]:
        """`value` as a sequence, empty with a fault when it is none."""
        if isinstance(value, list | tuple):
            return value
        self.fault("geometry.bad_position", path, got=_shown(value))
        return ()

    def positions(self, value: Any, path: str) -> FloatArray | None:
        """(n, 2) or (n, 3) coordinates of a list of positions."""
        rows = self.listed(value, path)
        self.vertices += len(rows)
        if self.vertices > self.limits.vertices:
            self.fault(
                "geometry.too_many_vertices",
                path,
                got=self.vertices,
                expected=self.limits.vertices,
            )
            return None
        if not rows:
            return np.empty((0, 2))
        if not _are_plain(rows):
            return self._examined(rows, path)
        try:
            coords = np.array(rows, np.float64).reshape(len(rows), -1)
        except OverflowError:
            self.fault("geometry.not_finite", path)
            return None
        if not np.isfinite(coords).all():
            first = int(np.flatnonzero(~np.isfinite(coords).all(axis=1))[0])
            self.fault("geometry.not_finite", f"{path}[{first}]")
            return None
        self.heights.add(coords.shape[1] == 3)
        return coords

    def _examined(self, rows: Sequence[Any], path: str) -> FloatArray | None:
        """Coordinates of positions that are not all alike, with a fault for each bad one."""
        good, before = [], len(self.faults)
        for i, row in enumerate(rows):
            at = f"{path}[{i}]"
            if not isinstance(row, list | tuple) or not 2 <= len(row) <= 4:
                self.fault("geometry.bad_position", at, got=_shown(row))
                continue
            for j, number in enumerate(row):
                if type(number) not in (int, float):
                    self.fault("geometry.bad_number", f"{at}[{j}]", got=_shown(number))
            if len(row) == 4:
                self.fault("geometry.has_measure", at, fatal=False)
            good.append(list(row[:3]))
            if len(self.faults) >= _MAX_LISTED:
                return None
        if self.fatal and len(self.faults) > before:
            return None
        widths = {len(row) for row in good}
        if len(widths) > 1:
            self.heights |= {True, False}
        return self.positions([row[: min(widths)] for row in good], path) if good else None

    def ring(self, value: Any, path: str) -> FloatArray | None:
        """Coordinates of a closed ring; an open one is closed and named."""
        coords = self.positions(value, path)
        if coords is None:
            return None
        distinct = len(np.unique(coords[:, :2], axis=0)) if len(coords) else 0
        if distinct < 3:
            self.fault("geometry.too_few_points", path, got=distinct, expected=3)
            return None
        if (coords[0] != coords[-1]).any():
            place = (float(coords[-1, 0]), float(coords[-1, 1]))
            self.fault("geometry.unclosed_ring", path, fatal=False, place=place)
            coords = np.vstack([coords, coords[:1]])
        return coords

    def point(self, value: Any, path: str) -> BaseGeometry | None:
        before = path.rsplit("[", 1)[0] if path.endswith("]") else path
        if not isinstance(value, list | tuple):
            self.fault("geometry.bad_position", before, got=_shown(value))
            return None
        faults = len(self.faults)
        coords = self.positions([value], path)
        for i in range(faults, len(self.faults)):
            found = self.faults[i]
            at = (found.path or path).replace(f"{path}[0]", path, 1)
            self.faults[i] = Fault(found.code, found.place, at, found.got, found.expected)
        return None if coords is None else shapely.Point(coords[0])

    def line(self, value: Any, path: str) -> BaseGeometry | None:
        coords = self.positions(value, path)
        if coords is None:
            return None
        if len(coords) < 2:
            self.fault("geometry.too_few_points", path, got=len(coords), expected=2)
            return None
        return shapely.LineString(coords)

    def polygon(self, value: Any, path: str) -> BaseGeometry | None:
        rings = self.listed(value, path)
        self.holes += max(len(rings) - 1, 0)
        if self.holes > self.limits.holes:
            self.fault("geometry.too_many_holes", path, got=self.holes, expected=self.limits.holes)
            return None
        built = [self.ring(ring, f"{path}[{i}]") for i, ring in enumerate(rings)]
        whole = [ring for ring in built if ring is not None]
        if not built:
            self.fault("geometry.empty", path)
        if not whole or len(whole) < len(built):
            self.fatal = True
            return None
        width = min(ring.shape[1] for ring in whole)
        return shapely.Polygon(whole[0][:, :width], [hole[:, :width] for hole in whole[1:]])

    def several(
        self,
        value: Any,
        path: str,
        one: Callable[[Any, str], BaseGeometry | None],
        join: Callable[[list[BaseGeometry]], BaseGeometry],
    ) -> BaseGeometry | None:
        rows = self.listed(value, path)
        if len(rows) > self.limits.parts:
            self.fault("geometry.too_many_parts", path, got=len(rows), expected=self.limits.parts)
            return None
        parts = [one(row, f"{path}[{i}]") for i, row in enumerate(rows)]
        if self.fatal:
            return None
        return join([part for part in parts if part is not None])


_MAKERS: dict[str, Callable[[_GeoJson, Any, str], BaseGeometry | None]] = {
    "Point": _GeoJson.point,
    "LineString": _GeoJson.line,
    "Polygon": _GeoJson.polygon,
    "MultiPoint": lambda r, v, p: r.several(v, p, r.point, shapely.MultiPoint),
    "MultiLineString": lambda r, v, p: r.several(v, p, r.line, shapely.MultiLineString),
    "MultiPolygon": lambda r, v, p: r.several(v, p, r.polygon, shapely.MultiPolygon),
}


def _are_plain(rows: Sequence[Any]) -> bool:
    """Whether all are positions of one length, 2 or 3, of numbers alone; at the speed of C."""
    if not set(map(type, rows)) <= {list, tuple}:
        return False
    widths = set(map(len, rows))
    if not (widths <= {2} or widths <= {3}):
        return False
    return set(map(type, chain.from_iterable(rows))) <= {int, float}


def _collection_depth(value: dict[str, Any]) -> int:
    """How many collections stand in each other, level by level."""
    level: list[Any] = [value]
    depth = 0
    while level:
        depth += 1
        inner: list[Any] = []
        for at in level:
            members = at.get("geometries")
            if isinstance(members, list | tuple):
                inner += [
                    m
                    for m in members
                    if isinstance(m, dict) and m.get("type") == "GeometryCollection"
                ]
        level = inner
    return depth


def _shown(value: Any) -> Any:
    """`value`, fit to be quoted in an answer."""
    if value is None or isinstance(value, bool | int):
        return value if not isinstance(value, int) or abs(value) < 2**53 else "…"
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, str):
        return value[:60].encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    if isinstance(value, dict):
        return "{…}"
    return "[…]" if isinstance(value, list | tuple) else type(value).__name__


_HEADER = 5
_TYPES_INSIDE = {4: {1}, 5: {2}, 6: {3}, 7: {1, 2, 3, 4, 5, 6, 7}}


@dataclass
class _Scan:
    """Where the scan of one WKB text stands."""

    data: bytes
    limits: Limits
    srids: frozenset[int]
    faults: list[Fault]
    at: int = 0
    vertices: int = 0
    parts: int = 0
    holes: int = 0

    def stop(self, code: str, **parts: Any) -> bool:
        self.faults.append(Fault(code, **parts))
        return False


def depth_of_wkt(text: str) -> int:
    """How many brackets of a WKT stand in each other; more than `WKT_DEPTH` no kernel may see.

    Examples
    --------
    >>> depth_of_wkt("POLYGON ((0 0, 1 0, 1 1, 0 0))")
    2
    """
    depth = deepest = 0
    for mark in _PARENTHESES.findall(text):
        depth += 1 if mark == "(" else -1
        deepest = max(deepest, depth)
    return deepest


def is_nested_wkb(data: bytes) -> bool:
    """Whether a WKB is a collection that holds another one.

    Examples
    --------
    >>> inner = shapely.GeometryCollection([shapely.Point(1, 2)])
    >>> is_nested_wkb(inner.wkb), is_nested_wkb(shapely.GeometryCollection([inner]).wkb)
    (False, True)
    """
    if len(data) < 5:
        return False
    (kind,) = struct.unpack("<I" if data[0] else ">I", data[1:5])
    if (kind & 0x0FFFFFFF) % 1000 != 7:
        return False
    return any(fault.code == "geometry.nested" for fault in scan_wkb(data, srids=range(1 << 20)))


def scan_wkb(
    data: bytes, *, limits: Limits | None = None, srids: Iterable[int] = (0, 4490)
) -> tuple[Fault, ...]:
    """What is wrong with a WKB or EWKB text, found without building anything.

    Parameters
    ----------
    data
        One geometry. Depth, counts against the bytes that are there, types of parts,
        closed rings and the reference system are checked; the scan does not recurse.
    limits
        Bounds on vertices, parts and holes; the usual ones when None.
    srids
        Reference systems that an EWKB may name.

    Examples
    --------
    >>> scan_wkb(shapely.Point(1, 2).wkb)
    ()
    >>> [f.code for f in scan_wkb(shapely.Point(1, 2).wkb[:-3])]
    ['geometry.truncated']
    """
    scan = _Scan(bytes(data), limits or Limits(), frozenset(srids), [])
    if not scan.data:
        scan.stop("geometry.missing")
        return tuple(scan.faults)
    # (parts still to come, types allowed, collections around)
    open_parts: list[list[Any]] = [[1, {1, 2, 3, 4, 5, 6, 7}, 0]]
    while open_parts:
        if open_parts[-1][0] == 0:
            open_parts.pop()
            continue
        open_parts[-1][0] -= 1
        found = _scan_one(scan, open_parts[-1][1], open_parts[-1][2])
        if found is None:
            return tuple(scan.faults)
        if found:
            open_parts.append(found)
    if scan.at != len(scan.data):
        scan.stop("geometry.bad_binary")
    return tuple(scan.faults)


def _scan_one(scan: _Scan, allowed: set[int], around: int) -> list[Any] | None:
    """Scan one header and its own coordinates; the parts to come as a list, [] for none.

    None means that the rest cannot be read.
    """
    header = _scan_header(scan)
    if header is None:
        return None
    order, kind, width = header
    if kind not in allowed:
        scan.stop("geometry.bad_binary")
        return None
    around += kind == 7
    if around > 1:
        scan.stop("geometry.nested", got=around, expected=1)
        return None
    if kind == 1:
        return [] if _take_points(scan, 1, width) else None
    count = _take_count(scan, order)
    if count is None:
        return None
    if kind == 2:
        return [] if _take_points(scan, count, width) else None
    if kind == 3:
        return [] if _take_rings(scan, count, width, order) else None
    scan.parts += count
    if scan.parts > scan.limits.parts:
        scan.stop("geometry.too_many_parts", got=scan.parts, expected=scan.limits.parts)
        return None
    if count * _HEADER > len(scan.data) - scan.at:
        scan.stop("geometry.truncated", got=scan.at)
        return None
    return [count, _TYPES_INSIDE[kind], around]


def _scan_header(scan: _Scan) -> tuple[str, int, int] | None:
    """Byte order, plain type and bytes per position."""
    if len(scan.data) - scan.at < _HEADER:
        scan.stop("geometry.truncated", got=scan.at)
        return None
    if scan.data[scan.at] > 1:
        scan.stop("geometry.bad_binary")
        return None
    order = "<" if scan.data[scan.at] else ">"
    code = int(struct.unpack_from(order + "I", scan.data, scan.at + 1)[0])
    scan.at += _HEADER
    if code & 0x20000000:
        srid = _take_count(scan, order)
        if srid is None:
            return None
        if srid not in scan.srids:
            scan.stop("geometry.foreign_srid", got=srid)
    plain, iso = (code & 0x0FFFFFFF) % 1000, (code & 0x0FFFFFFF) // 1000
    has_z = bool(code & 0x80000000) or iso in (1, 3)
    has_m = bool(code & 0x40000000) or iso in (2, 3)
    if iso > 3:
        scan.stop("geometry.unknown_type", got=code)
        return None
    return order, plain, 8 * (2 + has_z + has_m)


def _take_count(scan: _Scan, order: str) -> int | None:
    if len(scan.data) - scan.at < 4:
        scan.stop("geometry.truncated", got=scan.at)
        return None
    count = int(struct.unpack_from(order + "I", scan.data, scan.at)[0])
    scan.at += 4
    return count


def _take_points(scan: _Scan, count: int, width: int) -> bool:
    scan.vertices += count
    if count * width > len(scan.data) - scan.at:
        return scan.stop("geometry.truncated", got=scan.at)
    if scan.vertices > scan.limits.vertices:
        return scan.stop(
            "geometry.too_many_vertices", got=scan.vertices, expected=scan.limits.vertices
        )
    scan.at += count * width
    return True


def _take_rings(scan: _Scan, count: int, width: int, order: str) -> bool:
    scan.holes += max(count - 1, 0)
    if count * 4 > len(scan.data) - scan.at:
        return scan.stop("geometry.truncated", got=scan.at)
    if scan.holes > scan.limits.holes:
        return scan.stop("geometry.too_many_holes", got=scan.holes, expected=scan.limits.holes)
    for _ in range(count):
        points = _take_count(scan, order)
        start = scan.at
        if points is None or not _take_points(scan, points, width):
            return False
        first, last = scan.data[start : start + width], scan.data[scan.at - width : scan.at]
        if points and first != last:
            place = struct.unpack_from(order + "2d", last)
            scan.stop("geometry.unclosed_ring", place=(float(place[0]), float(place[1])))
            points += 1
        if 0 < points < 4:
            return scan.stop("geometry.too_few_points", got=points - 1, expected=3)
    return True


def read_wkb(
    data: bytes, *, limits: Limits | None = None, srids: Iterable[int] = (0, 4490)
) -> Reading:
    """The shape of one WKB or EWKB text, with every structural fault.

    Examples
    --------
    >>> read_wkb(shapely.Point(1, 2).wkb).geometry.wkt
    'POINT (1 2)'
    """
    faults = scan_wkb(data, limits=limits, srids=srids)
    if any(fault.repair not in _BUILT for fault in faults):
        return Reading(None, faults)
    built = shapely.from_wkb(bytes(data), on_invalid="fix")
    return Reading(built, faults or (() if built is not None else (Fault("geometry.bad_binary"),)))


def read_wkb_array(
    blobs: Iterable[bytes | None],
    *,
    limits: Limits | None = None,
    srids: Iterable[int] = (0, 4490),
) -> tuple[ObjectArray, Rows]:
    """Shapes of many WKB texts, and the structural faults by row, counted from 0.

    Points, lines and polygons go to GEOS at once, for they cannot nest; all else, and what GEOS
    did not take, is scanned first. None gives None, and no fault.

    Examples
    --------
    >>> shapes, faults = read_wkb_array([shapely.Point(1, 2).wkb, b"x", None])
    >>> shapes[0].wkt, [(row, fault.code) for row, fault in faults]
    ('POINT (1 2)', [(1, 'geometry.truncated')])
    """
    listed = list(blobs)
    raw = np.empty(len(listed), dtype=object)
    flat = np.zeros(len(listed), dtype=bool)
    for row, blob in enumerate(listed):
        raw[row] = None if blob is None else bytes(blob)
        flat[row] = blob is not None and _is_flat(raw[row])
    shapes = np.full(len(listed), None, dtype=object)
    shapes[flat] = shapely.from_wkb(raw[flat], on_invalid="ignore")
    faults: Rows = []
    buildable = np.zeros(len(listed), dtype=bool)
    accepted = frozenset(srids)
    for row in np.flatnonzero(shapely.is_missing(shapes)).tolist():
        if raw[row] is not None:
            found = scan_wkb(raw[row], limits=limits, srids=accepted)
            faults.extend((row, fault) for fault in found)
            buildable[row] = all(fault.repair in _BUILT for fault in found)
    shapes[buildable] = shapely.from_wkb(raw[buildable], on_invalid="fix")
    for row in np.flatnonzero(buildable & shapely.is_missing(shapes)).tolist():
        faults.append((row, Fault("geometry.bad_binary")))
    return shapes, faults


def _is_flat(blob: bytes) -> bool:
    """Whether the header names a point, line or polygon without a reference system."""
    if len(blob) < _HEADER or blob[0] > 1:
        return False
    code = int.from_bytes(blob[1:5], "little" if blob[0] else "big")
    return not code & 0x20000000 and (code & 0x0FFFFFFF) % 1000 in (1, 2, 3)
