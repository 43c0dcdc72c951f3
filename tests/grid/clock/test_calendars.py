"""Working calendars: which days and hours count, and for which years that is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import chinese_calendar
import pytest

from gis.errors import InvalidError, NotFoundError, UnavailableError
from gis.layers import Title
from grid.clock.book import CalendarBook
from grid.clock.calendar import Calendar, WorkPlan, check_calendar, periods_of
from grid.clock.limit import limit_of
from grid.clock.shipped import calendars_of, day_sets_of, shipped_calendars
from grid.origin import Confidence, Origin

DEFAULT = shipped_calendars().calendar()
ORIGIN = Origin("本测试", Confidence.LOCAL)
SOURCE = {"source": "本测试", "confidence": "local"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text + "+08:00")


@pytest.mark.parametrize("year", range(2016, 2027))
def test_every_day_of_the_table_agrees_with_another_source(year):
    day = date(year, 1, 1)
    while day.year == year:
        assert bool(DEFAULT.periods_on(day)) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_every_special_day_has_a_name_a_source_and_a_confidence():
    days = DEFAULT.days.days.values()
    assert all(d.name and d.origin.source and d.origin.confidence for d in days)
    assert len(days) > 290


def test_a_year_that_is_not_announced_is_an_error_that_names_it():
    with pytest.raises(UnavailableError) as caught:
        shipped_calendars().due(at("2026-12-31T17:00"), limit_of(2, "work_hour"))
    error = caught.value
    assert (error.code, error.got) == ("calendar.year_missing", 2027)
    assert "2027" in str(error)


def test_the_last_hour_of_the_last_known_year_can_still_be_counted():
    due = shipped_calendars().due(at("2026-12-31T17:00"), limit_of(1, "work_hour"))
    assert due == at("2026-12-31T18:00")


@pytest.mark.parametrize("start", ["2015-12-31T10:00", "2027-01-04T10:00"])
def test_nothing_is_counted_from_an_unknown_year_on(start):
    with pytest.raises(UnavailableError):
        shipped_calendars().due(at(start), limit_of(1, "work_hour"))


@pytest.mark.parametrize("unit", ["urgent_hour", "urgent_day", "natural_day"])
def test_limits_that_run_on_need_no_calendar(unit):
    start = at("2031-01-04T10:00")
    assert shipped_calendars().due(start, limit_of(1, unit)) > start


def test_a_calendar_that_works_on_holidays_needs_no_announced_year():
    due = shipped_calendars().due(at("2031-01-04T19:00"), limit_of(2, "work_hour"), "collectors")
    assert due == at("2031-01-05T09:00")


def test_roles_find_their_calendar_and_others_the_default():
    names = [shipped_calendars().name_for(role) for role in ("inspector", "department", "nobody")]
    assert names == ["collectors", "default", "default"]


def test_an_unknown_calendar_is_not_found():
    with pytest.raises(NotFoundError) as caught:
        shipped_calendars().calendar("summer")
    assert caught.value.expected == ["collectors", "default"]


def summer_and_winter() -> Calendar:
    days = frozenset({1, 2, 3, 4, 5})
    winter = WorkPlan(days, periods_of("08:30-12:00 13:30-17:30"), ORIGIN, None, date(2026, 6, 1))
    summer = WorkPlan(days, periods_of("08:00-12:00 15:00-19:00"), ORIGIN, date(2026, 6, 1), None)
    return replace(DEFAULT, name="seasons", title=Title("冬夏", "Both"), plans=(winter, summer))


@pytest.mark.parametrize(
    ("day", "first"), [(date(2026, 5, 29), 510), (date(2026, 6, 1), 480), (date(2026, 9, 1), 480)]
)
def test_a_plan_ends_on_the_day_on_which_the_next_one_begins(day, first):
    calendar = check_calendar(summer_and_winter())
    assert calendar.periods_on(day)[0][0] == first


def test_a_day_after_the_last_plan_has_no_working_time():
    plan = replace(DEFAULT.plans[0], valid_to=date(2025, 1, 1))
    calendar = replace(DEFAULT, plans=(plan,))
    assert calendar.periods_on(date(2024, 12, 31))
    assert not calendar.periods_on(date(2025, 1, 2))
    with pytest.raises(UnavailableError):
        CalendarBook([calendar]).due(at("2024-12-31T17:30"), limit_of(1, "work_hour"))


@pytest.mark.parametrize(
    "change",
    [
        {"plans": ()},
        {"plans": (WorkPlan(frozenset(), (), ORIGIN),)},
        {"plans": (DEFAULT.plans[0], DEFAULT.plans[0])},
        {"hours_per_work_day": 0},
        {
            "plans": (
                replace(DEFAULT.plans[0], valid_from=date(2026, 2, 1), valid_to=date(2026, 1, 1)),
            )
        },
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(change):
    with pytest.raises(InvalidError) as caught:
        check_calendar(replace(DEFAULT, **change))
    assert caught.value.code == "calendar.invalid"
    assert caught.value.errors


@pytest.mark.parametrize(
    "text",
    [
        "8-12",
        "08:00",
        "12:00-08:00",
        "08:00-12:00 11:00-13:00",
        "08:60-09:00",
        "08:00-08:00",
        "x-y",
    ],
)
def test_periods_that_are_none_are_refused(text):
    with pytest.raises(InvalidError):
        periods_of(text)


DAYS = [{"day_set": "X", "date": "2027-01-01", "kind": "rest", "name_zh": "元旦"} | SOURCE]
YEARS = [{"day_set": "X", "year": "2027"} | SOURCE]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"date": "2027-13-01"}, "calendar.bad_date"),
        ({"kind": "holiday"}, "calendar.bad_kind"),
        ({"date": "2028-01-01"}, "calendar.year_not_listed"),
        ({"date": "2027-01-01"}, "calendar.day_twice"),
        ({"date": "2027-01-06", "kind": "work"}, "calendar.work_on_weekday"),
    ],
)
def test_a_bad_row_of_days_is_named_by_its_row(row, code):
    with pytest.raises(InvalidError) as caught:
        day_sets_of([*DAYS, DAYS[0] | row], YEARS)
    (fault,) = caught.value.errors
    assert (fault.code, fault.row) == (code, 3)


def test_a_calendar_of_an_unknown_set_of_days_is_refused():
    head = {"calendar": "a", "title_zh": "甲", "title_en": "A", "day_set": "Y", "on_holidays": "no"}
    plan = {"weekdays": "12345", "periods": "08:00-12:00", "valid_from": "", "valid_to": ""}
    with pytest.raises(InvalidError) as caught:
        calendars_of([head | plan | SOURCE | {"hours_per_work_day": "8", "roles": ""}], {})
    assert caught.value.code == "calendar.no_days"


def test_a_night_shift_counts_the_hours_after_midnight():
    plan = replace(DEFAULT.plans[0], periods=periods_of("22:00-30:00"))
    book = CalendarBook([replace(DEFAULT, plans=(plan,))])
    assert book.due(at("2026-11-23T23:00"), limit_of(4, "work_hour")) == at("2026-11-24T03:00")
