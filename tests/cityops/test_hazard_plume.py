"""The command ``cityops hazard zone --model gaussian-plume``: its fixed form and refusals."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cityops.cli.main import cli

PLUME = {
    "--model": ["gaussian-plume"], "--at": ["117.736567", "39.039717"], "--rate-kg-s": ["1"],
    "--molar-mass-g-mol": ["70.906"], "--wind-m-s": ["3"], "--wind-from": ["270"],
    "--stability": ["D"], "--terrain": ["rural"], "--height-m": ["0"],
}  # fmt: skip


def zone(*levels, as_json=True, **changed):
    options = PLUME | {"--" + name.replace("_", "-"): v for name, v in changed.items()}
    words = [w for name, values in options.items() if values for w in (name, *values)]
    words += [w for level in levels for w in ("--level", level)]
    done = CliRunner().invoke(cli, ["hazard", "zone", *words, *(["--json"] if as_json else [])])
    assert not isinstance(done.exception, Exception), done.exception
    return done.exit_code, json.loads(done.stdout) if as_json else done.stdout


def test_the_fixed_form_in_the_order_asked_for():
    code, found = zone("2ppm", "20ppm", "0.1 mg/m3")
    assert code == 0
    assert {"run_id", "model", "source", "warnings", "zones"} <= found.keys()
    assert found["at"].endswith("+08:00")
    weak, strong, beyond = found["zones"]
    assert (weak["level"], weak["unit"]) == (2, "ppm")
    assert (round(strong["length_m"]), round(strong["half_width_m"])) == (761, 48)
    assert (beyond["length_m"], beyond["truncated"], strong["truncated"]) == (10000, True, False)
    for one in found["zones"]:
        assert one["geometry"]["type"] == "Polygon"
        assert len(one["geometry"]["coordinates"][0]) >= 129


def test_a_wind_from_the_west_drifts_to_the_east():
    _, found = zone("20ppm")
    lons = [lon for lon, _ in found["zones"][0]["geometry"]["coordinates"][0]]
    assert min(lons) == pytest.approx(117.736567, abs=1e-6)
    assert max(lons) > 117.744


def test_a_level_that_is_not_reached_has_no_geometry():
    code, found = zone("90%", height_m=["50"])
    assert code == 0
    assert (found["zones"][0]["length_m"], found["zones"][0]["geometry"]) == (0, None)


def test_the_text_for_people():
    code, told = zone("20ppm", as_json=False)
    assert code == 0
    assert "20 ppm：下风向约 761 m，半宽约 48 m" in told
    assert "筛查估算" in told


@pytest.mark.parametrize(
    ("changed", "levels", "why"),
    [
        ({"wind_m_s": ["0.5"]}, ["20ppm"], "plume.out_of_range"),
        ({"rate_kg_s": ["inf"]}, ["20ppm"], "plume.out_of_range"),
        ({"temperature_k": ["20"]}, ["20ppm"], "plume.out_of_range"),
        ({"receptor_m": ["-2"]}, ["20ppm"], "plume.out_of_range"),
        ({"wind_from": ["361"]}, ["20ppm"], "plume.bad_wind_from"),
        ({"molar_mass_g_mol": None}, ["20ppm"], "plume.missing"),
        ({"stability": None}, ["20ppm"], "plume.missing"),
        ({"stability": ["G"]}, ["20ppm"], "cli.usage"),
        ({"mass_kg": ["5"]}, ["20ppm"], "hazard.wrong_option"),
        ({"model": ["kingery-bulmash"]}, ["2kPa"], "hazard.wrong_option"),
        ({}, ["2kPa"], "level.unit"),
        ({}, [], "plume.bad_levels"),
        ({"at": ["39.039717", "117.736567"]}, ["20ppm"], "crs.swapped"),
        ({"terrain": None, "wind_m_s": None}, ["x"], "plume.refused"),
    ],
)
def test_refusals(changed, levels, why):
    code, found = zone(*levels, **changed)
    assert code == 2
    assert found["error"]["code"] == why


@pytest.mark.parametrize("model", ["gaussian-plume", "dispersion", "britter-mcquaid"])
def test_what_is_missing_hides_no_number_that_is_wrong(model):
    plume = model == "gaussian-plume"
    weather = {} if model != "britter-mcquaid" else {"stability": None, "terrain": None}
    heights = {"height_m": ["-3"] if plume else None}
    _, found = zone(
        "20ppm", model=[model], molar_mass_g_mol=None, wind_m_s=["0.5"], temperature_k=["25"],
        **heights, **weather,
    )  # fmt: skip
    fields = {"molar_mass_g_mol", "wind_m_s", "temperature_k"} | ({"height_m"} if plume else set())
    assert {e["field"] for e in found["errors"]} == fields
    assert len(found["errors"]) == len(fields)


def test_every_wrong_number_of_a_fireball_is_told():
    _, found = zone(
        model=["bleve-fireball"], rate_kg_s=None, mass_kg=["-1"], molar_mass_g_mol=None,
        wind_m_s=None, wind_from=None, stability=None, terrain=None, height_m=None,
        radiated_share=["2"],
    )  # fmt: skip
    assert [e["field"] for e in found["errors"]] == ["heat_mj_kg", "mass_kg", "radiated_share"]
