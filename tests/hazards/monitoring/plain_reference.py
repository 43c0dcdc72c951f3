"""Alarms computed a second time, one observation after another, in plain Python.

Written from the page on monitoring, not from the code: loops, dictionaries, no arrays.
"""

from __future__ import annotations

import math
from itertools import groupby

from hazards.monitoring.observations import Observation, Quality, Sent, micros
from hazards.monitoring.rules import AlarmKind, Rule, Stream

S = 1_000_000


def plain_moves(observations, streams, rules, until, begin, policy):
    """{(stream, rule, at, up)} of every alarm that goes up or returns."""
    by_stream = {}
    for one in observations:
        by_stream.setdefault(one.stream, set()).add(_key(one))
    found = set()
    for stream in streams:
        points = _counted(by_stream.get(stream.name, ()), stream, policy)
        for rule in rules:
            if rule.stream == stream.name:
                for at, up in _simulated(points, stream, rule, micros(until), begin):
                    found.add((rule.stream, rule.name, at, up))
    return found


def _key(one: Observation):
    value = None if math.isnan(one.value) else one.value
    return (
        micros(one.device_time),
        micros(one.receive_time),
        int(one.sent),
        int(one.quality),
        value,
    )


def _counted(keys, stream: Stream, policy):
    """(at, receive, value or None, lies, live), one for each time."""
    points = []
    trusted = {}
    for device, receive, sent, quality, value in keys:
        lag = receive - device
        late = lag > policy.lag_s * S
        if lag < -policy.ahead_s * S or (late and sent == Sent.LIVE):
            points.append((receive, receive, quality, value, True, True))
        elif lag <= policy.backfill_s * S:
            filled = late or sent == Sent.BACKFILL
            trusted.setdefault(device, []).append((receive, sent, quality, value, filled))
    for device, several in trusted.items():
        several.sort(key=lambda p: (p[0], p[1], p[2], math.inf if p[3] is None else p[3]))
        receive, _, quality, value, filled = several[0]
        points.append((min(device, receive), receive, quality, value, False, not filled))
        for later, _, rated, other, late in several[1:]:
            if (rated, other) != (quality, value) and not late:
                points.append((later, later, rated, other, True, True))
    points.sort(key=lambda p: (*p[:2], math.inf if p[3] is None else p[3], p[2], not p[4], p[5]))
    last = [list(same)[-1] for _, same in groupby(points, key=lambda p: p[0])]
    return [
        (at, receive, _usable(value, quality, stream), lies, live)
        for at, receive, quality, value, lies, live in last
    ]


def _usable(value, quality, stream: Stream):
    low = -math.inf if stream.low is None else stream.low
    high = math.inf if stream.high is None else stream.high
    good = value is not None and quality != Quality.BAD and low <= value <= high
    return value if good else None


def _simulated(points, stream: Stream, rule: Rule, until, begin):
    horizon = None if stream.period_s is None else round(3 * stream.period_s * S)
    memory, up, moves = False, False, []
    signal, since, seen = None, None, None
    if rule.kind in (AlarmKind.STALE, AlarmKind.RISE, AlarmKind.FALL) and horizon is None:
        return []
    if rule.kind is AlarmKind.STALE:
        signal, since, seen = False, begin, begin
        points = sorted(((p[1], *p[1:]) for p in points if p[4]), key=lambda p: p[0])

    def pass_time(to, last=False):
        nonlocal up
        if signal is None:
            return
        due = since + round((rule.on_delay_s if signal else rule.off_delay_s) * S)
        if up is not signal and (due < to or (last and due == to)):
            up = signal
            moves.append((due, up))

    def change(to, at):
        nonlocal signal, since
        if to is not signal:
            pass_time(at)
            signal, since = to, at

    def silence(to):
        if horizon and seen is not None and seen + horizon < to:
            change(True if rule.kind is AlarmKind.STALE else None, seen + horizon)

    before = []
    for point in points:
        at = point[0]
        if at > until:
            break
        silence(at)
        told = _told(rule, point, before, horizon)
        if told in (True, False):
            memory = told
        change(memory if told == "as before" else told, at)
        seen = at
        before.append(point)
    silence(until + 1)
    pass_time(until, last=True)
    return moves


def _told(rule: Rule, point, before, horizon):
    """True, False, None (nothing known) or "as before"."""
    at, _, value, lies, live = point
    if rule.kind is AlarmKind.STALE:
        return False
    if rule.kind is AlarmKind.BAD:
        return value is None
    if rule.kind is AlarmKind.CLOCK:
        return True if lies else False if live else "as before"
    if value is None:
        return None
    if rule.kind is AlarmKind.STUCK:
        return _is_stuck(rule, at, value, before, horizon)
    if rule.kind in (AlarmKind.RISE, AlarmKind.FALL):
        value = _rate(rule, at, value, before, horizon)
        if value is None:
            return None
    falling = rule.kind is AlarmKind.LOW
    value = -value if rule.kind in (AlarmKind.LOW, AlarmKind.FALL) else value
    limit = -rule.limit if falling else rule.limit
    if value >= limit:
        return True
    return False if value < limit - rule.dead_band else "as before"


def _rate(rule: Rule, at, value, before, horizon):
    window = round((rule.window_s or 0) * S)
    for then, _, old, _, _ in reversed(before):
        if old is not None and then <= at - max(window, 1):
            if at - then > window + horizon:
                return None
            return (value - old) / (at - then) * (60.0 * S)
    return None


def _is_stuck(rule: Rule, at, value, before, horizon):
    since, now, last = at, value, at
    for then, _, old, _, _ in reversed(before):
        if old is None:
            continue
        if abs(now - old) > rule.dead_band or (horizon and last - then > horizon):
            break
        since, now, last = then, old, then
    return at > since and at - since >= rule.window_s * S
