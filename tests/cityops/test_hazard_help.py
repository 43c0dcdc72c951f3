"""Shelters and rescue teams that a blast or a plume reaches, at distances that the test chose."""

from __future__ import annotations

import json
import shutil

import pytest
from pyproj import Geod

from cityops.bootstrap import Services
from cityops.services.hazards.model_requests import ModelRequest
from cityops.services.hazards.requests import BlastRequest
from cityops.services.roles import SYSTEM
from cityops.services.scenes import SceneService, scenes_folder
from cityops.settings import Settings
from cityops.store.database import create_all

LON, LAT = 117.1933, 39.1176
#: Name, metres from the source, degrees from north.
SHELTERS = (("far", 5000.0, 0.0), ("near", 60.0, 90.0), ("in the middle", 300.0, 90.0))
TEAMS = (("beside", 40.0, 270.0), ("away", 9000.0, 180.0))


def written(folder, layer, places, **values):
    features = []
    for name, metres, azimuth in places:
        lon, lat, _ = Geod(ellps="GRS80").fwd(LON, LAT, azimuth, metres)
        told = {"id": name, "name": name, "source": "样例", **values}
        point = {"type": "Point", "coordinates": [lon, lat]}
        features.append({"type": "Feature", "properties": told, "geometry": point})
    body = {"type": "FeatureCollection", "features": features}
    (folder / f"{layer}.geojson").write_text(json.dumps(body), "utf-8")
    entry = {"layer": layer, "file": f"{layer}.geojson", "rows": len(places), "synthetic": True}
    return entry | {"notice": "样例"}


@pytest.fixture(scope="module")
def hazards(tmp_path_factory):
    """A city of districts, three shelters and two teams."""
    folder, real = tmp_path_factory.mktemp("scenes") / "tianjin", scenes_folder() / "tianjin"
    folder.mkdir()
    body = json.loads((real / "scene.json").read_bytes())
    layers = [entry for entry in body["layers"] if entry["layer"] == "districts"]
    shutil.copy(real / "districts.geojson", folder)
    layers.append(written(folder, "shelters", SHELTERS, kind="short", capacity=120))
    layers.append(written(folder, "rescue_teams", TEAMS, kind="fire", people=30))
    (folder / "scene.json").write_text(json.dumps(body | {"layers": layers}), "utf-8")
    settings = Settings(data_dir=tmp_path_factory.mktemp("hazard-help"))
    store = create_all(settings)
    SceneService(store, folder.parent).set_up("tianjin")
    store.dispose()
    services = Services(settings)
    yield services.hazards
    services.store.dispose()


def test_a_blast_lists_what_it_reaches_nearest_first(hazards):
    found = hazards.run(SYSTEM, BlastRequest(LON, LAT, masses_kg={"likely": 500.0}))
    radii = [zone["radius_m"] for zone in found["alternatives"][0]["zones"]]
    assert 60.0 < radii[0] < radii[-1] < 5000.0
    listed = [place for place in sorted(SHELTERS, key=lambda p: p[1]) if place[1] < radii[-1]]
    told = found["lists"]["shelters"]
    assert [row["id"] for row in told] == [name for name, _, _ in listed]
    assert [row["capacity"] for row in told] == [120] * len(listed)
    for row, (_, metres, _) in zip(told, listed, strict=True):
        assert row["zone"]["likely"] == next(i for i, r in enumerate(radii) if metres < r)
    assert [(row["id"], row["people"]) for row in found["lists"]["teams"]] == [("beside", 30)]


def test_a_plume_lists_those_down_the_wind_alone(hazards):
    asked = ModelRequest(
        lon=LON, lat=LAT, model="gaussian-plume", levels=("20ppm",), rate_kg_s={"likely": 1.0},
        molar_mass_g_mol=70.906, wind_m_s=3.0, wind_from=270.0, stability="D", terrain="urban",
    )  # fmt: skip
    found = hazards.run_model(SYSTEM, asked)
    assert [row["id"] for row in found["lists"]["shelters"]] == ["near", "in the middle"]
    assert found["lists"]["teams"] == []
    assert found["alternatives"][0]["zones"][0]["exposure"]["shelters"]["within"] == 2


def test_without_a_layer_of_them_nobody_knows(hazards):
    found = hazards.run(SYSTEM, BlastRequest(LON, LAT, masses_kg={"likely": 500.0}))
    assert found["lists"]["sources"] is None
