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
    (tmp_path / "out").mkdir()
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


def test_a_rehearsal_of_a_file_that_would_be_refused_ends_as_the_import_does(cityops, tmp_path):
    file = tmp_path / "far.csv"
    file.write_text("no,lon,lat\n1,500,39\n2,117.2,95\n", encoding="utf-8")
    asked = ["import", file, "--layer", "far", "--new", "--crs", "EPSG:4490", "--json"]
    pipes = tmp_path / "pipes.csv"
    pipes.write_text('id,kind,wkt\nP1,nonsense,"LINESTRING (117 39, 117.1 39)"\n', "utf-8")
    lines = ["import", pipes, "--layer", "pipes", "--crs", "EPSG:4490", "--json"]
    for arguments in (asked, lines):
        assert cityops(*arguments)[0] == 2
        code, told, _ = cityops(*arguments, "--dry-run")
        assert (code, told.get("importable", False)) == (2, False)


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
        (["export", "pipes", "--out", "/proc/a.csv"], 6, "export.cannot_write"),
        (["export", "pipes", "--out", "nowhere/a.csv"], 3, "file.no_folder"),
        (["map", "--layer", "pipes", "--out", "nowhere/a.html"], 3, "file.no_folder"),
        (["backup", "nowhere/a.tar"], 3, "file.no_folder"),
        (["export", "pipes", "--out", "a.csv", "--where", "kind=gass"], 2, "layer.unknown_code"),
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


def test_an_export_of_nothing_warns_and_says_what_it_replaced(cityops):
    for title in ("燃气", "Gas", "gas"):
        code, told, _ = cityops(
            "export", "pipes", "--out", "a.csv", "--where", f"kind={title}", "--json"
        )
        assert (code, told["rows"]) == (0, 0)
        assert [note["code"] for note in told["warnings"]] == ["export.nothing"]
    assert told["replaced"] is True
    assert "已替换原有的文件" in cityops("export", "pipes", "--out", "a.csv")[1]


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        (
            "cut.geojson",
            '{"type":"FeatureCollection","features":[{"type":',
            "文件可能不完整，请重新获取",
        ),
        (
            "zone.csv",
            "code,x,y\na,39517000,4330000\n",
            "带号 39，像是 3 度带第 39 带，即 EPSG:4527",
        ),
        ("none.csv", "code,foo,bar\na,1,2\n", "文件的列是：code、foo、bar"),
        ("dms.csv", "code,lon,lat\na,117°12'1.8,39\nb,117.2,39.1\n", "像是度分秒"),
        ("comma.csv", 'code;lon;lat\na;"117,2";39\nb;117.2;39.1\n', "小数用了逗号"),
    ],
)
def test_a_refusal_says_the_way_out(cityops, tmp_path, name, body, words):
    (tmp_path / name).write_text(body, "utf-8")
    crs = [] if name == "zone.csv" else ["--crs", "EPSG:4490"]
    _, out, err = cityops("import", name, "--layer", "some", "--new", *crs)
    assert words in out + err


def test_many_refusals_of_one_reason_are_folded(cityops, tmp_path):
    rows = "".join(f"{i},{i},x,39.1\n" for i in range(303))
    (tmp_path / "bad.csv").write_text(f"code,name,lon,lat\na,a,117.2,39.1\n{rows}", "utf-8")
    _, out, _ = cityops("import", "bad.csv", "--layer", "bad", "--new", "--crs", "EPSG:4490")
    assert "共 303 行，前 3 行如下" in out
    assert out.count("拒绝：") == 3


def test_cases_go_into_the_case_store(cityops, data):
    more = "--crs", "wgs84", "--source", "NYC 311", "--time-zone", "America/New_York"
    code, told, _ = cityops("import", data / "requests.csv", "--layer", "cases", *more, "--json")
    assert (code, told["stored"], told["layer"]) == (0, 1000, "cases")
