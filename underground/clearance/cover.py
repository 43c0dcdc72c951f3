"""Cover (覆土): ground less the top of the outer wall, the least over the whole length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gis.ragged import spread
from underground.axes import FloatArray, IntArray
from underground.clearance.bodies import Solids
from underground.clearance.levels import levels

#: Distance of the places at which a ground model is asked, metres.
STEP_M = 1.0


class Ground(Protocol):
    """A model of the ground: heights of places in plan, NaN where it does not reach."""

    def heights(self, xy: FloatArray) -> FloatArray:
        """(n,) metres at (n, 2) places."""


@dataclass(frozen=True)
class Covers:
    """Least cover of n pipes, metres; NaN where unknown.

    ``place`` is (n, 2), ``along`` (n,) metres in plan from the start of the pipe.
    """

    cover_m: FloatArray
    place: FloatArray
    along: FloatArray


def covers(solids: Solids, ground: FloatArray) -> Covers:
    """Least cover below ground that runs straight between the vertices of the axes.

    Parameters
    ----------
    ground
        (k,) heights at the vertices. Between two known vertices ground and pipe are straight, so
        that the least cover of a piece is at one of its ends; a piece with an unknown end says
        nothing about its other part, and the pipe's cover is unknown.

    Examples
    --------
    >>> from underground.axes import axes_of
    >>> from underground.clearance.bodies import round_solids
    >>> import shapely
    >>> pipe = round_solids(axes_of([shapely.from_wkt("LINESTRING Z (0 0 -1, 9 0 -2)")]), 0.2)
    >>> covers(pipe, np.zeros(2)).cover_m.round(3).tolist()
    [0.899]
    """
    start, owner = solids.axes.pieces
    every = np.arange(len(start))
    piece = np.repeat(every, 2)
    share = np.tile([0.0, 1.0], len(every))
    top = levels(solids, piece, share)[2]
    cover = ground[start[piece] + share.astype(np.int64)] - top
    return _least(solids, piece, share, cover, owner[piece])


def covers_below(solids: Solids, model: Ground, step_m: float = STEP_M) -> Covers:
    """Least cover below a model of the ground, at vertices and every `step_m` between them."""
    start, owner = solids.axes.pieces
    a, b = solids.axes.xyz[start], solids.axes.xyz[start + 1]
    long = np.hypot(*(b - a)[:, :2].T)
    counts = np.maximum(np.ceil(long / step_m).astype(np.int64), 1) + 1
    number, piece = spread(np.zeros(len(start), np.int64), counts)
    share = number / (counts[piece] - 1)
    place = a[piece, :2] + share[:, None] * (b - a)[piece, :2]
    top = levels(solids, piece, share)[2]
    return _least(solids, piece, share, model.heights(place) - top, owner[piece])


def _least(
    solids: Solids, piece: IntArray, share: FloatArray, cover: FloatArray, owner: IntArray
) -> Covers:
    n = len(solids)
    unknown = np.zeros(n, bool)
    unknown[owner[np.isnan(cover)]] = True
    order = np.lexsort((np.where(np.isnan(cover), np.inf, cover), owner))
    of, first = np.unique(owner[order], return_index=True)
    best = order[first]
    least = np.full(n, np.nan)
    place, along = np.full((n, 2), np.nan), np.full(n, np.nan)
    start = solids.axes.pieces[0][piece[best]]
    a, b = solids.axes.xyz[start, :2], solids.axes.xyz[start + 1, :2]
    stations = solids.axes.stations
    least[of] = cover[best]
    place[of] = a + share[best, None] * (b - a)
    along[of] = stations[start] + share[best] * (stations[start + 1] - stations[start])
    least[unknown] = np.nan
    return Covers(least, place, along)
