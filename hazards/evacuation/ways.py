"""The way from each place of a network to each shelter.

Outside the zone a way uses no edge of the zone. Who is in the zone leaves it first and does not
enter it again: as long as he is in it he moves on copies of its places, and the only steps from
the copies lead out at gates. Among the ways to one shelter that with the least time in the zone is
taken, and of those the quickest. There are two copies: from the first only gates that are not
downwind lead out, from the second all; the second is used only where the first leads nowhere.

Times are whole hundredths of a second, so that sums do not depend on their order. A weight holds
both times, that within the zone in the high digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from gis.errors import InvalidError
from hazards.evacuation.network import Network

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
TICKS_PER_S = 100
#: What a tick within the zone weighs more than one outside: longer than any way, 7.8 days.
IN_ZONE = 1 << 26
#: Ways from so many pairs of places and targets are kept at once: 1.8 GB.
MOST_PAIRS = 150_000_000


@dataclass(frozen=True)
class Graph:
    """Steps of a network with copies of the places in the zone.

    Attributes
    ----------
    size
        Number of places with the copies.
    copies
        (2, n) the first and the second copy of each place; the place itself where the zone does
        not touch it.
    ticks
        (e,) hundredths of a second along each edge at the planned speed.
    forward, backward
        (e,) whether an edge may be passed in the direction in which it is drawn, and against it.
    tail, head, edge
        (a,) steps, by tail and head; of parallel edges the quickest. Leaving the zone is edge -1.
    weight
        (a,) see the module.
    """

    size: int
    copies: IntArray
    ticks: IntArray
    forward: BoolArray
    backward: BoolArray
    tail: IntArray
    head: IntArray
    edge: IntArray
    weight: IntArray

    @cached_property
    def originals(self) -> IntArray:
        """(s,) the place that each place or copy stands for."""
        n = self.copies.shape[1]
        out = np.empty(self.size, np.int64)
        for copy in self.copies:
            out[copy] = np.arange(n)
        out[:n] = np.arange(n)
        return out

    @cached_property
    def _keys(self) -> IntArray:
        return self.tail * self.size + self.head

    def step(self, tail: IntArray, head: IntArray) -> IntArray:
        """Positions of the steps between places."""
        return np.searchsorted(self._keys, tail * self.size + head)


def ticks_of(seconds: FloatArray) -> IntArray:
    """Whole hundredths of a second, half to even.

    Examples
    --------
    >>> ticks_of(np.array([1.0, 0.004])).tolist()
    [100, 0]
    """
    return np.rint(seconds * TICKS_PER_S).astype(np.int64)


def graph_of(
    network: Network, seconds: FloatArray, one_way: IntArray, downwind: BoolArray
) -> Graph:
    """The steps that people may take.

    Parameters
    ----------
    seconds
        (e,) along each edge.
    one_way
        (e,) 1 along the edge only, -1 against it only, 0 both.
    downwind
        (n,) places at which the zone is left only where nothing else leads out.

    Examples
    --------
    >>> import shapely
    >>> from hazards.evacuation.network import network_of
    >>> from hazards.evacuation.pieces import pieces_of
    >>> road = np.array([shapely.LineString([(0, 0), (100, 0)])], object)
    >>> net = network_of(pieces_of(road, None))
    >>> graph = graph_of(net, net.length_m / 2.0, np.zeros(1, np.int64), np.zeros(2, bool))
    >>> graph.weight.tolist()
    [5000, 5000]
    """
    n = len(network.xy)
    held = np.flatnonzero(network.touches_zone)
    copies = np.tile(np.arange(n), (2, 1))
    copies[0, held] = n + np.arange(len(held))
    copies[1, held] = n + len(held) + np.arange(len(held))
    ticks = ticks_of(seconds)
    forward, backward = one_way >= 0, one_way <= 0
    edge = np.concatenate([np.flatnonzero(forward), np.flatnonzero(backward)])
    tail = np.concatenate([network.tail[forward], network.head[backward]])
    head = np.concatenate([network.head[forward], network.tail[backward]])
    out, zone = ~network.in_zone[edge], network.in_zone[edge]
    parts = [(tail[out], head[out], edge[out], ticks[edge[out]])]
    for copy in copies:
        weight = ticks[edge[zone]] * (IN_ZONE + 1)
        parts.append((copy[tail[zone]], copy[head[zone]], edge[zone], weight))
    gates = np.flatnonzero(network.gates)
    for copy, open_ in ((copies[0], gates[~downwind[gates]]), (copies[1], gates)):
        none = np.full(len(open_), -1)
        parts.append((copy[open_], open_, none, np.zeros(len(open_), np.int64)))
    tails, heads, edges, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
    size = n + 2 * len(held)
    kept = _quickest(tails, heads, edges, weights, size)
    steps = (column[kept] for column in (tails, heads, edges, weights))
    return Graph(size, copies, ticks, forward, backward, *steps)


def _quickest(
    tail: IntArray, head: IntArray, edge: IntArray, weight: IntArray, size: int
) -> IntArray:
    """Steps by tail and head, of parallel ones the quickest, of equal ones the first edge."""
    key = tail * size + head
    order = np.lexsort((edge, weight, key))
    first = np.ones(len(order), bool)
    first[1:] = key[order][1:] != key[order][:-1]
    return order[first]


@dataclass(frozen=True)
class Ways:
    """Ways to k targets.

    Attributes
    ----------
    weight
        (k, s) least weight from each place and copy to each target, infinite without a way.
    next
        (k, s) the next place on that way; negative at the target and without a way.
    """

    weight: FloatArray
    next: npt.NDArray[np.int32]


def ways_to(graph: Graph, targets: IntArray) -> Ways:
    """The ways from everywhere to targets; Dijkstra on the steps turned round.

    Raises
    ------
    InvalidError
        ``evacuation.too_long`` when a way takes longer than 7.8 days; ``evacuation.too_large``
        when targets times places need more memory than `MOST_PAIRS`.
    """
    if len(targets) * graph.size > MOST_PAIRS:
        raise InvalidError(
            "evacuation.too_large",
            "避难场所 {shelters} 处、路网节点 {places} 个，超出一次能算的规模",
            field="shelters",
            params={"shelters": len(targets), "places": graph.size},
            hint="裁剪道路，或去掉较远的避难场所",
        )
    if not len(targets):
        shape = (0, graph.size)
        return Ways(np.empty(shape), np.empty(shape, np.int32))
    weight, before = dijkstra(
        _matrix(graph.head, graph.tail, graph.weight, graph.size),
        indices=targets,
        return_predecessors=True,
    )
    known = weight[np.isfinite(weight)]
    if len(known) and (known % IN_ZONE + known // IN_ZONE).max() >= IN_ZONE:
        raise InvalidError("evacuation.too_long", "有的路线超过 7 天，速度或坐标可能有误")
    return Ways(weight, before)


def leads_out(graph: Graph, network: Network) -> BoolArray:
    """(n,) whether a way within the zone leads from a place to any gate."""
    gates = graph.copies[1][network.gates]
    n = len(network.xy)
    if not len(gates):
        return np.zeros(n, bool)
    turned = _matrix(graph.head, graph.tail, graph.weight, graph.size)
    found = dijkstra(turned, indices=gates, min_only=True)
    return np.asarray(np.isfinite(found[graph.copies[1]]) & network.touches_zone, bool)


def ways_from(graph: Graph, start: int) -> FloatArray:
    """(s,) least weight from a place outside the zone to everywhere outside it."""
    plain = _matrix(graph.tail, graph.head, graph.weight, graph.size)
    return np.asarray(dijkstra(plain, indices=start), np.float64)


def _matrix(rows: IntArray, columns: IntArray, weight: IntArray, size: int) -> csr_array:
    order = np.argsort(rows, kind="stable")
    starts = np.zeros(size + 1, np.int32)
    np.cumsum(np.bincount(rows, minlength=size), out=starts[1:])
    data = weight[order].astype(np.float64)
    return csr_array((data, columns[order].astype(np.int32), starts), shape=(size, size))
