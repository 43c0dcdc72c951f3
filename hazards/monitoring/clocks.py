"""Which time an observation counts at, and what is to be said of its clock.

A device's time is believed while it fits the time of receipt. Nothing here looks at more than the
observation and those of the same stream with the same device time, so that the order in which
observations come does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

import numpy as np

from gis.errors import InvalidError
from hazards.monitoring.observations import (
    BoolArray,
    IntArray,
    Observations,
    Quality,
    Sent,
)

SECOND_US = 1_000_000


class Mark(IntFlag):
    """What was noticed about one observation."""

    NONE = 0
    #: Came before with the same device time and value: not counted again.
    REPEATED = 1
    #: Came late and is believed: counted at the device's time.
    BACKFILLED = 2
    #: The device's time lies in the future: counted at the time of receipt.
    CLOCK_AHEAD = 4
    #: Sent at once, yet with an old device time: counted at the time of receipt.
    CLOCK_BEHIND = 8
    #: Another value came before with the same device time.
    CLOCK_CONFLICT = 16
    #: Came later than back-fill is taken: not counted.
    TOO_LATE = 32
    #: Called bad, no finite number, or outside of the instrument's range: its value is unknown.
    NO_VALUE = 64
    #: Called uncertain: counted, and said.
    UNCERTAIN = 128


#: Marks by which a sensor is told to lie about its clock.
CLOCK_MARKS = Mark.CLOCK_AHEAD | Mark.CLOCK_BEHIND | Mark.CLOCK_CONFLICT


@dataclass(frozen=True)
class ClockPolicy:
    """How far clocks may be apart. Settings of this program, of no standard.

    Attributes
    ----------
    ahead_s
        A device's time further in the future than this is not believed.
    lag_s
        What arrives later than this after its device time was not sent at once.
    backfill_s
        What arrives later than this is not counted; nothing older changes an alarm.

    Raises
    ------
    InvalidError
        ``monitoring.bad_policy`` for numbers that do not fit each other.
    """

    ahead_s: float = 60.0
    lag_s: float = 180.0
    backfill_s: float = 86_400.0

    def __post_init__(self) -> None:
        fits = 0 <= self.ahead_s < 1e9 and 0 <= self.lag_s <= self.backfill_s < 1e9
        if not fits:
            raise InvalidError(
                "monitoring.bad_policy",
                "时钟容差应满足 0 ≤ 超前，0 ≤ 迟到 ≤ 补传期限",
                got=[str(v) for v in (self.ahead_s, self.lag_s, self.backfill_s)],
            )

    @property
    def backfill_us(self) -> int:
        """Back-fill is taken for so long, microseconds."""
        return round(self.backfill_s * SECOND_US)


@dataclass(frozen=True, eq=False)
class Counted:
    """Observations that count, by stream and time; one at most for a stream and a time.

    Attributes
    ----------
    row
        Position in the observations.
    at_us
        When the value holds from: the device's time, or that of receipt where the clock lies.
    has_value
        Whether the value may be used.
    lies, is_live
        Marked by `CLOCK_MARKS`; tells of now, not of before.
    """

    row: IntArray
    stream: IntArray
    at_us: IntArray
    has_value: BoolArray
    lies: BoolArray
    is_live: BoolArray


def judged(
    given: Observations, policy: ClockPolicy, ranges: tuple[np.ndarray, np.ndarray]
) -> tuple[IntArray, Counted]:
    """Marks of every observation, and those that count.

    Parameters
    ----------
    ranges
        Least and greatest value that the instrument of each stream can give.
    """
    marks, at_receipt, out = _by_clock(given, policy)
    _repeated(given, marks, at_receipt, out)
    low, high = ranges
    value = given.value
    with np.errstate(invalid="ignore"):
        inside = (value >= low[given.stream]) & (value <= high[given.stream])
    has_value = (given.quality != Quality.BAD) & np.isfinite(value) & inside
    marks[~has_value] |= Mark.NO_VALUE
    marks[given.quality == Quality.UNCERTAIN] |= Mark.UNCERTAIN
    # A value holds from its receipt at the latest, whatever the device says.
    at = np.where(at_receipt, given.receive_us, np.minimum(given.device_us, given.receive_us))
    rows = np.flatnonzero(~out)
    lies = (marks & CLOCK_MARKS) != 0
    is_live = at_receipt | ((marks & Mark.BACKFILLED) == 0)
    # Of two at the same time the later received counts, and ties have an order of their own.
    ranks = (is_live, ~lies, given.quality, value, given.receive_us, at, given.stream)
    rows = rows[np.lexsort([rank[rows] for rank in ranks])]
    last = np.ones(len(rows), np.bool_)
    last[:-1] = (np.diff(given.stream[rows]) != 0) | (np.diff(at[rows]) != 0)
    rows = rows[last]
    return marks, Counted(
        rows, given.stream[rows], at[rows], has_value[rows], lies[rows], is_live[rows]
    )


def _by_clock(given: Observations, policy: ClockPolicy) -> tuple[IntArray, BoolArray, BoolArray]:
    """Marks by the two times alone; who counts at receipt; who does not count."""
    lag = given.receive_us - given.device_us
    ahead = lag < -round(policy.ahead_s * SECOND_US)
    late = lag > round(policy.lag_s * SECOND_US)
    behind = late & (given.sent == Sent.LIVE)
    too_late = (lag > policy.backfill_us) & ~behind
    filled = (late | (given.sent == Sent.BACKFILL)) & ~behind & ~too_late & ~ahead
    marks = np.zeros(len(given), np.int64)
    marks[ahead] |= Mark.CLOCK_AHEAD
    marks[behind] |= Mark.CLOCK_BEHIND
    marks[too_late] |= Mark.TOO_LATE
    marks[filled] |= Mark.BACKFILLED
    return marks, ahead | behind, too_late.copy()


def _repeated(given: Observations, marks: IntArray, at_receipt: BoolArray, out: BoolArray) -> None:
    """Mark repetitions and values that contradict the first of their device time, in place."""
    order = np.lexsort(
        (given.value, given.quality, given.sent, given.receive_us, given.device_us, given.stream)
    )
    stream, device = given.stream[order], given.device_us[order]
    value = given.value[order]
    same_time = np.zeros(len(order), np.bool_)
    same_time[1:] = (stream[1:] == stream[:-1]) & (device[1:] == device[:-1])
    same = same_time.copy()
    for column in (given.receive_us, given.quality, given.sent):
        same[1:] &= column[order][1:] == column[order][:-1]
    same[1:] &= _equal(value[1:], value[:-1])
    _drop(order[same], marks, out)
    # Of those that count at the device's time the first received keeps it.
    fits = order[~same & ~at_receipt[order] & ~out[order]]
    head = np.ones(len(fits), np.bool_)
    head[1:] = (np.diff(given.stream[fits]) != 0) | (np.diff(given.device_us[fits]) != 0)
    first = fits[np.maximum.accumulate(np.where(head, np.arange(len(fits)), 0))]
    agrees = _equal(given.value[fits], given.value[first])
    agrees &= given.quality[fits] == given.quality[first]
    _drop(fits[~head & agrees], marks, out)
    differs = fits[~head & ~agrees]
    marks[differs] |= Mark.CLOCK_CONFLICT
    filled = (marks[differs] & Mark.BACKFILLED) != 0
    out[differs[filled]] = True
    at_receipt[differs[~filled]] = True


def _drop(rows: IntArray, marks: IntArray, out: BoolArray) -> None:
    marks[rows] |= Mark.REPEATED
    out[rows] = True


def _equal(one: np.ndarray, other: np.ndarray) -> BoolArray:
    """Equal values; two readings without a value are equal."""
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)), np.bool_)
