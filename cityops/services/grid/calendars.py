"""Times as people and programs write them to the city."""

from __future__ import annotations

from datetime import datetime

from gis.errors import InvalidError
from grid.clock.calendar import CITY_ZONE


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
