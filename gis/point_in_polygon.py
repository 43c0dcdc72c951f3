"""Is a point in a polygon? Exact, for one ring at a time and for many pairs at once.

A ray to the east crosses the rings of a polygon an odd number of times when it starts inside.
Only edges that reach over the height of the point can be crossed, so the heights of the vertices
are compared first and the few edges that are left are tested. A sign that rounding could turn is
computed anew with fractions; a point on an edge or a vertex is found as such, never by chance.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: The sign of an orientation is certain when it is beyond this share: (3 + 16 u) u with u = 2**-53
#: (J. R. Shewchuk, "Adaptive precision floating-point arithmetic and fast robust geometric
#: predicates", Discrete Comput. Geom. 18, 1997, 4.1).
CERTAIN = 3.3306690738754716e-16
#: Rings of so few vertices are walked in Python; numpy's calls cost more than that.
_FEW = 10
_NO, _YES = b"\x00", b"\x01"


#: Where a point is seen from a ring, or whether its ray crosses an edge. Plain numbers, for an
#: enumeration's members cost as much to look up as the test itself.
OUT, IN, ON = 0, 1, 2


def side_of_ring(flat: memoryview, xy: FloatArray, start: int, end: int, x: float, y: float) -> int:
    """OUT, IN or ON: where a point is seen from a closed ring.

    Parameters
    ----------
    flat
        Memory of `xy`: a single number out of it costs a third of one out of the array.
    xy
        (c, 2) vertices of all rings, contiguous.
    start, end
        First vertex of the ring and the one after its last.

    Examples
    --------
    >>> xy = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [0.0, 0.0]])
    >>> flat = xy.reshape(-1).data
    >>> [side_of_ring(flat, xy, 0, 4, *at) for at in ((3.0, 3.0), (1.0, 1.0), (2.0, 2.0))]
    [0, 1, 2]
    """
    if end - start <= _FEW:
        return _walked(xy[start:end].ravel().tolist(), x, y)
    heights = xy[start:end, 1]
    if _YES in (heights == y).tobytes():  # a vertex at the very height: the walk sees to it
        return _walked(xy[start:end].ravel().tolist(), x, y)
    below = (heights < y).tobytes()
    inside = at = 0
    while True:
        at = below.find(_NO if below[at] else _YES, at + 1)
        if at < 0:
            return inside
        i = 2 * (start + at)
        ax, bx = flat[i - 2], flat[i]
        if ax > x and bx > x:
            inside ^= 1
        elif ax >= x or bx >= x:
            side = _edge(ax, flat[i - 1], bx, flat[i + 1], x, y)
            if side == ON:
                return ON
            inside ^= side


def _walked(values: list[float], x: float, y: float) -> int:
    """Where a point is seen from a ring of x and y by turns, edge by edge."""
    inside = 0
    ax, ay = values[0], values[1]
    for i in range(2, len(values), 2):
        bx, by = values[i], values[i + 1]
        if (ay <= y) != (by <= y):
            if ax > x and bx > x:
                inside ^= 1
            elif ax >= x or bx >= x:
                side = _edge(ax, ay, bx, by, x, y)
                if side == ON:
                    return ON
                inside ^= side
        elif ay == y and by == y and (ax <= x <= bx or bx <= x <= ax):
            return ON
        if by == y and bx == x:
            return ON
        ax, ay = bx, by
    return inside


def _edge(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> int:
    """IN when a ray to the east crosses an edge that reaches over its height, ON on the edge."""
    left, right = (ax - x) * (by - y), (ay - y) * (bx - x)
    turn = left - right
    if abs(turn) <= CERTAIN * (abs(left) + abs(right)):
        exact = _exact_turn(ax, ay, bx, by, x, y)
        if exact == 0:
            return ON
        turn = exact
    return int((turn > 0) == (by > ay))


def _exact_turn(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> int:
    """Sign of the orientation of a, b and the point, without rounding."""
    px, py = Fraction(x), Fraction(y)
    turn = (Fraction(ax) - px) * (Fraction(by) - py) - (Fraction(ay) - py) * (Fraction(bx) - px)
    return (turn > 0) - (turn < 0)


def pairs_covered(
    xy: FloatArray,
    first: IntArray,
    counts: IntArray,
    inner_ends: tuple[IntArray, IntArray],
    xs: FloatArray,
    ys: FloatArray,
) -> BoolArray:
    """Which points lie in or on their polygon.

    Parameters
    ----------
    xy
        (c, 2) vertices of all polygons.
    first, counts
        (k,) first vertex and number of vertices of each pair's polygon, all of its rings.
    inner_ends
        Where polygons have several rings: numbers of the pairs, and for each the place, from the
        polygon's first vertex on, of the last vertex of a ring.
    xs, ys
        (k,) the points.

    Examples
    --------
    >>> xy = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [0.0, 0.0]])
    >>> none = np.empty(0, np.int64)
    >>> first, counts = np.zeros(2, np.int64), np.full(2, 4)
    >>> pairs_covered(xy, first, counts, (none, none), np.array([1.0, 3.0]), np.array([1.0, 3.0]))
    array([ True, False])
    """
    ends = np.cumsum(counts)
    runs = ends - counts
    at = np.arange(int(ends[-1]) if len(ends) else 0)
    at += np.repeat(first - runs, counts)
    heights = xy.reshape(-1).take(2 * at + 1)
    heights -= np.repeat(ys, counts)
    above = heights > 0
    reaches = np.empty(len(at), bool)
    np.not_equal(above[1:], above[:-1], out=reaches[:-1])
    # No edge leads from the last vertex of a ring on.
    closing = ends[counts > 0] - 1
    reaches[closing] = False
    reaches[runs[inner_ends[0]] + inner_ends[1]] = False
    edges = np.flatnonzero(reaches)
    pair = np.searchsorted(ends, edges, "right")
    crossed, on = _crossings(xy, at[edges], xs[pair], ys[pair])
    inside = np.bincount(pair[crossed], minlength=len(counts)) % 2 == 1
    inside[pair[on]] = True
    level = np.flatnonzero(heights == 0)
    if len(level):
        pair = np.searchsorted(ends, level, "right")
        last = np.isin(level, np.concatenate([closing, runs[inner_ends[0]] + inner_ends[1]]))
        inside[pair[_on_level(xy, at[level], last, xs[pair], ys[pair])]] = True
    return np.asarray(inside, bool)


def _crossings(
    xy: FloatArray, edges: IntArray, px: FloatArray, py: FloatArray
) -> tuple[BoolArray, BoolArray]:
    """Which edges a ray from their point crosses, and which edges hold their point."""
    a, b = xy[edges], xy[edges + 1]
    ax, ay = a[:, 0] - px, a[:, 1] - py
    bx, by = b[:, 0] - px, b[:, 1] - py
    left, right = ax * by, ay * bx
    turn = left - right
    unsure = np.abs(turn) <= CERTAIN * (np.abs(left) + np.abs(right))
    # A difference is 0 only of equal numbers: at an end of the edge, or on an upright one.
    on = unsure & ((ax == 0) & ((ay == 0) | (bx == 0)) | ((bx == 0) & (by == 0)))
    for i in np.flatnonzero(unsure & ~on).tolist():
        (x0, y0), (x1, y1) = a[i].tolist(), b[i].tolist()
        turn[i] = _exact_turn(x0, y0, x1, y1, float(px[i]), float(py[i]))
        on[i] = turn[i] == 0
    return (turn > 0) == (by > ay), on


def _on_level(
    xy: FloatArray, at: IntArray, last: BoolArray, px: FloatArray, py: FloatArray
) -> BoolArray:
    """Which vertices at the height of their point are that point or begin an edge that holds it."""
    x = xy[at, 0]
    after = np.minimum(at + 1, len(xy) - 1)
    flat = ~last & (xy[after, 1] == py)
    low, high = np.minimum(x, xy[after, 0]), np.maximum(x, xy[after, 0])
    return np.asarray((x == px) | (flat & (low <= px) & (px <= high)))
