"""Why a deadline is what it is: the stretches of time that counted and those that did not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

from grid.clock.book import DEFAULT_CALENDAR, CalendarBook
from grid.clock.calendar import CITY_ZONE, Calendar, told_time
from grid.clock.limit import SECOND, Limit
from grid.clock.timeline import instant_of, time_of

CONTINUOUS = "昼夜连续计时"
WORKING = "工作时段"
BREAK = "午休"
OFF_HOURS = "非工作时间"
WEEKEND = "周末"
_MAX_NAMES = 6


@dataclass(frozen=True)
class Stretch:
    """A stretch of time, how much of it counted (microseconds), and why."""

    start: datetime
    end: datetime
    counted: int
    why: str

    def as_dict(self) -> dict[str, object]:
        """The stretch as JSON, seconds."""
        return {
            "from": told_time(self.start),
            "to": told_time(self.end),
            "counted_s": seconds(self.counted),
            "why": self.why,
        }


def seconds(microseconds: int) -> int | float:
    """Microseconds as seconds, whole where they are.

    Examples
    --------
    >>> seconds(1_500_000), seconds(2_000_000)
    (1.5, 2)
    """
    whole, rest = divmod(microseconds, SECOND)
    return whole if rest == 0 else microseconds / SECOND


def stretches(
    book: CalendarBook,
    start: datetime,
    end: datetime,
    limit: Limit,
    calendar: str = DEFAULT_CALENDAR,
) -> list[Stretch]:
    """The time from `start` to `end` cut into stretches that count and stretches that do not.

    They follow each other without a gap; their counted time adds up to what
    :meth:`CalendarBook.counted` gives. Nothing for an empty span.

    Raises
    ------
    UnavailableError
        ``calendar.year_missing``.
    """
    if end <= start:
        return []
    if limit.unit.is_continuous and limit.season is None:
        length = instant_of(end) - instant_of(start)
        first, last = start.astimezone(CITY_ZONE), end.astimezone(CITY_ZONE)
        return [Stretch(first, last, length, CONTINUOUS)]
    return list(_cut(book, start, end, limit, calendar))


def _cut(
    book: CalendarBook, start: datetime, end: datetime, limit: Limit, calendar: str
) -> Iterator[Stretch]:
    book.counted(start, end, limit, calendar)  # raises where a year is missing
    line = book.line_at(instant_of(start), limit, calendar)
    known = book.calendar(calendar)
    now, last = instant_of(start), instant_of(end)
    first = int(np.searchsorted(line.ends, now, side="right"))
    for begin, stop in zip(line.starts[first:].tolist(), line.ends[first:].tolist(), strict=True):
        if begin >= last:
            break
        if begin > now:
            yield _gap(known, now, begin, limit)
            now = begin
        until = min(stop, last)
        why = CONTINUOUS if limit.unit.is_continuous else WORKING
        yield Stretch(time_of(now), time_of(until), until - now, why)
        now = until
    if now < last:
        yield _gap(known, now, last, limit)


def _gap(calendar: Calendar, start: int, end: int, limit: Limit) -> Stretch:
    first, last = time_of(start), time_of(end)
    return Stretch(first, last, 0, _why(calendar, first, last, limit))


def _why(calendar: Calendar, start: datetime, end: datetime, limit: Limit) -> str:
    """Names of the days of rest a gap goes over; without any, what sort of pause it is."""
    names: list[str] = []
    for day in _whole_days(start, end):
        name = _name_of(calendar, day, limit)
        if name is not None and name not in names:
            names.append(name)
    if names:
        more = "等" if len(names) > _MAX_NAMES else ""
        return "、".join(names[:_MAX_NAMES]) + more
    same_day = start.date() == end.date()
    between = same_day and _before_and_after(calendar, start, end)
    return BREAK if between else OFF_HOURS


def _before_and_after(calendar: Calendar, start: datetime, end: datetime) -> bool:
    minutes = [m.hour * 60 + m.minute for m in (start, end)]
    periods = calendar.periods_on(start.date())
    return any(p[1] <= minutes[0] for p in periods) and any(p[0] >= minutes[1] for p in periods)


def _whole_days(start: datetime, end: datetime) -> Iterator[date]:
    """Days on which nothing counts inside the gap; a day that is begun or ended in it is tried too."""
    day = start.date()
    while datetime.combine(day, time(), CITY_ZONE) < end:
        yield day
        day += timedelta(days=1)


def _name_of(calendar: Calendar, day: date, limit: Limit) -> str | None:
    """What makes a day one of rest, None where some of it counts."""
    if limit.season is not None and not limit.season.holds(day.month, day.day):
        return f"非{limit.season.name}"
    if limit.unit.is_continuous or calendar.periods_on(day):
        return None
    special = calendar.special(day)
    return WEEKEND if special is None else special.name
