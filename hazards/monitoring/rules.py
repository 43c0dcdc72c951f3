"""Streams of observations and the rules that raise alarms on them. No limit ships."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from gis.errors import CityError, InvalidError
from gis.layers import Title
from hazards.models import Confidence
from hazards.monitoring.clocks import SECOND_US
from hazards.monitoring.observations import FloatArray, IntArray

#: A stream is stale when nothing came for so many of its periods.
STALE_PERIODS = 3
#: No delay, window or period is longer: ten years.
_MOST_S = 315_576_000.0
_MOST_TEXT = 200


class AlarmKind(StrEnum):
    """What a rule looks at."""

    HIGH = "high"
    LOW = "low"
    RISE = "rise"
    FALL = "fall"
    STUCK = "stuck"
    BAD = "bad"
    CLOCK = "clock"
    STALE = "stale"


KIND_TITLES: dict[AlarmKind, Title] = {
    AlarmKind.HIGH: Title("高限", "High"),
    AlarmKind.LOW: Title("低限", "Low"),
    AlarmKind.RISE: Title("上升过快", "Rising fast"),
    AlarmKind.FALL: Title("下降过快", "Falling fast"),
    AlarmKind.STUCK: Title("数值不变", "Stuck"),
    AlarmKind.BAD: Title("数值不可用", "No usable value"),
    AlarmKind.CLOCK: Title("时钟不可信", "Clock not to be believed"),
    AlarmKind.STALE: Title("数据中断", "Stale"),
}
_LIMITED = (AlarmKind.HIGH, AlarmKind.LOW, AlarmKind.RISE, AlarmKind.FALL)
#: Kinds that need to know how often a value is due: how far back may a rate look?
_PERIODIC = (AlarmKind.STALE, AlarmKind.RISE, AlarmKind.FALL)


@dataclass(frozen=True)
class Stream:
    """One stream of observations; None is unknown.

    Attributes
    ----------
    period_s
        A value is due this often. A value is believed for three periods; unknown: until the next.
    low, high
        Ends of the instrument's range, in ``unit``.
    """

    name: str
    unit: str | None = None
    period_s: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Rule:
    """One rule on one stream.

    Attributes
    ----------
    limit
        high, low: in the unit of the stream, reached counts. rise, fall: in that unit per minute.
        None: unknown, and the rule is told as not watched.
    dead_band
        How far below a high limit (above a low one) the value has to get before it counts as
        returned. stuck: differences up to it are none.
    on_delay_s, off_delay_s
        How long the condition, or its end, has to last.
    is_latched
        Whether a returned alarm stays until a person resets it.
    window_s
        rise, fall: at least this long apart are the values compared; stuck: so long unchanged.
    priority, source, confidence
        As the enterprise gives them.
    """

    stream: str
    name: str
    kind: AlarmKind
    limit: float | None = None
    dead_band: float = 0.0
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    is_latched: bool = False
    window_s: float | None = None
    priority: str | None = None
    source: str = ""
    confidence: Confidence = Confidence.GIVEN


@dataclass(frozen=True)
class RuleBook:
    """Streams by name and rules by stream and name, checked; made by `rule_book`."""

    streams: tuple[Stream, ...]
    rules: tuple[Rule, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the streams, in order."""
        return tuple(stream.name for stream in self.streams)

    @cached_property
    def stream_of(self) -> IntArray:
        """Position of each rule's stream."""
        places = {name: i for i, name in enumerate(self.names)}
        return np.array([places[rule.stream] for rule in self.rules], np.int64)

    @cached_property
    def horizon_us(self) -> IntArray:
        """How long a value of each stream is believed, microseconds; 0 where nobody knows."""
        periods = (0.0 if s.period_s is None else s.period_s for s in self.streams)
        return np.array([round(STALE_PERIODS * p * SECOND_US) for p in periods], np.int64)

    @cached_property
    def ranges(self) -> tuple[FloatArray, FloatArray]:
        """Least and greatest value of each stream's instrument."""
        low = [-math.inf if s.low is None else s.low for s in self.streams]
        high = [math.inf if s.high is None else s.high for s in self.streams]
        return np.array(low, np.float64), np.array(high, np.float64)

    @cached_property
    def context_us(self) -> int:
        """How far back a rule may look from an observation, microseconds."""
        window = max((r.window_s or 0.0 for r in self.rules), default=0.0)
        return round(window * SECOND_US) + int(self.horizon_us.max(initial=0))

    @cached_property
    def digest(self) -> str:
        """A name of the whole book: other rules, other digest."""
        told = json.dumps([asdict(s) for s in self.streams] + [asdict(r) for r in self.rules])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def number(self, stream: str, rule: str) -> int | None:
        """Position of a rule, None when there is none."""
        return self._numbers.get((stream, rule))

    @cached_property
    def _numbers(self) -> dict[tuple[str, str], int]:
        return {(rule.stream, rule.name): i for i, rule in enumerate(self.rules)}

    def unwatched(self) -> Iterator[tuple[Rule, str]]:
        """Rules that cannot be watched, and what is not known about them."""
        periods = {stream.name: stream.period_s for stream in self.streams}
        for rule in self.rules:
            if rule.kind in _LIMITED and rule.limit is None:
                yield rule, "limit"
            elif rule.kind is AlarmKind.STUCK and rule.window_s is None:
                yield rule, "window_s"
            elif rule.kind in _PERIODIC and periods[rule.stream] is None:
                yield rule, "period_s"


