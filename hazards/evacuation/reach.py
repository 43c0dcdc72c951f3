"""What each building's way to each shelter costs, and over which roads it goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hazards.evacuation.access import Access
from hazards.evacuation.network import Network
from hazards.evacuation.pieces import NEAR_M
from hazards.evacuation.transport import NO_WAY
from hazards.evacuation.ways import IN_ZONE, Graph, Ways, ticks_of

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Reach:
    """Ways of o buildings to k shelters.

    Attributes
    ----------
    ticks
        (o, k) hundredths of a second from door to shelter, `NO_WAY` without a way.
    zone_ticks
        (o, k) of which on roads within the zone.
    start
        (o, k) the place or copy at which the building's own edge is left; -1 without a way.
    by_downwind
        (o, k) whether the zone can be left towards that shelter by a downwind gate only.
    """

    ticks: IntArray
    zone_ticks: IntArray
    start: IntArray
    by_downwind: BoolArray


def reach_of(
    network: Network, graph: Graph, ways: Ways, access: Access, access_speed_m_s: float
) -> Reach:
    """The best way of each building to each shelter.

    Parameters
    ----------
    access_speed_m_s
        Between the building and the road.
    """
    first, first_start = _best(network, graph, ways, access, 0)
    second, second_start = _best(network, graph, ways, access, 1)
    detour = ~np.isfinite(first) & np.isfinite(second)
    weight = np.where(detour, second, first)
    start = np.where(detour, second_start, first_start)
    known = np.isfinite(weight)
    whole = np.where(known, weight, 0).astype(np.int64)
    door = ticks_of(np.nan_to_num(access.gap_m) / access_speed_m_s)[:, None]
    return Reach(
        ticks=np.where(known, whole % IN_ZONE + door, NO_WAY),
        zone_ticks=np.where(known, whole // IN_ZONE, 0),
        start=np.where(known, start, -1),
        by_downwind=detour,
    )


def _best(
    network: Network, graph: Graph, ways: Ways, access: Access, copy: int
) -> tuple[FloatArray, IntArray]:
    """(o, k) least weights and where the own edge is left, by the places of one copy."""
    shape = (len(access.edge), len(ways.weight))
    best, start = np.full(shape, np.inf), np.full(shape, -1, np.int64)
    for end, allowed, ticks in _ends(network, graph, access):
        rows = np.flatnonzero(allowed)
        edge = access.edge[rows]
        zone = network.in_zone[edge]
        node = np.where(zone, graph.copies[copy][end[edge]], end[edge])
        own = ticks[rows] * np.where(zone, IN_ZONE + 1, 1)
        weight = ways.weight[:, node].T + own[:, None]
        better = weight < best[rows]
        best[rows] = np.where(better, weight, best[rows])
        start[rows] = np.where(better, node[:, None], start[rows])
    return best, start


def _ends(
    network: Network, graph: Graph, access: Access
) -> list[tuple[IntArray, BoolArray, IntArray]]:
    """Both ends of edges, who may go there from his own edge, and the ticks he needs.

    Who joins the edge at its very end is there, whatever the direction of the edge.
    """
    edge = np.maximum(access.edge, 0)
    joined = access.edge >= 0
    if not len(network):
        return []
    share = np.nan_to_num(access.along_m) / network.length_m[edge]
    share = np.clip(share, 0.0, 1.0)
    ticks = graph.ticks[edge]
    at_tail = share * network.length_m[edge] <= NEAR_M
    at_head = (1.0 - share) * network.length_m[edge] <= NEAR_M
    back = np.rint(np.where(at_tail, 0.0, share) * ticks).astype(np.int64)
    on = np.rint(np.where(at_head, 0.0, 1.0 - share) * ticks).astype(np.int64)
    return [
        (network.tail, joined & (graph.backward[edge] | at_tail), back),
        (network.head, joined & (graph.forward[edge] | at_head), on),
    ]


@dataclass(frozen=True)
class Walk:
    """What flows put on the roads.

    Attributes
    ----------
    load
        (2, e) persons over each edge in the direction in which it is drawn, and against it; who
        begins on an edge counts for it.
    used
        (k, e) over which edges people go to which shelter.
    seconds
        (s, f) of each flow at each of s speeds, after its own edge.
    length_m
        (f,) along roads, after the own edge.
    gate
        (f,) the place at which the zone is left; -1 for those outside.
    """

    load: FloatArray
    used: BoolArray
    seconds: FloatArray
    length_m: FloatArray
    gate: IntArray


def walk(
    network: Network,
    graph: Graph,
    ways: Ways,
    start: IntArray,
    target: IntArray,
    own_edge: IntArray,
    units: IntArray,
    seconds: FloatArray,
) -> Walk:
    """Follow all flows at once, step by step, from where their own edge ends to their shelters.

    Parameters
    ----------
    start, target
        (f,) place or copy at which each begins, and number of its shelter.
    own_edge
        (f,) on which each begins; -1 for who begins at a place.
    units
        (f,) persons.
    seconds
        (s, e) along each edge, at the speeds that are asked about.
    """
    f, e = len(start), len(network)
    originals = graph.originals
    load, used = np.zeros((2, e)), np.zeros((len(ways.weight), e), bool)

    def put(rows: IntArray, edges: IntArray, against: BoolArray) -> None:
        for way in (0, 1):
            on = against == bool(way)
            load[way] += np.bincount(edges[on], units[rows[on]], minlength=e)
        used[target[rows], edges] = True

    took, length = np.zeros((len(seconds), f)), np.zeros(f)
    gate = np.full(f, -1, np.int64)
    going, at = np.arange(f), start.copy()
    begun = np.flatnonzero(own_edge >= 0)
    put(begun, own_edge[begun], network.tail[own_edge[begun]] == originals[start[begun]])
    while len(going):
        after = ways.next[target[going], at].astype(np.int64)
        on = after >= 0
        going, at, after = going[on], at[on], after[on]
        edge = graph.edge[graph.step(at, after)]
        leaving = edge < 0
        gate[going[leaving]] = after[leaving]
        rows, over = going[~leaving], edge[~leaving]
        put(rows, over, network.head[over] == originals[at[~leaving]])
        took[:, rows] += seconds[:, over]
        length[rows] += network.length_m[over]
        at = after
    return Walk(load, used, took, length, gate)


def route(graph: Graph, ways: Ways, start: int, target: int) -> list[int]:
    """Edges of one way in order, after the own edge."""
    edges, at = [], start
    while (after := int(ways.next[target, at])) >= 0:
        edge = int(graph.edge[graph.step(np.array([at]), np.array([after]))[0]])
        if edge >= 0:
            edges.append(edge)
        at = after
    return edges
