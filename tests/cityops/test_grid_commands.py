"""The commands ``cityops grid check`` and ``cityops grid make``: fixed forms and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

ROOT = Path(__file__).parents[2]


def run(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", "from cityops.cli.main import main; main()", *map(str, arguments)],
        env={"CITYOPS_DATA_DIR": str(folder), "PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


def answer(folder, *arguments, code=0):
    done = run(folder, *arguments, "--json")
    assert done.returncode == code, done.stdout
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def folder(tianjin):
    return tianjin.settings.data_dir


def broken(tmp_path, change):
    """A copy of the pilot area's cells after `change` of its features."""
    body = json.loads((ROOT / "fixtures/tianjin/cells.geojson").read_text("utf-8"))
    change(body["features"])
    path = tmp_path / "cells.geojson"
    path.write_text(json.dumps(body), "utf-8")
    return path


def test_the_cells_of_the_scene_are_in_order(folder):
    result = answer(folder, "grid", "check")
    assert (result["cells_checked"], result["faults"]) == (161, [])


def test_faults_of_a_file_are_told_in_the_fixed_form(folder, tmp_path):
    def exchange(features):
        a, b = features[3]["properties"], features[4]["properties"]
        a["code"], b["code"] = b["code"], a["code"]

    result = answer(folder, "grid", "check", broken(tmp_path, exchange))
    fault = result["faults"][0]
    assert set(fault) >= {"kind", "cell_codes", "point", "area_m2", "width_m"}
    assert {f["kind"] for f in result["faults"]} == {"order"}
    assert 117 < fault["point"][0] < 118


def test_a_moved_cell_leaves_a_gap_an_overlap_and_an_overhang(folder, tmp_path):
    def move(features):
        shape = shapely.from_geojson(json.dumps(features[60]["geometry"]))
        moved = shapely.transform(shape, lambda xy: xy + np.array([0.0002, 0.0]))
        features[60]["geometry"] = json.loads(shapely.to_geojson(moved))

    path = broken(tmp_path, move)
    kinds = {f["kind"] for f in answer(folder, "grid", "check", path)["faults"]}
    assert {"gap", "overlap"} <= kinds
    wide = answer(folder, "grid", "check", path, "--tolerance-m", "100")["faults"]
    assert {f["kind"] for f in wide} <= {"order", "code"}


def test_a_file_is_checked_where_there_is_no_database(tmp_path):
    result = answer(tmp_path / "none", "grid", "check", ROOT / "fixtures/helsinki/cells.geojson")
    assert (result["cells_checked"], result["faults"]) == (164, [])


def test_what_is_no_grid_is_refused(folder, tmp_path):
    missing = answer(folder, "grid", "check", tmp_path / "none.geojson", code=3)
    assert missing["error"]["code"] == "file.missing"
    places = ROOT / "fixtures/tianjin/roads.geojson"
    assert answer(folder, "grid", "check", places, code=2)["error"]["code"] == "grid.no_column"


def test_cells_are_made_from_the_scene_and_pass_the_check(folder, tmp_path):
    out = tmp_path / "made.geojson"
    report = answer(folder, "grid", "make", "--community", "120101003004", "--out", out)
    assert report["communities"] == 1
    assert report["cells"] >= 8
    assert (report["buildings_cut"], report["faults"]) == (0, [])
    assert report["on_line_share"] >= 0.9
    checked = answer(folder, "grid", "check", out)
    assert (checked["cells_checked"], checked["faults"]) == (report["cells"], [])


def test_along_parcels_every_cell_of_the_scene_is_of_fitting_size(folder, tmp_path):
    parcels = ROOT / "fixtures/tianjin/parcels.geojson"
    out = tmp_path / "made.geojson"
    report = answer(folder, "grid", "make", "--parcels", parcels, "--out", out)
    assert report["fitting_share"] >= 0.9
    assert report["on_line_share"] >= 0.9
    told = run(folder, "grid", "make", "--community", "120101003001", "--out", out).stdout
    assert ("--parcels" in told) == ("：100.0%" not in told.splitlines()[1])


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--community", "120101003999"], 3),
        (["--least-m2", "30000"], 2),
        (["--free-share", "1.5"], 2),
        (["--osm", "fixtures/tianjin/roads.geojson"], 2),
    ],
)
def test_a_division_that_cannot_be_made_is_refused(folder, tmp_path, more, code):
    out = tmp_path / "made.geojson"
    answer(folder, "grid", "make", *more, "--out", out, code=code)
    assert not out.exists()


def test_tunnels_of_a_street_map_divide_nothing(tmp_path):
    def feature(shape, **values):
        return {
            "type": "Feature",
            "properties": values,
            "geometry": shapely.geometry.mapping(shape),
        }

    def written(name, *features):
        path = tmp_path / name
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
        return path

    area = feature(shapely.box(117.2, 39.1, 117.202, 39.101), code="120101003001")
    lines = [shapely.LineString([(x, 39.09), (x, 39.11)]) for x in (117.2007, 117.2013)]
    roads = [
        feature(line, osm_id=str(n), highway="residential", tunnel=tunnel)
        for n, (line, tunnel) in enumerate(zip(lines, ("no", "yes"), strict=True))
    ]
    empty = written("empty.geojson", feature(shapely.box(0, 0, 0.1, 0.1), osm_id="9"))
    files = [
        "--communities",
        written("areas.geojson", area),
        "--roads",
        written("r.geojson", *roads),
    ]
    for role in ("--water", "--parcels", "--buildings"):
        files += [role, empty]
    out = tmp_path / "made.geojson"
    report = answer(tmp_path / "none", "grid", "make", *files, "--out", out)
    assert report["cells"] == 2


def test_a_division_that_cannot_be_written_is_refused_before_it_is_made(tmp_path):
    out = tmp_path / "no" / "such" / "cells.geojson"
    refused = answer(tmp_path / "none", "grid", "make", "--out", out, code=3)["error"]
    assert (refused["code"], refused["field"]) == ("file.no_folder", "out")
    assert refused["got"] == str(out.parent)
