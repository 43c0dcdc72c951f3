"""Coordinates from one system to another, and guards for functions that measure.

Stored geometry is CGCS2000 geographic (EPSG:4490), x = longitude. Everything
else is converted at the door, by the functions of this module only. WGS84 and
CGCS2000 are taken as one: they differ by less than a metre, the numbers do not
change. GCJ-02 and BD-09 are converted by `gis.datum`. Systems of a single city
come from plug-ins, because their parameters are classified.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer

from gis.datum import OffsetDatum, offset_to_wgs84, wgs84_to_offset
from gis.errors import CrsError
from gis.frame import Shapes
from gis.reference import (
    CGCS2000,
    GK_CM117,
    GK_ZONE39,
    LOCAL_SYSTEMS_GROUP,
    WEB_MERCATOR,
    WGS84,
    LocalSystem,
    Reference,
    guarded,
    hub_of,
    local_systems,
    name_of,
    parse_crs,
    reference_of,
    unknown_crs,
    way_to_degrees,
)

__all__ = [
    "CGCS2000",
    "GK_CM117",
    "GK_ZONE39",
    "LOCAL_SYSTEMS_GROUP",
    "WEB_MERCATOR",
    "WGS84",
    "LocalSystem",
    "OffsetDatum",
    "Reference",
    "from_cgcs2000",
    "gauss_kruger_code",
    "is_metric",
    "local_systems",
    "parse_crs",
    "reference_of",
    "require_geographic",
    "require_metric",
    "require_same_crs",
    "to_cgcs2000",
    "transform",
]

FloatArray = npt.NDArray[np.float64]
ObjectArray = npt.NDArray[np.object_]

#: Decimals of derived degrees: a tenth of a millimetre.
DECIMALS = 9
#: How many single rows a refusal lists.
MAX_LISTED = 1000
_OUTSIDE_MARGIN_DEG = 1.5


def is_metric(crs: CRS) -> bool:
    """Whether lengths may be measured in `crs`: projected, axes in metres, not web Mercator.

    Examples
    --------
    >>> [is_metric(CRS.from_epsg(code)) for code in (4548, 3857, 2263, 4490)]
    [True, False, False, False]
    """
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info[:2]):
        return False
    operation = crs.coordinate_operation
    return operation is None or "Mercator" not in operation.method_name.replace(
        "Transverse Mercator", ""
    )


def require_metric(crs: CRS | Reference | int | str | None) -> CRS:
    """`crs`, when lengths may be measured in it.

    Raises
    ------
    CrsError
        No system given, degrees, feet, or web Mercator (in which a metre at 39 N is 1.29 m long).

    Examples
    --------
    >>> require_metric(4548).to_epsg()
    4548
    """
    known = _require_crs(crs)
    if not is_metric(known):
        raise CrsError(
            "crs.not_metric",
            "不能在 {got} 中量算长度和面积",
            got=name_of(known),
            expected="投影坐标系，单位为米，且不是 Web 墨卡托",
            hint="先转换到 EPSG:4548 一类的高斯-克吕格投影",
        )
    return known


def require_geographic(crs: CRS | Reference | int | str | None) -> CRS:
    """`crs`, when its coordinates are degrees of longitude and latitude.

    Raises
    ------
    CrsError
        No system given, or not a geographic one.

    Examples
    --------
    >>> require_geographic("wgs84").to_epsg()
    4326
    """
    known = _require_crs(crs)
    if not known.is_geographic:
        raise CrsError(
            "crs.not_geographic",
            "这里需要经纬度，得到 {got}",
            got=name_of(known),
            expected="地理坐标系，例如 EPSG:4490",
        )
    return known


def require_same_crs(
    a: CRS | Reference | int | str | None, b: CRS | Reference | int | str | None
) -> CRS:
    """The one system of two frames. The order of axes does not count.

    Raises
    ------
    CrsError
        One has none, or they differ; EPSG:4326 and EPSG:4490 differ.

    Examples
    --------
    >>> require_same_crs(4490, "EPSG:4490").to_epsg()
    4490
    """
    first, second = _require_crs(a), _require_crs(b)
    if first != second and not first.equals(second, ignore_axis_order=True):
        raise CrsError(
            "crs.differ",
            "两个图层的坐标系不同：{got} 与 {expected}",
            got=name_of(first),
            expected=name_of(second),
            hint="先把其中一个转换过来",
        )
    return first


def transform(
    xy: npt.ArrayLike,
    source: CRS | Reference | int | str,
    target: CRS | Reference | int | str = CGCS2000,
) -> FloatArray:
    """Positions of one system in another.

    Parameters
    ----------
    xy
        (n, 2) or (n, 3), x first: longitude or easting, then latitude or northing, in units of
        `source` (degrees, metres, feet). A third column is a height and passes unchanged.
    source, target
        Any system that `parse_crs` knows. Between CGCS2000 and WGS84 the numbers do not change.

    Returns
    -------
    An array of the same shape. An empty one gives an empty one.

    Raises
    ------
    CrsError
        Positions that are not finite, or lie outside of where `source` or `target` may be used;
        ``errors`` lists their rows, counted from 1.

    Examples
    --------
    >>> transform([[517293.540, 4332955.206]], 4548).round(6).tolist()
    [[117.2, 39.13]]
    """
    at = _as_positions(xy)
    here, there = reference_of(source), reference_of(target)
    if here.label == there.label or (here.is_stored and there.is_stored):
        _check_finite(at, here)
        if here.is_geographic:
            _check_rows(at, _outside_globe(at), here, "crs.outside_area")
        return at.copy()
    lonlat = _to_lonlat(at, here)
    out = at.copy()
    out[:, :2] = _from_lonlat(lonlat, there)
    return out


def to_cgcs2000(
    geometries: Shapes, source: CRS | Reference | int | str, *, decimals: int = DECIMALS
) -> ObjectArray:
    """Shapes of some system in the stored one, EPSG:4490.

    Parameters
    ----------
    geometries
        (n,) shapely geometries, x first; None and empty stay. Heights pass unchanged.
    source
        What their numbers refer to. Shapes in CGCS2000 or WGS84 are returned as the same objects.
    decimals
        Derived degrees are rounded to so many decimals (9: a tenth of a millimetre).

    Raises
    ------
    CrsError
        As `transform`; rows are positions in `geometries`, counted from 1, each listed once.

    Examples
    --------
    >>> to_cgcs2000([shapely.Point(517293.540, 4332955.206)], 4548)[0].wkt[:10]
    'POINT (117'
    """
    shapes = np.array(geometries, dtype=object, ndmin=1)
    here = reference_of(source)
    if here.is_stored:
        return shapes
    return _change_coordinates(shapes, lambda xy: _to_lonlat(xy, here).round(decimals))


def from_cgcs2000(geometries: Shapes, target: CRS | Reference | int | str) -> ObjectArray:
    """Stored shapes in another system, for export.

    Parameters
    ----------
    geometries
        (n,) shapely geometries in EPSG:4490; None and empty stay. Heights pass unchanged.
    target
        Any system that `parse_crs` knows; GCJ-02 and BD-09 too, for overlays on web maps.

    Raises
    ------
    CrsError
        As `transform`; rows are positions in `geometries`, counted from 1, each listed once.

    Examples
    --------
    >>> round(from_cgcs2000([shapely.Point(117.2, 39.13)], 4548)[0].x, 2)
    517293.54
    """
    shapes = np.array(geometries, dtype=object, ndmin=1)
    there = reference_of(target)
    if there.is_stored:
        return shapes
    return _change_coordinates(shapes, lambda lonlat: _from_lonlat(lonlat, there))


def gauss_kruger_code(lon: float) -> int:
    """EPSG code of the CGCS2000 3-degree Gauss-Krueger system without zone prefix around `lon`.

    Parameters
    ----------
    lon
        Degrees. Half way between two central meridians the eastern one is taken.

    Raises
    ------
    CrsError
        No such system: `lon` is not within 73.5 to 136.5 degrees.

    Examples
    --------
    >>> gauss_kruger_code(117.2)
    4548
    """
    meridian = int(np.floor(lon / 3.0 + 0.5)) * 3 if np.isfinite(lon) else 0
    if not 75 <= meridian <= 135:
        raise CrsError(
            "crs.no_zone",
            "经度 {got} 处没有 CGCS2000 3 度带投影",
            got=float(lon) if np.isfinite(lon) else None,
            expected=[73.5, 136.5],
        )
    return 4534 + (meridian - 75) // 3


def _to_lonlat(at: FloatArray, here: Reference) -> FloatArray:
    """(n, 2) degrees of CGCS2000, every row checked."""
    _check_finite(at, here)
    xy = np.ascontiguousarray(at[:, :2])
    if here.offset is not None:
        _check_rows(at, _outside_globe(xy), here, "crs.outside_area")
        return offset_to_wgs84(xy, here.offset)
    if here.local is not None:
        local = here.local
        out = _as_positions(guarded(lambda: local.to_cgcs2000(xy), here.label))[:, :2]
        _check_rows(at, _not_finite(out) | _outside_globe(out), here, "crs.outside_area")
        return out
    if here.crs is None:
        raise unknown_crs(here.label)
    if here.is_stored:
        _check_rows(at, _outside_globe(xy), here, "crs.outside_area")
        return xy
    way = way_to_degrees(here.crs, hub_of(here.crs))
    out = np.column_stack(way.transform(xy[:, 0], xy[:, 1]))
    _check_rows(at, _is_misplaced(xy, out, here.crs, way), here, "crs.outside_area")
    return out


def _from_lonlat(lonlat: FloatArray, there: Reference) -> FloatArray:
    """(n, 2) numbers of `there`, every row checked."""
    at = np.ascontiguousarray(lonlat[:, :2])
    if there.offset is not None:
        return wgs84_to_offset(at, there.offset)
    if there.local is not None:
        local = there.local
        out = _as_positions(guarded(lambda: local.from_cgcs2000(at), there.label))[:, :2]
        _check_rows(at, _not_finite(out), there, "crs.outside_area")
        return out
    if there.crs is None:
        raise unknown_crs(there.label)
    if there.is_stored:
        return at
    way = way_to_degrees(there.crs, hub_of(there.crs))
    out = np.column_stack(way.transform(at[:, 0], at[:, 1], direction="INVERSE"))
    wrong = _not_finite(out) | _outside_area(at, there.crs)
    _check_rows(at, wrong, there, "crs.outside_area")
    return out


def _is_misplaced(
    xy: FloatArray, lonlat: FloatArray, crs: CRS, way: Transformer
) -> npt.NDArray[np.bool_]:
    """Which rows PROJ could not place, placed out of the area of use, or does not find back.

    The way back catches eastings that wrap round the earth to a plausible longitude.
    """
    wrong = _not_finite(lonlat)
    good = np.flatnonzero(~wrong)
    wrong[good] |= _outside_globe(lonlat[good]) | _outside_area(lonlat[good], crs)
    good = np.flatnonzero(~wrong)
    if len(good):
        x, y = lonlat[good].T
        back = np.column_stack(way.transform(x, y, direction="INVERSE"))
        tolerance = 1e-7 if crs.is_geographic else 0.01 / crs.axis_info[0].unit_conversion_factor
        with np.errstate(invalid="ignore"):
            wrong[good] |= ~(np.abs(back - xy[good]) <= tolerance).all(axis=1)
    return wrong


def _not_finite(at: FloatArray) -> npt.NDArray[np.bool_]:
    return np.asarray(~np.isfinite(at).all(axis=1), dtype=bool)


def _outside_globe(lonlat: FloatArray) -> npt.NDArray[np.bool_]:
    return np.asarray((np.abs(lonlat[:, 0]) > 180.0) | (np.abs(lonlat[:, 1]) > 90.0), dtype=bool)


def _outside_area(lonlat: FloatArray, crs: CRS) -> npt.NDArray[np.bool_]:
    """Which rows lie more than 1.5 degrees outside of the system's area of use."""
    area = crs.area_of_use
    if area is None:
        return np.zeros(len(lonlat), dtype=bool)
    x, y, margin = lonlat[:, 0], lonlat[:, 1], _OUTSIDE_MARGIN_DEG
    east = area.east + (360.0 if area.east < area.west else 0.0)
    turned = np.where(x < area.west - margin, x + 360.0, x)
    inside = (turned <= east + margin) & (y >= area.south - margin) & (y <= area.north + margin)
    return np.asarray(~inside, dtype=bool)


