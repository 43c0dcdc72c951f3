"""Each kind of process of a running service is killed -9 under load: what was acknowledged is there, once.

``CITYOPS_KILLS`` says how often each kind is killed (``make soak`` says 100). What is proven is
that the death of processes loses nothing; the loss of power is the disk's word, whose time for
one sync is printed beside.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import os
import random
import signal
import sqlite3
import statistics
import threading
import time
from contextlib import closing
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

from cityops.settings import Settings
from cityops.store.database import open_store
from cityops.store.health import check_store, sync_times_ms

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("CITYOPS_KILLS", "2"))
KINDS = ("web", "worker", "stream", "jobs", "serve")
REPORT = {"class_code": "0401", "lon": 117.1933, "lat": 39.1176}


def photo(rng) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (48, 64, 3), np.uint8)).save(out, "JPEG")
    return out.getvalue()


class Filing(threading.Thread):
    """Files cases with a photo each like a phone does: the same id again until it is answered."""

    def __init__(self, client, seed: int) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.rng = np.random.default_rng(seed)
        self.over = threading.Event()
        self.acknowledged: list[tuple[str, str]] = []
        self.asked_again = 0
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.over.is_set():
                case, data = str(uuid4()), photo(self.rng)
                body = json.dumps(REPORT | {"id": case}).encode()
                if not self._until("/api/v1/cases", body, "application/json"):
                    return
                if not self._until(f"/api/v1/cases/{case}/photos/one", data, "image/jpeg"):
                    return
                self.acknowledged.append((case, hashlib.sha256(data).hexdigest()))
        except BaseException as error:
            self.fault = error

    def _until(self, path: str, body: bytes, kind: str) -> bool:
        while not self.over.is_set():
            try:
                status, told, _ = self.client.ask("POST", path, body, {"Content-Type": kind})
            except (OSError, http.client.HTTPException):
                status, told = 0, b""
            if status in (200, 201):
                return True
            assert status in (0, 503), (status, told[:300])
            self.asked_again += 1
            time.sleep(0.05)
        return False


def victim(service, machine, kind: str) -> int | None:
    """Id of a process of that kind; None while there is none."""
    if kind == "serve":
        return service.process.pid
    pid = service.pid_of("web" if kind == "worker" else kind)
    if kind != "worker" or pid is None:
        return pid
    return next(iter(sorted(machine.descendants(pid))), None)


def killed_once(service, machine, kind: str) -> None:
    """Kill one process of a kind, and wait until the service answers again."""
    pid = machine.wait_for(lambda: victim(service, machine, kind), what=f"a {kind}")
    os.kill(pid, signal.SIGKILL)
    machine.wait_for(lambda: not machine.is_alive(pid), what="the end")


def test_after_kills_of_each_kind_under_load_every_acknowledged_case_and_photo_is_there_once(
    serve, folder, machine, capsys
):
    rng = random.Random(20241103)
    service = serve(folder)
    writers = [Filing(service.client("inspector"), seed) for seed in (1, 2, 3)]
    for writer in writers:
        writer.start()
    killed = 0
    for _ in range(KILLS):
        for kind in rng.sample(KINDS, len(KINDS)):
            had = sum(len(writer.acknowledged) for writer in writers)
            killed_once(service, machine, kind)
            killed += 1
            if kind == "serve":
                service = serve(folder)
                for writer in writers:
                    writer.client._host = urlsplit(service.url).netloc
            # The next kill falls into work, not into a service that is still coming up.
            machine.wait_for(
                lambda had=had: sum(len(w.acknowledged) for w in writers) > had + 2, 60, "work"
            )
            time.sleep(rng.uniform(0, 0.2))
    for writer in writers:
        writer.over.set()
    for writer in writers:
        writer.join(40)
    assert [writer.fault for writer in writers] == [None] * len(writers)
    machine.wait_for(lambda: unfinished(folder) == 0, 90, "the end of all photo jobs")
    service.process.send_signal(signal.SIGTERM)
    service.process.wait(30)
    done = [pair for writer in writers for pair in writer.acknowledged]
    check_whole(folder, done)
    syncs = sync_times_ms(folder)
    with capsys.disabled():
        print(
            f"\n{killed} kills, {len(done)} cases with photo acknowledged, "
            f"{sum(w.asked_again for w in writers)} times asked again, 0 lost, 0 twice; "
            f"one sync of this disk takes {statistics.median(syncs):.2f} ms (median)"
        )


def unfinished(folder) -> int:
    with closing(sqlite3.connect(folder / "cityops.db")) as db:
        query = "SELECT count(*) FROM job WHERE kind = 'photo' AND state <> 'done'"
        return db.execute(query).fetchone()[0]


def check_whole(folder, done: list[tuple[str, str]]) -> None:
    """Rows, R*Trees, files, outbox and audit agree, and every acknowledged pair is there once."""
    store = open_store(Settings(data_dir=folder))
    try:
        assert check_store(store, full=True)["faults"] == []
    finally:
        store.dispose()
    with closing(sqlite3.connect(folder / "cityops.db")) as db:
        cases = [i for (i,) in db.execute("SELECT id FROM case_record")]
        pairs = db.execute(
            "SELECT r.id, p.original FROM case_photo p JOIN case_record r ON r.seq = p.case_seq"
        ).fetchall()
        told = dict(db.execute("SELECT action, count(*) FROM audit GROUP BY action"))
        numbers = [n for (n,) in db.execute("SELECT number FROM case_record")]
        jobs = db.execute("SELECT count(*) FROM job WHERE kind = 'photo'").fetchone()[0]
    assert set(done) <= set(pairs)
    assert len(cases) == len(set(cases)) == len(set(numbers))
    assert len(pairs) == len(set(pairs)) == told["case.photo"] == jobs
    assert told["case.report"] == len(cases)
