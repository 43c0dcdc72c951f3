"""Observations of sensors in columns: what was measured, when, when it arrived, how good it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
ByteArray = npt.NDArray[np.int8]

#: Times are whole microseconds since this moment.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class Quality(IntEnum):
    """What the sensor or its gateway says of a value."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


class Sent(IntEnum):
    """How an observation was sent, where the gateway says it: at once, or filled in later (补传)."""

    UNKNOWN = -1
    LIVE = 0
    BACKFILL = 1


@dataclass(frozen=True)
class Observation:
    """One observation; ``value`` NaN is a reading without a value."""

    stream: str
    device_time: datetime
    receive_time: datetime
    value: float
    quality: Quality = Quality.GOOD
    sent: Sent = Sent.UNKNOWN


@dataclass(frozen=True, eq=False)
class Observations:
    """Observations in columns of equal length.

    Attributes
    ----------
    names
        Names of streams; ``stream`` holds positions in it.
    device_us, receive_us
        Times by the sensor's own clock and by ours, microseconds since 1970 UTC.
    value
        In the unit of the stream.
    quality, sent
        Values of `Quality` and `Sent`.
    """

    names: tuple[str, ...]
    stream: IntArray
    device_us: IntArray
    receive_us: IntArray
    value: FloatArray
    quality: ByteArray
    sent: ByteArray

    def __len__(self) -> int:
        return len(self.stream)

    def take(self, rows: npt.NDArray[np.bool_] | IntArray) -> Observations:
        """Those at positions, or where a mask is true."""
        return Observations(
            self.names, self.stream[rows], self.device_us[rows], self.receive_us[rows],
            self.value[rows], self.quality[rows], self.sent[rows],
        )  # fmt: skip

    def renamed(self, names: tuple[str, ...]) -> tuple[Observations, tuple[str, ...]]:
        """Those of the streams `names`, numbered by them, and the names that are none of these."""
        places = {name: i for i, name in enumerate(names)}
        new = np.array([places.get(name, -1) for name in self.names], np.int64)
        of_row = new[self.stream] if len(self.names) else self.stream
        seen = np.zeros(len(self.names), np.bool_)
        seen[self.stream] = True
        strange = (n for i, n in enumerate(self.names) if n not in places and seen[i])
        kept = of_row >= 0
        found = Observations(
            names, of_row[kept], self.device_us[kept], self.receive_us[kept],
            self.value[kept], self.quality[kept], self.sent[kept],
        )  # fmt: skip
        return found, tuple(sorted(strange))

    def joined(self, other: Observations) -> Observations:
        """These and others of the same streams.

        Raises
        ------
        InvalidError
            ``monitoring.other_streams`` when the names differ.
        """
        if self.names != other.names:
            raise InvalidError("monitoring.other_streams", "两组观测的测点表不同")
        return Observations(
            self.names,
            np.concatenate([self.stream, other.stream]),
            np.concatenate([self.device_us, other.device_us]),
            np.concatenate([self.receive_us, other.receive_us]),
            np.concatenate([self.value, other.value]),
            np.concatenate([self.quality, other.quality]),
            np.concatenate([self.sent, other.sent]),
        )


def observations_of(given: Iterable[Observation]) -> Observations:
    """Observations in columns.

    Raises
    ------
    InvalidError
        ``monitoring.naive_time`` for a time without a zone.

    Examples
    --------
    >>> len(observations_of([]))
    0
    """
    listed = list(given)
    places = {name: i for i, name in enumerate(dict.fromkeys(one.stream for one in listed))}
    return Observations(
        tuple(places),
        np.array([places[one.stream] for one in listed], np.int64),
        np.array([micros(one.device_time) for one in listed], np.int64),
        np.array([micros(one.receive_time) for one in listed], np.int64),
        np.array([one.value for one in listed], np.float64),
        np.array([one.quality for one in listed], np.int8),
        np.array([one.sent for one in listed], np.int8),
    )


def micros(time: datetime) -> int:
    """A time as microseconds since 1970 UTC.

    Raises
    ------
    InvalidError
        ``monitoring.naive_time`` for a time without a zone.

    Examples
    --------
    >>> micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    if time.tzinfo is None:
        raise InvalidError("monitoring.naive_time", "时间须带时区：{got}", got=time.isoformat())
    return (time - _EPOCH) // _TICK


def moment(us: int) -> datetime:
    """The time, in UTC, of microseconds since 1970.

    Examples
    --------
    >>> moment(1_000_000).isoformat()
    '1970-01-01T00:00:01+00:00'
    """
    return _EPOCH + int(us) * _TICK
