"""All calendars of a city, and the two sums made with them: time counted, and time due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import numpy as np

from gis.errors import InvalidError, NotFoundError
from grid.clock.calendar import Calendar, year_missing
from grid.clock.limit import Limit, Season
from grid.clock.timeline import (
    IntArray,
    Timeline,
    instant_of,
    seasonal_timeline,
    time_of,
    timeline_of,
    years_around,
)

DEFAULT_CALENDAR = "default"


class CalendarBook:
    """Calendars by name; lays each out once and keeps it.

    Examples
    --------
    >>> from grid.clock.limit import limit_of
    >>> from grid.clock.shipped import shipped_calendars
    >>> friday = datetime.fromisoformat("2026-02-13T17:00:00+08:00")
    >>> shipped_calendars().due(friday, limit_of(2, "work_hour")).isoformat()
    '2026-02-14T09:00:00+08:00'
    """

    def __init__(self, calendars: Iterable[Calendar]) -> None:
        self._calendars = {calendar.name: calendar for calendar in calendars}
        self._kept: dict[tuple[str, Season | None, range], Timeline] = {}

    @property
    def calendars(self) -> Mapping[str, Calendar]:
        """All calendars by name."""
        return self._calendars

    def calendar(self, name: str = DEFAULT_CALENDAR) -> Calendar:
        """The calendar of that name.

        Raises
        ------
        NotFoundError
            ``calendar.unknown`` when there is none.
        """
        found = self._calendars.get(name)
        if found is None:
            raise NotFoundError(
                "calendar.unknown",
                "没有日历 {got}",
                field="calendar",
                got=name,
                expected=sorted(self._calendars),
            )
        return found

    def name_for(self, role: str) -> str:
        """Name of the calendar by which a role works; the default one when none names it."""
        named = (c.name for c in self._calendars.values() if role in c.roles)
        return next(named, DEFAULT_CALENDAR)

    def amount(self, limit: Limit, calendar: str = DEFAULT_CALENDAR) -> int:
        """Microseconds that a limit amounts to in a calendar."""
        return limit.microseconds(self.calendar(calendar).hours_per_work_day)

    def counted(
        self, start: datetime, end: datetime, limit: Limit, calendar: str = DEFAULT_CALENDAR
    ) -> int:
        """Microseconds between two times that count for a limit's unit and season.

        Raises
        ------
        InvalidError
            ``clock.backwards`` when the end lies before the start, ``clock.naive_time``.
        UnavailableError
            ``calendar.year_missing``.
        """
        first, last = instant_of(start), instant_of(end)
        if last < first:
            raise InvalidError(
                "clock.backwards",
                "结束时间 {got} 早于开始时间 {expected}",
                field="time",
                got=end.isoformat(),
                expected=start.isoformat(),
            )
        if limit.season is None and limit.unit.is_continuous:
            return last - first
        both = np.array([first, last], np.int64)
        return int(np.diff(self.counted_many(both, limit, calendar))[0])

    def counted_many(
        self, instants: IntArray, limit: Limit, calendar: str = DEFAULT_CALENDAR
    ) -> IntArray:
        """(n,) microseconds that count before each instant, from some fixed beginning.

        Only differences mean anything, and only between instants of one unbroken run of known
        years.

        Raises
        ------
        UnavailableError
            ``calendar.year_missing`` when an instant lies in a year that is not known.
        """
        if not len(instants) or (limit.unit.is_continuous and limit.season is None):
            return instants
        line = self.line_at(int(instants.min()), limit, calendar)
        beyond = instants > line.last
        if beyond.any():
            raise year_missing(self.calendar(calendar), time_of(int(instants[beyond][0])).year)
        return line.counted(instants)

    def due(self, start: datetime, limit: Limit, calendar: str = DEFAULT_CALENDAR) -> datetime:
        """When a limit that starts at `start` ends.

        An amount that ends with a working period ends there. An amount of 0 ends at its start.

        Raises
        ------
        InvalidError
            ``clock.naive_time``.
        UnavailableError
            ``calendar.year_missing``.
        """
        amount = self.amount(limit, calendar)
        return time_of(self.due_instant(instant_of(start), amount, limit, calendar))

    def due_instant(self, start: int, amount: int, limit: Limit, calendar: str) -> int:
        """The instant at which `amount` microseconds have counted since the instant `start`.

        Raises
        ------
        UnavailableError
            ``calendar.year_missing``.
        """
        if amount == 0 or (limit.unit.is_continuous and limit.season is None):
            return start + amount
        line = self.line_at(start, limit, calendar)
        spent = line.counted(np.array([start], np.int64))
        found = int(line.reached(spent + amount)[0])
        if found < 0:
            raise year_missing(self.calendar(calendar), time_of(line.last).year)
        return found

    def line_at(self, instant: int, limit: Limit, calendar: str) -> Timeline:
        """The timeline around an instant for a limit that does not simply run on.

        Raises
        ------
        UnavailableError
            ``calendar.year_missing`` when the instant's year is not known.
        """
        known = self.calendar(calendar)
        year = time_of(instant).year
        if limit.unit.is_continuous:
            return self._seasonal(limit.season, year)
        years = years_around(known, year)
        key = (calendar, limit.season, years)
        if key not in self._kept:
            self._kept[key] = timeline_of(known, years, limit.season)
        return self._kept[key]

    def _seasonal(self, season: Season | None, year: int) -> Timeline:
        if season is None:
            raise InvalidError("clock.no_line", "连续计时不需要日历", field="limit")
        years = range(year - 10, year + 20)
        key = ("", season, years)
        if key not in self._kept:
            self._kept[key] = seasonal_timeline(season, years)
        return self._kept[key]
