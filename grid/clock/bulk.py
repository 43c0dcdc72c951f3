"""Deadlines of very many clocks at once: one search per unit, calendar and season."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from gis.errors import CityError
from grid.clock.book import CalendarBook
from grid.clock.clock import Clock, Happening, runs
from grid.clock.limit import Limit
from grid.clock.timeline import IntArray, instant_of, time_of

#: Deadline of a clock that stands still, has no limit, or runs into a year without a calendar.
NONE = np.iinfo(np.int64).min


def due_many(clocks: Sequence[Clock], book: CalendarBook) -> IntArray:
    """(n,) deadlines in microseconds since 1970; `NONE` where there is none.

    Equal to :func:`grid.clock.clock.due_at` of each, but that a missing year gives `NONE`.
    """
    out = np.full(len(clocks), NONE, np.int64)
    groups: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for at, clock in enumerate(clocks):
        if clock.limit is not None and clock.state is not Happening.PAUSE:
            groups[_key(clock, clock.limit)].append(at)
    for rows in groups.values():
        out[rows] = _group(clocks, rows, book)
    return out


def _key(clock: Clock, limit: Limit) -> tuple[object, ...]:
    year = time_of(instant_of(clock.started_at)).year
    return clock.calendar, limit.unit, limit.season, year


def _group(clocks: Sequence[Clock], rows: list[int], book: CalendarBook) -> IntArray:
    head = clocks[rows[0]]
    limit, calendar = head.limit, head.calendar
    if limit is None:
        return np.full(len(rows), NONE, np.int64)
    try:
        return _searched(clocks, rows, book, limit, calendar)
    except CityError:
        # Some clock of the group meets a missing year: those that do not must still be due.
        if len(rows) == 1:
            return np.full(1, NONE, np.int64)
        half = len(rows) // 2
        parts = [_group(clocks, some, book) for some in (rows[:half], rows[half:])]
        return np.concatenate(parts)


def _searched(
    clocks: Sequence[Clock], rows: list[int], book: CalendarBook, limit: Limit, calendar: str
) -> IntArray:
    owner, starts, stops = _spans(clocks, rows)
    counted = book.counted_many(np.concatenate([starts, stops]), limit, calendar)
    first, spent = counted[: len(starts)], counted[len(starts) :] - counted[: len(starts)]
    hours = book.calendar(calendar).hours_per_work_day
    limits = [clocks[r].limit for r in rows]
    # Cases have few limits among them: each is worked out once.
    each = {id(limit): limit for limit in limits}
    amounts = {at: _amount(limit, hours) for at, limit in each.items()}
    allowed = np.array([amounts[id(limit)] for limit in limits], np.int64)
    # Time used in earlier spans of the same clock.
    running = np.cumsum(spent) - spent
    head = np.searchsorted(owner, np.arange(len(rows)))
    left = allowed[owner] - (running - running[head][owner])
    reaches = spent >= left
    last = np.append(owner[1:] != owner[:-1], True)
    chosen = np.full(len(rows), -1, np.int64)
    candidates = np.flatnonzero(reaches | last)[::-1]
    chosen[owner[candidates]] = candidates
    if limit.unit.is_continuous and limit.season is None:
        due: IntArray = starts[chosen] + left[chosen]
        return due
    line = book.line_at(int(starts.min()), limit, calendar)
    found = line.reached(first[chosen] + left[chosen])
    found = np.where(found < 0, NONE, found)
    ends: IntArray = np.where(left[chosen] == 0, starts[chosen], found)
    return ends


def _spans(clocks: Sequence[Clock], rows: list[int]) -> tuple[IntArray, IntArray, IntArray]:
    """Owner, start and end of every span in which a clock ran; an open one ends where it starts."""
    owner: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    for at, row in enumerate(rows):
        clock = clocks[row]
        spans = [(instant_of(a), instant_of(b)) for a, b in runs(clock)]
        if clock.is_running:
            now = instant_of(clock.ticks[-1].at)
            spans.append((now, now))
        for start, end in spans:
            owner.append(at)
            starts.append(start)
            ends.append(end)
    return np.array(owner, np.int64), np.array(starts, np.int64), np.array(ends, np.int64)


def _amount(limit: Limit | None, hours_per_work_day: int) -> int:
    return 0 if limit is None else limit.microseconds(hours_per_work_day)
