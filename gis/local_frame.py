"""Metres around a point of the ellipsoid, and metres and square metres of lon/lat shapes.

All of it is closed-form numpy on the CGCS2000 ellipsoid, so that a nearest-neighbour query
needs no call into a projection library for its handful of candidates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError

FloatArray = npt.NDArray[np.float64]

#: CGCS2000 (GB 22021-2008): semi-major axis in metres and flattening.
SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257222101
ECC2 = FLATTENING * (2 - FLATTENING)
#: Smallest radius of curvature of the ellipsoid, that of the meridian at the equator.
_SMALLEST_RADIUS_M = SEMI_MAJOR_M * (1 - ECC2)
#: A disc's box is taken this much larger than computed, to stay on the safe side.
_BOX_MARGIN = 1.01


def check_point(lon: float, lat: float) -> None:
    """Refuse a position that is no position.

    Raises
    ------
    InvalidError
        When a number is NaN or infinite, or outside of -180..180 or -90..90.

    Examples
    --------
    >>> check_point(117.2, 39.1)
    """
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise InvalidError(
            "geometry.bad_position",
            "不是有效的经纬度：{got}",
            field="position",
            got=[_finite_or_none(lon), _finite_or_none(lat)],
            expected="lon -180..180, lat -90..90",
        )


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def to_ecef(lonlat: FloatArray) -> FloatArray:
    """(n, 3) earth-centred coordinates in metres of (n, 2) degrees on the ellipsoid."""
    lam, phi = np.radians(lonlat[:, 0]), np.radians(lonlat[:, 1])
    sin_phi = np.sin(phi)
    normal = SEMI_MAJOR_M / np.sqrt(1 - ECC2 * sin_phi * sin_phi)
    out = np.empty((len(lonlat), 3))
    across = normal * np.cos(phi)
    out[:, 0] = across * np.cos(lam)
    out[:, 1] = across * np.sin(lam)
    out[:, 2] = normal * (1 - ECC2) * sin_phi
    return out


@dataclass(frozen=True)
class LocalFrame:
    """A plane in metres whose origin is one point and in which distances from it are true.

    Azimuthal: a position keeps its direction from the origin, and its distance is that of
    the great circle with the mean radius of curvature at the origin. Against geodesics of
    the ellipsoid the distance from the origin is off by less than 1 mm in 10 km and by less
    than 0.4 % anywhere. Distances between two other positions are not true.

    Examples
    --------
    >>> frame = LocalFrame(117.0, 39.0)
    >>> float(np.hypot(*frame.forward(np.array([[117.0, 39.01]]))[0]).round(2))
    1110.16
    """

    lon: float
    lat: float

    def __post_init__(self) -> None:
        check_point(self.lon, self.lat)

    def _basis(self) -> tuple[FloatArray, FloatArray, FloatArray, float]:
        lam, phi = math.radians(self.lon), math.radians(self.lat)
        sl, cl, sp, cp = math.sin(lam), math.cos(lam), math.sin(phi), math.cos(phi)
        east = np.array([-sl, cl, 0.0])
        north = np.array([-sp * cl, -sp * sl, cp])
        root = 1 - ECC2 * sp * sp
        radius = SEMI_MAJOR_M * math.sqrt(1 - ECC2) / root
        return to_ecef(np.array([[self.lon, self.lat]]))[0], east, north, radius

    def forward(self, lonlat: FloatArray) -> FloatArray:
        """(n, 2) metres east and north of the origin, of (n, 2) degrees."""
        origin, east, north, radius = self._basis()
        offset = to_ecef(np.asarray(lonlat, float)) - origin
        out = np.empty((len(offset), 2))
        out[:, 0] = offset @ east
        out[:, 1] = offset @ north
        chord = np.sqrt(np.einsum("ij,ij->i", offset, offset))
        arc = 2 * radius * np.arcsin(np.minimum(chord / (2 * radius), 1.0))
        flat = np.hypot(out[:, 0], out[:, 1])
        out *= np.divide(arc, flat, out=np.ones_like(arc), where=flat > 0)[:, None]
        return out

    def box_around(self, metres: float) -> tuple[float, float, float, float]:
        """A box in degrees that holds every position within `metres`; a little too large."""
        dlat = math.degrees(metres / _SMALLEST_RADIUS_M) * _BOX_MARGIN + 1e-9
        widest = abs(self.lat) + dlat
        if widest >= 89.0 or dlat > 60.0:
            return -180.0, max(-90.0, self.lat - dlat), 180.0, min(90.0, self.lat + dlat)
        dlon = math.degrees(metres / SEMI_MAJOR_M) / math.cos(math.radians(widest))
        dlon = dlon * _BOX_MARGIN + 1e-9
        return self.lon - dlon, self.lat - dlat, self.lon + dlon, self.lat + dlat


def segment_lengths_m(start: FloatArray, end: FloatArray) -> FloatArray:
    """(n,) metres between pairs of positions in degrees, heights left out.

    The chord through the ellipsoid, corrected to the arc of the mean radius; segments of up
    to 90 km are off by less than 1 part in 10 million.

    Examples
    --------
    >>> segment_lengths_m(np.array([[0.0, 0.0]]), np.array([[0.001, 0.0]])).round(3)
    array([111.319])
    """
    chord = np.linalg.norm(to_ecef(end) - to_ecef(start), axis=1)
    radius = 6371000.0
    return np.asarray(2 * radius * np.arcsin(np.minimum(chord / (2 * radius), 1.0)))


def equal_area(lonlat: FloatArray) -> FloatArray:
    """(n, 2) metres in the cylindrical equal-area projection of the ellipsoid, of degrees.

    Snyder, Map Projections: A Working Manual (USGS 1395), formulas 10-13, 10-14 and 3-12,
    standard parallel at the equator. Areas are true, shapes are not.
    """
    ecc = math.sqrt(ECC2)
    sin_phi = np.sin(np.radians(lonlat[:, 1]))
    scaled = ecc * sin_phi
    q = (1 - ECC2) * (sin_phi / (1 - scaled * scaled) + np.arctanh(scaled) / ecc)
    out = np.empty((len(lonlat), 2))
    out[:, 0] = SEMI_MAJOR_M * np.radians(lonlat[:, 0])
    out[:, 1] = SEMI_MAJOR_M * q / 2
    return out


def as_floats(values: Any) -> FloatArray:
    """`values` as a contiguous float64 array."""
    return np.ascontiguousarray(values, dtype=np.float64)
