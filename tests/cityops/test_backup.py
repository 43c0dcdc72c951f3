"""Backup and restore: whole under load, proven by counts and hashes, never over other data."""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
import tarfile
import threading
from contextlib import closing
from dataclasses import replace
from datetime import datetime

import orjson
import pytest
from sqlalchemy import Column, String, Table, insert, select

from cityops.services.roles import SYSTEM
from cityops.store.backup import restore_backup, write_backup
from cityops.store.database import open_store
from cityops.store.models import NAMES_A_FILE, load_all
from gis.errors import ConflictError, FileError, NotFoundError, UnavailableError


@pytest.fixture
def photos(filled):
    """A table that names files, as cases and deliveries have, in this store only."""
    metadata = load_all()
    table = Table("test_photo", metadata, Column("sha256", String(64), info=NAMES_A_FILE))
    with filled.writing() as tx:
        table.create(tx.connection)
    yield table
    metadata.remove(table)


def file_photo(store, table, number):
    """As filing does: the file first, then its row, in one transaction with a message."""
    digest = store.files.put(f"photo {number}".encode() * 500)
    with store.writing() as tx:
        tx.connection.execute(insert(table).values(sha256=digest))
        tx.outbox.put("case.filed", {"photo": digest})


def test_a_backup_under_load_restores_to_one_state(
    filled, settings, registry, photos, tmp_path, mains
):
    for i in range(30):
        file_photo(filled, photos, i)
    stop = threading.Event()
    written: list[int] = []

    def keep_filing():
        number = 1000
        while not stop.is_set():
            file_photo(filled, photos, number)
            with filled.writing() as tx:
                tx.layers.put(mains, number % 200 + 1, {"remark": str(number)}, None, None, None)
            written.append(number)
            number += 1

    writer = threading.Thread(target=keep_filing)
    writer.start()
    try:
        reports = [write_backup(filled, tmp_path / f"{i}.tar") for i in range(3)]
    finally:
        stop.set()
        writer.join()
    assert written
    for i, report in enumerate(reports):
        target = replace(settings, data_dir=tmp_path / f"restored{i}")
        proven = restore_backup(tmp_path / f"{i}.tar", target.data_dir)
        assert proven.rows == report.rows
        assert proven.missing == ()
        again = open_store(target, registry)
        with again.reading() as tx:
            named = tx.connection.execute(select(photos.c.sha256)).scalars().all()
            # One state: each photo has its message, for both were written in one transaction.
            assert [m.body["photo"] for m in tx.outbox.after(0, 10_000)] == named
            assert all(not c.faults for c in tx.layers.check_indexes(deep=True))
        assert len(named) >= 30
        assert all(again.files.open(digest) for digest in named)
        again.dispose()


def test_restored_layers_never_reuse_a_version(filled, settings, registry, mains, tmp_path):
    with filled.reading() as tx:
        before = tx.layers.versions()["mains"]
    write_backup(filled, tmp_path / "b.tar")
    restore_backup(tmp_path / "b.tar", tmp_path / "new")
    again = open_store(replace(settings, data_dir=tmp_path / "new"), registry)
    with again.reading() as tx:
        after = tx.layers.versions()["mains"]
        assert after > before + 1000
        assert tx.layers.changes(mains, before, 10) is None
        assert len(tx.layers.changes(mains, after, 10).put) == 0
    again.dispose()


def test_data_that_is_there_is_not_overwritten(filled, settings, registry, tmp_path):
    write_backup(filled, tmp_path / "b.tar")
    with pytest.raises(ConflictError):
        write_backup(filled, tmp_path / "b.tar")
    (settings.data_dir / "secret.key").write_text("the key")
    with filled.writing() as tx:
        tx.outbox.put("later", {})
    filled.dispose()
    with pytest.raises(ConflictError):
        restore_backup(tmp_path / "b.tar", settings.data_dir)
    report = restore_backup(tmp_path / "b.tar", settings.data_dir, force=True)
    assert (settings.data_dir / "secret.key").read_text() == "the key"
    restored = open_store(settings, registry)
    with restored.reading() as tx:
        assert tx.outbox.after(0, 10) == []
    restored.dispose()
    old = open_store(replace(settings, data_dir=type(tmp_path)(report.kept)), registry)
    with old.reading() as tx:
        assert [m.topic for m in tx.outbox.after(0, 10)] == ["later"]
    old.dispose()


def test_the_secret_key_is_not_in_a_backup(filled, settings, tmp_path):
    (settings.data_dir / "secret.key").write_text("5ecret-5ecret-5ecret")
    write_backup(filled, tmp_path / "b.tar")
    assert b"5ecret-5ecret" not in (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "b.tar") as tar:
        assert sorted(tar.getnames()) == ["cityops.db", "manifest.json"]


