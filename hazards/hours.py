"""Which hours count the people of the day, and which those of the night: a stated table.

Registers give two figures for a building. Nothing is taken between them: an hour is one or the other.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from io import StringIO

from gis.errors import InvalidError
from hazards.models import Confidence

TIMES = ("day", "night")


@cache
def hour_table() -> dict[int, str]:
    """Hour of the day, 0 to 23, to ``day`` or ``night``.

    Examples
    --------
    >>> hour_table()[8], hour_table()[19]
    ('day', 'night')
    """
    return {int(row["hour"]): row["time"] for row in _rows()}


def time_at(hour: int) -> str:
    """``day`` or ``night`` at an hour.

    Raises
    ------
    InvalidError
        ``exposure.bad_hour`` when it is not 0 to 23.

    Examples
    --------
    >>> time_at(3)
    'night'
    """
    if hour not in hour_table():
        raise InvalidError(
            "exposure.bad_hour", "小时应为 0 至 23，得到 {got}", field="hour", got=hour
        )
    return hour_table()[hour]


def hours_json() -> dict[str, object]:
    """The table as results state it: hours of the day, source, how sure that is."""
    first = _rows()[0]
    return {
        "day": [hour for hour, time in hour_table().items() if time == "day"],
        "night": [hour for hour, time in hour_table().items() if time == "night"],
        "source": first["source"],
        "confidence": Confidence(first["confidence"]).value,
    }


@cache
def _rows() -> tuple[dict[str, str], ...]:
    text = (files("hazards") / "data" / "hours.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(StringIO(text)))
