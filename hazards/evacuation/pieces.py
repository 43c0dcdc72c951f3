"""Roads cut into pieces: where the zone begins, and where a shelter or a resource joins them.

Every piece lies wholly within the zone or wholly outside; a road that only touches the edge of the
zone in points stays outside. What runs along the edge is within.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from gis.errors import InvalidError
from gis.features import ObjectArray

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
#: Cuts nearer than this to a vertex of the road are made at the vertex, metres.
NEAR_M = 0.001
#: Millimetres in which coordinates are compared, and how far from the origin that goes.
_MM, _REACH = 1000.0, 1 << 30


@dataclass(frozen=True)
class Pieces:
    """p pieces of roads.

    Attributes
    ----------
    xy
        (c, 2) vertices of all pieces, metres.
    starts
        (p + 1,) where each piece begins in `xy`.
    keys
        (c,) equal for vertices that are one place of the network: within a millimetre, or one
        cut of one road. Where two roads cross without a common vertex (a bridge) they differ.
    road
        (p,) row of the road, ascending.
    in_zone
        (p,) whether it lies in the zone.
    """

    xy: FloatArray
    starts: IntArray
    keys: IntArray
    road: IntArray
    in_zone: BoolArray

    def lines(self) -> ObjectArray:
        """(p,) the pieces as LineStrings."""
        owner = np.repeat(np.arange(len(self.road)), np.diff(self.starts))
        return np.asarray(shapely.linestrings(self.xy, indices=owner), object)


def keys_of(xy: FloatArray) -> IntArray:
    """(c,) one number for each place to the millimetre.

    Raises
    ------
    InvalidError
        ``evacuation.too_far`` when a place is further than 1 000 km from the origin.
    """
    whole = np.rint(xy * _MM)
    if not (np.abs(whole) < _REACH).all():
        raise InvalidError("evacuation.too_far", "道路离影响范围超过 1000 km，坐标可能有误")
    grid = whole.astype(np.int64) + _REACH
    return np.asarray(grid[:, 0] * (2 * _REACH) + grid[:, 1], np.int64)


def pieces_of(lines: ObjectArray, zone: BaseGeometry | None) -> Pieces:
    """Roads cut at the edge of a zone.

    Parameters
    ----------
    lines
        (r,) LineStrings in metres.
    zone
        Polygon or multipolygon in the same plane; None or empty: nothing is cut.

    Examples
    --------
    >>> line = shapely.LineString([(0, 0), (10, 0)])
    >>> found = pieces_of(np.array([line], object), shapely.box(4, -1, 6, 1))
    >>> found.in_zone.tolist(), found.xy[:, 0].tolist()
    ([False, True, False], [0.0, 4.0, 4.0, 6.0, 6.0, 10.0])
    """
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    whole = _whole(xy, np.bincount(owner, minlength=len(lines)), keys_of(xy))
    if zone is None or zone.is_empty:
        return whole
    shapely.prepare(zone)
    touched = shapely.intersects(zone, lines)
    at: dict[int, FloatArray] = {}
    for row in np.flatnonzero(touched & shapely.intersects(zone.boundary, lines)).tolist():
        shared = shapely.intersection(lines[row], zone.boundary)
        places = shapely.points(shapely.get_coordinates(shared))
        at[row] = shapely.line_locate_point(lines[row], places)
    cut = cut_pieces(whole, at)
    inside = touched[cut.road].copy()
    rows = np.flatnonzero(inside)
    middles = shapely.line_interpolate_point(cut.lines()[rows], 0.5, normalized=True)
    inside[rows] = shapely.covers(zone, middles)
    return Pieces(cut.xy, cut.starts, cut.keys, cut.road, inside)


def _whole(xy: FloatArray, counts: IntArray, keys: IntArray) -> Pieces:
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Pieces(xy, starts, keys, np.arange(len(counts)), np.zeros(len(counts), bool))


def cut_pieces(pieces: Pieces, at: dict[int, FloatArray]) -> Pieces:
    """Pieces cut at distances along them; the others stay as they are.

    Parameters
    ----------
    at
        Piece -> metres along it. Distances at its ends cut nothing.
    """
    if not at:
        return pieces
    xy, keys, counts, road, in_zone = [], [], [], [], []
    done = 0
    for p in sorted(at):
        plain = slice(int(pieces.starts[done]), int(pieces.starts[p]))
        xy.append(pieces.xy[plain])
        keys.append(pieces.keys[plain])
        counts += np.diff(pieces.starts[done : p + 1]).tolist()
        road += pieces.road[done:p].tolist()
        in_zone += pieces.in_zone[done:p].tolist()
        for part_xy, part_keys in _cut(pieces, p, at[p]):
            xy.append(part_xy)
            keys.append(part_keys)
            counts.append(len(part_xy))
            road.append(int(pieces.road[p]))
            in_zone.append(bool(pieces.in_zone[p]))
        done = p + 1
    rest = slice(int(pieces.starts[done]), None)
    xy.append(pieces.xy[rest])
    keys.append(pieces.keys[rest])
    counts += np.diff(pieces.starts[done:]).tolist()
    road += pieces.road[done:].tolist()
    in_zone += pieces.in_zone[done:].tolist()
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Pieces(
        np.concatenate(xy),
        starts,
        np.concatenate(keys),
        np.array(road, np.int64),
        np.array(in_zone, bool),
    )


def cut_key(pieces: Pieces, piece: int, along: float) -> int:
    """The key of the place at a distance along a piece: that of a vertex near it, or of the cut."""
    span = slice(int(pieces.starts[piece]), int(pieces.starts[piece + 1]))
    vertex = _near_vertex(_along(pieces.xy[span]), along)
    return int(pieces.keys[span][vertex]) if vertex >= 0 else _own_key(pieces, piece, along)


def _own_key(pieces: Pieces, piece: int, along: float) -> int:
    """A negative number for a cut that belongs to one road alone: the road, and where on it."""
    first = int(np.searchsorted(pieces.road, pieces.road[piece]))
    before = slice(int(pieces.starts[first]), int(pieces.starts[piece]))
    lead = float(_along(pieces.xy[before])[-1]) if before.stop > before.start else 0.0
    return -(1 + int(pieces.road[piece]) * (1 << 40) + round((lead + along) * _MM))


def _along(xy: FloatArray) -> FloatArray:
    steps = np.hypot(*np.diff(xy, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _near_vertex(metres: FloatArray, along: float) -> int:
    """The vertex within a millimetre of a distance, or -1."""
    nearest = int(np.abs(metres - along).argmin())
    return nearest if abs(float(metres[nearest]) - along) <= NEAR_M else -1


def _cut(pieces: Pieces, piece: int, distances: FloatArray) -> list[tuple[FloatArray, IntArray]]:
    """Vertices and keys of the parts of one piece."""
    span = slice(int(pieces.starts[piece]), int(pieces.starts[piece + 1]))
    xy, keys = pieces.xy[span], pieces.keys[span]
    metres = _along(xy)
    for along in np.sort(distances).tolist():
        if _near_vertex(metres, along) >= 0 or not 0 < along < metres[-1]:
            continue
        k = int(np.searchsorted(metres, along))
        share = (along - metres[k - 1]) / (metres[k] - metres[k - 1])
        place = xy[k - 1] + share * (xy[k] - xy[k - 1])
        xy, keys = (
            np.insert(xy, k, place, axis=0),
            np.insert(keys, k, _own_key(pieces, piece, along)),
        )
        metres = np.insert(metres, k, along)
    marks = {_near_vertex(metres, along) for along in distances.tolist()}
    bounds = [0, *sorted(m for m in marks if 0 < m < len(xy) - 1), len(xy) - 1]
    return [(xy[a : b + 1], keys[a : b + 1]) for a, b in pairwise(bounds)]
