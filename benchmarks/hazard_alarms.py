"""Alarms over a million observations of two thousand streams, shuffled and partly doubled.

The answer is compared with a loop that goes through the rows one by one. The goal is ten seconds
of processor time in the library.
"""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.command import main
from benchmarks.contest import Finding, bounded, check_equal, cpu_seconds
from benchmarks.plan import Plan
from hazards.monitoring.alarms import alarm_list
from hazards.monitoring.monitor import deliver, moves_until, start
from hazards.monitoring.observations import Observations, moment
from hazards.monitoring.rules import AlarmKind, Rule, RuleBook, Stream, rule_book

AT_MOST_S = 10.0
PERIOD_S = 47
BEGIN_US = 1_772_294_400_000_000
S = 1_000_000
Moved = list[tuple[str, str, int, bool]]


def made(streams: int, each: int) -> tuple[RuleBook, Observations]:
    """Random walks with pauses; every tenth observation comes twice, all out of order."""
    chance = np.random.default_rng(20260301)
    names = tuple(f"s{i:05}" for i in range(streams))
    stream = np.repeat(np.arange(streams), each)
    steps = chance.integers(30 * S, 64 * S, (streams, each))
    steps[chance.random((streams, each)) < 0.005] += 600 * S
    at = BEGIN_US + np.cumsum(steps, axis=1).ravel()
    value = np.cumsum(chance.normal(0, 1, (streams, each)), axis=1).ravel()
    order = chance.permutation(np.concatenate([np.arange(len(at)), np.arange(0, len(at), 10)]))
    late = chance.integers(0, 5 * S, len(at))
    small = np.zeros(len(at), np.int8)
    given = Observations(names, stream, at, at + late, value, small, small - 1)
    rules = [rule for name in names for rule in _rules(name)]
    return rule_book([Stream(name, "m", PERIOD_S) for name in names], rules), given.take(order)


def _rules(name: str) -> tuple[Rule, ...]:
    return (
        Rule(name, "H", AlarmKind.HIGH, 10.0, dead_band=1.0, on_delay_s=60, off_delay_s=60),
        Rule(name, "L", AlarmKind.LOW, -10.0, dead_band=1.0, on_delay_s=60, off_delay_s=60),
        Rule(name, "HH", AlarmKind.HIGH, 20.0, is_latched=True),
        Rule(name, "STALE", AlarmKind.STALE),
    )


def ours_answer(book: RuleBook, given: Observations, until_us: int) -> Moved:
    """Alarms that went up or returned, in order."""
    found = moves_until(deliver(start(book, BEGIN_US), given), until_us)
    named = [(rule.stream, rule.name) for rule in book.rules]
    columns = (found.rule.tolist(), found.at_us.tolist(), found.is_up.tolist())
    return sorted((*named[r], at, up) for r, at, up in zip(*columns, strict=True))


def peer_answer(book: RuleBook, given: Observations, until_us: int) -> Moved:
    """The same by a loop over rows: a set against repetitions, a list of times for each stream."""
    seen = set()
    of_stream: dict[str, list[tuple[int, int, float]]] = {
        stream.name: [] for stream in book.streams
    }
    columns = (given.stream, given.device_us, given.receive_us, given.value)
    for row in zip(*(c.tolist() for c in columns), strict=True):
        if row not in seen:
            seen.add(row)
            of_stream[given.names[row[0]]].append(row[1:])
    moved: Moved = []
    for rule in book.rules:
        rows = of_stream[rule.stream]
        found = (
            _silence(rows, until_us)
            if rule.kind is AlarmKind.STALE
            else _limit(rule, rows, until_us)
        )
        moved += [(rule.stream, rule.name, at, up) for at, up in found]
    return sorted(moved)


def _silence(rows: list[tuple[int, int, float]], until_us: int) -> list[tuple[int, bool]]:
    moved, last, horizon = [], BEGIN_US, 3 * PERIOD_S * S
    for at in sorted(row[1] for row in rows if row[1] <= until_us):
        if at > last + horizon:
            moved += [(last + horizon, True), (at, False)]
        last = at
    return [*moved, (last + horizon, True)] if last + horizon <= until_us else moved


def _limit(rule: Rule, rows: list[tuple[int, int, float]], until_us: int) -> list[tuple[int, bool]]:
    """A state machine that is told of each reading, of the end of trust, and of the end."""
    sign, horizon = (1 if rule.kind is AlarmKind.HIGH else -1), 3 * PERIOD_S * S
    limit = sign * (rule.limit or 0.0)
    delays = {True: int(rule.on_delay_s) * S, False: int(rule.off_delay_s) * S}
    moved: list[tuple[int, bool]] = []
    state: bool | None = None
    memory = up = False
    since = last = 0
    for at, _, value in [*sorted(rows), (until_us + 1, 0, 0.0)]:
        if at > until_us + 1:
            continue
        gap = last + horizon if last and last + horizon < at else None
        end = at if gap is None else gap
        if state is not None and state != up and since + delays[state] < end:
            up = state
            moved.append((since + delays[state], up))
        if gap is not None:
            state, since = None, gap
        if sign * value >= limit:
            memory = True
        elif sign * value < limit - rule.dead_band:
            memory = False
        if state is not memory:
            state, since = memory, at
        last = at
    return moved


def measure(plan: Plan) -> list[Finding]:
    """A million observations, four rules on each stream."""
    streams, each = plan.size(2000, 40), plan.size(500, 60)
    book, given = made(streams, each)
    until_us = BEGIN_US + each * PERIOD_S * S
    question = "alarms over observations in any order"
    check_equal(question, ours_answer(book, given, until_us), peer_answer(book, given, until_us))

    def listed() -> object:
        return alarm_list(deliver(start(book, BEGIN_US), given), moment(until_us))

    taken = sorted(cpu_seconds(listed) for _ in range(3))[1]
    n = f"{len(given):,} observations, {len(book.rules):,} rules"
    return [bounded(question, n, "arrays", taken, "CPU s", at_most=AT_MOST_S, rounds=3)]


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or ""))
