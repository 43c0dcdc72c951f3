"""Segments: what one set of closed valves cuts off together (阀门分区).

Nodes and links are the vertices of a graph, the ends of links its edges. A valve takes out the
edge it sits on; what still hangs together is a segment. A link that is shut hangs together with
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse.csgraph import connected_components

from underground.axes import BoolArray, IntArray, offsets
from underground.network.model import Network, plain_matrix
from underground.network.valves import ValveLayer


@dataclass(frozen=True)
class Partition:
    """Segments 0 to count - 1, numbered by their first node, then by their first link.

    ``of_node`` is (n,), ``of_link`` (m,); a segment may hold one node and no link.
    """

    of_node: IntArray
    of_link: IntArray
    count: int

    @cached_property
    def links_by_segment(self) -> tuple[IntArray, IntArray]:
        """Links in the order of segments, and (count + 1,) offsets."""
        return _grouped(self.of_link, self.count)

    @cached_property
    def nodes_by_segment(self) -> tuple[IntArray, IntArray]:
        """Nodes in the order of segments, and (count + 1,) offsets."""
        return _grouped(self.of_node, self.count)

    def links_in(self, segments: IntArray) -> IntArray:
        """Links of some segments, ascending."""
        return _members(self.links_by_segment, segments)

    def nodes_in(self, segments: IntArray) -> IntArray:
        """Nodes of some segments, ascending."""
        return _members(self.nodes_by_segment, segments)


def _grouped(labels: IntArray, count: int) -> tuple[IntArray, IntArray]:
    n = len(labels)
    order = np.argsort(labels * n + np.arange(n))  # ascending inside of each segment
    return order, offsets(np.bincount(labels, minlength=count))


def _members(grouped: tuple[IntArray, IntArray], segments: IntArray) -> IntArray:
    order, first = grouped
    parts = [order[first[s] : first[s + 1]] for s in segments.tolist()]
    return np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int64)


def segments(network: Network, valves: ValveLayer, *, respect_status: bool = False) -> Partition:
    """The segments into which valves cut a network.

    Parameters
    ----------
    respect_status
        Whether links that are shut conduct nothing; else every link conducts.

    Examples
    --------
    >>> from underground.network.model import network_of
    >>> from underground.network.valves import valve_layer
    >>> net = network_of("ABC", [("p", "A", "B"), ("q", "B", "C")])
    >>> found = segments(net, valve_layer(net, [("p", "B")]))
    >>> found.of_node.tolist(), found.of_link.tolist()
    ([0, 1, 1], [0, 1])
    """
    n, m = len(network.nodes), len(network.links)
    at_tail, at_head = open_ends(network, valves, respect_status=respect_status)
    every = np.arange(m)
    link = np.concatenate([every[at_tail], every[at_head]])
    node = np.concatenate([network.tail[at_tail], network.head[at_head]])
    labels = components(node, link + n, n + m)
    return Partition(labels[:n], labels[n:], int(labels.max(initial=-1)) + 1)


def open_ends(
    network: Network, valves: ValveLayer, *, respect_status: bool
) -> tuple[BoolArray, BoolArray]:
    """(m,) whether each link hangs together with its tail and with its head."""
    at_tail, at_head = valves.blocks(network)
    shut = network.is_closed if respect_status else np.zeros(len(network.links), bool)
    return ~at_tail & ~shut, ~at_head & ~shut


def components(a: IntArray, b: IntArray, n: int) -> IntArray:
    """(n,) component of each vertex of a graph of edges (a, b), numbered by first vertex."""
    count, labels = connected_components(plain_matrix(a, b, n), directed=False)
    first = np.full(count, n, np.int64)
    np.minimum.at(first, labels, np.arange(n))
    rank = np.empty(count, np.int64)
    rank[np.argsort(first)] = np.arange(count)
    return np.asarray(rank[labels], np.int64)
