"""Cases of a data folder of the schema before: each goes on where it stood.

``data/cases_0002.sql`` is what a program of that schema wrote: ten cases, one or more in each state.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cityops.services.areas import AreaService
from cityops.services.case_acts import Act
from cityops.services.cases import CaseService
from cityops.services.roles import Person, Role
from cityops.settings import Settings
from cityops.store.database import create_all, open_store
from cityops.store.migrate import REVISIONS, upgrade
from gis.errors import UnavailableError
from grid.flow.states import CaseAction

OLD = Path(__file__).parent / "data" / "cases_0002.sql"
NEW = ("case_key", "case_fact", "grid_table")
STATES = (
    *("reported", "verifying", "to_file", "to_dispatch", "to_dispose", "inspecting", "to_close"),
    *("closed", "to_dispatch", "not_accepted"),
)
PEOPLE = {
    role: Person(40 + n, role.value, frozenset({role}), department=department)
    for n, (role, department) in enumerate(
        [
            *((Role.INSPECTOR, None), (Role.ACCEPTOR, None), (Role.SHIFT_LEADER, None)),
            *((Role.DISPATCHER, None), (Role.DEPARTMENT, "drainage")),
        ]
    )
}


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """Settings of a data folder that a program of schema 0002 left."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("old") / "data")
    create_all(settings).dispose()
    with closing(sqlite3.connect(settings.data_dir / "cityops.db")) as database:
        for table in (*NEW, "case_photo", "case_step", "case_record", "case_counter"):
            database.execute(f"DROP TABLE {table}")
        database.executescript(OLD.read_text("utf-8"))
        database.execute("UPDATE alembic_version SET version_num = '0002'")
        database.commit()
    return settings


@pytest.fixture(scope="module")
def cases(old):
    """The case service on that folder, brought up."""
    with pytest.raises(UnavailableError, match="0002"):
        open_store(old)
    assert upgrade(old) == ("0002", REVISIONS[-1])
    store = open_store(old)
    yield CaseService(store, AreaService())
    store.dispose()


def act(cases, number, role, action, **more):
    return cases.move(PEOPLE[role], UUID(int=number), Act(CaseAction(action), **more))


@pytest.mark.parametrize(("number", "state"), [*enumerate(STATES, 1)])
def test_every_case_stands_where_it_stood_with_its_history(cases, number, state):
    case = cases.get(PEOPLE[Role.DISPATCHER], UUID(int=number))
    assert case["state"] == state
    assert case["history"][0]["title"] == "上报"
    assert [s["number"] for s in case["history"]] == list(range(1, len(case["history"]) + 1))
    assert case["history"][-1]["after"] == state


def test_words_of_before_are_still_words(cases):
    told = cases.get(PEOPLE[Role.DISPATCHER], UUID(int=9))["history"]
    assert [s["title"] for s in told] == ["上报", "受理批转", "立案", "派遣", "回退"]


def test_inboxes_hold_what_waits(cases):
    def waiting(role):
        rows = cases.page(PEOPLE[role], inbox=True)["cases"]
        assert all(row["actions"] for row in rows)
        return {UUID(row["id"]).int for row in rows}

    assert waiting(Role.ACCEPTOR) == {1}
    assert waiting(Role.INSPECTOR) == {2, 6}
    assert waiting(Role.SHIFT_LEADER) == {3, 7}
    assert waiting(Role.DISPATCHER) == {4, 9}
    assert waiting(Role.DEPARTMENT) == {5}


def test_the_department_still_does_not_learn_who_reported_or_inspected(cases):
    assert "监督员甲" not in str(cases.get(PEOPLE[Role.DEPARTMENT], UUID(int=7)))


def test_a_department_that_gave_a_case_back_is_still_remembered(cases):
    from gis.errors import InvalidError

    with pytest.raises(InvalidError, match="刚刚回退"):
        act(cases, 9, Role.DISPATCHER, "dispatch", department="drainage")


def test_cases_in_hand_go_on(cases):
    act(cases, 2, Role.INSPECTOR, "confirm")
    act(cases, 2, Role.ACCEPTOR, "accept", key=uuid4())
    act(cases, 2, Role.SHIFT_LEADER, "file", condition="TJ-WELL-COVER")
    sent = act(cases, 2, Role.DISPATCHER, "dispatch", department="drainage")
    assert sent["due_at"] is not None
    assert act(cases, 6, Role.INSPECTOR, "pass")["state"] == "to_close"
    assert act(cases, 5, Role.DEPARTMENT, "ask_return", note="不是", proposed="greening")["pending"]
