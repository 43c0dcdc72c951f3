"""Answers from surveys with faults: refused where places or units lie, else named above the answer."""

import json

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner

from cityops.cli.underground import command

POINTS = """物探点号,X,Y,地面高程,特征
A,4332900.0,517300.0,3.5,起讫点
B,4332900.0,517330.0,3.5,
C,4332900.0,517360.0,3.5,起讫点
"""
LINES = """管类,起点,终点,起点埋深,终点埋深,管径,材质
给水,A,B,1.2,1.2,200,QM
给水,B,C,1.2,1.2,200,QM
"""
PIT = "POLYGON((517305 4332890,517320 4332890,517320 4332910,517305 4332910,517305 4332890))"
ACROSS = "LINESTRING (517310 4332890, 517310 4332910)"
ASKED = {
    "audit": ["--datum", "1985"],
    "excavate": ["--datum", "1985", "--pit", PIT, "--depth", "2"],
    "section": ["--line", ACROSS],
    "profile": ["--from", "A", "--to", "C"],
    "trace": ["--from", "A"],
    "propose": ["--datum", "1985", "--kind", "给水", "--size", "200",
                "--line", "LINESTRING Z (517310 4332920 2, 517330 4332920 2)"],
    "spaces": ["--datum", "1985", "--spaces", "no.gpkg"],
    "contained": [],
}  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments])


def asked(name, tmp_path, points=POINTS, lines=LINES, *more, crs="EPSG:4548"):
    (tmp_path / "p.csv").write_text(points, encoding="utf-8")
    (tmp_path / "l.csv").write_text(lines, encoding="utf-8")
    return run(name, tmp_path / "p.csv", tmp_path / "l.csv", "--crs", crs, *ASKED[name], *more)


def refusals(done):
    found = json.loads(done.stdout)
    assert (done.exit_code, found["error"]["code"]) == (2, "survey.untrue")
    return {(e["code"], e.get("row")) for e in found["errors"]}


@pytest.mark.parametrize("name", ASKED)
def test_no_answer_is_given_on_depths_in_millimetres(name, tmp_path):
    done = asked(name, tmp_path, POINTS, LINES.replace("A,B,1.2", "A,B,2500"), "--json")
    assert refusals(done) == {("value.depth_unit", 2)}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("A,4332900.0,517300.0", "A,517300,4332900", "point.swapped_axes"),
        ("A,4332900.0,517300.0", "A,14215551,1697175", "point.outside"),
        ("517300.0,3.5", "517300.0,1e300", "value.height_range"),
        ("517300.0,3.5", "517300.0,9999", "value.height_range"),
    ],
)
def test_no_answer_is_given_on_places_or_heights_that_are_none(name, old, new, code, tmp_path):
    done = asked(name, tmp_path, POINTS.replace(old, new), LINES, "--json")
    assert refusals(done) == {(code, 2)}


def test_no_answer_is_given_without_a_table_of_points_and_the_table_is_named(tmp_path):
    (tmp_path / "l.csv").write_text(LINES, encoding="utf-8")
    done = run("audit", tmp_path / "l.csv", "--crs", "EPSG:4548", "--datum", "1985")
    assert done.exit_code == 2
    assert "没有点表" in done.stderr
    assert "第 2 行 线表：点号 A 不在点表中" in done.stderr


def test_a_table_without_a_single_line_is_said_to_have_none(tmp_path):
    done = asked("audit", tmp_path, POINTS, LINES.splitlines()[0] + "\n", "--json")
    assert json.loads(done.stdout)["error"]["code"] == "survey.no_pipes"


def test_metres_are_not_taken_for_feet(tmp_path):
    done = asked("audit", tmp_path, POINTS, LINES, "--json", crs="EPSG:2229")
    assert {code for code, _ in refusals(done)} == {"point.outside"}


def test_a_layer_in_feet_under_the_name_of_metres_is_refused(tmp_path):
    line = shapely.LineString([(1697175, 14215551, 2), (1697275, 14215551, 2)])
    frame = gpd.GeoDataFrame({"管类": ["给水"], "管径": ["200"]}, geometry=[line], crs=4548)
    frame.to_file(tmp_path / "feet.gpkg")
    done = run("audit", tmp_path / "feet.gpkg", "--datum", "1985", "--json")
    assert {code for code, _ in refusals(done)} == {"point.outside"}