def _check_finite(at: FloatArray, here: Reference) -> None:
    _check_rows(at, _not_finite(at[:, :2]), here, "crs.not_finite")


_MESSAGES = {
    "crs.outside_area": (
        "坐标 {got} 不在 {expected} 的适用范围内",
        "{count} 个坐标不在 {expected} 的适用范围内，第一个是第 {first} 行",
    ),
    "crs.not_finite": (
        "坐标 {got} 不是有限的数",
        "{count} 个坐标不是有限的数，第一个是第 {first} 行",
    ),
}


class _RowsError(CrsError):
    """A refusal that still knows the rows, so that shapes can count by shape."""

    def __init__(
        self, code: str, reference: Reference, at: FloatArray, rows: npt.NDArray[np.intp]
    ) -> None:
        one, many = _MESSAGES[code]
        label = reference.label[:80]
        listed = [
            CrsError(code, one, got=_json_position(at[i]), expected=label, row=int(r) + 1)
            for r, i in zip(rows[:MAX_LISTED], range(len(rows)), strict=False)
        ]
        super().__init__(
            code,
            many,
            got=listed[0].got,
            expected=label,
            hint=_zone_hint(reference, at[0]),
            params={"count": len(rows), "first": int(rows[0]) + 1},
            errors=listed,
            row=int(rows[0]) + 1,
        )
        self.reference, self.at, self.rows = reference, at, rows


