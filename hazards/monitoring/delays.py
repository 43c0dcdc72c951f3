"""From what rules see to alarms that go up and return: dead band, gaps, delays.

One pass over many rules at once. For each rule the condition is a run of time between two
changes; a run of the condition that lasts longer than the on-delay raises the alarm at its start
and the delay, a run of its end that lasts longer than the off-delay returns it. A gap, in which
nothing is known, ends a run and raises or returns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from hazards.monitoring.observations import BoolArray, ByteArray, FloatArray, IntArray
from hazards.monitoring.signals import AS_BEFORE, ENDED, THERE, UNKNOWN, Rows

#: Before every time.
NEVER = -(2**62)


@dataclass(frozen=True, eq=False)
class Standing:
    """Where each rule stands at one moment; as many rows as rules.

    Attributes
    ----------
    signal
        Of the run that is under way: UNKNOWN, ENDED or THERE.
    memory
        Whether the condition was there when last known: what counts inside of the dead band.
    since_us, value, receive_us
        Start of that run, and the reading that began it.
    seen_us
        Last reading, NEVER when there was none.
    is_up
        Whether the alarm is up.
    """

    signal: ByteArray
    memory: ByteArray
    since_us: IntArray
    value: FloatArray
    receive_us: IntArray
    seen_us: IntArray
    is_up: BoolArray

    @classmethod
    def at_first(cls, count: int) -> Standing:
        """Nothing known yet."""
        never = np.full(count, NEVER, np.int64)
        return cls(
            np.full(count, UNKNOWN, np.int8), np.zeros(count, np.int8), never,
            np.full(count, np.nan), never.copy(), never.copy(), np.zeros(count, np.bool_),
        )  # fmt: skip

    def take(self, rows: IntArray) -> Standing:
        """Where some of the rules stand."""
        return Standing(*(getattr(self, f.name)[rows] for f in fields(self)))

    def put(self, rows: IntArray, other: Standing) -> Standing:
        """The same with other rows for some of the rules."""
        made = []
        for f in fields(self):
            column = getattr(self, f.name).copy()
            column[rows] = getattr(other, f.name)
            made.append(column)
        return Standing(*made)


@dataclass(frozen=True, eq=False)
class Moves:
    """Alarms that went up (``is_up``) or returned, by rule and time.

    Attributes
    ----------
    at_us
        When it went up or returned, delays included.
    since_us, value, receive_us
        When the condition (its end) began, and the reading it began with; NaN where it was none.
    """

    rule: IntArray
    at_us: IntArray
    is_up: BoolArray
    since_us: IntArray
    value: FloatArray
    receive_us: IntArray

    def __len__(self) -> int:
        return len(self.rule)

    @classmethod
    def none(cls) -> Moves:
        """No moves."""
        whole, true = np.zeros(0, np.int64), np.zeros(0, np.bool_)
        return cls(whole, whole, true, whole, np.zeros(0), whole)

    @classmethod
    def joined(cls, parts: list[Moves]) -> Moves:
        """All of several, by rule and time."""
        columns = [np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)]
        order = np.lexsort((columns[1], columns[0]))
        return cls(*(column[order] for column in columns))


@dataclass(frozen=True, eq=False)
class Delays:
    """Delays and horizon of each rule of a pass, microseconds; a horizon of 0 is without end."""

    on_us: IntArray
    off_us: IntArray
    horizon_us: IntArray


def run_delays(
    rows: Rows, before: Standing, delays: Delays, until_us: int, *, gap: int = UNKNOWN
) -> tuple[Moves, Standing]:
    """Moves after where the rules stood, up to and with a time, and where they stand then.

    Parameters
    ----------
    rows
        Sorted by segment and time, all after `before` and not after `until_us`.
    gap
        What a rule sees when nothing came within its horizon: UNKNOWN, or THERE for stale data.
    """
    line = _with_gaps(rows, before, delays.horizon_us, until_us, gap)
    seen = _filled(line, before)
    begins = line.is_head.copy()
    begins[1:] |= seen[1:] != seen[:-1]
    start = np.flatnonzero(begins)
    seg, signal, since = line.segment[start], seen[start], line.at_us[start]
    open_end = np.ones(len(start), np.bool_)
    open_end[:-1] = seg[1:] != seg[:-1]
    end = np.full(len(start), until_us, np.int64)
    end[:-1] = np.where(open_end[:-1], until_us, since[1:])
    delay = np.where(signal == THERE, delays.on_us[seg], delays.off_us[seg])
    known = signal != UNKNOWN
    due = np.where(known, since, 0) + delay
    lasts = known & ((due < end) | (open_end & (due == end)))
    moves, is_up = _moves(seg, signal, due, lasts, start, before, line)
    last_run = start[open_end]
    return moves, _standing(line, seen, last_run, rows, before, is_up)


@dataclass(frozen=True, eq=False)
class _Line:
    """Rows with a head for each segment (where it stood) and a row where a gap begins."""

    segment: IntArray
    at_us: IntArray
    receive_us: IntArray
    value: FloatArray
    signal: ByteArray
    is_head: BoolArray


def _with_gaps(
    rows: Rows, before: Standing, horizon_us: IntArray, until_us: int, gap: int
) -> _Line:
    count = len(before.signal)
    first = np.searchsorted(rows.segment, np.arange(count))
    segment = np.insert(rows.segment, first, np.arange(count))
    head = np.zeros(len(segment), np.bool_)
    head[first + np.arange(count)] = True
    at = np.insert(rows.at_us, first, before.since_us)
    seen = np.insert(rows.at_us, first, before.seen_us)
    nxt = np.full(len(segment), until_us + 1, np.int64)
    nxt[:-1] = np.where(head[1:], until_us + 1, at[1:])
    horizon = horizon_us[segment]
    ends = np.where(seen == NEVER, 0, seen) + horizon
    falls = (horizon > 0) & (seen != NEVER) & (ends < nxt)
    place = np.flatnonzero(falls) + 1

    def woven(column: np.ndarray, heads: np.ndarray, gaps: np.ndarray) -> np.ndarray:
        return np.insert(np.insert(column, first, heads), place, gaps)

    gaps = ends[falls]
    return _Line(
        segment=np.insert(segment, place, segment[falls]),
        at_us=np.insert(at, place, gaps),
        receive_us=woven(rows.receive_us, before.receive_us, gaps),
        value=woven(rows.value, before.value, np.full(len(gaps), np.nan)),
        signal=woven(rows.signal, before.signal, np.full(len(gaps), gap, np.int8)),
        is_head=np.insert(head, place, False),
    )


def _filled(line: _Line, before: Standing) -> ByteArray:
    """What each row of a line sees, the dead band filled by what was before it."""
    held = line.signal.copy()
    held[line.is_head] = before.memory
    tells = line.is_head | (line.signal == ENDED) | (line.signal == THERE)
    last = np.maximum.accumulate(np.where(tells, np.arange(len(tells)), 0))
    seen = np.where(line.signal == AS_BEFORE, held[last], line.signal)
    return np.asarray(seen, np.int8)


def _moves(
    seg: IntArray,
    signal: ByteArray,
    due: IntArray,
    lasts: BoolArray,
    start: IntArray,
    before: Standing,
    line: _Line,
) -> tuple[Moves, BoolArray]:
    """Runs that lasted and changed the alarm, and whether each alarm is up at the end."""
    which = np.flatnonzero(lasts)
    up = signal[which] == THERE
    was = before.is_up[seg[which]]
    same = np.zeros(len(which), np.bool_)
    same[1:] = seg[which][1:] == seg[which][:-1]
    was[1:] = np.where(same[1:], up[:-1], was[1:])
    changed = up != was
    is_up = before.is_up.copy()
    is_up[seg[which]] = up
    moved, at = which[changed], start[which[changed]]
    return (
        Moves(
            seg[moved], due[moved], up[changed], line.at_us[at], line.value[at],
            line.receive_us[at],
        ),
        is_up,
    )  # fmt: skip


def _standing(
    line: _Line,
    seen: ByteArray,
    last_run: IntArray,
    rows: Rows,
    before: Standing,
    is_up: BoolArray,
) -> Standing:
    memory = before.memory.copy()
    tells = np.flatnonzero((line.signal == ENDED) | (line.signal == THERE))
    tells = tells[~line.is_head[tells]]
    memory[line.segment[tells]] = line.signal[tells]
    seen_us = before.seen_us.copy()
    seen_us[rows.segment] = rows.at_us
    return Standing(
        seen[last_run], memory, line.at_us[last_run], line.value[last_run],
        line.receive_us[last_run], seen_us, is_up,
    )  # fmt: skip
