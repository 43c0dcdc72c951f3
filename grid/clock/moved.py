"""Deadlines after a calendar was published: which of very many moved, and the words for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from grid.clock.book import CalendarBook
from grid.clock.bulk import NONE, due_many
from grid.clock.clock import Clock
from grid.clock.timeline import time_of


def deadlines(clocks: Sequence[Clock | None], book: CalendarBook) -> list[datetime | None]:
    """When each clock is due; None for no clock, one that is stopped or stands still, no limit, or
    a year without a calendar.
    """
    rows = [i for i, clock in enumerate(clocks) if clock is not None and clock.is_open]
    open_ones = [clock for clock in clocks if clock is not None and clock.is_open]
    out: list[datetime | None] = [None] * len(clocks)
    for row, instant in zip(rows, due_many(open_ones, book).tolist(), strict=True):
        if instant != NONE:
            out[row] = time_of(instant)
    return out


def told(before: str | None, after: str | None) -> str:
    """How a deadline moved, in words; times as people read them, None where they are not known.

    Examples
    --------
    >>> told(None, "2027-01-04 09:00")
    '日历公布，处置时限重算：原未知，现为 2027-01-04 09:00'
    """
    return f"日历公布，处置时限重算：原{_shown(before)}，现{_shown(after)}"


def _shown(text: str | None) -> str:
    return "未知" if text is None else f"为 {text}"
