"""The plan of the model city: true to its own rules, whatever the seed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from generate.city import plan_of
from generate.frame import Settings, in_degrees, to_degrees, to_metres
from pyproj import Transformer

from gis.errors import CityError
from grid.divisions import divisions

DISTRICTS = Path(__file__).parents[2] / "fixtures" / "tianjin" / "districts.geojson"


def district(code):
    features = json.loads(DISTRICTS.read_text("utf-8"))["features"]
    found = next(f for f in features if f["properties"]["code"] == code)
    return shapely.from_geojson(json.dumps(found["geometry"]))


def plans(seed, scale=0.25):
    settings = Settings(seed, scale)
    return [plan_of(settings, pilot) for pilot in settings.pilots()]


def test_metres_are_those_of_epsg_4548():
    to = Transformer.from_crs(4490, 4548, always_xy=True)
    at = np.array([[117.2, 39.1], [117.74, 39.01]])
    want = np.column_stack(to.transform(*at.T))
    assert to_metres(at) == pytest.approx(want, abs=1e-4)
    assert to_degrees(want) == pytest.approx(at, abs=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 120103])
def test_no_building_stands_in_a_road_in_water_or_in_another_building(seed):
    for plan in plans(seed):
        houses = plan.buildings.shape
        taken = np.concatenate([plan.roads.corridors, plan.waters.shape])
        at, other = shapely.STRtree(taken).query(houses, predicate="intersects")
        assert shapely.area(shapely.intersection(houses[at], taken[other])).sum() < 0.1
        a, b = shapely.STRtree(houses).query(houses, predicate="intersects")
        assert (a == b).all()


@pytest.mark.parametrize("seed", [1, 2, 120103])
def test_every_building_stands_in_its_lot_and_every_lot_in_its_block(seed):
    for plan in plans(seed):
        lots = plan.lots.shape[plan.buildings.lot]
        outside = shapely.area(shapely.difference(plan.buildings.shape, lots))
        assert outside.max() < 0.5
        blocks = plan.blocks.inner[plan.lots.block]
        assert shapely.area(shapely.difference(plan.lots.shape, blocks)).max() < 1.0


def test_roads_are_one_connected_graph(quarter):
    roads = quarter[0].roads
    ends = np.column_stack([roads.xy[roads.starts[:-1]], roads.xy[roads.starts[1:] - 1]])
    nodes = np.column_stack([roads.node_xy[roads.first], roads.node_xy[roads.last]])
    assert (ends == nodes).all()
    reached = {int(roads.first[0])}
    for _ in range(len(roads)):
        more = np.isin(roads.first, list(reached)) | np.isin(roads.last, list(reached))
        grown = reached | set(roads.first[more].tolist()) | set(roads.last[more].tolist())
        if grown == reached:
            break
        reached = grown
    assert len(reached) == len(roads.node_xy)


def test_roads_meet_only_at_their_ends(quarter):
    lines = quarter[0].roads.lines
    a, b = shapely.STRtree(lines).query(lines, predicate="crosses")
    assert len(a) == 0, list(zip(a, b, strict=True))


def test_the_metro_lies_under_its_road_and_its_entrances_on_the_foot_way(quarter):
    plan, _ = quarter
    road = shapely.union_all(plan.roads.corridors)
    exits = shapely.points(plan.metro.exit_xy)
    assert shapely.covers(road, shapely.LineString(plan.metro.axis))
    assert shapely.covers(road, exits).all()
    carriage = shapely.buffer(plan.roads.lines, plan.roads.carriage_m / 2.0, cap_style="flat")
    axis = shapely.LineString(plan.metro.axis)
    along = carriage[shapely.distance(plan.roads.lines, axis) < 0.01]
    parallel = along[shapely.length(shapely.intersection(along, axis)) > 60.0]
    assert not shapely.intersects(shapely.union_all(parallel), shapely.union_all(exits))
    assert (plan.metro.station_bottom_m > plan.metro.station_top_m + 8.0).all()


def test_blocks_cover_the_pilot_without_gap(quarter):
    plan, _ = quarter
    assert plan.outline.geom_type == "Polygon"
    assert not plan.outline.interiors
    assert shapely.area(plan.blocks.shape).sum() == pytest.approx(plan.outline.area, abs=0.01)


def test_the_inner_city_lies_in_its_two_districts_and_codes_say_in_which():
    settings = Settings()
    plan = plan_of(settings, settings.pilots()[0])
    for code in ("120101", "120103"):
        mine = np.array([c.startswith(code) for c in plan.blocks.community])
        ground = shapely.union_all(in_degrees(plan.blocks.shape[mine]))
        outside = in_degrees(plan.outline).difference(district(code).buffer(1e-5))
        assert shapely.area(shapely.intersection(ground, outside)) * 9.6e9 < 1.0


def test_codes_and_names_of_communities_are_real():
    for plan in plans(1):
        for code, name in plan.communities.items():
            assert divisions()[code].name.removesuffix("居委会") == name


def test_people_live_as_densely_as_in_an_inner_city():
    settings = Settings()
    plan = plan_of(settings, settings.pilots()[0])
    night = plan.buildings.people_night.sum() / (plan.outline.area / 1e6)
    assert 15_000 < night < 40_000


def test_foundations_reach_below_basements(quarter):
    houses = quarter[0].buildings
    assert (houses.base_depth_m > 3.0 * houses.basements).all()
    assert (houses.base_depth_m > 1.0).all()


def test_chance_of_one_theme_does_not_depend_on_another():
    settings = Settings()
    first, second = settings.pilots()[:2]
    alone = settings.stream("lots", first).random()
    settings.stream("pipes", first).random(100)
    assert settings.stream("lots", first).random() == alone
    assert settings.stream("pipes", first).random() != alone
    assert settings.stream("lots", second).random() != alone


def test_a_larger_city_is_made_of_copies_that_lie_apart():
    pilots = [p for p in Settings(scale=27.0).pilots() if p.kind == "inner"]
    assert len(pilots) == 27
    apart = np.array([p.shift for p in pilots])
    gaps = np.hypot(*(apart[:, None] - apart[None, :]).transpose(2, 0, 1))
    assert gaps[~np.eye(27, dtype=bool)].min() >= 3_000.0


def test_copies_bear_codes_of_no_real_place():
    settings = Settings(scale=2.0)
    plan = plan_of(settings, settings.pilots()[-1])
    assert {c[:6] for c in plan.blocks.community} == {"990001"}


def test_a_scale_of_nothing_is_refused():
    with pytest.raises(CityError):
        Settings(scale=0.0)
