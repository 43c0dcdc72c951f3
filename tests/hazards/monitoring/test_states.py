"""Alarms go only the ways that the table and its chart show, and every way is gone."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hazards.monitoring.alarms import TRANSITIONS, Act, ActKind, AlarmState, alarm_list
from hazards.monitoring.drawing import Trace, draw_states, draw_trace
from hazards.monitoring.monitor import deliver, start
from hazards.monitoring.observations import Observation, micros, observations_of
from hazards.monitoring.rules import AlarmKind, Rule, Stream, rule_book
from hazards.state_chart import Box, draw_chart

T0 = datetime.fromisoformat("2026-03-01T00:00:00+08:00")
WAYS = {(before, after) for before, _, after in TRANSITIONS}
SHELF = AlarmState.SHELVED


def states(values, acts, *, latched):
    """State of the first alarm at each half second, None before it."""
    book = rule_book([Stream("A")], [Rule("A", "H", AlarmKind.HIGH, 1.0, is_latched=latched)])
    times = [T0 + timedelta(seconds=i) for i in range(len(values))]
    given_ = [Observation("A", t, t, v) for t, v in zip(times, values, strict=True)]
    monitor = deliver(start(book, micros(T0)), observations_of(given_))
    seen = [None]
    for half in range(2 * len(values) + 4):
        alarms = alarm_list(monitor, T0 + timedelta(seconds=half / 2), acts).alarms
        state = alarms[0].state if alarms else None
        if state is not seen[-1]:
            seen.append(state)
    return seen


def act(second, kind):
    at = T0 + timedelta(seconds=second + 0.5)
    until = at + timedelta(seconds=3) if kind is ActKind.SHELVE else None
    return Act(at, "A", "H", kind, "王", until)


ACTS = st.builds(act, st.integers(0, 9), st.sampled_from(ActKind))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 2.0]), min_size=3, max_size=9),
    st.lists(ACTS, max_size=5, unique_by=lambda a: a.at),
    st.booleans(),
)
def test_only_ways_of_the_table_are_gone(values, acts, latched):
    gone = states(values, acts, latched=latched)
    for before, after in itertools.pairwise(gone):
        assert SHELF in (before, after) or (before, after) in WAYS


def test_every_way_is_gone():
    A, R = ActKind.ACKNOWLEDGE, ActKind.RESET
    stories = [
        ([2, 2, 0], [act(0, A)], False),
        ([2, 0, 0], [act(1, A)], False),
        ([2, 2, 0, 0], [act(0, A), act(2, R)], True),
        ([2, 0, 2, 2], [], True),
        ([2, 0, 0, 2, 2], [act(1, A)], True),
        ([2, 2, 2, 2, 2, 2], [act(1, ActKind.SHELVE)], False),
    ]
    gone = set()
    for values, acts, latched in stories:
        seen = states(values, acts, latched=latched)
        gone |= set(itertools.pairwise(seen))
    assert gone == WAYS


def test_the_chart_names_every_state_and_cause():
    told = "".join(ET.fromstring(draw_states()).itertext())
    assert all(cause.zh in told for _, cause, _ in TRANSITIONS)


def test_words_of_a_chart_stay_words():
    drawn = draw_chart({"a": Box("<b>&", 0, 0)}, [], title='"<i>')
    assert "<b>&" in "".join(ET.fromstring(drawn).itertext())


def test_a_trace_is_broken_where_nobody_knows():
    at = np.array([micros(T0 + timedelta(minutes=m)) for m in (0, 1, 2, 30, 31)])
    trace = Trace(at, np.array([1.0, np.nan, 2.0, 3.0, 4.0]), 180_000_000, "m")
    drawn = draw_trace(trace, [], [], T0, T0 + timedelta(hours=1), title="例")
    lines = ET.fromstring(drawn).findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 3
