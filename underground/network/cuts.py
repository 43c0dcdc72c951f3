"""What a graph loses with one vertex: articulation points by one depth-first search (Tarjan 1972)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import depth_first_order

from underground.axes import IntArray, offsets


@dataclass(frozen=True)
class CutIndex:
    """A depth-first search from a root, so that losses of any one vertex are ranges.

    Attributes
    ----------
    order
        (r,) reached vertices as the search met them; the root first.
    place
        (n,) position in `order`, -1 where the root does not reach.
    size
        (r,) vertices below each, itself included, by position.
    children, first
        Positions of children that are cut off when their parent goes, by the parent's position:
        ``children[first[p]:first[p + 1]]``.
    """

    order: IntArray
    place: IntArray
    size: IntArray
    children: IntArray
    first: IntArray

    def lost_with(self, vertex: int) -> IntArray:
        """Vertices that the root no longer reaches when `vertex` goes; without it itself."""
        p = int(self.place[vertex])
        if p < 0:
            return np.empty(0, np.int64)
        tops = self.children[self.first[p] : self.first[p + 1]].tolist()
        parts = [self.order[t : t + int(self.size[t])] for t in tops]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)


def cut_index(graph: sparse.csr_array, root: int) -> CutIndex:
    """The index of an undirected graph, given with both directions of every edge.

    Examples
    --------
    >>> chain = sparse.csr_array(np.diag([1.0, 1, 1], 1) + np.diag([1.0, 1, 1], -1))
    >>> cut_index(chain, 0).lost_with(1).tolist()
    [2, 3]
    """
    n = graph.shape[0]
    order, parent = depth_first_order(graph, root, directed=True, return_predecessors=True)
    order = order.astype(np.int64)
    r = len(order)
    place = np.full(n, -1, np.int64)
    place[order] = np.arange(r)
    up = np.where(parent[order] >= 0, place[np.maximum(parent[order], 0)], -1)
    low, size = _accumulated(_earliest(graph, order, place), up)
    child = np.arange(1, r)
    cut = child[low[1:] >= up[1:]]
    by_parent = cut[np.argsort(up[cut], kind="stable")]
    return CutIndex(order, place, size, by_parent, offsets(np.bincount(up[cut], minlength=r)))


def _earliest(graph: sparse.csr_array, order: IntArray, place: IntArray) -> IntArray:
    """(r,) earliest position among each reached vertex and its neighbours, by position."""
    r = len(order)
    pointer = graph.indptr.astype(np.int64)
    counts = np.diff(pointer)
    neighbour = place[graph.indices]
    out = np.arange(r)
    filled = np.flatnonzero(counts > 0)
    if len(filled):
        least = np.minimum.reduceat(neighbour, pointer[filled])
        reached = place[filled] >= 0
        at = place[filled[reached]]
        out[at] = np.minimum(out[at], least[reached])
    return out


def _accumulated(earliest: IntArray, up: IntArray) -> tuple[IntArray, IntArray]:
    """Least of `earliest` below each position, and how many positions lie below, itself included.

    One pass from the last to the first: every position comes after its parent.
    """
    low, size, above = earliest.tolist(), [1] * len(up), up.tolist()
    for i in range(len(above) - 1, 0, -1):
        p = above[i]
        size[p] += size[i]
        if low[i] < low[p]:
            low[p] = low[i]
    return np.array(low, np.int64), np.array(size, np.int64)
