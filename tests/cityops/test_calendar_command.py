"""``cityops calendar due``: fixed form, no database, refusals."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import pytest


def run(tmp_path, *arguments):
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from cityops.cli.main import main; main()",
            "calendar",
            "due",
            *arguments,
        ],
        env={
            "CITYOPS_DATA_DIR": str(tmp_path / "none"),
            "PATH": "/usr/bin:/bin",
            "PYTHONIOENCODING": "utf-8",
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


def due(tmp_path, start, amount, unit, *more, code=0):
    done = run(tmp_path, "--from", start, "--amount", amount, "--unit", unit, *more, "--json")
    assert done.returncode == code, done.stdout
    return json.loads(done.stdout)


def test_a_limit_over_spring_festival_is_due_and_explained(tmp_path):
    found = due(tmp_path, "2026-02-14T17:00:00+08:00", "2", "work_hour")
    assert found["due_at"] == "2026-02-24T09:00:00+08:00"
    assert [p["counted_s"] for p in found["periods"]] == [3600, 0, 3600]
    assert "春节" in found["periods"][1]["why"]


def test_periods_follow_each_other_from_start_to_end(tmp_path):
    found = due(tmp_path, "2026-11-27T16:00", "2", "work_day")
    periods = found["periods"]
    assert periods[0]["from"] == "2026-11-27T16:00:00+08:00"
    assert periods[-1]["to"] == found["due_at"]
    assert all(a["to"] == b["from"] for a, b in itertools.pairwise(periods))
    assert sum(p["counted_s"] for p in periods) == 16 * 3600


def test_people_read_it_too(tmp_path):
    done = run(tmp_path, "--from", "2026-11-24T10:00", "--amount", "1", "--unit", "work_hour")
    assert "届满：2026-11-24 11:00" in done.stdout


def test_everything_that_is_wrong_with_a_line_is_told(tmp_path):
    told = due(tmp_path, "morgen", "-2", "week", "--calendar", "moon", code=2)
    assert {one["field"] for one in told["errors"]} == {"from", "amount", "unit", "calendar"}


def test_without_a_folder_the_calendar_that_ships_counts_and_is_named(tmp_path):
    found = due(tmp_path, "2026-02-14T17:00:00+08:00", "2", "work_hour")
    assert (found["days"]["name"], found["days"]["origin"]) == ("CN", "shipped")


@pytest.mark.parametrize(
    ("start", "amount", "unit", "more", "code", "name"),
    [
        ("2026-12-31T17:00", "2", "work_hour", [], 6, "calendar.year_missing"),
        ("tomorrow", "2", "work_hour", [], 2, "calendar.bad_time"),
        ("2026-11-24", "2", "work_hour", [], 2, "calendar.bad_time"),
        ("9999-12-31T23:00-08:00", "2", "work_hour", [], 2, "calendar.bad_time"),
        ("2026-11-24T10:00", "-2", "work_hour", [], 2, "limit.bad_amount"),
        ("2026-11-24T10:00", "NaN", "work_hour", [], 2, "limit.bad_amount"),
        ("2026-11-24T10:00", "1e12", "work_hour", [], 2, "limit.too_long"),
        ("2026-11-24T10:00", "2", "fortnight", [], 2, "limit.unknown_unit"),
        ("2026-11-24T10:00", "2", "work_hour", ["--calendar", "moon"], 3, "calendar.unknown"),
    ],
)
def test_what_cannot_be_told_is_refused_with_its_own_error(
    tmp_path, start, amount, unit, more, code, name
):
    assert due(tmp_path, start, amount, unit, *more, code=code)["error"]["code"] == name
