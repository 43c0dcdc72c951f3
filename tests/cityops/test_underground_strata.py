"""The command ``cityops underground strata``: places and tables that cannot be, all told at once."""

import json

import pytest
from click.testing import CliRunner

from cityops.cli.underground import command

HOLES = "钻孔编号,X,Y,孔口高程,孔深\nZK1,4332910,517320,3.0,20\n"
LAYERS = "钻孔编号,层号,层顶深度,层底深度,地层名称\nZK1,1,0,20,素填土\n"


def ask(tmp_path, at, depth="2", holes=HOLES, layers=LAYERS, crs=("--crs", "EPSG:4548")):
    (tmp_path / "h.csv").write_text(holes, encoding="utf-8")
    (tmp_path / "l.csv").write_text(layers, encoding="utf-8")
    words = ["strata", str(tmp_path / "h.csv"), str(tmp_path / "l.csv"), *crs]
    done = CliRunner().invoke(command, [*words, "--at", *at, "--depth", depth, "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_a_place_beside_a_hole_is_answered(tmp_path):
    code, found = ask(tmp_path, ("517320", "4332910"))
    assert (code, found["holes"][0]["layer"]["name"]) == (0, "素填土")


@pytest.mark.parametrize(
    ("crs", "code"), [(("--crs", "EPSG:4548"), "place.outside"), ((), "strata.far")]
)
def test_a_place_with_east_and_north_exchanged_is_refused(crs, code, tmp_path):
    exit_code, found = ask(tmp_path, ("4332910", "517320"), crs=crs)
    assert (exit_code, found["error"]["code"]) == (2, code)
    assert "写反" in found["error"]["hint"]


def test_a_hole_with_x_and_y_exchanged_is_refused(tmp_path):
    holes = HOLES.replace("4332910,517320", "517320,4332910")
    _, found = ask(tmp_path, ("517320", "4332910"), holes=holes)
    assert found["error"]["message"].startswith("钻孔 ZK1：坐标")


def test_faults_of_the_question_and_of_the_tables_come_together(tmp_path):
    layers = LAYERS.replace("0,20", "x,20") + "ZK9,1,0,1,砂\n"
    _, found = ask(tmp_path, ("nan", "1"), "-1", layers=layers)
    assert [(e["code"], e.get("row")) for e in found["errors"]] == [
        ("geometry.not_finite", None), ("borehole.question", None),
        ("columns.number", 2), ("borehole.no_hole", 3),
    ]  # fmt: skip
