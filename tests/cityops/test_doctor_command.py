"""``cityops doctor``: says what is ill and where, changes nothing, and never stays silent."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing

import pytest
from click.testing import CliRunner

from cityops.cli import output as cli_output
from cityops.cli.main import cli
from cityops.services.roles import SYSTEM


@pytest.fixture
def doctor(monkeypatch):
    """Run the command on a folder: exit code and the object on stdout."""

    def run(folder, *more: str):
        monkeypatch.setenv("CITYOPS_DATA_DIR", str(folder))
        cli_output.settings.cache_clear()
        done = CliRunner().invoke(cli, ["doctor", "--json", *more])
        assert not isinstance(done.exception, Exception), done.exception
        return done.exit_code, json.loads(done.stdout)

    yield run
    cli_output.settings.cache_clear()


@pytest.fixture
def ill(empty_store):
    """A store with an audit entry and two files; ``ill(sql)`` damages its database."""
    store = empty_store
    for number in range(2):
        with store.writing() as tx:
            tx.audit.add(SYSTEM, "test", str(number))
    store.files.put(b"one"), store.files.put(b"two")

    def damage(*statements: str):
        store.dispose()
        with closing(sqlite3.connect(store.path)) as db, db:
            for statement in statements:
                db.execute(statement)
        return store.settings.data_dir

    return damage


def test_a_sound_folder_is_well(doctor, ill):
    code, found = doctor(ill())
    assert code == 0
    assert found["ok"] is True
    assert found["store"]["faults"] == []
    assert "error" not in found
    assert {layer["name"] for layer in found["store"]["layers"]} >= {"pipes", "components"}
    assert found["store"]["files"]["total"] == 2
    assert found["store"]["audit"] == {"entries": 2, "broken_at": None}
    assert set(found["sandbox"]) >= {"landlock", "seccomp"}
    assert found["fonts"]["print"]
    assert found["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (("DROP TRIGGER audit_no_update", "UPDATE audit SET result = 'x' WHERE id = 1"), "审计链在第 1 条断开"),
        (("DROP TRIGGER audit_no_delete",), "缺少触发器 audit_no_delete"),
        (
            (
                "INSERT INTO lyr_pipes_rtree VALUES (7, 117, 118, 39, 40)",
            ),
            "pipes",
        ),
    ],
)  # fmt: skip
def test_what_is_ill_is_named_and_the_exit_code_says_so(doctor, ill, statements, named):
    code, found = doctor(ill(*statements))
    assert code == 6
    assert found["ok"] is False
    assert any(named in fault for fault in found["store"]["faults"]), found["store"]["faults"]
    assert found["error"]["code"] == "doctor.faults"
    assert len(found["errors"]) == len(found["store"]["faults"])


@pytest.mark.parametrize("full", [(), ("--full",)])
def test_a_damaged_and_a_lost_file_are_named(doctor, ill, empty_store, full):
    damaged, _ = sorted(empty_store.files.names())
    empty_store.files.path(damaged).write_bytes(b"something else")
    code, found = doctor(ill(), *full)
    assert code == 6
    assert found["store"]["files"]["damaged"] == [damaged]


def test_a_folder_that_is_not_there_is_ill_and_is_not_made(doctor, tmp_path):
    code, found = doctor(tmp_path / "none")
    assert code == 6
    assert found["store"]["error"]["code"] == "store.missing"
    assert "没有数据库" in found["error"]["message"]
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_no_database_is_named(doctor, tmp_path):
    (tmp_path / "cityops.db").write_bytes(b"this is a letter, not a database" * 100)
    code, found = doctor(tmp_path)
    assert code == 6
    assert found["store"]["error"]["code"] == "store.not_a_database"


def test_people_read_it_as_text(monkeypatch, ill):
    monkeypatch.setenv("CITYOPS_DATA_DIR", str(ill()))
    cli_output.settings.cache_clear()
    done = CliRunner().invoke(cli, ["doctor"])
    cli_output.settings.cache_clear()
    assert done.exit_code == 0
    assert "一切正常" in done.stdout
    assert "隔离：" in done.stdout
