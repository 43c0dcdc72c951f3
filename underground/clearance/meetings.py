"""Where two axes meet in plan: at a place, or along a stretch where they lie on each other."""

from __future__ import annotations

import numpy as np

from underground.axes import BoolArray, FloatArray, IntArray
from underground.clearance.bodies import Solids
from underground.clearance.pieces import closest_points

#: Axes nearer than this in plan (metres) meet; a meeting nearer than this to an end is at the end.
MEETING_M = 1e-6
#: Pieces that cross at a larger sine meet at one place.
_ALONG = 1e-2


def meeting_places(
    a: Solids,
    of_a: IntArray,
    b: Solids,
    of_b: IntArray,
    meets: IntArray,
    share_a: FloatArray,
    share_b: FloatArray,
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Places at which the vertical clearance of meeting pieces can be least.

    Parameters
    ----------
    of_a, of_b, share_a, share_b
        (k,) pairs of pieces and the shares along them at which they are closest in plan.
    meets
        (m,) positions of the pairs that meet.

    Returns
    -------
    meets, share_a, share_b
        (m + e,) those given, and of pieces that lie on each other both ends of the common
        stretch and the place within it where one axis rises past the other. Heights are linear
        in between, so that the least clearance is at one of these.
    """
    lying = meets[_is_along(a, of_a[meets], b, of_b[meets])]
    if not len(lying):
        return meets, share_a[meets], share_b[meets]
    which, at_a, at_b = _common_ends(a, of_a[lying], b, of_b[lying])
    passing, pass_a, pass_b = _passing(a, of_a[lying], b, of_b[lying], which, at_a, at_b)
    return (
        np.concatenate([meets, lying[which], lying[passing]]),
        np.concatenate([share_a[meets], at_a, pass_a]),
        np.concatenate([share_b[meets], at_b, pass_b]),
    )


def middle_of_common(
    a: Solids, of_a: IntArray, b: Solids, of_b: IntArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Middles of the stretches along which pieces lie on each other in plan.

    All places of such a stretch are as close but for rounding, so that the closest one may be
    its end.

    Returns
    -------
    rows, share_a, share_b
        Positions in `of_a` of the pairs that have such a stretch, shares along both pieces.
    """
    lying = np.flatnonzero(_is_along(a, of_a, b, of_b))
    which, at_a, at_b = _common_ends(a, of_a[lying], b, of_b[lying])
    order = np.lexsort((at_a, which))
    which, at_a, at_b = which[order], at_a[order], at_b[order]
    rows, first, counts = np.unique(which, return_index=True, return_counts=True)
    last = first + counts - 1
    return lying[rows], (at_a[first] + at_a[last]) / 2, (at_b[first] + at_b[last]) / 2


def _is_along(a: Solids, of_a: IntArray, b: Solids, of_b: IntArray) -> BoolArray:
    """Which pieces run so nearly along each other that they may share a stretch."""
    u, v = (np.subtract(*_ends(s, of)[::-1]) for s, of in ((a, of_a), (b, of_b)))
    across = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    along = np.abs(u[:, 0] * v[:, 0] + u[:, 1] * v[:, 1])
    return np.asarray((across <= _ALONG * along) & (along > 0), bool)


def _ends(solids: Solids, piece: IntArray) -> tuple[FloatArray, FloatArray]:
    start = solids.axes.pieces[0][piece]
    return solids.axes.xyz[start], solids.axes.xyz[start + 1]


def _common_ends(
    a: Solids, of_a: IntArray, b: Solids, of_b: IntArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Ends of either piece that lie on the other one in plan: pair, shares along both pieces."""
    (a0, a1), (b0, b1) = ([e[:, :2] for e in _ends(s, of)] for s, of in ((a, of_a), (b, of_b)))
    found = []
    for end, share in ((a0, 0.0), (a1, 1.0)):
        _, other, apart = closest_points(end, end, b0, b1)
        found.append((np.full(len(end), share), other, apart))
    for end, share in ((b0, 0.0), (b1, 1.0)):
        other, _, apart = closest_points(a0, a1, end, end)
        found.append((other, np.full(len(end), share), apart))
    share_a, share_b, distance = (np.concatenate(part) for part in zip(*found, strict=True))
    on = np.flatnonzero(distance <= MEETING_M)
    return on % len(of_a), share_a[on], share_b[on]


def _passing(
    a: Solids,
    of_a: IntArray,
    b: Solids,
    of_b: IntArray,
    which: IntArray,
    share_a: FloatArray,
    share_b: FloatArray,
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Where the axes are level between the two ends of a common stretch."""
    (a0, a1), (b0, b1) = ([e[:, 2] for e in _ends(s, of)] for s, of in ((a, of_a), (b, of_b)))
    order = np.lexsort((share_a, which))
    which, share_a, share_b = which[order], share_a[order], share_b[order]
    height_a = a0[which] + share_a * (a1 - a0)[which]
    height_b = b0[which] + share_b * (b1 - b0)[which]
    over = height_a - height_b
    last = np.flatnonzero((which[1:] == which[:-1]) & (over[1:] * over[:-1] < 0)) + 1
    part = over[last - 1] / (over[last - 1] - over[last])
    between = [s[last - 1] + part * (s[last] - s[last - 1]) for s in (share_a, share_b)]
    return which[last], between[0], between[1]
