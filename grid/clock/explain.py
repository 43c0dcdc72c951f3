"""A deadline in sentences and stretches: what started it, what it waited for, when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gis.errors import CityError
from grid.clock.book import CalendarBook
from grid.clock.calendar import CITY_ZONE, told_time
from grid.clock.clock import (
    CAUSE_NAMES,
    CLOCK_NAMES,
    Clock,
    Happening,
    counting_limit,
    due_at,
    used,
)
from grid.clock.limit import SECOND
from grid.clock.stretches import Stretch, stretches


@dataclass(frozen=True)
class Explanation:
    """Why a clock is due when it is.

    ``due_at`` is None while the clock stands still, without a limit, or where a year's calendar
    is missing; a sentence says which.
    """

    due_at: datetime | None
    sentences: tuple[str, ...]
    periods: tuple[Stretch, ...]

    def as_dict(self) -> dict[str, Any]:
        """The explanation as JSON."""
        return {
            "due_at": None if self.due_at is None else told_time(self.due_at),
            "sentences": list(self.sentences),
            "periods": [period.as_dict() for period in self.periods],
        }


def explain(clock: Clock, book: CalendarBook, now: datetime) -> Explanation:
    """The history of a clock until it is due or stopped, whichever the case may be.

    The stretches reach from its start to its deadline, or to its stop where that came first;
    while it stands still, to `now`. They follow each other without a gap.
    """
    missing: CityError | None = None
    due: datetime | None = None
    try:
        due = due_at(clock, book)
    except CityError as error:
        missing = error
    sentences = [*_history(clock, book), *_verdict(clock, book, due, missing)]
    try:
        periods = tuple(_periods(clock, book, due, now))
    except CityError:
        periods = ()
    return Explanation(due, tuple(sentences), periods)


def _history(clock: Clock, book: CalendarBook) -> Iterator[str]:
    name = CLOCK_NAMES[clock.kind]
    calendar = book.calendar(clock.calendar).title.zh
    for tick in clock.ticks:
        at = shown(tick.at)
        if tick.what is Happening.START and clock.original is None:
            yield f"{at} {name}开始计时，没有规定时限。"
        elif tick.what is Happening.START and clock.original is not None:
            by = "昼夜连续计时" if clock.original.unit.is_continuous else f"按“{calendar}”计时"
            yield f"{at} {name}开始计时，时限 {clock.original.said}，{by}。"
        elif tick.what is Happening.PAUSE:
            why = "" if tick.cause is None else f"（{CAUSE_NAMES[tick.cause]}）"
            yield f"{at} 暂停计时{why}{_so_far(clock, book, tick.at)}。"
        elif tick.what is Happening.RESUME:
            yield f"{at} 继续计时。"
        else:
            yield f"{at} 停止计时{_so_far(clock, book, tick.at)}。"
    if clock.extensions and clock.limit is not None:
        yield f"已批准延期 {clock.extensions} 次，时限合计 {clock.limit.said}。"


def _so_far(clock: Clock, book: CalendarBook, at: datetime) -> str:
    try:
        return f"，已用 {told(used(clock, book, at))}"
    except CityError:
        return ""


def _verdict(
    clock: Clock, book: CalendarBook, due: datetime | None, missing: CityError | None
) -> Iterator[str]:
    if clock.limit is None:
        return
    if missing is not None:
        yield f"{missing}。"
        return
    stopped = clock.stopped_at
    allowed = book.amount(clock.limit, clock.calendar)
    if clock.state is Happening.PAUSE:
        left = allowed - used(clock, book, clock.ticks[-1].at)
        over = "，已超时" if left < 0 else f"，还剩 {told(left)}"
        yield f"计时暂停，到期时间待继续后确定{over}。"
    elif due is not None and stopped is None:
        yield f"应在 {shown(due)} 前完成。"
    elif due is not None and stopped is not None:
        over_us = used(clock, book, stopped) - allowed
        verdict = f"超时 {told(over_us)}" if over_us > 0 else "未超时"
        yield f"期限为 {shown(due)}，{verdict}。"


def _periods(
    clock: Clock, book: CalendarBook, due: datetime | None, now: datetime
) -> Iterator[Stretch]:
    """The clock's spans cut into stretches, with a stretch for each time it stood still."""
    end = clock.stopped_at or due or now
    limit = counting_limit(clock)
    since, runs = clock.started_at, True
    cause = ""
    for tick in clock.ticks[1:]:
        if tick.at >= end and clock.stopped_at is None:
            break
        yield from _span(clock, book, since, tick.at, runs, cause)
        since, runs = tick.at, tick.what is Happening.RESUME
        cause = CAUSE_NAMES[tick.cause] if tick.cause is not None else "已停止"
    if since < end:
        if runs:
            yield from stretches(book, since, end, limit, clock.calendar)
        else:
            yield Stretch(since.astimezone(CITY_ZONE), end.astimezone(CITY_ZONE), 0, cause)


def _span(
    clock: Clock, book: CalendarBook, start: datetime, end: datetime, runs: bool, cause: str
) -> Iterator[Stretch]:
    if runs:
        yield from stretches(book, start, end, counting_limit(clock), clock.calendar)
    elif end > start:
        yield Stretch(start.astimezone(CITY_ZONE), end.astimezone(CITY_ZONE), 0, cause)


def shown(at: datetime) -> str:
    """A time as people of the city read it.

    Examples
    --------
    >>> shown(datetime.fromisoformat("2026-02-13T09:00:00+00:00"))
    '2026-02-13 17:00'
    """
    local = at.astimezone(CITY_ZONE)
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")


def told(microseconds: int) -> str:
    """A length of time in words.

    Examples
    --------
    >>> told(5_400_000_000), told(0), told(90_000_000_000)
    ('1 小时 30 分', '0 分', '25 小时')
    """
    total = microseconds // SECOND
    hours, rest = divmod(total, 3600)
    minutes, secs = divmod(rest, 60)
    parts = [f"{hours} 小时"] if hours else []
    parts += [f"{minutes} 分"] if minutes else []
    parts += [f"{secs} 秒"] if secs else []
    return " ".join(parts) or "0 分"
