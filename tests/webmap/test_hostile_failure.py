"""Disk full, read only, locked or gone: 503 with what is wrong, nothing half stored, then it goes on."""

from __future__ import annotations

import errno
import io
import json
import os
import sqlite3
import time
from contextlib import closing, contextmanager
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import event

from cityops.services.imports.service import ImportOptions
from cityops.services.roles import SYSTEM
from gis.errors import UnavailableError

REPORT = {"class_code": "0401", "lon": 117.2005, "lat": 39.1005, "description": "井盖移位"}


@pytest.fixture
def inspector(sign_in):
    return sign_in("inspector")


def report(client, **more):
    body = REPORT | {"id": str(uuid4())} | more
    return client.post("/api/v1/cases", json=body, headers={"X-CSRFToken": client.token})


def photo(client, case):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), tuple(os.urandom(3))).save(out, "JPEG")
    return client.post(
        f"/api/v1/cases/{case}/photos/{uuid4().hex[:8]}",
        data=out.getvalue(),
        content_type="image/jpeg",
        headers={"X-CSRFToken": client.token},
    )


def counts(services):
    with services.store.reading() as tx:
        return {
            name: tx.connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar()
            for name in ("case_record", "case_step", "case_photo", "outbox", "audit", "job")
        }


def check_unavailable(answer, code):
    assert answer.status_code == 503, (answer.status_code, answer.text[:300])
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json["error"]["kind"] == "unavailable"
    assert answer.json["error"]["code"] == code
    assert answer.json["error"]["hint"]


@contextmanager
def pragma(services, statement):
    """Every connection of the store with a pragma, which simulates the disk."""
    engine = services.store.engine

    def set_it(connection, _record):
        connection.execute(statement(connection))

    engine.dispose()
    event.listen(engine, "connect", set_it)
    try:
        yield
    finally:
        event.remove(engine, "connect", set_it)
        engine.dispose()


def full(connection):
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    return f"PRAGMA max_page_count={pages}"


def fill_free_pages(services):
    """Use up the pages that deleted rows left, so that the next write needs a new one."""
    with services.store.writing() as tx:
        free = tx.connection.exec_driver_sql("PRAGMA freelist_count").scalar()
        tx.outbox.put("test.filler", {"text": "x" * 4096 * (free + 1)})


def test_a_full_disk_refuses_the_write_whole_and_goes_on_when_there_is_room(inspector, services):
    fill_free_pages(services)
    before = counts(services)
    long = {"description": "很长" * 900}
    with pragma(services, full):
        for _ in range(20):
            answer = report(inspector, **long)
            if answer.status_code != 201:
                break
            before = counts(services)
        check_unavailable(answer, "store.disk_full")
        assert counts(services) == before
        assert inspector.get("/api/v1/layers").status_code == 200
    assert report(inspector, **long).status_code == 201


def test_a_read_only_database_is_still_read(inspector, services):
    before = counts(services)
    real = services.store.engine
    with pragma(services, lambda _: "PRAGMA query_only=ON"):

        def keep(connection):
            connection.exec_driver_sql("PRAGMA query_only=ON")

        event.listen(real, "begin", keep)
        try:
            check_unavailable(report(inspector), "store.read_only")
            assert inspector.get("/api/v1/layers/districts/features").status_code == 200
            assert inspector.get("/api/v1/cases").status_code == 200
        finally:
            event.remove(real, "begin", keep)
    assert counts(services) == before
    assert report(inspector).status_code == 201


def test_an_import_on_a_full_disk_stores_no_row_and_leaves_the_indexes_whole(services, tmp_path):
    line = {"type": "LineString", "coordinates": [[117.2, 39.1], [117.201, 39.1]]}
    features = [
        {"type": "Feature", "properties": {"id": f"F{i}", "kind": "gas"}, "geometry": line}
        for i in range(2000)
    ]
    file = tmp_path / "many.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))

    def state():
        with services.store.reading() as tx:
            rows = tx.connection.exec_driver_sql("SELECT count(*) FROM delivery").scalar()
            assert all(not check.faults for check in tx.layers.check_indexes(deep=True))
            return rows, tx.layers.counts(), tx.layers.versions()

    def bring():
        return services.imports.run(SYSTEM, file, file.name, ImportOptions(layer="pipes"))

    before = state()
    fill_free_pages(services)
    with pragma(services, full):
        with pytest.raises(UnavailableError) as caught:
            bring()
        assert caught.value.code == "store.disk_full"
        assert state() == before
    assert bring()["stored"] == 2000


