"""The calendars and seasons that ship, and calendars read from a table of the same form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache

from gis.errors import CityError, InvalidError
from gis.layers import Title
from grid.clock.book import CalendarBook
from grid.clock.calendar import (
    Calendar,
    DayKind,
    DaySet,
    SpecialDay,
    WorkPlan,
    check_calendar,
    periods_of,
)
from grid.clock.limit import Season
from grid.shipped import day_of, origin_of, shipped_rows

Row = Mapping[str, str]


@cache
def shipped_calendars() -> CalendarBook:
    """The calendars that ship.

    Examples
    --------
    >>> sorted(shipped_calendars().calendars)
    ['collectors', 'default']
    """
    days = day_sets_of(shipped_rows("calendar_days.csv"), shipped_rows("calendar_years.csv"))
    return CalendarBook(calendars_of(shipped_rows("calendars.csv"), days))


@cache
def shipped_seasons() -> Mapping[str, Season]:
    """The seasons that ship, by name and by every other name.

    Examples
    --------
    >>> shipped_seasons()["种植季"].first
    (3, 1)
    """
    out: dict[str, Season] = {}
    for row in shipped_rows("seasons.csv"):
        season = Season(row["season"], _month_day(row["first"]), _month_day(row["last"]))
        out |= dict.fromkeys((row["season"], *row["aliases"].split()), season)
    return out


def _month_day(text: str) -> tuple[int, int]:
    month, _, day = text.partition("-")
    return int(month), int(day)


def day_sets_of(days: Sequence[Row], years: Sequence[Row]) -> dict[str, DaySet]:
    """Sets of special days by name.

    Parameters
    ----------
    days
        Rows of day_set, date, kind, name_zh, source, confidence.
    years
        Rows of day_set, year, source, confidence: years of which every special day is there.

    Raises
    ------
    InvalidError
        ``calendar.bad_days`` with every fault by row: no date, no kind, a day twice, a day of a
        year that is not said to be known, a working day that is no weekend.
    """
    faults: list[CityError] = []
    known: dict[str, set[int]] = {}
    for row in years:
        known.setdefault(row["day_set"], set()).add(int(row["year"]))
    found: dict[str, dict[date, SpecialDay]] = {name: {} for name in known}
    for number, row in enumerate(days, 2):
        try:
            day, special = special_day_of(row)
            _check_day(
                day, special, found.get(row["day_set"], {}), known.get(row["day_set"], set())
            )
        except CityError as fault:
            fault.row = number
            faults.append(fault)
            continue
        found[row["day_set"]][day] = special
    if faults:
        raise InvalidError(
            "calendar.bad_days",
            "节假日表有 {count} 处不对：{first}",
            field="days",
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )
    return {name: DaySet(name, frozenset(known[name]), found[name]) for name in known}


def special_day_of(row: Row) -> tuple[date, SpecialDay]:
    """A date and what it is, from one row.

    Raises
    ------
    InvalidError
        ``calendar.bad_date``, ``calendar.bad_kind``.
    """
    try:
        day = date.fromisoformat(row["date"])
    except ValueError:
        raise InvalidError(
            "calendar.bad_date",
            "不是日期：{got}",
            field="date",
            got=row["date"],
            expected="2026-10-01",
        ) from None
    if row["kind"] not in set(DayKind):
        raise InvalidError(
            "calendar.bad_kind",
            "应为 rest（休息）或 work（上班），得到 {got}",
            field="kind",
            got=row["kind"],
            expected=[k.value for k in DayKind],
        )
    return day, SpecialDay(DayKind(row["kind"]), row.get("name_zh", ""), origin_of(dict(row)))


def _check_day(
    day: date, special: SpecialDay, there: Mapping[date, SpecialDay], years: Iterable[int]
) -> None:
    """Refuse a day that contradicts the others.

    Raises
    ------
    InvalidError
        ``calendar.day_twice``, ``calendar.year_not_listed``, ``calendar.work_on_weekday``.
    """
    shown = day.isoformat()
    if day in there:
        raise InvalidError("calendar.day_twice", "{got} 出现两次", field="date", got=shown)
    if day.year not in years:
        raise InvalidError(
            "calendar.year_not_listed", "{got} 年不在已公布的年份里", field="date", got=day.year
        )
    if special.kind is DayKind.WORK and day.isoweekday() <= 5:
        raise InvalidError(
            "calendar.work_on_weekday",
            "{got} 不是周末，无须调休上班",
            field="date",
            got=shown,
            hint="检查日期是否写错",
        )


def calendars_of(rows: Sequence[Row], day_sets: Mapping[str, DaySet]) -> list[Calendar]:
    """Calendars of a table in which each row is one working plan of a calendar.

    Raises
    ------
    InvalidError
        When a row cannot be read, names a set of days that is not there, or a calendar's plans do
        not fit together.
    """
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["calendar"], []).append(row)
    return [check_calendar(_calendar(name, some, day_sets)) for name, some in grouped.items()]


def _calendar(name: str, rows: Sequence[Row], day_sets: Mapping[str, DaySet]) -> Calendar:
    head = rows[0]
    on_holidays = head["on_holidays"] == "yes"
    days = day_sets.get(head["day_set"])
    if days is None and not on_holidays:
        raise InvalidError(
            "calendar.no_days",
            "日历 {calendar} 用的节假日表 {got} 不存在",
            field="day_set",
            got=head["day_set"],
            expected=sorted(day_sets),
            params={"calendar": name},
        )
    return Calendar(
        name=name,
        title=Title(head["title_zh"], head["title_en"]),
        plans=tuple(_plan(row) for row in rows),
        on_holidays=on_holidays,
        days=None if on_holidays else days,
        hours_per_work_day=int(head["hours_per_work_day"] or 8),
        roles=frozenset(head["roles"].split()),
    )


def _plan(row: Row) -> WorkPlan:
    return WorkPlan(
        weekdays=frozenset(int(d) for d in row["weekdays"] if d in "1234567"),
        periods=periods_of(row["periods"]),
        origin=origin_of(dict(row)),
        valid_from=day_of(row["valid_from"]),
        valid_to=day_of(row["valid_to"]),
    )
