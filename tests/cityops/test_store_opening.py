"""Opening the store: what is missing, locked, newer or broken is said in one sentence."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from cityops.settings import Settings
from cityops.store import database
from cityops.store.database import create_all, make_engine, open_store
from cityops.store.geometry import Geom
from gis.errors import UnavailableError


def test_a_store_that_is_missing_says_what_to_run(settings, registry):
    with pytest.raises(UnavailableError) as caught:
        open_store(settings, registry)
    assert caught.value.code == "store.missing"
    assert "cityops init" in (caught.value.hint() or "")


def test_making_a_store_twice_keeps_its_content(filled, settings, registry):
    again = create_all(settings, registry)
    with again.reading() as tx:
        assert tx.layers.counts()["mains"] == 200
    again.dispose()


def test_connections_have_the_settings_that_durability_needs(store):
    with store.reading() as tx:
        found = {
            name: tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


@pytest.mark.parametrize(
    ("version", "code"), [("9999", "store.newer_schema"), (None, "store.no_schema")]
)
def test_another_schema_is_refused(store, settings, registry, version, code):
    with closing(sqlite3.connect(store.path)) as raw, raw:
        raw.execute("DELETE FROM alembic_version")
        if version:
            raw.execute("INSERT INTO alembic_version VALUES (?)", (version,))
    with pytest.raises(UnavailableError) as caught:
        open_store(settings, registry)
    assert caught.value.code == code


def test_a_file_that_is_no_database_is_refused(settings, registry):
    settings.data_dir.mkdir()
    (settings.data_dir / "cityops.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(UnavailableError) as caught:
        open_store(settings, registry)
    assert caught.value.code == "store.not_a_database"


def test_a_lock_held_too_long_is_unavailable(store, monkeypatch, settings, registry):
    monkeypatch.setattr(database, "_PRAGMAS", (*database._PRAGMAS, "busy_timeout=50"))
    impatient = open_store(settings, registry)
    with (
        store.writing(),
        pytest.raises(UnavailableError) as caught,
        impatient.writing(),
    ):
        pass
    impatient.dispose()
    assert caught.value.code == "store.locked"


def test_a_full_database_keeps_nothing_of_the_write(filled, mains, some_mains):
    with filled.reading() as tx:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def overfill():
        with filled.writing() as tx:
            tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 20}")
            tx.layers.append(mains, some_mains(5000, start=1000), None)

    with pytest.raises(UnavailableError) as caught:
        overfill()
    assert caught.value.code == "store.disk_full"
    with filled.reading() as tx:
        assert tx.layers.counts()["mains"] == 200
        assert all(not c.faults for c in tx.layers.check_indexes(deep=True))


def test_an_exception_rolls_everything_back_and_skips_what_waits_for_the_commit(store):
    told: list[str] = []

    def fail():
        with store.writing() as tx:
            tx.outbox.put("case.filed", {"id": 1})
            tx.after_commit(lambda: told.append("failed"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.writing() as tx:
        tx.outbox.put("case.filed", {"id": 2})
        tx.after_commit(lambda: told.append("committed"))
        assert told == []
    with store.reading() as tx:
        assert [m.body for m in tx.outbox.after(0, 10)] == [{"id": 2}]
    assert told == ["committed"]


def test_a_forked_child_opens_its_own_connections(filled):
    with filled.reading() as tx:
        tx.layers.versions()
    child = os.fork()
    if child == 0:
        try:
            with filled.writing() as tx:
                tx.outbox.put("child", {})
            os._exit(0)
        except BaseException:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status == 0
    with filled.reading() as tx:
        assert [m.topic for m in tx.outbox.after(0, 10)] == ["child"]


def test_a_server_address_needs_its_driver_or_gets_an_engine(settings):
    address = "postgresql://city@127.0.0.1:1/city"
    try:
        import psycopg  # noqa: F401
    except ModuleNotFoundError:
        with pytest.raises(UnavailableError) as caught:
            make_engine(address)
        assert caught.value.code == "store.no_driver"
        return
    server = replace(settings, database_url=address)
    with pytest.raises(UnavailableError) as caught:
        open_store(server)
    assert caught.value.code == "store.unreachable"


def test_a_geometry_column_is_postgis_there_and_bytes_here():
    from sqlalchemy.dialects import postgresql, sqlite

    kind = Geom("POINT", 4490)
    assert kind.compile(postgresql.dialect()) == "geometry(POINT,4490)"
    assert kind.compile(sqlite.dialect()) == "BLOB"


def test_settings_choose_the_database():
    assert Settings(database_url="sqlite:////x/y.db").database == "sqlite:////x/y.db"
