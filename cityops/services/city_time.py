"""The form in which people and programs get times: that of the city."""

from __future__ import annotations

from datetime import datetime

from grid.clock.calendar import CITY_ZONE


def shown_time(at: datetime | str) -> str:
    """An aware time, or the text of one, as ISO 8601 with the city's offset, whole seconds.

    Examples
    --------
    >>> shown_time("2026-11-24T00:00:00+00:00")
    '2026-11-24T08:00:00+08:00'
    """
    known = datetime.fromisoformat(at) if isinstance(at, str) else at
    return known.astimezone(CITY_ZONE).isoformat(timespec="seconds")
