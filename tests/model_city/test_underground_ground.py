"""Boreholes, benchmarks and bodies below ground of the model city, through the product's own readers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from generate.city import plan_of
from generate.frame import Settings
from generate.scene import NAME
from generate.underground_ground import WATER_M, holes_of, subsidence_rows
from generate.underground_spaces import space_rows

from cityops.services.underground.spaces import spaces_of_files, strata_of_files

CITY = {"crs": "EPSG:4548", "datum": "1985"}


@pytest.fixture(scope="module")
def port():
    """Plan of a small port."""
    settings = Settings(scale=0.3)
    return settings, plan_of(settings, settings.pilots()[1], greens=False)


def rows(folder, name):
    return json.loads((folder / f"{name}.geojson").read_text("utf-8"))["features"]


def test_strata_are_read_out_of_the_tables_of_boreholes(small_scene):
    folder = small_scene / NAME / "deliveries" / "geology"
    tables = [folder / "N_holes.csv", folder / "N_layers.csv"]
    _, north, east = tables[0].read_text("utf-8").splitlines()[1].split(",")[:3]

    found = strata_of_files(tables, float(east), float(north), 0.5, nearest=1, **CITY)

    assert found["holes"][0]["distance_m"] == 0.0
    assert found["holes"][0]["layer"]["code"] == "Qml"
    assert found["holes"][0]["below_water"] is False


def test_boreholes_stand_off_roads_and_houses_with_water_where_it_is_met(port):
    settings, plan = port
    holes = holes_of(settings, plan)
    spots = shapely.points([hole.xy for hole in holes])
    taken = shapely.union_all([*plan.roads.corridors, *plan.buildings.shape])

    assert len(holes) == pytest.approx(plan.outline.area / 250.0**2, rel=0.5)
    assert shapely.distance(spots, taken).min() >= 2.0 - 1e-3
    assert all(WATER_M[0] <= hole.water_m <= WATER_M[1] for hole in holes)
    assert all(hole.beds[-1][2] == hole.depth_m for hole in holes)


def test_the_rate_of_a_benchmark_is_that_of_its_readings(port):
    for _, values in subsidence_rows(*port):
        levels = [float(one.split()[1]) for one in values["readings"].split("；")]
        years = np.arange(len(levels))
        slope = -np.polyfit(years, levels, 1)[0] * 1000.0
        assert values["rate_mm_a"] == pytest.approx(slope, abs=0.6)


def test_drains_the_deepest_pipes_pass_above_the_metro(small_scene):
    folder = small_scene / NAME
    spaces = rows(folder, "underground_spaces")
    metro = {f["properties"]["id"] for f in spaces if "metro" in f["properties"]["kind"]}
    tables = [folder / "deliveries" / "drainage" / f"N_{name}.csv" for name in ("points", "lines")]
    layer = folder / "underground_spaces.geojson"

    found = spaces_of_files(tables, layer, spaces_datum="1985", within_m=0.3, despite=True, **CITY)

    assert len(metro) > 20
    assert not [near for near in found["near"] if near["space"] in metro]


def test_shelters_lie_within_the_basements_of_houses():
    settings = Settings(scale=0.3)
    bodies = space_rows(settings, plan_of(settings, settings.pilots()[0], greens=False))
    of = {
        kind: [b for b in bodies if b[1]["kind"] == kind] for kind in ("basement", "civil_defence")
    }

    for shape, values in of["civil_defence"]:
        (around,) = [v for s, v in of["basement"] if shapely.covers(s, shape)]
        assert around["bottom_m"] < values["bottom_m"] < values["top_m"] <= around["top_m"]
    assert of["civil_defence"]
