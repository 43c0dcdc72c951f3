"""Checks of shapes before they are stored: every fault of every shape, and repair on request.

`check_geometries` works on whole columns: shapes without fault cost a few
vectorised passes, only faulty ones are looked at singly. Coordinates are taken
as EPSG:4490 degrees; what looks like metres, a zone easting or swapped axes is
named with what was probably meant, never converted by guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from gis.boxes import DegreeBox
from gis.crs import WEB_MERCATOR, gauss_kruger_code, transform
from gis.errors import CrsError, GeometryError, in_words
from gis.faults import Fault, Repair, refusal
from gis.frame import LocalFrame, Shapes
from gis.layers import GeometryKind
from gis.shapes import (
    Limits,
    Reading,
    read_geojson,
    read_wkb,
    read_wkb_array,
    scan_wkb,
)
from gis.strict_json import parse_json
from gis.validity import explain_invalid

__all__ = [
    "CHINA",
    "Fault",
    "Limits",
    "Reading",
    "Repair",
    "Repaired",
    "Rules",
    "check_geometries",
    "check_geometry",
    "parse_geojson_geometry",
    "parse_json",
    "read_geojson",
    "read_wkb",
    "read_wkb_array",
    "refusal",
    "repair",
    "scan_wkb",
]

FloatArray = npt.NDArray[np.float64]
ObjectArray = npt.NDArray[np.object_]
BoolArray = npt.NDArray[np.bool_]
Rows = list[tuple[int, Fault]]

#: Where swapped axes are looked for when no extent is given: China.
CHINA = DegreeBox(73.0, 3.0, 136.0, 54.0)
#: A polygon below either is a sliver: 0.01 m2, 1 mm.
SLIVER_M2, SLIVER_M = 0.01, 0.001
#: A box of degrees that is wider than this is taken to cross the antimeridian.
_HALF_TURN = 180.0
#: Square degrees and degrees above which no polygon can be a sliver, at any latitude below 89.
_SURELY_WIDE_DEG2, _SURELY_WIDE_DEG = 1e-10, 1e-6

_TYPE_NAMES = {
    -1: "None",
    0: "Point",
    1: "LineString",
    2: "LinearRing",
    3: "Polygon",
    4: "MultiPoint",
    5: "MultiLineString",
    6: "MultiPolygon",
    7: "GeometryCollection",
}
_SINGLE = {GeometryKind.POINT: 0, GeometryKind.LINE: 1, GeometryKind.POLYGON: 3}
_MULTI = {GeometryKind.POINT: 4, GeometryKind.LINE: 5, GeometryKind.POLYGON: 6}


@dataclass(frozen=True)
class Rules:
    """What shapes of a layer may be.

    Attributes
    ----------
    kind
        None accepts points, lines and polygons alike.
    extent
        Where shapes are expected; one that lies wholly outside is a fault. None: anywhere.
    several_parts
        Whether lines and polygons may have several parts. Points never may.
    heights
        Whether z is accepted.
    limits
        Bounds on the size of one shape.
    """

    kind: GeometryKind | None = None
    extent: DegreeBox | None = None
    several_parts: bool = True
    heights: bool = True
    limits: Limits = Limits()


def check_geometries(
    geometries: Shapes,
    kind: GeometryKind | None = None,
    extent: DegreeBox | None = None,
    *,
    rules: Rules | None = None,
) -> Rows:
    """Every fault of every shape.

    Parameters
    ----------
    geometries
        (n,) shapely geometries, EPSG:4490 degrees; None is a fault.
    kind, extent
        As in `Rules`; short for the commonest two.
    rules
        All rules at once, instead of `kind` and `extent`.

    Returns
    -------
    (row, fault) pairs in order of rows, counted from 0; empty when all is well.

    Examples
    --------
    >>> bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    >>> faults = check_geometries([shapely.box(0, 0, 1, 1), bow_tie, None], GeometryKind.POLYGON)
    >>> [(row, fault.code) for row, fault in faults]
    [(1, 'geometry.self_intersection'), (2, 'geometry.missing')]
    """
    given = rules or Rules(kind=kind, extent=extent)
    checker = _Checker(np.array(geometries, dtype=object, ndmin=1), given)
    checker.run()
    return sorted(checker.found, key=lambda pair: pair[0])


def check_geometry(geometry: Any, rules: Rules | None = None) -> list[Fault]:
    """Every fault of one shape: a shapely geometry, a GeoJSON object, or WKB bytes.

    Examples
    --------
    >>> open_ring = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}
    >>> [fault.code for fault in check_geometry(open_ring)]
    ['geometry.unclosed_ring']
    """
    given = rules or Rules()
    if geometry is None or isinstance(geometry, BaseGeometry):
        return [fault for _, fault in check_geometries([geometry], rules=given)]
    if isinstance(geometry, bytes | bytearray | memoryview):
        reading = read_wkb(bytes(geometry), limits=given.limits)
    else:
        reading = read_geojson(geometry, limits=given.limits)
    if reading.geometry is None:
        return list(reading.faults)
    shape_faults = [fault for _, fault in check_geometries([reading.geometry], rules=given)]
    return list(reading.faults) + shape_faults


def parse_geojson_geometry(value: Any, rules: Rules | None = None) -> BaseGeometry:
    """The shape of a GeoJSON geometry object that has no fault at all.

    Parameters
    ----------
    value
        What a JSON parser gave.
    rules
        What the shape may be; anything valid when None.

    Raises
    ------
    GeometryError
        With every fault in ``errors``: code, path or place, and the repair that could be asked for.

    Examples
    --------
    >>> parse_geojson_geometry({"type": "Point", "coordinates": [117.2, 39.1]}).wkt
    'POINT (117.2 39.1)'
    """
    given = rules or Rules()
    reading = read_geojson(value, limits=given.limits)
    faults = [*_crs_faults(value), *reading.faults]
    if reading.geometry is not None:
        faults += [fault for _, fault in check_geometries([reading.geometry], rules=given)]
    if faults or reading.geometry is None:
        raise refusal(faults)
    return reading.geometry


#: How GeoJSON names the systems in which coordinates are taken.
_DEGREES = re.compile(r"^(urn:ogc:def:crs:)?(OGC:(1\.3|2)?:?CRS84|EPSG:[\d.]*:?(4326|4490))$", re.I)


def _crs_faults(value: Any) -> list[Fault]:
    """The ``crs`` member of old GeoJSON, unless it names degrees; a link is never followed."""
    member = value.get("crs") if isinstance(value, dict) else None
    if member is None:
        return []
    inside = member.get("properties") if isinstance(member, dict) else None
    name = inside.get("name") if isinstance(inside, dict) else None
    if isinstance(name, str) and _DEGREES.match(name):
        return []
    got = name[:100] if isinstance(name, str) else in_words(member)
    return [Fault("geometry.foreign_crs", path="$.crs", got=got, expected="CGCS2000")]


class _Checker:
    """One pass over a column of shapes; each check looks at the rows that still make sense."""

    def __init__(self, shapes: ObjectArray, rules: Rules) -> None:
        self.shapes, self.rules = shapes, rules
        self.found: Rows = []
        self.sound = np.ones(len(shapes), dtype=bool)

    def mark(
        self,
        wrong: BoolArray,
        make: str | Callable[[int], Fault | Iterable[Fault]],
        *,
        go_on: bool = False,
    ) -> None:
        """Give each row of `wrong` its faults; unless `go_on`, later checks leave it out."""
        for row in np.flatnonzero(wrong).tolist():
            made = Fault(make) if isinstance(make, str) else make(row)
            faults = [made] if isinstance(made, Fault) else made
            self.found.extend((row, fault) for fault in faults)
        if not go_on:
            self.sound &= ~wrong

    def run(self) -> None:
        """All checks, from those that make others pointless to the finest."""
        self.mark(shapely.is_missing(self.shapes), "geometry.missing")
        self.mark(self.sound & shapely.is_empty(self.shapes), "geometry.empty")
        self.check_type()
        self.check_size()
        self.check_dimensions()
        self.check_coordinates()
        self.check_range()
        self.check_repeated()
        self.check_lines()
        self.check_polygons()

    def check_type(self) -> None:
        kind = self.rules.kind
        types = shapely.get_type_id(self.shapes)
        several = self.rules.several_parts
        if kind is None:
            self.mark(
                self.sound & (types == 7), lambda row: self._wrong_type(row, "geometry.wrong_type")
            )
            return
        wanted = {_SINGLE[kind]}
        if several and kind is not GeometryKind.POINT:
            wanted.add(_MULTI[kind])
        if kind is GeometryKind.LINE:
            wanted.add(2)
        wrong = self.sound & ~np.isin(types, list(wanted))
        one = wrong & (types == _MULTI[kind]) & (shapely.get_num_geometries(self.shapes) == 1)
        self.mark(one, lambda row: self._wrong_type(row, "geometry.single_part"), go_on=True)
        self.mark(wrong & ~one, lambda row: self._wrong_type(row, "geometry.wrong_type"))

    def _wrong_type(self, row: int, code: str) -> Fault:
        kind = self.rules.kind
        expected = "Point / LineString / Polygon" if kind is None else _TYPE_NAMES[_SINGLE[kind]]
        got = _TYPE_NAMES[int(shapely.get_type_id(self.shapes[row]))]
        return Fault(code, got=got, expected=expected)

    def check_size(self) -> None:
        limits = self.rules.limits
        holes = np.zeros(len(self.shapes), np.int64)
        parts, owner = shapely.get_parts(self.shapes, return_index=True)
        np.add.at(holes, owner, np.maximum(shapely.get_num_interior_rings(parts), 0))
        for count, limit, code in (
            (shapely.get_num_coordinates(self.shapes), limits.vertices, "vertices"),
            (shapely.get_num_geometries(self.shapes), limits.parts, "parts"),
            (holes, limits.holes, "holes"),
        ):
            self.mark(self.sound & (count > limit), _too_many(code, count, limit))

    def check_dimensions(self) -> None:
        has_m = shapely.has_m(self.shapes)
        self.mark(self.sound & has_m, "geometry.has_measure", go_on=True)
        has_z = shapely.has_z(self.shapes)
        if not self.rules.heights:
            self.mark(self.sound & has_z, "geometry.has_height", go_on=True)
            return
        rows = np.flatnonzero(self.sound & has_z)
        coords, at = shapely.get_coordinates(self.shapes[rows], include_z=True, return_index=True)
        mixed = np.zeros(len(self.shapes), dtype=bool)
        mixed[rows[at[np.isnan(coords[:, 2])]]] = True
        self.mark(mixed, "geometry.mixed_dimensions", go_on=True)
        endless = np.zeros(len(self.shapes), dtype=bool)
        endless[rows[at[np.isinf(coords[:, 2])]]] = True
        self.mark(endless, "geometry.not_finite")

    def check_coordinates(self) -> None:
        self.coords, self.row_of = shapely.get_coordinates(self.shapes, return_index=True)
        bad = np.zeros(len(self.shapes), dtype=bool)
        bad[self.row_of[~np.isfinite(self.coords).all(axis=1)]] = True
        self.mark(self.sound & bad, "geometry.not_finite")

    def check_range(self) -> None:
        bounds = np.full((len(self.shapes), 4), np.nan)
        bounds[self.sound] = shapely.bounds(self.shapes[self.sound])
        minx, miny, maxx, maxy = bounds.T
        with np.errstate(invalid="ignore"):
            beyond = (minx < -180.0) | (maxx > 180.0) | (miny < -90.0) | (maxy > 90.0)
            self.mark(self.sound & beyond, self._beyond)
            box = self.rules.extent
            if box is not None:
                outside = (
                    (maxx < box.minx) | (minx > box.maxx) | (maxy < box.miny) | (miny > box.maxy)
                )
                self.mark(self.sound & outside, self._outside)
            self.mark(self.sound & (maxx - minx > _HALF_TURN), "geometry.antimeridian")
            self.mark(self.sound & ((maxy == 90.0) | (miny == -90.0)), "geometry.pole")

    def _beyond(self, row: int) -> Fault:
        coords = shapely.get_coordinates(self.shapes[row])
        first = int(np.flatnonzero((np.abs(coords) > [180.0, 90.0]).any(axis=1))[0])
        x, y = coords[first].tolist()
        return explain_out_of_range(x, y, self.rules.extent)

    def _outside(self, row: int) -> Fault:
        box = self.rules.extent or CHINA
        x, y = shapely.get_coordinates(self.shapes[row])[0].tolist()
        if box.contains(y, x):
            return _swapped(x, y)
        return Fault(
            "geometry.outside_area", place=(x, y), got=[x, y], expected=list(box.as_tuple())
        )

    def check_repeated(self) -> None:
        same = (self.coords[1:] == self.coords[:-1]).all(axis=1)
        same &= self.row_of[1:] == self.row_of[:-1]
        rows = np.zeros(len(self.shapes), dtype=bool)
        rows[self.row_of[1:][same]] = True
        for row in np.flatnonzero(rows & self.sound).tolist():
            count, place = _repeated(self.shapes[row])
            if count:
                self.found.append((row, Fault("geometry.repeated_points", place=place, got=count)))

    def check_lines(self) -> None:
        is_line = self.sound & (shapely.get_dimensions(self.shapes) == 1)
        rows = np.flatnonzero(is_line)
        parts, at = shapely.get_parts(self.shapes[rows], return_index=True)
        wrong = np.zeros(len(self.shapes), dtype=bool)
        wrong[rows[at[shapely.length(parts) == 0.0]]] = True
        self.mark(wrong, lambda row: Fault("geometry.zero_length", place=_first(self.shapes[row])))

    def check_polygons(self) -> None:
        is_area = self.sound & (shapely.get_dimensions(self.shapes) == 2)
        area = np.zeros(len(self.shapes))
        area[is_area] = shapely.area(self.shapes[is_area])
        flat = is_area & (area == 0.0)
        flat[flat] = [not _has_width(shape) for shape in self.shapes[flat]]
        self.mark(flat, lambda row: Fault("geometry.zero_area", place=_first(self.shapes[row])))
        is_area &= ~flat
        wrong = is_area.copy()
        wrong[is_area] = ~shapely.is_valid(self.shapes[is_area])
        self.mark(wrong, lambda row: explain_invalid(self.shapes[row]))
        is_area &= ~wrong
        width = np.full(len(self.shapes), np.inf)
        width[is_area] = 2.0 * area[is_area] / shapely.length(self.shapes[is_area])
        narrow = is_area & ((area < _SURELY_WIDE_DEG2) | (width < _SURELY_WIDE_DEG))
        for row in np.flatnonzero(narrow).tolist():
            fault = _sliver(self.shapes[row])
            if fault is not None:
                self.found.append((row, fault))


def _too_many(what: str, count: npt.NDArray[Any], limit: int) -> Callable[[int], Fault]:
    return lambda row: Fault(f"geometry.too_many_{what}", got=int(count[row]), expected=limit)


def explain_out_of_range(x: float, y: float, extent: DegreeBox | None = None) -> Fault:
    """What a position that is not in degrees probably is.

    Parameters
    ----------
    x, y
        The position as it was sent, finite.
    extent
        Where it should lie; China when None.

    Examples
    --------
    >>> explain_out_of_range(39.9, 116.4).params["corrected"]
    [116.4, 39.9]
    >>> explain_out_of_range(39517293.5, 4332955.2).params["candidates"]
    ['EPSG:4527']
    >>> explain_out_of_range(95.0, 500.0).code
    'geometry.out_of_range'
    """
    box = extent or CHINA
    if box.contains(y, x) or CHINA.contains(y, x):
        return _swapped(x, y)
    for east, north in ((x, y), (y, x)):
        zone = int(east // 1e6)
        if 13 <= zone <= 45 and 0.0 < north < 1e7 and 1e5 <= east - zone * 1e6 <= 9e5:
            code = 4513 + zone - 25 if zone >= 25 else 4491 + zone - 13
            return Fault(
                "geometry.zone_prefix",
                place=(x, y),
                got=[x, y],
                params={"zone": zone, "candidates": [f"EPSG:{code}"]},
            )
    candidates = _projected_candidates(x, y, box)
    if candidates or (1e5 <= abs(x) <= 1e6 and 1e5 <= abs(y) <= 1e7):
        return Fault(
            "geometry.projected", place=(x, y), got=[x, y], params={"candidates": candidates}
        )
    return Fault("geometry.out_of_range", place=(x, y), got=[x, y], expected=[-180, -90, 180, 90])


def _projected_candidates(x: float, y: float, box: DegreeBox) -> list[str]:
    """Systems in which the position would lie in `box` or near it, the likeliest first."""
    codes = [WEB_MERCATOR]
    if box.width < 6.0 and 73.5 <= box.centre[0] < 136.5:
        codes.insert(0, gauss_kruger_code(box.centre[0]))
    found = []
    for code in codes:
        try:
            lon, lat = transform([[x, y]], code)[0].tolist()
        except CrsError:
            continue
        if abs(lon - box.centre[0]) <= box.width and abs(lat - box.centre[1]) <= box.height:
            found.append(f"EPSG:{code}")
    return found


def _swapped(x: float, y: float) -> Fault:
    return Fault("geometry.swapped", place=(x, y), got=[x, y], params={"corrected": [y, x]})


def _first(shape: BaseGeometry) -> tuple[float, float]:
    x, y = shapely.get_coordinates(shape)[0].tolist()
    return (x, y)


def _repeated(shape: BaseGeometry) -> tuple[int, tuple[float, float] | None]:
    """How many vertices equal the one before in their own line or ring, and the first place."""
    if shapely.get_dimensions(shape) == 0:
        return 0, None
    parts = shapely.get_parts(shapely.get_parts(shape))
    rings = shapely.get_rings(parts)
    lines = parts[shapely.get_dimensions(parts) == 1]
    count, place = 0, None
    for piece in (*rings, *lines):
        at = shapely.get_coordinates(piece)
        same = np.flatnonzero((at[1:] == at[:-1]).all(axis=1))
        if len(same) and place is None:
            place = (float(at[same[0], 0]), float(at[same[0], 1]))
        count += len(same)
    return count, place


def _has_width(shape: BaseGeometry) -> bool:
    """Whether any ring has points off one line: a bow-tie's signed area is zero, its width is not."""
    hulls = shapely.convex_hull(shapely.get_rings(shapely.get_parts(shape)))
    return bool((shapely.area(hulls) > 0.0).any())


