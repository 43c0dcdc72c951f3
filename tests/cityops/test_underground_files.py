"""The commands of the underground on real and made files: tables, layers, models, all formats."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely
from click.testing import CliRunner

from cityops.cli.underground import command

DATA = Path(__file__).parents[1] / "underground" / "data"
BELLINGE = str(DATA / "bellinge_small.inp")
TWIN, JUNCTIONS = (str(DATA / f"ky4_{n}_part.geojson") for n in ("disconnected", "junctions"))
POINT_HEAD = ["物探点号", "X", "Y", "地面高程", "特征"]
POINTS = [
    ["A", 4332900.0, 517300.0, 3.5, "起讫点"],
    ["B", 4332900.0, 517330.0, 3.5, None],
    ["C", 4332900.0, 517360.0, 3.5, "起讫点"],
]
LINE_HEAD = ["管类", "起点", "终点", "起点埋深", "终点埋深", "管径", "材质"]
LINES = [["给水", "A", "B", 1.2, 1.2, "200", "QM"], ["给水", "B", "C", 1.2, 1.2, "200", "QM"]]


def run(*arguments):
    done = CliRunner().invoke(command, [*map(str, arguments), "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, json.loads(done.stdout)


def workbook(path, points=POINTS, lines=LINES):
    book = openpyxl.Workbook()
    book.active.title = "点表"
    for row in [POINT_HEAD, *points]:
        book.active.append(row)
    sheet = book.create_sheet("线表")
    for row in [LINE_HEAD, *lines]:
        sheet.append(row)
    book.save(path)
    return path


def text_of(head, rows):
    return "\n".join(",".join("" if c is None else str(c) for c in row) for row in [head, *rows])


def frame(rows=LINES):
    ends = {p[0]: (p[2], p[1], p[3] - 1.2) for p in POINTS}
    lines = [shapely.LineString([ends[a], ends[b]]) for _, a, b, *_ in rows]
    return gpd.GeoDataFrame(
        {"管类": [r[0] for r in rows], "管径": [r[5] for r in rows], "材质": [r[6] for r in rows]},
        geometry=lines,
        crs=4548,
    )


def test_a_workbook_with_two_sheets_is_clean(tmp_path):
    code, found = run("check", workbook(tmp_path / "a.xlsx"), "--crs", "EPSG:4548")
    assert code == 0
    assert (found["rows"], found["faults"]) == (5, [])
    assert found["groups"] == [{"kind": "water", "lines": 2, "first_row": 2}]


def test_a_fault_has_row_code_message_place_and_repair(tmp_path):
    lines = [LINES[0], ["给水", "B", "C", 1.2, -1.2, "200", "QM"]]
    _, found = run("check", workbook(tmp_path / "a.xlsx", lines=lines), "--crs", "EPSG:4548")
    first = next(f for f in found["faults"] if f["code"] == "line.negative_depth")
    assert (first["row"], first["table"]) == (3, "lines")
    assert first["place"] == pytest.approx([117.2007, 39.1295], abs=1e-3)
    assert first["repair"] == {"op": "set", "field": "end_depth", "from": -1.2, "to": 1.2}
    assert first["message"] == "地下管线的埋深为负：-1.2 m"


def test_two_files_in_any_order_and_in_gb18030_are_the_same_survey(tmp_path):
    points, lines = tmp_path / "p.csv", tmp_path / "l.csv"
    points.write_bytes(text_of(POINT_HEAD, POINTS).encode("gb18030"))
    lines.write_text(text_of(LINE_HEAD, LINES), encoding="utf-8-sig")
    for files in ((points, lines), (lines, points)):
        assert run("check", *files, "--crs", "EPSG:4548")[1]["faults"] == []


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "geojson", "fgb"])
def test_layers_of_every_format_are_read(suffix, tmp_path):
    path = tmp_path / f"管线.{suffix}"
    frame().to_crs(4326 if suffix == "geojson" else 4548).to_file(path)
    code, found = run("check", path)
    assert code == 0
    assert (found["lines"], [f["code"] for f in found["faults"]]) == (2, [])


def test_lines_of_two_dimensions_and_other_shapes_are_named(tmp_path):
    mixed = gpd.GeoDataFrame(
        {"管类": ["给水"] * 2},
        geometry=[
            shapely.LineString([(517300, 4332900), (517330, 4332900)]),
            shapely.MultiLineString([[(0, 0), (1, 1)], [(5, 5), (6, 6)]]),
        ],
        crs=4548,
    )
    mixed.to_file(tmp_path / "m.gpkg")
    _, found = run("check", tmp_path / "m.gpkg")
    assert ("line.bad_shape", 2) in [(f["code"], f["row"]) for f in found["faults"]]


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("x.csv", "a,b\n1,2\n", "survey.no_tables"),
        ("x.csv", "", "csv.no_head"),
        ("x.inp", "[TITLE]\n", "inp.no_network"),
        ("x.pdf", "%PDF", "survey.unknown_format"),
        ("x.xlsx", "PK", "zip.bad"),
        ("x.gpkg", "no", "file.unreadable"),
    ],
)
def test_files_that_are_no_survey_are_refused_with_exit_code_2(name, text, code, tmp_path):
    (tmp_path / name).write_text(text)
    exit_code, found = run("check", tmp_path / name, "--crs", "EPSG:4548")
    assert (exit_code, found["error"]["code"]) == (2, code)


def test_a_survey_without_a_system_asks_for_it(tmp_path):
    code, found = run("check", workbook(tmp_path / "a.xlsx"))
    assert (code, found["error"]["code"]) == (2, "crs.missing")


def test_a_system_that_is_not_the_files_is_refused(tmp_path):
    frame().to_file(tmp_path / "a.gpkg")
    _, found = run("check", tmp_path / "a.gpkg", "--crs", "EPSG:4547")
    assert found["error"]["code"] == "crs.file_differs"


# -- real networks -----------------------------------------------------------------------------


def test_the_storm_network_is_checked_and_its_outfall_without_ground_is_known():
    _, found = run("check", BELLINGE, "--crs", "EPSG:32632")
    assert found["rows"] == 31
    assert {f["code"] for f in found["faults"]} == {"line.smaller_downstream", "value.size_unit"}
    assert all(f["place"] == pytest.approx([10.31, 55.33], abs=0.02) for f in found["faults"])


def test_the_long_profile_of_the_storm_network_falls_all_the_way(tmp_path):
    svg, xlsx = tmp_path / "p.svg", tmp_path / "p.xlsx"
    code, found = run(
        "profile", BELLINGE, "--crs", "EPSG:32632", "--from", "G72F813", "--to", "G72F050",
        "--svg", svg, "--xlsx", xlsx,
    )  # fmt: skip
    assert code == 0
    assert found["links"][0]["pipe"].startswith("G72F813_G72F812")
    assert all(link["slope"] > 0 for link in found["links"])
    first = found["vertices"][0]
    assert first["invert_m"] == pytest.approx(25.619 + 0.0001)
    assert first["invert_source"] == "delivered"
    assert {link["slope_of"] for link in found["links"]} == {"invert"}
    assert found["vertices"][0]["ground_m"] == pytest.approx(25.619 + 2.64)
    assert svg.read_text(encoding="utf-8").startswith("<svg")
    assert openpyxl.load_workbook(xlsx).sheetnames[0] == "里程表"


def test_a_cross_section_of_the_storm_network_has_the_cover_limit_and_places():
    line = "LINESTRING (583270 6132900, 583320 6132960)"
    _, found = run("section", BELLINGE, "--crs", "EPSG:32632", "--line", line)
    assert len(found["hits"]) >= 1
    hit = found["hits"][0]
    assert hit["cover_limit_m"] == 0.7
    assert hit["cover_m"] == pytest.approx(hit["ground_m"] - hit["top_m"])
    assert hit["place"] == pytest.approx([10.31, 55.33], abs=0.02)


def test_downstream_of_a_manhole_lie_the_conduits_to_the_outfall():
    _, found = run("trace", BELLINGE, "--from", "G72F813", "--direction", "down")
    assert {"G72F050", "G72F050_outfall"} <= set(found["nodes"])
    assert found["stops"] == [{"node": "G72F050_outfall", "link": None, "reason": "end"}]


def test_unknown_points_and_lines_are_not_found():
    assert run("trace", BELLINGE, "--from", "zzz")[0] == 3
    assert run("profile", BELLINGE, "--from", "zzz", "--to", "G72F050")[0] == 3


def test_the_twin_with_loose_ends_names_them_and_is_joined_again(tmp_path):
    _, before = run("check", TWIN)
    loose = [f for f in before["faults"] if f["code"] == "line.ends_differ"]
    assert len(loose) > 50
    out = tmp_path / "joined.geojson"
    _, found = run("reconnect", TWIN, JUNCTIONS, "--tolerance", 13, "--out", out)
    truth = {
        f["properties"]["name"]: f["properties"]
        for f in json.loads(Path(TWIN).read_text())["features"]
    }
    joined = json.loads(out.read_text())["features"]
    right = [
        f["properties"][side] == truth[f["properties"]["name"]][side]
        for f in joined
        for side in ("start_node_name", "end_node_name")
    ]
    assert np.mean(right) > 0.97
    assert found["left_open"] == 0
    assert 0 < found["moved_max_m"] <= 13
    after = run("check", out)[1]["faults"]
    assert not [f for f in after if f["code"] in ("line.ends_differ", "line.dangling")]


def test_the_twin_is_joined_without_its_junctions_too():
    _, found = run("reconnect", TWIN, "--tolerance", 13)
    assert found["ends"] == 150
    assert all(0 < m["moved_m"] <= 13 for m in found["moves"])


@pytest.mark.parametrize("tolerance", [0, -1, "nan"])
def test_a_tolerance_is_positive(tolerance):
    code, found = run("reconnect", TWIN, "--tolerance", tolerance)
    assert (code, found["error"]["code"]) == (2, "reconnect.tolerance")


# -- audit, pit, proposal ----------------------------------------------------------------------


def test_an_audit_quotes_the_rule_its_confidence_and_that_it_is_a_draft(tmp_path):
    lines = [*LINES, ["污水", "D", "E", 1.5, 1.5, "300", "T"]]
    points = [*POINTS, ["D", 4332900.6, 517300.0, 3.5, None], ["E", 4332900.6, 517360.0, 3.5, None]]
    book = workbook(tmp_path / "a.xlsx", points, lines)
    code, found = run("audit", book, "--crs", "EPSG:4548", "--datum", "1985")
    assert code == 0
    row = next(f for f in found["findings"] if f["check"] == "horizontal")
    assert row["rule"]["edition"] == "GB 50289-2016"
    assert row["draft"] is True
    assert row["place"] == pytest.approx([117.2, 39.13], abs=0.01)
    assert sum(c["count"] for c in found["counts"]) > 0


def test_an_audit_without_a_known_datum_is_refused(tmp_path):
    book = workbook(tmp_path / "a.xlsx")
    _, found = run("audit", book, "--crs", "EPSG:4548", "--datum", "不明")
    assert found["error"]["code"] == "height.datum_unknown"


def test_a_checked_copy_of_the_rules_is_used(tmp_path):
    from importlib.resources import files

    name = "cover_depth.csv"
    rules = tmp_path / "rules"
    rules.mkdir()
    text = (files("underground") / "data" / name).read_text(encoding="utf-8")
    rows = [line.removesuffix(",,") + ",张三,2026-01-05" for line in text.splitlines()[1:]]
    saved = "\n".join([text.splitlines()[0], *rows])
    (rules / name).write_text(saved, encoding="gb18030")  # as Excel saves it
    lines = [["给水", "A", "C", 0.3, 0.3, "200", "QM"]]
    book = workbook(tmp_path / "a.xlsx", lines=lines)
    _, found = run("audit", book, "--crs", "EPSG:4548", "--datum", "1985", "--rules", rules)
    assert [(f["check"], f["draft"]) for f in found["findings"]] == [("cover", False)]
    assert found["draft_rules"] == found["rules"] - len(rows)


def test_a_pit_names_what_it_hits_and_whose_it_is(tmp_path):
    pit = (
        "POLYGON ((517310 4332895, 517320 4332895, 517320 4332905, 517310 4332905, 517310 4332895))"
    )
    book = workbook(tmp_path / "a.xlsx")
    _, found = run(
        "excavate", book, "--crs", "EPSG:4548", "--datum", "1985", "--pit", pit, "--depth", 2
    )
    assert found["hit"] == 1
    assert found["pipes"][0]["id"] == "A-B"
    assert found["by_owner"] == [{"kind": "water", "owner": None, "pipes": 1, "length_m": 10.0}]


def test_a_proposal_too_near_is_moved_to_where_it_passes(tmp_path):
    book = workbook(tmp_path / "a.xlsx")
    line = "LINESTRING Z (517300 4332900.8 2.2, 517360 4332900.8 2.2)"
    code, found = run(
        "propose", book, "--crs", "EPSG:4548", "--datum", "1985", "--line", line, "--kind", "污水",
        "--size", "300", "--material", "T", "--corridor", 3, 0, 1, "--step", 0.2,
    )  # fmt: skip
    assert code == 0
    assert not found["passes"]
    moved = found["alignment"]
    assert moved["distance_m"] > 0
    wkt = "LINESTRING Z (" + ", ".join(" ".join(map(str, p)) for p in moved["line"]) + ")"
    _, again = run(
        "propose", book, "--crs", "EPSG:4548", "--datum", "1985", "--line", wkt, "--kind", "污水",
        "--size", "300", "--material", "T",
    )  # fmt: skip
    assert again["passes"]
