"""Which resources are at the zone first: over roads outside it, to a gate that is not downwind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from hazards.evacuation.access import nearest_on
from hazards.evacuation.network import Network, network_of
from hazards.evacuation.pieces import cut_key, cut_pieces, pieces_of
from hazards.evacuation.rates import Rates
from hazards.evacuation.roads import Roads, check_roads, speeds_m_s, usable_roads
from hazards.evacuation.ways import IN_ZONE, TICKS_PER_S, Graph, graph_of, ways_from
from hazards.evacuation.wind import check_wind, is_downwind

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Arrival:
    """A resource at the edge of the zone.

    Attributes
    ----------
    resource
        Its row.
    low_s, high_s
        Seconds at the higher and at the lower speed; None without a way.
    gate_m
        Where it arrives, metres.
    downwind
        Whether only a downwind gate can be reached.
    """

    resource: int
    low_s: float | None
    high_s: float | None
    gate_m: tuple[float, float] | None
    downwind: bool


def arrivals(
    roads: Roads,
    places_m: FloatArray,
    zone: BaseGeometry,
    rates: Rates,
    *,
    wind_from: float | None = None,
    source_m: tuple[float, float] | None = None,
) -> list[Arrival]:
    """Resources by the time at the lower speed, those without a way last.

    Parameters
    ----------
    places_m
        (q, 2) metres.

    Raises
    ------
    InvalidError
        As `hazards.evacuation.plan.plan_evacuation`.
    """
    check_roads(roads)
    check_wind(wind_from)
    usable, _ = usable_roads(roads, rates.mode)
    pieces = pieces_of(usable.lines, zone)
    at = nearest_on(pieces.lines(), ~pieces.in_zone, places_m)
    joined = np.flatnonzero(at.edge >= 0)
    keys = [cut_key(pieces, int(at.edge[q]), float(at.along_m[q])) for q in joined]
    cuts = {int(p): at.along_m[at.edge == p] for p in np.unique(at.edge[joined])}
    network = network_of(cut_pieces(pieces, cuts))
    nodes = np.full(len(places_m), -1)
    nodes[joined] = network.places(np.array(keys, np.int64))
    low, high = (network.length_m / s[network.road] for s in speeds_m_s(usable, rates))
    centre = np.array(source_m or (zone.centroid.x, zone.centroid.y))
    down = is_downwind(network.xy - centre, wind_from)
    door = np.nan_to_num(at.gap_m)
    one_way = usable.one_way[network.road] * int(rates.obeys_one_way)
    nowhere = np.zeros(len(network.xy), bool)
    slow_graph, fast_graph = (graph_of(network, s, one_way, nowhere) for s in (low, high))
    found = []
    for q, node in enumerate(nodes.tolist()):
        slow = _outside(slow_graph, node, len(network.xy))
        gate, by_downwind = _first_gate(network, slow, down)
        if gate < 0:
            found.append(Arrival(q, None, None, None, False))
            continue
        fast = _outside(fast_graph, node, len(network.xy))
        place = (float(network.xy[gate, 0]), float(network.xy[gate, 1]))
        low_s = fast[gate] + door[q] / rates.access_speed.high
        high_s = slow[gate] + door[q] / rates.access_speed.low
        found.append(Arrival(q, float(low_s), float(high_s), place, by_downwind))
    return sorted(found, key=lambda a: (a.high_s is None, a.high_s or 0.0, a.resource))


def _outside(graph: Graph, node: int, places: int) -> FloatArray:
    """(n,) seconds from a place to all others outside the zone; infinite without a way."""
    if node < 0:
        return np.full(places, np.inf)
    ticks = ways_from(graph, node)[:places]
    return np.where(ticks < IN_ZONE, ticks, np.inf) / TICKS_PER_S


def _first_gate(network: Network, seconds: FloatArray, downwind: BoolArray) -> tuple[int, bool]:
    """The gate reached first, one that is not downwind before all others; -1 without one."""
    for allowed, by_downwind in ((~downwind, False), (downwind, True)):
        open_ = np.flatnonzero(network.gates & allowed & np.isfinite(seconds))
        if len(open_):
            return int(open_[seconds[open_].argmin()]), by_downwind
    return -1, False
