"""Arrays and plain loops move the same alarms, whatever is measured, lost, late or doubled."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from plain_reference import plain_moves

from hazards.monitoring.clocks import ClockPolicy
from hazards.monitoring.monitor import deliver, moves_until, start
from hazards.monitoring.observations import (
    Observation,
    Quality,
    Sent,
    micros,
    moment,
    observations_of,
)
from hazards.monitoring.rules import AlarmKind, Rule, Stream, rule_book
from hazards.monitoring.stored import monitor_from, monitor_json

T0 = datetime.fromisoformat("2026-03-01T00:00:00+08:00")
POLICY = ClockPolicy(ahead_s=3, lag_s=5, backfill_s=40)
STREAMS = [Stream("A", "m", period_s=4, low=0, high=20), Stream("B", "m")]
SECONDS = st.integers(0, 6)


@st.composite
def rules(draw):
    made = []
    for stream in ("A", "B"):
        for i, kind in enumerate(draw(st.lists(st.sampled_from(AlarmKind), max_size=4))):
            made.append(
                Rule(
                    stream, f"{kind}{i}", kind,
                    limit=draw(st.sampled_from([4, 10, 30])),
                    dead_band=draw(st.sampled_from([0, 1, 5])),
                    on_delay_s=draw(SECONDS), off_delay_s=draw(SECONDS), window_s=draw(SECONDS),
                )
            )  # fmt: skip
    return made


@st.composite
def observation(draw):
    receive = draw(st.integers(0, 120))
    lag = draw(st.sampled_from([0, 0, 0, 0, 1, 2, 8, 20, 39, 40, 41, 300, -2, -3, -4, -50]))
    return Observation(
        draw(st.sampled_from("AAB")),
        T0 + timedelta(seconds=receive - lag),
        T0 + timedelta(seconds=receive),
        draw(st.sampled_from([0, 3, 4, 5, 9, 10, 11, 25, math.nan])),
        draw(st.sampled_from([Quality.GOOD, Quality.GOOD, Quality.UNCERTAIN, Quality.BAD])),
        draw(st.sampled_from(Sent)),
    )


def moved(monitor, until):
    found = moves_until(monitor, until)
    pairs = ((r.stream, r.name) for r in monitor.book.rules)
    names = list(pairs)
    rows = zip(found.rule.tolist(), found.at_us.tolist(), found.is_up.tolist(), strict=True)
    return {(*names[r], at, up) for r, at, up in rows}


@settings(max_examples=60, deadline=None)
@given(st.lists(observation(), max_size=40), rules(), st.integers(60, 200))
def test_arrays_move_what_loops_move(listed, ruled, seconds):
    until = T0 + timedelta(seconds=seconds)
    book = rule_book(STREAMS, ruled)
    monitor = deliver(start(book, micros(T0), POLICY), observations_of(listed))
    plain = plain_moves(listed, STREAMS, book.rules, until, micros(T0), POLICY)
    assert moved(monitor, micros(until)) == plain


@settings(max_examples=60, deadline=None)
@given(
    st.lists(observation(), max_size=40),
    rules(),
    st.lists(st.integers(0, 160), max_size=4),
    st.integers(0, 10**6),
)
def test_settling_and_restarting_move_what_one_run_moves(listed, ruled, stops, seed):
    book, chance = rule_book(STREAMS, ruled), random.Random(seed)
    monitor, last = start(book, micros(T0), POLICY), -1
    for stop in [*sorted(stops), 170]:
        received = [(o.receive_time - T0).seconds for o in listed]
        fresh = [o for o, r in zip(listed, received, strict=True) if last < r <= stop]
        again = [
            o for o, r in zip(listed, received, strict=True) if r <= last and chance.random() < 0.3
        ]
        batch = fresh + again
        chance.shuffle(batch)
        now = micros(T0) + stop * 1_000_000
        monitor = monitor_from(monitor_json(deliver(monitor, observations_of(batch), now)), book)
        last = stop
    until = micros(T0) + 200_000_000
    once = deliver(start(book, micros(T0), POLICY), observations_of(listed))
    assert moved(monitor, until) == moved(once, until)


@settings(max_examples=60, deadline=None)
@given(st.lists(observation(), max_size=30), rules(), st.integers(0, 10**6))
def test_a_longer_look_begins_like_a_shorter_one(listed, ruled, seed):
    book = rule_book(STREAMS, ruled)
    monitor = deliver(start(book, micros(T0), POLICY), observations_of(listed))
    cut = micros(T0) + random.Random(seed).randrange(200) * 1_000_000
    long = {m for m in moved(monitor, micros(T0) + 200_000_000) if m[2] <= cut}
    short = moved(monitor, cut)
    assert short == long, moment(cut)
