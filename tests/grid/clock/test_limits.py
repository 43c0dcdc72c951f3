"""Amounts and units of time limits."""

from __future__ import annotations

from fractions import Fraction

import pytest

from gis.errors import InvalidError
from grid.clock.limit import HOUR, Limit, LimitUnit, Season, amount_of, amount_text, limit_of

LENGTHS_H = {
    "urgent_hour": 1,
    "work_hour": 1,
    "urgent_day": 24,
    "natural_day": 24,
    "work_day": 8,
}


@pytest.mark.parametrize(("unit", "hours"), LENGTHS_H.items())
def test_a_unit_has_the_length_of_its_table(unit, hours):
    assert limit_of(3, unit).microseconds() == 3 * hours * HOUR


def test_a_working_day_is_as_long_as_the_calendar_says():
    assert limit_of(2, "work_day").microseconds(hours_per_work_day=7) == 14 * HOUR


def test_thirty_days_do_not_overflow_32_bits_of_milliseconds():
    assert limit_of(30, "urgent_day").microseconds() == 30 * 24 * HOUR > 2**31 * 1000


@pytest.mark.parametrize("text", ["0.25", "1/4"])
def test_a_quarter_is_exact(text):
    assert Fraction(text) * HOUR == 15 * 60 * 1_000_000


@pytest.mark.parametrize(
    "value", ["", "x", "-1", "NaN", "Infinity", "1e999999999", "1/0", "１２３x", -0.5, float("nan")]
)
def test_what_is_no_amount_is_refused(value):
    with pytest.raises(InvalidError) as caught:
        amount_of(value)
    assert caught.value.code == "limit.bad_amount"


@pytest.mark.parametrize(
    ("amount", "unit", "code"),
    [
        (1, "fortnight", "limit.unknown_unit"),
        (3661, "natural_day", "limit.too_long"),
        ("9e11", "urgent_hour", "limit.too_long"),
    ],
)
def test_a_limit_that_is_none_is_refused(amount, unit, code):
    with pytest.raises(InvalidError) as caught:
        limit_of(amount, unit)
    assert caught.value.code == code


@pytest.mark.parametrize("text", ["0", "2", "0.25", "1.5", "1/3", "1000"])
def test_an_amount_is_written_as_it_was_read(text):
    assert amount_text(Fraction(text)) == text


@pytest.mark.parametrize(
    ("day", "inside"),
    [((11, 14), False), ((11, 15), True), ((1, 1), True), ((3, 15), True), ((3, 16), False)],
)
def test_a_season_may_go_over_new_year(day, inside):
    assert Season("采暖期", (11, 15), (3, 15)).holds(*day) is inside


def test_a_limit_tells_itself_with_its_season():
    planting = Season("种植季节", (3, 1), (5, 15))
    assert Limit(Fraction(5), LimitUnit.WORK_DAY, planting).told == "5 工作日（种植季节内）"
