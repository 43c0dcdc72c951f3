"""Deadlines of open cases after a calendar was published: moved, written into each history, told.

Closed cases, and clocks that are stopped or stand still, are not touched. What is read here are
the texts that the store keeps, not whole cases: two hundred thousand take some seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import numpy as np
import orjson

from cityops.services.case_values import stored_time
from grid.clock.book import CalendarBook
from grid.clock.bulk import NONE
from grid.clock.clock import ClockKind
from grid.clock.limit import SECOND
from grid.clock.moved import told
from grid.clock.stored import StoredClock, due_stored, minutes_of, texts_of
from grid.clock.timeline import instant_of
from grid.flow.case import SYSTEM_ACTOR
from grid.flow.states import Post

#: What the step in a case's history is called.
ACTION = "recompute"


class OpenCase(NamedTuple):
    """A case that has not ended, as the store keeps it.

    ``due_at`` and ``last_at`` are times as texts, None where there is none.
    ``clocks`` is JSON: the list of them, or the last one alone where that is the disposal's.
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

    def open_seqs(self) -> list[int]:
        """Cases that have not ended, in order."""

    def open_cases(self, first: int, last: int) -> list[OpenCase]:
        """Cases that have not ended from one seq to another, both included, in order."""

    def open_versions(self, first: int, last: int) -> dict[int, int]:
        """Version of each of these, by seq."""

    def move(self, moved: Sequence[Moved]) -> None:
        """Set deadlines, add a step to each history, raise versions."""


@dataclass(frozen=True)
class Recomputed:
    """What became of the deadlines of open cases; how many.

    ``known`` were unknown before, ``unknown`` are so now; ``departments`` counts the moved cases
    of each department.
    """

    open_cases: int = 0
    moved: int = 0
    known: int = 0
    unknown: int = 0
    later: int = 0
    earlier: int = 0
    departments: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Recomputed) -> Recomputed:
        """The numbers of both."""
        counts = {name: getattr(self, name) + getattr(other, name) for name in _NUMBERS}
        both = Counter(self.departments) + Counter(other.departments)
        return Recomputed(**counts, departments=dict(sorted(both.items())))

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
    # Unpacked one after the other: to hold all of them costs more than to unpack them.
    due = due_stored((_dispose_clock(case.clocks) for case in cases), book)
    rows = [i for i, text in enumerate(texts_of(due)) if text != cases[i].due_at]
    if not rows:
        return []
    due = due[rows]
    was = [NONE if (b := cases[i].due_at) is None else _instant(b) for i in rows]
    shown = zip(minutes_of(np.array(was, np.int64)), minutes_of(due), strict=True)
    notes = [told(old, new) for old, new in shown]
    seconds = (due // SECOND).tolist()
    now = at.isoformat(), stored_time(at)
    return [
        _moved(cases[row], text, None if text is None else second, note, (at, *now, table))
        for row, text, second, note in zip(rows, texts_of(due), seconds, notes, strict=True)
    ]


def _instant(text: str) -> int:
    """Microseconds since 1970 of a time as the store keeps it."""
    return instant_of(datetime.fromisoformat(text))


def _dispose_clock(clocks: str | None) -> StoredClock | None:
    """The last clock of disposal of a stored case."""
    stored: Any = orjson.loads(clocks) if clocks else []
    if isinstance(stored, dict):
        return stored
    kind = ClockKind.DISPOSE.value
    return next((c for c in reversed(stored) if c["kind"] == kind), None)


def _moved(
    case: OpenCase,
    text: str | None,
    due_s: int | None,
    note: str,
    how: tuple[datetime, str, str, str],
) -> Moved:
    at, last_at, shown, table = how
    if case.last_at is not None and (last := datetime.fromisoformat(case.last_at)) > at:
        last_at, shown = last.isoformat(), stored_time(last)
    details = orjson.dumps({"before": case.due_at or "", "after": text or "", "table": table})
    return Moved(case, text, due_s, case.steps + 1, last_at, shown, note, details.decode())


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
