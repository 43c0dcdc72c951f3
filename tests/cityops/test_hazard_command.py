"""The command ``cityops hazard zone``: its fixed form, its refusals, with and without a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from cityops.cli import output
from cityops.cli.main import cli
from cityops.services.scenes import SceneService
from cityops.settings import Settings
from cityops.store.database import create_all

TIANJIN_PORT = ("--at", "117.736567", "39.039717")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder with the scene of Tianjin; runs are written into it."""
    folder = tmp_path_factory.mktemp("hazard-command")
    store = create_all(Settings(data_dir=folder))
    SceneService(store).set_up("tianjin")
    store.dispose()
    return folder


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Gives a function that runs the command on a folder: exit code, JSON, text."""

    def run(folder: Path, *arguments: str, as_json: bool = True):
        monkeypatch.setenv("CITYOPS_DATA_DIR", str(folder))
        output.settings.cache_clear()
        more = ["--json"] if as_json else []
        done = CliRunner().invoke(cli, ["hazard", "zone", *arguments, *more])
        assert not isinstance(done.exception, Exception), done.exception
        return done.exit_code, json.loads(done.stdout) if as_json else None, done.stdout

    yield run
    output.settings.cache_clear()


def test_the_fixed_form_with_430_t_at_tianjin_port(zone, scene):
    arguments = ("--model", "kingery-bulmash", "--mass-kg", "430000", *TIANJIN_PORT)
    code, found, _ = zone(scene, *arguments, "--level", "2kPa", "--level", "200kPa")
    assert code == 0
    assert {"run_id", "model", "source", "warnings", "zones"} <= found.keys()
    assert found["model"] == "kingery-bulmash"
    assert [(z["level"], z["unit"]) for z in found["zones"]] == [(2, "kPa"), (200, "kPa")]
    assert 2500 <= found["zones"][0]["radius_m"] <= 3600
    assert 150 <= found["zones"][1]["radius_m"] <= 200
    for one in found["zones"]:
        assert one["geometry"]["type"] == "Polygon"
        assert len(one["geometry"]["coordinates"][0]) >= 129


def test_the_run_is_kept_under_its_identity(zone, scene):
    _, found, _ = zone(scene, "--mass-kg", "500", "--at", "117.1933", "39.1176")
    assert found["kept"] is True
    store = create_all(Settings(data_dir=scene))
    with store.reading() as tx:
        kept = tx.hazard_runs.find(found["run_id"])
    store.dispose()
    assert kept["result"]["alternatives"][0]["zones"] == found["zones"]


def test_without_a_store_the_zones_are_the_same_and_a_warning_says_nothing_was_kept(
    zone, scene, tmp_path
):
    arguments = ("--mass-kg", "430000", *TIANJIN_PORT, "--level", "1psi")
    code, bare, _ = zone(tmp_path / "none", *arguments)
    _, full, _ = zone(scene, *arguments)
    assert code == 0
    assert bare["zones"][0]["geometry"] == full["zones"][0]["geometry"]
    assert bare["kept"] is False
    assert "hazard.not_kept" in {w["code"] for w in bare["warnings"]}
    assert not (tmp_path / "none").exists()


def test_negative_coordinates_and_a_place_elsewhere_give_zones_with_a_warning(zone, scene):
    code, found, _ = zone(scene, "--mass-kg", "1000", "--at", "-71.06", "42.36")
    assert code == 0
    assert found["place"]["lon"] == -71.06
    assert "hazard.outside_city" in {w["code"] for w in found["warnings"]}
    assert len(found["zones"]) == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--mass-kg", "-1", *TIANJIN_PORT), "blast.bad_mass"),
        (("--mass-kg", "nan", *TIANJIN_PORT), "blast.bad_mass"),
        (("--mass-kg", "1e9", *TIANJIN_PORT), "blast.bad_mass"),
        (TIANJIN_PORT, "hazard.no_mass"),
        (("--mass-kg", "9", "--at", "39.04", "117.74"), "crs.swapped"),
        (("--mass-kg", "9", "--at", "117.74", "89.9"), "locate.polar"),
        (("--mass-kg", "9", *TIANJIN_PORT, "--level", "20ppm"), "level.unit"),
        (("--mass-kg", "9", *TIANJIN_PORT, "--level", "0.1kPa"), "blast.outside_range"),
        (("--mass-kg", "9", *TIANJIN_PORT, "--model", "gaussian"), "hazard.unknown_model"),
        (("--mass-kg", "much", *TIANJIN_PORT), "cli.usage"),
        (("--mass-kg", "9"), "cli.usage"),
    ],
)
def test_a_refusal_is_one_object_with_exit_code_2(zone, scene, arguments, code):
    exit_code, found, _ = zone(scene, *arguments)
    assert exit_code == 2
    assert found["error"]["code"] == code


def test_several_faults_are_all_in_the_answer(zone, scene):
    _, found, _ = zone(scene, "--mass-kg", "-1", "--at", "39.04", "117.74", "--level", "5kW/m2")
    assert found["error"]["code"] == "hazard.invalid"
    assert [e["code"] for e in found["errors"]] == ["level.unit", "crs.swapped", "blast.bad_mass"]


def test_each_quantity_is_told_with_its_own_radius_and_warnings(zone, tmp_path):
    masses = ("--low", "3000", "--mass-kg", "21000", "--high", "430000")
    _, _, told = zone(tmp_path, *masses, *TIANJIN_PORT, "--level", "2kPa", as_json=False)
    lines = told.splitlines()
    assert [lines[lines.index(f"{who} kg TNT") + 1] for who in ("较小：3000", "较大：430000")] == [
        "  2 kPa：约 652 m",
        "  2 kPa：约 3,410 m",
    ]
    assert any(line.startswith("注意：较大：430000 kg 超出") for line in lines)
    assert lines[-1] == "没有保存记录"


def test_a_record_is_named_where_it_was_kept(zone, scene):
    _, _, told = zone(scene, "--mass-kg", "500", *TIANJIN_PORT, as_json=False)
    assert "\n记录：" in told


def test_usual_levels_that_a_model_does_not_reach_are_left_out_and_said(zone, tmp_path):
    arguments = ("--model", "kinney-graham", "--mass-kg", "500", *TIANJIN_PORT)
    code, found, _ = zone(tmp_path, *arguments)
    assert (code, [z["level"] for z in found["zones"]]) == (0, [20.7, 6.9])
    assert "hazard.level_left" in {w["code"] for w in found["warnings"]}


def test_a_level_that_is_asked_for_again_in_another_unit_is_said(zone, tmp_path):
    levels = ("--level", "2kPa", "--level", "2kPa", "--level", "0.02bar")
    _, found, _ = zone(tmp_path, "--mass-kg", "500", *TIANJIN_PORT, *levels)
    assert len(found["zones"]) == 1
    assert "有 2 个等级与前面的相同，只算一次" in {w["message"] for w in found["warnings"]}


def test_an_unknown_model_is_answered_with_the_names_of_all(zone, tmp_path):
    given = ("--model", "gaussian", "--rate-kg-s", "1", *TIANJIN_PORT)
    code, found, _ = zone(tmp_path, *given)
    assert (code, found["error"]["code"]) == (2, "hazard.unknown_model")
    assert {"kinney-graham", "gaussian-plume"} <= set(found["error"]["expected"])
    assert "gaussian-plume" in found["error"]["message"]


def test_people_read_radii_and_that_it_is_an_estimate(zone, scene):
    _, _, told = zone(scene, "--mass-kg", "500", "--at", "117.1933", "39.1176", as_json=False)
    assert "2 kPa：约 359 m，圈内白天约 13,800 人" in told
    assert "筛查估算" in told
