"""GCJ-02 and BD-09, the offset datums of Chinese web maps, to and from WGS84.

No projection library knows the two, because their official formula is not
public. What is computed here is the approximation that all open programs
share; it agrees with the official shift to about a metre (`ACCURACY_M`).
The way back is found by fixed-point steps, so there and back again returns
the same position to well under a millimetre.

All functions take positions as (x, y) = (longitude, latitude) in degrees.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: Krassovsky 1940, on which the public formula works.
_A = 6378245.0
_EE = 0.00669342162296594323
#: West, south, east, north: outside of this box there is no shift.
CHINA_BOX = (72.004, 0.8293, 137.8347, 55.8271)
_BD_DX, _BD_DY = 0.0065, 0.006
_BD_PI = np.pi * 3000.0 / 180.0
#: Below a micrometre, in degrees.
_STEP_END = 1e-12
_MAX_STEPS = 20


class OffsetDatum(StrEnum):
    """The two offset datums: AMap, Tencent (GCJ-02) and Baidu (BD-09)."""

    GCJ02 = "gcj02"
    BD09 = "bd09"


#: What is left between a converted position and the true one, in metres.
ACCURACY_M: dict[OffsetDatum, float] = {OffsetDatum.GCJ02: 2.0, OffsetDatum.BD09: 3.0}


def is_shifted_area(xy: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which positions lie where the offset datums are shifted at all.

    Parameters
    ----------
    xy
        (n, 2) WGS84 degrees.

    Returns
    -------
    (n,) bool; the edge of the box counts as inside.

    Examples
    --------
    >>> is_shifted_area([[117.2, 39.1], [24.94, 60.17]]).tolist()
    [True, False]
    """
    at = _positions(xy)
    west, south, east, north = CHINA_BOX
    x, y = at[:, 0], at[:, 1]
    inside: npt.NDArray[np.bool_] = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    return inside


def wgs84_to_gcj02(xy: npt.ArrayLike) -> FloatArray:
    """GCJ-02 positions of WGS84 positions.

    Parameters
    ----------
    xy
        (n, 2) degrees, longitude first. Outside of China the numbers do not change.

    Examples
    --------
    >>> wgs84_to_gcj02([[117.2, 39.115]]).round(7).tolist()
    [[117.2063031, 39.1160262]]
    """
    at = _positions(xy)
    return np.where(is_shifted_area(at)[:, None], at + _gcj_shift(at), at)


def gcj02_to_wgs84(xy: npt.ArrayLike) -> FloatArray:
    """WGS84 positions of GCJ-02 positions, by fixed-point steps.

    Parameters
    ----------
    xy
        (n, 2) degrees, longitude first. A position whose original would lie
        outside of China is returned unchanged.

    Examples
    --------
    >>> gcj02_to_wgs84([[117.2063031, 39.1160262]]).round(6).tolist()
    [[117.2, 39.115]]
    """
    at = _positions(xy)
    original = _invert(lambda p: p + _gcj_shift(p), at)
    return np.where(is_shifted_area(original)[:, None], original, at)


def gcj02_to_bd09(xy: npt.ArrayLike) -> FloatArray:
    """BD-09 positions of GCJ-02 positions; (n, 2) degrees, longitude first.

    Examples
    --------
    >>> gcj02_to_bd09([[117.2063031, 39.1160262]]).round(6).tolist()
    [[117.212822, 39.121957]]
    """
    at = _positions(xy)
    return np.where(is_shifted_area(at)[:, None], _bd_forward(at), at)


def bd09_to_gcj02(xy: npt.ArrayLike) -> FloatArray:
    """GCJ-02 positions of BD-09 positions, by fixed-point steps; (n, 2) degrees.

    Examples
    --------
    >>> bd09_to_gcj02([[117.2128218, 39.1219573]]).round(6).tolist()
    [[117.206303, 39.116026]]
    """
    at = _positions(xy)
    original = _invert(_bd_forward, at)
    return np.where(is_shifted_area(original)[:, None], original, at)


