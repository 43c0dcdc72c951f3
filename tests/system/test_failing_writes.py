"""The kernel refuses the n-th write, syncs, space or all writing: what was acknowledged is there, once."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cityops.settings import Settings
from cityops.store.database import open_store
from cityops.store.health import check_store

FAILING = Path(__file__).parent / "failing.py"
NAMED = {"store.io", "store.disk_full", "store.read_only", "file.cannot_write", "store.cannot_open"}


@pytest.fixture
def run(folder, machine):
    """Runs a mode of failing.py to its end; gives what it said."""

    def run_it(mode, *before):
        done = subprocess.run(
            [*before, sys.executable, str(FAILING), str(folder), mode],
            env=machine.environment(folder),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if before and not done.stdout:
            pytest.skip("this machine gives an ordinary user no disk of their own")
        said = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 0, done.stderr[-2000:]
        if any(line["act"] == "skip" for line in said):
            pytest.skip("this machine gives an ordinary user no disk of their own")
        return said

    return run_it


def check(folder, said):
    """Rows, indexes, files and audit agree, and hold exactly what was acknowledged at last."""
    store = open_store(Settings(data_dir=folder))
    try:
        faults = [f for f in check_store(store, full=True)["faults"] if "磁盘" not in f]
    finally:
        store.dispose()
    assert faults == []
    with closing(sqlite3.connect(folder / "cityops.db")) as db:
        cases = [i for (i,) in db.execute("SELECT id FROM case_record")]
        photos = [
            i
            for (i,) in db.execute(
                "SELECT r.id FROM case_photo p JOIN case_record r ON r.seq = p.case_seq"
            )
        ]
        told = dict(db.execute("SELECT action, count(*) FROM audit GROUP BY action"))
    for act, there in (("case", cases), ("photo", photos)):
        ids = {line["id"] for line in said if line["act"] == act and line["result"] == "ok"}
        assert ids <= set(there)
        assert len(there) == len(set(there))
    assert told.get("case.photo", 0) == len(photos)
    refused = [line for line in said if line["result"] != "ok"]
    assert {line["result"] for line in refused} <= NAMED
    return refused


def test_whichever_write_fails_the_act_is_there_whole_or_not_at_all(run, folder):
    said = run("nth_write")
    refused = check(folder, said)
    # Each n from the first page on was refused, until one act had room for all its pages.
    for act in ("case", "photo"):
        tries = [line["n"] for line in said if line["act"] == act and line["n"] > 0]
        assert tries == list(range(1, len(tries) + 1))
        assert len(tries) > 4
        first_good = [x["n"] for x in said if x["act"] == act and x["result"] == "ok" and x["n"]]
        assert first_good == [len(tries)]
    again = [line for line in said if line["n"] == 0]
    assert {line["result"] for line in again} == {"ok"}
    assert len(refused) > 8


def test_nothing_is_acknowledged_while_syncs_fail(run, folder):
    said = run("failing_sync")
    check(folder, said)
    assert [line["result"] for line in said[1:]].count("ok") == 0


def test_a_photo_whose_row_cannot_be_synced_is_not_acknowledged(run, folder):
    said = run("failing_log_sync")
    check(folder, said)
    assert said[1]["result"] == said[2]["result"] == "store.io"


def test_a_full_disk_refuses_whole_acts_until_there_is_room(run, folder):
    said = run("full_disk", "unshare", "-rm")
    refused = check(folder, said)
    assert len(refused) == 20
    assert [line["result"] for line in said[-2:]] == ["ok", "ok"]


def test_a_disk_that_turns_read_only_is_named_still_read_and_goes_on(run, folder):
    said = run("read_only_disk", "unshare", "-rm")
    check(folder, said)
    assert said[1]["result"] in {"store.read_only", "store.cannot_open"}
    assert said[-1]["result"] == "ok"
