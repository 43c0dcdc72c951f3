"""What the whole engine refuses and remembers through the service; nothing half done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from cityops.services.case_acts import Act
from cityops.services.roles import Person, Role
from gis.errors import CityError, ConflictError, InvalidError, NotFoundError
from grid.flow.states import CaseAction

from .conftest import jpeg


@pytest.fixture
def to_file(desk, inspector, acceptor):
    """A case that waits for the shift leader, with a photo."""
    case = desk.act(acceptor, desk.filed(inspector), "accept")
    desk.photos.add(inspector, UUID(case["id"]), "a.jpg", jpeg((44, 33)))
    return case


@pytest.fixture
def to_dispatch(desk, to_file, leader):
    return desk.act(leader, to_file, "file")


@pytest.fixture
def in_hand(desk, to_dispatch, dispatcher):
    return desk.act(dispatcher, to_dispatch, "dispatch", department="drainage")


def stored(desk, case):
    with desk.store.reading() as tx:
        record = tx.cases.find(UUID(case["id"]))
        return record, tx.cases.history(record.seq)


def code_of(desk, person, case, act):
    """Code of the refusal of an act; that nothing changed is looked at, too."""
    before = stored(desk, case)
    with pytest.raises(CityError) as refusal:
        desk.cases.move(person, UUID(case["id"]), act)
    assert stored(desk, case) == before
    return refusal.value.code


def test_a_clock_set_back_is_refused(desk, to_dispatch, dispatcher):
    desk.clock.now -= timedelta(hours=1)
    act = Act(CaseAction.DISPATCH, department="drainage")
    assert code_of(desk, dispatcher, to_dispatch, act) == "case.clock_set_back"
    desk.clock.now += timedelta(hours=2)
    assert desk.cases.move(dispatcher, UUID(to_dispatch["id"]), act)["state"] == "to_dispose"


def test_of_two_dispatchers_at_once_one_dispatches_also_where_neither_names_a_version(
    desk, to_dispatch, dispatcher
):
    def send(person, department):
        try:
            desk.cases.move(
                person, UUID(to_dispatch["id"]), Act(CaseAction.DISPATCH, department=department)
            )
        except ConflictError as refusal:
            return refusal.code
        return "done"

    other = replace(dispatcher, id=61, name="派遣员庚")
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(send, (dispatcher, other), ("drainage", "greening")))
    assert sorted(done) == ["case.wrong_state", "done"]
    after = desk.cases.get(dispatcher, UUID(to_dispatch["id"]))
    assert after["department"] == ("drainage", "greening")[done.index("done")]
    assert [s["action"] for s in after["history"]].count("dispatch") == 1


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("moon", "scheme.unknown_condition"),
        ("YC-E0401-1", "scheme.foreign_condition"),
        (None, "case.condition_needed"),
    ],
)
def test_filing_asks_for_a_condition_of_the_class(desk, to_file, leader, condition, code):
    if condition is None and len(desk.cases.get(leader, UUID(to_file["id"]))["conditions"]) < 2:
        pytest.skip("the class has one condition")
    assert code_of(desk, leader, to_file, Act(CaseAction.FILE, condition=condition)) == code


def test_who_may_not_file_learns_that_before_the_condition(desk, to_file, inspector):
    act = Act(CaseAction.FILE, condition="moon")
    assert code_of(desk, inspector, to_file, act) == "case.wrong_role"


def test_a_report_without_photo_or_verification_is_not_filed_and_says_why(
    desk, inspector, acceptor, leader
):
    case = desk.act(acceptor, desk.filed(inspector), "accept")
    seen = desk.cases.get(leader, UUID(case["id"]))
    assert "file" not in [act["action"] for act in seen["actions"]]
    [blocked] = [b for b in seen["blocked"] if b["action"] == "file"]
    assert blocked["code"] == "case.no_evidence"
    act = Act(CaseAction.FILE, condition="TJ-WELL-COVER")
    assert code_of(desk, leader, case, act) == "case.no_evidence"


def test_what_was_suggested_stands_beside_what_was_chosen(desk, to_dispatch, dispatcher):
    act = Act(CaseAction.DISPATCH, department="greening")
    case = desk.cases.move(dispatcher, UUID(to_dispatch["id"]), act)
    told = case["history"][-1]["details"]
    assert (told["suggested"], told["department"]) == ("drainage", "greening")


def test_filing_starts_the_limit_of_the_condition_when_the_case_is_dispatched(desk, in_hand):
    assert in_hand["condition"] == "TJ-WELL-COVER"
    assert in_hand["due_at"] > in_hand["history"][-1]["at"]
    assert in_hand["light"] == "green"


def test_a_suspended_case_stands_still_and_is_resumed_by_the_system_on_its_day(
    desk, in_hand, drainage, dispatcher
):
    until = desk.clock.now + timedelta(days=5)
    asked = desk.act(drainage, in_hand, "ask_suspension", note="等备件", until=until)
    assert asked["pending"][0]["kind"] == "suspension"
    case = desk.act(dispatcher, asked, "grant_suspension")
    assert (case["state"], case["due_at"]) == ("suspended", None)
    assert desk.cases.resume_suspended() == 0
    desk.clock.now = until
    assert desk.cases.resume_suspended() == 1
    after = desk.cases.get(dispatcher, UUID(case["id"]))
    assert (after["state"], after["history"][-1]["actor_title"]) == ("to_dispose", "系统")
    assert after["due_at"] > in_hand["due_at"]
    assert desk.cases.resume_suspended() == 0


def test_a_question_to_the_dispatcher_is_in_that_inbox_and_leaves_the_asker_s(
    desk, in_hand, drainage, dispatcher
):
    def inbox(person):
        return in_hand["id"] in {c["id"] for c in desk.cases.page(person, inbox=True)["cases"]}

    assert (inbox(drainage), inbox(dispatcher)) == (True, False)
    desk.act(drainage, in_hand, "ask_return", note="不归我们", proposed="greening")
    assert (inbox(drainage), inbox(dispatcher)) == (False, True)


def test_a_body_that_is_none_is_not_proposed(desk, in_hand, drainage):
    act = Act(CaseAction.ASK_RETURN, note="不归我们", proposed="moon")
    assert code_of(desk, drainage, in_hand, act) == "case.unknown_department"


def test_a_linked_case_keeps_its_reporter_and_is_moved_no_more(desk, inspector, acceptor, eastern):
    first = desk.filed(inspector)
    second = desk.filed(inspector)
    case = desk.act(acceptor, second, "link", target=UUID(first["id"]))
    assert (case["merged_into"], case["reporter_title"]) == (first["id"], "监督员甲")
    assert [a["action"] for a in case["actions"]] == ["unlink"]
    assert code_of(desk, acceptor, case, Act(CaseAction.ACCEPT)) == "case.merged"
    for target in (second["id"], "00000000-0000-0000-0000-00000000dead"):
        act = Act(CaseAction.LINK, target=UUID(target))
        assert code_of(desk, acceptor, first, act) == "case.bad_target"


def test_nobody_moves_what_they_do_not_see(desk, in_hand):
    stranger = Person(70, "园林", frozenset({Role.DEPARTMENT}), department="greening")
    with pytest.raises(NotFoundError):
        desk.cases.move(stranger, UUID(in_hand["id"]), Act(CaseAction.HAND_BACK, note="x"))


def test_an_opinion_has_a_longest_length(desk, inspector, acceptor):
    with pytest.raises(InvalidError):
        desk.act(acceptor, desk.filed(inspector), "refuse", note="长" * 2001)
