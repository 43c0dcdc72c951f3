"""Backups taken while people file cases with photos and files come in; restored elsewhere, compared."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import threading
from contextlib import closing
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

REPORT = {"class_code": "0401", "lon": 117.1933, "lat": 39.1176}
BACKUPS = 3


def photo(number: int) -> bytes:
    noise = np.random.default_rng(number).integers(0, 255, (48, 64, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "JPEG")
    return out.getvalue()


class Filing(threading.Thread):
    """Files cases with a photo each over HTTP until it is told to stop; keeps what was acknowledged."""

    def __init__(self, client, seed: int) -> None:
        super().__init__()
        self.client, self.seed = client, seed
        self.over = threading.Event()
        self.acknowledged: list[tuple[str, str]] = []
        self.fault: BaseException | None = None

    def run(self) -> None:
        number = self.seed * 100_000
        try:
            while not self.over.is_set():
                number += 1
                case = self.client.post("/api/v1/cases", REPORT | {"id": str(uuid4())})["id"]
                data = photo(number)
                kind = {"Content-Type": "image/jpeg"}
                path = f"/api/v1/cases/{case}/photos/one"
                status, told, _ = self.client.ask("POST", path, data, kind)
                assert status == 201, told
                self.acknowledged.append((case, hashlib.sha256(data).hexdigest()))
        except BaseException as error:
            self.fault = error


def contents(path) -> dict[str, str]:
    """Digest of all rows of each table of a database, layers' versions left out."""
    out = {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for (name,) in tables.fetchall():
            if name in ("layer_state", "layer_change") or name.startswith("sqlite_"):
                continue
            digest = hashlib.sha256()
            rows = sorted(map(repr, db.execute(f'SELECT * FROM "{name}"')))
            digest.update("\n".join(rows).encode())
            out[name] = f"{len(rows)}:{digest.hexdigest()}"
    return out


def chain(path) -> list[str]:
    """Hash of each entry of the audit trail; the word restore where an entry tells of one."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT action, hash FROM audit ORDER BY id").fetchall()
    return ["restore" if action == "restore" else digest for action, digest in rows]


def anchor(tar) -> str:
    """The last entry that the manifest of a backup names."""
    with tarfile.open(tar) as archive:
        told = json.loads(archive.extractfile("manifest.json").read())
    return f"{told['rows']['audit']}:{told['audit_head']}"


def pairs(path) -> set[tuple[str, str]]:
    """(case, sha256 of the photo) of a database."""
    query = "SELECT r.id, p.original FROM case_photo p JOIN case_record r ON r.seq = p.case_seq"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return set(db.execute(query).fetchall())


@pytest.fixture(scope="module")
def loaded(serve, template, tmp_path_factory, machine):
    """Backups with, for each, what was acknowledged before it began, of a service under load."""
    base = tmp_path_factory.mktemp("backup")
    shutil.copytree(template, base / "data")
    service = serve(base / "data")
    writers = [Filing(service.client("inspector"), seed) for seed in (1, 2)]
    made = []

    def cityops(*arguments):
        command = [sys.executable, "-m", "cityops", *arguments, "--json"]
        environment = machine.environment(base / "data")
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        return json.loads(done.stdout)

    for writer in writers:
        writer.start()
    try:
        for number in range(BACKUPS):
            machine.wait_for(lambda n=number: all(len(w.acknowledged) > 5 * n for w in writers))
            file = base / f"{number}.geojson"
            file.write_text(delivery(number))
            cityops("import", str(file), "--layer", "pipes")
            before = {pair for writer in writers for pair in list(writer.acknowledged)}
            report = cityops("backup", str(base / f"{number}.tar"))
            made.append((base / f"{number}.tar", before, report))
    finally:
        for writer in writers:
            writer.over.set()
        for writer in writers:
            writer.join()
    assert [w.fault for w in writers] == [None, None]
    assert sum(len(w.acknowledged) for w in writers) > len(made[-1][1])
    return made


def delivery(number: int) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {"id": f"B{number}-{i}", "kind": "gas"},
            "geometry": {
                "type": "LineString",
                "coordinates": [[117.19, 39.11 + i / 1e5], [117.191, 39.11 + i / 1e5]],
            },
        }
        for i in range(50)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


@pytest.mark.parametrize("number", range(BACKUPS))
def test_a_backup_restored_elsewhere_holds_what_was_acknowledged_and_equals_its_copy(
    loaded, cityops, tmp_path, number
):
    tar, before, report = loaded[number]
    target = tmp_path / "elsewhere"
    restored = cityops(target, "restore", str(tar), "--json")
    assert restored.returncode == 0, restored.stdout
    told = json.loads(restored.stdout)
    assert (told["rows"], told["files"]) == (report["rows"], report["files"])
    assert told["missing_files"] == []

    found = pairs(target / "cityops.db")
    assert before <= found
    with tarfile.open(tar) as archive:
        archive.extract("cityops.db", tmp_path / "copy", filter="data")
    there, copied = contents(target / "cityops.db"), contents(tmp_path / "copy" / "cityops.db")
    assert there.pop("audit") != copied.pop("audit")
    assert there == copied
    assert chain(target / "cityops.db") == [*chain(tmp_path / "copy" / "cityops.db"), "restore"]
    assert cityops(target, "audit", "verify", "--anchor", anchor(tar), "--json").returncode == 0
    for _, digest in found:
        data = (target / "files" / digest[:2] / digest).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest
    with closing(sqlite3.connect(target / "cityops.db")) as db:
        imported = db.execute("SELECT count(*) FROM lyr_pipes WHERE id LIKE 'B%-%'").fetchone()[0]
    assert imported == 50 * (number + 1)
    checked = cityops(target, "doctor", "--full", "--json")
    assert checked.returncode == 0, checked.stdout


def test_a_restored_folder_is_served_and_shows_the_photos(
    loaded, cityops, serve, tmp_path, machine
):
    tar, before, _ = loaded[-1]
    target = tmp_path / "elsewhere"
    assert cityops(target, "restore", str(tar), "--json").returncode == 0
    service = serve(target)
    client = service.client("dispatcher")
    case = sorted(before)[0][0]

    def shown():
        photos = client.get(f"/api/v1/cases/{case}")["photos"]
        return photos[0]["state"] == "ready" and photos[0]["url"]

    address = machine.wait_for(shown, what="the copy of the photo")
    assert Image.open(io.BytesIO(client.get(address))).size == (64, 48)
