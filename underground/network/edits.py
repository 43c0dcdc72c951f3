"""A prepared network after an edit: only the segments that the edit touches are found anew."""

from __future__ import annotations

import numpy as np

from underground.axes import IntArray
from underground.network.isolation import IsolationIndex
from underground.network.model import Network
from underground.network.partition import Partition, components, open_ends
from underground.network.valves import ValveLayer


def edited(
    index: IsolationIndex, network: Network, valves: ValveLayer, touched: IntArray
) -> IsolationIndex:
    """The index after an edit.

    Parameters
    ----------
    index
        Before the edit.
    network
        After it. Nodes and links keep their positions; new ones come at the end.
    valves
        After it, in any order.
    touched
        Links of `network` whose ends conduct otherwise than before: new links, links that were
        opened or shut, links that got or lost a valve.

    Notes
    -----
    Segments keep their numbers where they are not touched; a number that is no longer used stays
    without members.
    """
    old = index.partition
    of_node, of_link = _grown(old, network)
    ends = np.concatenate([network.tail[touched], network.head[touched]])
    segments = np.unique(np.concatenate([of_link[touched], of_node[ends]]))
    known = segments[(segments >= 0) & (segments < old.count)]
    new_nodes = np.arange(len(old.of_node), len(network.nodes))
    new_links = np.arange(len(old.of_link), len(network.links))
    nodes = np.concatenate([old.nodes_in(known), new_nodes])
    links = np.concatenate([old.links_in(known), new_links])
    labels = _local_components(index, network, valves, nodes, links)
    count = old.count + int(labels.max(initial=-1)) + 1
    of_node[nodes], of_link[links] = (
        old.count + labels[: len(nodes)],
        old.count + labels[len(nodes) :],
    )
    return IsolationIndex(network, valves, Partition(of_node, of_link, count), index.respect_status)


def _grown(old: Partition, network: Network) -> tuple[IntArray, IntArray]:
    """Segments of nodes and links, -1 for new ones."""
    of_node = np.full(len(network.nodes), -1, np.int64)
    of_link = np.full(len(network.links), -1, np.int64)
    of_node[: len(old.of_node)] = old.of_node
    of_link[: len(old.of_link)] = old.of_link
    return of_node, of_link


def _local_components(
    index: IsolationIndex, network: Network, valves: ValveLayer, nodes: IntArray, links: IntArray
) -> IntArray:
    """Components of some nodes and links among themselves: nodes first, then links."""
    at_tail, at_head = open_ends(network, valves, respect_status=index.respect_status)
    local = np.full(len(network.nodes), -1, np.int64)
    local[nodes] = np.arange(len(nodes))
    number = np.arange(len(links)) + len(nodes)
    a, b = [], []
    for end, is_open in ((network.tail, at_tail), (network.head, at_head)):
        at = local[end[links]]
        keep = is_open[links] & (at >= 0)
        a.append(at[keep])
        b.append(number[keep])
    return components(np.concatenate(a), np.concatenate(b), len(nodes) + len(links))
