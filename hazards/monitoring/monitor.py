"""The monitor: what was delivered, up to when everything is settled, and the alarms of any moment.

A deliverer says up to which time of receipt everything was handed over. What then lies further back
than back-fill is taken cannot change any more: it is settled into where each rule stands and a
journal of moves, and the observations are let go. The rest is kept and judged anew each time it is
asked, so that what comes late is put where it belongs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gis.errors import ConflictError, InvalidError
from hazards.monitoring.clocks import SECOND_US, ClockPolicy, Mark, judged
from hazards.monitoring.delays import NEVER, Delays, Moves, Standing, run_delays
from hazards.monitoring.observations import FloatArray, IntArray, Observations, moment
from hazards.monitoring.rules import AlarmKind, RuleBook
from hazards.monitoring.signals import ENDED, THERE, UNKNOWN, Equals, Readings, signals, stuck

#: Rows that rules of one block see together; more are taken in several blocks.
_BLOCK_ROWS = 1_500_000


@dataclass(frozen=True, eq=False)
class Monitor:
    """State of the alarms of one rule book; made by `start`, changed by `deliver` only.

    Attributes
    ----------
    begin_us
        From when on silence is noticed.
    received_us
        Everything received up to then was delivered; NEVER at first.
    settled_us
        Nothing up to then changes any more.
    kept
        Observations that may still matter.
    standing, equals, journal
        Where rules stood at `settled_us`, and all moves up to it.
    strangers
        Names of streams that were delivered and are in no rule book.
    """

    book: RuleBook
    policy: ClockPolicy
    begin_us: int
    received_us: int
    settled_us: int
    kept: Observations
    standing: Standing
    equals: Equals
    journal: Moves
    strangers: tuple[str, ...] = ()


def start(book: RuleBook, begin_us: int, policy: ClockPolicy | None = None) -> Monitor:
    """A monitor to which nothing was delivered yet."""
    count = len(book.rules)
    standing = Standing.at_first(count)
    stale = np.array([rule.kind is AlarmKind.STALE for rule in book.rules], np.bool_)
    standing.signal[stale] = ENDED
    standing.since_us[stale] = begin_us
    standing.receive_us[stale] = begin_us
    standing.seen_us[stale] = begin_us
    whole, small = np.zeros(0, np.int64), np.zeros(0, np.int8)
    nothing = Observations(book.names, whole, whole, whole, np.zeros(0), small, small)
    never = np.full(count, NEVER, np.int64)
    equals = Equals(np.full(count, np.nan), never, never.copy())
    used = ClockPolicy() if policy is None else policy
    return Monitor(book, used, begin_us, NEVER, NEVER, nothing, standing, equals, Moves.none())


def deliver(monitor: Monitor, given: Observations, received_us: int | None = None) -> Monitor:
    """The monitor with more observations.

    Parameters
    ----------
    given
        In any order; what was delivered before may come again.
    received_us
        Everything received up to then is delivered with this, or was before. None: nothing is
        said, and nothing is settled.

    Raises
    ------
    ConflictError
        ``monitoring.set_back`` when it lies before an earlier promise.
    """
    own, strange = given.renamed(monitor.book.names)
    names = tuple(sorted({*monitor.strangers, *strange}))
    grown = replace(monitor, kept=monitor.kept.joined(own), strangers=names)
    if received_us is None:
        return grown
    if received_us < monitor.received_us:
        raise ConflictError(
            "monitoring.set_back",
            "已声明收齐到 {expected}，不能退回到 {got}",
            field="received_until",
            got=moment(received_us).isoformat(),
            expected=moment(monitor.received_us).isoformat(),
        )
    return _settled(replace(grown, received_us=received_us))


def _settled(monitor: Monitor) -> Monitor:
    """Everything older than back-fill settled, and let go where no rule looks back to it."""
    until = monitor.received_us - monitor.policy.backfill_us
    if until <= monitor.settled_us:
        return monitor
    moves, standing, equals = _run(monitor, until)
    # What counts at the device's time was received no earlier than that, but for what it is ahead.
    least = until - monitor.book.context_us - monitor.policy.backfill_us
    least -= round(monitor.policy.ahead_s * SECOND_US)
    matters = monitor.kept.receive_us > least
    return replace(
        monitor,
        settled_us=until,
        kept=_once(monitor.kept.take(matters)),
        standing=standing,
        equals=equals,
        journal=Moves.joined([monitor.journal, moves]),
    )


def _once(given: Observations) -> Observations:
    """Observations without exact repetitions."""
    columns = (
        given.stream, given.device_us, given.receive_us, given.value.view(np.int64),
        given.quality, given.sent,
    )  # fmt: skip
    order = np.lexsort(columns)
    first = np.zeros(len(order), np.bool_)
    first[:1] = True
    for column in columns:
        first[1:] |= np.diff(column[order]) != 0
    return given.take(order[first])


def moves_until(monitor: Monitor, until_us: int) -> Moves:
    """All alarms that went up or returned, up to and with a time.

    Raises
    ------
    InvalidError
        ``monitoring.settled`` for a time that lies before what is settled.
    """
    if until_us < monitor.settled_us:
        raise InvalidError(
            "monitoring.settled",
            "{expected} 以前的报警已经结算，不能再按 {got} 计算",
            field="until",
            got=moment(until_us).isoformat(),
            expected=moment(monitor.settled_us).isoformat(),
        )
    return Moves.joined([monitor.journal, _run(monitor, until_us)[0]])


def marks_of(monitor: Monitor) -> IntArray:
    """(streams, marks) how many of the observations kept have each `Mark`, repetitions apart."""
    found, _ = judged(monitor.kept, monitor.policy, monitor.book.ranges)
    count = len(monitor.book.streams)
    columns = [
        np.bincount(monitor.kept.stream[(found & mark) != 0], minlength=count) for mark in Mark
    ]
    return np.stack(columns, axis=1)


def readings_of(monitor: Monitor) -> Readings:
    """Observations that count, by stream and time."""
    _, counted = judged(monitor.kept, monitor.policy, monitor.book.ranges)
    streams = len(monitor.book.streams)
    return Readings(
        np.searchsorted(counted.stream, np.arange(streams + 1)),
        counted.at_us,
        monitor.kept.receive_us[counted.row],
        monitor.kept.value[counted.row],
        counted.has_value,
        counted.lies,
        counted.is_live,
    )


def never_live(monitor: Monitor) -> tuple[str, ...]:
    """Streams of which observations are kept, every one of them late: back-fill or a slow clock."""
    readings = readings_of(monitor)
    live = np.concatenate([[0], np.cumsum(readings.is_live)])[readings.starts]
    late = (np.diff(readings.starts) > 0) & (np.diff(live) == 0)
    return tuple(monitor.book.names[i] for i in np.flatnonzero(late).tolist())


def _run(monitor: Monitor, until_us: int) -> tuple[Moves, Standing, Equals]:
    """Moves after what is settled, up to and with a time, and where the rules stand then."""
    after = monitor.settled_us
    context = after - monitor.book.context_us if after > NEVER else NEVER
    readings = readings_of(monitor)
    arrivals = readings.arrivals().between(after, until_us)
    wide, new = readings.between(context, until_us), readings.between(after, until_us)
    moves, standing, equals = [Moves.none()], monitor.standing, monitor.equals
    for kind, block in _blocks(monitor.book, readings):
        seen = arrivals if kind is AlarmKind.STALE else new if kind is AlarmKind.STUCK else wide
        part, at_end, same = _run_block(monitor, kind, block, seen, until_us)
        moves.append(part)
        standing = standing.put(block, at_end)
        if same is not None:
            equals = Equals(*(_put(equals, same, name, block) for name in _EQUALS))
    return Moves.joined(moves), standing, equals


_EQUALS = ("value", "since_us", "seen_us")


def _put(old: Equals, new: Equals, name: str, block: IntArray) -> np.ndarray:
    column: FloatArray | IntArray = getattr(old, name).copy()
    column[block] = getattr(new, name)
    return column


def _run_block(
    monitor: Monitor, kind: AlarmKind, block: IntArray, readings: Readings, until_us: int
) -> tuple[Moves, Standing, Equals | None]:
    """Some rules of one kind; moves name rules by their number in the book."""
    book = monitor.book
    rules = [book.rules[i] for i in block.tolist()]
    streams = book.stream_of[block]
    horizon = book.horizon_us[streams]
    same: Equals | None = None
    if kind is AlarmKind.STUCK:
        old = monitor.equals
        before = Equals(old.value[block], old.since_us[block], old.seen_us[block])
        rows, same = stuck(readings, rules, streams, horizon, before)
    else:
        rows = signals(kind, readings, rules, streams, horizon).after(monitor.settled_us)
    delays = Delays(
        np.array([round(rule.on_delay_s * SECOND_US) for rule in rules], np.int64),
        np.array([round(rule.off_delay_s * SECOND_US) for rule in rules], np.int64),
        horizon,
    )
    gap = THERE if kind is AlarmKind.STALE else UNKNOWN
    found, at_end = run_delays(rows, monitor.standing.take(block), delays, until_us, gap=gap)
    return replace(found, rule=block[found.rule]), at_end, same


def _blocks(book: RuleBook, readings: Readings) -> Iterator[tuple[AlarmKind, IntArray]]:
    """Rules that can be watched, by kind, so many at once as memory allows."""
    idle = {(rule.stream, rule.name) for rule, _ in book.unwatched()}
    sizes = np.diff(readings.starts)
    for kind in AlarmKind:
        numbers = [
            i
            for i, rule in enumerate(book.rules)
            if rule.kind is kind and (rule.stream, rule.name) not in idle
        ]
        if not numbers:
            continue
        block = np.array(numbers, np.int64)
        seen = np.cumsum(sizes[book.stream_of[block]] + 1)
        cuts = np.flatnonzero(np.diff(seen // _BLOCK_ROWS)) + 1
        for part in np.split(block, cuts):
            yield kind, part
