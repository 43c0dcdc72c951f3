"""Where buildings, shelters and resources join the roads: at the nearest point of an edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from gis.features import ObjectArray
from hazards.evacuation.network import Network

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Access:
    """Where o places join the roads.

    Attributes
    ----------
    edge
        (o,) edge of the network, or row of the lines; -1 where there is no road.
    along_m
        (o,) metres from the beginning of the edge.
    gap_m
        (o,) metres in a straight line from the place to the road.
    """

    edge: IntArray
    along_m: FloatArray
    gap_m: FloatArray


def nearest_on(lines: ObjectArray, allowed: BoolArray, places_m: FloatArray) -> Access:
    """The nearest point of the allowed lines for each place.

    Parameters
    ----------
    lines
        (e,) LineStrings in metres.
    allowed
        (e,) which of them may be joined.
    places_m
        (o, 2) metres.

    Examples
    --------
    >>> road = np.array([shapely.LineString([(0, 0), (10, 0)])], object)
    >>> found = nearest_on(road, np.array([True]), np.array([[4.0, 3.0]]))
    >>> found.edge.tolist(), found.along_m.tolist(), found.gap_m.tolist()
    ([0], [4.0], [3.0])
    """
    o = len(places_m)
    edge = np.full(o, -1, np.int64)
    along, gap = np.full(o, np.nan), np.full(o, np.nan)
    rows = np.flatnonzero(allowed)
    if len(rows) and o:
        tree = shapely.STRtree(lines[rows])
        points = shapely.points(places_m)
        (at, found), metres = tree.query_nearest(points, all_matches=False, return_distance=True)
        edge[at], gap[at] = rows[found], metres
        along[at] = shapely.line_locate_point(lines[edge[at]], points[at])
    return Access(edge, along, gap)


def access_of(network: Network, places_m: FloatArray, inside: BoolArray) -> Access:
    """Where buildings join the network.

    Those in the zone join the nearest edge, those outside the nearest edge outside: nobody is sent
    into the zone to reach a road.

    Parameters
    ----------
    inside
        (o,) whether a building lies in the zone or is cut by it.
    """
    o = len(places_m)
    out = Access(np.full(o, -1, np.int64), np.full(o, np.nan), np.full(o, np.nan))
    for rows, allowed in ((inside, np.ones(len(network), bool)), (~inside, ~network.in_zone)):
        found = nearest_on(network.lines, allowed, places_m[rows])
        out.edge[rows], out.along_m[rows], out.gap_m[rows] = found.edge, found.along_m, found.gap_m
    return out
