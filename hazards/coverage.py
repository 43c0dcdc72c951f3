"""How much of a disc has data near: no building on file may mean none there, or none entered."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
#: Ground further than this from every building is called without data, metres.
NEAR_M = 300.0
_SAMPLES = 2000
_GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))


def covered_share(points_m: FloatArray, radius_m: float, near_m: float = NEAR_M) -> float:
    """Share of a disc around the origin whose ground has a point within `near_m`.

    Sampled at 2 000 places on Vogel's spiral, so that it is good to about 1 %.

    Parameters
    ----------
    points_m
        (n, 2) metres from the source; those outside of the disc count as well.

    Examples
    --------
    >>> covered_share(np.empty((0, 2)), 100.0), covered_share(np.zeros((1, 2)), 100.0)
    (0.0, 1.0)
    """
    return covered_places(points_m, spiral(radius_m), near_m)


def spiral(radius_m: float) -> FloatArray:
    """(2000, 2) places spread evenly over a disc around the origin."""
    number = np.arange(_SAMPLES)
    out = radius_m * np.sqrt((number + 0.5) / _SAMPLES)
    angle = number * _GOLDEN_ANGLE
    return np.column_stack([out * np.cos(angle), out * np.sin(angle)])


def covered_places(points_m: FloatArray, places: FloatArray, near_m: float = NEAR_M) -> float:
    """Share of (m, 2) places that have one of (n, 2) points within `near_m`; 1 of no place.

    Examples
    --------
    >>> covered_places(np.zeros((1, 2)), np.array([[0.0, 100.0], [0.0, 400.0]]))
    0.5
    """
    if not len(places):
        return 1.0
    if not len(points_m):
        return 0.0
    from scipy.spatial import cKDTree

    nearest, _ = cKDTree(points_m).query(places, distance_upper_bound=near_m)
    return float(np.isfinite(nearest).mean())