@contextmanager
def moved_away(path):
    path.rename(path.with_name("elsewhere.db"))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        path.with_name("elsewhere.db").rename(path)


def test_a_database_that_is_gone_is_named_at_once_and_not_made_anew(
    inspector, services, settings, client
):
    path = settings.data_dir / "cityops.db"
    with moved_away(path):
        began = time.perf_counter()
        for answer in (
            inspector.get("/api/v1/layers"),
            inspector.get("/api/v1/layers/pipes/features"),
            inspector.get("/tiles/districts/0/0/0.mvt"),
            report(inspector),
        ):
            check_unavailable(answer, "store.cannot_open")
        assert time.perf_counter() - began < 2
        page = inspector.get("/map", headers={"Accept": "text/html"})
        assert page.status_code == 503
        assert "数据库" in page.text
        health = client.get("/healthz")
        assert health.status_code == 503
        assert health.json["parts"]["store"] == "store.cannot_open"
        assert not path.exists()
    assert client.get("/healthz").status_code == 200
    assert report(inspector).status_code == 201


def test_a_database_that_was_replaced_is_not_written_to_under_its_old_name(
    inspector, services, settings
):
    """A restored backup lies where the old file was; nothing more may go into the old one."""
    path = settings.data_dir / "cityops.db"
    inspector.get("/api/v1/layers")
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
    services.store.engine.dispose()
    old_file = path.rename(path.with_name("old.db"))
    copy.rename(path)
    case = report(inspector).json
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT count(*) FROM case_record WHERE id = ?", (case["id"],))
        assert found.fetchone()[0] == 1
    old_file.unlink()


def test_a_writer_that_holds_the_lock_too_long_is_named(inspector, services, settings):
    before = counts(services)
    with (
        pragma(services, lambda _: "PRAGMA busy_timeout=300"),
        closing(sqlite3.connect(settings.data_dir / "cityops.db")) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        check_unavailable(report(inspector), "store.locked")
        assert inspector.get("/api/v1/cases").status_code == 200
        other.rollback()
    assert counts(services) == before
    assert report(inspector).status_code == 201


@pytest.mark.parametrize("act", ["write", "fsync", "replace"])
def test_a_photo_that_the_disk_does_not_take_is_not_there_at_all(
    inspector, services, monkeypatch, act
):
    case = report(inspector).json["id"]
    before = counts(services)
    files = sorted(services.settings.files_dir.rglob("*"))

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        if act == "write":
            patch.setattr("tempfile.mkstemp", fail)
        elif act == "fsync":
            patch.setattr("cityops.store.files.os.fsync", fail)
        else:
            patch.setattr("pathlib.Path.replace", fail)
        check_unavailable(photo(inspector, case), "file.cannot_write")
    assert counts(services) == before
    left = [p for p in services.settings.files_dir.rglob("*") if p not in files and p.is_file()]
    assert left == []
    assert photo(inspector, case).status_code == 201


def test_signing_in_says_so_when_its_own_file_cannot_be_written(app, settings):
    visitor = app.test_client()
    token = visitor.get("/login").text.split('name="csrf_token"')[1].split('value="')[1]
    form = {"username": "planner", "password": "open-sesame-7", "csrf_token": token.split('"')[0]}
    headers = {"Accept": "application/json"}
    path = settings.data_dir / "signin.db"
    path.rename(path.with_name("aside.db"))
    path.mkdir()
    try:
        answer = visitor.post("/login", data=form, headers=headers)
        assert answer.status_code == 503, answer.text[:300]
        assert answer.json["error"]["code"] == "signin.unavailable"
    finally:
        path.rmdir()
        path.with_name("aside.db").rename(path)
    assert visitor.post("/login", data=form).status_code == 302


def test_a_fault_of_the_program_is_500_with_a_number_and_nothing_more(
    inspector, services, monkeypatch, caplog
):
    def broken(*_, **__):
        raise ZeroDivisionError("secret-detail")

    monkeypatch.setattr(services.layers, "window", broken)
    answer = inspector.get("/api/v1/layers/districts/features")
    assert answer.status_code == 500
    assert answer.json["error"]["code"] == "internal.failure"
    assert answer.json["request_id"] in answer.json["error"]["message"]
    assert "secret-detail" not in answer.text
    assert answer.json["request_id"] in caplog.text