def rewritten(source, target, change):
    """A tar like `source` with each (name, data) as `change` gives it; None leaves it out."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for entry in old:
            changed = change(entry.name, old.extractfile(entry).read())
            if changed is not None:
                info = tarfile.TarInfo(changed[0])
                info.size = len(changed[1])
                new.addfile(info, io.BytesIO(changed[1]))


def flip_database(name, data):
    if name == "cityops.db":
        at = len(data) // 2
        data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    return name, data


def flip_file(name, data):
    return name, data.replace(b"photo", b"phot0") if name.startswith("files/") else data


def lose_file(name, data):
    return None if name.startswith("files/") else (name, data)


def lose_manifest(name, data):
    return None if name == "manifest.json" else (name, data)


def climb_out(name, data):
    return ("files/../../outside" if name.startswith("files/") else name), data


def lie_about_rows(name, data):
    if name == "manifest.json":
        body = orjson.loads(data)
        body["rows"]["lyr_mains"] += 1
        data = orjson.dumps(body)
    return name, data


@pytest.mark.parametrize(
    "change", [flip_database, flip_file, lose_file, lose_manifest, climb_out, lie_about_rows]
)
def test_a_backup_that_is_not_what_its_manifest_says_restores_nothing(
    filled, photos, tmp_path, change
):
    file_photo(filled, photos, 1)
    write_backup(filled, tmp_path / "b.tar")
    rewritten(tmp_path / "b.tar", tmp_path / "bad.tar", change)
    with pytest.raises(FileError):
        restore_backup(tmp_path / "bad.tar", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.tar", "bad.tar", "data"]


@pytest.mark.parametrize("content", [b"", b"nothing of the kind" * 100])
def test_other_files_are_no_backups(tmp_path, content):
    (tmp_path / "x.tar").write_bytes(content)
    with pytest.raises(FileError):
        restore_backup(tmp_path / "x.tar", tmp_path / "new")
    with pytest.raises(NotFoundError):
        restore_backup(tmp_path / "none.tar", tmp_path / "new")


def test_a_cut_backup_is_refused(filled, tmp_path):
    write_backup(filled, tmp_path / "b.tar")
    whole = (tmp_path / "b.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[: len(whole) * 9 // 10])
    with pytest.raises(FileError):
        restore_backup(tmp_path / "cut.tar", tmp_path / "new")


def test_a_backup_of_a_newer_program_is_refused(filled, tmp_path):
    with closing(sqlite3.connect(filled.path)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    write_backup(filled, tmp_path / "b.tar")
    with pytest.raises(UnavailableError):
        restore_backup(tmp_path / "b.tar", tmp_path / "new")


def test_files_that_are_lost_or_damaged_are_named(filled, photos, tmp_path):
    for i in range(2):
        file_photo(filled, photos, i)
    lost, damaged = sorted(filled.files.names())
    filled.files.path(lost).unlink()
    filled.files.path(damaged).write_bytes(b"x")
    report = write_backup(filled, tmp_path / "b.tar")
    assert report.missing == tuple(sorted([lost, damaged]))
    assert restore_backup(tmp_path / "b.tar", tmp_path / "new").missing == report.missing


def test_a_disk_that_fills_leaves_no_half_backup(filled, tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnavailableError):
        write_backup(filled, tmp_path / "b.tar")
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_the_manifest_keeps_the_head_of_the_audit_trail(filled, tmp_path):
    with filled.writing() as tx:
        tx.audit.add(SYSTEM, "test", "x")
        head = tx.audit.verify().head
    write_backup(filled, tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        manifest = orjson.loads(tar.extractfile("manifest.json").read())
        database = tar.extractfile("cityops.db").read()
    assert manifest["audit_head"] == head
    assert manifest["database"]["sha256"] == hashlib.sha256(database).hexdigest()


def test_reports_give_the_time_of_the_city_and_the_file_that_of_the_world(filled, tmp_path):
    made = write_backup(filled, tmp_path / "b.tar").as_dict()["created"]
    proven = restore_backup(tmp_path / "b.tar", tmp_path / "new").as_dict()["created"]
    with tarfile.open(tmp_path / "b.tar") as tar:
        told = orjson.loads(tar.extractfile("manifest.json").read())["created"]
    assert made == proven
    assert made.endswith("+08:00")
    assert datetime.fromisoformat(made) == datetime.fromisoformat(told)


def test_a_difference_is_told_in_words(filled, tmp_path, monkeypatch):
    from cityops.store import backup

    counted = backup.row_counts
    monkeypatch.setattr(backup, "row_counts", lambda db: counted(db) | {"job": 7, "gone": 1})
    write_backup(filled, tmp_path / "b.tar")
    monkeypatch.undo()
    with pytest.raises(FileError) as refused:
        restore_backup(tmp_path / "b.tar", tmp_path / "new")
    assert [str(one) for one in refused.value.errors] == [
        "表 gone：数据库里没有，清单上有 1 行",
        "表 job：数据库里有 0 行，清单上有 7 行",
    ]
