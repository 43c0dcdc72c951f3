"""Working calendars: which hours count, on which days, and for which years that is known.

A calendar names its working periods by weekday, changed from time to time (summer hours), and a
set of special days: days of rest on weekdays, and weekends that are worked to make up for them.
The special days are known year by year, after the government has announced them; in a year that
is not known nothing can be counted, and the error says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum

from gis.errors import CityError, InvalidError, UnavailableError
from gis.layers import Title
from grid.origin import Origin

#: The time of the city: China has one zone and no summer time.
CITY_ZONE = timezone(timedelta(hours=8))
_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})$")


def told_time(at: datetime) -> str:
    """An aware time as programs get it: ISO 8601 with the city's offset, whole seconds.

    Examples
    --------
    >>> told_time(datetime(2026, 11, 24, 0, 0, 0, 500_000, timezone.utc))
    '2026-11-24T08:00:00+08:00'
    """
    return at.astimezone(CITY_ZONE).isoformat(timespec="seconds")


class DayKind(StrEnum):
    """What a special day is."""

    REST = "rest"
    WORK = "work"


@dataclass(frozen=True)
class SpecialDay:
    """A day that is not what its weekday says; ``name`` is the feast it belongs to."""

    kind: DayKind
    name: str
    origin: Origin


@dataclass(frozen=True)
class DaySet:
    """Special days of a country or city, and the years for which they are all known."""

    name: str
    years: frozenset[int]
    days: Mapping[date, SpecialDay] = field(hash=False)


@dataclass(frozen=True)
class WorkPlan:
    """Working periods of a calendar between two days.

    Attributes
    ----------
    valid_from, valid_to
        First day, and first day on which the plan no longer holds; None is open.
    weekdays
        1 Monday to 7 Sunday.
    periods
        (start, end) in minutes of the day, half-open, in order; an end after 1440 lies on the
        next day.
    """

    weekdays: frozenset[int]
    periods: tuple[tuple[int, int], ...]
    origin: Origin
    valid_from: date | None = None
    valid_to: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the plan is in force on `day`."""
        started = self.valid_from is None or self.valid_from <= day
        return started and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True)
class Calendar:
    """A working calendar.

    Attributes
    ----------
    on_holidays
        Whether days of rest are worked all the same; then no special days are needed.
    hours_per_work_day
        How many working hours make one working day of a limit.
    roles
        Roles whose clocks run by this calendar.
    """

    name: str
    title: Title
    plans: tuple[WorkPlan, ...]
    on_holidays: bool = False
    days: DaySet | None = None
    hours_per_work_day: int = 8
    roles: frozenset[str] = frozenset()

    def plan_on(self, day: date) -> WorkPlan | None:
        """The plan in force on a day, or None."""
        return next((plan for plan in self.plans if plan.holds(day)), None)

    def special(self, day: date) -> SpecialDay | None:
        """The special day, where the calendar has special days.

        Raises
        ------
        UnavailableError
            ``calendar.year_missing`` when the year is not known.
        """
        if self.on_holidays or self.days is None:
            return None
        if day.year not in self.days.years:
            raise year_missing(self, day.year)
        return self.days.days.get(day)

    def periods_on(self, day: date) -> tuple[tuple[int, int], ...]:
        """Working periods that begin on a day, in minutes; none on a day of rest.

        On a weekend that is worked the periods are those of the plan in force.

        Raises
        ------
        UnavailableError
            ``calendar.year_missing`` when the year is not known.
        """
        special = self.special(day)
        plan = self.plan_on(day)
        if plan is None:
            return ()
        works = day.isoweekday() in plan.weekdays if special is None else special.kind == "work"
        return plan.periods if works else ()


def year_missing(calendar: Calendar, year: int) -> UnavailableError:
    """The refusal for a year whose special days are not known."""
    known = sorted(calendar.days.years) if calendar.days else []
    return UnavailableError(
        "calendar.year_missing",
        "日历“{calendar}”没有 {got} 年的节假日数据，算不出时限",
        field="year",
        got=year,
        expected=known,
        hint="国务院公布后，在数据目录里导入该年的节假日表：cityops calendar import；"
        "算时限时用同一个数据目录（--data 或 CITYOPS_DATA_DIR）",
        params={"calendar": calendar.title.zh},
    )


