"""The command ``cityops hazard alarms``."""

from __future__ import annotations

import gzip
import json

import pytest
from click.testing import CliRunner

from cityops.cli import hazard_alarms
from cityops.cli.main import cli

DAY = "2026-03-01T"
OBSERVATIONS = f"""stream,device_time,receive_time,value,quality,sent
LT,{DAY}08:00:00+08:00,{DAY}08:00:01+08:00,1,good,live
LT,{DAY}08:01:00+08:00,{DAY}08:01:01+08:00,9,good,live
LT,{DAY}10:02:00+08:00,{DAY}08:02:01+08:00,2,good,live
XX,{DAY}08:00:00+08:00,{DAY}08:00:01+08:00,1,,
"""
RULES = """stream,unit,period_s,rule,kind,limit,source,confidence
LT,m,60,H,high,8,企业设定值,given by the user
LT,,,HH,high,,,
LT,,,STALE,stale,,,
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "o.csv").write_text(OBSERVATIONS, "utf-8")
    (tmp_path / "r.csv").write_text(RULES, "utf-8")

    def go(*more, o="o.csv", r="r.csv"):
        files = [str(tmp_path / o), "--rules", str(tmp_path / r)]
        done = CliRunner().invoke(cli, ["hazard", "alarms", *files, *more])
        assert not isinstance(done.exception, Exception), done.exception
        return done.exit_code, done.stdout

    go.folder = tmp_path
    return go


def test_the_fixed_form(run):
    code, told = run("--until", f"{DAY}09:00:00+08:00", "--json")
    found = json.loads(told)
    assert code == 0
    rows = [(a["rule"], a["raised_at"], a["returned_at"], a["state"]) for a in found["alarms"]]
    assert rows == [
        ("H", f"{DAY}08:01:00+08:00", f"{DAY}08:02:01+08:00", "returned"),
        ("STALE", f"{DAY}08:05:01+08:00", None, "unacknowledged"),
    ]
    assert found["alarms"][0]["source"] == "企业设定值"


def test_what_is_not_known_and_who_lies_is_told(run):
    found = json.loads(run("--json")[1])
    assert found["not_watched"] == [{"stream": "LT", "rule": "HH", "unknown": "limit"}]
    assert found["sensors"] == [
        {"stream": "LT", "clock_lies": True, "marks": {"clock_ahead": 1}}
    ]  # fmt: skip
    assert [w["code"] for w in found["warnings"]] == [
        "monitoring.clock_lies", "monitoring.not_watched", "monitoring.no_rules",
    ]  # fmt: skip


def test_a_clock_that_may_be_slow_is_told(run):
    rows = [f"LT,{DAY}08:0{m}:00+08:00,{DAY}09:0{m}:01+08:00,1" for m in range(5)]
    late = "\n".join(["stream,device_time,receive_time,value", *rows])
    (run.folder / "late.csv").write_text(late, "utf-8")
    found = json.loads(run("--json", o="late.csv")[1])
    assert found["sensors"] == [{"stream": "LT", "clock_lies": False, "marks": {"backfilled": 5}}]
    assert "monitoring.never_live" in [w["code"] for w in found["warnings"]]
    # Nothing of now came for three periods.
    assert [(a["rule"], a["raised_at"]) for a in found["alarms"]] == [
        ("STALE", f"{DAY}09:03:01+08:00")
    ]


def test_people_read_a_line_for_each_alarm(run):
    told = run()[1]
    assert "LT H（高限） 9 m" in told
    assert "已恢复未确认" in told
    assert "ISA-18.2" in told


def test_acts_acknowledge(run):
    acts = f"time,stream,rule,act,by,until\n{DAY}08:03:00+08:00,LT,H,acknowledge,王,\n"
    (run.folder / "a.csv").write_text(acts, "utf-8")
    told = run("--acts", str(run.folder / "a.csv"), "--until", f"{DAY}08:04:00+08:00", "--json")[1]
    (alarm,) = json.loads(told)["alarms"]
    assert (alarm["state"], alarm["acknowledged_by"]) == ("cleared", "王")


def test_a_kept_state_goes_on_where_it_ended(run):
    state = ["--state", str(run.folder / "s.json")]
    end = f"{DAY}09:00:00+08:00"
    run(*state, "--received-until", f"{DAY}08:02:01+08:00")
    (run.folder / "none.csv").write_text("stream,device_time,value\n", "utf-8")
    code, told = run(*state, "--until", end, "--json", o="none.csv")
    assert code == 0
    assert json.loads(told)["alarms"] == json.loads(run("--until", end, "--json")[1])["alarms"]


def test_a_state_of_other_rules_is_a_conflict(run):
    state = ["--state", str(run.folder / "s.json")]
    run(*state)
    (run.folder / "r2.csv").write_text(RULES.replace("high,8", "high,7"), "utf-8")
    code, told = run(*state, "--json", r="r2.csv")
    assert (code, json.loads(told)["error"]["code"]) == (4, "monitoring.other_rules")


@pytest.mark.parametrize("more", [("--begin", f"{DAY}00:00:00+08:00"), ("--lag-s", "5")])
def test_what_a_state_holds_is_not_given_again(run, more):
    state = ["--state", str(run.folder / "s.json")]
    run(*state)
    code, told = run(*state, *more, "--json")
    assert (code, json.loads(told)["error"]["code"]) == (4, "monitoring.kept_already")


def test_every_fault_of_a_file_is_told_by_row_and_field(run):
    bad = OBSERVATIONS + f"LT,{DAY}08:00:00,,1,,\nLT,{DAY}08:00:00Z,,x,,\n,{DAY}08:00:00Z,,1,,\n"
    (run.folder / "bad.csv").write_text(bad, "utf-8")
    code, told = run("--json", o="bad.csv")
    faults = [(e["row"], e["field"]) for e in json.loads(told)["errors"]]
    assert code == 2
    assert faults == [(6, "device_time"), (7, "value"), (8, "stream")]


def test_faults_of_all_files_and_options_are_told_at_once_with_the_names_of_the_files(run):
    (run.folder / "o2.csv").write_text(OBSERVATIONS + "LT,x,,y,,\n", "utf-8")
    (run.folder / "r2.csv").write_text(RULES + "LT,,,N,hi,,,\n", "utf-8")
    code, told = run("--until", "gestern", "--json", o="o2.csv", r="r2.csv")
    found = json.loads(told)
    assert code == 2
    assert "o2.csv 有 2 处不对，第 6 行" in found["error"]["message"]
    assert "r2.csv 有 1 处不对，第 5 行" in found["error"]["message"]
    assert [e["field"] for e in found["errors"]] == ["device_time", "value", "kind", "until"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--until", "gestern"), "monitoring.bad_time"),
        (("--until", "2026-03-01T08:00:00"), "monitoring.bad_time"),
        (("--lag-s", "9e5"), "monitoring.bad_policy"),
        (("--ahead-s", "nan"), "monitoring.bad_policy"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(run, more, code):
    exit_code, told = run(*more, "--json")
    assert (exit_code, json.loads(told)["error"]["code"]) == (2, code)


def test_packed_observations_are_read_like_plain_ones(run):
    (run.folder / "o.csv.gz").write_bytes(gzip.compress(OBSERVATIONS.encode()))
    assert run("--json", o="o.csv.gz") == run("--json")


def test_a_small_file_that_unpacks_to_too_much_is_refused(run, monkeypatch):
    monkeypatch.setattr(hazard_alarms, "_MOST_BYTES", 3_000_000)
    (run.folder / "bomb.csv.gz").write_bytes(gzip.compress(b"0" * 3_000_001))
    code, told = run("--json", o="bomb.csv.gz")
    assert (code, json.loads(told)["error"]["code"]) == (2, "hazard.file_too_large")


@pytest.mark.parametrize("spoil", [lambda b: b[:-9], lambda b: b[:40] + b"xx" + b[42:]])
def test_a_packed_file_that_is_broken_is_refused(run, spoil):
    (run.folder / "bad.csv.gz").write_bytes(spoil(gzip.compress(OBSERVATIONS.encode())))
    code, told = run("--json", o="bad.csv.gz")
    assert (code, json.loads(told)["error"]["code"]) == (2, "hazard.bad_gzip")
