"""The map page as a planner opens it."""

from __future__ import annotations


def test_the_map_opens_with_its_layers_and_asks_nothing_of_other_machines(seat):
    planner = seat("planner")
    planner.go("/map")
    page = planner.map_idle()
    assert page.get_by_text("地下管线").first.is_visible()
    assert page.get_by_text("内部使用，非公开地图").first.is_visible()
    planner.picture("map-planner")


def test_the_address_carries_place_and_selection(seat):
    planner = seat("planner")
    planner.go("/map?at=117.1930,39.1176,17.00")
    page = planner.map_idle()
    centre = page.evaluate("() => window.cityops.map.getCenter().toArray()")
    assert abs(centre[0] - 117.1930) < 1e-6
    assert abs(centre[1] - 39.1176) < 1e-6
