"""The committed layer files are what the seeded script of the scene makes."""

import json
import subprocess
import sys

import pytest

from cityops.services.scenes import scenes_folder

SCRIPT = """
import json, sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/tianjin"]
import orjson, pilot_buildings, pilot_lots, pilot_plan, shapely
from scene_writing import _feature
planned = pilot_plan.cells()
built, _ = pilot_buildings.build(planned)
made = {"cells": pilot_plan.area_rows(planned)["cells"],
        "buildings": pilot_buildings.building_rows(built)}
told = {k: [_feature(*row) for row in rows] for k, rows in made.items()}
told["parcels"] = [
    {"properties": {"parcel_no": f"L{n:03d}", "source": pilot_plan.SYNTHETIC},
     "geometry": orjson.loads(shapely.to_geojson(lot))}
    for n, lot in enumerate(pilot_lots.lots(), 1)
]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def made():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(scenes_folder())],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("layer", ["cells", "buildings", "parcels"])
def test_the_script_makes_the_committed_features_again(made, layer):
    path = scenes_folder() / "tianjin" / f"{layer}.geojson"
    committed = json.loads(path.read_text(encoding="utf-8"))["features"]
    assert made[layer]
    for again, there in zip(made[layer], committed, strict=False):
        assert again["properties"] == there["properties"]
        assert flat(again) == pytest.approx(flat(there), abs=2e-9)


def flat(feature):
    """Coordinates of a feature as one list."""
    out = []

    def walk(value):
        if isinstance(value, list):
            for item in value:
                walk(item)
        else:
            out.append(value)

    walk(feature["geometry"]["coordinates"])
    return out
