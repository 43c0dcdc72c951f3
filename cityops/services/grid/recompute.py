"""Deadlines of open cases after a calendar was published: moved, written into each history, told.

Closed cases, and clocks that are stopped or stand still, are not touched. What is read here are
the texts that the store keeps, not whole cases: two hundred thousand take some seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import orjson

from cityops.services.case_values import read_time, stored_time
from grid.clock.book import CalendarBook
from grid.clock.clock import Clock, ClockKind, clock_from
from grid.clock.moved import deadlines, told
from grid.flow.case import SYSTEM_ACTOR
from grid.flow.states import Post

#: So many cases are unpacked at a time.
_AT_ONCE = 500
#: What the step in a case's history is called.
ACTION = "recompute"


class OpenCase(NamedTuple):
    """A case that has not ended, as the store keeps it.

    ``due_at`` and ``last_at`` are times as texts, ``clocks`` is JSON; None where there is none.
    """

    seq: int
    id: str
    number: str
    version: int
    state: str
    area: str
    department: str | None
    due_at: str | None
    steps: int
    last_at: str | None
    clocks: str | None


class Moved(NamedTuple):
    """A deadline that moved: what the case and its new step are to be.

    ``due_s`` is the deadline in seconds since 1970; ``last_at`` the time of the step as a case
    keeps it, ``at`` as the store does.
    """

    case: OpenCase
    due_at: str | None
    due_s: int | None
    number: int
    last_at: str
    at: str
    note: str
    details: str


class DeadlineRepo(Protocol):
    """Deadlines in the store, many at a time."""

    def open_cases(self, seqs: Sequence[int] | None = None) -> list[OpenCase]:
        """Cases that have not ended, by seq; only some when `seqs` are given."""

    def open_versions(self) -> dict[int, int]:
        """Version of every case that has not ended, by seq."""

    def move(self, moved: Sequence[Moved]) -> None:
        """Set deadlines, add a step to each history, raise versions."""


@dataclass(frozen=True)
class Recomputed:
    """What became of the deadlines of open cases; how many.

    ``known`` were unknown before, ``unknown`` are so now; ``departments`` counts the moved cases
    of each department.
    """

    open_cases: int
    moved: int
    known: int
    unknown: int
    later: int
    earlier: int
    departments: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The numbers as JSON."""
        return {name: getattr(self, name) for name in _NUMBERS} | {
            "departments": dict(self.departments)
        }


_NUMBERS = ("open_cases", "moved", "known", "unknown", "later", "earlier")


def moves_of(
    cases: Sequence[OpenCase], book: CalendarBook, at: datetime, table: str
) -> list[Moved]:
    """The deadlines that are others by a book of calendars.

    Parameters
    ----------
    at
        When they are recomputed, aware; a case that was moved later keeps its time.
    table
        What is told of the calendar in the history.
    """
    out: list[Moved] = []
    now = at.isoformat(), stored_time(at)
    for start in range(0, len(cases), _AT_ONCE):
        some = cases[start : start + _AT_ONCE]
        due = deadlines([_dispose_clock(case.clocks) for case in some], book)
        for case, after in zip(some, due, strict=True):
            text = None if after is None else stored_time(after)
            if text != case.due_at:
                out.append(_moved(case, after, text, at, now, table))
    return out


def _dispose_clock(clocks: str | None) -> Clock | None:
    """The last clock of disposal of a stored case."""
    kind = ClockKind.DISPOSE.value
    stored = orjson.loads(clocks) if clocks else []
    found = next((c for c in reversed(stored) if c["kind"] == kind), None)
    return None if found is None else clock_from(found)


def _moved(
    case: OpenCase,
    after: datetime | None,
    text: str | None,
    at: datetime,
    now: tuple[str, str],
    table: str,
) -> Moved:
    last_at, shown = now
    if case.last_at is not None and (last := datetime.fromisoformat(case.last_at)) > at:
        last_at, shown = last.isoformat(), stored_time(last)
    before = read_time(case.due_at)
    return Moved(
        case,
        text,
        None if after is None else int(after.timestamp()),
        case.steps + 1,
        last_at,
        shown,
        told(before, after),
        orjson.dumps({"before": case.due_at or "", "after": text or "", "table": table}).decode(),
    )


def summed(open_cases: int, moved: Sequence[Moved]) -> Recomputed:
    """The numbers of a recomputation."""
    pairs = [(m.case.due_at, m.due_at) for m in moved]
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    return Recomputed(
        open_cases=open_cases,
        moved=len(moved),
        known=sum(a is None for a, _ in pairs),
        unknown=sum(b is None for _, b in pairs),
        later=sum(b > a for a, b in both),
        earlier=sum(b < a for a, b in both),
        departments=dict(sorted(Counter(m.case.department or "" for m in moved).items())),
    )


def news_of(moved: Moved) -> dict[str, Any]:
    """What the outbox says of a case whose deadline moved."""
    case = moved.case
    return {
        "id": case.id,
        "number": case.number,
        "state": case.state,
        "area": case.area,
        "department": case.department,
        "version": case.version + 1,
        "due_at": moved.due_at,
    }


#: Columns of a step in a history, in the order of `step_of`.
STEP_COLUMNS = (
    *("case_seq", "number", "action", "before", "after", "actor_id", "actor_name", "role", "at"),
    *("note", "department", "details"),
)


def step_of(moved: Moved) -> tuple[Any, ...]:
    """The step in the history: values of `STEP_COLUMNS`."""
    case = moved.case
    return (
        *(case.seq, moved.number, ACTION, case.state, case.state, SYSTEM_ACTOR.id),
        *(SYSTEM_ACTOR.name, Post.SYSTEM.value, moved.at, moved.note, case.department),
        moved.details,
    )
