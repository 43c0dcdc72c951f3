"""Horizontal clearance of pipes that cross: only where they run beside each other.

At a crossing the distance in plan is 0 by nature. A stretch of r / sin(angle) to both sides of
it, r being the clearance asked for plus half of both widths, is left out: there the vertical
rule holds. Of straight pipes nothing is left that could be too near.
"""

from __future__ import annotations

import numpy as np

from underground.axes import Axes, FloatArray, IntArray
from underground.clearance.bodies import Solids
from underground.clearance.meetings import MEETING_M
from underground.clearance.pieces import closest_points


def horizontal_beside(
    solids: Solids, i: IntArray, j: IntArray, required_m: FloatArray
) -> FloatArray:
    """(k,) metres between outer walls in plan away from the crossings of pairs that cross.

    NaN where nothing is left outside of the crossings, and for pairs of straight pipes.

    Parameters
    ----------
    solids
        Pipes of the rows `i` and `j`, which cross.
    required_m
        (k,) clearance asked for.
    """
    out = np.full(len(i), np.nan)
    counts = solids.axes.counts
    for k in np.flatnonzero((counts[i] > 1) | (counts[j] > 1)).tolist():
        out[k] = _one(solids, int(i[k]), int(j[k]), float(required_m[k]))
    return out


def _one(solids: Solids, i: int, j: int, required: float) -> float:
    a, b = _plan(solids.axes, i), _plan(solids.axes, j)
    halves = (solids.width[i] + solids.width[j]) / 2
    share_a, share_b, apart, which_a, which_b = _all_pairs(a, b)
    meets = apart <= MEETING_M
    angle = _sines(a, b, which_a[meets], which_b[meets])
    reach = (required + halves) / np.maximum(angle, 1e-6)
    at_a = _stations(a)[which_a[meets]] + share_a[meets] * _lengths(a)[which_a[meets]]
    at_b = _stations(b)[which_b[meets]] + share_b[meets] * _lengths(b)[which_b[meets]]
    rest_a, rest_b = _without(a, at_a, reach), _without(b, at_b, reach)
    least = min(_least(rest_a, [b]), _least(rest_b, [a]))
    return least - halves if np.isfinite(least) else np.nan


def _plan(axes: Axes, row: int) -> FloatArray:
    return axes.xyz[axes.first[row] : axes.first[row + 1], :2]


def _lengths(line: FloatArray) -> FloatArray:
    step = np.diff(line, axis=0)
    return np.hypot(step[:, 0], step[:, 1])


def _stations(line: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(_lengths(line))])


def _all_pairs(
    a: FloatArray, b: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray, IntArray]:
    m, n = len(a) - 1, len(b) - 1
    which_a, which_b = np.repeat(np.arange(m), n), np.tile(np.arange(n), m)
    found = closest_points(a[which_a], a[which_a + 1], b[which_b], b[which_b + 1])
    return (*found, which_a, which_b)


def _sines(a: FloatArray, b: FloatArray, which_a: IntArray, which_b: IntArray) -> FloatArray:
    u, v = a[which_a + 1] - a[which_a], b[which_b + 1] - b[which_b]
    size = np.hypot(u[:, 0], u[:, 1]) * np.hypot(v[:, 0], v[:, 1])
    across = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    return np.asarray(across / np.where(size > 0, size, 1.0))


def _without(line: FloatArray, at: FloatArray, reach: FloatArray) -> list[FloatArray]:
    """What is left of a line when stretches around some stations are taken out."""
    stations = _stations(line)
    left = 0.0
    out = []
    spans = sorted(zip((at - reach).tolist(), (at + reach).tolist(), strict=True))
    for start, end in [*spans, (stations[-1], np.inf)]:
        if start > left:
            out.append(_stretch(line, stations, left, min(start, float(stations[-1]))))
        left = max(left, end)
    return out


def _stretch(line: FloatArray, stations: FloatArray, start: float, end: float) -> FloatArray:
    inner = line[(stations > start) & (stations < end)]
    ends = [[np.interp(s, stations, line[:, k]) for k in range(2)] for s in (start, end)]
    return np.vstack([ends[0], inner, ends[1]])


def _least(some: list[FloatArray], others: list[FloatArray]) -> float:
    least = np.inf
    for a in some:
        for b in others:
            least = min(least, float(_all_pairs(a, b)[2].min(initial=np.inf)))
    return least
