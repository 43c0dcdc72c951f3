"""Quarters around a source, and ranges that say where they come from."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.evacuation import model
from hazards.evacuation.rates import Mode, Span, foot_rates, given_span, vehicle_rates, walking
from hazards.evacuation.resources import arrivals
from hazards.evacuation.roads import capacities_p_s, roads_of
from hazards.evacuation.wind import Sector, is_downwind, sectors
from hazards.models import Confidence

AROUND = np.array([[0.0, 10.0], [10.0, 0.0], [0.0, -10.0], [-10.0, 0.0]])


def test_a_wind_from_the_west_has_its_quarters():
    assert sectors(AROUND, 270.0) == [
        Sector.CROSSWIND, Sector.DOWNWIND, Sector.CROSSWIND, Sector.UPWIND,
    ]  # fmt: skip


@given(st.floats(0, 360), st.floats(0, 359))
def test_turning_the_wind_round_changes_up_and_down(wind, bearing):
    at = np.array([[np.sin(np.radians(bearing)), np.cos(np.radians(bearing))]]) * 100
    off = abs((bearing - wind + 180) % 360 - 180)
    if min(abs(off - 45), abs(off - 135)) < 1e-6:
        return
    swap = {Sector.UPWIND: Sector.DOWNWIND, Sector.DOWNWIND: Sector.UPWIND}
    (one,), (other,) = sectors(at, wind), sectors(at, (wind + 180) % 360)
    assert other is swap.get(one, one)


def test_the_source_itself_is_downwind_and_without_wind_nothing_is():
    assert is_downwind(np.zeros((1, 2)), 10.0).tolist() == [True]
    assert is_downwind(AROUND, None).tolist() == [False] * 4


def test_every_assumption_names_source_and_confidence_or_is_unknown():
    for row in model.assumptions(foot_rates()):
        assert row["source"] == "未知" if row["low"] is None else row["confidence"]
    assert walking()["flow"].confidence is Confidence.READ


def test_what_the_user_gives_is_marked_as_such():
    rates = vehicle_rates(given_span((4.0, 8.0), "m/s"), given_span((0.3, 0.5), "p/(s lane)"))
    rows = {row["quantity"]: row for row in model.assumptions(rates)}
    assert rows["speed"]["confidence"] == rows["flow"]["confidence"] == "given by the user"
    assert rows["width"]["low"] is None


@pytest.mark.parametrize("pair", [(0.0, 1.0), (2.0, 1.0), (-1.0, 1.0), (1.0, float("inf"))])
def test_a_range_that_is_none_is_refused(pair):
    with pytest.raises(InvalidError) as refused:
        Span(*pair, "m/s", "", Confidence.GIVEN)
    assert refused.value.code == "evacuation.bad_range"


def test_vehicles_have_no_speed_that_nobody_gave():
    with pytest.raises(InvalidError) as refused:
        vehicle_rates(None)
    assert refused.value.code == "evacuation.no_speed"


def test_a_roads_own_capacity_comes_before_its_width_and_unknown_stays_unknown():
    line = shapely.LineString([(0, 0), (1, 0)])
    roads = roads_of([line] * 3, widths=[2.0, 2.0, np.nan], capacities_p_s=[5.0, np.nan, np.nan])
    low, high = capacities_p_s(roads, foot_rates())
    assert low[:2].tolist() == [5.0, 1.3]
    assert high[:2].tolist() == [5.0, 2.6]
    assert np.isnan(low[2])


def test_resources_come_by_time_to_a_gate_that_is_not_downwind():
    lines = [shapely.LineString([(0, 0), end]) for end in ((300, 0), (-400, 0))]
    lines.append(shapely.LineString([(300, 0), (300, 300), (-400, 300), (-400, 0)]))
    places = np.array([[300.0, 0.0], [-300.0, 0.0]])
    rates = vehicle_rates(given_span((5.0, 10.0), "m/s"))
    found = arrivals(roads_of(lines), places, shapely.box(-50, -50, 50, 50), rates, wind_from=270.0)
    assert [one.resource for one in found] == [1, 0]
    assert (found[0].low_s, found[0].high_s) == pytest.approx((25.0, 50.0))
    # 300 + 700 + 300 m round the zone, then 350 m to its western gate.
    assert found[1].high_s == pytest.approx(330.0)
    assert [one.downwind for one in found] == [False, False]


def test_a_resource_that_can_only_come_downwind_is_marked():
    lines = [shapely.LineString([(0, 0), (300, 0)])]
    rates = vehicle_rates(given_span((5.0, 5.0), "m/s"))
    (found,) = arrivals(roads_of(lines), np.array([[300.0, 0.0]]), shapely.box(-50, -50, 50, 50), rates, wind_from=270.0)  # fmt: skip
    assert found.downwind
    assert found.gate_m == (50.0, 0.0)
    assert Mode.VEHICLE is rates.mode