@pytest.mark.parametrize("name", [name for name in ASKED if name != "spaces"])
def test_other_faults_are_named_above_the_answer_and_in_the_object(name, tmp_path):
    lines = LINES.replace("QM", "泥")
    text = asked(name, tmp_path, POINTS, lines).stdout
    assert text.startswith("注意：数据有错误 0 处、提醒 2 处")
    assert "线表第 2 行：不认识材质“泥”（value.unknown_material，同类共 2 处）" in text
    (warning,) = json.loads(asked(name, tmp_path, POINTS, lines, "--json").stdout)["warnings"]
    assert (warning["code"], warning["count"], warning["row"]) == ("value.unknown_material", 2, 2)


def test_a_clean_survey_is_answered_without_a_word(tmp_path):
    assert json.loads(asked("audit", tmp_path, POINTS, LINES, "--json").stdout)["warnings"] == []
    assert asked("audit", tmp_path).stdout.startswith("管线 2 段")


def test_depths_alone_point_to_the_datum_that_takes_them(tmp_path):
    line = shapely.LineString([(517300, 4332900), (517330, 4332900)])
    frame = gpd.GeoDataFrame(
        {"管类": ["给水"], "管径": ["200"], "起点埋深": [1.2], "终点埋深": [1.2]},
        geometry=[line], crs=4548,
    )  # fmt: skip
    frame.to_file(tmp_path / "d.gpkg")
    told = run("audit", tmp_path / "d.gpkg", "--datum", "1985").stdout.splitlines()
    assert "--datum ground" in told[1]
    assert run("audit", tmp_path / "d.gpkg", "--datum", "ground").stdout.startswith("管线 1 段")


def test_whoever_insists_is_answered_with_the_faults_above(tmp_path):
    lines = LINES.replace("A,B,1.2", "A,B,2500")
    done = asked("excavate", tmp_path, POINTS, lines, "--despite")
    assert done.exit_code == 0
    assert "埋深 2500.0 的单位可能不是米" in done.stdout.split("挖到")[0]


@pytest.mark.parametrize(
    ("points", "lines", "code"),
    [
        (POINTS.replace("517330.0", "1e300"), LINES, "point.outside"),
        (POINTS, LINES.replace("A,B,1.2", "A,B,-1e300"), "value.height_range"),
    ],
)
def test_numbers_that_are_none_on_earth_are_refused_in_a_survey_without_a_system(
    points, lines, code, tmp_path
):
    (tmp_path / "p.csv").write_text(points, encoding="utf-8")
    (tmp_path / "l.csv").write_text(lines, encoding="utf-8")
    done = run("trace", tmp_path / "p.csv", tmp_path / "l.csv", "--from", "A", "--json")
    assert [c for c, _ in refusals(done)] == [code]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["--depth", "2000"], "pit.depth"),
        (["--floor", "1e300"], "pit.level"),
        (["--floor", "nan"], "pit.level"),
    ],
)
def test_a_floor_of_no_pit_is_refused(given, code, tmp_path):
    (tmp_path / "p.csv").write_text(POINTS, encoding="utf-8")
    (tmp_path / "l.csv").write_text(LINES, encoding="utf-8")
    files = [tmp_path / "p.csv", tmp_path / "l.csv", "--crs", "EPSG:4548", "--datum", "1985"]
    done = run("excavate", *files, "--pit", PIT, *given, "--json")
    assert json.loads(done.stdout)["error"]["code"] == code


def test_tiles_of_no_size_are_refused(tmp_path):
    done = asked("audit", tmp_path, POINTS, LINES, "--tile", "inf", "--json")
    assert json.loads(done.stdout)["error"]["code"] == "audit.tile"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("section", ["--line", "LINESTRING (4332890 517310, 4332910 517310)"]),
        ("excavate", ["--pit", "POLYGON((4332890 517305,4332890 517320,4332910 517320,4332890 517305))"]),
        ("propose", ["--line", "LINESTRING Z (4332920 517310 2, 4332920 517330 2)"]),
    ],
)  # fmt: skip
def test_a_question_in_exchanged_coordinates_is_refused_and_told_so(name, given, tmp_path):
    found = json.loads(asked(name, tmp_path, POINTS, LINES, *given, "--json").stdout)["error"]
    assert (found["code"], found["field"]) == ("place.outside", given[0])
    assert "写反" in found["hint"]


@pytest.mark.parametrize("line", ["LINESTRING (nan 1, 2 3)", "LINESTRING (0 0, 1e999 3)"])
def test_a_line_of_no_finite_numbers_is_refused(line, tmp_path):
    found = json.loads(asked("section", tmp_path, POINTS, LINES, "--line", line, "--json").stdout)
    assert found["error"]["code"] == "axis.not_finite"
    assert found["error"]["got"] is not None
