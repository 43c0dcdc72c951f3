"""Where to close roads: at the edge of the zone, on every road that leads in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hazards.evacuation.pieces import Pieces
from hazards.evacuation.roads import Roads

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Closure:
    """One place on one road.

    Attributes
    ----------
    road
        Row of the road.
    place_m
        On the edge of the zone, metres.
    leads_in
        Whether the road's direction lets traffic into the zone here; False: only out.
    """

    road: int
    place_m: tuple[float, float]
    leads_in: bool


def closures_of(roads: Roads, pieces: Pieces) -> list[Closure]:
    """The places at which roads enter or leave the zone, by road and along it.

    When all that lead in are closed, no road leads from outside to the inside.

    Parameters
    ----------
    pieces
        Of all roads, also those that the people of the plan do not use.

    Examples
    --------
    >>> import shapely
    >>> from hazards.evacuation.pieces import pieces_of
    >>> from hazards.evacuation.roads import roads_of
    >>> roads = roads_of([shapely.LineString([(0, 0), (10, 0)])], one_way=[1])
    >>> found = closures_of(roads, pieces_of(roads.lines, shapely.box(4, -1, 6, 1)))
    >>> [(c.place_m[0], c.leads_in) for c in found]
    [(4.0, True), (6.0, False)]
    """
    owner = np.repeat(np.arange(len(pieces.road)), np.diff(pieces.starts))
    within = pieces.in_zone[owner]
    shared = np.intersect1d(pieces.keys[within], pieces.keys[~within])
    found = []
    for piece in np.flatnonzero(pieces.in_zone).tolist():
        way = int(roads.one_way[pieces.road[piece]])
        first, last = int(pieces.starts[piece]), int(pieces.starts[piece + 1]) - 1
        for vertex, leads_in in ((first, way >= 0), (last, way <= 0)):
            at = int(np.searchsorted(shared, pieces.keys[vertex]))
            if at < len(shared) and shared[at] == pieces.keys[vertex]:
                x, y = pieces.xy[vertex].tolist()
                found.append(Closure(int(pieces.road[piece]), (x, y), leads_in))
    return found
