"""Roads become a network: where they meet, where the zone cuts them, what is left out."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis.errors import InvalidError
from hazards.evacuation.closures import closures_of
from hazards.evacuation.network import network_of
from hazards.evacuation.pieces import cut_key, cut_pieces, pieces_of
from hazards.evacuation.rates import Mode
from hazards.evacuation.roads import check_roads, roads_of, usable_roads


def line(*places):
    return shapely.LineString(places)


def network(lines, zone=None):
    return network_of(pieces_of(np.array(lines, object), zone))


def test_roads_meet_at_a_shared_vertex_in_mid_span():
    net = network([line((0, 0), (50, 0), (100, 0)), line((50, 0), (50, 30))])
    assert sorted(net.length_m.tolist()) == [30.0, 50.0, 50.0]
    assert net.parts().max() == 0


def test_roads_that_cross_without_a_vertex_do_not_meet():
    net = network([line((-50, 0), (50, 0)), line((0, -50), (0, 50))])
    assert (len(net), net.parts().max()) == (2, 1)


def test_a_bridge_cut_by_the_zone_where_it_crosses_still_does_not_meet_the_road_below():
    zone = shapely.box(0, -100, 100, 100)
    net = network([line((-50, 10), (50, -10)), line((-50, -10), (50, 10))], zone)
    assert len(net.parts()) == 6
    assert net.parts().max() == 1


def test_the_zone_cuts_at_its_edge_and_lengths_are_kept():
    net = network([line((0, 0), (100, 0))], shapely.box(30, -5, 55, 5))
    assert net.in_zone.tolist() == [False, True, False]
    assert net.length_m.tolist() == pytest.approx([30.0, 25.0, 45.0])
    assert sorted(net.xy[net.gates, 0].tolist()) == pytest.approx([30.0, 55.0])


def test_a_road_that_only_touches_a_corner_stays_outside_and_whole_in_length():
    net = network([line((0, 0), (100, 0))], shapely.Polygon([(50, 0), (60, 20), (40, 20)]))
    assert not net.in_zone.any()
    assert net.length_m.sum() == pytest.approx(100.0)


def test_a_road_along_the_edge_is_within():
    net = network([line((0, 0), (100, 0))], shapely.box(0, 0, 100, 50))
    assert net.in_zone.tolist() == [True]


def test_a_hole_of_the_zone_is_outside():
    zone = shapely.box(0, -50, 100, 50).difference(shapely.box(40, -10, 60, 10))
    net = network([line((-10, 0), (110, 0))], zone)
    assert net.in_zone.tolist() == [False, True, False, True, False]


def test_a_loop_is_cut_in_its_middle_and_a_point_left_out():
    net = network([line((0, 0), (40, 0), (40, 40), (0, 0)), line((0, 0), (0, -20))])
    assert len(net) == 3
    assert (net.tail != net.head).all()
    assert net.length_m.sum() == pytest.approx(80 + np.hypot(40, 40) + 20)


def test_cuts_of_one_road_are_one_place_however_often():
    pieces = pieces_of(np.array([line((0, 0), (100, 0))], object), None)
    key = cut_key(pieces, 0, 40.0)
    net = network_of(cut_pieces(pieces, {0: np.array([40.0, 40.0, 70.0])}))
    assert net.length_m.tolist() == [40.0, 30.0, 30.0]
    assert net.xy[net.places(np.array([key]))].tolist() == [[40.0, 0.0]]


def test_a_road_drawn_twice_counts_once_but_both_lanes_of_a_pair_stay():
    road = line((0, 0), (100, 0))
    same, cautions = usable_roads(roads_of([road, road.reverse()]), Mode.FOOT)
    assert len(same) == 1
    assert [c.code for c in cautions] == ["evacuation.duplicate_roads"]
    pair, cautions = usable_roads(roads_of([road, road], one_way=[1, -1]), Mode.VEHICLE)
    assert (len(pair), cautions) == (2, [])


def test_people_on_foot_do_not_walk_on_motorways():
    roads = roads_of([line((0, 0), (9, 0))] * 2, classes=["motorway", None])
    usable, cautions = usable_roads(roads, Mode.FOOT)
    assert usable.ids.tolist() == ["2"]
    assert cautions[0].code == "evacuation.classes"


def test_every_bad_road_is_named_at_once():
    lines = [line((0, 0), (1, 0)), line((5, 5), (5, 5)), line((0, 0), (2, 0))]
    with pytest.raises(InvalidError) as refused:
        check_roads(roads_of(lines, capacities_p_s=[-1.0, 2.0, np.nan], one_way=[0, 0, 7]))
    assert refused.value.code == "evacuation.bad_roads"
    assert [(f.field, f.row) for f in refused.value.errors] == [
        ("capacity_p_h", 1), ("oneway", 3), ("geometry", 2),
    ]  # fmt: skip


def test_closing_all_that_leads_in_cuts_the_inside_off():
    rng = np.random.default_rng(3)
    xy = np.stack(np.meshgrid(np.arange(8), np.arange(8)), -1) * 100.0 + rng.uniform(
        -20, 20, (8, 8, 2)
    )
    lines = [line(*xy[i, j : j + 2]) for i in range(8) for j in range(7)]
    lines += [line(*xy[i : i + 2, j]) for i in range(7) for j in range(8)]
    roads = roads_of(lines, one_way=rng.integers(-1, 2, len(lines)).tolist())
    zone = shapely.Point(350, 350).buffer(180)
    pieces = pieces_of(roads.lines, zone)
    closed = {c.place_m for c in closures_of(roads, pieces) if c.leads_in}
    net = network_of(pieces)
    entering = [
        tuple(net.xy[node].tolist())
        for ends, others, allowed in (
            (net.tail, net.head, roads.one_way[net.road] >= 0),
            (net.head, net.tail, roads.one_way[net.road] <= 0),
        )
        for node, inner in zip(
            ends[net.in_zone & allowed], others[net.in_zone & allowed], strict=True
        )
        if net.gates[node]
    ]
    assert set(entering) == closed
    assert len(closed) > 4
