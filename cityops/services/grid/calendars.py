"""Use cases of calendars: when a limit ends and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gis.errors import InvalidError
from grid.clock.book import CalendarBook
from grid.clock.calendar import CITY_ZONE
from grid.clock.limit import limit_of
from grid.clock.shipped import shipped_calendars
from grid.clock.stretches import stretches


def due_json(
    start: str, amount: str, unit: str, calendar: str, book: CalendarBook | None = None
) -> dict[str, Any]:
    """``{"due_at", "periods"}`` of a limit that starts at `start`.

    Parameters
    ----------
    start
        ISO 8601; without an offset the city's time is meant.
    book
        Calendars; those that ship when None.

    Raises
    ------
    InvalidError
        ``calendar.bad_time``, ``limit.bad_amount``, ``limit.unknown_unit``, ``limit.too_long``.
    NotFoundError
        ``calendar.unknown``.
    UnavailableError
        ``calendar.year_missing``.
    """
    known = book or shipped_calendars()
    begins = time_of_text(start)
    limit = limit_of(amount, unit)
    ends = known.due(begins, limit, known.calendar(calendar).name)
    periods = stretches(known, begins, ends, limit, calendar)
    return {
        "from": begins.isoformat(),
        "due_at": ends.isoformat(),
        "periods": [period.as_dict() for period in periods],
        "calendar": calendar,
        "limit": limit.as_dict(),
    }


def time_of_text(text: str, field: str = "from") -> datetime:
    """The aware time of an ISO 8601 text, in the city's zone; without an offset the city's time.

    Raises
    ------
    InvalidError
        ``calendar.bad_time`` when it is none, or a date alone.

    Examples
    --------
    >>> time_of_text("2026-02-13T09:00:00Z").isoformat()
    '2026-02-13T17:00:00+08:00'
    """
    try:
        if len(text.strip()) <= len("2026-02-13"):
            raise ValueError
        at = datetime.fromisoformat(text.strip())
        local = at.replace(tzinfo=CITY_ZONE) if at.tzinfo is None else at.astimezone(CITY_ZONE)
    except (ValueError, OverflowError):
        raise InvalidError(
            "calendar.bad_time",
            "不是时刻：{got}",
            field=field,
            got=text[:80],
            expected="2026-02-13T17:00:00+08:00",
        ) from None
    if not 1970 <= local.year <= 2200:
        raise InvalidError(
            "calendar.bad_time", "年份超出范围：{got}", field=field, got=local.isoformat()
        )
    return local
