"""Organisation changes in mid-case: nothing is lost, nobody is left with a ghost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flow_people import FILING, NOW, OWN, full, person, ready, world

from gis.errors import InvalidError
from grid.clock.clock import Cause, ClockKind, Happening, used
from grid.flow.case import Pending, Request, Returned
from grid.flow.mover import move, refusal
from grid.flow.organisation import DepartmentClosed, DepartmentMerged, PersonLeft, follow
from grid.flow.states import CaseAction, CaseState, PendingKind, Post

LATER = NOW + timedelta(hours=1)
MERGED = DepartmentMerged("urban", "traffic")
HELD = [CaseState.TO_DISPOSE, CaseState.DISPOSING, CaseState.SUSPENDED]


@pytest.mark.parametrize("state", [*HELD, CaseState.TO_INSPECT])
def test_the_successor_of_a_merged_department_goes_on_where_it_stood(state):
    case = ready(state)
    moved, entry = follow(case, MERGED, world(LATER))
    assert (moved.department, moved.state, moved.clocks) == ("traffic", state, case.clocks)
    assert moved.departments == ("traffic",)
    assert (entry.post, entry.before, entry.after) == ("system", state, state)
    assert "traffic" in entry.note


def test_the_successor_may_act_and_the_old_department_may_not():
    moved, _ = follow(ready(CaseState.TO_DISPOSE), MERGED, world(LATER))
    new = replace(person(Post.DEPARTMENT), department="traffic")
    old = person(Post.DEPARTMENT)
    assert refusal(moved, CaseAction.ASSIGN, new, full(CaseAction.ASSIGN), world(LATER)) is None
    refused = refusal(moved, CaseAction.ASSIGN, old, full(CaseAction.ASSIGN), world(LATER))
    assert refused.code == "case.other_department"


def test_after_a_merger_the_successor_is_the_same_department_and_its_clock_goes_on():
    case = ready(CaseState.TO_DISPOSE, CaseAction.GRANT_RETURN)
    dispatcher = person(Post.DISPATCHER)
    case, _ = move(case, CaseAction.GRANT_RETURN, dispatcher, Request(), world(LATER))
    case, _ = follow(case, MERGED, world(LATER))
    again = Request(note="并入后仍由其办理", department="traffic")
    case, _ = move(case, CaseAction.DISPATCH, dispatcher, again, world(LATER))
    assert len([c for c in case.clocks if c.kind is ClockKind.DISPOSE]) == 1


def test_proposed_bodies_follow_a_merger():
    asked = Pending(PendingKind.RETURN, OWN, "不归我管", True, NOW, "urban")
    case = replace(ready(CaseState.TO_DISPOSE), department="drainage", pending=(asked,))
    moved, _ = follow(case, MERGED, world(LATER))
    assert moved.pending[0].proposed == "traffic"


@pytest.mark.parametrize("into", ["nobody", "urban"])
def test_a_merger_into_nothing_is_refused(into):
    with pytest.raises(InvalidError) as caught:
        follow(ready(CaseState.TO_DISPOSE), DepartmentMerged("urban", into), world(LATER))
    assert caught.value.code == "flow.bad_change"


@pytest.mark.parametrize("state", HELD)
def test_what_a_closed_department_had_is_dispatched_anew_with_its_clock_standing_still(state):
    case = replace(ready(state), designated=True)
    moved, _ = follow(case, DepartmentClosed("urban"), world(LATER))
    assert (moved.state, moved.department, moved.handler) == (CaseState.TO_DISPATCH, None, None)
    clock = moved.clock(ClockKind.DISPOSE)
    assert (clock.state, clock.ticks[-1].cause) == (Happening.PAUSE, Cause.NO_BODY)
    assert moved.clock(ClockKind.DISPATCH).is_running
    assert not moved.designated


def test_the_next_department_gets_a_whole_limit():
    moved, _ = follow(ready(CaseState.TO_DISPOSE), DepartmentClosed("urban"), world(LATER))
    to = Request(department="traffic")
    case, _ = move(moved, CaseAction.DISPATCH, person(Post.DISPATCHER), to, world(LATER))
    clock = case.clock(ClockKind.DISPOSE)
    assert clock.limit == FILING.limit
    assert used(clock, world().book, LATER) == 0


def test_a_case_already_handed_back_goes_on_and_its_rework_finds_a_new_body():
    without = frozenset({"traffic"})
    case = ready(CaseState.TO_INSPECT)
    assert follow(case, DepartmentClosed("urban"), world(LATER)) is None
    acceptor = person(Post.ACCEPTOR)
    here = world(LATER, departments=without)
    moved, _ = move(case, CaseAction.REWORK, acceptor, Request(note="未清理"), here)
    assert (moved.state, moved.department) == (CaseState.TO_DISPATCH, None)


def test_a_handler_who_left_gives_the_case_back_to_the_department():
    asked = Pending(PendingKind.EXTENSION, OWN, "缺料", False, NOW)
    case = replace(ready(CaseState.DISPOSING), pending=(asked,), submitted=True)
    moved, entry = follow(case, PersonLeft(OWN), world(LATER))
    assert (moved.state, moved.handler, moved.submitted) == (CaseState.TO_DISPOSE, None, False)
    assert moved.pending == ()
    assert moved.clock(ClockKind.DISPOSE).is_running
    assert "停用" in entry.note


@pytest.mark.parametrize("state", [CaseState.VERIFYING, CaseState.INSPECTING])
def test_an_errand_of_a_collector_who_left_is_for_the_others(state):
    moved, _ = follow(ready(state), PersonLeft(OWN), world(LATER))
    assert moved.task.assignee is None


def test_a_case_returned_to_somebody_who_left_is_anybodys_of_that_post():
    back = Returned(101, 102, CaseState.TO_FILE, "依据不足")
    case = replace(ready(CaseState.REPORTED), returned=back)
    moved, _ = follow(case, PersonLeft(101), world(LATER))
    acceptor = replace(person(Post.ACCEPTOR), id=103)
    assert refusal(moved, CaseAction.ACCEPT, acceptor, Request(), world(LATER)) is None
    assert moved.accepted_by is None


@pytest.mark.parametrize("change", [MERGED, DepartmentClosed("urban"), PersonLeft(OWN)])
def test_closed_cases_and_strangers_are_not_touched(change):
    assert follow(ready(CaseState.CLOSED), change, world(LATER)) is None
    other = replace(ready(CaseState.TO_DISPOSE), department="drainage", departments=("drainage",))
    assert follow(other, change, world(LATER)) is None
