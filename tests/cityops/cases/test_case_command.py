"""``cityops case``: the fixed forms, in somebody's name, and what each wrong line is told."""

from __future__ import annotations

import json
import os
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner

from cityops.bootstrap import Services
from cityops.cli import case as case_command
from cityops.cli import output as cli_output
from cityops.cli.main import cli
from cityops.services.roles import SYSTEM, Role
from cityops.settings import Settings
from cityops.store.database import create_all

from .conftest import HERE, fill_town, jpeg

COVER = "component:GB/T 30428.2-2013:0102"
FORM = {
    *("case_id", "state", "cell_code", "suggested_department", "runner_up", "accept_due_at"),
    *("disposal_due_at", "version", "duplicates"),
}


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """The town in a data folder of its own, with people who have accounts."""
    made = Settings(data_dir=tmp_path_factory.mktemp("command") / "data")
    store = create_all(made)
    fill_town(store)
    store.dispose()
    services = Services(made)
    people = {
        "patrol": (Role.INSPECTOR, {}),
        "desk": (Role.ACCEPTOR, {}),
        "lead": (Role.SHIFT_LEADER, {}),
        "sender": (Role.DISPATCHER, {}),
        "drains": (Role.DEPARTMENT, {"department": "drainage"}),
    }
    for name, (role, more) in people.items():
        services.accounts.add(SYSTEM, name, [role], password="open-sesame-7", **more)
    yield services
    services.store.dispose()


@pytest.fixture
def cityops(city, monkeypatch):
    """Run ``cityops case ...``: exit code and the object on stdout."""
    monkeypatch.setenv("CITYOPS_DATA_DIR", str(city.settings.data_dir))
    cli_output.settings.cache_clear()

    def run(*arguments):
        done = CliRunner().invoke(cli, ["case", *map(str, arguments), "--json"])
        assert not isinstance(done.exception, Exception), done.exception
        return done.exit_code, json.loads(done.stdout)

    yield run
    cli_output.settings.cache_clear()


@pytest.fixture
def shot(tmp_path):
    path = tmp_path / "cover.jpg"
    path.write_bytes(jpeg())
    return path


@pytest.fixture
def file(cityops):
    """File a report; `more` are further words of the line."""

    def go(*more, key=None, cls=COVER, at=HERE, who="patrol"):
        line = ("--at", *at, "--class", cls, "--description", "井盖破损", "--as", who)
        return cityops("file", *line, "--key", key or uuid4(), *more)

    return go


def test_a_case_is_filed_in_the_fixed_form(file, shot):
    code, told = file("--photo", shot)
    assert code == 0
    assert set(told) >= FORM
    assert (told["state"], told["cell_code"], told["version"]) == (
        *("reported", "990101001001001"),
        1,
    )
    assert (told["suggested_department"], told["disposal_due_at"]) == ("drainage", None)
    assert told["accept_due_at"]


def test_the_same_key_gives_the_same_case_and_with_other_content_a_conflict(file, shot, tmp_path):
    key = uuid4()
    first, again = file("--photo", shot, key=key)[1], file("--photo", shot, key=key)[1]
    assert first["case_id"] == again["case_id"] == str(key)
    other = tmp_path / "other.jpg"
    other.write_bytes(jpeg((50, 40)))
    for more in (("--photo", other), (), ("--photo", shot, "--condition", "TJ-WELL-COVER")):
        code, told = file(*more, key=key)
        assert (code, told["error"]["code"]) == (4, "case.id_taken")


def test_a_second_report_of_the_same_thing_names_the_first(file):
    first, second = file()[1], file()[1]
    [twin] = [d for d in second["duplicates"] if d["case_id"] == first["case_id"]]
    assert twin == {"case_id": first["case_id"], "distance_m": 0.0, "state": "reported"}


def test_a_place_in_gcj02_is_taken_there(file):
    code, told = file("--crs", "gcj02", at=(117.2068, 39.1015))
    assert (code, told["cell_code"]) == (0, "990101001001001")


