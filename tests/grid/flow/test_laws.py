"""Laws of the engine under any sequence of acts, and what a store keeps of a case."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from flow_people import FILING, ID, KEY, NOW, OTHER, OWN, person, ready, world
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import CityError
from grid.clock.clock import ClockKind, Happening, runs, used
from grid.clock.limit import limit_of
from grid.flow.case import Actor, Case, Filing, Request
from grid.flow.mover import move, report
from grid.flow.states import CaseAction, CaseSource, CaseState, Post
from grid.flow.stored import case_from, case_json

POSTS = [post for post in Post if post is not Post.LEADER]
acts = st.tuples(
    st.sampled_from(CaseAction),
    st.sampled_from(POSTS),
    st.integers(0, 300),
    st.sampled_from(["urban", "traffic", "drainage", "lower"]),
    st.booleans(),
)
#: Acts along the usual way, so that random sequences get somewhere.
ON_THE_WAY = [
    ("accept", "acceptor"), ("file", "filer"), ("dispatch", "dispatcher"), ("assign", "department"),
    ("submit", "department"), ("hand_back", "department"), ("ask_inspect", "acceptor"),
    ("pass", "collector"), ("close", "filer"), ("fail", "collector"), ("ask_return", "department"),
    ("grant_return", "dispatcher"), ("ask_suspension", "department"), ("resume", "system"),
    ("grant_suspension", "dispatcher"), ("ask_extension", "department"), ("ask_verify", "acceptor"),
    ("grant_extension", "dispatcher"), ("confirm", "collector"), ("rework", "dispatcher"),
]  # fmt: skip
usual = st.sampled_from(ON_THE_WAY).flatmap(
    lambda pair: st.tuples(
        st.just(CaseAction(pair[0])),
        st.just(Post(pair[1])),
        st.integers(0, 2000),
        st.sampled_from(["urban", "traffic"]),
        st.just(True),
    )
)


def actor_of(post: Post, case: Case, fits: bool) -> Actor:
    actor = person(post)
    if post is Post.DEPARTMENT:
        return replace(actor, id=OWN, department=case.department if fits else "traffic")
    if post is Post.DISPATCHER:
        return replace(actor, department=case.centre)
    return actor


def played(sequence) -> tuple[list[Case], list]:
    """Every state of a case to which a sequence of acts is tried, and its history."""
    now = NOW
    fresh = Case(ID, CaseState.REPORTED, CaseSource.PATROL, KEY, now, now, reporter=1, photos=1)
    case, entry = report(fresh, person(Post.COLLECTOR), world(now), post="collector")
    cases, history = [case], [entry]
    for action, post, minutes, body, fits in sequence:
        now += timedelta(minutes=minutes)
        request = Request(
            note="说明",
            department=body,
            handler=OWN,
            filing=Filing("c", limit_of(3, "work_day")),
            proposed="traffic",
            until=now + timedelta(days=20),
            photos=1,
            target=OTHER,
        )
        try:
            case, entry = move(case, action, actor_of(post, case, fits), request, world(now))
        except CityError:
            continue
        cases.append(case)
        history.append(entry)
    return cases, history


sequences = st.lists(st.one_of(usual, usual, usual, acts), max_size=60)


@settings(max_examples=150, deadline=None)
@given(sequences)
def test_history_and_state_stay_equal(sequence):
    cases, history = played(sequence)
    case = cases[-1]
    assert case.steps == len(history)
    assert [e.number for e in history] == list(range(1, len(history) + 1))
    assert all(a.after is b.before for a, b in pairwise(history))
    assert case.state is history[-1].after
    counts = Counter(e.action for e in history)
    assert case.rework_count == counts["fail"] + counts["rework"]
    assert case.suspension_count == counts["grant_suspension"]
    returns = counts["grant_return"] + counts["send_back"]
    assert case.return_count == returns
    assert [e.at for e in history] == sorted(e.at for e in history)


@settings(max_examples=150, deadline=None)
@given(sequences)
def test_clocks_keep_their_laws(sequence):
    for case in played(sequence)[0]:
        open_kinds = Counter(c.kind for c in case.clocks if c.is_open)
        assert max(open_kinds.values(), default=0) <= 1
        for clock in case.clocks:
            times = [tick.at for tick in clock.ticks]
            assert times == sorted(times)
        running = {c.kind for c in case.clocks if c.is_running}
        if case.state is CaseState.SUSPENDED:
            assert ClockKind.DISPOSE not in running
        if case.state in (CaseState.TO_DISPOSE, CaseState.DISPOSING):
            assert ClockKind.DISPOSE in running
        if not case.is_open:
            assert running == set()


@settings(max_examples=100, deadline=None)
@given(sequences)
def test_time_that_stood_still_is_never_counted(sequence):
    case = played(sequence)[0][-1]
    for clock in case.clocks:
        now = case.last_at + timedelta(hours=5)
        in_spans = sum((b - a for a, b in runs(clock, now)), timedelta())
        counted = timedelta(microseconds=used(clock, world().book, now))
        assert counted <= in_spans
        waits = [b.at - a.at for a, b in pairwise(clock.ticks) if a.what is Happening.PAUSE]
        whole = (clock.stopped_at or now) - clock.started_at
        assert in_spans <= whole - sum(waits, timedelta()) + timedelta(microseconds=1)


@settings(max_examples=100, deadline=None)
@given(sequences)
def test_whoever_has_the_case_is_somebody(sequence):
    for case in played(sequence)[0]:
        in_hand = case.state in (CaseState.TO_DISPOSE, CaseState.DISPOSING, CaseState.SUSPENDED)
        assert (case.department is not None) or not in_hand
        assert (case.handler is not None) or case.state is not CaseState.DISPOSING
        assert (case.task is None) or case.state in (CaseState.VERIFYING, CaseState.INSPECTING)
        assert all(a != b for a, b in pairwise(case.departments))


@settings(max_examples=150, deadline=None)
@given(sequences)
def test_a_case_survives_its_store(sequence):
    for case in played(sequence)[0]:
        assert case_from(case_json(case)) == case


def test_what_is_usual_takes_no_room_in_the_store():
    small = case_json(Case(ID, CaseState.REPORTED, CaseSource.PATROL, KEY, NOW, NOW))
    assert set(small) == {"id", "key", "state", "source", "reported_at", "last_at", "appeal"}


def test_a_full_case_survives_its_store():
    case = replace(ready(CaseState.DISPOSING, CaseAction.GRANT_SUSPENSION), filing=FILING)
    assert case_from(case_json(case)) == case
