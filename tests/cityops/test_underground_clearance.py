"""The command ``cityops underground clearance``: its fixed form and its refusals."""

import json

import pytest
from click.testing import CliRunner

from cityops.cli.underground import command

OVER = "LINESTRING Z (500000 4300000 -1.111, 500020 4300000 -1.111)"
UNDER = "LINESTRING Z (500010 4299990 -2.36, 500010 4300010 -2.36)"


def run(*arguments):
    done = CliRunner().invoke(command, ["clearance", *arguments, "--json"])
    return done.exit_code, json.loads(done.stdout)


def ask(a=OVER, b=UNDER, size_a="0.222", size_b="0.72", *more, crs="EPSG:4548"):
    return run("--a", a, "--b", b, "--size-a", size_a, "--size-b", size_b, "--crs", crs, *more)


def test_the_answer_has_the_fixed_form():
    code, found = ask()
    assert code == 0
    assert found["gap_3d_m"] == found["vertical_m"] == pytest.approx(0.778)
    assert found["horizontal_m"] is None
    assert found["crosses"] is True
    assert found["at"]["a"] == pytest.approx([500010, 4300000, -1.111])
    assert found["at"]["b"] == pytest.approx([500010, 4300000, -2.36])


def test_a_box_is_given_by_its_outer_width_and_height():
    code, found = ask(UNDER, OVER, "9", "0.222", "--section-a", "1.0x0.6")
    assert code == 0
    assert found["vertical_m"] == pytest.approx(1.249 - 0.3 - 0.111)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"a": "LINESTRING (0 0, 1 1)"}, "axis.no_heights"),
        ({"a": "POINT Z (0 0 0)"}, "axis.not_a_line"),
        ({"a": "LINESTRING Z (0 0 0, 0 0 0)"}, "axis.too_short"),
        ({"a": "LINESTRING Z (0 0 0, 1 1"}, "geometry.bad"),
        ({"a": "LINESTRING Z (0 0 nan, 1 1 0)"}, "axis.not_finite"),
        ({"b": "LINESTRING Z (0 0 0, 1e308 1 0)"}, "axis.too_far"),
        ({"size_a": "300"}, "size.out_of_range"),
        ({"size_a": "nan"}, "size.out_of_range"),
        ({"size_a": "-1"}, "size.out_of_range"),
        ({"crs": "EPSG:4490"}, "crs.not_metric"),
        ({"crs": "EPSG:2263"}, "crs.not_metric"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_refused_with_exit_code_2(change, code):
    exit_code, found = ask(**change)
    assert exit_code == 2
    assert found["error"]["code"] == code


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"a": "LINESTRING Z (4300000 500000 -1, 4300000 500020 -1)"}, "place.outside", "--a"),
        ({"b": "LINESTRING Z (500000 4300000 -4000000, 500020 4300000 -1)"}, "axis.height", "--b"),
        ({"b": "LINESTRING (500000 4300000, 500020 4300000)"}, "axis.no_heights", "--b"),
        ({"size_b": "inf"}, "size.out_of_range", "--size-b"),
    ],
)  # fmt: skip
def test_the_option_at_fault_is_named_once(change, code, field):
    given = {"a": OVER, "b": UNDER, "size_a": "1", "size_b": "1"} | change
    words = [w for name, value in given.items() for w in (f"--{name.replace('_', '-')}", value)]
    done = CliRunner().invoke(command, ["clearance", *words, "--crs", "EPSG:4548"])
    assert done.exit_code == 2
    assert done.stderr.count(f"（{code}）") == 1
    assert done.stderr.startswith(f"错误：{field}：")
    assert "None" not in done.stderr
    assert ask(**change)[1]["errors"] == []


@pytest.mark.parametrize(
    ("a", "said"),
    [
        ("LINESTRING Z (117.2 39.1 -1, 117.3 39.1 -1)", "像是经纬度"),
        ("LINESTRING Z (9000000 1000 -1, 9000010 1000 -1)", "适用范围"),
    ],
)
def test_places_out_of_the_area_of_the_system_are_warned_of(a, said):
    code, found = ask(a)
    assert code == 0
    assert [(w["code"], w["field"]) for w in found["warnings"]] == [("place.outside", "--a")]
    assert said in found["warnings"][0]["message"]


def test_a_size_beside_a_section_is_said_not_to_be_used():
    _, found = ask(UNDER, OVER, "9", "0.222", "--section-a", "1.0x0.6")
    assert [w["code"] for w in found["warnings"]] == ["size.not_used"]
    assert ask()[1]["warnings"] == []


def test_all_faults_come_at_once():
    _, found = ask(a="LINESTRING (0 0, 1 1)", size_b="400")
    assert [e["code"] for e in found["errors"]] == ["axis.no_heights", "size.out_of_range"]


def test_heights_of_two_datums_are_not_compared():
    _, found = ask(OVER, UNDER, "1", "1", "--datum-a", "1985", "--datum-b", "1956")
    assert found["error"]["code"] == "height.datums_differ"


def test_heights_of_an_unknown_datum_are_not_compared():
    _, found = ask(OVER, UNDER, "1", "1", "--datum-a", "1985")
    assert found["error"]["code"] == "height.datum_unknown"
