"""Valves: on a link next to a node, or a point of the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gis.errors import CityError, InvalidError
from underground.axes import BoolArray, IntArray
from underground.network.model import Network


@dataclass(frozen=True)
class ValveLayer:
    """v valves: valve ``i`` sits on link ``link[i]`` next to node ``node[i]``.

    ``not_isolating`` are nodes given as valves at which other than two links meet: which of
    them such a valve shuts is not known, so it shuts none.
    """

    link: IntArray
    node: IntArray
    not_isolating: IntArray

    def __len__(self) -> int:
        return len(self.link)

    def blocks(self, network: Network) -> tuple[BoolArray, BoolArray]:
        """(m,) whether a valve sits at the tail and at the head of each link."""
        m = len(network.links)
        at_tail, at_head = np.zeros(m, bool), np.zeros(m, bool)
        at_tail[self.link[network.tail[self.link] == self.node]] = True
        at_head[self.link[network.head[self.link] == self.node]] = True
        return at_tail, at_head


def valve_layer(
    network: Network, pairs: Sequence[tuple[str | None, str]], rows: Sequence[int] | None = None
) -> ValveLayer:
    """The layer of valves named by (link, node).

    Parameters
    ----------
    pairs
        Names; the link is None for a valve that is a point of the network.
    rows
        Rows of the file, for faults; 1, 2, ... if not given.

    Raises
    ------
    InvalidError
        With every fault in ``errors``: unknown links and nodes, a node that is no end of its link.

    Notes
    -----
    A point at which two links meet shuts one off from the other: it counts as a valve on the
    first of them. The same valve given twice counts once.

    Examples
    --------
    >>> from underground.network.model import network_of
    >>> net = network_of("ABC", [("p", "A", "B"), ("q", "B", "C")])
    >>> layer = valve_layer(net, [("p", "A"), (None, "B"), (None, "C")])
    >>> layer.link.tolist(), layer.node.tolist(), layer.not_isolating.tolist()
    ([0, 0], [0, 1], [2])
    """
    faults: list[CityError] = []
    found: dict[tuple[int, int], None] = {}
    points: dict[int, None] = {}
    for i, (link, node) in enumerate(pairs):
        row = i + 1 if rows is None else rows[i]
        at = _placed(network, link, node, row, faults)
        if at is None:
            continue
        if at[0] < 0:
            points[at[1]] = None
        else:
            found[at] = None
    if faults:
        raise InvalidError(
            "valves.bad",
            "阀门表有 {count} 处错误，第一处在第 {first} 行",
            field="valves",
            params={"count": len(faults), "first": faults[0].row},
            errors=faults,
        )
    on_points, loose = point_valves(network, np.fromiter(points, np.int64, len(points)))
    pairs_found = np.array(list(found), np.int64).reshape(-1, 2)
    both = np.concatenate([pairs_found, on_points])
    _, first = np.unique(both, axis=0, return_index=True) if len(both) else (None, np.empty(0, int))
    kept = both[np.sort(first)]
    return ValveLayer(kept[:, 0], kept[:, 1], loose)


def _placed(
    network: Network, link: str | None, node: str, row: int, faults: list[CityError]
) -> tuple[int, int] | None:
    """Positions of link (-1 for a point) and node; None and a fault where there is no such valve."""
    if node not in network.node_at:
        faults.append(InvalidError("valves.no_node", "没有节点 {got}", got=node, row=row))
        return None
    at_node = network.node_at[node]
    if link is None:
        return -1, at_node
    if link not in network.link_at:
        faults.append(InvalidError("valves.no_link", "没有管段 {got}", got=link, row=row))
        return None
    at_link = network.link_at[link]
    if at_node not in (network.tail[at_link], network.head[at_link]):
        ends = [str(network.nodes[e[at_link]]) for e in (network.tail, network.head)]
        faults.append(
            InvalidError(
                "valves.not_an_end",
                "节点 {got} 不是管段 {link} 的端点",
                got=node,
                expected=ends,
                params={"link": link},
                row=row,
            )
        )
        return None
    return int(at_link), int(at_node)


def point_valves(network: Network, nodes: IntArray) -> tuple[IntArray, IntArray]:
    """Valves that are points: (v, 2) as (link, node) pairs, and those that shut nothing."""
    two = network.degrees[nodes] == 2
    good = nodes[two]
    first = np.full(len(network.nodes), len(network.links), np.int64)
    every = np.arange(len(network.links))
    np.minimum.at(first, network.tail, every)
    np.minimum.at(first, network.head, every)
    return np.column_stack([first[good], good]), nodes[~two]


def without(layer: ValveLayer, positions: IntArray) -> ValveLayer:
    """The layer less some valves."""
    keep = np.ones(len(layer), bool)
    keep[positions] = False
    return ValveLayer(layer.link[keep], layer.node[keep], layer.not_isolating)
