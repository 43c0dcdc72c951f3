"""Deadlines of very many clocks as they are stored, without making a value of each.

Most clocks were started once and never stood still: their deadlines are one search for each limit,
calendar and year. The others are made and counted one by one, as in :mod:`grid.clock.bulk`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from gis.errors import CityError
from grid.clock.book import CalendarBook
from grid.clock.bulk import NONE, due_many
from grid.clock.calendar import CITY_ZONE
from grid.clock.clock import Clock, Happening, clock_from, limit_from
from grid.clock.limit import SECOND, Limit
from grid.clock.timeline import IntArray, instant_of

StoredClock = Mapping[str, Any]
_OFFSET = int(CITY_ZONE.utcoffset(None).total_seconds()) * SECOND
_STOP = Happening.STOP.value


def due_stored(clocks: Iterable[StoredClock | None], book: CalendarBook) -> IntArray:
    """(n,) deadlines in microseconds since 1970 of clocks as :func:`grid.clock.clock.clock_json`
    gives them.

    `NONE` for no clock, one that is stopped or stands still, no limit, or a year without a
    calendar; else equal to :func:`grid.clock.clock.due_at` of each.
    """
    # (calendar, limit) -> row and start of each clock that ran on since it was started
    unbroken: defaultdict[tuple[Any, ...], tuple[list[int], list[int]]] = defaultdict(_pair)
    others: dict[int, Clock] = {}
    count = 0
    for at, clock in enumerate(clocks):
        count += 1
        if clock is None or clock["limit"] is None or clock["ticks"][-1][0] == _STOP:
            continue
        if len(clock["ticks"]) > 1:
            others[at] = clock_from(clock)
            continue
        *amount, season = clock["limit"]
        named = (clock["calendar"], *amount, None if season is None else tuple(season))
        rows, starts = unbroken[named]
        rows.append(at)
        starts.append(instant_of(datetime.fromisoformat(clock["ticks"][0][1])))
    out = np.full(count, NONE, np.int64)
    for (calendar, *limit), (rows, starts) in unbroken.items():
        out[rows] = due_unbroken(np.array(starts, np.int64), limit_from(limit), calendar, book)
    out[list(others)] = due_many(list(others.values()), book)
    return out


def _pair() -> tuple[list[int], list[int]]:
    return [], []


def due_unbroken(
    starts: IntArray, limit: Limit | None, calendar: str, book: CalendarBook
) -> IntArray:
    """(n,) instants at which a limit ends that started at each of `starts` and ran on.

    `NONE` without a limit, and where that needs a year without a calendar.
    """
    if limit is None:
        return np.full(len(starts), NONE, np.int64)
    amount = book.amount(limit, calendar)
    if amount == 0 or (limit.unit.is_continuous and limit.season is None):
        return starts + amount
    out = np.full(len(starts), NONE, np.int64)
    local = (starts + _OFFSET).astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64)
    for year in np.unique(local):
        rows = np.flatnonzero(local == year)
        try:
            line = book.line_at(int(starts[rows[0]]), limit, calendar)
        except CityError:
            continue  # the year is not known: nothing is due
        found = line.reached(line.counted(starts[rows]) + amount)
        out[rows] = np.where(found < 0, NONE, found)
    return out


def texts_of(instants: IntArray) -> list[str | None]:
    """Instants as ISO 8601 in UTC with whole milliseconds; None for `NONE`.

    Examples
    --------
    >>> texts_of(np.array([1_500_999, NONE]))
    ['1970-01-01T00:00:01.500Z', None]
    """
    known = instants != NONE
    shown = np.datetime_as_string(_datetimes(np.where(known, instants, 0), "ms")).tolist()
    return [f"{text}Z" if there else None for text, there in zip(shown, known, strict=True)]


def minutes_of(instants: IntArray) -> list[str | None]:
    """Instants as people of the city read them, to the minute; None for `NONE`.

    Examples
    --------
    >>> minutes_of(np.array([0, NONE]))
    ['1970-01-01 08:00', None]
    """
    known = instants != NONE
    shown = np.datetime_as_string(_datetimes(np.where(known, instants + _OFFSET, 0), "m")).tolist()
    return [
        text.replace("T", " ") if there else None
        for text, there in zip(shown, known.tolist(), strict=True)
    ]


def _datetimes(instants: IntArray, unit: str) -> npt.NDArray[np.datetime64]:
    # Whole units are rounded down, also before 1970.
    return instants.astype("datetime64[us]").astype(f"datetime64[{unit}]")
