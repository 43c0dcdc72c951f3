"""Figures of evacuations and domino effects: well-formed, complete, hostile names stay text."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
import shapely

from gis.errors import InvalidError
from hazards.domino.drawing import draw_domino
from hazards.domino.escalation import Site, blast_hits, escalation_radii
from hazards.domino.thresholds import Equipment
from hazards.evacuation import ways
from hazards.evacuation.drawing import draw_plan
from hazards.evacuation.people import buildings_of, shelters_of
from hazards.evacuation.plan import plan_evacuation
from hazards.evacuation.rates import foot_rates
from hazards.evacuation.roads import roads_of
from hazards.kingery_bulmash import KINGERY_BULMASH

SVG = "{http://www.w3.org/2000/svg}"
ZONE = shapely.box(-50, -50, 50, 50)


def planned():
    lines = [shapely.LineString([(0, 0), (200, 0)]), shapely.LineString([(0, 30), (20, 30)])]
    buildings = buildings_of([(10, 0), (10, 30)], [5, 7], [True, True])
    shelters = shelters_of([(200, 0)], [50])
    return (
        plan_evacuation(roads_of(lines), buildings, shelters, ZONE, foot_rates()),
        buildings,
        shelters,
    )


def test_a_plan_shows_who_has_a_way_and_who_has_none():
    plan, buildings, shelters = planned()
    text = draw_plan(plan, buildings, shelters, ZONE, wind_from=90.0, title="<a & b>")
    root = ElementTree.fromstring(text)
    assert root.find(f"{SVG}title").text == "<a & b>"
    assert len(root.findall(f"{SVG}circle")) == 1
    assert "5 / 50" in {t.text for t in root.iter(f"{SVG}text")}


def test_domino_marks_what_is_set_off_what_not_and_what_is_undecided():
    sites = [Site("<x>", 50, 0, Equipment.ATMOSPHERIC, None), Site("far", 900, 0, Equipment.ATMOSPHERIC, None),
             Site("?", 60, 9, None, None)]  # fmt: skip
    hits = blast_hits(5000.0, sites, KINGERY_BULMASH)
    root = ElementTree.fromstring(
        draw_domino(escalation_radii(5000.0, KINGERY_BULMASH), hits, sites)
    )
    told = [t.text for t in root.iter(f"{SVG}text")]
    assert "<x>（常压容器，第 1 级）" in told
    assert "far（常压容器）" in told
    assert "?（类别未知）" in told
    assert len(root.findall(f"{SVG}rect")) == 1


def test_a_network_too_large_for_its_shelters_is_refused(monkeypatch):
    monkeypatch.setattr(ways, "MOST_PAIRS", 3)
    with pytest.raises(InvalidError) as refused:
        planned()
    assert refused.value.code == "evacuation.too_large"


def test_steps_between_two_places_are_the_quickest_of_parallel_roads():
    lines = [
        shapely.LineString([(0, 0), (100, 0)]),
        shapely.LineString([(0, 0), (50, 50), (100, 0)]),
    ]
    plan = plan_evacuation(
        roads_of(lines),
        buildings_of([(0, 0)], [5]),
        shelters_of([(100, 0)], [50]),
        None,
        foot_rates(),
    )
    assert plan.slow_s.tolist() == pytest.approx([100 / 0.67], abs=0.01)
    assert np.unique(plan.network.road[plan.walk.load.sum(axis=0) > 0]).tolist() == [0]
