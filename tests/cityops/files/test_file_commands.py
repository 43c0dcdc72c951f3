"""``cityops import``, ``export`` and ``layers`` as a person types them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def folder(tmp_path, empty_city):
    shutil.copytree(empty_city, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def cityops(folder, tmp_path):
    """Run a command in a process of its own; gives (exit code, JSON or text of stdout, stderr)."""

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "cityops", *map(str, arguments)],
            env={"CITYOPS_DATA_DIR": str(folder), "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr
        out = json.loads(done.stdout) if "--json" in arguments else done.stdout
        return done.returncode, out, done.stderr

    return run


def test_a_file_goes_in_is_listed_and_goes_out(cityops, data, tmp_path):
    file = data / "feet" / "schools.shp"
    code, told, _ = cityops(
        "import", file, "--layer", "schools", "--new", "--title", "学校", "--json"
    )
    assert (code, told["stored"], told["crs"]) == (0, 8, "ESRI:102649")
    code, told, _ = cityops("layers", "--json")
    layer = next(one for one in told["layers"] if one["name"] == "schools")
    assert (layer["title"]["zh"], layer["count"], layer["geometry"]) == ("学校", 8, "point")
    box = "--bbox", "-113,32,-111,34"  # Arizona
    code, told, _ = cityops(
        "export", "schools", "--out", "out/schools.gpkg", *box, "--crs", "same", "--json"
    )
    assert (code, told["rows"], told["losses"]) == (0, 8, [])
    assert (tmp_path / "out" / "schools.gpkg").stat().st_size == told["bytes"]
    assert "ESRI:102649" in (tmp_path / "out" / "schools.gpkg.notice.txt").read_text("utf-8")


def test_reports_are_told_in_words_too(cityops, data):
    file = data / "districts_gcj02.geojson"
    code, out, _ = cityops("import", file, "--layer", "d", "--new", "--crs", "gcj02", "--dry-run")
    assert code == 0
    assert "共 7 行，可导入 4 行，拒绝 3 行" in out
    assert "多边形的边界自相交（geometry.self_intersection）" in out


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["import", "nothing.geojson", "--layer", "pipes"], 3, "file.missing"),
        (["import", "LYING", "--layer", "x", "--new"], 2, "crs.outside_area"),
        (["import", "LYING", "--layer", "x"], 3, "layer.unknown"),
        (["import", "LYING", "--layer", "x", "--new", "--crs", "EPSG:1"], 2, "crs.unknown"),
        (["import", "LYING", "--layer", "x", "--new", "--map", "x"], 2, "import.bad_map"),
        (["export", "nothing", "--out", "a.csv"], 3, "layer.unknown"),
        (["export", "pipes", "--out", "a.exe"], 2, "export.format"),
        (["export", "pipes", "--out", "a.csv", "--bbox", "1,2,3"], 2, None),
        (["export", "pipes", "--out", "/proc/none/a.csv"], 6, "export.cannot_write"),
        (["export", "pipes"], 2, "cli.usage"),
    ],
)
def test_refusals_are_one_object_with_the_exit_code_of_their_kind(
    cityops, data, arguments, code, error
):
    lying = str(data / "lying_prj" / "street_net_pts.shp")
    exit_code, told, _ = cityops(*(lying if a == "LYING" else a for a in arguments), "--json")
    assert exit_code == code
    assert error in (None, told["error"]["code"])


def test_cases_go_into_the_case_store(cityops, data):
    more = "--crs", "wgs84", "--source", "NYC 311", "--time-zone", "America/New_York"
    code, told, _ = cityops("import", data / "requests.csv", "--layer", "cases", *more, "--json")
    assert (code, told["stored"], told["layer"]) == (0, 1000, "cases")
