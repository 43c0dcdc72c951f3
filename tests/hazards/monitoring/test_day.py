"""A day with everything that goes wrong gives exactly the list that was written by hand."""

from __future__ import annotations

import random

import pytest
from day_trace import ACTS, BEGIN, BOOK, END, EXPECTED, GAS, IDLE, LEVEL, POLICY, at, observations
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_reference import plain_moves

from hazards.monitoring.alarms import alarm_list
from hazards.monitoring.clocks import Mark
from hazards.monitoring.monitor import deliver, marks_of, start
from hazards.monitoring.observations import micros, moment, observations_of
from hazards.monitoring.stored import monitor_from, monitor_json

DAY = observations()


def told(found):
    return [_told(alarm) for alarm in found.alarms]


def _told(alarm):
    times = (
        alarm.since,
        alarm.raised_at,
        alarm.known_at,
        alarm.returned_at,
        alarm.acknowledged_at,
        alarm.cleared_at,
    )
    return (alarm.rule.stream, alarm.rule.name, *times, alarm.state.value)


def expected():
    made = []
    for stream, rule, *times, state in EXPECTED:
        made.append((stream, rule, *(None if t is None else at(t) for t in times), state))
    return sorted(made, key=lambda e: (e[3], e[0], e[1]))


def whole(listed, acts=ACTS):
    monitor = deliver(start(BOOK, micros(BEGIN), POLICY), observations_of(listed))
    return alarm_list(monitor, END, acts)


def test_the_day_gives_the_written_list():
    assert told(whole(DAY)) == expected()


def test_acts_without_effect_are_told_with_their_reason():
    idle = sorted((a.stream, a.rule, why) for a, why in whole(DAY).idle_acts)
    assert idle == sorted(IDLE)


def test_the_alarm_that_went_up_while_shelved_says_so():
    shelved = [(a.rule.name, a.was_shelved) for a in whole(DAY).alarms if a.was_shelved]
    assert shelved == [("STUCK", True)]


def test_while_the_shelf_stands_the_alarm_is_on_it():
    monitor = deliver(start(BOOK, micros(BEGIN), POLICY), observations_of(DAY))
    states = {
        clock: [a.state.value for a in alarm_list(monitor, at(clock), ACTS).alarms][-1]
        for clock in ("08:40", "08:50")
    }
    assert states == {"08:40": "shelved", "08:50": "unacknowledged"}


def test_a_sensor_that_lies_about_its_clock_is_marked():
    monitor = deliver(start(BOOK, micros(BEGIN), POLICY), observations_of(DAY))
    counts = dict(zip(Mark, marks_of(monitor)[BOOK.names.index(LEVEL)].tolist(), strict=True))
    assert {
        Mark.CLOCK_AHEAD: 5,
        Mark.CLOCK_BEHIND: 3,
        Mark.CLOCK_CONFLICT: 10,
        Mark.TOO_LATE: 1,
        Mark.BACKFILLED: 28 + 10,
        Mark.NO_VALUE: 3,
        Mark.REPEATED: 0,
        Mark.UNCERTAIN: 0,
    }.items() <= counts.items()
    assert not marks_of(monitor)[BOOK.names.index(GAS)].any()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 7))
def test_any_order_and_any_repetition_give_the_same_list(seed, parts):
    chance = random.Random(seed)
    listed = DAY + chance.sample(DAY, len(DAY) // 3)
    chance.shuffle(listed)
    monitor = start(BOOK, micros(BEGIN), POLICY)
    for i in range(parts):
        monitor = deliver(monitor, observations_of(listed[i::parts]))
    acts = chance.sample(ACTS, len(ACTS)) + list(ACTS[:3])
    assert told(alarm_list(monitor, END, acts)) == expected()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 1440), max_size=6))
def test_restarts_at_any_time_change_nothing(seed, minutes):
    """What was received is settled, kept as text, read again; some is delivered twice."""
    chance = random.Random(seed)
    monitor = start(BOOK, micros(BEGIN), POLICY)
    last = micros(BEGIN) - 1
    for minute in [*sorted(minutes), 1441]:
        now = micros(BEGIN) + minute * 60_000_000
        fresh = [o for o in DAY if last < micros(o.receive_time) <= now]
        old = [o for o in DAY if micros(o.receive_time) <= last]
        again = chance.sample(old, len(old) // 10)
        batch = fresh + again
        chance.shuffle(batch)
        monitor = deliver(monitor, observations_of(batch), now)
        monitor, last = monitor_from(monitor_json(monitor), BOOK), now
    assert told(alarm_list(monitor, END, ACTS)) == expected()


def test_what_is_settled_is_let_go():
    monitor = deliver(start(BOOK, micros(BEGIN), POLICY), observations_of(DAY), micros(END))
    assert moment(monitor.settled_us) == at("18:00")
    # Twice the back-fill of six hours and what rules look back, a value each minute.
    assert 12 * 60 < len(monitor.kept) < 13 * 60


def test_the_day_by_plain_loops_moves_the_same_alarms():
    plain = plain_moves(DAY, BOOK.streams, BOOK.rules, END, micros(BEGIN), POLICY)
    found = whole(DAY, acts=())
    moved = set()
    for a in found.alarms:
        moved.add((a.rule.stream, a.rule.name, micros(a.raised_at), True))
        if a.returned_at is not None:
            moved.add((a.rule.stream, a.rule.name, micros(a.returned_at), False))
    # A latched alarm that comes again is the same alarm; this one was reset in between by acts only.
    assert plain - moved == {
        (LEVEL, "HH", micros(at("06:02")), False),
        (LEVEL, "HH", micros(at("06:10")), True),
    }
    assert moved <= plain


def test_a_shuffled_day_is_not_the_same_object_order():
    listed = DAY.copy()
    random.Random(7).shuffle(listed)
    assert listed != DAY
    assert told(whole(listed)) == told(whole(DAY))


@pytest.mark.parametrize("end", ["06:05", "10:20", "17:00"])
def test_an_earlier_moment_knows_only_what_was_before_it(end):
    monitor = deliver(start(BOOK, micros(BEGIN), POLICY), observations_of(DAY))
    raised = [a.id for a in alarm_list(monitor, at(end)).alarms]
    assert raised == [a.id for a in alarm_list(monitor, END).alarms if a.raised_at <= at(end)]