def _sliver(shape: BaseGeometry) -> Fault | None:
    """The fault of a polygon that is too small or narrow to be one, in metres; or None."""
    x, y = _first(shape)
    plane = LocalFrame(x, max(-89.0, min(89.0, y))).project_geometry([shape])[0]
    area, edge = float(shapely.area(plane)), float(shapely.length(plane))
    width = 2.0 * area / edge if edge > 0.0 else 0.0
    if area >= SLIVER_M2 and width >= SLIVER_M:
        return None
    params = {"area_m2": float(f"{area:.3g}"), "width_m": float(f"{width:.3g}")}
    return Fault("geometry.sliver", place=(x, y), params=params)


@dataclass(frozen=True)
class Repaired:
    """A mended shape and what was done to it.

    Attributes
    ----------
    done
        In the order in which it was done; empty when nothing was needed.
    area_change
        Share of the area that changed, for polygons; 0 otherwise; None where the shape crossed
        itself, for then it had no area to compare with.
    parts
        Of the mended shape.
    """

    geometry: BaseGeometry
    done: tuple[Repair, ...]
    area_change: float | None = 0.0
    parts: int = 1


def repair(geometry: BaseGeometry, kind: GeometryKind | None = None) -> Repaired:
    """A valid shape as near as can be to the one given. Only on request: it changes what was sent.

    Parameters
    ----------
    geometry
        A shape that could be built (open rings were closed when it was read: see
        `read_geojson`, `read_wkb`). At most 200 000 vertices.
    kind
        What must come out; parts of a lower dimension are dropped, a single part is unwrapped
        for points. None keeps the kind that came in.

    Raises
    ------
    GeometryError
        Nothing of that kind is left, or the shape is too large or not finite.

    Examples
    --------
    >>> mended = repair(shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]))
    >>> mended.geometry.geom_type, [done.value for done in mended.done]
    ('MultiPolygon', ['make_valid'])
    """
    _refuse_hopeless(geometry)
    done: list[Repair] = []
    shape = geometry
    if shapely.has_m(shape):
        shape = shapely.force_3d(shape) if shapely.has_z(shape) else shapely.force_2d(shape)
        done.append(Repair.DROP_MEASURE)
    if _repeated(shape)[0]:
        shape = shapely.remove_repeated_points(shape, 0.0)
        done.append(Repair.DROP_REPEATED)
    # Where a ring crosses itself its loops count against each other: that is no area.
    before = float(shapely.area(shape)) if shape.is_valid else None
    if not shape.is_valid:
        shape = _made_valid(shape)
        done.append(Repair.MAKE_VALID)
    wanted = _kind_of(geometry) if kind is None else kind
    kept = _of_dimension(shape, {GeometryKind.POINT: 0, GeometryKind.LINE: 1}.get(wanted, 2))
    if shapely.get_dimensions(kept) != shapely.get_dimensions(shape) or (
        shape.geom_type == "GeometryCollection"
    ):
        done.append(Repair.DROP_PARTS)
    if wanted is GeometryKind.POINT and kept.geom_type == "MultiPoint" and len(kept.geoms) == 1:
        kept = kept.geoms[0]
        done.append(Repair.UNWRAP)
    if kept.is_empty:
        raise GeometryError(
            "geometry.beyond_repair",
            "几何无法修复：修复后没有剩下 {expected}",
            expected=wanted.value,
        )
    after = float(shapely.area(kept))
    parts = int(shapely.get_num_geometries(kept))
    return Repaired(kept, tuple(done), _share(before, after), parts)


