"""Why a case is due when it is, in sentences and stretches of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cityops.services.case_values import CaseRecord, read_time
from grid.clock.book import CalendarBook
from grid.clock.clock import Clock, ClockKind
from grid.clock.explain import explain, shown


def explained(
    record: CaseRecord,
    book: CalendarBook,
    now: datetime,
    moved: Sequence[tuple[str, str | None, str | None]] = (),
    kind: ClockKind | None = None,
) -> dict[str, Any]:
    """``{"due_at", "sentences", "periods"}`` of the disposal, or of the stage where there is none.

    Parameters
    ----------
    moved
        (when, before, after) of each deadline of a disposal that a calendar published later changed.
    kind
        The clock asked for.
    """
    clock = _clock(record) if kind is None else record.flow.clock(kind)
    if clock is None:
        return {"due_at": None, "sentences": ["案件没有计时。"], "periods": []}
    told = explain(clock, book, now).as_dict()
    if clock.kind is ClockKind.DISPOSE:
        told["sentences"] += [_moved(*change) for change in moved]
    return told


def _clock(record: CaseRecord) -> Clock | None:
    clocks = record.flow.clocks
    running = next((c for c in reversed(clocks) if c.is_open), None)
    return record.flow.clock(ClockKind.DISPOSE) or running or (clocks[-1] if clocks else None)


def _moved(at: str, before: str | None, after: str | None) -> str:
    return f"{_told(at)} 日历更新，期限由 {_told(before)} 改为 {_told(after)}。"


def _told(stored: str | None) -> str:
    at = read_time(stored)
    return "无" if at is None else shown(at)
