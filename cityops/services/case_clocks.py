"""The clocks of a case as people read them: what is due when, what is left, why one stands still."""

from __future__ import annotations

from typing import Any

from cityops.services.case_values import shown_time
from gis.errors import CityError
from grid.clock.clock import (
    CAUSE_NAMES,
    CLOCK_NAMES,
    Clock,
    ClockKind,
    Happening,
    due_at,
    light_of,
    used,
)
from grid.clock.limit import SECOND
from grid.flow.case import Case
from grid.flow.world import World


def deadlines_json(flow: Case, world: World) -> list[dict[str, Any]]:
    """The last clock of each kind: those that are open first, the stage's own before the disposal's.

    Lengths are seconds that count; ``left_s`` is negative once the limit is used up. What nobody
    can tell (no limit, a year without a calendar) is None.
    """
    return [deadline_json(clock, world) for clock in _clocks(flow)]


def stage_deadline(flow: Case, world: World) -> dict[str, Any] | None:
    """The clock that whoever is next has to keep; None when none is open."""
    first = min(flow.last_clocks(), key=_rank, default=None)
    return None if first is None or not first.is_open else deadline_json(first, world)


def _clocks(flow: Case) -> list[Clock]:
    return sorted(flow.last_clocks(), key=_rank)


def _rank(clock: Clock) -> tuple[bool, bool, bool]:
    return (not clock.is_running, not clock.is_open, clock.kind is ClockKind.DISPOSE)


def deadline_json(clock: Clock, world: World) -> dict[str, Any]:
    """One clock: its limit, when it is due, how much of it is used and left."""
    paused = clock.ticks[-1].cause if clock.state is Happening.PAUSE else None
    return {
        "kind": clock.kind.value,
        "title": CLOCK_NAMES[clock.kind],
        "limit": None if clock.limit is None else clock.limit.said,
        "continuous": clock.limit is None or clock.limit.unit.is_continuous,
        "extensions": clock.extensions,
        "started_at": shown_time(clock.started_at),
        "stopped_at": shown_time(clock.stopped_at),
        "running": clock.is_running,
        "paused_why": None if paused is None else CAUSE_NAMES[paused],
        **_counted(clock, world),
    }


def _counted(clock: Clock, world: World) -> dict[str, Any]:
    nothing = {"due_at": None, "used_s": None, "left_s": None, "light": "none", "late": None}
    try:
        spent = used(clock, world.book, world.now)
        known = nothing | {"used_s": spent // SECOND}
        if clock.limit is None:
            return known
        allowed = world.book.amount(clock.limit, clock.calendar)
        return known | {
            "due_at": shown_time(due_at(clock, world.book)),
            "left_s": (allowed - spent) // SECOND,
            "light": light_of(spent, allowed).value,
            "late": spent > allowed,
        }
    except CityError:  # a year without a calendar: told by the explanation
        return nothing
