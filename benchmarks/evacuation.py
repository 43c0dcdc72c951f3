"""An evacuation of 100 000 people over 100 000 roads; its ways and its cost against peers."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.command import main
from benchmarks.contest import Finding, bounded, check_equal
from benchmarks.made_evacuation import Town, town
from benchmarks.peers import need
from benchmarks.plan import Plan
from hazards.evacuation.plan import Plan as Evacuation
from hazards.evacuation.plan import plan_evacuation
from hazards.evacuation.rates import foot_rates
from hazards.evacuation.transport import NO_WAY, transport

AT_MOST_S = 5.0
_WIND_FROM = 270.0
_SHELTERS, _MANY = 30, 40
#: Shelters and buildings whose answers are compared.
_ASKED, _PAIRS = 3, 1500


def ours_answer(found: Evacuation, shelters: list[int]) -> list[list[int]]:
    """Hundredths of a second from every place and copy to some shelters, -1 without a way."""
    weight = found.ways.weight[shelters]
    return np.where(np.isfinite(weight), weight, -1).astype(np.int64).tolist()


def peer_answer(found: Evacuation, shelters: list[int], networkx: Any) -> list[list[int]]:
    """The same from networkx, on the same steps."""
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(found.graph.size))
    steps = zip(
        found.graph.head.tolist(),
        found.graph.tail.tolist(),
        found.graph.weight.tolist(),
        strict=True,
    )
    graph.add_weighted_edges_from(steps)
    ends = found.network.places(_keys(found))[shelters].tolist()
    out = []
    for end in ends:
        known = networkx.single_source_dijkstra_path_length(graph, end)
        out.append([int(known.get(node, -1)) for node in range(found.graph.size)])
    return out


def _keys(found: Evacuation) -> np.ndarray[Any, Any]:
    """Keys of the places at which the shelters stand: where no way goes on."""
    at = [int(np.flatnonzero(weight == 0)[0]) for weight in found.ways.weight]
    return found.network.keys[at]


def measure(plan: Plan) -> list[Finding]:
    """The whole plan, after its ways and its assignment were compared with peers."""
    networkx, optimize = need("networkx"), need("scipy.optimize")
    made = town(plan.size(100_000, 1000), plan.size(100_000, 1000), plan.size(_SHELTERS, 6))
    found = _planned(made)
    shelters = list(range(_ASKED))
    question = "evacuation: ways to shelters"
    check_equal(question, ours_answer(found, shelters), peer_answer(found, shelters, networkx))
    check_equal("evacuation: cost of an assignment", *_costs(found, made, optimize))
    crowded = town(plan.size(100_000, 1000), plan.size(100_000, 1000), plan.size(_MANY, 8))
    half = np.floor(crowded.shelters.capacity / 2)
    crowded = replace(crowded, shelters=replace(crowded.shelters, capacity=half))
    question = "evacuation in a wind, from roads to clearance"
    return [
        _timed(question, plan, made, len(found.network)),
        _timed(f"{question}, room for six in ten", plan, crowded, len(found.network)),
    ]


def _timed(question: str, plan: Plan, made: Town, edges: int) -> Finding:
    taken = []
    for _ in range(min(plan.rounds, 3)):
        begin = time.process_time()
        _planned(made)
        taken.append(time.process_time() - begin)
    people = int(np.nan_to_num(made.buildings.people).sum())
    return bounded(
        question,
        f"{people:,} people in {len(made.buildings):,} buildings, "
        f"{edges:,} edges, {len(made.shelters)} shelters",
        "least-cost plan",
        statistics.median(taken),
        "CPU s",
        at_most=AT_MOST_S,
        rounds=len(taken),
    )


def _planned(made: Town) -> Evacuation:
    return plan_evacuation(
        made.roads, made.buildings, made.shelters, made.zone, foot_rates(), wind_from=_WIND_FROM
    )


def _costs(found: Evacuation, made: Town, optimize: Any) -> tuple[int, int]:
    """Cost of giving some buildings to shelters with their share of room: ours, and HiGHS's."""
    some = slice(None, None, max(len(made.buildings) // _PAIRS, 1))
    cost = found.reach.ticks[some]
    kept = (cost != NO_WAY).all(axis=1)
    cost = cost[kept]
    supply = made.buildings.people[some][kept].astype(np.int64)
    share = supply.sum() / made.buildings.people.sum()
    room = np.ceil(made.shelters.capacity[found.open_rows] * share).astype(np.int64)
    ours = transport(supply, room, cost)
    scipy_sparse = need("scipy.sparse")
    n, k = cost.shape
    leave = scipy_sparse.kron(scipy_sparse.eye(n), np.ones((1, k)))
    fill = scipy_sparse.kron(np.ones((1, n)), scipy_sparse.eye(k))
    peer = optimize.linprog(
        cost.ravel(), A_ub=fill, b_ub=room, A_eq=leave, b_eq=supply, method="highs"
    )
    return ours.cost, round(float(peer.fun))


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("networkx", "scipy")))
