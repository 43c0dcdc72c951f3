"""A clock of a case: it starts, pauses with a cause, goes on, and stops; paused time never counts.

A clock is a value: its limit, its calendar, and what happened to it. All else follows from them
and a book of calendars: how much time is used, when it is due, whether it is late.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Any

from gis.errors import ConflictError
from grid.clock.book import DEFAULT_CALENDAR, CalendarBook
from grid.clock.limit import Limit, LimitUnit, Season
from grid.clock.timeline import instant_of, time_of


class ClockKind(StrEnum):
    """What a clock measures; a case has at most one open clock of a kind."""

    ACCEPT = "accept"
    VERIFY = "verify"
    FILE = "file"
    DISPATCH = "dispatch"
    DISPOSE = "dispose"
    SEND_INSPECT = "send_inspect"
    INSPECT = "inspect"
    CLOSE = "close"


CLOCK_NAMES: dict[ClockKind, str] = {
    ClockKind.ACCEPT: "受理",
    ClockKind.VERIFY: "核实",
    ClockKind.FILE: "立案",
    ClockKind.DISPATCH: "派遣",
    ClockKind.DISPOSE: "处置",
    ClockKind.SEND_INSPECT: "派发核查",
    ClockKind.INSPECT: "核查",
    ClockKind.CLOSE: "结案",
}


class Cause(StrEnum):
    """Why a clock stands still."""

    VERIFYING = "verifying"
    RETURNED = "returned"
    SUSPENDED = "suspended"
    NO_BODY = "no_body"


CAUSE_NAMES: dict[Cause, str] = {
    Cause.VERIFYING: "等待核实",
    Cause.RETURNED: "已回退，等待重新派遣",
    Cause.SUSPENDED: "挂账",
    Cause.NO_BODY: "承办部门已撤销，等待重新派遣",
}


class Happening(StrEnum):
    """What happens to a clock."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


#: What may follow what.
_FOLLOWS: dict[Happening, frozenset[Happening]] = {
    Happening.START: frozenset({Happening.PAUSE, Happening.STOP}),
    Happening.PAUSE: frozenset({Happening.RESUME, Happening.STOP}),
    Happening.RESUME: frozenset({Happening.PAUSE, Happening.STOP}),
    Happening.STOP: frozenset({Happening.RESUME}),
}


@dataclass(frozen=True)
class Tick:
    """One thing that happened to a clock."""

    what: Happening
    at: datetime
    cause: Cause | None = None


@dataclass(frozen=True)
class Clock:
    """A clock and its history.

    Attributes
    ----------
    limit
        What is allowed, extensions included; None where no limit is known.
    original
        The limit without extensions.
    """

    kind: ClockKind
    limit: Limit | None
    ticks: tuple[Tick, ...]
    calendar: str = DEFAULT_CALENDAR
    original: Limit | None = None
    extensions: int = 0

    @property
    def state(self) -> Happening:
        """What happened last."""
        return self.ticks[-1].what

    @property
    def is_running(self) -> bool:
        """Whether time is being counted."""
        return self.state in (Happening.START, Happening.RESUME)

    @property
    def is_open(self) -> bool:
        """Whether it is running or paused."""
        return self.state is not Happening.STOP

    @property
    def started_at(self) -> datetime:
        """When it was started."""
        return self.ticks[0].at

    @property
    def stopped_at(self) -> datetime | None:
        """When it was stopped, None while it is open."""
        return None if self.is_open else self.ticks[-1].at


def start_clock(
    kind: ClockKind, limit: Limit | None, at: datetime, calendar: str = DEFAULT_CALENDAR
) -> Clock:
    """A clock that starts at `at`.

    Raises
    ------
    InvalidError
        ``clock.naive_time``.
    """
    instant_of(at)
    return Clock(kind, limit, (Tick(Happening.START, at),), calendar, limit)