def test_a_case_goes_all_the_way_by_commands_and_is_explained(file, cityops, shot):
    case = file("--photo", shot, "--condition", "TJ-WELL-COVER")[1]["case_id"]
    line = [
        ("accept", "desk"),
        ("file", "lead"),
        ("dispatch", "sender", "--to", "drainage"),
        ("hand_back", "drains", "--reason", "已更换", "--photo", shot),
        ("pass", "patrol"),
        ("close", "lead"),
    ]
    for action, who, *more in line:
        code, told = cityops("move", case, action, "--as", who, "--key", uuid4(), *more)
        assert code == 0, told
    assert told["state"] == "closed"
    code, why = cityops("explain", case)
    assert (code, set(why)) == (0, {"due_at", "sentences", "periods"})
    assert set(why["periods"][0]) == {"from", "to", "counted_s", "why"}
    assert "未超时" in why["sentences"][-1]


def test_the_same_act_under_its_key_is_done_once(file, cityops):
    case, key = file()[1]["case_id"], uuid4()
    act = ("move", case, "accept", "--as", "desk", "--key", key, "--version", 1)
    assert cityops(*act) == cityops(*act)
    code, told = cityops("move", case, "accept", "--as", "desk", "--key", key, "--reason", "x")
    assert (code, told["error"]["code"]) == (4, "case.key_taken")


@pytest.mark.parametrize(
    ("change", "code", "error"),
    [
        ({"cls": "0102"}, 2, "case.bad_class"),
        ({"cls": "component:moon:0102"}, 2, "scheme.unknown"),
        ({"cls": "event:GB/T 30428.2-2013:0199"}, 2, "scheme.unknown_class"),
        ({"at": (10.0, 50.0)}, 2, "case.outside_area"),
        ({"at": (39.1005, 117.2005)}, 2, "crs.swapped"),
        ({"who": "nobody"}, 3, "account.unknown"),
        ({"who": "drains"}, 5, "case.may_not_report"),
    ],
)
def test_a_wrong_report_is_refused_by_its_own_code_and_nothing_is_kept(
    file, city, change, code, error
):
    key = uuid4()
    found, told = file(key=key, **change)
    codes = {told["error"]["code"]} | {one["code"] for one in told["errors"]}
    assert (found, error in codes) == (code, True), told
    with city.store.reading() as tx:
        assert tx.cases.find(key) is None


@pytest.mark.parametrize(
    ("more", "code", "error"),
    [
        (("--condition", "moon"), 2, "scheme.unknown_condition"),
        (("--condition", "YC-E0401-1"), 2, "scheme.foreign_condition"),
        (("--photo", "no/such.jpg"), 3, "file.missing"),
        (("--photo", __file__), 2, "photo.wrong_type"),
        (("--crs", "mars"), 2, "crs.unknown"),
    ],
)
def test_a_wrong_part_of_a_report_is_named(file, city, more, code, error):
    key = uuid4()
    found, told = file(*more, key=key)
    codes = {told["error"]["code"]} | {one["code"] for one in told["errors"]}
    assert (found, error in codes) == (code, True), told
    with city.store.reading() as tx:
        assert tx.cases.find(key) is None


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        (("fly", "--as", "desk"), 2, "field.enum"),
        (("close", "--as", "lead"), 4, "case.wrong_state"),
        (("accept", "--as", "patrol"), 5, "case.wrong_role"),
        (("accept", "--as", "desk", "--version", 7), 4, "case.stale"),
        (("refuse", "--as", "desk"), 2, "case.note_needed"),
        (("accept", "--as", "desk", "--to", "x"), 2, "case.to_unused"),
        (("link", "--as", "desk", "--to", "x"), 2, "case.bad_target"),
        (("ask_verify", "--as", "desk", "--to", "lead"), 2, "case.unknown_collector"),
    ],
)
def test_a_wrong_act_is_refused_by_its_own_code_and_nothing_changes(
    file, cityops, city, line, code, error
):
    case = file()[1]["case_id"]
    found, told = cityops("move", case, *line, "--key", uuid4())
    assert (found, told["error"]["code"]) == (code, error), told
    with city.store.reading() as tx:
        assert tx.cases.find(UUID(case)).version == 1


