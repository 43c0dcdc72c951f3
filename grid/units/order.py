"""Are cells numbered from west to east and from north to south? A check with tolerance.

The rule does not say how high a row is. An order keeps the rule when the sequence of numbers can
be cut into rows that lie one south of the other, run from west to east, and are not higher than
two middling cells. What breaks it is told against the row height that fits best.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from grid.cells import numbering_order

FloatArray = npt.NDArray[np.float64]
#: Points of two cells closer than this, metres, may stand in either order.
TOLERANCE_M = 2.0
_HEIGHTS = (0.4, 0.55, 0.7, 0.85, 1.0, 1.25, 1.5)


def keeps_order(points: FloatArray, cell_m: float) -> bool:
    """Whether cells in the order of their numbers run from west to east and north to south.

    Parameters
    ----------
    points
        (n, 2) metres east and north, in the order of the numbers.
    cell_m
        Side of a middling cell, metres.

    Examples
    --------
    >>> rows = np.array([[0.0, 100.0], [100.0, 95.0], [10.0, 0.0], [90.0, 5.0]])
    >>> keeps_order(rows, 100.0), keeps_order(rows[[1, 0, 2, 3]], 100.0)
    (True, False)
    """
    if len(points) < 2:
        return True
    north = points[:, 1]
    lowest = np.minimum.accumulate(north)
    highest_after = np.maximum.accumulate(north[::-1])[::-1]
    cuts = np.flatnonzero(lowest[:-1] > highest_after[1:] - TOLERANCE_M) + 1
    for row in np.split(np.arange(len(points)), cuts):
        if north[row].max() - north[row].min() > 2 * cell_m:
            return False
        if (np.diff(points[row, 0]) < -TOLERANCE_M).any():
            return False
    return True


def misplaced(
    codes: Sequence[str], candidates: Sequence[FloatArray], cell_m: float
) -> list[tuple[str, str]]:
    """Pairs (code found, code expected) of cells that stand in the wrong place.

    Parameters
    ----------
    codes
        (n,) codes of one community.
    candidates
        Points that may stand for the cells, such as inner points and centroids, each (n, 2)
        metres: an order that keeps the rule for one of them is right.
    """
    by_number = np.argsort(np.array(codes, dtype=str), kind="stable")
    if any(keeps_order(points[by_number], cell_m) for points in candidates):
        return []
    ordered = [codes[i] for i in by_number.tolist()]
    best: list[tuple[str, str]] | None = None
    for points in candidates:
        for share in _HEIGHTS:
            by_place = [codes[i] for i in numbering_order(points, share * cell_m).tolist()]
            wrong = [(a, b) for a, b in zip(by_place, ordered, strict=True) if a != b]
            if best is None or len(wrong) < len(best):
                best = wrong
    return best or []
