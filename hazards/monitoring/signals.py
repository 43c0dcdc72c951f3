"""What each rule sees in each observation: the condition, its end, neither, or nothing known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gis.ragged import spread
from hazards.monitoring.clocks import SECOND_US
from hazards.monitoring.observations import BoolArray, ByteArray, FloatArray, IntArray
from hazards.monitoring.rules import AlarmKind, Rule

#: The value is not known: whatever was, stays, but no delay goes on.
UNKNOWN = -1
#: The condition has ended.
ENDED = 0
#: The condition is there.
THERE = 1
#: Inside of the dead band, or nothing new: as before.
AS_BEFORE = 2
_MINUTE_US = 60.0 * SECOND_US
_FURTHEST = np.int64(2**61)


@dataclass(frozen=True, eq=False)
class Readings:
    """Counted observations of all streams, by stream and time, as columns.

    Attributes
    ----------
    starts
        (streams + 1,) where the rows of each stream begin.
    """

    starts: IntArray
    at_us: IntArray
    receive_us: IntArray
    value: FloatArray
    has_value: BoolArray
    lies: BoolArray
    is_live: BoolArray

    def between(self, after_us: int, until_us: int) -> Readings:
        """Those after a time and not after another."""
        kept = (self.at_us > after_us) & (self.at_us <= until_us)
        return self.where(kept)

    def where(self, kept: BoolArray) -> Readings:
        """Those for which a mask is true."""
        before = np.concatenate([[0], np.cumsum(kept)])
        return Readings(
            before[self.starts], self.at_us[kept], self.receive_us[kept], self.value[kept],
            self.has_value[kept], self.lies[kept], self.is_live[kept],
        )  # fmt: skip

    def arrivals(self) -> Readings:
        """The live ones by time of receipt: what tells that a stream is not silent."""
        live = self.where(self.is_live)
        stream = np.repeat(np.arange(len(live.starts) - 1), np.diff(live.starts))
        order = np.lexsort((live.at_us, live.receive_us, stream))
        return Readings(
            live.starts, live.receive_us[order], live.receive_us[order], live.value[order],
            live.has_value[order], live.lies[order], live.is_live[order],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Rows:
    """Readings as several rules see them: ``segment`` is the position of the rule in the block."""

    segment: IntArray
    at_us: IntArray
    receive_us: IntArray
    value: FloatArray
    signal: ByteArray

    def after(self, time_us: int) -> Rows:
        """Those after a time."""
        kept = self.at_us > time_us
        return Rows(
            self.segment[kept], self.at_us[kept], self.receive_us[kept], self.value[kept],
            self.signal[kept],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Equals:
    """Since when the value of each segment has not changed; ``seen_us`` is its last reading."""

    value: FloatArray
    since_us: IntArray
    seen_us: IntArray


def rows_of(readings: Readings, streams: IntArray) -> tuple[IntArray, IntArray]:
    """Segment and row of every reading of `streams`, one segment for each of them."""
    first = readings.starts[streams]
    counts = readings.starts[streams + 1] - first
    rows, segment = spread(first, counts)
    return np.asarray(segment, np.int64), np.asarray(rows, np.int64)


def signals(
    kind: AlarmKind, readings: Readings, rules: list[Rule], streams: IntArray, horizon_us: IntArray
) -> Rows:
    """What rules of one kind see, but for stuck values, which `stuck` tells.

    Parameters
    ----------
    streams, horizon_us
        Of each rule.
    """
    segment, row = rows_of(readings, streams)
    at, value, good = readings.at_us[row], readings.value[row], readings.has_value[row]
    if kind is AlarmKind.BAD:
        signal = np.where(good, ENDED, THERE)
    elif kind is AlarmKind.CLOCK:
        known = np.where(readings.is_live[row], ENDED, AS_BEFORE)
        signal = np.where(readings.lies[row], THERE, known)
    elif kind is AlarmKind.STALE:
        signal = np.full(len(row), ENDED)
    else:
        measured = np.where(good, value, np.nan)
        if kind in (AlarmKind.RISE, AlarmKind.FALL):
            window = np.array([rule.window_s or 0.0 for rule in rules]) * SECOND_US
            measured = rates(segment, at, measured, window.astype(np.int64), horizon_us)
        signal = _compared(kind, rules, segment, measured)
    return Rows(segment, at, readings.receive_us[row], value, signal.astype(np.int8))


def _compared(
    kind: AlarmKind, rules: list[Rule], segment: IntArray, measured: FloatArray
) -> IntArray:
    """High, low, rise and fall: the limit reached, left by the dead band, or between."""
    sign = -1.0 if kind in (AlarmKind.LOW, AlarmKind.FALL) else 1.0
    # A falling rate is given as a positive number: so much less in a minute.
    given = 1.0 if kind is AlarmKind.FALL else sign
    limit = np.array([np.nan if rule.limit is None else rule.limit for rule in rules]) * given
    band = np.array([rule.dead_band for rule in rules])
    value = measured * sign
    with np.errstate(invalid="ignore"):
        signal = np.full(len(value), AS_BEFORE)
        signal[value < (limit - band)[segment]] = ENDED
        signal[value >= limit[segment]] = THERE
    signal[np.isnan(value)] = UNKNOWN
    return signal


def rates(
    segment: IntArray,
    at_us: IntArray,
    value: FloatArray,
    window_us: IntArray,
    horizon_us: IntArray,
) -> FloatArray:
    """(n,) change in a minute since the last value at least a window before.

    NaN where there is none, or where it lies further back than the window and the time for which
    a value is believed.

    Parameters
    ----------
    segment, at_us
        Sorted by both.
    window_us, horizon_us
        Of each segment.

    Examples
    --------
    >>> at, minutes3 = np.array([0, 60, 120]) * 1_000_000, np.array([180_000_000])
    >>> rates(np.zeros(3, int), at, np.array([1.0, 2.0, 5.0]), np.array([0]), minutes3)
    array([nan,  1.,  3.])
    """
    found = np.full(len(value), np.nan)
    good = np.flatnonzero(~np.isnan(value))
    if not len(good):
        return found
    seg, at, v = segment[good], at_us[good], value[good]
    back = _last_before(seg, at, at - np.maximum(window_us[seg], 1))
    there = back >= 0
    there &= seg[back] == seg
    apart = at - at[back]
    there &= apart <= (window_us + horizon_us)[seg]
    rows = good[there]
    found[rows] = (v[there] - v[back[there]]) / apart[there] * _MINUTE_US
    return found


def _last_before(segment: IntArray, at_us: IntArray, when_us: IntArray) -> IntArray:
    """For each row the last row up to a time, of its segment if that has one; -1 for none."""
    first, last = int(min(at_us.min(), when_us.min())), int(at_us.max())
    span = last - first + 1
    if span * (int(segment[-1]) + 1) < 2**62:
        key = segment * span - first
        return np.searchsorted(key + at_us, key + when_us, side="right") - 1
    # Times so far apart that no key holds both: one segment after another.
    heads = np.flatnonzero(np.append(True, segment[1:] != segment[:-1]))
    found = np.empty(len(segment), np.int64)
    for begin, end in zip(heads, np.append(heads[1:], len(segment)), strict=True):
        part = slice(begin, end)
        found[part] = np.searchsorted(at_us[part], when_us[part], side="right") - 1 + begin
    return found


def stuck(
    readings: Readings, rules: list[Rule], streams: IntArray, horizon_us: IntArray, before: Equals
) -> tuple[Rows, Equals]:
    """What stuck rules see, and since when each value has not changed.

    A reading is stuck when the values since the window before it differ by no more than the dead
    band from one to the next. A gap in which nothing is known begins anew.
    """
    segment, row = rows_of(readings, streams)
    at, value, good = readings.at_us[row], readings.value[row], readings.has_value[row]
    known = np.flatnonzero(good)
    seg, t, v = segment[known], at[known], value[known]
    head = np.ones(len(seg), np.bool_)
    head[1:] = seg[1:] != seg[:-1]
    past = np.maximum(np.arange(len(seg)) - 1, 0)
    last_v = np.where(head, before.value[seg], v[past])
    last_t = np.where(head, before.seen_us[seg], t[past])
    band = np.array([rule.dead_band for rule in rules])[seg]
    horizon = np.where(horizon_us > 0, horizon_us, _FURTHEST)[seg]
    with np.errstate(invalid="ignore"):
        same = (np.abs(v - last_v) <= band) & (t - last_t <= horizon)
    carried = np.where(same & head, before.since_us[seg], t)
    anchor = np.maximum.accumulate(np.where(head | ~same, np.arange(len(seg)), 0))
    since = carried[anchor] if len(seg) else carried
    window = np.array([rule.window_s or 0.0 for rule in rules]) * SECOND_US
    signal = np.full(len(row), UNKNOWN, np.int8)
    signal[known] = np.where((t - since >= window[seg]) & (t > since), THERE, ENDED)
    end = np.flatnonzero(np.append(head[1:], True)) if len(seg) else np.zeros(0, np.int64)
    after = replace(
        before,
        value=_set(before.value, seg[end], v[end]),
        since_us=_set(before.since_us, seg[end], since[end]),
        seen_us=_set(before.seen_us, seg[end], t[end]),
    )
    return Rows(segment, at, readings.receive_us[row], value, signal), after


def _set(of: np.ndarray, at: IntArray, to: np.ndarray) -> np.ndarray:
    found = of.copy()
    found[at] = to
    return found
