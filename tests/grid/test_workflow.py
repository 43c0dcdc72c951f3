"""The table of moves, and what is refused because it is not in the table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise, product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import CityError, ConflictError, ForbiddenError, InvalidError
from grid.case import END_STATES, Actor, CaseAction, CaseFlow, CaseSource, CaseState
from grid.workflow import (
    MAX_NOTE,
    TRANSITIONS,
    Request,
    inbox_states,
    index_of,
    move,
    open_actions,
    refusal,
)

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ID = UUID("7a5f0f1e-6a44-4f5e-9f43-0d7f9a3c1e55")
ROLES = ("inspector", "acceptor", "shift_leader", "dispatcher", "department", "planner", "citizen")
#: The main path and the ways back, written out by hand from the standard's seven stages.
EXPECTED = {
    ("reported", "accept", "acceptor"): "to_file",
    ("reported", "ask_verify", "acceptor"): "verifying",
    ("reported", "refuse", "acceptor"): "not_accepted",
    ("verifying", "confirm", "inspector"): "reported",
    ("verifying", "deny", "inspector"): "reported",
    ("to_file", "file", "shift_leader"): "to_dispatch",
    ("to_file", "send_back", "shift_leader"): "reported",
    ("to_file", "void", "shift_leader"): "void",
    ("to_dispatch", "dispatch", "dispatcher"): "to_dispose",
    ("to_dispatch", "send_back", "dispatcher"): "to_file",
    ("to_dispose", "submit", "department"): "to_inspect",
    ("to_dispose", "return", "department"): "to_dispatch",
    ("to_inspect", "pass", "inspector"): "to_close",
    ("to_inspect", "fail", "inspector"): "to_dispose",
    ("to_close", "close", "shift_leader"): "closed",
    ("to_close", "rework", "shift_leader"): "to_dispose",
    ("to_close", "rework", "dispatcher"): "to_dispose",
}
FULL = Request(note="说明", department="urban")


def a_case(state: CaseState, **more: object) -> CaseFlow:
    return CaseFlow(id=ID, state=state, source=CaseSource.PATROL, department="urban", **more)


def an_actor(*roles: str, department: str | None = "urban") -> Actor:
    return Actor(1, "某人", frozenset(roles), department)


@pytest.mark.parametrize(("key", "after"), EXPECTED.items())
def test_a_move_of_the_table_leads_where_the_stages_lead(key, after):
    state, action, role = key
    moved, step = move(a_case(CaseState(state)), CaseAction(action), an_actor(role), NOW, FULL)
    assert (moved.state, step.before, step.after) == (after, state, after)
    assert (step.number, step.role, step.at) == (1, role, NOW)


@pytest.mark.parametrize(
    ("state", "action", "role"),
    [k for k in product(CaseState, CaseAction, ROLES) if tuple(map(str, k)) not in EXPECTED],
)
def test_what_the_table_does_not_hold_is_refused(state, action, role):
    with pytest.raises((ConflictError, ForbiddenError)) as caught:
        move(a_case(state), action, an_actor(role), NOW, FULL)
    in_state = any((str(state), str(action)) == (s, a) for s, a, _ in EXPECTED)
    assert caught.value.code == ("case.wrong_role" if in_state else "case.wrong_state")


def test_nothing_leads_out_of_an_end_state():
    assert not {row.before for row in TRANSITIONS} & END_STATES


def test_every_state_can_be_reached_and_left_again():
    reached, edge = {CaseState.REPORTED}, {CaseState.REPORTED}
    while edge:
        edge = {row.after for row in TRANSITIONS if row.before in edge} - reached
        reached |= edge
    assert reached == set(CaseState)


def test_a_table_with_two_rows_for_one_act_is_refused():
    with pytest.raises(InvalidError) as caught:
        index_of([*TRANSITIONS, replace(TRANSITIONS[0], after=CaseState.VOID)])
    assert caught.value.code == "case.ambiguous_table"


@pytest.mark.parametrize(
    "row", [r for r in TRANSITIONS if "note" in r.needs], ids=lambda r: f"{r.before}-{r.action}"
)
@pytest.mark.parametrize("note", ["", "  \n\t "])
def test_ways_back_and_verdicts_ask_for_a_reason(row, note):
    with pytest.raises(InvalidError) as caught:
        move(a_case(row.before), row.action, an_actor(*row.roles), NOW, Request(note, "urban"))
    assert (caught.value.code, caught.value.field) == ("case.note_needed", "note")


def test_a_dispatch_names_a_department():
    case = a_case(CaseState.TO_DISPATCH)
    with pytest.raises(InvalidError) as caught:
        move(case, CaseAction.DISPATCH, an_actor("dispatcher"), NOW, Request("好"))
    assert caught.value.code == "case.department_needed"


def test_a_note_has_a_longest_length():
    case = a_case(CaseState.TO_FILE)
    long = Request(note="长" * (MAX_NOTE + 1))
    with pytest.raises(InvalidError) as caught:
        move(case, CaseAction.VOID, an_actor("shift_leader"), NOW, long)
    assert caught.value.code == "case.note_too_long"


@pytest.mark.parametrize("action", [CaseAction.SUBMIT, CaseAction.RETURN])
@pytest.mark.parametrize("department", ["traffic", None])
def test_only_the_department_in_hand_disposes(action, department):
    actor = an_actor("department", department=department)
    with pytest.raises(ForbiddenError) as caught:
        move(a_case(CaseState.TO_DISPOSE), action, actor, NOW, FULL)
    assert caught.value.code == "case.other_department"


@pytest.mark.parametrize("source", [CaseSource.HOTLINE, CaseSource.PUBLIC])
@pytest.mark.parametrize("verified", [None, False])
def test_a_report_from_outside_is_verified_before_it_is_accepted(source, verified):
    case = CaseFlow(id=ID, state=CaseState.REPORTED, source=source, verified=verified)
    with pytest.raises(ConflictError) as caught:
        move(case, CaseAction.ACCEPT, an_actor("acceptor"), NOW)
    assert caught.value.code == "case.not_verified"
    asked, _ = move(case, CaseAction.ASK_VERIFY, an_actor("acceptor"), NOW)
    seen, _ = move(asked, CaseAction.CONFIRM, an_actor("inspector"), NOW)
    accepted, step = move(seen, CaseAction.ACCEPT, an_actor("acceptor"), NOW)
    assert (accepted.state, accepted.verified, step.number) == (CaseState.TO_FILE, True, 3)


def test_a_department_that_gave_a_case_back_gets_it_again_only_with_a_reason():
    case, _ = move(
        a_case(CaseState.TO_DISPOSE), CaseAction.RETURN, an_actor("department"), NOW, FULL
    )
    assert (case.department, case.returned_by) == (None, ("urban",))
    with pytest.raises(InvalidError) as caught:
        move(case, CaseAction.DISPATCH, an_actor("dispatcher"), NOW, Request("", "urban"))
    assert caught.value.code == "case.note_needed"
    other, _ = move(case, CaseAction.DISPATCH, an_actor("dispatcher"), NOW, Request("", "traffic"))
    assert other.department == "traffic"


@pytest.mark.parametrize("start", [CaseState.TO_INSPECT, CaseState.TO_CLOSE])
def test_rework_is_counted_and_keeps_the_department(start):
    action = CaseAction.FAIL if start is CaseState.TO_INSPECT else CaseAction.REWORK
    actor = an_actor("inspector", "dispatcher")
    moved, _ = move(a_case(start), action, actor, NOW, FULL)
    assert (moved.rework_count, moved.department) == (1, "urban")


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(InvalidError) as caught:
        move(a_case(CaseState.TO_CLOSE), CaseAction.CLOSE, an_actor("shift_leader"), datetime.min)
    assert caught.value.code == "case.naive_time"


def test_closing_notes_when():
    moved, _ = move(a_case(CaseState.TO_CLOSE), CaseAction.CLOSE, an_actor("shift_leader"), NOW)
    assert (moved.closed_at, moved.is_open) == (NOW, False)


@given(st.lists(st.tuples(st.sampled_from(CaseAction), st.sampled_from(ROLES)), max_size=40))
def test_any_sequence_of_acts_keeps_history_and_state_equal(acts):
    case, history = a_case(CaseState.REPORTED), []
    for action, role in acts:
        try:
            case, step = move(case, action, an_actor(role), NOW, FULL)
        except CityError:
            continue
        history.append(step)
    assert case.steps == len(history)
    assert [s.number for s in history] == list(range(1, len(history) + 1))
    assert all(a.after is b.before for a, b in pairwise(history))
    assert case.state is (history[-1].after if history else CaseState.REPORTED)
    assert case.rework_count == sum(s.action in ("fail", "rework") for s in history)


@pytest.mark.parametrize("state", list(CaseState))
@pytest.mark.parametrize("role", ROLES)
def test_offered_acts_are_those_that_are_not_refused(state, role):
    case, actor = a_case(state), an_actor(role)
    offered = set(open_actions(case, actor))
    assert offered == {a for a in CaseAction if refusal(case, a, actor, FULL) is None}
    assert (state in inbox_states([role])) or not offered
