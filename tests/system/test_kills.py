"""A hundred kills -9 at random moments of import and filing: nothing acknowledged is lost, nothing half."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from cityops.services.snapshots import Views
from cityops.settings import Settings
from cityops.store.database import open_store
from cityops.store.health import check_store

pytestmark = pytest.mark.slow

KILLS = 100
EDITED_MM = 77.0


class Nest:
    """Starts pairs of processes, kills them, and keeps what they said was acknowledged."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.acknowledged: list[dict] = []
        self.killed = 0
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "nest.py"), str(folder)],
            env=environment | {"OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def round(self, seed: int, works: tuple[str, ...], delays: list[float]) -> None:
        """Let processes work and kill each after its delay."""
        self._process.stdin.write(json.dumps({"seed": seed, "works": works}) + "\n")
        self._process.stdin.flush()
        pids = []
        while len(pids) < len(works):
            line = json.loads(self._process.stdout.readline())
            pids.append(line["pid"]) if line["act"] == "started" else self._note(line)
        began = time.monotonic()
        for pid, delay in sorted(zip(pids, delays, strict=True), key=lambda pair: pair[1]):
            time.sleep(max(0.0, began + delay - time.monotonic()))
            os.kill(pid, signal.SIGKILL)
        while (line := json.loads(self._process.stdout.readline()))["act"] != "over":
            self._note(line)

    def _note(self, line: dict) -> None:
        if line["act"] == "ended":
            # Whoever ended by itself failed, and would have hidden what killing shows.
            assert line["signal"] == signal.SIGKILL, line
            self.killed += 1
        else:
            self.acknowledged.append(line)

    def said(self, act: str) -> list[dict]:
        return [line for line in self.acknowledged if line["act"] == act]

    def end(self) -> None:
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


def check_whole(nest: Nest) -> None:
    """Rows, indexes, log, files and audit agree, and every acknowledged act is there once."""
    settings = Settings(data_dir=nest.folder)
    store = open_store(settings)
    try:
        assert check_store(store, full=True)["faults"] == []
        with closing(sqlite3.connect(store.path)) as db:
            check_imports(db, nest)
            check_cases(db, nest)
        check_log(store, settings)
    finally:
        store.dispose()


def check_imports(db: sqlite3.Connection, nest: Nest) -> None:
    """Each delivery has all of its rows, less those that were deleted, or is not there."""
    stored = dict(db.execute("SELECT source_id, count(*) FROM lyr_pipes GROUP BY source_id"))
    reports = db.execute("SELECT id, state, report FROM delivery").fetchall()
    assert {state for _, state, _ in reports} <= {"stored"}
    gone = Counter(
        int(json.loads(body)["detail"].get("delivery", 0) or 0)
        for (body,) in db.execute("SELECT body FROM audit WHERE action = 'layer.import'")
    )
    for number, _, report in reports:
        assert gone[number] == 1  # one audit entry for each import
        missing = json.loads(report)["stored"] - stored[number]
        assert missing in (0, 1), (number, missing)
    removed = {line["key"] for line in nest.said("remove")}
    keys = {key for (key,) in db.execute("SELECT id FROM lyr_pipes")}
    assert removed & keys == set()
    numbers = {number for number, _, _ in reports}
    assert {line["delivery"] for line in nest.said("import")} <= numbers
    assert set(stored) - {None} <= numbers
    edited = db.execute("SELECT id FROM lyr_pipes WHERE diameter_mm = ?", (EDITED_MM,))
    assert {line["key"] for line in nest.said("edit")} <= {key for (key,) in edited}


def check_cases(db: sqlite3.Connection, nest: Nest) -> None:
    """Cases once, with as many steps as versions, each step told in outbox and audit, photos too."""
    cases = {i: (seq, v) for i, seq, v in db.execute("SELECT id, seq, version FROM case_record")}
    for line in nest.said("case"):
        assert cases[line["id"]][1] >= line["version"]
    numbers = [n for (n,) in db.execute("SELECT number FROM case_record")]
    assert len(set(numbers)) == len(numbers)
    steps = dict(db.execute("SELECT case_seq, count(*) FROM case_step GROUP BY case_seq"))
    photos = Counter(seq for (seq,) in db.execute("SELECT case_seq FROM case_photo"))
    told = Counter(
        json.loads(body)["id"]
        for (body,) in db.execute("SELECT body FROM outbox WHERE topic LIKE 'case.%'")
    )
    for identity, (seq, _) in cases.items():
        assert told[identity] in (steps[seq], steps[seq] + photos[seq])
    kept = {(i, o) for i, o in db.execute(
        "SELECT r.id, p.original FROM case_photo p JOIN case_record r ON r.seq = p.case_seq"
    )}  # fmt: skip
    for line in nest.said("photo"):
        assert (line["id"], line["sha256"]) in kept
    # A photo's copy is made by a job; photo and job are in one transaction.
    waiting = db.execute("SELECT count(*) FROM job WHERE kind = 'photo'").fetchone()[0]
    assert waiting == len(kept)


def check_log(store, settings: Settings) -> None:
    """A view that follows the log of changes holds the rows of the table, no more, no less."""
    views = Views(settings.snapshots_dir)
    with store.reading() as tx:
        spec = store.installed.get("pipes")
        version, rows = tx.layers.load(spec)
        view = views.view(tx, spec)
        counted = tx.layers.counts()["pipes"]
        logged = tx.connection.exec_driver_sql(
            "SELECT coalesce(max(version), 0) FROM layer_change WHERE layer = 'pipes'"
        ).scalar_one()
    assert view.version == version >= logged
    assert view.fids(view.rows()).tolist() == rows.fids.tolist()
    assert view.keys(view.rows()).tolist() == rows.keys.tolist()
    assert counted == len(rows)


@pytest.fixture
def nest(folder, machine):
    made = Nest(folder, machine.environment(folder))
    yield made
    made.end()


def test_after_a_hundred_kills_every_acknowledged_act_is_there_and_nothing_is_half(nest, machine):
    rng = random.Random(20240611)
    for number in range(KILLS // 2):
        confined = number % 5 == 4
        works = ("filing", "confined" if confined else "importing")
        longest = 1.2 if confined else 0.4
        nest.round(number, works, [rng.uniform(0.04, 0.4), rng.uniform(0.04, longest)])
        if number % 10 == 9:
            check_whole(nest)
    assert nest.killed == KILLS
    # Not vacuous: much was acknowledged, and kills fell into the middle of acts.
    assert len(nest.said("case")) > 50
    assert len(nest.said("import")) > 15
    assert len(nest.said("photo")) > 30


def test_the_confined_reader_of_a_killed_import_ends_with_it(folder, machine, tmp_path):
    line = '{"type":"LineString","coordinates":[[117.19,39.11],[117.191,39.111]]}'
    feature = '{"type":"Feature","properties":{"id":"%d","kind":"gas"},"geometry":' + line + "}"
    file = tmp_path / "large.geojson"
    parts = ",".join(feature % number for number in range(200_000))
    file.write_text('{"type":"FeatureCollection","features":[' + parts + "]}")
    command = [sys.executable, "-m", "cityops", "import", str(file), "--layer", "pipes"]
    process = subprocess.Popen(command, env=machine.environment(folder), stderr=subprocess.DEVNULL)
    readers = machine.wait_for(lambda: machine.descendants(process.pid), what="a reader")
    time.sleep(0.5)
    assert any(map(machine.is_alive, readers))
    process.kill()
    process.wait()
    machine.wait_for(lambda: not any(map(machine.is_alive, readers)), 2.0, "the reader's end")
