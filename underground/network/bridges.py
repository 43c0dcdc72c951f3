"""Links whose loss parts the network, and the way water must take through them."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components, depth_first_order

from underground.axes import BoolArray, IntArray
from underground.network.model import Network, unique_matrix


def bridges(network: Network, use: BoolArray | None = None) -> BoolArray:
    """(m,) whether a link is a bridge: without it its ends no longer hang together.

    Examples
    --------
    >>> from underground.network.model import network_of
    >>> net = network_of("ABC", [("p", "A", "B"), ("q", "B", "C"), ("r", "B", "C")])
    >>> bridges(net).tolist()
    [True, False, False]
    """
    n, m = len(network.nodes), len(network.links)
    used = np.ones(m, bool) if use is None else use
    out = np.zeros(m, bool)
    if not used.any():
        return out
    link = np.flatnonzero(used)
    graph, count = _counted(network.tail[link], network.head[link], n)
    _, label = connected_components(graph, directed=False)
    first = np.unique(label, return_index=True)[1]
    # A vertex more, joined to one node of every part, so that one search meets them all.
    root = n
    rows, columns = graph.nonzero()
    a = np.concatenate([rows, np.full(len(first), root), first])
    b = np.concatenate([columns, first, np.full(len(first), root)])
    whole = unique_matrix(a, b, np.ones(len(a), np.int64), n + 1)
    parent_of = _tree_bridges(whole, root, count)
    tail, head = network.tail[link], network.head[link]
    down = (parent_of[head] == tail) & (tail != head)
    up = (parent_of[tail] == head) & (tail != head)
    out[link] = down | up
    return out


def _counted(a: IntArray, b: IntArray, n: int) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Neighbours, and how many links join them."""
    ones = np.ones(2 * len(a))
    both = (np.concatenate([a, b]), np.concatenate([b, a]))
    count = sparse.coo_array((ones, both), shape=(n, n)).tocsr()
    count.sum_duplicates()
    return count, count


def _tree_bridges(graph: sparse.csr_array, root: int, count: sparse.csr_array) -> IntArray:
    """(n,) parent of each vertex that hangs on it by a single bridge, else -1."""
    order, parent = depth_first_order(graph, root, directed=True, return_predecessors=True)
    order, r = order.astype(np.int64), len(order)
    place = np.full(graph.shape[0], -1, np.int64)
    place[order] = np.arange(r)
    up = np.where(parent[order] >= 0, place[np.maximum(parent[order], 0)], -1).tolist()
    pointer, neighbour = count.indptr.tolist(), place[count.indices].tolist()
    many = (count.data > 1).tolist()
    low = list(range(r))
    vertices = order.tolist()
    out = np.full(graph.shape[0] - 1, -1, np.int64)
    for i in range(r - 1, 0, -1):
        least, above = low[i], up[i]
        v = vertices[i]
        for k in range(pointer[v], pointer[v + 1]):
            p = neighbour[k]
            if p < least and (p != above or many[k]):
                least = p
        if least < low[above]:
            low[above] = least
        if least == i and above > 0:
            out[v] = vertices[above]
    return out


def flow_by_sources(network: Network, use: BoolArray | None = None) -> IntArray:
    """(m,) direction in which water must flow: 1 tail to head, -1 back, 0 undetermined.

    Determined is a link behind which there is no source and no other way in: all that lies
    there drinks through it. Links in loops, and between sources, are undetermined.

    Examples
    --------
    >>> from underground.network.model import network_of
    >>> net = network_of("RAB", [("p", "R", "A"), ("q", "B", "A")], sources="R")
    >>> flow_by_sources(net).tolist()
    [1, -1]
    """
    n, m = len(network.nodes), len(network.links)
    used = np.ones(m, bool) if use is None else use
    out = np.zeros(m, np.int64)
    fed = np.flatnonzero(network.is_source)
    link = np.flatnonzero(used)
    if not len(fed) or not len(link):
        return out
    a = np.concatenate([network.tail[link], np.full(len(fed), n)])
    b = np.concatenate([network.head[link], fed])
    graph, count = _counted(a, b, n + 1)
    rows, columns = graph.nonzero()
    plain = unique_matrix(rows, columns, np.ones(len(rows), np.int64), n + 1)
    hangs_on = _parents(plain, n, count)
    tail, head = network.tail[link], network.head[link]
    out[link[(hangs_on[head] == tail) & (tail != head)]] = 1
    out[link[(hangs_on[tail] == head) & (tail != head)]] = -1
    return out


def _parents(graph: sparse.csr_array, root: int, count: sparse.csr_array) -> IntArray:
    """`_tree_bridges` for a graph that holds the root itself."""
    padded = sparse.csr_array(
        (graph.data, graph.indices, np.append(graph.indptr, graph.indptr[-1])),
        shape=(graph.shape[0] + 1, graph.shape[0] + 1),
    )
    return _tree_bridges(padded, root, count)
