"""Scales of maps in round numbers, scale bars, and the spacing of grids."""

from __future__ import annotations

from dataclasses import dataclass

#: Scale numbers: the basic series of GB/T 13989-2012 (1:500 to 1:1 000 000) and, for site plans
#: and overviews, 1:200, 1:2500 and 1:20 000.
SCALES = (
    *(200, 500, 1000, 2000, 2500, 5000, 10_000, 20_000, 25_000),
    *(50_000, 100_000, 250_000, 500_000, 1_000_000),
)
_STEPS = (1, 2, 5)


def fitting(width_m: float, height_m: float, width_mm: float, height_mm: float) -> tuple[int, ...]:
    """Scale numbers at which so many metres fit on so many millimetres, the largest scale first.

    Examples
    --------
    >>> fitting(150.0, 90.0, 180.0, 120.0)[0]
    1000
    """
    return tuple(
        number
        for number in SCALES
        if width_m * 1000 <= width_mm * number and height_m * 1000 <= height_mm * number
    )


def round_down(most: float) -> float:
    """The largest of 1, 2, 5, 10, 20 … and 0.1, 0.2, 0.5 … that is not above `most` (positive).

    Examples
    --------
    >>> round_down(49.9), round_down(0.7)
    (20.0, 0.5)
    """
    power = 1.0
    while power > most:
        power /= 10
    while power * 10 <= most:
        power *= 10
    return max(step * power for step in _STEPS if step * power <= most)


@dataclass(frozen=True)
class ScaleBar:
    """A bar of equal parts.

    ``metres`` is the length on the ground of the whole bar, ``mm`` its length on paper:
    ``mm == metres * 1000 / scale``, exactly.
    """

    metres: float
    mm: float
    parts: int


def scale_bar(scale: int, most_mm: float) -> ScaleBar:
    """The longest bar of a round number of metres within `most_mm` millimetres.

    Examples
    --------
    >>> scale_bar(1000, 55.0)
    ScaleBar(metres=50.0, mm=50.0, parts=5)
    """
    metres = round_down(most_mm * scale / 1000)
    leading = metres
    while leading >= 10:
        leading /= 10
    parts = 5 if round(leading) == 5 else 4
    return ScaleBar(metres, metres * 1000 / scale, parts)


def grid_step_m(scale: int, least_mm: float = 40.0) -> float:
    """Spacing of the coordinate grid: the smallest round number of metres not below `least_mm`.

    Examples
    --------
    >>> [grid_step_m(number) for number in (500, 1000, 2000)]
    [20.0, 50.0, 100.0]
    """
    least = least_mm * scale / 1000
    step = round_down(least)
    if step >= least:
        return step
    return min(s for s in (2 * step, 2.5 * step) if s >= least and round_down(s) == s)
