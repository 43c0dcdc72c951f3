"""Plans on 50 small graphs cost what a linear program over all roads costs."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from scipy.optimize import linprog

from hazards.evacuation.people import buildings_of, shelters_of
from hazards.evacuation.plan import plan_evacuation
from hazards.evacuation.rates import given_span, vehicle_rates
from hazards.evacuation.roads import roads_of

#: Hundredths of a second that a person who stays counts.
STAYS = 10_000_000


def small_town(seed):
    rng = np.random.default_rng(seed)
    side = int(rng.integers(3, 6))
    xy = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1) * 100.0
    xy = xy + rng.uniform(-25, 25, xy.shape)
    pairs = [(xy[i, j], xy[i, j + 1]) for i in range(side) for j in range(side - 1)]
    pairs += [(xy[i, j], xy[i + 1, j]) for i in range(side - 1) for j in range(side)]
    kept = [shapely.LineString(p) for p in pairs if rng.random() < 0.9]
    roads = roads_of(kept, one_way=rng.choice([-1, 0, 0, 1], len(kept)).tolist())
    ends = np.array([line.coords[i] for line in kept for i in (0, -1)])
    places = ends[rng.choice(len(ends), 5, replace=False)]
    shelters = shelters_of(ends[rng.choice(len(ends), 3, replace=False)], rng.integers(3, 25, 3))
    return roads, buildings_of(places, rng.integers(1, 12, 5)), shelters


def over_all_roads(plan, buildings, shelters):
    """Least cost of flows on the roads themselves; nothing of routes or pairs is known to it."""
    net, ticks = plan.network, plan.graph.ticks
    n, o, k = len(net.xy), len(buildings), len(shelters)
    there = np.flatnonzero(plan.graph.forward)
    back = np.flatnonzero(plan.graph.backward)
    tail = np.concatenate([net.tail[there], net.head[back]])
    head = np.concatenate([net.head[there], net.tail[back]])
    cost = np.concatenate([ticks[there], ticks[back], np.zeros(k), np.full(o, STAYS)])
    node_of = lambda at: np.hypot(*(net.xy[:, None] - at[None]).transpose(2, 0, 1)).argmin(axis=0)  # noqa: E731
    balance = np.zeros((n + o, len(cost)))
    arcs = np.arange(len(tail))
    balance[tail, arcs] += 1
    balance[head, arcs] -= 1
    balance[node_of(shelters.places_m), len(tail) + np.arange(k)] += 1
    given = np.zeros(n + o)
    homes, stays = node_of(buildings.places_m), len(tail) + k + np.arange(o)
    np.add.at(given, homes, buildings.people)
    np.add.at(balance, (homes, stays), 1)
    limits = [(0, None)] * len(tail) + [(0, c) for c in shelters.capacity] + [(0, None)] * o
    return linprog(cost, A_eq=balance, b_eq=given, bounds=limits, method="highs").fun


@pytest.mark.parametrize("seed", range(50))
def test_a_plan_costs_what_the_linear_program_costs(seed):
    roads, buildings, shelters = small_town(seed)
    plan = plan_evacuation(
        roads, buildings, shelters, None, vehicle_rates(given_span((1.0, 1.0), "m/s"))
    )
    found = plan.flows.cost + STAYS * plan.flows.unserved.sum()
    assert found == pytest.approx(over_all_roads(plan, buildings, shelters), abs=0.5)
