"""Vertical clearance where outlines overlap in plan although the axes do not cross.

The overlap is cut out in plan by shapely; every height in it comes from the foot of a place on
each axis. Heights are linear on a piece, so the least clearance lies at a corner of the overlap,
or the axes are level somewhere inside.
"""

from __future__ import annotations

import numpy as np
import shapely

from underground.axes import FloatArray, IntArray
from underground.clearance.bodies import Solids
from underground.clearance.levels import apart, levels

#: Segments per quarter of the round ends of outlines.
_QUARTER = 16
#: Outlines are drawn around the round ends, not within them: what overlaps is never missed.
_AROUND = 1 / np.cos(np.pi / 4 / _QUARTER) + 1e-6


def vertical_over_overlaps(
    a: Solids,
    b: Solids,
    of_a: IntArray,
    of_b: IntArray,
    pair: IntArray,
    plan: FloatArray,
    wanted: IntArray,
) -> tuple[FloatArray, IntArray]:
    """Least vertical clearance over the overlap of each wanted pair, and who is above.

    Parameters
    ----------
    of_a, of_b, pair, plan
        (k,) pairs of pieces, the pair of pipes each belongs to (ascending), and the distance of
        their axes in plan.
    wanted
        (w,) pairs of pipes, ascending.

    Returns
    -------
    vertical, above
        (w,) metres, NaN where unknown; 1, -1 or 0 as in `pairs.Clearances`.
    """
    owner_a, owner_b = a.axes.pieces[1][of_a], b.axes.pieces[1][of_b]
    near = plan < (a.width[owner_a] + b.width[owner_b]) / 2
    near &= np.isin(pair, wanted)
    at = np.flatnonzero(near)
    areas = shapely.intersection(_outlines(a, of_a[at]), _outlines(b, of_b[at]))
    corners, which = shapely.get_coordinates(areas, return_index=True)
    hits = at[which]
    level_a = levels(a, of_a[hits], _foot(a, of_a[hits], corners))
    level_b = levels(b, of_b[hits], _foot(b, of_b[hits], corners))
    gap, difference = apart(level_a, level_b), level_a[1] - level_b[1]
    gap = _where_level(gap, difference, level_a, level_b, which, len(at))
    return _least(gap, difference, pair[hits], wanted)


def _outlines(solids: Solids, piece: IntArray) -> np.ndarray:
    start, owner = solids.axes.pieces
    ends = np.stack(
        [solids.axes.xyz[start[piece], :2], solids.axes.xyz[start[piece] + 1, :2]], axis=1
    )
    half = solids.width[owner[piece]] / 2 * _AROUND
    return np.asarray(shapely.buffer(shapely.linestrings(ends), half, quad_segs=_QUARTER))


def _foot(solids: Solids, piece: IntArray, place: FloatArray) -> FloatArray:
    """Share along a piece of the foot of a place in plan."""
    start = solids.axes.pieces[0][piece]
    a = solids.axes.xyz[start, :2]
    along = solids.axes.xyz[start + 1, :2] - a
    square = np.einsum("ij,ij->i", along, along)
    share = np.einsum("ij,ij->i", place - a, along) / np.where(square > 0, square, 1.0)
    return np.asarray(np.clip(share, 0.0, 1.0))


def _where_level(
    gap: FloatArray,
    difference: FloatArray,
    level_a: tuple[FloatArray, FloatArray, FloatArray],
    level_b: tuple[FloatArray, FloatArray, FloatArray],
    which: IntArray,
    n: int,
) -> FloatArray:
    """Clearance with the axes level, in overlaps where one rises past the other."""
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    np.fmin.at(low, which, difference)
    np.fmax.at(high, which, difference)
    passes = (low < 0) & (high > 0)
    halves = (level_a[2] - level_a[0] + level_b[2] - level_b[0]) / 2
    return np.where(passes[which], np.minimum(gap, -halves), gap)


def _least(
    gap: FloatArray, difference: FloatArray, pair: IntArray, wanted: IntArray
) -> tuple[FloatArray, IntArray]:
    vertical, above = np.full(len(wanted), np.nan), np.zeros(len(wanted), np.int64)
    order = np.lexsort((gap, pair))
    found, first = np.unique(pair[order], return_index=True)
    best = order[first]
    at = np.searchsorted(wanted, found)
    vertical[at] = gap[best]
    known = ~np.isnan(difference[best])
    above[at] = np.where(known, np.sign(np.where(known, difference[best], 0)), 0).astype(np.int64)
    vertical[np.searchsorted(wanted, np.unique(pair[np.isnan(gap)]))] = np.nan
    return vertical, above