def pause(clock: Clock, at: datetime, cause: Cause) -> Clock:
    """The clock, standing still from `at` on; a clock that stands still already is left as it is.

    Raises
    ------
    ConflictError
        ``clock.wrong_state`` when it is stopped, ``clock.set_back`` when `at` lies before the last
        thing that happened.
    """
    return (
        clock if clock.state is Happening.PAUSE else _after(clock, Tick(Happening.PAUSE, at, cause))
    )


def resume(clock: Clock, at: datetime) -> Clock:
    """The clock, running again from `at` on; also after a stop, when work has to be done over.

    Raises
    ------
    ConflictError
        ``clock.wrong_state`` when it is running, ``clock.set_back``.
    """
    return _after(clock, Tick(Happening.RESUME, at))


def stop(clock: Clock, at: datetime) -> Clock:
    """The clock, stopped at `at`.

    Raises
    ------
    ConflictError
        ``clock.wrong_state`` when it is stopped already, ``clock.set_back``.
    """
    return _after(clock, Tick(Happening.STOP, at))


def extend(clock: Clock) -> Clock:
    """The clock with its original limit added once more.

    Raises
    ------
    ConflictError
        ``clock.no_limit`` when it has none, ``clock.wrong_state`` when it is stopped.
    """
    if clock.original is None or clock.limit is None:
        raise ConflictError("clock.no_limit", "没有时限，不能延期")
    if not clock.is_open:
        raise _wrong(clock, "延期")
    count = clock.extensions + 1
    return replace(clock, limit=clock.original.times(count + 1), extensions=count)


def _after(clock: Clock, tick: Tick) -> Clock:
    if tick.what not in _FOLLOWS[clock.state]:
        raise _wrong(clock, tick.what.value)
    last = clock.ticks[-1].at
    if instant_of(tick.at) < instant_of(last):
        raise ConflictError(
            "clock.set_back",
            "时钟倒退：{got} 早于上一次记录 {expected}",
            field="time",
            got=tick.at.isoformat(),
            expected=last.isoformat(),
            hint="检查服务器时间",
        )
    return replace(clock, ticks=(*clock.ticks, tick))


def _wrong(clock: Clock, act: str) -> ConflictError:
    return ConflictError(
        "clock.wrong_state",
        "{clock}时限的状态是 {got}，不能 {act}",
        got=clock.state.value,
        params={"clock": CLOCK_NAMES[clock.kind], "act": act},
    )


def runs(clock: Clock, until: datetime | None = None) -> Iterator[tuple[datetime, datetime]]:
    """The spans in which the clock ran, as far as `until`; without it, those that have ended."""
    since: datetime | None = None
    for tick in clock.ticks:
        if until is not None and tick.at >= until:
            break
        if tick.what in (Happening.START, Happening.RESUME):
            since = tick.at
        elif since is not None:
            yield since, tick.at
            since = None
    if since is not None and until is not None and until > since:
        yield since, until


def used(clock: Clock, book: CalendarBook, until: datetime) -> int:
    """Microseconds that counted until `until`.

    Raises
    ------
    UnavailableError
        ``calendar.year_missing``.
    """
    limit = counting_limit(clock)
    return sum(book.counted(a, b, limit, clock.calendar) for a, b in runs(clock, until))


def counting_limit(clock: Clock) -> Limit:
    """The limit, or one that runs on, so that time used can be told without a limit."""
    return clock.limit or Limit(Fraction(0), LimitUnit.URGENT_HOUR)


def due_at(clock: Clock, book: CalendarBook) -> datetime | None:
    """When the clock is due; None without a limit, and while it stands still.

    Of a stopped clock: when it would have been due had it run on.

    Raises
    ------
    UnavailableError
        ``calendar.year_missing``.
    """
    if clock.limit is None or clock.state is Happening.PAUSE:
        return None
    left = book.amount(clock.limit, clock.calendar)
    spans = list(runs(clock))
    if clock.is_running:
        closed, last = spans, clock.ticks[-1].at
    elif spans:
        closed, last = spans[:-1], spans[-1][0]
    else:
        return None
    for a, b in closed:
        spent = book.counted(a, b, clock.limit, clock.calendar)
        if spent >= left:
            return time_of(book.due_instant(instant_of(a), left, clock.limit, clock.calendar))
        left -= spent
    start = instant_of(last)
    return time_of(book.due_instant(start, left, clock.limit, clock.calendar))


