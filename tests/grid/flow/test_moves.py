"""What moves do to clocks, requests and counts, and what guards refuse, told as short stories."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flow_people import FILING, FOREIGN, ID, KEY, NOW, OTHER, OWN, full, person, ready, world

from gis.errors import CityError, ConflictError, InvalidError
from grid.clock.clock import ClockKind, Happening, due_at, used
from grid.clock.limit import SECOND, limit_of
from grid.clock.stages import Urgency
from grid.flow.case import Actor, Case, Filing, Request
from grid.flow.mover import move, refusal, report
from grid.flow.states import AppealState, CaseAction, CaseSource, CaseState, ClosedKind, Post

A, S, K = CaseAction, CaseState, ClockKind
HOUR = 3600


class Story:
    """A case and the people around it, moved step by step."""

    def __init__(self, case: Case | None = None, now: datetime = NOW, **more) -> None:
        self.now, self.more = now, more
        self.entries = []
        if case is None:
            fresh = Case(ID, S.REPORTED, CaseSource.PATROL, KEY, now, now, reporter=1, photos=1)
            case, entry = report(fresh, person(Post.COLLECTOR), world(now), post="collector")
            self.entries.append(entry)
        self.case = case

    def after(self, **length) -> Story:
        self.now += timedelta(**length)
        return self

    def does(self, post: Post, action: A, *, identity=None, department="urban", **request) -> Story:
        actor = person(post, identity=identity, department=department)
        if post is Post.DISPATCHER:
            actor = replace(actor, department=None)
        given = Request(**({"note": "说明"} | request))
        moved, entry = move(self.case, action, actor, given, world(self.now, **self.more))
        self.case = moved
        self.entries.append(entry)
        return self

    def refused(self, post: Post, action: A, **request) -> str:
        before = self.case
        with pytest.raises(CityError) as caught:
            self.does(post, action, **request)
        assert self.case is before
        return caught.value.code

    def does_dispatch(self, body: str, note="说明") -> Story:
        actor = Actor(103, "派遣员", frozenset({"dispatcher"}))
        given = Request(note=note, department=body)
        self.case, entry = move(self.case, A.DISPATCH, actor, given, world(self.now, **self.more))
        self.entries.append(entry)
        return self

    def clock(self, kind: K):
        return self.case.clock(kind)


def started(body="urban", limit=FILING, **more) -> Story:
    story = Story(**more)
    story.does(Post.ACCEPTOR, A.ACCEPT, identity=101)
    story.does(Post.FILER, A.FILE, identity=102, filing=limit)
    return story.does_dispatch(body, "")


def test_the_whole_way_from_the_street_to_the_end():
    story = started().after(hours=1)
    story.does(Post.DEPARTMENT, A.ASSIGN, handler=OWN)
    story.after(hours=1).does(Post.DEPARTMENT, A.SUBMIT, photos=1)
    story.does(Post.DEPARTMENT, A.HAND_BACK)
    story.does(Post.ACCEPTOR, A.ASK_INSPECT).does(Post.COLLECTOR, A.PASS)
    story.does(Post.FILER, A.CLOSE)
    assert story.case.state is S.CLOSED
    assert (story.case.closed_kind, story.case.was_late) == (ClosedKind.NORMAL, False)
    assert [e.number for e in story.entries] == list(range(1, 11))
    assert all(not clock.is_open for clock in story.case.clocks)


@pytest.mark.parametrize(
    ("urgency", "due"),
    [(None, "10:15"), (Urgency.UTILITIES, "10:30"), (Urgency.GENERAL, "2026-11-25T10:00")],
)
def test_acceptance_is_bounded_by_the_kind_of_report(urgency, due):
    fresh = Case(ID, S.REPORTED, CaseSource.HOTLINE, KEY, NOW, NOW, urgency=urgency)
    case, _ = report(fresh, person(Post.ACCEPTOR), world(), post="acceptor")
    day = due if "T" in due else f"2026-11-24T{due}"
    assert due_at(case.clock(K.ACCEPT), world().book) == datetime.fromisoformat(day + "+08:00")


def test_acceptance_waits_while_somebody_is_out_to_verify():
    story = Story().after(minutes=5).does(Post.ACCEPTOR, A.ASK_VERIFY)
    assert story.clock(K.ACCEPT).state is Happening.PAUSE
    story.after(minutes=50).does(Post.COLLECTOR, A.CONFIRM)
    assert used(story.clock(K.ACCEPT), world().book, story.now) == 5 * 60 * SECOND
    assert story.entries[-1].used_s == 50 * 60
    assert story.entries[-1].late is True  # verification has 30 minutes


@pytest.mark.parametrize("source", [CaseSource.HOTLINE, CaseSource.PUBLIC])
def test_a_report_from_outside_is_verified_first(source):
    story = Story()
    story.case = replace(story.case, source=source)
    assert story.refused(Post.ACCEPTOR, A.ACCEPT) == "case.not_verified"
    story.does(Post.ACCEPTOR, A.ASK_VERIFY).does(Post.COLLECTOR, A.DENY)
    assert story.refused(Post.ACCEPTOR, A.ACCEPT) == "case.not_verified"
    story.does(Post.ACCEPTOR, A.ASK_VERIFY).does(Post.COLLECTOR, A.CONFIRM)
    assert story.does(Post.ACCEPTOR, A.ACCEPT).case.state is S.TO_FILE


def test_what_was_looked_for_and_not_found_is_not_accepted_from_anybody():
    story = Story().does(Post.ACCEPTOR, A.ASK_VERIFY).does(Post.COLLECTOR, A.DENY)
    assert story.refused(Post.ACCEPTOR, A.ACCEPT) == "case.not_verified"


def test_an_errand_for_one_collector_is_not_done_by_another():
    story = Story().does(Post.ACCEPTOR, A.ASK_VERIFY, assignee=55)
    assert story.refused(Post.COLLECTOR, A.CONFIRM, identity=56) == "case.other_task"
    assert story.does(Post.COLLECTOR, A.CONFIRM, identity=55).case.verified is True


def test_an_errand_for_nobody_in_particular_is_for_every_collector():
    story = Story().does(Post.ACCEPTOR, A.ASK_VERIFY)
    assert story.does(Post.COLLECTOR, A.CONFIRM, identity=99).case.task is None


def test_whoever_gets_a_case_back_may_not_push_it_forward():
    story = Story().does(Post.ACCEPTOR, A.ACCEPT, identity=101)
    story.does(Post.FILER, A.SEND_BACK, identity=102)
    assert story.case.returned.to == 101
    assert story.refused(Post.ACCEPTOR, A.ACCEPT, identity=101) == "case.returned_to_you"
    other = Story(story.case).does(Post.ACCEPTOR, A.ACCEPT, identity=104)
    assert other.case.state is S.TO_FILE
    seen = Story(story.case).does(Post.ACCEPTOR, A.ASK_VERIFY, identity=101)
    seen.does(Post.COLLECTOR, A.CONFIRM)
    assert seen.does(Post.ACCEPTOR, A.ACCEPT, identity=101).case.state is S.TO_FILE


def test_a_case_that_is_not_ours_goes_first_to_the_person_who_filed_it():
    story = Story().does(Post.ACCEPTOR, A.ACCEPT, identity=101)
    story.does(Post.FILER, A.FILE, identity=102, filing=FILING)
    story.does(Post.DISPATCHER, A.SEND_BACK)
    assert (story.case.returned.to, story.case.filing) == (102, FILING)
    assert story.entries[-1].receiver == "person:102"
    assert story.refused(Post.FILER, A.FILE, identity=102, filing=FILING) == "case.returned_to_you"
    assert story.does(Post.FILER, A.SEND_BACK, identity=102).case.state is S.REPORTED


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"located": False}, "case.no_cell"),
        ({"photos": 0}, "case.no_evidence"),
        ({"open_duplicate": OTHER}, "case.open_duplicate"),
    ],
)
def test_filing_needs_a_cell_a_photo_and_no_open_duplicate(change, code):
    story = Story().does(Post.ACCEPTOR, A.ACCEPT)
    story.case = replace(story.case, **change)
    assert story.refused(Post.FILER, A.FILE, filing=FILING) == code


def test_a_verification_stands_for_a_photo():
    story = Story()
    story.case = replace(story.case, photos=0)
    story.does(Post.ACCEPTOR, A.ASK_VERIFY).does(Post.COLLECTOR, A.CONFIRM)
    story.does(Post.ACCEPTOR, A.ACCEPT).does(Post.FILER, A.FILE, filing=FILING)
    assert story.case.state is S.TO_DISPATCH


def test_disposal_runs_by_the_departments_calendar_and_the_conditions_limit():
    story = started(now=datetime.fromisoformat("2026-11-27T17:00:00+08:00"))
    assert due_at(story.clock(K.DISPOSE), world().book).isoformat() == "2026-12-01T17:00:00+08:00"


def test_the_clock_stops_when_the_department_hands_back_not_when_the_handler_is_done():
    story = started(limit=Filing("c", limit_of(4, "work_hour")))
    story.does(Post.DEPARTMENT, A.ASSIGN, handler=OWN)
    story.after(hours=5).does(Post.DEPARTMENT, A.SUBMIT, photos=1)  # 15:00, three hours used
    assert story.clock(K.DISPOSE).is_running
    story.after(hours=2).does(Post.DEPARTMENT, A.HAND_BACK)  # 17:00, five hours used
    assert (story.case.was_late, story.entries[-1].used_s) == (True, 5 * HOUR)


def test_the_same_department_gets_the_case_back_and_its_clock_goes_on():
    story = started().after(hours=1)
    story.does(Post.DEPARTMENT, A.ASK_RETURN, proposed="traffic")
    story.does(Post.DISPATCHER, A.GRANT_RETURN).after(days=1)
    assert story.clock(K.DISPOSE).state is Happening.PAUSE
    story.does_dispatch("urban")
    assert len([c for c in story.case.clocks if c.kind is K.DISPOSE]) == 1
    assert used(story.clock(K.DISPOSE), world().book, story.now) == HOUR * SECOND


def test_another_department_gets_a_new_clock():
    story = started().after(hours=1)
    story.does(Post.DEPARTMENT, A.ASK_RETURN, proposed="traffic")
    story.does(Post.DISPATCHER, A.GRANT_RETURN).after(hours=1).does_dispatch("traffic", "")
    old, new = (c for c in story.case.clocks if c.kind is K.DISPOSE)
    assert not old.is_open
    assert used(new, world().book, story.now) == 0
    assert story.case.departments == ("urban", "traffic")


def test_back_to_the_department_that_gave_it_back_only_with_a_reason():
    story = started().does(Post.DEPARTMENT, A.ASK_RETURN, proposed="traffic")
    story.does(Post.DISPATCHER, A.GRANT_RETURN)
    with pytest.raises(InvalidError) as caught:
        story.does_dispatch("urban", " ")
    assert caught.value.code == "case.note_needed"


def test_after_three_returns_a_body_may_be_designated_and_then_keeps_the_case():
    story = started()
    for body in ("traffic", "urban", "drainage"):
        had = story.case.department
        assert story.refused(Post.DISPATCHER, A.DESIGNATE, department=had) == "case.wrong_state"
        actor = Actor(9, "科员", frozenset({"department"}), had)
        ask = Request(note="不属于我部门", proposed=body)
        story.case, _ = move(story.case, A.ASK_RETURN, actor, ask, world(story.now))
        story.does(Post.DISPATCHER, A.GRANT_RETURN)
        if body != "drainage":
            story.does_dispatch(body)
    designate = Request(note="三次回退，指定承办", department="drainage")
    dispatcher = Actor(103, "派遣员", frozenset({"dispatcher"}))
    story.case, _ = move(story.case, A.DESIGNATE, dispatcher, designate, world(story.now))
    assert story.case.designated
    actor = Actor(9, "科员", frozenset({"department"}), "drainage")
    again = refusal(story.case, A.ASK_RETURN, actor, full(A.ASK_RETURN), world(story.now))
    assert again.code == "case.designated"


def test_before_three_returns_nobody_is_designated():
    story = Story().does(Post.ACCEPTOR, A.ACCEPT).does(Post.FILER, A.FILE, filing=FILING)
    dispatcher = Actor(103, "派遣员", frozenset({"dispatcher"}))
    found = refusal(story.case, A.DESIGNATE, dispatcher, full(A.DESIGNATE), world())
    assert (found.code, found.expected) == ("case.too_few_returns", 3)


def test_a_return_is_asked_for_within_its_window_where_a_city_sets_one():
    settings = replace(world().settings, return_window=limit_of(1, "work_day"))
    story = started(settings=settings).after(days=1)
    assert story.does(Post.DEPARTMENT, A.ASK_RETURN, proposed="traffic").case.pending
    late = started(settings=settings).after(days=1, seconds=1)
    assert late.refused(Post.DEPARTMENT, A.ASK_RETURN, proposed="traffic") == "case.return_too_late"


def test_nothing_goes_on_while_a_return_is_waiting_for_its_answer():
    story = started().does(Post.DEPARTMENT, A.ASK_RETURN, proposed="traffic")
    assert story.refused(Post.DEPARTMENT, A.ASSIGN, handler=OWN) == "case.pending"
    story.does(Post.DISPATCHER, A.DENY_RETURN)
    assert story.does(Post.DEPARTMENT, A.ASSIGN, handler=OWN).case.state is S.DISPOSING


def test_an_extension_asked_for_by_the_handler_passes_two_desks():
    story = started().does(Post.DEPARTMENT, A.ASSIGN, handler=OWN)
    story.does(Post.DEPARTMENT, A.ASK_EXTENSION)
    assert story.refused(Post.DISPATCHER, A.GRANT_EXTENSION) == "case.not_endorsed"
    story.does(Post.DEPARTMENT, A.ENDORSE_EXTENSION, identity=FOREIGN)
    story.does(Post.DISPATCHER, A.GRANT_EXTENSION)
    assert story.clock(K.DISPOSE).limit == limit_of(4, "work_day")
    assert story.case.extension_count == 1


def test_the_departments_own_request_needs_no_endorsement():
    story = started().does(Post.DEPARTMENT, A.ASK_EXTENSION)
    assert story.refused(Post.DEPARTMENT, A.ENDORSE_EXTENSION) == "case.already_endorsed"
    assert story.does(Post.DISPATCHER, A.GRANT_EXTENSION).case.extension_count == 1


def test_two_extensions_are_granted_and_refusals_do_not_count():
    story = started()
    for _ in range(3):
        story.does(Post.DEPARTMENT, A.ASK_EXTENSION).does(Post.DISPATCHER, A.DENY_EXTENSION)
    for _ in range(2):
        story.does(Post.DEPARTMENT, A.ASK_EXTENSION).does(Post.DISPATCHER, A.GRANT_EXTENSION)
    assert story.refused(Post.DEPARTMENT, A.ASK_EXTENSION) == "case.extended_often"


def test_an_extension_is_asked_for_before_the_deadline_only():
    story = started(limit=Filing("c", limit_of(2, "urgent_hour"))).after(hours=2)
    Story(story.case, story.now).does(Post.DEPARTMENT, A.ASK_EXTENSION)
    story.after(seconds=1)
    assert story.refused(Post.DEPARTMENT, A.ASK_EXTENSION) == "case.deadline_passed"


def test_without_a_limit_there_is_nothing_to_extend():
    story = started(limit=Filing("c", None))
    assert story.refused(Post.DEPARTMENT, A.ASK_EXTENSION) == "case.no_deadline"


def test_open_requests_fall_when_the_handler_is_unassigned():
    story = started().does(Post.DEPARTMENT, A.ASSIGN, handler=OWN)
    story.does(Post.DEPARTMENT, A.ASK_EXTENSION).does(Post.DEPARTMENT, A.REVOKE)
    assert story.case.pending == ()
    assert story.refused(Post.DISPATCHER, A.GRANT_EXTENSION) == "case.nothing_asked"


def suspended(days=30) -> Story:
    story = started().after(hours=1)
    story.does(Post.DEPARTMENT, A.ASK_SUSPENSION, until=story.now + timedelta(days=days))
    return story.does(Post.DISPATCHER, A.GRANT_SUSPENSION)


def test_suspended_time_does_not_count():
    story = suspended().after(days=10).does(Post.DISPATCHER, A.RESUME)
    assert story.case.state is S.TO_DISPOSE
    assert used(story.clock(K.DISPOSE), world().book, story.now) == HOUR * SECOND


def test_the_system_resumes_a_suspended_case_on_its_day_and_not_before():
    story = suspended()
    assert story.after(days=29).refused(Post.SYSTEM, A.RESUME) == "case.still_suspended"
    assert story.after(days=1).does(Post.SYSTEM, A.RESUME).case.state is S.TO_DISPOSE


def test_an_assigned_case_comes_back_to_its_handler():
    story = started().does(Post.DEPARTMENT, A.ASSIGN, handler=OWN)
    story.does(Post.DEPARTMENT, A.ASK_SUSPENSION, identity=FOREIGN, until=NOW + timedelta(days=3))
    story.does(Post.DISPATCHER, A.GRANT_SUSPENSION).does(Post.DEPARTMENT, A.RESUME)
    assert (story.case.state, story.case.handler) == (S.DISPOSING, OWN)


def test_a_case_is_suspended_once():
    story = suspended().does(Post.DISPATCHER, A.RESUME)
    until = story.now + timedelta(days=3)
    assert story.refused(Post.DEPARTMENT, A.ASK_SUSPENSION, until=until) == "case.suspended_often"


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_suspension_ends_within_a_year(days):
    until = NOW + timedelta(days=days)
    assert started().refused(Post.DEPARTMENT, A.ASK_SUSPENSION, until=until) == "case.bad_until"


def test_work_is_shown_by_a_photo_and_rejected_once_submitted():
    story = started().does(Post.DEPARTMENT, A.ASSIGN, handler=OWN)
    assert story.refused(Post.DEPARTMENT, A.SUBMIT) == "case.no_photo_after"
    assert story.refused(Post.DEPARTMENT, A.REJECT_WORK) == "case.not_submitted"
    assert story.refused(Post.DEPARTMENT, A.HAND_BACK) == "case.not_submitted"
    story.does(Post.DEPARTMENT, A.SUBMIT, photos=2)
    assert story.refused(Post.DEPARTMENT, A.SUBMIT) == "case.submitted"
    assert story.does(Post.DEPARTMENT, A.REJECT_WORK).case.photos_after == 2


def handed_back(**more) -> Story:
    return started(**more).after(hours=1).does(Post.DEPARTMENT, A.HAND_BACK, photos=1)


def test_a_failed_inspection_is_rework_of_the_same_department_with_the_clock_going_on():
    story = handed_back().does(Post.ACCEPTOR, A.ASK_INSPECT).after(hours=3)
    story.does(Post.COLLECTOR, A.FAIL)
    assert (story.case.department, story.case.rework_count) == ("urban", 1)
    assert (story.case.photos_after, story.case.inspection) == (1, None)
    assert used(story.clock(K.DISPOSE), world().book, story.now) == HOUR * SECOND
    assert story.clock(K.DISPOSE).is_running


def test_an_inspection_of_a_timed_event_is_made_at_the_same_time_of_day():
    story = handed_back(limit=replace(FILING, same_period=True)).does(Post.ACCEPTOR, A.ASK_INSPECT)
    story.after(hours=2)
    assert story.refused(Post.COLLECTOR, A.PASS) == "case.other_time_of_day"
    assert story.after(hours=21, minutes=30).does(Post.COLLECTOR, A.PASS).case.state is S.TO_CLOSE


def test_a_case_reported_at_midnight_may_be_inspected_before_midnight():
    midnight = datetime.fromisoformat("2026-11-24T00:10:00+08:00")
    story = handed_back(now=midnight, limit=replace(FILING, same_period=True))
    story.does(Post.ACCEPTOR, A.ASK_INSPECT).after(hours=22, minutes=20)  # 23:30
    assert story.does(Post.COLLECTOR, A.PASS).case.inspection == "passed"


def test_closing_needs_an_inspection_or_a_stated_waiver():
    story = handed_back().does(Post.ACCEPTOR, A.WAIVE)
    assert story.does(Post.FILER, A.CLOSE).case.inspection == "waived"
    bare = replace(ready(S.TO_CLOSE), inspection=None)
    assert Story(bare).refused(Post.FILER, A.CLOSE) == "case.not_inspected"
    photo = replace(ready(S.TO_CLOSE), photos_after=0)
    assert Story(photo).refused(Post.FILER, A.CLOSE) == "case.no_photo_after"
    task = replace(ready(S.TO_CLOSE), task=ready(S.INSPECTING).task)
    assert Story(task).refused(Post.FILER, A.CLOSE) == "case.task_open"


def test_a_case_closed_by_order_is_counted_apart_and_keeps_its_lateness():
    story = started(limit=Filing("c", limit_of(2, "urgent_hour"))).after(hours=3)
    story.does(Post.LEADER, A.FORCE_CLOSE)
    assert (story.case.closed_kind, story.case.was_late) == (ClosedKind.FORCED, True)
    assert all(not clock.is_open for clock in story.case.clocks)


def test_self_disposal_is_confirmed_with_a_photo_and_counted_apart():
    story = Story()
    assert story.refused(Post.ACCEPTOR, A.CONFIRM_SELF) == "case.no_self_disposal"
    story.case = replace(story.case, self_disposal=True)
    assert story.refused(Post.ACCEPTOR, A.CONFIRM_SELF) == "case.no_photo_after"
    story.does(Post.ACCEPTOR, A.CONFIRM_SELF, photos=1)
    assert story.case.closed_kind is ClosedKind.SELF


def test_only_what_a_collector_reported_on_patrol_is_his_own_disposal():
    story = Story()
    story.case = replace(story.case, self_disposal=True, source=CaseSource.LEADER)
    assert story.refused(Post.ACCEPTOR, A.CONFIRM_SELF) == "case.no_self_disposal"
    assert story.refused(Post.ACCEPTOR, A.VOID_SELF) == "case.no_self_disposal"


def test_lateness_that_no_calendar_could_tell_is_told_when_the_case_is_closed():
    story = started(limit=Filing("c", limit_of(2, "urgent_hour"))).after(hours=3)
    story.does(Post.DEPARTMENT, A.HAND_BACK, photos=1).does(Post.ACCEPTOR, A.WAIVE)
    story.case = replace(story.case, was_late=None)
    assert story.does(Post.FILER, A.CLOSE).case.was_late is True


def test_an_appeal_frees_the_figures_once_and_never_the_fact():
    story = started(limit=Filing("c", limit_of(1, "urgent_hour"))).after(hours=2)
    story.does(Post.DEPARTMENT, A.HAND_BACK, photos=1).does(Post.ACCEPTOR, A.WAIVE)
    story.does(Post.FILER, A.CLOSE).does(Post.DEPARTMENT, A.ASK_APPEAL)
    assert story.refused(Post.ACCEPTOR, A.GRANT_APPEAL) == "case.no_appeal"
    story.does(Post.DISPATCHER, A.PASS_APPEAL).does(Post.ACCEPTOR, A.GRANT_APPEAL)
    assert (story.case.exempt, story.case.was_late) == (True, True)
    assert story.case.appeal is AppealState.GRANTED
    assert story.refused(Post.DEPARTMENT, A.ASK_APPEAL) == "case.appealed"


def test_who_was_in_time_has_nothing_to_appeal_against():
    story = handed_back().does(Post.ACCEPTOR, A.WAIVE).does(Post.FILER, A.CLOSE)
    assert story.refused(Post.DEPARTMENT, A.ASK_APPEAL) == "case.not_late"


def test_voiding_is_asked_for_and_decided_by_another():
    story = Story().does(Post.ACCEPTOR, A.ACCEPT).does(Post.FILER, A.FILE, filing=FILING)
    assert story.refused(Post.FILER, A.GRANT_VOID) == "case.nothing_asked"
    story.does(Post.DISPATCHER, A.ASK_VOID)
    with pytest.raises(ConflictError) as caught:
        story.does_dispatch("urban")
    assert caught.value.code == "case.pending"
    story.does(Post.FILER, A.DENY_VOID).does_dispatch("urban")
    assert story.case.state is S.TO_DISPOSE


def test_a_copy_is_linked_keeps_its_reporter_and_is_not_moved_any_more():
    story = Story().does(Post.ACCEPTOR, A.LINK, target=OTHER)
    assert (story.case.merged_into, story.case.reporter) == (OTHER, 1)
    assert not story.case.is_open
    assert story.refused(Post.ACCEPTOR, A.ACCEPT) == "case.merged"
    story.does(Post.ACCEPTOR, A.UNLINK)
    assert story.does(Post.ACCEPTOR, A.ACCEPT).case.state is S.TO_FILE


def test_a_case_is_not_linked_to_itself():
    assert Story().refused(Post.ACCEPTOR, A.LINK, target=ID) == "case.bad_target"


def test_two_levels_of_dispatch():
    story = Story(centres=frozenset({"district"}))
    story.does(Post.ACCEPTOR, A.ACCEPT).does(Post.FILER, A.FILE, filing=FILING)
    city = Actor(103, "市派遣员", frozenset({"dispatcher"}))
    here = world(story.now, centres=frozenset({"district"}))
    story.case, _ = move(story.case, A.FORWARD, city, Request(department="district"), here)
    assert refusal(story.case, A.DISPATCH, city, Request(department="urban"), here).code == (
        "case.other_centre"
    )
    local = Actor(104, "区派遣员", frozenset({"dispatcher"}), "district")
    moved, _ = move(story.case, A.DISPATCH, local, Request(department="urban"), here)
    assert moved.department == "urban"


def test_a_department_that_is_not_in_being_gets_nothing():
    story = Story().does(Post.ACCEPTOR, A.ACCEPT).does(Post.FILER, A.FILE, filing=FILING)
    with pytest.raises(InvalidError) as caught:
        story.does_dispatch("nobody")
    assert caught.value.code == "case.unknown_department"


def test_a_server_clock_that_was_set_back_moves_nothing():
    story = Story().after(minutes=-1)
    assert story.refused(Post.ACCEPTOR, A.ACCEPT) == "case.clock_set_back"


def test_a_time_without_a_zone_moves_nothing():
    bare = world(datetime(2026, 11, 24, 10))
    with pytest.raises(InvalidError):
        move(ready(S.REPORTED), A.ACCEPT, person(Post.ACCEPTOR), Request(), bare)
    with pytest.raises(InvalidError):
        report(ready(S.REPORTED), person(Post.ACCEPTOR), bare, post="acceptor")


def test_without_next_years_calendar_a_case_still_moves_and_lateness_is_unknown():
    story = started(now=datetime.fromisoformat("2026-12-31T17:00:00+08:00")).after(days=5)
    story.does(Post.DEPARTMENT, A.HAND_BACK, photos=1)
    assert story.case.was_late is None
    assert story.entries[-1].used_s is None
