"""Hazards written beside the scene: the program finds in the files what was planted, no more."""

from __future__ import annotations

import json
from collections import Counter

import pytest
import shapely
from click.testing import CliRunner
from generate.city import plan_of
from generate.frame import Settings
from generate.hazard_files import write_hazards
from generate.hazards import hazards_of
from generate.sensors import watch_of

from cityops.cli.main import cli
from cityops.services.hazards.grading import boundary_of

SCALE = 0.05
SEEDS = (7, 120103, 2026)
#: A day of readings takes more than a second to read: the other seeds are for the longer run.
DAYS = (SEEDS[0], *(pytest.param(seed, marks=pytest.mark.server) for seed in SEEDS[1:]))


def write(seed, folder):
    settings = Settings(seed, SCALE)
    found = [(p, hazards_of(settings, plan_of(settings, p))) for p in settings.pilots()]
    watches = [watch_of(settings, p, made.sensors) for p, made in found]
    write_hazards(watches, [site for _, made in found for site in made.sites], folder)


@pytest.fixture(scope="module", params=SEEDS)
def folder(request, tmp_path_factory):
    made = tmp_path_factory.mktemp("hazards")
    write(request.param, made)
    return made


def answers(folder):
    return json.loads((folder / "answers/hazards.json").read_bytes())


def run(*words):
    done = CliRunner().invoke(cli, ["hazard", *map(str, words), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_registers_hold_every_planted_fault_and_nothing_else(folder):
    found = []
    for path in (folder / "registers").iterdir():
        told = run("register", "check", path)
        assert told["warnings"] == []
        found += told["findings"]
    keys = ("kind", "credit_code", "unit_no", "cas")
    planted = Counter(tuple(a[k] for k in keys) for a in answers(folder)["registers"])
    assert Counter(tuple(f[k] for k in keys) for f in found) == planted


def test_every_unit_has_the_grade_of_the_answer_sheet(folder):
    rows = answers(folder)["grades"]
    names = {f"{a['credit_code']}-{a['unit_no']}.json" for a in rows}
    assert {path.name for path in (folder / "inventories").iterdir()} == names
    for a in rows:
        told = run("grade", folder / "inventories" / f"{a['credit_code']}-{a['unit_no']}.json")
        assert told["S"] == pytest.approx(a["S"])
        assert told["R"] == pytest.approx(a["R"])
        assert (told["grade"] or 0, told["major"]) == (a["grade"], a["grade"] > 0)


@pytest.mark.parametrize("folder", DAYS, indirect=True)
def test_readings_raise_every_planted_alarm_and_nothing_else(folder):
    told = run(
        "alarms", folder / "monitoring/readings.csv.gz", "--rules", folder / "monitoring/rules.csv"
    )
    planted = Counter((a["kind"], a["stream"]) for a in answers(folder)["alarms"])
    assert Counter((a["kind"], a["stream"]) for a in told["alarms"]) == planted
    assert told["not_watched"] == []


def test_fences_are_taken_and_hold_their_enterprises(folder):
    places = {(a["credit_code"], a["lon"], a["lat"]) for a in answers(folder)["registers"]}
    fences = {
        path.stem: boundary_of(json.loads(path.read_bytes()))
        for path in (folder / "fences").iterdir()
    }
    assert {path.stem for path in (folder / "registers").iterdir()} == set(fences)
    assert all(shapely.contains_xy(fences[code], lon, lat) for code, lon, lat in places)
