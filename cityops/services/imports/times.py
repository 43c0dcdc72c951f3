"""Times of delivered tables: one order of day and month for a whole column, a zone that is named."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cityops.services.case_values import CITY_TIME
from gis.errors import InvalidError

_OFFSET = re.compile(r"^([+-])(\d{1,2}):?(\d{2})$")
_CLOCK = r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(AM|PM)?)?"
_YEAR_FIRST = re.compile(
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?" + _CLOCK + r"\s*(Z|[+-]\d{2}:?\d{2})?$", re.I
)
_YEAR_LAST = re.compile(r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})" + _CLOCK + r"$", re.I)
_MONTHS = 12


def zone_named(text: str | None) -> tzinfo:
    """A time zone: ``America/New_York``, ``+08:00``; the city's when nothing is named.

    Raises
    ------
    InvalidError
        When there is no such zone.

    Examples
    --------
    >>> zone_named("-05:00").utcoffset(None)
    datetime.timedelta(days=-1, seconds=68400)
    """
    if text is None or not text.strip():
        return CITY_TIME
    found = _OFFSET.match(text.strip())
    if found and int(found[2]) < 15:
        offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(-offset if found[1] == "-" else offset)
    try:
        return ZoneInfo(text.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise InvalidError(
            "import.time_zone",
            "不认识时区 {got}",
            field="time_zone",
            got=text[:60],
            hint="例如 America/New_York 或 +08:00",
        ) from fault


class TimeReader:
    """Reads the times of one table.

    Parameters
    ----------
    texts
        All texts that will be read: they tell whether the day or the month comes first.
    zone
        Where times without an offset were written down.

    Raises
    ------
    InvalidError
        ``import.date_order`` when no text tells which comes first.
    """

    def __init__(self, texts: Iterable[str], zone: tzinfo) -> None:
        self._zone = zone
        firsts, seconds = [], []
        for text in texts:
            if found := _YEAR_LAST.match(text.strip()):
                firsts.append(int(found[1]))
                seconds.append(int(found[2]))
        self._day_first = max(firsts, default=0) > _MONTHS
        if firsts and not self._day_first and max(seconds) <= _MONTHS:
            raise InvalidError(
                "import.date_order",
                "看不出日期里先写日还是先写月",
                field="time",
                hint="请把日期改成 年-月-日",
            )

    def read(self, text: str) -> datetime | None:
        """The aware time that a text means, None when it means none.

        Examples
        --------
        >>> str(TimeReader(["06/26/2018 01:05:00 PM"], CITY_TIME).read("06/26/2018 01:05:00 PM"))
        '2018-06-26 13:05:00+08:00'
        """
        plain = text.strip()
        try:
            if found := _YEAR_FIRST.match(plain):
                year, month, day = (int(found[i]) for i in (1, 2, 3))
                zone = self._zone if found[8] is None else _offset(found[8])
                return _at(year, month, day, found.group(4, 5, 6, 7), zone)
            if found := _YEAR_LAST.match(plain):
                first, second, year = (int(found[i]) for i in (1, 2, 3))
                month, day = (second, first) if self._day_first else (first, second)
                return _at(year, month, day, found.group(4, 5, 6, 7), self._zone)
        except ValueError:
            pass
        return None


def _offset(text: str) -> tzinfo:
    return timezone.utc if text.upper() == "Z" else zone_named(f"{text[:3]}:{text[-2:]}")  # noqa: UP017


def _at(year: int, month: int, day: int, clock: tuple[str | None, ...], zone: tzinfo) -> datetime:
    hour, minute, second = (int(part or 0) for part in clock[:3])
    half = (clock[3] or "").upper()
    if half and not 1 <= hour <= _MONTHS:
        raise ValueError(hour)
    if half:
        hour = hour % _MONTHS + (_MONTHS if half == "PM" else 0)
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)