def is_late(clock: Clock, book: CalendarBook, now: datetime) -> bool:
    """Whether more than the limit is used; time used to the last second is not late.

    Raises
    ------
    UnavailableError
        ``calendar.year_missing``.
    """
    if clock.limit is None:
        return False
    return used(clock, book, now) > book.amount(clock.limit, clock.calendar)


class Light(StrEnum):
    """The traffic light: green to 80 % of the limit, yellow to 100 %, red above (UNI)."""

    NONE = "none"
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


def light(clock: Clock, book: CalendarBook, now: datetime) -> Light:
    """The traffic light of a clock; none without a limit.

    Raises
    ------
    UnavailableError
        ``calendar.year_missing``.
    """
    if clock.limit is None:
        return Light.NONE
    return light_of(used(clock, book, now), book.amount(clock.limit, clock.calendar))


def light_of(spent: int, allowed: int) -> Light:
    """The traffic light of time that is used out of what is allowed.

    Examples
    --------
    >>> [light_of(n, 100).value for n in (80, 81, 100, 101)]
    ['green', 'yellow', 'yellow', 'red']
    """
    if spent > allowed:
        return Light.RED
    return Light.YELLOW if 5 * spent > 4 * allowed else Light.GREEN


def clock_json(clock: Clock) -> dict[str, Any]:
    """The clock as JSON, without loss; `clock_from` reads it."""
    return {
        "kind": clock.kind.value,
        "limit": limit_json(clock.limit),
        "original": limit_json(clock.original),
        "extensions": clock.extensions,
        "calendar": clock.calendar,
        "ticks": [
            [t.what.value, t.at.isoformat(), None if t.cause is None else t.cause.value]
            for t in clock.ticks
        ],
    }


def clock_from(value: Mapping[str, Any]) -> Clock:
    """The clock of `clock_json`.

    Examples
    --------
    >>> from datetime import UTC
    >>> clock = start_clock(ClockKind.ACCEPT, None, datetime(2026, 1, 5, tzinfo=UTC))
    >>> clock_from(clock_json(clock)) == clock
    True
    """
    limit, original = value["limit"], value["original"]
    allowed = limit_from(limit)
    return Clock(
        kind=_KINDS[value["kind"]],
        limit=allowed,
        ticks=tuple(
            [
                Tick(_HAPPENINGS[what], datetime.fromisoformat(at), _CAUSES[cause])
                for what, at, cause in value["ticks"]
            ]
        ),
        calendar=value["calendar"],
        original=allowed if original == limit else limit_from(original),
        extensions=value["extensions"],
    )


#: Members by their names, which is quicker than asking the enumeration.
_KINDS = {kind.value: kind for kind in ClockKind}
_HAPPENINGS = {what.value: what for what in Happening}
_CAUSES: dict[str | None, Cause | None] = {None: None} | {cause.value: cause for cause in Cause}


def limit_json(limit: Limit | None) -> list[Any] | None:
    """A limit as JSON, without loss; `limit_from` reads it."""
    if limit is None:
        return None
    amount = limit.amount
    season = limit.season
    return [
        amount.numerator,
        amount.denominator,
        limit.unit.value,
        None if season is None else [season.name, *season.first, *season.last],
    ]


def limit_from(value: list[Any] | None) -> Limit | None:
    """The limit of `limit_json`."""
    if value is None:
        return None
    above, below, unit, season = value
    return _limit(above, below, unit, None if season is None else tuple(season))


@lru_cache(maxsize=1024)
def _limit(above: int, below: int, unit: str, season: tuple[Any, ...] | None) -> Limit:
    """A limit out of its parts; a city has few of them, its cases have very many."""
    made = None
    if season is not None:
        name, month, day, last_month, last_day = season
        made = Season(name, (month, day), (last_month, last_day))
    return Limit(Fraction(above, below), LimitUnit(unit), made)
