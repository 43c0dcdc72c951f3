"""Boxes: one type for degrees, one for metres, and the box of a map tile.

A box in degrees never crosses the antimeridian. Texts that come from a query
are refused with codes ``query.*``, which the web answers with 400.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import shapely

from gis.errors import InvalidError
from gis.frame import A_M, E2

FloatArray = npt.NDArray[np.float64]

#: Half the side of the web Mercator square, in metres.
MERCATOR_EDGE_M = math.pi * 6378137.0
#: Latitude of the upper edge of the web Mercator square, in degrees.
MERCATOR_MAX_LAT = math.degrees(2.0 * math.atan(math.exp(math.pi)) - math.pi / 2.0)
MAX_ZOOM = 22

_NUMBER = re.compile(r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$", re.ASCII)
_DIGITS = re.compile(r"^(?:0|[1-9]\d{0,8})$", re.ASCII)
#: Radii of curvature only grow towards the poles; a hair more than rounding can take.
_SAFE = 1.0 + 1e-9
_SAFE_DEG = 1e-11


@dataclass(frozen=True)
class _Box:
    """Edges of a box; left and lower edges are smaller than or equal to right and upper ones."""

    minx: float
    miny: float
    maxx: float
    maxy: float

    def __post_init__(self) -> None:
        edges = (self.minx, self.miny, self.maxx, self.maxy)
        if not all(math.isfinite(edge) for edge in edges):
            raise InvalidError(
                "query.box_not_finite",
                "范围框的四个数必须是有限的数，得到 {got}",
                got=[edge if math.isfinite(edge) else str(edge) for edge in edges],
                field="bbox",
            )
        if self.minx > self.maxx or self.miny > self.maxy:
            raise InvalidError(
                "query.box_inverted",
                "范围框的最小值大于最大值：{got}",
                got=list(edges),
                expected="minx,miny,maxx,maxy",
                field="bbox",
                hint="顺序为 西,南,东,北；跨越 180 度经线的范围请分成两个",
            )

    def as_tuple(self) -> tuple[float, float, float, float]:
        """(minx, miny, maxx, maxy)."""
        return (self.minx, self.miny, self.maxx, self.maxy)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, (x, y)."""
        return ((self.minx + self.maxx) / 2.0, (self.miny + self.maxy) / 2.0)

    @property
    def width(self) -> float:
        """Right minus left edge, in the unit of the box."""
        return self.maxx - self.minx

    @property
    def height(self) -> float:
        """Upper minus lower edge, in the unit of the box."""
        return self.maxy - self.miny

    def contains(self, x: float, y: float) -> bool:
        """Whether a position lies in the box or on its edge; never for NaN."""
        return self.minx <= x <= self.maxx and self.miny <= y <= self.maxy

    def intersects(self, other: Self) -> bool:
        """Whether two boxes share a point; touching edges do."""
        return (
            self.minx <= other.maxx
            and other.minx <= self.maxx
            and self.miny <= other.maxy
            and other.miny <= self.maxy
        )

    def polygon(self) -> shapely.Polygon:
        """The box as a polygon."""
        return shapely.box(self.minx, self.miny, self.maxx, self.maxy)


