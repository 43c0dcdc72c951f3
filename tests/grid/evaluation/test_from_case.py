"""Facts of a case out of its history: played stories against flags told by hand."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "flow"))

from flow_people import FILING, ID, KEY, NOW, OWN, person, world

from grid.clock.limit import limit_of
from grid.evaluation.facts import Fact
from grid.evaluation.from_case import KEY_COLUMNS, fact_row, person_key
from grid.flow.case import Actor, Case, Filing, Request
from grid.flow.mover import move, report
from grid.flow.states import CaseAction, CaseSource, CaseState, Post

A = CaseAction


def played(*acts, source=CaseSource.PATROL, limit=FILING):
    """A case after acts of (minutes later, action, post[, department])."""
    now = NOW
    fresh = Case(ID, CaseState.REPORTED, source, KEY, now, now, reporter=1, photos=1)
    case, entry = report(fresh, person(Post.COLLECTOR), world(now), post="collector")
    history = [entry]
    for minutes, action, post, *body in acts:
        now += timedelta(minutes=minutes)
        department = body[0] if body else (case.department or "urban")
        request = Request(
            note="说明", department=department, handler=OWN, filing=limit, proposed="traffic",
            until=now + timedelta(days=9), photos=1,
        )  # fmt: skip
        actor = Actor(ID_OF[post], "某人", person(post).roles, case.department)
        if post is Post.DISPATCHER:
            actor = replace(actor, department=None)
        case, entry = move(case, action, actor, request, world(now))
        history.append(entry)
    return case, history, now


ID_OF = {
    Post.COLLECTOR: 7,
    Post.ACCEPTOR: 11,
    Post.FILER: 12,
    Post.DISPATCHER: 13,
    Post.DEPARTMENT: 14,
    Post.LEADER: 15,
}
TO_DEPARTMENT = (
    (5, A.ACCEPT, Post.ACCEPTOR),
    (5, A.FILE, Post.FILER),
    (5, A.DISPATCH, Post.DISPATCHER, "urban"),
)
TO_THE_END = (
    (60, A.HAND_BACK, Post.DEPARTMENT),
    (5, A.ASK_INSPECT, Post.ACCEPTOR),
    (20, A.PASS, Post.COLLECTOR),
    (5, A.CLOSE, Post.FILER),
)


def facts(*acts, after=0, **more):
    case, history, now = played(
        *acts, **{k: v for k, v in more.items() if k in ("source", "limit")}
    )
    rest = {k: v for k, v in more.items() if k not in ("source", "limit")}
    return fact_row(case, history, world(now + timedelta(minutes=after)), **rest)


def names(row) -> set[str]:
    return {flag.name for flag in Fact if row.bits & flag}


def test_a_case_that_went_well():
    row = facts(*TO_DEPARTMENT, *TO_THE_END, area="120101003001")
    assert names(row) == {
        "ACCEPTED", "ACCEPTED_IN_TIME", "FILED", "FILED_IN_TIME", "DISPATCHED",
        "DISPATCHED_IN_TIME", "DISPOSED", "INSPECT_SENT", "INSPECT_SENT_IN_TIME", "INSPECTED",
        "INSPECTED_IN_TIME", "CLOSED", "CLOSED_STAGE_IN_TIME",
    }  # fmt: skip
    assert (row.bodies, row.reworks, row.overtime) == (1, 0, 0.0)
    assert row.keys == {
        "department": "urban", "street": "120101003", "reporter": "collector/1", "missed_by": "",
        "acceptor": "acceptor/11", "filer": "filer/12", "closer": "filer/12",
        "dispatcher": "dispatcher/13", "verifier": "", "inspector": "collector/7",
    }  # fmt: skip
    assert set(row.keys) == set(KEY_COLUMNS)


def test_what_is_late_at_a_stage_is_not_in_time():
    row = facts((16, A.ACCEPT, Post.ACCEPTOR), (16, A.FILE, Post.FILER))
    assert names(row) == {"ACCEPTED", "FILED"}


def test_a_late_disposal_with_its_overtime():
    short = Filing("c", limit_of(1, "urgent_hour"))
    row = facts(*TO_DEPARTMENT, (90, A.HAND_BACK, Post.DEPARTMENT), limit=short)
    assert {"DISPOSED", "LATE"} <= names(row)
    assert row.overtime == 1.5
    assert row.deadline == NOW + timedelta(minutes=75)


def test_an_open_case_past_its_deadline_is_overdue_only_then():
    short = Filing("c", limit_of(1, "urgent_hour"))
    assert "OVERDUE_OPEN" not in names(facts(*TO_DEPARTMENT, limit=short, after=60))
    assert "OVERDUE_OPEN" in names(facts(*TO_DEPARTMENT, limit=short, after=61))


def test_rework_undoes_the_disposal_until_it_is_handed_back_again():
    again = (5, A.REWORK, Post.ACCEPTOR)
    row = facts(*TO_DEPARTMENT, (60, A.HAND_BACK, Post.DEPARTMENT), again)
    assert "DISPOSED" not in names(row)
    row = facts(*TO_DEPARTMENT, (60, A.HAND_BACK, Post.DEPARTMENT), again, *TO_THE_END)
    assert "DISPOSED" in names(row)
    assert row.reworks == 1


def test_a_case_given_back_to_be_filed_is_not_filed():
    row = facts(*TO_DEPARTMENT[:2], (5, A.SEND_BACK, Post.DISPATCHER))
    assert "FILED" not in names(row)


def test_a_department_that_gives_back_and_gets_the_case_again_has_shirked():
    back = ((5, A.ASK_RETURN, Post.DEPARTMENT), (5, A.GRANT_RETURN, Post.DISPATCHER))
    again = facts(*TO_DEPARTMENT, *back, (5, A.DISPATCH, Post.DISPATCHER, "urban"))
    other = facts(*TO_DEPARTMENT, *back, (5, A.DISPATCH, Post.DISPATCHER, "traffic"))
    assert "SHIRKED" in names(again)
    assert "SHIRKED" not in names(other)
    assert (again.bodies, other.bodies, other.returns) == (1, 2, 1)


def test_a_confirmed_public_report_is_a_miss_of_the_collector_who_should_have_seen_it():
    seen = ((5, A.ASK_VERIFY, Post.ACCEPTOR), (20, A.CONFIRM, Post.COLLECTOR))
    row = facts(*seen, *TO_DEPARTMENT, source=CaseSource.PUBLIC, missed_by=42)
    assert {"PUBLIC_CONFIRMED", "MISSED", "VERIFY_SENT", "VERIFIED_IN_TIME"} <= names(row)
    assert (row.keys["missed_by"], row.keys["verifier"]) == ("collector/42", "collector/7")
    patrol = facts(*seen, *TO_DEPARTMENT, missed_by=42)
    assert "MISSED" not in names(patrol)


def test_ends_of_other_kinds():
    assert "NOT_ACCEPTED" in names(facts((5, A.REFUSE, Post.ACCEPTOR)))
    assert "VOIDED" in names(facts(*TO_DEPARTMENT[:1], (5, A.VOID, Post.FILER)))
    assert "CLOSED_FORCED" in names(facts(*TO_DEPARTMENT, (5, A.FORCE_CLOSE, Post.LEADER)))


def test_a_suspended_case_has_no_deadline():
    asked = ((5, A.ASK_SUSPENSION, Post.DEPARTMENT), (5, A.GRANT_SUSPENSION, Post.DISPATCHER))
    row = facts(*TO_DEPARTMENT, *asked)
    assert {"SUSPENDED_NOW", "SUSPENDED_EVER"} <= names(row)
    assert row.deadline is None


def test_called_back():
    assert {"CALLED_BACK", "CONTENT_RESULT"} <= names(facts(called_back=(True, False)))
    assert "CONTENT_SERVICE" not in names(facts(called_back=(True, False)))
    assert person_key(Post.FILER, 3) == "filer/3"
