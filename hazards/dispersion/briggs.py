"""Dispersion coefficients of a plume by Briggs (1973), for open country and for towns.

sigma = a x (1 + b x)^c, x downwind in metres, for averages over ten minutes. Published for 100 m
to 10 km. The 0.00015 that is often printed for sigma_z of class D in open country is a misprint
of 0.0015.
"""

from __future__ import annotations

import math
from enum import StrEnum

#: Where the coefficients were fitted, metres downwind.
NEAREST_M = 100.0
FARTHEST_M = 10_000.0
AVERAGE_MIN = 10.0
SOURCE = "G. A. Briggs 1973 (ATDL 79), as in the ALOHA technical documentation, table 13"


class Stability(StrEnum):
    """Pasquill's classes, from A (very unstable) to F (stable)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class Terrain(StrEnum):
    """Ground that the gas drifts over."""

    RURAL = "rural"
    URBAN = "urban"


Terms = tuple[float, float, float]
_HALF = -0.5
_SIGMA_Y: dict[Terrain, dict[str, Terms]] = {
    Terrain.RURAL: {
        name: (a, 0.0001, _HALF)
        for name, a in zip("ABCDEF", (0.22, 0.16, 0.11, 0.08, 0.06, 0.04), strict=True)
    },
    Terrain.URBAN: {
        name: (a, 0.0004, _HALF)
        for name, a in zip("ABCDEF", (0.32, 0.32, 0.22, 0.16, 0.11, 0.11), strict=True)
    },
}
_SIGMA_Z: dict[Terrain, dict[str, Terms]] = {
    Terrain.RURAL: {
        "A": (0.20, 0.0, 1.0),
        "B": (0.12, 0.0, 1.0),
        "C": (0.08, 0.0002, _HALF),
        "D": (0.06, 0.0015, _HALF),
        "E": (0.03, 0.0003, -1.0),
        "F": (0.016, 0.0003, -1.0),
    },
    Terrain.URBAN: {
        "A": (0.24, 0.001, 0.5),
        "B": (0.24, 0.001, 0.5),
        "C": (0.20, 0.0, 1.0),
        "D": (0.14, 0.0003, _HALF),
        "E": (0.08, 0.0015, _HALF),
        "F": (0.08, 0.0015, _HALF),
    },
}
#: Exponents of the wind with height (CCPS, table 2.11).
_WIND: dict[Terrain, dict[str, float]] = {
    Terrain.RURAL: {"A": 0.07, "B": 0.07, "C": 0.10, "D": 0.15, "E": 0.35, "F": 0.55},
    Terrain.URBAN: {"A": 0.15, "B": 0.15, "C": 0.20, "D": 0.25, "E": 0.40, "F": 0.60},
}


def sigma_y_m(x_m: float, stability: Stability, terrain: Terrain) -> float:
    """Standard deviation across the wind, metres, at a distance downwind.

    Examples
    --------
    >>> round(sigma_y_m(500.0, Stability.D, Terrain.RURAL), 1)
    39.0
    """
    return _sigma(x_m, _SIGMA_Y[terrain][stability])


def sigma_z_m(x_m: float, stability: Stability, terrain: Terrain) -> float:
    """Standard deviation upwards, metres, at a distance downwind.

    Examples
    --------
    >>> round(sigma_z_m(500.0, Stability.D, Terrain.RURAL), 1)
    22.7
    """
    return _sigma(x_m, _SIGMA_Z[terrain][stability])


def _sigma(x_m: float, terms: Terms) -> float:
    a, b, c = terms
    return a * x_m * math.pow(1.0 + b * x_m, c)


def wind_at(height_m: float, wind_10_m_s: float, stability: Stability, terrain: Terrain) -> float:
    """Wind in m/s at a height, from the wind at 10 m: u10 (h / 10)^p (CCPS, table 2.11).

    Below 1 m the wind of 1 m is taken; the profile knows no ground.

    Examples
    --------
    >>> round(wind_at(60.0, 6.0, Stability.D, Terrain.RURAL), 2)
    7.85
    """
    return wind_10_m_s * math.pow(max(height_m, 1.0) / 10.0, _WIND[terrain][stability])
