"""The audit chain: what was changed, cut out or cut off shows; who is forgotten leaves it whole."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from click.testing import CliRunner

from cityops.cli import output as cli_output
from cityops.cli.main import cli
from cityops.services.audit import AuditDesk, anchor_of
from cityops.services.roles import SYSTEM, Person, Role
from cityops.settings import settings_from
from cityops.store.database import SqlStore
from gis.errors import ForbiddenError, InvalidError, UnavailableError

AUDITOR = Person(7, "审计", frozenset({Role.AUDITOR}))
ADMIN = Person(8, "系统", frozenset({Role.SYSTEM_ADMIN}))
GUARD = Person(9, "安全", frozenset({Role.SECURITY_ADMIN}))


@pytest.fixture
def here(empty_store, monkeypatch):
    """The store, which the command line of this process is about."""
    monkeypatch.setenv("CITYOPS_DATA_DIR", str(empty_store.settings.data_dir))
    cli_output.settings.cache_clear()
    yield empty_store
    cli_output.settings.cache_clear()


def note(store, *subjects, person=SYSTEM):
    with store.writing() as tx:
        return [tx.audit.add(person, "test", subject) for subject in subjects]


def tamper(store, *statements):
    """Change the file as somebody with the machine's password could."""
    with closing(sqlite3.connect(store.path)) as db:
        db.executescript("DROP TRIGGER audit_no_delete; DROP TRIGGER audit_no_update;")
        db.executescript(";".join(statements))


@pytest.mark.parametrize(
    ("statement", "broken_at", "why"),
    [
        ("UPDATE audit SET subject = 'x' WHERE id = 2", 2, "hash"),
        ("UPDATE audit SET at = '1970-01-01T00:00:00.000+00:00' WHERE id = 3", 3, "hash"),
        ("UPDATE audit SET body = '{}' WHERE id = 2", 2, "body"),
        ("DELETE FROM audit WHERE id = 2", 2, "gap"),
        ("DELETE FROM audit WHERE id = 1", 1, "gap"),
        ("UPDATE audit SET before = hash WHERE id = 4", 4, "before"),
    ],
)
def test_the_first_entry_that_does_not_fit_is_named_with_what_is_wrong(
    empty_store, statement, broken_at, why
):
    note(empty_store, "a", "b", "c", "d")
    tamper(empty_store, statement)
    check = AuditDesk(empty_store).verify(AUDITOR)
    assert (check.broken_at, check.why) == (broken_at, why)


def test_an_anchor_shows_what_a_chain_alone_cannot(empty_store):
    note(empty_store, "a", "b", "c")
    desk = AuditDesk(empty_store)
    anchor = anchor_of(desk.verify(AUDITOR).as_dict()["anchor"])
    note(empty_store, "d")
    assert desk.verify(AUDITOR, [anchor]).broken_at is None
    tamper(empty_store, "DELETE FROM audit WHERE id > 2")
    assert desk.verify(AUDITOR).broken_at is None
    assert desk.verify(AUDITOR, [anchor]).as_dict()["why"] == "lost"
    note(empty_store, "forged")
    assert desk.verify(AUDITOR, [anchor]).as_dict()["why"] == "anchor"


def test_the_hash_function_changes_within_the_chain_and_back(empty_store):
    note(empty_store, "a")
    other = SqlStore(replace(empty_store.settings, audit_hash="sm3"), empty_store.installed)
    try:
        assert note(other, "b", "c") == [3, 4]
    finally:
        other.dispose()
    assert AuditDesk(empty_store).verify(AUDITOR).algorithm == "sm3"
    note(empty_store, "d")
    check = AuditDesk(empty_store).verify(AUDITOR)
    assert (check.entries, check.broken_at, check.algorithm) == (6, None, "sha256")
    tamper(empty_store, "UPDATE audit SET result = 'x' WHERE id = 4")
    assert AuditDesk(empty_store).verify(AUDITOR).broken_at == 4


def test_sm3_is_the_function_of_its_standard():
    # GB/T 32905-2016, appendix A.1.
    known = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert hashlib.new("sm3", b"abc").hexdigest() == known


def test_an_unknown_hash_function_stops_the_program_with_its_name():
    with pytest.raises(InvalidError) as refused:
        settings_from({"CITYOPS_AUDIT_HASH": "md5"})
    assert refused.value.field == "CITYOPS_AUDIT_HASH"


def test_nobody_can_pass_an_act_for_a_change_of_the_hash_function(empty_store):
    with pytest.raises(InvalidError), empty_store.writing() as tx:
        tx.audit.add(SYSTEM, "audit.hash", "sm3")


def test_only_auditors_read_and_only_security_administrators_erase(empty_store):
    from cityops.services.audit import AuditQuery

    desk = AuditDesk(empty_store)
    for person in (ADMIN, GUARD):
        with pytest.raises(ForbiddenError):
            desk.verify(person)
        with pytest.raises(ForbiddenError):
            desk.found(person, AuditQuery())
    for person in (ADMIN, AUDITOR):
        with pytest.raises(ForbiddenError):
            desk.forget(person, "li", "理由")


def test_a_person_is_forgotten_and_the_chain_still_holds(empty_store):
    from cityops.services.accounts import AccountService

    made = AccountService(empty_store).add(
        SYSTEM, "li", [Role.PLANNER], password="open-sesame-7", name="李某某"
    )
    note(empty_store, "x", person=made.person)
    assert AuditDesk(empty_store).forget(GUARD, "li", "本人要求") == 2
    with empty_store.reading() as tx:
        entries = tx.audit.latest()
    assert "李某某" not in json.dumps(entries, ensure_ascii=False)
    assert entries[0]["action"] == "audit.erase"
    assert AuditDesk(empty_store).verify(AUDITOR).broken_at is None


def test_what_cannot_be_audited_is_not_done(empty_store):
    from cityops.services.accounts import AccountService

    with closing(sqlite3.connect(empty_store.path)) as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'x'); END")
    with pytest.raises(Exception, match="x"):
        AccountService(empty_store).add(SYSTEM, "li", [Role.PLANNER], password="open-sesame-7")
    with empty_store.reading() as tx:
        assert tx.accounts.find("li") is None


def test_the_command_prints_an_anchor_and_names_a_break(here):
    note(here, "a", "b")
    done = CliRunner().invoke(cli, ["audit", "verify", "--json"])
    anchor = json.loads(done.stdout)["anchor"]
    assert (done.exit_code, anchor[:2]) == (0, "2:")
    tamper(here, "UPDATE audit SET result = 'x' WHERE id = 1")
    broken = CliRunner().invoke(cli, ["audit", "verify", "--anchor", anchor, "--json"])
    told = json.loads(broken.stdout)
    assert (broken.exit_code, told["error"]["code"], told["broken_at"]) == (6, "audit.broken", 1)


def test_a_backup_is_audited_before_it_is_taken(here, tmp_path):
    with closing(sqlite3.connect(here.path)) as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'x'); END")
    done = CliRunner().invoke(cli, ["backup", str(tmp_path / "b.tar"), "--json"])
    assert done.exit_code != 0, done.output
    assert not (tmp_path / "b.tar").exists()


def test_a_machine_without_the_function_says_so(empty_store, monkeypatch):
    def missing(name, **_):
        raise ValueError(name)

    other = SqlStore(replace(empty_store.settings, audit_hash="sm3"), empty_store.installed)
    monkeypatch.setattr("cityops.store.audit.hashlib.new", missing)
    try:
        with pytest.raises(UnavailableError) as refused:
            note(other, "a")
        assert refused.value.code == "audit.no_hash"
    finally:
        other.dispose()
