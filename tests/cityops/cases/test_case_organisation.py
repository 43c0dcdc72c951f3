"""Departments merged or closed and people disabled in mid-case, through the services."""

from __future__ import annotations

from uuid import UUID

import pytest

from cityops.services.accounts import AccountService
from cityops.services.case_organisation import OrganisationService
from cityops.services.roles import SYSTEM, Person, Role
from gis.errors import ForbiddenError, InvalidError, NotFoundError


@pytest.fixture
def organisation(desk):
    return OrganisationService(desk.store, desk.clock)


@pytest.fixture
def accounts(desk, organisation):
    return AccountService(desk.store, organisation.account_changed)


@pytest.fixture
def filed(desk, inspector, acceptor, leader):
    """File a case up to where it is dispatched."""

    def go():
        return desk.act(leader, desk.act(acceptor, desk.filed(inspector), "accept"), "file")

    return go


def seen(desk, case, person):
    return desk.cases.get(person, UUID(case["id"]))


def test_a_merged_department_hands_its_cases_and_accounts_to_the_successor(
    desk, organisation, accounts, filed, dispatcher
):
    case = desk.act(dispatcher, filed(), "dispatch", department="traffic")
    clerk = accounts.add(
        *(SYSTEM, "traffic.clerk", [Role.DEPARTMENT]),
        password="open-sesame-7",
        department="traffic",
    )
    told = organisation.end_department(SYSTEM, "traffic", "drainage")
    assert (told["cases"], told["accounts"]) == (1, 1)
    after = seen(desk, case, dispatcher)
    assert (after["state"], after["department"]) == ("to_dispose", "drainage")
    assert after["due_at"] == case["due_at"]
    assert after["history"][-1]["title"] == "机构调整"
    assert accounts.acting(clerk.id).department == "drainage"
    with pytest.raises(InvalidError) as refusal:
        desk.act(dispatcher, filed(), "dispatch", department="traffic")
    assert refusal.value.code == "case.unknown_department"


def test_a_closed_department_s_cases_are_dispatched_anew_and_its_clock_stands(
    desk, organisation, filed, dispatcher, greening
):
    case = desk.act(dispatcher, filed(), "dispatch", department="greening")
    assert organisation.end_department(SYSTEM, "greening")["cases"] >= 1
    after = seen(desk, case, dispatcher)
    assert (after["state"], after["department"], after["due_at"]) == ("to_dispatch", None, None)
    assert "greening" not in {d["code"] for d in after["departments"]}
    assert case["id"] in {c["id"] for c in desk.cases.page(dispatcher, inbox=True)["cases"]}
    with pytest.raises(NotFoundError):
        seen(desk, case, greening)
    again = desk.act(dispatcher, after, "dispatch", department="drainage")
    assert again["due_at"] is not None


def test_a_disabled_handler_s_case_falls_back_to_the_department(
    desk, accounts, filed, dispatcher, drainage
):
    worker = accounts.add(
        *(SYSTEM, "worker", [Role.DEPARTMENT]), password="open-sesame-7", department="drainage"
    )
    case = desk.act(dispatcher, filed(), "dispatch", department="drainage")
    case = desk.act(drainage, case, "assign", handler=worker.id)
    assert (case["state"], case["handler_title"]) == ("disposing", "worker")
    accounts.grant(SYSTEM, "worker", active=False)
    after = seen(desk, case, drainage)
    assert (after["state"], after["handler_title"]) == ("to_dispose", None)
    assert "停用" in after["history"][-1]["note"]
    with pytest.raises(InvalidError) as refusal:
        desk.act(drainage, after, "assign", handler=worker.id)
    assert refusal.value.code == "case.unknown_handler"


def test_an_errand_of_a_disabled_inspector_is_anybody_s_of_the_area(
    desk, accounts, acceptor, inspector
):
    left = accounts.add(SYSTEM, "left", [Role.INSPECTOR], password="open-sesame-7")
    case = desk.act(acceptor, desk.filed(acceptor), "ask_verify", assignee=left.id)
    assert [a["action"] for a in seen(desk, case, inspector)["actions"]] == []
    accounts.grant(SYSTEM, "left", active=False)
    after = seen(desk, case, inspector)
    assert "confirm" in [a["action"] for a in after["actions"]]
    assert desk.act(inspector, after, "confirm")["verified"] is True


def test_a_case_sent_back_to_who_is_gone_is_the_post_s(desk, accounts, inspector, leader):
    clerk = accounts.add(SYSTEM, "clerk", [Role.ACCEPTOR], password="open-sesame-7")
    case = desk.act(clerk.person, desk.filed(inspector), "accept")
    desk.act(leader, case, "send_back", note="类别不对")
    accounts.grant(SYSTEM, "clerk", roles=[Role.DISPATCHER])
    other = Person(77, "受理员己", frozenset({Role.ACCEPTOR}))
    assert desk.act(other, seen(desk, case, other), "accept")["state"] == "to_file"


@pytest.mark.parametrize(
    ("gone", "into"), [("moon", None), ("drainage", "moon"), ("drainage", "drainage")]
)
def test_no_department_ends_that_is_none_or_into_none(desk, organisation, gone, into):
    with pytest.raises(InvalidError) as refusal:
        organisation.end_department(SYSTEM, gone, into)
    assert refusal.value.code == "case.unknown_department"


def test_only_the_system_s_administrator_ends_departments(organisation, leader):
    with pytest.raises(ForbiddenError):
        organisation.end_department(leader, "drainage")