def wgs84_to_bd09(xy: npt.ArrayLike) -> FloatArray:
    """BD-09 positions of WGS84 positions; (n, 2) degrees, longitude first.

    Examples
    --------
    >>> wgs84_to_bd09([[117.2, 39.115]]).round(6).tolist()
    [[117.212822, 39.121957]]
    """
    at = _positions(xy)
    shifted = _bd_forward(at + _gcj_shift(at))
    return np.where(is_shifted_area(at)[:, None], shifted, at)


def bd09_to_wgs84(xy: npt.ArrayLike) -> FloatArray:
    """WGS84 positions of BD-09 positions, by fixed-point steps; (n, 2) degrees.

    Examples
    --------
    >>> bd09_to_wgs84([[117.2128218, 39.1219573]]).round(6).tolist()
    [[117.2, 39.115]]
    """
    at = _positions(xy)
    gcj = _invert(_bd_forward, at)
    original = _invert(lambda p: p + _gcj_shift(p), gcj)
    return np.where(is_shifted_area(original)[:, None], original, at)


def offset_to_wgs84(xy: npt.ArrayLike, datum: OffsetDatum) -> FloatArray:
    """WGS84 positions of positions in `datum`; (n, 2) degrees, longitude first.

    Examples
    --------
    >>> offset_to_wgs84([[117.2063031, 39.1160262]], OffsetDatum.GCJ02).round(6).tolist()
    [[117.2, 39.115]]
    """
    return gcj02_to_wgs84(xy) if datum is OffsetDatum.GCJ02 else bd09_to_wgs84(xy)


def wgs84_to_offset(xy: npt.ArrayLike, datum: OffsetDatum) -> FloatArray:
    """Positions in `datum` of WGS84 positions; (n, 2) degrees, longitude first.

    Examples
    --------
    >>> wgs84_to_offset([[24.94, 60.17]], OffsetDatum.BD09).tolist()
    [[24.94, 60.17]]
    """
    return wgs84_to_gcj02(xy) if datum is OffsetDatum.GCJ02 else wgs84_to_bd09(xy)


def _positions(xy: npt.ArrayLike) -> FloatArray:
    """`xy` as an (n, 2) array; an empty input gives (0, 2)."""
    return np.asarray(xy, np.float64).reshape(-1, 2)


def _gcj_shift(at: FloatArray) -> FloatArray:
    """The public GCJ-02 shift in degrees, without asking whether it is China."""
    x, y = at[:, 0] - 105.0, at[:, 1] - 35.0
    root = np.sqrt(np.abs(x))
    common = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    d_lat += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    d_lat += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    d_lon += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    d_lon += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    phi = np.radians(at[:, 1])
    magic = 1.0 - _EE * np.sin(phi) ** 2
    meridian = _A * (1.0 - _EE) / (magic * np.sqrt(magic))
    parallel = _A / np.sqrt(magic) * np.cos(phi)
    return np.degrees(np.column_stack([d_lon / parallel, d_lat / meridian]))


def _bd_forward(at: FloatArray) -> FloatArray:
    """BD-09 of GCJ-02, without asking whether it is China."""
    x, y = at[:, 0], at[:, 1]
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_PI)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_PI)
    return np.column_stack([radius * np.cos(angle) + _BD_DX, radius * np.sin(angle) + _BD_DY])


def _invert(forward: Callable[[FloatArray], FloatArray], target: FloatArray) -> FloatArray:
    """The positions that `forward` maps onto `target`.

    Both shifts change by less than a fiftieth of the way they move, so each
    step leaves less than a fiftieth of the error: six steps reach rounding.
    Positions that are not finite stay as they are.
    """
    guess = target.copy()
    for _ in range(_MAX_STEPS):
        step = target - forward(guess)
        guess = guess + step
        if not np.any(np.abs(step) > _STEP_END):
            break
    return guess
