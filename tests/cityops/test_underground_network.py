"""The commands ``cityops underground segments`` and ``isolate`` on a model in US units."""

import json

import pytest
from click.testing import CliRunner

from cityops.cli.underground import command

# R - p1 - A - p2 - B - p3 - C, and p4 (closed) from B to tank T; feet and inches.
MODEL = """
[TITLE]
small
[JUNCTIONS]
 A 100 ; first
 B 100
 C 100
[RESERVOIRS]
 R 200
[TANKS]
 T 150 10 5 20 50 0
[PIPES]
 p1 R A 1000 12 100 0 Open
 p2 A B 2000 12 100 0 Open
 p3 B C 500 8 100 0 Open
 p4 B T 300 8 100 0 Closed
[OPTIONS]
 Units GPM
[END]
"""
VALVES = "link,node\np2,A\np3,B\n"


@pytest.fixture
def files(tmp_path):
    model, valves = tmp_path / "m.inp", tmp_path / "v.csv"
    model.write_text(MODEL)
    valves.write_text(VALVES)
    return str(model), str(valves)


def run(*arguments):
    done = CliRunner().invoke(command, [*arguments, "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_segments_have_the_fixed_form(files):
    code, found = run("segments", files[0], "--valves", files[1])
    assert code == 0
    by_link = {s["links"][0]: s for s in found["segments"]}
    assert by_link["p1"]["nodes"] == ["A", "R"]
    assert by_link["p2"] == {
        "id": by_link["p2"]["id"], "links": ["p2", "p4"], "nodes": ["B", "T"],
        "valves": [["p2", "A"], ["p3", "B"]], "has_source": True,
    }  # fmt: skip
    assert by_link["p3"]["has_source"] is False


def test_a_closed_link_is_a_segment_of_its_own_when_states_count(files):
    _, found = run("segments", files[0], "--valves", files[1], "--respect-status")
    assert ["p4"] in [s["links"] for s in found["segments"]]
    assert {"links": [], "nodes": ["T"]}.items() <= next(
        s for s in found["segments"] if "T" in s["nodes"]
    ).items()


def test_isolation_has_the_fixed_form_and_metres(files):
    code, found = run("isolate", files[0], "--valves", files[1], "--link", "p2")
    assert code == 0
    assert found["close"] == [["p2", "A"], ["p3", "B"]]
    assert found["links"] == ["p2", "p4"]
    assert found["unintended_links"] == ["p3"]
    assert found["length_m"] == pytest.approx(2300 * 0.3048)


def test_an_excluded_valve_lets_the_closed_part_grow(files):
    _, found = run("isolate", files[0], "--valves", files[1], "--link", "p3", "--exclude", "p3,B")
    assert found["links"] == ["p2", "p3", "p4"]
    assert found["close"] == [["p2", "A"]]
    assert found["unintended_links"] == []


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (["--link", "px"], 3, "network.no_link"),
        (["--link", "p1", "--exclude", "p1,A"], 3, "valves.no_such_valve"),
        (["--link", "p1", "--exclude", "p1"], 2, "valves.bad_pair"),
    ],
)
def test_what_is_not_there_is_named(files, arguments, exit_code, code):
    done = run("isolate", files[0], "--valves", files[1], *arguments)
    assert (done[0], done[1]["error"]["code"]) == (exit_code, code)


def test_an_unknown_link_and_bad_exclusions_are_named_together(files):
    arguments = ["--link", "px", "--exclude", "p1,A", "--exclude", "p1"]
    code, found = run("isolate", files[0], "--valves", files[1], *arguments)
    assert code == 3
    assert [e["code"] for e in found["errors"]] == [
        "network.no_link", "valves.no_such_valve", "valves.bad_pair",
    ]  # fmt: skip


def test_a_broken_model_names_every_line(tmp_path, files):
    bad = tmp_path / "bad.inp"
    bad.write_text("[JUNCTIONS]\nA 1\nA 2\n[PIPES]\np A B 9 1\nq A A x 1\nr A\n")
    code, found = run("segments", str(bad), "--valves", files[1])
    assert code == 2
    assert [(e["row"], e["code"]) for e in found["errors"]] == [
        (3, "inp.duplicate"), (5, "inp.unknown_node"), (6, "inp.not_a_number"),
        (7, "inp.short_line"),
    ]  # fmt: skip


def test_valves_that_are_none_are_all_named(tmp_path, files):
    (tmp_path / "v.csv").write_text("link,node\np2,C\nzz,A\n")
    _, found = run("segments", files[0], "--valves", files[1])
    assert [(e["row"], e["code"]) for e in found["errors"]] == [
        (2, "valves.not_an_end"), (3, "valves.no_link"),
    ]  # fmt: skip


def test_lines_of_a_layer_are_cut_and_isolated_too(tmp_path):
    import geopandas as gpd
    import shapely

    lines = [shapely.LineString([(30 * i, 0), (30 * i + 30, 0)]) for i in range(3)]
    frame = gpd.GeoDataFrame(
        {
            "name": ["p1", "p2", "p3"],
            "start_node_name": ["R", "A", "B"],
            "end_node_name": ["A", "B", "C"],
        },
        geometry=lines,
        crs=4548,
    )
    frame.geometry = frame.geometry.translate(517_300, 4_332_900)
    frame.to_file(tmp_path / "net.gpkg")
    (tmp_path / "v.csv").write_text(VALVES)
    code, found = run(
        "isolate", str(tmp_path / "net.gpkg"), "--valves", str(tmp_path / "v.csv"),
        "--link", "p2", "--source", "R",
    )  # fmt: skip
    assert code == 0
    assert found["close"] == [["p2", "A"], ["p3", "B"]]
    assert found["unintended_links"] == ["p3"]
    assert found["length_m"] == pytest.approx(30)
