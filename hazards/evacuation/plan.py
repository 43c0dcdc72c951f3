"""The plan: who goes where over which roads, who cannot, and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from hazards.evacuation.access import Access, access_of, nearest_on
from hazards.evacuation.clearance import Clearance, clearance_of
from hazards.evacuation.closures import Closure, closures_of
from hazards.evacuation.network import Network, network_of
from hazards.evacuation.people import Buildings, Shelters, check_people
from hazards.evacuation.pieces import NEAR_M, Pieces, cut_key, cut_pieces, pieces_of
from hazards.evacuation.rates import Rates
from hazards.evacuation.reach import Reach, Walk, reach_of, walk
from hazards.evacuation.roads import (
    Roads,
    capacities_p_s,
    check_roads,
    speeds_m_s,
    usable_roads,
)
from hazards.evacuation.transport import NO_WAY, Transport, transport
from hazards.evacuation.ways import TICKS_PER_S, Graph, Ways, graph_of, leads_out, ways_to
from hazards.evacuation.wind import check_wind, is_downwind
from hazards.models import Caution

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class NoRoute(StrEnum):
    """Why people of a building have no way."""

    NO_ROAD = "no_road"
    NO_EXIT = "no_exit"
    CUT_OFF = "cut_off"
    NO_ROOM = "no_room"

    @property
    def words(self) -> str:
        """The reason in words for people."""
        return _REASONS[self]


_REASONS = {
    NoRoute.NO_ROAD: "附近没有可用的道路",
    NoRoute.NO_EXIT: "影响范围内的道路不通向外面",
    NoRoute.CUT_OFF: "避开影响范围的道路不通向任何可用的避难场所",
    NoRoute.NO_ROOM: "能到达的避难场所已满",
}


@dataclass(frozen=True)
class Plan:
    """An evacuation.

    Attributes
    ----------
    roads
        The roads that were used to plan, with their rows of the file.
    network, graph, ways, access, reach
        What the plan was made from; targets are the shelters of `open_rows`.
    open_rows
        (k,) rows of the shelters that take people.
    downwind_shelter
        (k,) whether such a shelter lies downwind of the source.
    flows
        Persons from buildings to shelters.
    walk
        Of the flows; seconds at the lower and at the higher speed.
    slow_s, fast_s
        (f,) of each flow from door to door.
    reasons
        (o,) why a building, or some of its people, have no way; None where all have.
    clearance
        How long it takes.
    closures
        Where to close roads; their road is a row of all roads given.
    cautions
        What to bear in mind.
    """

    roads: Roads
    network: Network
    graph: Graph
    ways: Ways
    access: Access
    reach: Reach
    open_rows: IntArray
    downwind_shelter: BoolArray
    flows: Transport
    walk: Walk
    slow_s: FloatArray
    fast_s: FloatArray
    reasons: list[NoRoute | None]
    clearance: Clearance
    closures: list[Closure]
    cautions: list[Caution]

    @property
    def flow_downwind(self) -> BoolArray:
        """(f,) whether a flow leaves the zone by a downwind gate or ends downwind."""
        by = self.reach.by_downwind[self.flows.source, self.flows.sink]
        return np.asarray(by | self.downwind_shelter[self.flows.sink], bool)


def plan_evacuation(
    roads: Roads,
    buildings: Buildings,
    shelters: Shelters,
    zone: BaseGeometry | None,
    rates: Rates,
    *,
    wind_from: float | None = None,
    source_m: tuple[float, float] | None = None,
) -> Plan:
    """Plan an evacuation.

    As many people as possible reach a shelter; of such plans those send the fewest downwind; of
    those the sum of all times is least. All three are exact.

    Parameters
    ----------
    zone
        Polygon in metres in which no way lies but out of it; None: there is none.
    wind_from
        Where the wind comes from, degrees clockwise from north; None: unknown, no side is better.
    source_m
        Of the hazard, metres; the zone's centre when None.

    Raises
    ------
    InvalidError
        ``evacuation.bad_roads``, ``evacuation.bad_people``, ``evacuation.bad_wind`` or the single
        fault; ``evacuation.too_long``.
    """
    check_roads(roads)
    check_people(buildings, shelters)
    check_wind(wind_from)
    usable, cautions = usable_roads(roads, rates.mode)
    usable, more = _open_roads(usable, rates)
    cautions += more
    pieces = pieces_of(usable.lines, zone)
    all_pieces = pieces if len(usable) == len(roads) else pieces_of(roads.lines, zone)
    closures = closures_of(roads, all_pieces)
    open_rows, keys, pieces, told = _joined(pieces, shelters)
    network = network_of(pieces)
    targets = network.places(keys)
    seconds, fast = _seconds(network, usable, rates)
    one_way = usable.one_way[network.road] * int(rates.obeys_one_way)
    centre = _source(zone, source_m)
    graph = graph_of(network, seconds, one_way, is_downwind(network.xy - centre, wind_from))
    ways = ways_to(graph, targets)
    access = access_of(network, np.nan_to_num(buildings.places_m), buildings.in_zone)
    reach = reach_of(network, graph, ways, access, rates.access_speed.low)
    down = is_downwind(shelters.places_m[open_rows] - centre, wind_from)
    flows = _assigned(reach, buildings, shelters.capacity[open_rows], down)
    own, metres = _own(network, graph, access, reach, flows)
    found = _walked(network, graph, ways, reach, flows, own, np.stack([seconds, fast]))
    edge = access.edge[flows.source]
    own_s = metres / network.length_m[edge] * fast[edge] if len(edge) else metres
    slow_s, fast_s = _times(reach, access, flows, found, own_s, rates)
    low, high = (c[network.road] for c in capacities_p_s(usable, rates))
    return Plan(
        roads=usable,
        network=network,
        graph=graph,
        ways=ways,
        access=access,
        reach=reach,
        open_rows=open_rows,
        downwind_shelter=down,
        flows=flows,
        walk=found,
        slow_s=slow_s,
        fast_s=fast_s,
        reasons=_reasons(buildings, network, graph, access, reach, flows),
        clearance=clearance_of(
            fast_s, slow_s, flows.sink, found.load, found.used, (low, high), rates.departure
        ),
        closures=closures,
        cautions=[
            *cautions,
            *told,
            *_general(network, zone, wind_from, buildings, len(targets)),
            *_leaving(rates),
        ],
    )


def _leaving(rates: Rates) -> list[Caution]:
    if rates.departure is not None:
        return []
    words = "出发所需的时间未知，按同时立即出发计，实际更久；用 --departure-min 给出"
    return [Caution("evacuation.no_departure", words)]


def _open_roads(roads: Roads, rates: Rates) -> tuple[Roads, list[Caution]]:
    """Roads without those that let nobody through."""
    shut = capacities_p_s(roads, rates)[1] == 0
    if not shut.any():
        return roads, []
    words = f"通行能力为 0 的道路视为封闭：{int(shut.sum())} 条"
    return roads.take(~shut), [Caution("evacuation.shut_roads", words)]


def _joined(pieces: Pieces, shelters: Shelters) -> tuple[IntArray, IntArray, Pieces, list[Caution]]:
    """Shelters that take people, the keys of their places, and the roads cut there."""
    unknown = np.isnan(shelters.capacity)
    placeless = np.isnan(shelters.places_m).any(axis=1)
    rows = np.flatnonzero(~shelters.in_zone & ~unknown & ~placeless)
    at = nearest_on(pieces.lines(), ~pieces.in_zone, shelters.places_m[rows])
    joined = at.edge >= 0
    alone = np.zeros(len(shelters), bool)
    alone[rows[~joined]] = True
    cautions = [
        Caution(code, words + "：" + "、".join(str(i) for i in shelters.ids[which].tolist()[:20]))
        for code, words, which in (
            ("evacuation.shelter_in_zone", "避难场所在影响范围内，未使用", shelters.in_zone),
            ("evacuation.shelter_unknown", "避难场所容量未知，未使用", unknown),
            ("evacuation.shelter_no_place", "避难场所没有位置，未使用", placeless),
            ("evacuation.shelter_no_road", "避难场所附近没有可用的道路，未使用", alone),
        )
        if which.any()
    ]
    rows, edge, along = rows[joined], at.edge[joined], at.along_m[joined]
    keys = [cut_key(pieces, int(p), float(m)) for p, m in zip(edge, along, strict=True)]
    cuts = {int(p): along[edge == p] for p in np.unique(edge)}
    return rows, np.array(keys, np.int64), cut_pieces(pieces, cuts), cautions


def _seconds(network: Network, roads: Roads, rates: Rates) -> tuple[FloatArray, FloatArray]:
    """(e,) seconds along each edge at the lower and at the higher speed."""
    low, high = speeds_m_s(roads, rates)
    return network.length_m / low[network.road], network.length_m / high[network.road]


def _source(zone: BaseGeometry | None, given: tuple[float, float] | None) -> FloatArray:
    if given is not None:
        return np.array(given, float)
    if zone is None or zone.is_empty:
        return np.zeros(2)
    return np.array([zone.centroid.x, zone.centroid.y])


def _assigned(
    reach: Reach, buildings: Buildings, capacity: FloatArray, downwind: BoolArray
) -> Transport:
    """Persons to shelters; one who goes downwind costs more than any chain of moves."""
    k = len(capacity)
    dear = (k + 2) * (int(reach.ticks.max(initial=0)) + 1)
    costly = (reach.by_downwind | downwind[None, :]) * dear
    cost = np.where(reach.ticks == NO_WAY, NO_WAY, reach.ticks + costly)
    supply = np.nan_to_num(buildings.people).astype(np.int64)
    return transport(supply, capacity.astype(np.int64), cost)


def _own(
    network: Network, graph: Graph, access: Access, reach: Reach, flows: Transport
) -> tuple[IntArray, FloatArray]:
    """(f,) the edge on which each flow begins, -1 at its very end, and metres on it."""
    edge = access.edge[flows.source]
    if not len(edge):
        return edge, np.empty(0)
    along = access.along_m[flows.source]
    back = graph.originals[reach.start[flows.source, flows.sink]] == network.tail[edge]
    metres = np.maximum(np.where(back, along, network.length_m[edge] - along), 0.0)
    return np.where(metres > NEAR_M, edge, -1), metres


def _walked(
    network: Network,
    graph: Graph,
    ways: Ways,
    reach: Reach,
    flows: Transport,
    own: IntArray,
    seconds: FloatArray,
) -> Walk:
    start = reach.start[flows.source, flows.sink]
    return walk(network, graph, ways, start, flows.sink, own, flows.units, seconds)


def _times(
    reach: Reach,
    access: Access,
    flows: Transport,
    found: Walk,
    own_s: FloatArray,
    rates: Rates,
) -> tuple[FloatArray, FloatArray]:
    """(f,) seconds from door to door at the lower and at the higher speed."""
    slow_s = reach.ticks[flows.source, flows.sink] / TICKS_PER_S
    door = access.gap_m[flows.source] / rates.access_speed.high
    # Rounding to hundredths must not make the quicker walk the longer one.
    return slow_s, np.minimum(found.seconds[1] + own_s + door, slow_s)


def _reasons(
    buildings: Buildings,
    network: Network,
    graph: Graph,
    access: Access,
    reach: Reach,
    flows: Transport,
) -> list[NoRoute | None]:
    out: list[NoRoute | None] = [None] * len(buildings)
    leads = leads_out(graph, network)
    for i in np.flatnonzero(~(reach.ticks != NO_WAY).any(axis=1)).tolist():
        edge = int(access.edge[i])
        if edge < 0:
            out[i] = NoRoute.NO_ROAD
        elif network.in_zone[edge] and not (leads[network.tail[edge]] or leads[network.head[edge]]):
            out[i] = NoRoute.NO_EXIT
        else:
            out[i] = NoRoute.CUT_OFF
    for i in np.flatnonzero(flows.unserved > 0).tolist():
        out[i] = out[i] or NoRoute.NO_ROOM
    return out


def _general(
    network: Network,
    zone: BaseGeometry | None,
    wind_from: float | None,
    buildings: Buildings,
    shelters: int,
) -> list[Caution]:
    out = []
    if not shelters:
        out.append(Caution("evacuation.no_shelter", "没有一处可用的避难场所"))
    if zone is not None and len(network) and bool(network.in_zone.all()):
        out.append(Caution("evacuation.all_in_zone", "影响范围盖住了全部道路，没有可走的路线"))
    if len(network) and (parts := int(network.parts().max()) + 1) > 1:
        out.append(
            Caution("evacuation.parts", f"路网分成互不相连的 {parts} 块，可能缺少道路或接点")
        )
    if wind_from is None:
        out.append(Caution("evacuation.no_wind", "没有给出风向，没有优先上风向和侧风向"))
    if not len(buildings):
        out.append(Caution("evacuation.nobody", "没有要疏散的建筑：影响范围内没有建筑，或坐标有误"))
    unknown = int(np.isnan(buildings.people).sum())
    if unknown:
        out.append(Caution("evacuation.unknown_people", f"{unknown} 栋建筑的人数未知，没有计入"))
    return out
