"""Figures as they may be told: no more digits than a screening estimate has."""

from __future__ import annotations

import math

from gis.errors import InvalidError


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
    if not math.isfinite(value) or value < 0:
        raise InvalidError("exposure.bad_count", "人数不能是 {got}", got=str(value))
    if value == 0:
        return 0
    step = 10 if value < 1000 else 100 if value < 100_000 else 1000
    return max(10, math.floor(value / step + 0.5) * step)


def count_words(value: float) -> str:
    """The rounded count in words: ``约 1,200 人``, ``不到 10 人``, ``0 人``.

    Raises
    ------
    InvalidError
        When it is negative or not finite.

    Examples
    --------
    >>> count_words(1234), count_words(4), count_words(0)
    ('约 1,200 人', '不到 10 人', '0 人')
    """
    shown = rounded_count(value)
    if value == 0:
        return "0 人"
    return "不到 10 人" if value < 10 else f"约 {shown:,} 人"


def rounded_metres(value: float) -> int:
    """A distance to three digits, never finer than a metre.

    Raises
    ------
    InvalidError
        When it is negative or not finite.

    Examples
    --------
    >>> [rounded_metres(m) for m in (4.2, 176.0, 1369.5, 3411.05, 12022.3)]
    [4, 176, 1370, 3410, 12000]
    """
    if not math.isfinite(value) or value < 0:
        raise InvalidError("exposure.bad_distance", "距离不能是 {got}", got=str(value))
    if value == 0:
        return 0
    step: int = 10 ** max(0, math.floor(math.log10(value)) - 2)
    return math.floor(value / step + 0.5) * step
