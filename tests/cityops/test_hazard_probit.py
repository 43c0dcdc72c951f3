"""The command ``cityops hazard probit``."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cityops.cli.main import cli


def probit(*arguments):
    done = CliRunner().invoke(cli, ["hazard", "probit", *arguments])
    assert not isinstance(done.exception, Exception), done.exception
    return done.exit_code, done.stdout


def test_the_fixed_form():
    code, told = probit("chlorine", "--value", "250", "--minutes", "30", "--json")
    found = json.loads(told)
    assert code == 0
    assert found["probit"] == pytest.approx(5.0, abs=0.01)
    assert found["probability"] == pytest.approx(0.5, abs=0.005)
    assert "OSD/30" in found["source"]
    assert found["unit"] == "ppm"


def test_the_text_for_people_names_the_estimate():
    code, told = probit("hsc", "--value", "13.1")
    assert code == 0
    assert "受害比例 49." in told
    assert "筛查估算" in told


@pytest.mark.parametrize(
    ("name", "fields"),
    [("chlorine", ["value", "minutes"]), ("neon", ["name", "value", "minutes"])],
)
def test_every_fault_is_told_at_once(name, fields):
    _, told = probit(name, "--value", "nan", "--minutes", "-1", "--json")
    assert [e["field"] for e in json.loads(told)["errors"]] == fields


def test_an_unknown_name_is_answered_with_those_there_are():
    _, told = probit("neon", "--value", "5", "--json")
    assert "hydrogen-sulfide" in json.loads(told)["error"]["message"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("chlorine", "--value", "-5", "--minutes", "1"), "probit.bad_value"),
        (("chlorine", "--value", "nan", "--minutes", "1"), "probit.bad_value"),
        (("chlorine", "--value", "5"), "probit.no_minutes"),
        (("neon", "--value", "5"), "probit.unknown"),
        (("chlorine", "--value", "five"), "cli.usage"),
    ],
)
def test_refusals(arguments, why):
    code, told = probit(*arguments, "--json")
    assert code == 2
    assert json.loads(told)["error"]["code"] == why