def _check_rows(
    at: FloatArray, wrong: npt.NDArray[np.bool_], reference: Reference, code: str
) -> None:
    if wrong.any():
        rows = np.flatnonzero(wrong)
        raise _RowsError(code, reference, at[rows], rows)


def _zone_hint(reference: Reference, xy: FloatArray) -> str | None:
    """What is probably meant, where the numbers do not fit the system named."""
    x, y = float(xy[0]), float(xy[1])
    if not (np.isfinite(x) and np.isfinite(y)):
        return None
    if reference.is_geographic and max(abs(x), abs(y)) > 1000.0:
        return "这些数像是投影坐标（米或英尺），请指明投影坐标系的 EPSG 代码"
    if reference.is_geographic:
        return "请检查经度和纬度是否写反"
    if 13e6 <= abs(x) < 46e6 and 0 < y < 1e7:
        return "横坐标带有带号（前两位），请改用带号坐标系，例如 EPSG:4527（39 带）"
    if 13e6 <= abs(y) < 46e6:
        return "东坐标和北坐标可能写反，且横坐标带有带号"
    if max(abs(x), abs(y)) <= 180.0:
        return "这些数像是经纬度，请改用 EPSG:4490"
    if 1.5e6 <= x < 6e6 and 1e5 <= y < 9e5:
        return "东坐标和北坐标可能写反"
    if 1.5e6 <= y < 6e6 and 1e5 <= x < 9e5:
        return "请检查中央子午线和带号：横坐标没有带号时应使用无带号的坐标系，例如 EPSG:4548"
    return "请检查坐标系、带号、单位（米或英尺）和坐标顺序（东、北）"


