"""Questions along a network: what hangs together, which way, up and down the flow, where it ends."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import breadth_first_order, dijkstra

from gis.errors import NotFoundError
from underground.axes import BoolArray, FloatArray, IntArray
from underground.network.model import Network, plain_matrix


class Stop(StrEnum):
    """Why a trace does not go on at a node."""

    END = "end"
    SOURCE = "source"
    CLOSED = "closed"
    UNDETERMINED = "undetermined_flow"
    AGAINST = "flow_turns"


@dataclass(frozen=True)
class Trace:
    """Nodes and links that a trace met, ascending, and where it stopped.

    ``stops`` are (node, link or -1, reason): the link that it did not take.
    """

    nodes: IntArray
    links: IntArray
    stops: tuple[tuple[int, int, Stop], ...]


def connected(network: Network, node: int, use: BoolArray | None = None) -> Trace:
    """Everything that hangs together with a node, whatever the direction of flow.

    Examples
    --------
    >>> from underground.network.model import network_of
    >>> net = network_of("ABCD", [("p", "A", "B"), ("q", "C", "D")])
    >>> connected(net, 0).nodes.tolist()
    [0, 1]
    """
    graph = network.both_ways if use is None else _undirected(network, use)
    reached = np.zeros(len(network.nodes), bool)
    reached[breadth_first_order(graph, node, return_predecessors=False)] = True
    inside = reached[network.tail]
    if use is None:
        return Trace(np.flatnonzero(reached), np.flatnonzero(inside), ())
    stops = tuple(_shut_at(network, reached, use))
    return Trace(np.flatnonzero(reached), np.flatnonzero(use & inside), stops)


def _undirected(network: Network, used: BoolArray) -> sparse.csr_array:
    link = np.flatnonzero(used)
    rows = np.concatenate([network.tail[link], network.head[link]])
    columns = np.concatenate([network.head[link], network.tail[link]])
    return plain_matrix(rows, columns, len(network.nodes))


def _shut_at(network: Network, reached: BoolArray, used: BoolArray) -> list[tuple[int, int, Stop]]:
    out = []
    for link in np.flatnonzero(~used).tolist():
        for node in (int(network.tail[link]), int(network.head[link])):
            if reached[node]:
                out.append((node, link, Stop.CLOSED))
    return out


@dataclass(frozen=True)
class Path:
    """A way through the network: nodes and links in order, metres along it.

    ``forward`` says of each link whether it is passed from tail to head.
    """

    nodes: IntArray
    links: IntArray
    forward: BoolArray
    length_m: float


def path(network: Network, start: int, end: int, use: BoolArray | None = None) -> Path:
    """The shortest way between two nodes; links without a length count as 0.

    Raises
    ------
    NotFoundError
        The two do not hang together.

    Examples
    --------
    >>> from underground.network.model import network_of
    >>> net = network_of("ABC", [("p", "A", "B"), ("q", "C", "B")], lengths=[3, 4])
    >>> found = path(net, 0, 2)
    >>> found.links.tolist(), found.forward.tolist(), found.length_m
    ([0, 1], [True, False], 7.0)
    """
    used = np.arange(len(network.links)) if use is None else np.flatnonzero(use)
    graph, through = _shortest_links(network, used)
    _, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
    nodes = [end]
    while nodes[-1] != start:
        previous = int(before[nodes[-1]])
        if previous < 0:
            raise NotFoundError(
                "network.no_path",
                "{got} 与 {expected} 不连通",
                got=str(network.nodes[start]),
                expected=str(network.nodes[end]),
            )
        nodes.append(previous)
    nodes.reverse()
    links = [through[min(a, b), max(a, b)] for a, b in itertools.pairwise(nodes)]
    along = np.array(links, np.int64)
    forward = network.tail[along] == np.array(nodes[:-1], np.int64)
    length = float(np.nansum(network.length[along])) if len(along) else 0.0
    return Path(np.array(nodes, np.int64), along, np.asarray(forward, bool), length)


def _shortest_links(
    network: Network, used: IntArray
) -> tuple[sparse.csr_array, dict[tuple[int, int], int]]:
    """Weights between nodes, and the link that has them: of parallel ones the shortest."""
    tail, head = network.tail[used], network.head[used]
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    weight = np.nan_to_num(network.length[used]) + 1e-9
    order = np.lexsort((used, weight, high, low))
    low, high, weight, link = low[order], high[order], weight[order], used[order]
    n = len(network.nodes)
    first = np.unique(low * n + high, return_index=True)[1]
    graph = sparse.csr_array((weight[first], (low[first], high[first])), shape=(n, n))
    keys = zip(low[first].tolist(), high[first].tolist(), strict=True)
    return graph, dict(zip(keys, link[first].tolist(), strict=True))


def along_flow(
    network: Network,
    node: int,
    flow: IntArray,
    *,
    upstream: bool,
    use: BoolArray | None = None,
) -> Trace:
    """Everything downstream (or upstream) of a node, and why the search ends where it does.

    Parameters
    ----------
    flow
        (m,) 1 from tail to head, -1 back, 0 undetermined: such a link is not taken, and is named.

    Examples
    --------
    >>> from underground.network.model import network_of
    >>> net = network_of("ABC", [("p", "A", "B"), ("q", "B", "C")])
    >>> found = along_flow(net, 0, np.array([1, 0]), upstream=False)
    >>> found.nodes.tolist(), [(n, k, str(r)) for n, k, r in found.stops]
    ([0, 1], [(1, 1, 'undetermined_flow')])
    """
    used = np.ones(len(network.links), bool) if use is None else use
    sign = -flow if upstream else flow
    start = np.where(sign > 0, network.tail, network.head)
    end = np.where(sign > 0, network.head, network.tail)
    known = used & (sign != 0)
    graph = plain_matrix(start[known], end[known], len(network.nodes))
    reached = np.zeros(len(network.nodes), bool)
    reached[breadth_first_order(graph, node, return_predecessors=False)] = True
    links = np.flatnonzero(known & reached[start] & reached[end])
    stops = _stops(network, reached, used, sign, start, known)
    return Trace(np.flatnonzero(reached), links, tuple(stops))


def _stops(
    network: Network,
    reached: BoolArray,
    used: BoolArray,
    sign: IntArray,
    start: IntArray,
    known: BoolArray,
) -> list[tuple[int, int, Stop]]:
    """Links not taken at nodes that were met; and nodes from which nothing leads on."""
    touches = reached[network.tail] | reached[network.head]
    out: list[tuple[int, int, Stop]] = []
    for link in np.flatnonzero(touches & ~used).tolist():
        out += [(n, link, Stop.CLOSED) for n in _ends(network, link) if reached[n]]
    for link in np.flatnonzero(touches & used & (sign == 0)).tolist():
        out += [(n, link, Stop.UNDETERMINED) for n in _ends(network, link) if reached[n]]
    leads_on = np.zeros(len(network.nodes), bool)
    leads_on[start[known]] = True
    last = np.flatnonzero(reached & ~leads_on).tolist()
    named = {n for n, _, _ in out}
    meets = np.zeros(len(network.nodes), np.int64)
    np.add.at(meets, np.concatenate([network.tail[known], network.head[known]]), 1)
    for n in last:
        if n not in named:
            reason = Stop.SOURCE if network.is_source[n] else Stop.END
            if reason is Stop.END and meets[n] > 1:
                reason = Stop.AGAINST
            out.append((n, -1, reason))
    return sorted(out)


def _ends(network: Network, link: int) -> tuple[int, ...]:
    tail, head = int(network.tail[link]), int(network.head[link])
    return (tail,) if tail == head else (tail, head)


def flow_by_levels(network: Network, level: FloatArray, least_fall_m: float = 0.0) -> IntArray:
    """(m,) direction in which water falls, given levels at (m, 2) ends; 0 where unknown or level."""
    fall = level[:, 0] - level[:, 1]
    known = ~np.isnan(fall) & (np.abs(fall) > least_fall_m)
    return np.where(known, np.sign(np.where(known, fall, 0)), 0).astype(np.int64)


def dangling(network: Network, use: BoolArray | None = None) -> IntArray:
    """Nodes at which exactly one link ends and from which no water comes."""
    link = np.arange(len(network.links)) if use is None else np.flatnonzero(use)
    n = len(network.nodes)
    degree = np.bincount(network.tail[link], minlength=n)
    degree += np.bincount(network.head[link], minlength=n)
    return np.flatnonzero((degree == 1) & ~network.is_source)