def _share(before: float | None, after: float) -> float | None:
    """By which share an area changed; None where there was none to compare with."""
    if before is None:
        return None
    most = max(before, after)
    return abs(after - before) / most if most > 0.0 else 0.0


def _refuse_hopeless(geometry: BaseGeometry) -> None:
    limit = Limits().vertices
    if shapely.get_num_coordinates(geometry) > limit:
        raise GeometryError(
            "geometry.too_many_vertices",
            "几何有 {got} 个顶点，最多 {expected} 个",
            got=int(shapely.get_num_coordinates(geometry)),
            expected=limit,
        )
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise GeometryError("geometry.not_finite", "坐标中有不是有限数的值")


def _made_valid(shape: BaseGeometry) -> BaseGeometry:
    try:
        return shapely.make_valid(shape, method="structure", keep_collapsed=False)
    except GEOSException as fault:
        raise GeometryError("geometry.beyond_repair", "几何无法修复") from fault


def _kind_of(shape: BaseGeometry) -> GeometryKind:
    order = (GeometryKind.POINT, GeometryKind.LINE, GeometryKind.POLYGON)
    return order[max(int(shapely.get_dimensions(shape)), 0)]


def _of_dimension(shape: BaseGeometry, dimension: int) -> BaseGeometry:
    """The parts of `shape` that have `dimension`, joined; the shape itself when all have."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    kept = parts[shapely.get_dimensions(parts) == dimension]
    if len(kept) == len(parts) and shape.geom_type != "GeometryCollection":
        return shape
    if len(kept) == 1:
        return kept[0]
    join = (shapely.MultiPoint, shapely.MultiLineString, shapely.MultiPolygon)[dimension]
    return join(list(kept))