def _change_coordinates(
    shapes: ObjectArray, change: Callable[[FloatArray], FloatArray]
) -> ObjectArray:
    """Shapes with their plane coordinates changed and heights kept."""
    out = shapes.copy()
    for has_height in (False, True):
        rows = np.flatnonzero(shapely.has_z(shapes) == has_height)
        part = shapes[rows]
        coords, of_row = shapely.get_coordinates(part, include_z=has_height, return_index=True)
        if len(coords) == 0:
            continue
        try:
            coords[:, :2] = change(coords)
        except _RowsError as fault:
            owners, first = np.unique(rows[of_row[fault.rows]], return_index=True)
            raise _RowsError(fault.code, fault.reference, fault.at[first], owners) from None
        out[rows] = shapely.set_coordinates(part, coords)
    return out


def _as_positions(xy: npt.ArrayLike) -> FloatArray:
    at = np.asarray(xy, np.float64)
    if at.size == 0:
        return np.empty((0, at.shape[1] if at.ndim == 2 else 2))
    if at.ndim != 2 or at.shape[1] not in {2, 3}:
        raise CrsError(
            "crs.bad_shape", "坐标数组应为 (n, 2) 或 (n, 3)，得到 {got}", got=list(at.shape)
        )
    return at


def _require_crs(crs: CRS | Reference | int | str | None) -> CRS:
    if crs is None:
        raise CrsError("crs.missing", "数据没有坐标系", hint="用 EPSG 代码指明坐标系")
    if isinstance(crs, CRS):
        return crs
    known = reference_of(crs)
    if known.crs is None:
        raise CrsError(
            "crs.not_standard",
            "{got} 不能直接用于计算",
            got=known.label,
            expected="EPSG:4490",
            hint="先转换到 EPSG:4490",
        )
    return known.crs


def _json_position(at: FloatArray) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in at[:2]]
