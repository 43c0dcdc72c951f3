"""Are cells numbered from west to east and from north to south?

The rule does not say how high a row is, which point stands for a cell, or whose north is meant
(a survey grid's may be turned by two degrees). A numbering keeps the rule when it is the order of
rows of some one height, for inner points or centroids, with north turned by no more than that.
What breaks it is told against the order that fits best.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from grid.cells import numbering_order

FloatArray = npt.NDArray[np.float64]
#: Heights of rows that are usual, as shares of the side of a middling cell; they are tried first.
_USUAL = (0.7, 1.0, 0.55, 0.85)
_HEIGHTS = np.linspace(0.25, 2.0, 141)
_TURNS_DEG = (0.0, -1.0, 1.0, -2.0, 2.0)


def misplaced(
    codes: Sequence[str], candidates: Sequence[FloatArray], side_m: float
) -> list[tuple[str, str]]:
    """Pairs (code found, code expected) of cells that stand in the wrong place; none when right.

    Parameters
    ----------
    codes
        (n,) codes of one community, distinct.
    candidates
        Points that may stand for the cells, such as inner points and centroids, each (n, 2)
        metres east and north.
    side_m
        Side of a middling cell, metres.

    Examples
    --------
    >>> places = np.array([[0.0, 100.0], [100.0, 95.0], [10.0, 0.0], [90.0, 5.0]])
    >>> misplaced(["001", "002", "003", "004"], [places], 100.0)
    []
    >>> misplaced(["001", "003", "002", "004"], [places], 100.0)
    [('003', '002'), ('002', '003')]
    """
    wanted = sorted(codes)
    best: list[tuple[str, str]] | None = None
    for order in _orders(candidates, side_m):
        by_place = [codes[i] for i in order]
        wrong = [(a, b) for a, b in zip(by_place, wanted, strict=True) if a != b]
        if not wrong:
            return []
        if best is None or len(wrong) < len(best):
            best = wrong
    return best or []


def _orders(candidates: Sequence[FloatArray], side_m: float) -> Iterator[list[int]]:
    """Orders that keep the rule, the usual ones first."""
    for points in candidates:
        for share in _USUAL:
            yield numbering_order(points, share * side_m).tolist()
    for turn in np.radians(_TURNS_DEG):
        c, s = np.cos(turn), np.sin(turn)
        for points in candidates:
            turned = points @ np.array([[c, s], [-s, c]])
            for share in _HEIGHTS.tolist():
                yield numbering_order(turned, share * side_m).tolist()
