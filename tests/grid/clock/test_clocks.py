"""Clocks that pause: what counts, when they are due, what they say of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import CityError, ConflictError, InvalidError
from grid.clock.book import CalendarBook
from grid.clock.bulk import NONE, due_many
from grid.clock.clock import (
    Cause,
    Clock,
    ClockKind,
    Happening,
    Light,
    clock_from,
    clock_json,
    due_at,
    extend,
    is_late,
    light,
    pause,
    resume,
    start_clock,
    stop,
    used,
)
from grid.clock.explain import explain
from grid.clock.limit import SECOND, limit_of
from grid.clock.shipped import shipped_calendars, shipped_seasons
from grid.clock.stages import Urgency, shipped_stage_limits
from grid.clock.stored import due_stored, minutes_of, texts_of
from grid.clock.timeline import instant_of, time_of

BOOK = shipped_calendars()
HOUR = 3600 * SECOND


def at(text: str) -> datetime:
    return datetime.fromisoformat(text + "+08:00")


def utc_text(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def disposal(amount: float = 1, unit: str = "work_day", start: str = "2026-11-24T10:00") -> Clock:
    return start_clock(ClockKind.DISPOSE, limit_of(amount, unit), at(start))


def test_time_that_a_clock_stood_still_moves_the_deadline():
    clock = resume(
        pause(disposal(), at("2026-11-24T11:00"), Cause.SUSPENDED), at("2026-11-26T15:00")
    )
    assert used(clock, BOOK, at("2026-11-26T15:00")) == HOUR
    assert due_at(clock, BOOK) == at("2026-11-27T12:00")


def test_a_clock_that_stands_still_is_not_due():
    clock = pause(disposal(), at("2026-11-24T11:00"), Cause.RETURNED)
    assert due_at(clock, BOOK) is None
    assert not is_late(clock, BOOK, at("2026-12-24T11:00"))


def test_a_clock_paused_twice_is_paused_once():
    clock = pause(disposal(), at("2026-11-24T11:00"), Cause.SUSPENDED)
    assert pause(clock, at("2026-11-24T12:00"), Cause.RETURNED) == clock


def test_work_done_over_goes_on_where_it_was_handed_back():
    clock = resume(stop(disposal(), at("2026-11-24T17:00")), at("2026-11-25T09:00"))
    assert due_at(clock, BOOK) == at("2026-11-25T12:00")


def test_an_extension_adds_the_original_limit_each_time():
    clock = extend(extend(disposal()))
    assert clock.limit == limit_of(3, "work_day")
    assert due_at(clock, BOOK) == at("2026-11-27T10:00")


def test_the_deadline_itself_is_not_late_and_a_second_later_is():
    due = due_at(disposal(), BOOK)
    assert not is_late(disposal(), BOOK, due)
    assert is_late(disposal(), BOOK, due + timedelta(seconds=1))


def test_after_hours_nobody_becomes_late():
    clock = disposal(1, "work_hour", "2026-11-24T17:00")
    assert not is_late(clock, BOOK, at("2026-11-25T08:00"))
    assert is_late(clock, BOOK, at("2026-11-25T08:01"))


@pytest.mark.parametrize(
    ("now", "colour"),
    [
        ("2026-11-24T10:00", Light.GREEN),
        ("2026-11-24T18:00", Light.GREEN),  # exactly 80 %
        ("2026-11-24T18:01", Light.YELLOW),
        ("2026-11-24T20:00", Light.YELLOW),  # exactly 100 %
        ("2026-11-24T20:01", Light.RED),
    ],
)
def test_the_light_changes_after_80_and_after_100_percent(now, colour):
    assert light(disposal(10, "urgent_hour"), BOOK, at(now)) is colour


def test_without_a_limit_there_is_no_light_and_no_deadline():
    clock = start_clock(ClockKind.FILE, None, at("2026-11-24T10:00"))
    assert light(clock, BOOK, at("2027-01-01T10:00")) is Light.NONE
    assert due_at(clock, BOOK) is None
    assert used(clock, BOOK, at("2026-11-24T11:00")) == HOUR


@pytest.mark.parametrize(
    "act",
    [
        lambda c: stop(stop(c, at("2026-11-24T11:00")), at("2026-11-24T12:00")),
        lambda c: resume(c, at("2026-11-24T11:00")),
        lambda c: pause(stop(c, at("2026-11-24T11:00")), at("2026-11-24T12:00"), Cause.SUSPENDED),
        lambda c: extend(stop(c, at("2026-11-24T11:00"))),
    ],
)
def test_a_clock_does_not_do_what_it_cannot(act):
    with pytest.raises(ConflictError) as caught:
        act(disposal())
    assert caught.value.code == "clock.wrong_state"


@pytest.mark.parametrize("act", [stop, lambda c, t: pause(c, t, Cause.SUSPENDED)])
def test_a_server_clock_that_was_set_back_is_noticed(act):
    with pytest.raises(ConflictError) as caught:
        act(disposal(), at("2026-11-24T09:59"))
    assert caught.value.code == "clock.set_back"


def test_a_clock_without_limit_cannot_be_extended():
    with pytest.raises(ConflictError) as caught:
        extend(start_clock(ClockKind.DISPOSE, None, at("2026-11-24T10:00")))
    assert caught.value.code == "clock.no_limit"


def test_a_clock_needs_a_zone():
    with pytest.raises(InvalidError):
        start_clock(ClockKind.ACCEPT, None, datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("urgency", "start", "due"),
    [
        (Urgency.LIFE_SAFETY, "2026-02-17T03:00", "2026-02-17T03:15"),
        (Urgency.UTILITIES, "2026-02-17T03:00", "2026-02-17T03:30"),
        (Urgency.GENERAL, "2026-02-17T03:00", "2026-02-24T18:00"),
        (None, "2026-02-17T03:00", "2026-02-17T03:15"),
    ],
)
def test_tianjins_hotline_is_answered_within_its_receipt_limits(urgency, start, due):
    row = shipped_stage_limits().of(ClockKind.ACCEPT, urgency)
    assert BOOK.due(at(start), row.limit, row.calendar) == at(due)
    assert row.origin.source


def test_a_stage_nobody_limited_is_unknown():
    assert shipped_stage_limits().of(ClockKind.DISPOSE) is None


moments = st.lists(st.tuples(st.integers(1, 3000), st.sampled_from("prse")), max_size=12)
limits = st.builds(
    limit_of,
    st.integers(0, 20),
    st.sampled_from(["urgent_hour", "urgent_day", "work_hour", "work_day", "natural_day"]),
)


def played(limit, first: int, acts) -> Clock:
    """A clock to which a random but possible sequence of things happens."""
    now = at("2024-03-01T00:00") + timedelta(minutes=first)
    calendar = "collectors" if first % 3 == 0 else "default"
    clock = start_clock(ClockKind.DISPOSE, limit, now, calendar)
    for minutes, act in acts:
        now += timedelta(minutes=minutes)
        try:
            clock = {
                "p": lambda c, t: pause(c, t, Cause.SUSPENDED),
                "r": resume,
                "s": stop,
                "e": lambda c, t: extend(c),
            }[act](clock, now)
        except ConflictError:
            continue
    return clock


clocks = st.builds(played, limits, st.integers(0, 900 * 1440), moments)


@given(clocks)
def test_at_the_deadline_exactly_the_limit_is_used(clock):
    due = due_at(clock, BOOK)
    if clock.is_running and due is not None and due >= clock.ticks[-1].at:
        assert used(clock, BOOK, due) == BOOK.amount(clock.limit, clock.calendar)


@given(clocks, st.integers(0, 100000), st.integers(0, 100000))
def test_a_clock_that_stands_still_uses_no_time(clock, minutes, more):
    if not clock.is_running:
        last = clock.ticks[-1].at
        early, late = last + timedelta(minutes=minutes), last + timedelta(minutes=minutes + more)
        assert used(clock, BOOK, early) == used(clock, BOOK, late)


@given(clocks, st.integers(1, 5000))
def test_a_pause_never_brings_a_deadline_forward(clock, minutes):
    due = due_at(clock, BOOK)
    if clock.is_running and due is not None:
        last = clock.ticks[-1].at
        waited = resume(pause(clock, last, Cause.SUSPENDED), last + timedelta(minutes=minutes))
        assert due_at(waited, BOOK) >= due


@given(clocks)
def test_a_clock_survives_json(clock):
    assert clock_from(clock_json(clock)) == clock


@given(clocks)
def test_an_explanation_adds_up(clock):
    told = explain(clock, BOOK, clock.ticks[-1].at)
    assert told.due_at == due_at(clock, BOOK)
    assert [p.start for p in told.periods[1:]] == [p.end for p in told.periods[:-1]]
    counted = sum(p.counted for p in told.periods)
    if clock.stopped_at is not None:
        assert counted == used(clock, BOOK, clock.stopped_at)
    elif told.due_at is not None and told.periods:
        assert counted == BOOK.amount(clock.limit, clock.calendar)


@given(st.lists(clocks, max_size=30))
def test_many_deadlines_are_those_of_each(some):
    expected = [due_at(c, BOOK) for c in some]
    found = due_many(some, BOOK).tolist()
    assert found == [NONE if d is None else instant_of(d) for d in expected]


def test_seasonal_clocks_are_due_together_as_alone():
    season = shipped_seasons()["种植季节"]
    rng = np.random.default_rng(3)
    some = [
        start_clock(
            ClockKind.DISPOSE,
            replace(limit_of(int(rng.integers(1, 9)), unit), season=season),
            at("2024-01-10T09:00") + timedelta(hours=int(rng.integers(0, 17000))),
        )
        for unit in ("work_day", "urgent_day")
        for _ in range(30)
    ]
    assert due_many(some, BOOK).tolist() == [instant_of(due_at(c, BOOK)) for c in some]


def test_a_missing_year_leaves_the_other_clocks_their_deadlines():
    some = [disposal(start=s) for s in ("2026-11-24T10:00", "2026-12-31T15:00", "2026-12-01T10:00")]
    found = due_many(some, BOOK).tolist()
    assert found[1] == NONE
    assert found[0] == instant_of(at("2026-11-25T10:00"))
    assert found[2] == instant_of(at("2026-12-02T10:00"))


def test_an_explanation_says_what_happened_in_order():
    clock = stop(
        resume(pause(disposal(), at("2026-11-24T11:00"), Cause.SUSPENDED), at("2026-11-26T15:00")),
        at("2026-11-30T09:30"),
    )
    told = explain(clock, BOOK, at("2026-12-01T09:00"))
    assert told.sentences == (
        "2026-11-24 10:00 处置开始计时，时限 1 工作日，按“机关工作时间”计时。",
        "2026-11-24 11:00 暂停计时（挂账），已用 1 小时。",
        "2026-11-26 15:00 继续计时。",
        "2026-11-30 09:30 停止计时，已用 13 小时 30 分。",
        "期限为 2026-11-27 12:00，超时 5 小时 30 分。",
    )
    assert [p.why for p in told.periods][:2] == ["工作时段", "挂账"]


def test_times_of_an_explanation_are_those_of_the_city_in_whole_seconds():
    start = at("2026-11-24T10:00").astimezone(UTC) + timedelta(microseconds=400_000)
    clock = start_clock(ClockKind.DISPOSE, limit_of(1, "work_day"), start)
    clock = pause(clock, start + timedelta(hours=1), Cause.SUSPENDED)
    told = explain(clock, BOOK, start + timedelta(hours=2)).as_dict()
    times = [p[end] for p in told["periods"] for end in ("from", "to")]
    assert times[0] == "2026-11-24T10:00:00+08:00"
    assert {len(text) for text in times} == {25}


def test_an_explanation_says_which_year_is_missing():
    told = explain(disposal(start="2026-12-31T15:00"), BOOK, at("2026-12-31T16:00"))
    assert told.due_at is None
    assert "2027" in told.sentences[-1]


def test_no_book_no_deadline():
    with pytest.raises(CityError):
        due_at(disposal(), CalendarBook([]))


def test_happenings_have_names():
    assert {h.value for h in Happening} == {"start", "pause", "resume", "stop"}


@given(st.lists(clocks, max_size=30))
def test_many_stored_deadlines_are_those_of_each(some):
    expected = [due_at(c, BOOK) if c.is_open else None for c in some]
    found = due_stored([*map(clock_json, some), None], BOOK).tolist()
    assert found == [*(NONE if d is None else instant_of(d) for d in expected), NONE]


@pytest.mark.parametrize("unit", ["work_hour", "urgent_day"])
def test_stored_deadlines_of_a_season_and_of_a_missing_year(unit):
    season = shipped_seasons()["种植季节"]
    starts = ("2024-01-10T09:00", "2026-12-31T15:00", "2026-03-20T23:00")
    some = [disposal(3, unit, start) for start in starts]
    some += [replace(c, limit=replace(c.limit, season=season)) for c in some]
    found = due_stored(map(clock_json, some), BOOK).tolist()
    for clock, instant in zip(some, found, strict=True):
        try:
            assert instant == instant_of(due_at(clock, BOOK))
        except CityError:
            assert instant == NONE


@given(st.lists(st.one_of(st.none(), st.integers(0, 2**51)), max_size=9))
def test_texts_of_instants_are_those_of_each_time(instants):
    column = np.array([NONE if i is None else i for i in instants], np.int64)
    for i, text, minute in zip(instants, texts_of(column), minutes_of(column), strict=True):
        shown = None if i is None else time_of(i)
        assert text == (None if shown is None else utc_text(shown))
        assert minute == (None if shown is None else f"{shown:%Y-%m-%d %H:%M}")
