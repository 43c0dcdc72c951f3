"""Lines without the vertices that cannot be seen: Douglas and Peucker's way, all lines at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gis.ragged import FloatArray, IntArray, spread

BoolArray = npt.NDArray[np.bool_]


def kept_vertices(xy: FloatArray, starts: npt.NDArray[Any], tolerance: float) -> BoolArray:
    """(c,) which vertices of open lines stay.

    The ends of a line stay. Between two vertices that stay, the one that is furthest from the
    segment between them stays too when it is further than the tolerance, the first of several
    (D. Douglas, T. Peucker, Cartographica 10(2), 1973). As of ``shapely.simplify`` without
    ``preserve_topology``.

    Parameters
    ----------
    xy
        (c, 2) vertices of all lines.
    starts
        (n + 1,) offsets of the lines in `xy`.
    tolerance
        In the units of `xy`.

    Examples
    --------
    >>> line = np.array([[0.0, 0.0], [5.0, 1.0], [10.0, 0.0], [10.0, 9.0]])
    >>> kept_vertices(line, np.array([0, 4]), 2.0).tolist()
    [True, False, True, True]
    """
    keep = np.zeros(len(xy), bool)
    low, high = starts[:-1].astype(np.int64), starts[1:].astype(np.int64) - 1
    filled = high >= low
    low, high = low[filled], high[filled]
    keep[low] = keep[high] = True
    while True:
        wide = high - low > 1
        low, high = low[wide], high[wide]
        if not len(low):
            return keep
        low, middle, high = _split(xy, low, high, tolerance)
        keep[middle] = True
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])


def _split(
    xy: FloatArray, low: IntArray, high: IntArray, tolerance: float
) -> tuple[IntArray, IntArray, IntArray]:
    """Spans that stay bent, each with its furthest vertex."""
    inner, owner = spread(low + 1, high - low - 1)
    far = _distances(xy[inner], xy[low][owner], xy[high][owner])
    counts = high - low - 1
    furthest = np.maximum.reduceat(far, np.cumsum(counts) - counts)
    bent = furthest > tolerance
    candidates = np.flatnonzero((far == furthest[owner]) & bent[owner])
    of = owner[candidates]
    first = np.ones(len(of), bool)
    first[1:] = of[1:] != of[:-1]
    return low[bent], inner[candidates[first]], high[bent]


def _distances(p: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """(n,) from points to segments."""
    along, to = b - a, p - a
    square = along[:, 0] ** 2 + along[:, 1] ** 2
    safe = np.where(square > 0, square, 1.0)
    share = (to[:, 0] * along[:, 0] + to[:, 1] * along[:, 1]) / safe
    aside = np.abs(to[:, 1] * along[:, 0] - to[:, 0] * along[:, 1]) / safe * np.sqrt(square)
    out = np.where(share >= 1.0, np.hypot(p[:, 0] - b[:, 0], p[:, 1] - b[:, 1]), aside)
    before = (share <= 0.0) | (square == 0.0)
    return np.asarray(np.where(before, np.hypot(to[:, 0], to[:, 1]), out))