@dataclass(frozen=True)
class DegreeBox(_Box):
    """A box of longitudes and latitudes, CGCS2000 degrees.

    Raises
    ------
    InvalidError
        Edges that are not finite, inverted, or not on the earth (``query.box_*``).

    Examples
    --------
    >>> DegreeBox(117.0, 39.0, 117.5, 39.5).contains(117.2, 39.1)
    True
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minx < -180.0 or self.maxx > 180.0 or self.miny < -90.0 or self.maxy > 90.0:
            raise InvalidError(
                "query.box_out_of_range",
                "范围框超出经纬度的取值范围：{got}",
                got=list(self.as_tuple()),
                expected=[-180, -90, 180, 90],
                field="bbox",
                hint="顺序为 最小经度,最小纬度,最大经度,最大纬度，单位为度",
            )


@dataclass(frozen=True)
class MetreBox(_Box):
    """A box in the plane of some metric system, which the caller knows.

    Raises
    ------
    InvalidError
        Edges that are not finite or inverted (``query.box_*``).

    Examples
    --------
    >>> MetreBox(0.0, 0.0, 30.0, 40.0).expanded(10.0).as_tuple()
    (-10.0, -10.0, 40.0, 50.0)
    """

    def expanded(self, metres: float) -> MetreBox:
        """The box with every edge moved outwards by `metres`."""
        return MetreBox(
            self.minx - metres, self.miny - metres, self.maxx + metres, self.maxy + metres
        )


def parse_degree_box(text: str, field: str = "bbox") -> DegreeBox:
    """The box that a query names as ``minlon,minlat,maxlon,maxlat``.

    Parameters
    ----------
    text
        Four ASCII decimal numbers, degrees.
    field
        Name of the query parameter, for the refusal.

    Raises
    ------
    InvalidError
        ``query.box_*``: not four numbers, not finite, inverted, or not on the earth.

    Examples
    --------
    >>> parse_degree_box("117,39,117.5,39.5")
    DegreeBox(minx=117.0, miny=39.0, maxx=117.5, maxy=39.5)
    """
    edges = _four_numbers(text, field)
    try:
        return DegreeBox(*edges)
    except InvalidError as fault:
        fault.field = field
        raise


def parse_metre_box(text: str, field: str = "bbox") -> MetreBox:
    """The box that a query names as ``minx,miny,maxx,maxy`` in metres.

    Raises
    ------
    InvalidError
        ``query.box_*``: not four numbers, not finite, or inverted.

    Examples
    --------
    >>> parse_metre_box("0,0,1e3,2e3").height
    2000.0
    """
    edges = _four_numbers(text, field)
    try:
        return MetreBox(*edges)
    except InvalidError as fault:
        fault.field = field
        raise


def parse_tile(z: str, x: str, y: str, max_zoom: int = MAX_ZOOM) -> tuple[int, int, int]:
    """Zoom, column and row of a tile address.

    Parameters
    ----------
    z, x, y
        Texts of ASCII digits, without sign or leading zeros.
    max_zoom
        Highest zoom that is served.

    Raises
    ------
    InvalidError
        ``query.tile``: not digits, or no such tile.

    Examples
    --------
    >>> parse_tile("12", "3380", "1558")
    (12, 3380, 1558)
    """
    if not all(_DIGITS.match(part) for part in (z, x, y)):
        raise _bad_tile([z[:40], x[:40], y[:40]], max_zoom)
    at = (int(z), int(x), int(y))
    _check_tile(*at, max_zoom)
    return at


def tile_box(z: int, x: int, y: int, max_zoom: int = MAX_ZOOM) -> DegreeBox:
    """The degrees that a tile of the XYZ scheme covers (row 0 in the north).

    Web Mercator is defined on WGS84; its degrees are taken as CGCS2000.

    Raises
    ------
    InvalidError
        ``query.tile``: no such tile.

    Examples
    --------
    >>> tile_box(1, 1, 0).as_tuple()[:2]
    (0.0, 0.0)
    """
    _check_tile(z, x, y, max_zoom)
    return DegreeBox(
        360.0 * x / 2**z - 180.0,
        _tile_lat(y + 1, z),
        360.0 * (x + 1) / 2**z - 180.0,
        _tile_lat(y, z),
    )


def mercator_tile_box(z: int, x: int, y: int, max_zoom: int = MAX_ZOOM) -> MetreBox:
    """The metres of web Mercator (EPSG:3857) that a tile covers: for drawing, not for measuring.

    Raises
    ------
    InvalidError
        ``query.tile``: no such tile.

    Examples
    --------
    >>> mercator_tile_box(0, 0, 0).width.__round__()
    40075017
    """
    _check_tile(z, x, y, max_zoom)
    side = 2.0 * MERCATOR_EDGE_M / 2**z
    left, top = x * side - MERCATOR_EDGE_M, MERCATOR_EDGE_M - y * side
    return MetreBox(left, top - side, left + side, top)


def window_around(lon: float, lat: float, metres: float) -> DegreeBox:
    """A box of degrees that holds every position within `metres` of a place.

    The bound is safe on the ellipsoid, less than 1 % wider than needed below
    60 degrees of latitude and 10 km. Where it would cross the antimeridian or
    a pole it reaches over all longitudes.

    Raises
    ------
    InvalidError
        The place is not on the earth, or `metres` is negative or not finite (``query.*``).

    Examples
    --------
    >>> [round(edge, 4) for edge in window_around(117.2, 39.13, 1000.0).as_tuple()]
    [117.1884, 39.121, 117.2116, 39.139]
    """
    if not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
        raise InvalidError(
            "query.out_of_range",
            "位置不在经纬度的取值范围内：{got}",
            got=[v if math.isfinite(v) else None for v in (lon, lat)],
            expected=[-180, -90, 180, 90],
        )
    return DegreeBox(*windows_around([[lon, lat]], metres)[0].tolist())


def windows_around(lonlat: npt.ArrayLike, metres: float) -> FloatArray:
    """Boxes as of `window_around`, for many places at once.

    Parameters
    ----------
    lonlat
        (n, 2) degrees on the earth.
    metres
        Distance, 0 or more.

    Returns
    -------
    (n, 4) minx, miny, maxx, maxy in degrees.

    Raises
    ------
    InvalidError
        `metres` is negative or not finite.
    """
    if not (math.isfinite(metres) and metres >= 0.0):
        raise InvalidError(
            "query.bad_distance",
            "距离应为不小于 0 的有限数，得到 {got}",
            got=metres if math.isfinite(metres) else str(metres),
            expected="≥ 0 m",
        )
    at = np.asarray(lonlat, np.float64).reshape(-1, 2)
    high = math.degrees(metres / (A_M * (1.0 - E2))) * _SAFE + _SAFE_DEG
    south, north = at[:, 1] - high, at[:, 1] + high
    furthest = np.radians(np.maximum(np.abs(south), np.abs(north)))
    with np.errstate(divide="ignore", invalid="ignore"):
        parallel = A_M / np.sqrt(1.0 - E2 * np.sin(furthest) ** 2) * np.cos(furthest)
        wide = np.degrees(metres / parallel) * _SAFE + _SAFE_DEG
    west, east = at[:, 0] - wide, at[:, 0] + wide
    around = (furthest >= math.pi / 2.0) | ~(west >= -180.0) | ~(east <= 180.0)
    return np.column_stack(
        [
            np.where(around, -180.0, west),
            np.maximum(south, -90.0),
            np.where(around, 180.0, east),
            np.minimum(north, 90.0),
        ]
    )


def _tile_lat(row: int, z: int) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1.0 - 2.0 * row / 2**z))))


def _check_tile(z: int, x: int, y: int, max_zoom: int) -> None:
    if not (0 <= z <= max_zoom and 0 <= x < 2**z and 0 <= y < 2**z):
        raise _bad_tile([z, x, y], max_zoom)


def _bad_tile(got: list[int] | list[str], max_zoom: int) -> InvalidError:
    return InvalidError(
        "query.tile",
        "没有瓦片 {got}",
        field="tile",
        got=got,
        expected=f"0 ≤ z ≤ {max_zoom}，0 ≤ x, y < 2^z",
    )


def _four_numbers(text: str, field: str) -> list[float]:
    """Four finite numbers out of a query.

    Raises
    ------
    InvalidError
        Not four, or one that is none.
    """
    parts = text.split(",") if len(text) <= 400 else []
    if len(parts) != 4:
        raise InvalidError(
            "query.box_parts",
            "范围框应有四个数，得到 {count} 个",
            field=field,
            got=text[:200],
            expected="minx,miny,maxx,maxy",
            params={"count": text.count(",") + 1},
        )
    edges = [_number(part.strip(" ")) for part in parts]
    bad = [part for part, edge in zip(parts, edges, strict=True) if edge is None]
    if bad:
        raise InvalidError(
            "query.box_not_number",
            "范围框中的 {got} 不是有限的十进制数",
            field=field,
            got=bad[0][:60],
            expected="minx,miny,maxx,maxy",
        )
    return [edge for edge in edges if edge is not None]


def _number(text: str) -> float | None:
    if not _NUMBER.match(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None