def rule_book(streams: Iterable[Stream], rules: Iterable[Rule]) -> RuleBook:
    """A book of streams and rules in the order of their names, whatever order they came in.

    Raises
    ------
    InvalidError
        The fault, or ``monitoring.bad_rules`` with every one of several: names given twice, rules
        of no stream, numbers that are not finite, negative delays, a range upside down.

    Examples
    --------
    >>> level = Stream("LT-1", "m", period_s=60)
    >>> rule_book([level], [Rule("LT-1", "HH", AlarmKind.HIGH)]).names
    ('LT-1',)
    """
    ordered = tuple(sorted(streams, key=lambda s: s.name))
    listed = tuple(sorted(rules, key=lambda r: (r.stream, r.name)))
    faults = [*_stream_faults(ordered), *_rule_faults(ordered, listed)]
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InvalidError(
            "monitoring.bad_rules",
            "规则有 {count} 处不对：{first}",
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )
    return RuleBook(ordered, listed)


def _stream_faults(streams: tuple[Stream, ...]) -> Iterator[CityError]:
    seen: set[str] = set()
    for stream in streams:
        if stream.name in seen or not 1 <= len(stream.name) <= _MOST_TEXT:
            yield _fault("stream", "测点 {got} 重复或名称不当", stream.name)
        seen.add(stream.name)
        if stream.period_s is not None and not 0 < stream.period_s <= _MOST_S:
            yield _fault("period_s", "测点 {name} 的周期应为正数", stream.name)
        ends = [end for end in (stream.low, stream.high) if end is not None]
        if not all(map(math.isfinite, ends)) or ends != sorted(ends):
            yield _fault("range", "测点 {name} 的量程下限应小于上限", stream.name)


def _rule_faults(streams: tuple[Stream, ...], rules: tuple[Rule, ...]) -> Iterator[CityError]:
    known = {stream.name for stream in streams}
    seen: set[tuple[str, str]] = set()
    for rule in rules:
        told = f"{rule.stream}/{rule.name}"
        if (rule.stream, rule.name) in seen or not 1 <= len(rule.name) <= _MOST_TEXT:
            yield _fault("rule", "规则 {name} 重复或名称不当", told)
        seen.add((rule.stream, rule.name))
        if rule.stream not in known:
            yield _fault("stream", "规则 {name} 的测点不存在", told)
        if rule.limit is not None and not math.isfinite(rule.limit):
            yield _fault("limit", "规则 {name} 的限值应为有限数", told)
        if not 0 <= rule.dead_band < math.inf:
            yield _fault("dead_band", "规则 {name} 的死区应为非负数", told)
        lengths = {
            "on_delay_s": rule.on_delay_s,
            "off_delay_s": rule.off_delay_s,
            "window_s": rule.window_s or 0.0,
        }
        for field, length in lengths.items():
            if not 0 <= length <= _MOST_S:
                yield _fault(field, "规则 {name} 的 {field} 应为非负秒数", told)


def _fault(field: str, words: str, name: str) -> InvalidError:
    return InvalidError(
        f"monitoring.bad_{field}",
        words,
        field=field,
        got=name[:_MOST_TEXT],
        params={"name": name[:_MOST_TEXT]},
    )
