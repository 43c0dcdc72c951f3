"""Zones of hazard runs in the dossier of a place: only those that hold it, only for who may read."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from cityops.services.dossier_zones import ZonesNear, zone_row
from cityops.services.places import place_of
from cityops.services.roles import Person, Role
from gis.layers import LayerRegistry

NOON = datetime.fromisoformat("2026-11-24T12:00:00+08:00")
OFFICER = Person(6, "应急", frozenset({Role.EMERGENCY}))
INSPECTOR = Person(1, "监督员", frozenset({Role.INSPECTOR}))
CENTRE = (117.2, 39.1)
#: 0.001 degrees of latitude are 111.017 m here (by geographiclib on GRS80).
NORTH_M = 111.017


def a_run(age=timedelta(hours=1), radii=(50.0, 150.0), larger=(100.0, 400.0), **result):
    def alternative(name, title, metres):
        zones = [
            {"radius_m": r, "radius_told_m": r, "rank": rank}
            for r, rank in zip(metres, ("red", "orange"), strict=True)
        ]
        return {"name": name, "title": title, "zones": zones[::-1]}

    body = {
        "place": {"lon": CENTRE[0], "lat": CENTRE[1]},
        "site": {"name": "示例罐区"},
        "alternatives": [
            alternative("likely", "可能", radii),
            alternative("high", "较大", larger),
        ],
        "reach": {},
    }
    return {"id": "run-1", "at": (NOON - age).isoformat(), "result": body | result}


def ask(person, runs, lat=CENTRE[1] + 0.001):
    tx = SimpleNamespace(
        layers=SimpleNamespace(registry=lambda: LayerRegistry([])),
        hazard_runs=SimpleNamespace(newest=lambda: iter(runs)),
    )

    @contextmanager
    def reading():
        yield tx

    store = SimpleNamespace(reading=reading)
    return ZonesNear(store, lambda: NOON).near(person, place_of(CENTRE[0], lat), 50.0)


def test_a_place_is_told_the_innermost_zone_of_the_likely_alternative():
    [row] = ask(OFFICER, [a_run()]).rows
    assert (row["alternative"], row["rank_title"]) == ("可能", "橙区")
    assert row["distance_m"] == pytest.approx(NORTH_M, abs=0.06)
    assert row["label"] == "示例罐区"


def test_what_only_the_larger_alternative_reaches_says_so():
    [row] = ask(OFFICER, [a_run(radii=(10.0, 20.0))]).rows
    assert row["alternative"] == "较大"


def test_a_zone_that_ends_before_the_place_is_not_told():
    assert ask(OFFICER, [a_run(radii=(10.0, 20.0), larger=(30.0, 110.0))]) is None


def test_the_border_of_a_zone_belongs_to_it():
    run = a_run(radii=(10.0, 20.0), larger=(30.0, 111.02))
    assert zone_row(run, place_of(CENTRE[0], CENTRE[1] + 0.001)) is not None


def test_runs_older_than_a_week_are_not_told():
    assert ask(OFFICER, [a_run(age=timedelta(days=8))]) is None


def test_at_most_five_are_listed_and_all_are_counted():
    found = ask(OFFICER, [a_run() for _ in range(8)])
    assert (len(found.rows), found.count) == (5, 8)


def test_who_may_not_see_hazards_is_told_of_no_zone():
    assert ask(INSPECTOR, [a_run()]) is None


def test_a_run_without_a_site_has_a_name_all_the_same():
    [row] = ask(OFFICER, [a_run(site=None)]).rows
    assert row["label"] == "爆炸影响"


def test_a_place_in_a_cloud_of_gas_is_told_by_its_outline_and_a_grade_has_no_zones():
    west, south, east, north = CENTRE[0], CENTRE[1] - 0.001, CENTRE[0] + 0.02, CENTRE[1] + 0.001
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    zone = {
        "radius_m": None,
        "radius_told_m": None,
        "length_m": 1730.0,
        "length_told_m": 1730,
        "rank": "red",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    gas = [{"name": "likely", "title": "可能", "zones": [zone]}]
    inside = place_of(CENTRE[0] + 0.01, CENTRE[1])
    row = zone_row(a_run(alternatives=gas, kind="dispersion", site=None), inside)
    assert (row["label"], row["zone_radius_m"]) == ("气体扩散影响", 1730)
    assert zone_row(a_run(alternatives=gas), place_of(CENTRE[0] - 0.01, CENTRE[1])) is None
    assert zone_row(a_run(alternatives=None, kind="grade"), inside) is None