def clock_minutes(text: str) -> int:
    """Minutes of a clock text such as ``08:30``; 24:00 and later lie on the next day.

    Raises
    ------
    InvalidError
        ``calendar.bad_period`` when it is none.

    Examples
    --------
    >>> clock_minutes("08:30")
    510
    """
    found = _CLOCK.match(text.strip())
    if found is None or int(found[2]) > 59 or int(found[1]) > 47:
        raise InvalidError(
            "calendar.bad_period", "不是时刻：{got}", field="periods", got=text, expected="08:30"
        )
    return int(found[1]) * 60 + int(found[2])


def periods_of(text: str) -> tuple[tuple[int, int], ...]:
    """Working periods of a text such as ``08:00-12:00 14:00-18:00``.

    Raises
    ------
    InvalidError
        ``calendar.bad_period`` when a period is empty, longer than a day, or overlaps the next.

    Examples
    --------
    >>> periods_of("08:00-12:00 14:00-18:00")
    ((480, 720), (840, 1080))
    """
    out: list[tuple[int, int]] = []
    for part in text.replace(",", " ").split():
        first, dash, last = part.partition("-")
        start, end = clock_minutes(first), clock_minutes(last) if dash else 0
        if not start < end <= start + 1440 or (out and start < out[-1][1]):
            raise InvalidError(
                "calendar.bad_period",
                "工作时段应先后分明、互不重叠：{got}",
                field="periods",
                got=text,
                expected="08:00-12:00 14:00-18:00",
            )
        out.append((start, end))
    if out and out[-1][1] > out[0][0] + 1440:
        raise InvalidError(
            "calendar.bad_period", "工作时段超过一昼夜：{got}", field="periods", got=text
        )
    return tuple(out)


def check_calendar(calendar: Calendar) -> Calendar:
    """The calendar itself, when its plans make sense together.

    Raises
    ------
    InvalidError
        ``calendar.invalid`` with every fault: no plan, plans that hold at once, plans without
        working time, an impossible working day.
    """
    faults: list[CityError] = []
    if not calendar.plans:
        faults.append(InvalidError("calendar.no_plan", "日历没有工作时段", field="periods"))
    for at, plan in enumerate(calendar.plans):
        if not plan.periods or not plan.weekdays:
            faults.append(
                InvalidError(
                    "calendar.no_time", "第 {got} 段没有工作时间", field="periods", got=at + 1
                )
            )
        if plan.valid_from and plan.valid_to and plan.valid_from >= plan.valid_to:
            faults.append(
                InvalidError(
                    "calendar.backwards",
                    "停用日期不晚于启用日期：{got}",
                    field="valid_to",
                    got=plan.valid_to.isoformat(),
                )
            )
        faults += [_both(at, other) for other in _clashes(calendar.plans, at)]
    if not 1 <= calendar.hours_per_work_day <= 24:
        faults.append(
            InvalidError(
                "calendar.bad_day",
                "一个工作日应为 1 至 24 小时，得到 {got}",
                field="hours_per_work_day",
                got=calendar.hours_per_work_day,
            )
        )
    if faults:
        raise InvalidError(
            "calendar.invalid",
            "日历“{got}”有 {count} 处不对：{first}",
            got=calendar.name,
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )
    return calendar


def _clashes(plans: Sequence[WorkPlan], at: int) -> list[int]:
    """Later plans that hold on a day on which the plan `at` holds."""
    start, end = plans[at].valid_from or date.min, plans[at].valid_to or date.max
    return [
        other
        for other in range(at + 1, len(plans))
        if (plans[other].valid_from or date.min) < end
        and start < (plans[other].valid_to or date.max)
    ]


def _both(first: int, second: int) -> InvalidError:
    return InvalidError(
        "calendar.two_plans",
        "第 {got} 段与第 {expected} 段的有效期重叠",
        field="valid_from",
        got=second + 1,
        expected=first + 1,
    )
