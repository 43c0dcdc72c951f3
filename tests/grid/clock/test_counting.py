"""Deadlines against counting minute by minute, with the working days of another source."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidError
from grid.clock.limit import SECOND, Limit, LimitUnit, Season, limit_of
from grid.clock.shipped import shipped_calendars
from grid.clock.stretches import stretches

BOOK = shipped_calendars()
CITY = datetime.fromisoformat("2024-01-01T00:00+08:00")
MINUTES = 1096 * 1440  # 2024 to 2026


def at(text: str) -> datetime:
    return datetime.fromisoformat(text + "+08:00")


def minutes_that_count(unit: LimitUnit, calendar: str) -> np.ndarray:
    """One flag per minute of 2024 to 2026, by asking of each day and hour in turn."""
    if unit in (LimitUnit.URGENT_HOUR, LimitUnit.URGENT_DAY, LimitUnit.NATURAL_DAY):
        return np.ones(MINUTES, bool)
    day = np.zeros(1440, bool)
    hours = [(480, 720), (840, 1080)] if calendar == "default" else [(480, 690), (840, 1200)]
    for start, end in hours:
        day[start:end] = True
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(1096)]
    works = [calendar != "default" or chinese_calendar.is_workday(d) for d in days]
    return np.concatenate([day if w else np.zeros(1440, bool) for w in works])


def minute_by_minute(flags: np.ndarray, start: int, amount: int) -> int:
    """The minute at whose end so many minutes have counted."""
    left = amount
    for minute in range(start, len(flags)):
        if flags[minute]:
            left -= 1
            if left == 0:
                return minute + 1
    raise AssertionError("the three years are not long enough")


FLAGS = {
    (unit, calendar): minutes_that_count(unit, calendar)
    for unit in LimitUnit
    for calendar in ("default", "collectors")
}


def random_cases(count: int) -> list[tuple[LimitUnit, str, int, int]]:
    rng = np.random.default_rng(2026)
    units = list(LimitUnit)
    out = []
    for _ in range(count):
        unit = units[int(rng.integers(len(units)))]
        hours = unit in (LimitUnit.URGENT_HOUR, LimitUnit.WORK_HOUR)
        amount = int(rng.integers(1, 30 if hours else 16))
        calendar = ("default", "collectors")[int(rng.integers(2))]
        out.append((unit, calendar, int(rng.integers(MINUTES - 60 * 1440)), amount))
    return out


def test_two_thousand_random_limits_end_where_counting_minutes_ends():
    length = {"urgent_hour": 60, "work_hour": 60, "work_day": 480}
    for unit, calendar, start, amount in random_cases(2000):
        minutes = amount * length.get(unit.value, 1440)
        expected = minute_by_minute(FLAGS[unit, calendar], start, minutes)
        got = BOOK.due(CITY + timedelta(minutes=start), limit_of(amount, unit), calendar)
        assert got == CITY + timedelta(minutes=expected), (unit, calendar, start, amount)


def test_time_counted_between_two_times_is_the_number_of_counting_minutes():
    rng = np.random.default_rng(7)
    for unit, calendar, start, _ in random_cases(400):
        end = start + int(rng.integers(0, 40 * 1440))
        got = BOOK.counted(
            CITY + timedelta(minutes=start),
            CITY + timedelta(minutes=end),
            limit_of(1, unit),
            calendar,
        )
        assert got == int(FLAGS[unit, calendar][start:end].sum()) * 60 * SECOND


#: Worked out by hand with a printed calendar of 2026.
BY_HAND = [
    ("2026-11-24T10:00", 1, "work_hour", "2026-11-24T11:00"),
    ("2026-11-24T11:30", 1, "work_hour", "2026-11-24T14:30"),
    ("2026-11-24T12:30", 2, "work_hour", "2026-11-24T16:00"),
    ("2026-11-24T17:00", 1, "work_hour", "2026-11-24T18:00"),
    ("2026-11-24T08:00", 4, "work_hour", "2026-11-24T12:00"),
    ("2026-11-24T08:00", 1, "work_day", "2026-11-24T18:00"),
    ("2026-11-24T10:00", 1, "work_day", "2026-11-25T10:00"),
    ("2026-11-27T17:00", 2, "work_hour", "2026-11-30T09:00"),
    ("2026-02-13T17:00", 2, "work_hour", "2026-02-14T09:00"),  # Saturday, worked
    ("2026-02-14T17:00", 2, "work_hour", "2026-02-24T09:00"),  # Spring Festival, nine days
    ("2026-09-30T09:00", 1, "work_day", "2026-10-08T09:00"),  # National Day
    ("2026-02-14T17:00", 2, "urgent_hour", "2026-02-14T19:00"),
    ("2026-02-14T17:00", 1, "urgent_day", "2026-02-15T17:00"),
    ("2026-02-27T09:00", 2, "natural_day", "2026-03-01T09:00"),
    ("2026-11-24T10:00", "0.25", "urgent_hour", "2026-11-24T10:15"),
    ("2026-11-28T10:00", 0, "work_day", "2026-11-28T10:00"),
    ("2024-02-28T10:00", 2, "natural_day", "2024-03-01T10:00"),  # leap year
]


@pytest.mark.parametrize(("start", "amount", "unit", "due"), BY_HAND)
def test_a_limit_ends_when_a_person_says_it_does(start, amount, unit, due):
    assert BOOK.due(at(start), limit_of(amount, unit)) == at(due)


def test_one_working_day_is_not_three():
    """A day of 24 h against elapsed working minutes would take three working days."""
    assert BOOK.due(at("2026-11-23T08:00"), limit_of(1, "work_day")) == at("2026-11-23T18:00")


def test_spans_of_more_than_a_day_are_counted_whole():
    """``timedelta.seconds`` drops the days."""
    counted = BOOK.counted(
        at("2026-11-23T08:00"), at("2026-12-23T08:00"), limit_of(1, "urgent_day")
    )
    assert counted == 30 * 86400 * SECOND


def test_seconds_and_microseconds_are_kept():
    start = at("2026-11-24T11:59:30.250000")
    assert BOOK.due(start, limit_of(1, "work_hour")) == at("2026-11-24T14:59:30.250000")


def test_other_zones_give_the_same_instant():
    start = at("2026-11-24T10:00")
    limit = limit_of(1, "work_day")
    assert BOOK.due(start.astimezone(UTC), limit) == BOOK.due(start, limit)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(InvalidError) as caught:
        BOOK.due(datetime(2026, 1, 5, 8), limit_of(1, "work_hour"))
    assert caught.value.code == "clock.naive_time"


def test_an_end_before_the_start_is_refused():
    with pytest.raises(InvalidError) as caught:
        BOOK.counted(at("2026-01-06T08:00"), at("2026-01-05T08:00"), limit_of(1, "work_hour"))
    assert caught.value.code == "clock.backwards"


def test_a_planting_limit_waits_for_the_planting_season():
    planting = Season("种植季节", (3, 1), (5, 15))
    limit = Limit(limit_of(5, "work_day").amount, LimitUnit.WORK_DAY, planting)
    assert BOOK.due(at("2025-11-24T10:00"), limit) == at("2026-03-06T18:00")
    whys = {s.why for s in stretches(BOOK, at("2026-02-26T08:00"), at("2026-03-03T08:00"), limit)}
    assert whys == {"非种植季节、周末", "工作时段", "午休", "非工作时间"}


starts = st.integers(0, MINUTES - 200 * 1440).map(lambda m: CITY + timedelta(minutes=m))
limits = st.builds(
    lambda n, u: limit_of(n, u), st.integers(0, 40), st.sampled_from([u.value for u in LimitUnit])
)


@given(starts, limits)
def test_exactly_the_limit_has_counted_when_it_is_due(start, limit):
    due = BOOK.due(start, limit)
    assert due >= start
    assert BOOK.counted(start, due, limit) == BOOK.amount(limit)


@given(starts, limits, st.integers(0, 5000))
def test_a_later_start_never_gives_an_earlier_deadline(start, limit, minutes):
    assert BOOK.due(start, limit) <= BOOK.due(start + timedelta(minutes=minutes), limit)


@given(starts, limits, st.integers(0, 40))
def test_more_time_never_gives_an_earlier_deadline(start, limit, more):
    longer = Limit(limit.amount + more, limit.unit)
    assert BOOK.due(start, limit) <= BOOK.due(start, longer)


@given(starts, st.integers(0, 60 * 1440), limits)
def test_stretches_follow_each_other_and_add_up(start, minutes, limit):
    end = start + timedelta(minutes=minutes)
    cut = stretches(BOOK, start, end, limit)
    assert sum(s.counted for s in cut) == BOOK.counted(start, end, limit)
    edges = [start, *(s.end for s in cut)]
    assert [s.start for s in cut] == edges[:-1]
    assert edges[-1] == (end if minutes else start)
    assert all(s.start < s.end and s.why for s in cut)
    assert all(s.counted in (0, (s.end - s.start) // timedelta(microseconds=1)) for s in cut)


def test_a_gap_tells_its_feasts():
    cut = stretches(BOOK, at("2026-02-14T17:00"), at("2026-02-24T09:00"), limit_of(2, "work_hour"))
    assert [(s.why, s.counted // SECOND) for s in cut] == [
        ("工作时段", 3600),
        ("周末、春节", 0),
        ("工作时段", 3600),
    ]
