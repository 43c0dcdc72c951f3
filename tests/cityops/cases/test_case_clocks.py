"""The clocks of a case as its page tells them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from cityops.services.case_clocks import deadlines_json, stage_deadline
from cityops.services.grid.config import shipped_config
from grid.classes import ClassKey
from grid.clock.clock import Cause, ClockKind, pause, start_clock, stop
from grid.clock.limit import limit_of
from grid.flow.case import Case
from grid.flow.states import CaseSource, CaseState

#: A Tuesday; working periods are 08:00-12:00 and 14:00-18:00.
TUESDAY = datetime.fromisoformat("2026-11-24T09:00:00+08:00")
KEY = ClassKey("event", "GB/T 30428.2-2013", "0110")


def case_with(*clocks):
    """A case whose clocks are these."""
    state, source = CaseState.TO_DISPOSE, CaseSource.PATROL
    bare = Case(UUID(int=1), state, source, KEY, TUESDAY, TUESDAY)
    return replace(bare, clocks=clocks)


def seen(case, *, after):
    """Its clocks, the running one first, some time after it was reported."""
    return deadlines_json(case, shipped_config().world(TUESDAY + after))


def test_what_is_left_is_working_time_and_the_lunch_break_is_none():
    clock = start_clock(ClockKind.DISPOSE, limit_of(4, "work_hour"), TUESDAY)
    [told] = seen(case_with(clock), after=timedelta(hours=4))
    assert (told["used_s"], told["left_s"]) == (3 * 3600, 3600)
    assert told["due_at"] == "2026-11-24T15:00:00+08:00"
    assert (told["continuous"], told["limit"]) == (False, "4 工作时")


@pytest.mark.parametrize(
    ("minutes", "light", "late"),
    [(48, "green", False), (49, "yellow", False), (60, "yellow", False), (61, "red", True)],
)
def test_the_light_turns_yellow_beyond_80_percent_and_red_beyond_the_limit(minutes, light, late):
    clock = start_clock(ClockKind.DISPOSE, limit_of(1, "urgent_hour"), TUESDAY)
    [told] = seen(case_with(clock), after=timedelta(minutes=minutes))
    assert (told["light"], told["late"]) == (light, late)
    assert told["left_s"] == (60 - minutes) * 60


def test_a_clock_that_stands_still_says_why_and_is_not_due():
    clock = start_clock(ClockKind.DISPOSE, limit_of(2, "work_day"), TUESDAY)
    clock = pause(clock, TUESDAY + timedelta(hours=1), Cause.SUSPENDED)
    [told] = seen(case_with(clock), after=timedelta(days=1))
    assert (told["paused_why"], told["running"], told["due_at"]) == ("挂账", False, None)
    assert told["left_s"] == 15 * 3600


def test_the_running_clock_comes_first_and_parts_of_an_urgent_hour_are_minutes():
    done = stop(start_clock(ClockKind.ACCEPT, limit_of(1, "work_day"), TUESDAY), TUESDAY)
    paused = start_clock(ClockKind.DISPOSE, None, TUESDAY)
    paused = pause(paused, TUESDAY, Cause.RETURNED)
    running = start_clock(ClockKind.DISPATCH, limit_of(0.25, "urgent_hour"), TUESDAY)
    case = case_with(done, paused, running)
    told = seen(case, after=timedelta(minutes=1))
    assert [one["kind"] for one in told] == ["dispatch", "dispose", "accept"]
    assert told[0]["limit"] == "15 分钟"
    assert stage_deadline(case, shipped_config().world(TUESDAY))["kind"] == "dispatch"


def test_a_year_without_a_calendar_leaves_the_deadline_open():
    far = TUESDAY.replace(year=2049)
    clock = start_clock(ClockKind.DISPOSE, limit_of(4, "work_hour"), far)
    [told] = deadlines_json(case_with(clock), shipped_config().world(far + timedelta(hours=1)))
    assert (told["due_at"], told["left_s"], told["light"]) == (None, None, "none")
    assert told["limit"] == "4 工作时"


def test_a_case_whose_clocks_have_stopped_has_no_deadline():
    done = stop(start_clock(ClockKind.ACCEPT, None, TUESDAY), TUESDAY)
    assert stage_deadline(case_with(done), shipped_config().world(TUESDAY)) is None
