"""Time that counts, laid out: how much of it lies before an instant, and when so much is reached.

A timeline is the list of a calendar's working periods with their running sum. Both questions are
one binary search, for one instant or a million. Instants are microseconds since 1970 (UTC).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError
from grid.clock.calendar import CITY_ZONE, Calendar
from grid.clock.limit import SECOND, Season

IntArray = npt.NDArray[np.int64]
_MINUTE = 60 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Years laid out where a calendar needs no special days.
_OPEN_YEARS = range(2000, 2101)


def instant_of(at: datetime) -> int:
    """Microseconds since 1970 of an aware time.

    Raises
    ------
    InvalidError
        ``clock.naive_time`` when it has no zone.

    Examples
    --------
    >>> instant_of(datetime(1970, 1, 1, 8, 0, 1, tzinfo=CITY_ZONE))
    1000000
    """
    if at.tzinfo is None:
        raise InvalidError(
            "clock.naive_time", "时间必须带时区：{got}", field="time", got=at.isoformat()
        )
    return (at - _EPOCH) // timedelta(microseconds=1)


def time_of(instant: int) -> datetime:
    """The aware time, in the city's zone, of microseconds since 1970.

    Examples
    --------
    >>> time_of(0).isoformat()
    '1970-01-01T08:00:00+08:00'
    """
    return (_EPOCH + timedelta(microseconds=int(instant))).astimezone(CITY_ZONE)


@dataclass(frozen=True)
class Timeline:
    """Periods that count between `first` and `last`, instants of the years laid out.

    Attributes
    ----------
    starts, ends
        (n,) instants; half-open, in order, apart.
    before
        (n + 1,) microseconds that count before each period, and in all.
    """

    starts: IntArray
    ends: IntArray
    before: IntArray
    first: int
    last: int

    def counted(self, instants: IntArray) -> IntArray:
        """(n,) microseconds that count between `first` and each instant."""
        at = np.searchsorted(self.starts, instants, side="right") - 1
        inside = np.maximum(at, 0)
        spent = np.minimum(instants, self.ends[inside]) - self.starts[inside]
        return np.where(at < 0, 0, self.before[inside] + spent)

    def reached(self, amounts: IntArray) -> IntArray:
        """(n,) earliest instants at which so much has counted; -1 where that is never.

        An amount that ends with a period ends there, not at the start of the next one.
        """
        at = np.searchsorted(self.before[1:], amounts, side="left")
        there = at < len(self.starts)
        inside = np.where(there, at, 0)
        found = self.starts[inside] + (amounts - self.before[inside])
        return np.where(there, found, -1)


def timeline_of(calendar: Calendar, years: range, season: Season | None = None) -> Timeline:
    """The working time of a calendar over some years, inside a season where one is given.

    Raises
    ------
    UnavailableError
        ``calendar.year_missing`` when one of the years is not known.
    """
    pairs: list[tuple[int, int]] = []
    for midnight, start, end in _periods(calendar, years, season):
        begin, stop = midnight + start * _MINUTE, midnight + end * _MINUTE
        if pairs and begin <= pairs[-1][1]:
            pairs[-1] = (pairs[-1][0], max(stop, pairs[-1][1]))
        else:
            pairs.append((begin, stop))
    return _laid_out(pairs, years)


def seasonal_timeline(season: Season, years: range) -> Timeline:
    """Day and night, inside a season only."""
    pairs: list[tuple[int, int]] = []
    for day in _days(years):
        if season.holds(day.month, day.day):
            start = _midnight(day)
            end = start + 1440 * _MINUTE
            if pairs and pairs[-1][1] == start:
                pairs[-1] = (pairs[-1][0], end)
            else:
                pairs.append((start, end))
    return _laid_out(pairs, years)


def years_around(calendar: Calendar, year: int) -> range:
    """The unbroken run of known years around `year`; `year` alone when it is not known."""
    if calendar.on_holidays or calendar.days is None:
        return _OPEN_YEARS
    known = calendar.days.years
    first = last = year
    while first - 1 in known:
        first -= 1
    while last + 1 in known:
        last += 1
    return range(first, last + 1)


def _periods(
    calendar: Calendar, years: range, season: Season | None
) -> Iterator[tuple[int, int, int]]:
    for day in _days(years):
        if season is not None and not season.holds(day.month, day.day):
            continue
        for start, end in calendar.periods_on(day):
            yield _midnight(day), start, end


def _days(years: range) -> Iterator[date]:
    day = date(years.start, 1, 1)
    while day.year < years.stop:
        yield day
        day += timedelta(days=1)


def _midnight(day: date) -> int:
    return instant_of(datetime(day.year, day.month, day.day, tzinfo=CITY_ZONE))


def _laid_out(pairs: list[tuple[int, int]], years: range) -> Timeline:
    first = _midnight(date(years.start, 1, 1))
    last = _midnight(date(years.stop, 1, 1))
    clipped = [(max(s, first), min(e, last)) for s, e in pairs if s < last]
    both = np.array(clipped, np.int64).reshape(-1, 2)
    before = np.concatenate([[0], np.cumsum(both[:, 1] - both[:, 0])]).astype(np.int64)
    return Timeline(both[:, 0], both[:, 1], before, first, last)
