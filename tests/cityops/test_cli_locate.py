"""The fixed form of ``cityops locate LON LAT [--crs gcj02] --json``, clause by clause."""

from __future__ import annotations

import json

import pytest
import shapely
from click.testing import CliRunner

from cityops.cli import output as cli_output
from cityops.cli.main import cli
from gis.datum import wgs84_to_gcj02
from grid.layers import CELLS

HERE = (117.1933, 39.1176)
KEYS = {
    *("lon", "lat", "input_crs", "cell", "community", "street", "district", "components"),
    *("boundary_distance_m", "warnings"),
}


@pytest.fixture
def locate(tianjin, monkeypatch):
    """Run the command on the scene; gives the object that it prints."""
    monkeypatch.setenv("CITYOPS_DATA_DIR", str(tianjin.settings.data_dir))
    cli_output.settings.cache_clear()

    def run(*arguments):
        done = CliRunner().invoke(cli, ["locate", *map(str, arguments), "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    yield run
    cli_output.settings.cache_clear()


def test_the_form_is_that_which_was_promised(locate):
    found = locate(*HERE)
    assert set(found) >= KEYS
    assert (found["lon"], found["lat"], found["input_crs"]) == (*HERE, "cgcs2000")
    assert set(found["cell"]) >= {"code"}
    for level, digits in (("community", 12), ("street", 9), ("district", 6)):
        assert set(found[level]) >= {"code", "name"}
        assert found["cell"]["code"][:digits] == found[level]["code"]
    for component in found["components"]:
        assert set(component) >= {"id", "class", "distance_m"}
    distances = [c["distance_m"] for c in found["components"]]
    assert distances == sorted(distances)
    assert found["boundary_distance_m"] > 0
    assert found["warnings"] == []


@pytest.mark.parametrize("order", [("--crs", "gcj02"), ()])
def test_an_option_may_stand_before_or_behind_the_numbers(locate, order):
    assert locate(*order, *HERE)["cell"] == locate(*HERE, *order)["cell"]


def test_gcj02_is_converted_and_the_same_cell_is_found(locate):
    shifted = wgs84_to_gcj02([HERE])[0]
    found = locate(*shifted, "--crs", "gcj02")
    assert found["cell"] == locate(*HERE)["cell"]
    assert (found["lon"], found["lat"]) == pytest.approx(HERE, abs=1e-7)
    assert found["input_crs"] == "gcj02"
    assert [w["code"] for w in found["warnings"]] == ["locate.approximate_datum"]


@pytest.mark.parametrize("place", [(-71.06, 42.36), (-0.5, -33.0), (0, 0), (121.47, 31.23)])
def test_outside_the_scene_all_is_null_and_a_warning_says_so(locate, place):
    found = locate(*place)
    assert set(found) >= KEYS
    assert [found[k] for k in ("cell", "community", "street", "district")] == [None] * 4
    assert found["components"] == []
    assert found["boundary_distance_m"] is None
    assert "locate.outside" in [w["code"] for w in found["warnings"]]


def test_on_a_shared_border_the_smaller_code_wins(locate, tianjin):
    with tianjin.store.reading() as tx:
        batch = tx.layers.load(CELLS)[1]
    cells = dict(zip(batch.columns["code"], batch.geometry, strict=True))
    tree = shapely.STRtree(list(cells.values()))
    codes = list(cells)
    seen = 0
    for lon, lat in shapely.get_coordinates(list(cells.values()))[::97]:
        around = sorted(codes[i] for i in tree.query(shapely.Point(lon, lat), "intersects"))
        if len(around) > 1:
            found = locate(repr(float(lon)), repr(float(lat)))
            assert found["cell"]["code"] == around[0]
            assert found["boundary_distance_m"] == 0
            seen += 1
    assert seen >= 5
