"""Plans by hand, by trying every path, and by the laws that plans obey."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict

import numpy as np
import pytest
import shapely

from gis.errors import InvalidError
from hazards.evacuation.people import buildings_of, shelters_of
from hazards.evacuation.plan import NoRoute, plan_evacuation
from hazards.evacuation.rates import foot_rates, given_span, vehicle_rates
from hazards.evacuation.reach import route
from hazards.evacuation.roads import roads_of

ONE_M_S = foot_rates(
    speed=given_span((1.0, 1.0), "m/s"),
    flow=given_span((0.5, 1.0), "p/(m s)"),
    width=given_span((1.0, 1.0), "m"),
)
DRIVE = vehicle_rates(given_span((1.0, 1.0), "m/s"))
ZONE = shapely.box(-50, -50, 50, 50)


def line(*places):
    return shapely.LineString(places)


CROSS = [
    line((0, 0), (200, 0)),
    line((0, 0), (-300, 0)),
    line((0, 0), (0, 250)),
    line((0, 0), (0, -250)),
]
ENDS = [(200, 0), (-300, 0), (0, 250), (0, -250)]


def evacuate(
    lines=CROSS,
    at=((10, 0),),
    people=(100,),
    shelters=ENDS,
    room=(500,) * 4,
    zone=ZONE,
    rates=ONE_M_S,
    **given,
):
    roads = roads_of(
        lines, one_way=given.pop("one_way", None), capacities_p_s=given.pop("capacity", None)
    )
    places = np.array(at, float)
    inside = [zone is not None and bool(zone.intersects(shapely.Point(p))) for p in places]
    within = [zone is not None and bool(zone.intersects(shapely.Point(p))) for p in shelters]
    return plan_evacuation(
        roads,
        buildings_of(places, people, inside),
        shelters_of(shelters, room, within),
        zone,
        rates,
        **given,
    )


def test_the_way_out_is_the_shortest_in_the_zone_first():
    plan = evacuate(room=(500, 500, 500, 500))
    # 40 m east lead out; north would be 10 + 50 m in the zone though 250 < 300.
    assert plan.flows.sink.tolist() == [0]
    assert plan.slow_s.tolist() == [190.0]
    assert plan.reach.zone_ticks[0].tolist() == [4000, 6000, 6000, 6000]


def test_the_sum_of_times_decides_who_takes_the_last_place():
    plan = evacuate(at=((60, 0), (150, 0)), people=(3, 4), room=(5, 9, 9, 9), zone=None)
    told = zip(
        plan.flows.source.tolist(), plan.flows.sink.tolist(), plan.flows.units.tolist(), strict=True
    )
    # By hand: four need 50 s and nothing else is near; one of three goes 140 s, two 310 s north.
    assert list(told) == [(0, 0, 1), (0, 2, 2), (1, 0, 4)]
    assert plan.flows.cost == 100 * (140 + 2 * 310 + 4 * 50)


def test_people_go_crosswind_or_upwind_before_any_shorter_way_downwind():
    plan = evacuate(wind_from=270.0)
    assert plan.flow_downwind.tolist() == [False]
    assert plan.flows.sink.tolist() == [2]
    assert plan.slow_s.tolist() == [260.0]


def test_downwind_is_used_when_nothing_else_has_room():
    plan = evacuate(room=(500, 0, 30, 10), wind_from=270.0)
    assert sorted(zip(plan.flows.sink.tolist(), plan.flows.units.tolist(), strict=True)) == [
        (0, 60),
        (2, 30),
        (3, 10),
    ]
    assert plan.flows.units[plan.flow_downwind].tolist() == [60]


def test_a_turned_wind_turns_the_choice():
    lines = [line((0, 0), (200, 0)), line((0, 0), (-200, 0))]
    ends = [(200, 0), (-200, 0)]
    chosen = [
        evacuate(
            lines, at=((0, 0),), shelters=ends, room=(500, 500), wind_from=wind
        ).flows.sink.tolist()
        for wind in (90.0, 270.0)
    ]
    assert chosen == [[0], [1]]


def test_reversing_the_wind_mirrors_the_plan_of_a_mirrored_town():
    rng = np.random.default_rng(5)
    lines, places = grid(rng, 6)
    at = rng.uniform(200, 300, (12, 2))
    ends = [tuple(places[i]) for i in (0, 17, 30, 35)]
    turned = [shapely.affinity.rotate(one, 180, origin=(0, 0)) for one in lines]
    zone = shapely.Point(250, 250).buffer(150)
    one = evacuate(lines, at, (3,) * 12, ends, (20,) * 4, zone, wind_from=40.0)
    other = evacuate(turned, -at, (3,) * 12, [(-x, -y) for x, y in ends], (20,) * 4,
                     shapely.affinity.rotate(zone, 180, origin=(0, 0)), wind_from=220.0)  # fmt: skip
    assert one.flows.cost == other.flows.cost
    assert one.flows.units[one.flow_downwind].sum() == other.flows.units[other.flow_downwind].sum()
    assert np.abs(one.reach.ticks - other.reach.ticks).max() <= 5


def test_nobody_outside_is_sent_through_the_zone():
    lines = [line((-100, 0), (100, 0)), line((100, 0), (200, 0))]
    plan = evacuate(lines, at=((-80, 0), (150, 0)), people=(5, 5), shelters=[(200, 0)], room=(50,))
    assert plan.reasons == [NoRoute.CUT_OFF, None]
    assert plan.flows.unserved.tolist() == [5, 0]


def test_who_left_the_zone_does_not_enter_it_again():
    # East is dead outside the zone but for a way back through its other half.
    zone = shapely.MultiPolygon([shapely.box(-50, -50, 50, 50), shapely.box(100, -50, 150, 50)])
    plan = evacuate([line((0, 0), (300, 0))], shelters=[(300, 0)], room=(500,), zone=zone)
    assert plan.reasons == [NoRoute.CUT_OFF]


def test_roads_that_do_not_lead_out_are_told_from_shelters_that_cannot_be_reached():
    lines = [line((-20, 0), (20, 0)), line((80, 0), (200, 0))]
    plan = evacuate(lines, shelters=[(200, 0)], room=(500,))
    assert plan.reasons == [NoRoute.NO_EXIT]


def test_one_way_roads_bind_vehicles_and_not_people_on_foot():
    lines, ends = [line((0, 0), (200, 0)), line((0, 0), (-300, 0))], [(200, 0), (-300, 0)]
    common = {
        "lines": lines,
        "shelters": ends,
        "room": (500, 500),
        "one_way": [-1, 0],
        "zone": None,
    }
    assert evacuate(**common).flows.sink.tolist() == [0]
    assert evacuate(**common, rates=DRIVE).flows.sink.tolist() == [1]


def test_a_house_at_a_crossing_is_not_bound_by_the_one_way_road_it_joins():
    lines = [line((0, 0), (200, 0)), line((0, 0), (-300, 0))]
    plan = evacuate(
        lines,
        at=((0, 0),),
        shelters=[(-300, 0)],
        room=(500,),
        one_way=[1, 0],
        zone=None,
        rates=DRIVE,
    )
    assert plan.slow_s.tolist() == [300.0]
    assert plan.walk.load[:, plan.network.road == 0].sum() == 0


def test_a_shelter_in_the_zone_is_not_used_and_named():
    plan = evacuate(shelters=[(20, 0), *ENDS[1:]])
    assert 0 not in plan.open_rows
    assert "evacuation.shelter_in_zone" in {c.code for c in plan.cautions}


def test_a_zone_over_everything_leaves_no_way_and_says_so():
    plan = evacuate(zone=shapely.box(-900, -900, 900, 900))
    assert plan.reasons == [NoRoute.NO_EXIT]
    assert {"evacuation.all_in_zone", "evacuation.shelter_in_zone"} <= {
        c.code for c in plan.cautions
    }
    assert plan.clearance.high_s == 0.0


def test_full_shelters_leave_people_with_the_reason():
    plan = evacuate(room=(30, 0, 0, 0))
    assert plan.reasons == [NoRoute.NO_ROOM]
    assert plan.flows.unserved.tolist() == [70]


def test_parts_that_do_not_hang_together_are_remarked_on():
    plan = evacuate([*CROSS, line((400, 400), (500, 400))])
    assert "evacuation.parts" in {c.code for c in plan.cautions}


def test_unknown_people_and_rooms_are_not_counted_and_said():
    plan = evacuate(at=((10, 0), (20, 0)), people=(np.nan, 5), room=(np.nan, 9, 9, 9))
    assert plan.flows.units.sum() == 5
    codes = {c.code for c in plan.cautions}
    assert {
        "evacuation.unknown_people",
        "evacuation.shelter_unknown",
        "evacuation.no_wind",
    } <= codes


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"room": (-1, 5, 5, 5)}, "evacuation.bad_number"),
        ({"people": (2.5,)}, "evacuation.bad_number"),
        ({"capacity": [-1.0, 1.0, 1.0, 1.0]}, "evacuation.bad_road"),
        ({"wind_from": 400.0}, "evacuation.bad_wind"),
        ({"wind_from": float("nan")}, "evacuation.bad_wind"),
        ({"lines": [line((0, 0), (5e6, 0))]}, "evacuation.too_far"),
    ],
)
def test_what_cannot_be_is_refused(changed, code):
    with pytest.raises(InvalidError) as refused:
        evacuate(**changed)
    assert refused.value.code == code


def test_people_without_a_place_are_refused():
    with pytest.raises(InvalidError) as refused:
        evacuate(at=((np.nan, np.nan),), zone=None)
    assert refused.value.code == "evacuation.no_place"


def grid(rng, side):
    xy = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1) * 100.0
    xy += rng.uniform(-25, 25, xy.shape)
    lines = [line(*xy[i, j : j + 2]) for i in range(side) for j in range(side - 1)]
    lines += [line(*xy[i : i + 2, j]) for i in range(side - 1) for j in range(side)]
    return lines, xy.reshape(-1, 2)


def least_by_trying(network, graph, begin, end, outside_only):
    """Least (ticks in the zone, ticks) over all simple paths that enter no zone after leaving one."""
    steps = defaultdict(list)
    for e in range(len(network)):
        a, b = int(network.tail[e]), int(network.head[e])
        if graph.forward[e]:
            steps[a].append((b, e))
        if graph.backward[e]:
            steps[b].append((a, e))
    best = [None]

    def follow(at, seen, zone, ticks, left):
        if at == end and (best[0] is None or (zone, ticks) < best[0]):
            best[0] = (zone, ticks)
        for after, e in steps[at]:
            inside = bool(network.in_zone[e])
            if after not in seen and not (inside and left):
                cost = int(graph.ticks[e])
                follow(
                    after, seen | {after}, zone + cost * inside, ticks + cost, left or not inside
                )

    follow(begin, {begin}, 0, 0, outside_only)
    return best[0]


@pytest.mark.parametrize("seed", range(30))
def test_every_way_is_the_best_of_all_paths(seed):
    rng = np.random.default_rng(seed)
    lines, places = grid(rng, 3)
    kept = [one for one in lines if rng.random() < 0.85]
    zone = shapely.Point(100, 100).buffer(60) if seed % 3 else None
    one_way = rng.integers(-1, 2, len(kept)).tolist()
    plan = evacuate(
        kept,
        places,
        (1,) * 9,
        [tuple(places[0]), tuple(places[8])],
        (9, 9),
        zone,
        DRIVE,
        one_way=one_way,
    )
    net, inside = (
        plan.network,
        [zone is not None and bool(zone.intersects(shapely.Point(p))) for p in places],
    )
    for i, place in enumerate(places):
        gaps = np.hypot(*(net.xy - place).T)
        if gaps.min() > 1e-6:
            continue
        for k, row in enumerate(plan.open_rows.tolist()):
            end = int(np.hypot(*(net.xy - places[[0, 8][row]]).T).argmin())
            expected = least_by_trying(net, plan.graph, int(gaps.argmin()), end, not inside[i])
            found = int(plan.reach.zone_ticks[i, k]), int(plan.reach.ticks[i, k])
            assert found == (expected if expected is not None else (0, -1))


@pytest.mark.parametrize("seed", range(8))
def test_a_closed_road_shortens_no_way(seed):
    rng = np.random.default_rng(seed)
    lines, places = grid(rng, 4)
    given = {
        "at": places[:6],
        "people": (2,) * 6,
        "shelters": [tuple(places[15])],
        "room": (99,),
        "zone": None,
    }
    before = evacuate(lines, **given)
    after = evacuate(
        lines, capacity=[0.0 if i == seed else np.nan for i in range(len(lines))], **given
    )
    ways = np.where(after.reach.ticks < 0, 1 << 40, after.reach.ticks)
    assert (ways >= before.reach.ticks).all()


@pytest.mark.parametrize("seed", range(8))
def test_more_capacity_of_a_road_never_lengthens_the_clearance(seed):
    rng = np.random.default_rng(seed)
    lines, places = grid(rng, 4)
    capacity = rng.uniform(0.1, 2.0, len(lines))
    given = {
        "at": places[:9],
        "people": (20,) * 9,
        "shelters": [tuple(places[15]), tuple(places[12])],
        "room": (120, 90),
        "zone": None,
    }
    before = evacuate(lines, capacity=capacity.tolist(), **given).clearance
    for i in rng.choice(len(lines), 6, replace=False):
        more = capacity.copy()
        more[i] *= 3
        after = evacuate(lines, capacity=more.tolist(), **given).clearance
        assert after.low_s <= before.low_s
        assert after.high_s <= before.high_s


def last_arrival(plan, capacity):
    """Time of the last arrival when each edge lets one person pass at a time, by events."""
    paths, net = [], plan.network
    flows = zip(
        plan.flows.source.tolist(), plan.flows.sink.tolist(), plan.flows.units.tolist(), strict=True
    )
    for i, k, units in flows:
        path = route(plan.graph, plan.ways, int(plan.reach.start[i, k]), k)
        own, along = int(plan.access.edge[i]), float(plan.access.along_m[i])
        # Houses stand at crossings here: their own edge is passed as a whole, or not at all.
        at_tail = plan.reach.start[i, k] == net.tail[own]
        whole = (along if at_tail else net.length_m[own] - along) > 1
        paths += [[own] * int(whole) + path] * units
    seconds = plan.graph.ticks / 100
    free, number = defaultdict(float), itertools.count()
    waiting = [(seconds[p[0]] if p else 0.0, next(number), p, 0) for p in paths]
    heapq.heapify(waiting)
    last = 0.0
    while waiting:
        now, _, path, step = heapq.heappop(waiting)
        if step == len(path):
            last = max(last, now)
            continue
        edge = path[step]
        out = max(now, free[edge])
        free[edge] = out + 1 / capacity[plan.network.road[edge]]
        after = seconds[path[step + 1]] if step + 1 < len(path) else 0.0
        heapq.heappush(waiting, (out + after, next(number), path, step + 1))
    return last


@pytest.mark.parametrize("seed", range(12))
def test_the_clearance_lies_between_its_bounds_when_everybody_walks_and_queues(seed):
    rng = np.random.default_rng(seed)
    lines, places = grid(rng, 4)
    capacity = rng.uniform(0.05, 1.0, len(lines))
    plan = evacuate(
        lines,
        places,
        (15,) * 16,
        [tuple(places[i]) for i in (15, 0, 3)],
        (100, 90, 70),
        None,
        capacity=capacity.tolist(),
    )
    found = last_arrival(plan, capacity)
    assert plan.clearance.low_s - 1 / capacity.min() <= found <= plan.clearance.high_s + 1e-6


def test_the_clearance_by_hand():
    plan = evacuate(
        lines=[line((0, 0), (100, 0))],
        at=((0, 0),),
        people=(60,),
        shelters=[(100, 0)],
        room=(99,),
        zone=None,
    )
    # 100 s at 1 m/s; 1 m wide lets 0.5 to 1 person per second pass.
    assert (plan.clearance.low_s, plan.clearance.high_s) == (100.0, 220.0)


def test_an_unknown_capacity_leaves_the_upper_bound_unknown():
    rates = foot_rates(speed=given_span((1.0, 1.0), "m/s"))
    plan = evacuate(rates=rates)
    assert plan.clearance.high_s is None
    assert plan.clearance.unknown > 0


def test_departures_count_in_both_bounds():
    rates = foot_rates(
        given_span((1.0, 1.0), "m/s"),
        given_span((1.0, 1.0), "p/(m s)"),
        given_span((1.0, 1.0), "m"),
        given_span((300.0, 600.0), "s"),
    )
    found = evacuate(rates=rates).clearance
    assert (found.low_s, found.high_s) == (300.0, 600.0 + 190.0 + 100.0)
