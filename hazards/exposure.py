"""Who and what lies within rings around a place, counted without false precision.

A building counts where its representative point lies: its people are inside a ring or they are
not. Splitting them by footprint would give fractions of people that nobody has counted; the
difference is at most the buildings on the ring's edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError


@dataclass(frozen=True)
class Count:
    """How many lie within a radius. ``unknown`` is how many carriers have no figure."""

    metres: float
    total: float
    carriers: int
    unknown: int


def counts_within(
    distances_m: npt.NDArray[np.float64],
    amounts: npt.NDArray[np.float64],
    radii_m: Sequence[float],
) -> list[Count]:
    """Sum of amounts within each radius, the edge included; a larger ring holds the smaller.

    Parameters
    ----------
    distances_m, amounts
        (n,) metres of each carrier and what it carries; NaN is unknown and counts as nothing.

    Raises
    ------
    InvalidError
        When the two have different lengths.

    Examples
    --------
    >>> counts_within(np.array([10.0, 90.0]), np.array([5.0, np.nan]), [50.0, 100.0])[1]
    Count(metres=100.0, total=5.0, carriers=2, unknown=1)
    """
    if len(distances_m) != len(amounts):
        raise InvalidError(
            "exposure.ragged",
            "长度不一：{got} 与 {expected}",
            got=len(amounts),
            expected=len(distances_m),
        )
    out = []
    for metres in radii_m:
        inside = distances_m <= metres
        held = amounts[inside]
        out.append(
            Count(
                metres=float(metres),
                total=float(np.nansum(held)),
                carriers=int(inside.sum()),
                unknown=int(np.isnan(held).sum()),
            )
        )
    return out


def rounded_count(value: float) -> int:
    """A count of people as it may be told: under 1 000 to tens, under 100 000 to hundreds,
    above to thousands; half up, and never down to nobody.

    The rule is that of InaSAFE's reports.

    Raises
    ------
    InvalidError
        When it is negative or not finite.

    Examples
    --------
    >>> [rounded_count(n) for n in (0, 3, 14, 15, 994, 1249, 1250, 123_499)]
    [0, 10, 10, 20, 990, 1200, 1300, 123000]
    """
    if not np.isfinite(value) or value < 0:
        raise InvalidError("exposure.bad_count", "人数不能是 {got}", got=str(value))
    if value == 0:
        return 0
    step = 10 if value < 1000 else 100 if value < 100_000 else 1000
    return max(10, int(np.floor(value / step + 0.5)) * step)


def count_words(value: float) -> str:
    """The rounded count in words: ``约 1,200 人``, ``不到 10 人``, ``0 人``.

    Examples
    --------
    >>> count_words(1234), count_words(4), count_words(0)
    ('约 1,200 人', '不到 10 人', '0 人')
    """
    if value == 0:
        return "0 人"
    if value < 10:
        return "不到 10 人"
    return f"约 {rounded_count(value):,} 人"
