"""The way of a case to its end: who moves it, what is written down, who sees it on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from cityops.services.case_scope import acting_scope, scope_of
from cityops.services.case_values import CaseFilter
from cityops.services.roles import Role
from gis.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    StaleError,
)


@pytest.fixture
def dispatched(desk, inspector, acceptor, leader, dispatcher):
    """A case in the hands of the drainage department."""
    case = desk.filed(inspector)
    case = desk.act(acceptor, case, "accept")
    case = desk.act(leader, case, "file")
    return desk.act(dispatcher, case, "dispatch", department="drainage")


def test_a_case_goes_through_five_hands_and_is_closed(
    desk, dispatched, drainage, inspector, leader
):
    case = desk.act(drainage, dispatched, "hand_back", note="已更换井盖")
    case = desk.act(inspector, case, "pass")
    case = desk.act(leader, case, "close")
    assert case["state"] == "closed"
    assert case["ended"]
    assert case["actions"] == []
    titles = [step["title"] for step in case["history"]]
    assert titles == [
        *("上报", "受理批转", "立案", "派遣", "处置反馈", "派发核查", "核查通过", "结案"),
    ]


def test_the_history_says_who_when_and_what(desk, dispatched, drainage, leader):
    desk.act(drainage, dispatched, "hand_back", note="已更换井盖")
    last, sent = desk.cases.get(leader, UUID(dispatched["id"]))["history"][-2:]
    assert last["actor_title"] == "专业部门 排水部门"
    assert last["note"] == "已更换井盖"
    assert last["department_title"] == "排水管理部门（示例）"
    assert last["at"].startswith("2026-11-24T09:00")
    assert (last["before"], last["after"]) == ("to_dispose", "to_inspect")
    assert (sent["title"], sent["actor_title"], sent["after"]) == ("派发核查", "系统", "inspecting")


def test_times_of_a_history_never_go_back(desk, dispatched, drainage, leader):
    desk.act(drainage, dispatched, "hand_back", note="完工")
    times = [s["at"] for s in desk.cases.get(leader, UUID(dispatched["id"]))["history"]]
    assert times == sorted(times)


def test_an_act_on_a_stale_version_is_refused_with_both_versions(desk, inspector, acceptor):
    case = desk.filed(inspector)
    desk.act(acceptor, case, "accept")
    with pytest.raises(StaleError) as refusal:
        desk.act(acceptor, case, "refuse", note="重复")
    assert (refusal.value.got, refusal.value.expected) == (1, 2)
    assert "待立案" in str(refusal.value)
    assert desk.cases.get(acceptor, UUID(case["id"]))["state"] == "to_file"


def test_of_two_acts_at_once_one_wins(desk, inspector, acceptor):
    case = desk.filed(inspector)

    def accept(_):
        try:
            desk.act(acceptor, case, "accept")
        except StaleError:
            return "stale"
        return "done"

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(accept, range(6)))
    assert sorted(done) == ["done"] + ["stale"] * 5
    assert len(desk.cases.get(acceptor, UUID(case["id"]))["history"]) == 2


def test_a_refused_act_changes_nothing_and_is_audited(desk, inspector, planner, dispatcher):
    case = desk.filed(inspector)
    with pytest.raises(ConflictError):
        desk.act(dispatcher, case, "dispatch", department="drainage")
    entry = desk.audit()[0]
    assert (entry["action"], entry["result"]) == ("case.dispatch", "case.wrong_state")
    assert desk.cases.get(inspector, UUID(case["id"]))["version"] == 1


def test_only_the_role_of_a_stage_may_act(desk, inspector, leader, drainage, acceptor):
    case = desk.filed(inspector)
    with pytest.raises(ForbiddenError) as refusal:
        desk.act(leader, case, "accept")
    assert refusal.value.code == "case.wrong_role"


def test_an_unknown_department_is_named(desk, inspector, acceptor, leader, dispatcher):
    case = desk.act(leader, desk.act(acceptor, desk.filed(inspector), "accept"), "file")
    with pytest.raises(InvalidError) as refusal:
        desk.act(dispatcher, case, "dispatch", department="moon")
    assert "drainage" in refusal.value.expected


def test_a_department_that_gave_a_case_back_gets_it_again_with_a_reason_only(
    desk, dispatched, drainage, dispatcher
):
    case = desk.act(drainage, dispatched, "ask_return", note="不是我们的井", proposed="greening")
    assert case["state"] == "to_dispose"
    case = desk.act(dispatcher, case, "grant_return")
    assert case["state"] == "to_dispatch"
    with pytest.raises(InvalidError) as refusal:
        desk.act(dispatcher, case, "dispatch", department="drainage")
    assert refusal.value.field == "note"
    again = desk.act(dispatcher, case, "dispatch", department="drainage", note="查过台账，是")
    assert again["state"] == "to_dispose"


def test_the_reporter_is_hidden_from_the_department(desk, dispatched, drainage, dispatcher):
    seen = desk.cases.get(drainage, UUID(dispatched["id"]))
    assert seen["reporter_title"] is None
    assert seen["history"][0]["actor_title"] == "网格监督员"
    assert "监督员甲" not in str(seen)
    known = desk.cases.get(dispatcher, UUID(dispatched["id"]))
    assert known["reporter_title"] == "监督员甲"


def test_whoever_reported_is_hidden_from_the_department_whatever_the_role(
    desk, acceptor, leader, dispatcher, drainage
):
    street = replace(leader, id=31, name="街道戊", roles=frozenset({Role.STREET_OFFICER}))
    case = desk.act(leader, desk.act(acceptor, desk.filed(street), "accept"), "file")
    case = desk.act(dispatcher, case, "dispatch", department="drainage")
    seen = desk.cases.get(drainage, UUID(case["id"]))
    assert seen["history"][0]["actor_title"] == "街道社区人员"
    assert "街道戊" not in str(seen)


def test_a_department_sees_its_own_cases_and_no_others(desk, dispatched, drainage, greening):
    assert desk.cases.get(drainage, UUID(dispatched["id"]))["number"]
    with pytest.raises(NotFoundError) as refusal:
        desk.cases.get(greening, UUID(dispatched["id"]))
    assert refusal.value.code == "case.unknown"


def test_a_hidden_case_answers_as_one_that_is_not_there_and_the_look_is_audited(
    desk, inspector, eastern
):
    case = desk.filed(inspector)
    with pytest.raises(NotFoundError) as hidden:
        desk.cases.get(eastern, UUID(case["id"]))
    entry = desk.audit()[0]
    assert (entry["action"], entry["subject"]) == ("case.hidden", f"case:{case['id']}")
    other = UUID(int=UUID(case["id"]).int ^ 1)
    with pytest.raises(NotFoundError) as absent:
        desk.cases.get(eastern, other)
    assert absent.value.template == hidden.value.template


def test_the_same_look_at_a_hidden_case_is_audited_once(desk, inspector, eastern):
    case = desk.filed(inspector)
    for _ in range(3):
        with pytest.raises(NotFoundError):
            desk.cases.get(eastern, UUID(case["id"]))
    looks = [e for e in desk.audit() if e["subject"] == f"case:{case['id']}"]
    assert [e["action"] for e in looks].count("case.hidden") == 1


def test_a_hidden_case_cannot_be_moved_either(desk, inspector, eastern):
    case = desk.filed(inspector)
    with pytest.raises(NotFoundError):
        desk.act(eastern, case, "confirm")


def test_who_reported_keeps_seeing_the_case_whatever_their_area(desk, eastern, report):
    case = desk.filed(eastern, lon=117.2105)
    moved = type(eastern)(eastern.id, eastern.name, eastern.roles, areas=("990101001001",))
    assert desk.cases.get(moved, UUID(case["id"]))["number"] == case["number"]


def test_the_scope_is_the_same_in_sql_and_in_memory(
    desk, dispatched, inspector, eastern, drainage, greening, leader, planner
):
    desk.filed(inspector)
    desk.filed(eastern, lon=117.2105)
    with desk.store.reading() as tx:
        everything, _ = tx.cases.page(scope_of(leader), CaseFilter(), after=None, limit=500)
        nested = replace(leader, areas=("990101", "990101002001"))
        moved = replace(eastern, areas=("990101001001",))
        for person in (inspector, eastern, drainage, greening, leader, planner, nested, moved):
            for scope in (scope_of(person), acting_scope(person)):
                seen, total = tx.cases.page(scope, CaseFilter(), after=None, limit=500)
                assert {r.id for r in seen} == {r.id for r in everything if scope.reaches(r)}
                assert total == len(seen) == sum(tx.cases.counts(scope).values())


def test_each_inbox_holds_what_waits_for_its_owner(
    desk, dispatched, acceptor, leader, drainage, greening, inspector
):
    fresh = desk.filed(inspector)

    def inbox(person):
        return {case["id"] for case in desk.cases.page(person, inbox=True)["cases"]}

    assert fresh["id"] in inbox(acceptor)
    assert dispatched["id"] in inbox(drainage)
    assert inbox(greening) == set()
    assert fresh["id"] not in inbox(leader)
    for person in (acceptor, drainage):
        for case in desk.cases.page(person, inbox=True)["cases"]:
            assert case["actions"], case["state"]


def test_counts_by_state_are_those_of_the_lists(desk, dispatched, dispatcher, inspector):
    desk.filed(inspector)
    counted = desk.cases.counts(dispatcher)
    listed = desk.cases.page(dispatcher, limit=500)["cases"]
    for state, n in counted["states"].items():
        assert n == sum(case["state"] == state for case in listed)
    assert counted["inbox"] == desk.cases.page(dispatcher, inbox=True)["total"]


def test_a_list_goes_on_where_it_stopped(desk, inspector):
    for _ in range(5):
        desk.filed(inspector)
    pages, after = [], None
    while True:
        page = desk.cases.page(inspector, mine=True, after=after, limit=2)
        pages += [case["id"] for case in page["cases"]]
        after = page["next"]
        if after is None:
            break
    assert len(pages) == len(set(pages)) == page["total"]


def test_a_list_is_narrowed_by_box_class_and_domain(desk, inspector, report):
    here = desk.filed(inspector, lon=117.2099, lat=39.1099)
    box = (117.2098, 39.1098, 117.21, 39.11)
    found = desk.cases.page(inspector, box=box, class_code="0102", domain="component")
    assert [case["id"] for case in found["cases"]] == [here["id"]]
    assert desk.cases.page(inspector, box=box, domain="event")["total"] == 0


def test_a_row_says_since_when_the_case_stands_there(desk, dispatched, dispatcher):
    row = next(
        case for case in desk.cases.page(dispatcher)["cases"] if case["id"] == dispatched["id"]
    )
    assert row["moved_at"] == dispatched["history"][-1]["at"]


def test_a_row_says_of_a_case_what_the_whole_says(
    desk, dispatched, dispatcher, drainage, inspector
):
    for person in (dispatcher, drainage, inspector):
        rows = desk.cases.page(person, limit=20)["cases"]
        wholes = [desk.cases.get(person, UUID(row["id"])) for row in rows]
        told = [
            {name: whole[name] for name in row} for row, whole in zip(rows, wholes, strict=True)
        ]
        for one in (*rows, *told):
            del one["deadline"]  # a second later something less is left
        assert told == rows


def test_twins_are_looked_for_where_they_are_asked_for_only(desk, inspector, acceptor):
    there = {"lon": 117.2193, "lat": 39.1093}
    first, second = desk.filed(inspector, **there), desk.filed(inspector, **there)
    assert first["id"] in [twin["case_id"] for twin in second["duplicates"]]
    accepted = desk.act(acceptor, second, "accept")
    assert "duplicates" not in accepted
    assert "duplicates" not in desk.cases.get(acceptor, UUID(second["id"]))
    assert desk.cases.duplicates(acceptor, UUID(second["id"])) == second["duplicates"]


def test_who_has_nothing_to_do_with_cases_sees_no_list(desk, planner):
    for look in (desk.cases.page, desk.cases.counts):
        with pytest.raises(ForbiddenError):
            look(planner)


def test_classes_used_last_come_first_with_how_often(desk, inspector, eastern, planner):
    desk.filed(inspector)
    desk.filed(inspector)
    recent = desk.cases.classes(inspector)["recent"]
    assert recent[0]["title"] == "污水井盖"
    assert recent[0]["times"] >= 2
    assert len(recent) == 6
    assert len({(c["domain"], c["code"]) for c in recent}) == 6
    with pytest.raises(ForbiddenError):
        desk.cases.classes(planner)


def test_every_class_has_initials_to_find_it_by(desk, inspector):
    groups = desk.cases.classes(inspector)["all"]
    found = {c["title"]: c["initials"] for group in groups for c in group["classes"]}
    assert found["占道经营"] == "zdjy"
    assert found["雨水箅子"] == "ysbz"
    assert all(len(i) >= 2 for i in found.values())


def test_history_rows_can_neither_be_changed_nor_deleted(desk, dispatched):
    for statement in ("UPDATE case_step SET note = 'x'", "DELETE FROM case_step"):
        with pytest.raises(IntegrityError, match="history"), desk.store.writing() as tx:
            tx.connection.exec_driver_sql(statement)


def test_a_disposal_that_fails_inspection_goes_back_and_is_counted(
    desk, dispatched, drainage, inspector
):
    case = desk.act(drainage, dispatched, "hand_back", note="完工")
    case = desk.act(inspector, case, "fail", note="井盖仍松动")
    assert (case["state"], case["rework_count"]) == ("to_dispose", 1)
    assert case["department"] == "drainage"


def test_what_a_hotline_reports_is_verified_before_it_goes_on(desk, acceptor, inspector):
    case = desk.filed(acceptor)
    with pytest.raises(ConflictError) as refusal:
        desk.act(acceptor, case, "accept")
    assert refusal.value.code == "case.not_verified"
    case = desk.act(acceptor, case, "ask_verify")
    case = desk.act(inspector, case, "confirm")
    assert desk.act(acceptor, case, "accept")["state"] == "to_file"