def test_everything_wrong_with_the_line_of_a_report_is_told(file):
    more = ("--photo", "no/such.jpg", "--crs", "mars")
    code, told = file(*more, key="seven", cls="component", who="nobody")
    fields = [one["field"] for one in told["errors"]]
    assert (code, fields[:4]) == (2, ["--key", "class", "photo", "crs"])
    assert "account.unknown" in {one["code"] for one in told["errors"]}


def test_cases_are_listed_by_state_and_for_whom_they_wait(file, cityops):
    case = file()[1]["case_id"]
    code, found = cityops("list", "--state", "reported", "--as", "desk", "--inbox")
    assert (code, found["cases"][0]["id"]) == (0, case)
    assert {one["state"] for one in found["cases"]} == {"reported"}
    assert cityops("list")[1]["total"] >= found["total"]
    assert cityops("list", "--state", "asleep")[1]["error"]["code"] == "field.enum"
    assert cityops("list", "--inbox")[1]["error"]["code"] == "case.whose_inbox"


def test_a_refused_act_keeps_its_photo_out(file, cityops, city, shot):
    case = file()[1]["case_id"]
    line = ("move", case, "hand_back", "--as", "desk", "--reason", "x", "--photo", shot)
    code, told = cityops(*line, "--key", uuid4())
    assert (code, told["error"]["code"]) == (4, "case.wrong_state")
    assert city.cases.get(SYSTEM, UUID(case))["photos"] == []


def test_in_a_name_acts_who_owns_the_data_folder_and_the_trail_says_so(file, city, monkeypatch):
    assert file()[0] == 0
    with city.store.reading() as tx:
        entries = [e for e in tx.audit.latest() if e["action"] == "account.as"]
    assert entries[0]["result"] == "ok"
    monkeypatch.setattr(case_command.os, "geteuid", lambda: 4711)
    key = uuid4()
    code, told = file(key=key)
    assert (code, told["error"]["code"]) == (5, "account.not_owner")
    with city.store.reading() as tx:
        assert tx.audit.latest()[0]["result"] == "account.not_owner"
        assert tx.cases.find(key) is None


def test_the_administrator_of_the_machine_is_no_exception(file, monkeypatch):
    monkeypatch.setattr(case_command, "owners_of", lambda _: [4711])
    monkeypatch.setattr(case_command.os, "geteuid", lambda: 0)
    assert file()[1]["error"]["code"] == "account.not_owner"


def test_an_end_that_is_no_time_is_named_as_such(file, cityops):
    case = file()[1]["case_id"]
    more = ("--until", "2027-13-01", "--as", "patrol", "--key", uuid4(), "--reason", "等")
    code, told = cityops("move", case, "ask_suspension", *more)
    assert (code, told["error"]["code"], told["error"]["field"]) == (
        2,
        "calendar.bad_time",
        "until",
    )


def test_a_database_that_lies_elsewhere_has_an_owner_too(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "other.db").touch()
    stat = type(tmp_path).stat

    def owned(path, **how):
        found = stat(path, **how)
        return os.stat_result((*found[:4], 4711, *found[5:])) if path.name == "other.db" else found

    monkeypatch.setattr(type(tmp_path), "stat", owned)
    elsewhere = Settings(data_dir=tmp_path / "data", database_url=f"sqlite:///{tmp_path}/other.db")
    assert sorted(case_command.owners_of(elsewhere)) == sorted([os.geteuid(), 4711])


def test_nobody_owns_a_folder_that_is_not_there(file, monkeypatch):
    monkeypatch.setattr(case_command, "owners_of", lambda _: [])
    assert file()[1]["error"]["code"] == "account.not_owner"


def test_a_disabled_account_lends_its_name_to_nobody(file, city):
    city.accounts.add(SYSTEM, "gone", [Role.INSPECTOR], password="open-sesame-7")
    city.accounts.grant(SYSTEM, "gone", active=False)
    assert file(who="gone")[1]["error"]["code"] == "account.inactive"
