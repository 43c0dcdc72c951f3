"""Closest points of straight pieces, pair by pair, in two or three dimensions.

numpy does the work. A process that has much of it may ask for the compiled kernel, which gives the
same bits: `use_compiled_kernel`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from underground.clearance.compiled import PARALLEL, Loop, compiled_loop

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
#: Pairs worked on at once, so that the arrays stay in the processor's cache.
PAIRS_AT_ONCE = 16_384


class _Kernel:
    """What this process computes with; None is numpy."""

    loop: Loop | None = None


def use_compiled_kernel(wanted: bool = True) -> bool:
    """Compute with the compiled kernel from now on, where numba is installed; gives whether it is.

    For processes that do jobs, before they fork: compiling takes a second. Answers are the same.
    """
    _Kernel.loop = compiled_loop() if wanted else None
    return _Kernel.loop is not None


def closest_of_pieces(
    xyz_a: FloatArray,
    start_a: IntArray,
    xyz_b: FloatArray,
    start_b: IntArray,
    *,
    plan: bool = False,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Where pieces come closest that are given by the numbers of their first vertices.

    Parameters
    ----------
    xyz_a, xyz_b
        (k, 3) and (l, 3) vertices, metres; a piece reaches to the vertex after its first.
    start_a, start_b
        (n,) first vertices.
    plan
        Whether heights are left out.

    Returns
    -------
    share_a, share_b, distance
        As those of `closest_points`.
    """
    n = len(start_a)
    share_a, share_b, distance = np.empty(n), np.empty(n), np.empty(n)
    if _Kernel.loop is not None:
        _Kernel.loop(xyz_a, start_a, xyz_b, start_b, plan, share_a, share_b, distance)
        return share_a, share_b, distance
    used_a, used_b = (xyz_a[:, :2], xyz_b[:, :2]) if plan else (xyz_a, xyz_b)
    for start in range(0, n, PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        i, j = start_a[part], start_b[part]
        found = _closest(used_a[i], used_a[i + 1], used_b[j], used_b[j + 1])
        share_a[part], share_b[part], distance[part] = found
    return share_a, share_b, distance


def closest_points(
    a0: FloatArray, a1: FloatArray, b0: FloatArray, b1: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Where two straight pieces come closest, and how close.

    Parameters
    ----------
    a0, a1, b0, b1
        (n, d) ends of the pieces, d = 2 or 3, metres. A piece may be a point.

    Returns
    -------
    share_a, share_b, distance
        (n,) shares in [0, 1] along each piece, and metres between those points. Of pieces that
        run parallel beside each other the middle of that stretch is given.

    Notes
    -----
    The inner solution of the two lines counts where both shares lie inside; else the least of
    the four distances of an end from the other piece. Ericson, Real-Time Collision Detection
    (2005), 5.1.9, treats the same cases one after another.

    Examples
    --------
    >>> a0, a1 = np.array([[0.0, 0, 0]]), np.array([[10.0, 0, 0]])
    >>> b0, b1 = np.array([[4.0, -1, 2]]), np.array([[4.0, 1, 2]])
    >>> [v.tolist() for v in closest_points(a0, a1, b0, b1)]
    [[0.4], [0.5], [2.0]]
    """
    n = len(a0)
    share_a, share_b, distance = np.empty(n), np.empty(n), np.empty(n)
    for start in range(0, n, PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        found = _closest(a0[part], a1[part], b0[part], b1[part])
        share_a[part], share_b[part], distance[part] = found
    return share_a, share_b, distance


def _closest(
    a0: FloatArray, a1: FloatArray, b0: FloatArray, b1: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    u, v, r = (a1 - a0).T, (b1 - b0).T, (a0 - b0).T
    uu, vv = _dot(u, u), _dot(v, v)
    uv, ur, vr = _dot(u, v), _dot(u, r), _dot(v, r)
    # Ends of b on a and ends of a on b, each clamped to the piece.
    s0, s1 = _clamped(-ur, uu), _clamped(uv - ur, uu)
    t0, t1 = _clamped(vr, vv), _clamped(uv + vr, vv)
    zero, one = np.zeros_like(uu), np.ones_like(uu)
    s, t, best = s0, zero, _square(r, u, v, s0, zero)
    for other_s, other_t in ((s1, one), (zero, t0), (one, t1)):
        square = _square(r, u, v, other_s, other_t)
        less = square < best
        s, t = np.where(less, other_s, s), np.where(less, other_t, t)
        best = np.where(less, square, best)
    inner_s, inner_t, inner, parallel = _inner(u, v, r, uu, vv, uv, ur)
    square = _square(r, u, v, inner_s, inner_t)
    better = inner & (square <= best)
    s, t = np.where(better, inner_s, s), np.where(better, inner_t, t)
    best = np.where(better, square, best)
    if parallel.any():
        s, t = _middle(s, t, parallel, s0, s1, vv, uv, vr)
    return s, t, np.sqrt(best)


def _inner(
    u: FloatArray,
    v: FloatArray,
    r: FloatArray,
    uu: FloatArray,
    vv: FloatArray,
    uv: FloatArray,
    ur: FloatArray,
) -> tuple[FloatArray, FloatArray, BoolArray, BoolArray]:
    """Solution on the two endless lines, and where it lies inside both pieces.

    What `v` and `r` have across `u` is taken first, which keeps its digits where the lines
    are nearly parallel; the textbook determinant loses them.
    """
    safe = np.where(uu > 0, uu, 1.0)
    across_v = v - u * (uv / safe)
    across_r = r - u * (ur / safe)
    denominator = _dot(across_v, across_v)
    parallel = denominator <= PARALLEL * PARALLEL * vv
    skew = ~parallel & (uu > 0)
    t = _dot(across_r, across_v) / np.where(skew, denominator, 1.0)
    s = (uv * t - ur) / safe
    inner = skew & (s > 0) & (s < 1) & (t > 0) & (t < 1)
    beside = parallel & (uu > 0) & (vv > 0)
    return np.where(inner, s, 0.0), np.where(inner, t, 0.0), inner, beside


def _middle(
    s: FloatArray,
    t: FloatArray,
    parallel: BoolArray,
    s0: FloatArray,
    s1: FloatArray,
    vv: FloatArray,
    uv: FloatArray,
    vr: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Of parallel pieces the middle of the stretch in which they lie beside each other."""
    middle = (s0 + s1) / 2
    beside = parallel & (s0 != s1)
    opposite = np.clip((middle * uv + vr) / np.where(vv > 0, vv, 1.0), 0, 1)
    return np.where(beside, middle, s), np.where(beside, opposite, t)


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Sum over the first axis, term by term: a pair's answer does not depend on its neighbours."""
    out = a[0] * b[0]
    for one, two in zip(a[1:], b[1:], strict=True):
        out = out + one * two
    return np.asarray(out)


def _clamped(numerator: FloatArray, square: FloatArray) -> FloatArray:
    return np.clip(numerator / np.where(square > 0, square, 1.0), 0.0, 1.0)


def _square(
    r: FloatArray, u: FloatArray, v: FloatArray, s: FloatArray, t: FloatArray
) -> FloatArray:
    apart = r + u * s - v * t
    return _dot(apart, apart)
