"""The network of roads: places where roads meet, edges between them, each in or out of the zone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from gis.features import ObjectArray
from hazards.evacuation.pieces import Pieces

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Network:
    """n places and e edges.

    Attributes
    ----------
    xy
        (n, 2) metres.
    keys
        (n,) ascending; see `hazards.evacuation.pieces.Pieces`.
    tail, head
        (e,) places at the ends, in the direction in which the road is drawn.
    length_m
        (e,) metres along the road.
    road
        (e,) row of the road.
    in_zone
        (e,) whether the edge lies in the zone.
    vertices, starts
        (c, 2) vertices of the edges, and (e + 1,) where each begins.
    """

    xy: FloatArray
    keys: IntArray
    tail: IntArray
    head: IntArray
    length_m: FloatArray
    road: IntArray
    in_zone: BoolArray
    vertices: FloatArray
    starts: IntArray

    def __len__(self) -> int:
        return len(self.tail)

    @cached_property
    def lines(self) -> ObjectArray:
        """(e,) edges as LineStrings."""
        owner = np.repeat(np.arange(len(self)), np.diff(self.starts))
        return np.asarray(shapely.linestrings(self.vertices, indices=owner), object)

    def places(self, keys: IntArray) -> IntArray:
        """(k,) the places of keys; -1 where there is none."""
        if not len(self.keys):
            return np.full(len(keys), -1)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, at, -1)

    @cached_property
    def touches_zone(self) -> BoolArray:
        """(n,) whether an edge in the zone ends at a place."""
        return self._at_ends(self.in_zone)

    @cached_property
    def touches_outside(self) -> BoolArray:
        """(n,) whether an edge outside the zone ends at a place."""
        return self._at_ends(~self.in_zone)

    @property
    def gates(self) -> BoolArray:
        """(n,) places at which roads enter or leave the zone."""
        return self.touches_zone & self.touches_outside

    def _at_ends(self, edges: BoolArray) -> BoolArray:
        out = np.zeros(len(self.xy), bool)
        out[self.tail[edges]] = True
        out[self.head[edges]] = True
        return out

    def parts(self) -> IntArray:
        """(n,) number of the part that hangs together, whatever the direction and the zone."""
        n = len(self.xy)
        graph = csr_array((np.ones(len(self)), (self.tail, self.head)), shape=(n, n))
        _, labels = connected_components(graph, directed=False)
        return np.asarray(labels, np.int64)


def network_of(pieces: Pieces) -> Network:
    """The network of pieces of roads.

    Roads meet where they share a vertex, whether an end or not. An edge that leads back to where
    it began is cut in its middle; one without length is left out.

    Examples
    --------
    >>> from hazards.evacuation.pieces import pieces_of
    >>> lines = [shapely.LineString([(0, 0), (5, 0), (10, 0)]), shapely.LineString([(5, 0), (5, 5)])]
    >>> net = network_of(pieces_of(np.array(lines, object), None))
    >>> net.length_m.tolist(), len(net.xy)
    ([5.0, 5.0, 5.0], 4)
    """
    keys, first, of_vertex, times = np.unique(
        pieces.keys, return_index=True, return_inverse=True, return_counts=True
    )
    piece_of = np.repeat(np.arange(len(pieces.road)), np.diff(pieces.starts))
    stop = times[of_vertex] >= 2
    stop[pieces.starts[:-1]] = True
    stop[pieces.starts[1:] - 1] = True
    stop |= _middles_of_loops(stop, of_vertex, piece_of)
    begin, end = _spans(stop, piece_of)
    steps = np.hypot(*np.diff(pieces.xy, axis=0).T) if len(pieces.xy) > 1 else np.empty(0)
    along = np.concatenate([[0.0], np.cumsum(np.where(piece_of[1:] == piece_of[:-1], steps, 0.0))])
    kept = (along[end] - along[begin] > 0) & (of_vertex[begin] != of_vertex[end])
    begin, end = begin[kept], end[kept]
    used, renumbered = np.unique(
        np.concatenate([of_vertex[begin], of_vertex[end]]), return_inverse=True
    )
    counts = end - begin + 1
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    picked = np.repeat(begin - starts[:-1], counts) + np.arange(int(starts[-1]))
    piece = piece_of[begin]
    return Network(
        xy=pieces.xy[first[used]],
        keys=keys[used],
        tail=renumbered[: len(begin)],
        head=renumbered[len(begin) :],
        length_m=along[end] - along[begin],
        road=pieces.road[piece],
        in_zone=pieces.in_zone[piece],
        vertices=pieces.xy[picked],
        starts=starts,
    )


def _spans(stop: BoolArray, piece_of: IntArray) -> tuple[IntArray, IntArray]:
    """First and last vertex of each edge: neighbouring stops of one piece."""
    at = np.flatnonzero(stop)
    same = piece_of[at[:-1]] == piece_of[at[1:]] if len(at) else np.empty(0, bool)
    return at[:-1][same], at[1:][same]


def _middles_of_loops(stop: BoolArray, of_vertex: IntArray, piece_of: IntArray) -> BoolArray:
    """(c,) a vertex within each edge that leads back to where it began."""
    out = np.zeros(len(stop), bool)
    begin, end = _spans(stop, piece_of)
    loops = (of_vertex[begin] == of_vertex[end]) & (end - begin >= 2)
    out[(begin[loops] + end[loops]) // 2] = True
    return out
