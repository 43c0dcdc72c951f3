"""``cityops user``: accounts from the machine's own command line, and what becomes of open sessions."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from cityops.bootstrap import Services
from cityops.cli import output as cli_output
from cityops.cli.main import cli
from cityops.services.roles import Role
from cityops.settings import Settings


@pytest.fixture
def user(empty_store, monkeypatch):
    """Run ``cityops user ...`` on an empty store: exit code and the object on stdout."""
    monkeypatch.setenv("CITYOPS_DATA_DIR", str(empty_store.settings.data_dir))
    cli_output.settings.cache_clear()

    def run(*arguments: str, stdin: str = ""):
        done = CliRunner().invoke(cli, ["user", *arguments, "--json"], input=stdin)
        assert not isinstance(done.exception, Exception), done.exception
        return done.exit_code, json.loads(done.stdout)

    yield run
    cli_output.settings.cache_clear()


@pytest.fixture
def enter(empty_store):
    """Sign in on the web: the client, or None when it is refused."""
    from webmap.app import create_app

    folder = empty_store.settings.data_dir
    services = Services(Settings(data_dir=folder, secret_key="k" * 40, demo=True))
    app = create_app(services=services)

    def go(name: str, password: str):
        client = app.test_client()
        page = client.get("/login").text
        token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        form = {"username": name, "password": password, "csrf_token": token}
        return client if client.post("/login", data=form).status_code == 302 else None

    yield go
    services.store.dispose()


def test_a_new_account_gets_a_password_that_is_shown_once_and_opens_the_door(user, enter):
    code, made = user("add", "zhang.san", "--role", "planner", "--name", "张三")
    assert code == 0
    assert (made["username"], made["name"], made["roles"]) == ("zhang.san", "张三", ["planner"])
    assert len(made["password"]) >= 12
    assert enter("zhang.san", made["password"])
    _, listed = user("list")
    assert [u["username"] for u in listed["users"]] == ["zhang.san"]
    assert "password" not in json.dumps(listed)


def test_a_password_of_ones_own_comes_by_stdin_and_is_not_repeated(user, enter):
    arguments = ("add", "li", "--role", "inspector", "--password-stdin")
    code, made = user(*arguments, stdin="open-sesame-7\n")
    assert code == 0
    assert "password" not in made
    assert enter("li", "open-sesame-7")


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "error"),
    [
        (("add", "li", "--role", "planner", "--password-stdin"), "short\n", 2, "account."),
        (("add", "li", "--role", "planner", "--password-stdin"), "", 2, "account."),
        (("add", "Li Si!", "--role", "planner"), "", 2, "account.invalid"),
        (("add", "li"), "", 2, "cli.usage"),
        (("add", "li", "--role", "emperor"), "", 2, "cli.usage"),
        (("add", "li", "--role", "citizen"), "", 2, "cli.usage"),
        (("add", "li", "--role", "planner", "--area", "12x"), "", 2, "account.invalid"),
        (("add", "li", "--role", "planner", "--category", "pipes"), "", 2, "account.bad_category"),
        (("add", "li", "--role", "planner", "--category", "pipes=gold"), "", 2, "account.invalid"),
        (("add", "li", "--role", "auditor", "--role", "system_admin"), "", 2, "account.invalid"),
        (("grant", "nobody", "--role", "planner"), "", 3, "account.unknown"),
        (("passwd", "nobody"), "", 3, "account.unknown"),
        (("disable", "nobody"), "", 3, "account.unknown"),
    ],
)
def test_what_cannot_be_is_refused_and_makes_no_account(user, arguments, stdin, code, error):
    got, told = user(*arguments, stdin=stdin)
    assert got == code
    assert told["error"]["code"].startswith(error)
    assert user("list")[1]["users"] == []


def test_a_name_is_given_once(user):
    user("add", "li", "--role", "planner")
    code, told = user("add", "LI", "--role", "planner")
    assert (code, told["error"]["code"]) == (4, "account.exists")


def test_limits_are_kept_and_taken_away(user):
    limits = ("--area", "120101", "--area", "120102001", "--category", "pipes=gas,water")
    _, made = user("add", "gas", "--role", "pipeline_owner", *limits)
    assert made["areas"] == ["120101", "120102001"]
    assert made["categories"] == {"pipes": ["gas", "water"]}
    _, changed = user("grant", "gas", "--everywhere")
    assert (changed["areas"], changed["categories"]) == ([], {"pipes": ["gas", "water"]})
    _, changed = user("grant", "gas", "--all-categories", "--role", "planner")
    assert (changed["categories"], changed["roles"]) == ({}, ["planner"])


@pytest.mark.parametrize(
    "act", [("disable", "li"), ("passwd", "li"), ("grant", "li", "--area", "12")]
)
def test_open_sessions_end_when_an_account_changes(user, enter, act):
    _, made = user("add", "li", "--role", "planner")
    client = enter("li", made["password"])
    assert client.get("/api/v1/layers").status_code == 200
    assert user(*act)[0] == 0
    assert client.get("/api/v1/layers").status_code == 401


def test_a_disabled_account_does_not_come_in_until_it_is_enabled(user, enter):
    _, made = user("add", "li", "--role", "planner")
    user("disable", "li")
    assert enter("li", made["password"]) is None
    user("disable", "li", "--enable")
    assert enter("li", made["password"])


def test_every_act_is_in_the_audit_trail_and_no_password_is(user, empty_store):
    _, made = user("add", "li", "--role", "planner")
    user("passwd", "li")
    user("grant", "li", "--role", "inspector")
    with empty_store.reading() as tx:
        entries = tx.audit.latest()
        assert tx.audit.verify().broken_at is None
    acts = [entry["action"] for entry in entries]
    assert acts == ["account.grant", "account.password", "account.add"]
    assert made["password"] not in json.dumps(entries)


def test_every_role_but_the_citizen_can_be_given(user):
    for role in Role:
        if role is not Role.CITIZEN:
            assert user("add", f"as.{role.value}", "--role", role.value)[0] == 0


def test_passwords_are_hashed_dearly_where_no_test_makes_them_cheap():
    program = "from cityops.services.accounts import hash_password; print(hash_password('x'))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout.startswith("$argon2id$v=19$m=65536,t=3,p=4$"), told.stderr
