"""Isolation (关阀): which valves close a burst link off, and what else loses its water.

Segments are the vertices of a graph, valves its edges, and one vertex more is joined to every
segment that holds a source. What loses its supply with a segment is what that vertex no longer
reaches: the parts behind an articulation point. One search prepares the answers for all links.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import breadth_first_order, dijkstra

from underground.axes import BoolArray, FloatArray, IntArray, offsets
from underground.network.cuts import CutIndex, cut_index
from underground.network.model import Network, plain_matrix
from underground.network.partition import Partition, segments
from underground.network.valves import ValveLayer

#: Added to every length, because a stored 0 would be no edge.
_LEAST_M = 1e-9


@dataclass(frozen=True)
class Isolation:
    """Answer for one burst link; positions in the network and the valve layer.

    Attributes
    ----------
    close
        Valves to close, nearest first along the pipes.
    distance_m
        Metres from the middle of the link to each of them.
    links, nodes
        What lies between these valves, the link itself included.
    unintended_links
        Links outside that had a source and have none any more.
    not_needed
        Which of `close` lead only to what loses its source anyway: closing them changes nothing.
    has_source
        Whether a tank or reservoir lies inside of the closed part.
    """

    close: IntArray
    distance_m: FloatArray
    links: IntArray
    nodes: IntArray
    unintended_links: IntArray
    not_needed: BoolArray
    has_source: bool


@dataclass(frozen=True)
class IsolationIndex:
    """A network with its valves, prepared for many questions.

    Attributes
    ----------
    respect_status
        Whether links that are shut conduct nothing and check valves one way only.
    """

    network: Network
    valves: ValveLayer
    partition: Partition
    respect_status: bool = False

    # -- the graph of segments -----------------------------------------------------------

    @cached_property
    def sides(self) -> tuple[IntArray, IntArray]:
        """(v,) segment on the link's side and on the node's side of each valve; -1 at shut links."""
        link_side = self.partition.of_link[self.valves.link]
        node_side = self.partition.of_node[self.valves.node]
        if self.respect_status:
            shut = self.network.is_closed[self.valves.link]
            return np.where(shut, -1, link_side), np.where(shut, -1, node_side)
        return link_side, node_side

    @cached_property
    def has_source(self) -> BoolArray:
        """(count,) whether a segment holds a tank or reservoir."""
        out = np.zeros(self.partition.count, bool)
        out[self.partition.of_node[self.network.is_source]] = True
        return out

    @property
    def root(self) -> int:
        """The vertex that stands for all sources."""
        return self.partition.count

    @cached_property
    def graph(self) -> sparse.csr_array:
        """Segments joined by valves, and the root joined to segments with sources."""
        a, b = self.sides
        keep = (a >= 0) & (b >= 0) & (a != b)
        fed = np.flatnonzero(self.has_source)
        a, b = (
            np.concatenate([a[keep], fed]),
            np.concatenate([b[keep], np.full(len(fed), self.root)]),
        )
        rows, columns = np.concatenate([a, b]), np.concatenate([b, a])
        return plain_matrix(rows, columns, self.partition.count + 1)

    @cached_property
    def cuts(self) -> CutIndex:
        """What is lost with each segment."""
        return cut_index(self.graph, self.root)

    @cached_property
    def valves_by_segment(self) -> tuple[IntArray, IntArray]:
        """Valves at each segment (a valve with both sides in one counts once), and offsets."""
        a, b = self.sides
        every = np.arange(len(a))
        segment = np.concatenate([a, b[a != b]])
        valve = np.concatenate([every, every[a != b]])
        known = segment >= 0
        segment, valve = segment[known], valve[known]
        order = np.argsort(segment)
        return valve[order], offsets(np.bincount(segment, minlength=self.partition.count))

    def prepare(self) -> IsolationIndex:
        """Compute at once what answers need, and give the index back."""
        _ = (self.cuts, self.valves_by_segment, self.partition.links_by_segment)
        _ = (self.partition.nodes_by_segment, self._one_way)
        if self._one_way:
            _ = self._supplied
        return self

    # -- questions -----------------------------------------------------------------------

    def isolate(self, link: int, exclude: Sequence[int] = ()) -> Isolation:
        """How to close off a link.

        Parameters
        ----------
        link
            Position of the burst link.
        exclude
            Positions of valves that cannot be closed; the search goes on behind them.

        Examples
        --------
        >>> from underground.network.model import network_of
        >>> from underground.network.valves import valve_layer
        >>> pipes = [("p", "R", "A"), ("q", "A", "B"), ("r", "B", "C")]
        >>> net = network_of("RABC", pipes, sources="R")
        >>> index = isolation_index(net, valve_layer(net, [("p", "A"), ("q", "B")]))
        >>> found = index.isolate(1)
        >>> net.links[found.links].tolist(), net.links[found.unintended_links].tolist()
        (['q'], ['r'])
        """
        closed = self._closed_part(int(self.partition.of_link[link]), set(exclude))
        valves = self._border(closed, set(exclude))
        lost_segments, lost_links = self._lost(closed)
        links = self.partition.links_in(closed)
        nodes = self.partition.nodes_in(closed)
        distance = self._distances(link, links, nodes, valves)
        order = np.lexsort((valves, distance))
        close = valves[order]
        return Isolation(
            close=close,
            distance_m=distance[order],
            links=links,
            nodes=nodes,
            unintended_links=lost_links,
            not_needed=self._not_needed(close, closed, lost_segments),
            has_source=bool(self.has_source[closed].any()),
        )

    def _at_segment(self, segment: int) -> list[int]:
        valves, first = self.valves_by_segment
        found: list[int] = valves[first[segment] : first[segment + 1]].tolist()
        return found

    def _closed_part(self, segment: int, exclude: set[int]) -> IntArray:
        """Segments that hang together through valves that cannot be closed."""
        a, b = self.sides
        part, waiting = {segment}, [segment]
        while waiting and exclude:
            for valve in self._at_segment(waiting.pop()):
                if valve in exclude:
                    for other in (int(a[valve]), int(b[valve])):
                        if other >= 0 and other not in part:
                            part.add(other)
                            waiting.append(other)
        return np.array(sorted(part), np.int64)

    def _border(self, closed: IntArray, exclude: set[int]) -> IntArray:
        """Valves with one side inside and one outside."""
        a, b = self.sides
        near = {v for s in closed.tolist() for v in self._at_segment(s)} - exclude
        valves = np.array(sorted(near), np.int64)
        inside = np.isin(a[valves], closed).astype(int) + np.isin(b[valves], closed).astype(int)
        return np.asarray(valves[inside == 1], np.int64)

    def _not_needed(self, close: IntArray, closed: IntArray, lost: IntArray) -> BoolArray:
        a, b = self.sides
        outer = np.where(np.isin(a[close], closed), b[close], a[close])
        return np.asarray(np.isin(outer, lost), bool)

    # -- loss of supply ------------------------------------------------------------------

    def _lost(self, closed: IntArray) -> tuple[IntArray, IntArray]:
        """Segments outside that lose every source as wholes, and links outside that do."""
        if self._one_way:
            return self._lost_by_direction(closed)
        if len(closed) == 1:
            lost = self.cuts.lost_with(int(closed[0]))
        else:
            lost = self._lost_with_several(closed)
        return np.sort(lost), self.partition.links_in(lost)

    def _lost_with_several(self, closed: IntArray) -> IntArray:
        """Reached vertices that a search around several closed segments no longer meets.

        Edges into a closed segment are bent back to where they come from for the search.
        """
        graph = self.graph
        pointer = graph.indptr
        bent: list[tuple[int, int]] = []
        for segment in closed.tolist():
            for neighbour in graph.indices[pointer[segment] : pointer[segment + 1]].tolist():
                row = graph.indices[pointer[neighbour] : pointer[neighbour + 1]]
                at = pointer[neighbour] + np.flatnonzero(row == segment)
                bent += [(int(position), neighbour) for position in at]
        changed = graph.indices.copy()
        for at, neighbour in bent:
            changed[at] = neighbour
        search = sparse.csr_array((graph.data, changed, pointer), shape=graph.shape)
        reached = breadth_first_order(search, self.root, return_predecessors=False)
        lost = self.cuts.place >= 0
        lost[reached] = False
        lost[closed] = False
        return np.flatnonzero(lost)

    @cached_property
    def _one_way(self) -> bool:
        """Whether some link conducts one way only and that counts."""
        return self.respect_status and bool(self.network.is_one_way.any())

    @cached_property
    def _supplied(self) -> BoolArray:
        """(n + m,) nodes and links that water reaches through open valves and check valves."""
        return self._search(np.empty(0, np.int64))

    def _search(self, closed: IntArray) -> BoolArray:
        """(n + m,) nodes and links outside some segments that water reaches."""
        net, n = self.network, len(self.network.nodes)
        m = len(net.links)
        every = np.arange(m)
        usable = ~net.is_closed
        outside = np.ones(self.partition.count, bool)
        outside[closed] = False
        link_in = outside[self.partition.of_link] & usable
        node_in = outside[self.partition.of_node]
        tail, head = link_in & node_in[net.tail], link_in & node_in[net.head]
        back, against = tail & ~net.is_one_way, head & ~net.is_one_way
        rows = [net.tail[tail], every[head] + n, every[back] + n]
        columns = [every[tail] + n, net.head[head], net.tail[back]]
        rows += [net.head[against]]
        columns += [every[against] + n]
        root = n + m
        fed = np.flatnonzero(net.is_source & node_in)
        rows += [np.full(len(fed), root)]
        columns += [fed]
        a, b = np.concatenate(rows), np.concatenate(columns)
        graph = plain_matrix(a, b, root + 1)
        reached = np.zeros(root + 1, bool)
        reached[breadth_first_order(graph, root, return_predecessors=False)] = True
        return reached[:root]

    def _lost_by_direction(self, closed: IntArray) -> tuple[IntArray, IntArray]:
        n = len(self.network.nodes)
        inside = np.zeros(self.partition.count, bool)
        inside[closed] = True
        lost = self._supplied & ~self._search(closed)
        links = np.flatnonzero(lost[n:] & ~inside[self.partition.of_link])
        dry = np.ones(self.partition.count, bool)
        alive = self._supplied & ~lost
        dry[self.partition.of_node[alive[:n]]] = False
        dry[self.partition.of_link[alive[n:]]] = False
        return np.flatnonzero(dry & ~inside), links

    # -- distances -----------------------------------------------------------------------

    def _distances(
        self, link: int, links: IntArray, nodes: IntArray, valves: IntArray
    ) -> FloatArray:
        """Metres from the middle of a link to valves at the edge of its closed part.

        A valve whose node lies inside is as far as that node; one whose link lies inside is at
        the far end of that link.
        """
        net = self.network
        if not len(valves):
            return np.empty(0)
        of_node = np.append(_from_middle(net, link, links, nodes), np.inf)

        def reach(names: IntArray) -> FloatArray:
            at = np.minimum(np.searchsorted(nodes, names), max(len(nodes) - 1, 0))
            known = (nodes[at] == names) if len(nodes) else np.zeros(len(names), bool)
            return of_node[np.where(known, at, len(nodes))]

        on, beside = self.valves.link[valves], self.valves.node[valves]
        far = np.where(net.tail[on] == beside, net.head[on], net.tail[on])
        long = np.nan_to_num(net.length[on])
        through = np.where(on == link, long / 2, reach(far) + long)
        return np.where(np.isin(on, links), through, reach(beside))


def isolation_index(
    network: Network, valves: ValveLayer, *, respect_status: bool = False
) -> IsolationIndex:
    """The index of a network with its valves."""
    found = segments(network, valves, respect_status=respect_status)
    return IsolationIndex(network, valves, found, respect_status)


def _from_middle(network: Network, link: int, links: IntArray, nodes: IntArray) -> FloatArray:
    """Metres along `links` from the middle of one of them to each of `nodes` (ascending)."""
    k = len(nodes)
    ends = np.stack([network.tail[links], network.head[links]])
    at = np.minimum(np.searchsorted(nodes, ends), max(k - 1, 0))
    inside = (nodes[at] == ends) if k else np.zeros(ends.shape, bool)
    long = np.nan_to_num(network.length[links])
    own = links == link
    through = inside.all(axis=0)
    starts = at[:, own][inside[:, own]]
    a = np.concatenate([at[0, through], np.full(len(starts), k)])
    b = np.concatenate([at[1, through], starts])
    weight = np.concatenate([long[through], np.full(len(starts), long[own][0] / 2)])
    order = np.lexsort(
        (weight, np.maximum(a, b), np.minimum(a, b))
    )  # of parallel links the shortest
    a, b, weight = a[order], b[order], weight[order] + _LEAST_M
    key = np.minimum(a, b) * (k + 1) + np.maximum(a, b)
    first = np.unique(key, return_index=True)[1]
    graph = sparse.csr_array((weight[first], (a[first], b[first])), shape=(k + 1, k + 1))
    found = dijkstra(graph, directed=False, indices=k)
    return np.asarray(found[:k], np.float64)
