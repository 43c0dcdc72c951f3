"""Where a plume is at least a concentration, without a grid.

On the axis the concentration rises to one peak and falls; the ends of the footprint are found by
halving on either side. Across, the half-width is y(x) = sy sqrt(2 ln(C0(x) / C*)).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hazards.dispersion.briggs import FARTHEST_M
from hazards.dispersion.plume import PlumeSource, concentration_kg_m3

FloatArray = npt.NDArray[np.float64]
#: No footprint is followed nearer to the source, metres.
LEAST_M = 0.1
_SAMPLES = 600
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
#: Places along the axis at which the outline has a vertex on either side.
OUTLINE_STEPS = 128


@dataclass(frozen=True)
class Footprint:
    """Ground (or another height) at which a plume is at least a concentration.

    Attributes
    ----------
    start_m, length_m
        Nearest and farthest distance downwind; both 0 where the concentration is nowhere reached.
    half_width_m
        Greatest distance across the wind from the axis.
    truncated
        Whether it goes on beyond 10 km, where the coefficients end.
    peak_kg_m3, peak_m
        Greatest concentration on the axis, and where.
    """

    level_kg_m3: float
    start_m: float
    length_m: float
    half_width_m: float
    truncated: bool
    peak_kg_m3: float
    peak_m: float

    @property
    def is_empty(self) -> bool:
        """Whether the concentration is nowhere reached."""
        return self.length_m == 0.0


def footprint(source: PlumeSource, level_kg_m3: float, receptor_m: float = 0.0) -> Footprint:
    """Footprint of a plume at a height above the ground.

    Parameters
    ----------
    level_kg_m3
        Finite and positive.

    Examples
    --------
    1 kg/s of chlorine, class D, 3 m/s, 20 ppm.

    >>> from hazards.dispersion.briggs import Stability, Terrain
    >>> from hazards.dispersion.levels import Air, Concentration, in_kg_m3
    >>> level = in_kg_m3(Concentration(20.0, "ppm"), 70.906, Air())
    >>> found = footprint(PlumeSource(1.0, 3.0, Stability.D, Terrain.RURAL), level)
    >>> round(found.length_m), round(found.half_width_m)
    (761, 48)
    """

    def axis(x_m: float) -> float:
        return concentration_kg_m3(source, x_m, 0.0, receptor_m)

    peak_m = _highest(axis, LEAST_M, FARTHEST_M)
    peak = axis(peak_m)
    if peak < level_kg_m3:
        return Footprint(level_kg_m3, 0.0, 0.0, 0.0, False, peak, peak_m)
    truncated = axis(FARTHEST_M) >= level_kg_m3
    end = FARTHEST_M if truncated else _crossing(axis, level_kg_m3, peak_m, FARTHEST_M)
    near = axis(LEAST_M) >= level_kg_m3
    start = 0.0 if near else _crossing(axis, level_kg_m3, peak_m, LEAST_M)

    def half_width(x_m: float) -> float:
        return half_width_m(source, level_kg_m3, x_m, receptor_m)

    broadest = _highest(half_width, max(start, LEAST_M), end)
    return Footprint(level_kg_m3, start, end, half_width(broadest), truncated, peak, peak_m)


def half_width_m(
    source: PlumeSource, level_kg_m3: float, x_m: float, receptor_m: float = 0.0
) -> float:
    """Distance from the axis within which the level is reached, at x metres downwind; 0 where not."""
    on_axis = concentration_kg_m3(source, x_m, 0.0, receptor_m)
    if on_axis <= level_kg_m3:
        return 0.0
    return source.sigma_y(x_m) * math.sqrt(2.0 * math.log(on_axis / level_kg_m3))


def outline(source: PlumeSource, found: Footprint, receptor_m: float = 0.0) -> FloatArray:
    """(n, 2) closed ring of metres downwind and to the left of a footprint that is not empty.

    Vertices lie on the curve, closer together towards both ends.
    """
    along = found.start_m + (found.length_m - found.start_m) * 0.5 * (
        1.0 - np.cos(np.pi * np.arange(OUTLINE_STEPS + 1) / OUTLINE_STEPS)
    )
    across = np.array([half_width_m(source, found.level_kg_m3, x, receptor_m) for x in along])
    across[0] = 0.0
    right = np.column_stack([along, -across])
    left = np.column_stack([along, across])[::-1]
    if not found.truncated:
        left = left[1:]
    return np.vstack([right, left[:-1], right[:1]])


def _highest(value: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one peak is greatest, in logarithmic steps and then by golden section."""
    if high <= low:
        return low
    x = np.geomspace(low, high, _SAMPLES)
    best = int(np.argmax([value(one) for one in x]))
    a, b = float(x[max(best - 1, 0)]), float(x[min(best + 1, _SAMPLES - 1)])
    for _ in range(60):
        c, d = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
        a, b = (a, d) if value(c) >= value(d) else (c, b)
    found = 0.5 * (a + b)
    return found if value(found) >= value(float(x[best])) else float(x[best])


def _crossing(
    value: Callable[[float], float], level: float, inside: float, outside: float
) -> float:
    """Where a function falls through a level, between a place inside and one outside."""
    for _ in range(100):
        middle = 0.5 * (inside + outside)
        if value(middle) >= level:
            inside = middle
        else:
            outside = middle
    return 0.5 * (inside + outside)
