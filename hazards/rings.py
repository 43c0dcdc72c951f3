"""Rings around a place, and distances from it, on the ellipsoid."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from gis.errors import InvalidError
from gis.frame import A_M, F

#: Vertices of a ring; the polygon's sides come within 1 - cos(pi/256) = 0.0075 % of the radius.
RING_VERTICES = 256
LEAST_VERTICES = 128
_GEOD = Geod(a=A_M, f=F)
_METRES_PER_DEGREE = 110_574.0
#: No ring comes closer to a pole than this, in degrees of latitude.
_NORTHERNMOST = 89.0


def ring(
    lon: float, lat: float, metres: float, vertices: int = RING_VERTICES
) -> npt.NDArray[np.float64]:
    """(vertices + 1, 2) closed ring of positions at `metres` from a place, counter-clockwise.

    Geodesic on the ellipsoid of CGCS2000: each vertex lies at the distance to 0.1 mm.

    Raises
    ------
    InvalidError
        When the distance is not finite and positive, the ring would hold a pole or cross the
        antimeridian, or has under 128 vertices.

    Examples
    --------
    >>> ring(117.2, 39.1, 1000.0)[64].round(5).tolist()
    [117.18844, 39.1]
    """
    if vertices < LEAST_VERTICES:
        raise InvalidError(
            "ring.coarse", "环至少 {expected} 个顶点，得到 {got}", got=vertices, expected=128
        )
    if not (math.isfinite(metres) and metres > 0):
        raise InvalidError(
            "ring.bad_radius",
            "半径应为正数，得到 {got}",
            field="radius_m",
            got=metres if math.isfinite(metres) else None,
        )
    bearings = -np.arange(vertices) * (360.0 / vertices)
    one = np.ones(vertices)
    x, y, _ = _GEOD.fwd(lon * one, lat * one, bearings, metres * one)
    out = np.column_stack([x, y])
    _check_extent(lon, lat, metres, out)
    return np.vstack([out, out[:1]])


def places_at(
    lon: float, lat: float, bearing_deg: float, offsets_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(n, 2) positions at offsets from a place, each on its geodesic to 0.1 mm.

    Parameters
    ----------
    bearing_deg
        Direction of the first offset, degrees clockwise from north.
    offsets_m
        (n, 2) metres along that direction, and to the left of it.

    Raises
    ------
    InvalidError
        ``ring.crosses`` when they come near a pole or cross the antimeridian.

    Examples
    --------
    >>> places_at(117.2, 39.1, 90.0, np.array([[1000.0, 0.0]])).round(5).tolist()
    [[117.21156, 39.1]]
    """
    metres = np.hypot(offsets_m[:, 0], offsets_m[:, 1])
    bearings = bearing_deg - np.degrees(np.arctan2(offsets_m[:, 1], offsets_m[:, 0]))
    one = np.ones(len(metres))
    x, y, _ = _GEOD.fwd(lon * one, lat * one, bearings, metres)
    out = np.column_stack([x, y])
    _check_extent(lon, lat, float(metres.max(initial=0.0)), out)
    return out


def _check_extent(lon: float, lat: float, metres: float, out: npt.NDArray[np.float64]) -> None:
    if abs(lat) + metres / _METRES_PER_DEGREE >= _NORTHERNMOST or np.ptp(out[:, 0]) > 180.0:
        raise InvalidError(
            "ring.crosses",
            "影响范围跨越极点或 180° 经线，无法绘制",
            field="lon,lat",
            got=[lon, lat],
        )


def distances_m(
    lon: float, lat: float, positions: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(n,) geodesic metres from a place to (n, 2) positions in degrees.

    Examples
    --------
    >>> distances_m(117.2, 39.1, np.array([[117.2, 39.11]])).round(1).tolist()
    [1110.2]
    """
    n = len(positions)
    if n == 0:
        return np.empty(0)
    one = np.ones(n)
    _, _, metres = _GEOD.inv(lon * one, lat * one, positions[:, 0], positions[:, 1])
    return np.asarray(metres, np.float64)
