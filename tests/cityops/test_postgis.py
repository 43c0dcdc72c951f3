"""What is PostgreSQL's own: its failures, migrations up and down, moves between the two stores."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from cityops.services.roles import SYSTEM
from cityops.services.scenes import SceneService
from cityops.settings import Settings
from cityops.store import server
from cityops.store.database import create_all, make_engine, open_store
from cityops.store.health import check_store
from cityops.store.migrate import REVISIONS, current_revision, run_migrations
from cityops.store.migrations.support import is_ours
from cityops.store.models import load_all
from cityops.store.transfer import transfer
from gis.errors import ConflictError, UnavailableError

pytestmark = pytest.mark.postgis


@pytest.fixture
def settings(tmp_path, postgis):
    """Settings of a deployment on a new database of a server."""
    url = postgis.url()
    yield Settings(data_dir=tmp_path / "data", database_url=url)
    postgis.drop(url)


def test_migrations_go_down_to_nothing_and_up_again_to_the_schema_of_the_models(settings):
    engine = make_engine(settings.database)
    with engine.begin() as connection:
        run_migrations(connection, "base")
        assert set(inspect(connection).get_table_names()) == {"alembic_version", "spatial_ref_sys"}
        for revision in (*REVISIONS, *reversed(REVISIONS[:-1]), REVISIONS[-1]):
            run_migrations(connection, revision)
            assert current_revision(connection) == revision
        context = MigrationContext.configure(
            connection, opts={"include_object": is_ours, "compare_type": True}
        )
        assert compare_metadata(context, load_all()) == []
    engine.dispose()


def test_the_store_is_well_and_its_trail_cannot_be_changed(store, some_mains, mains):
    with store.writing() as tx:
        tx.layers.append(mains, some_mains(50), None)
        tx.audit.add(SYSTEM, "test.act", "thing:1")
    told = check_store(store)
    assert told["database"] == "postgresql"
    assert [f for f in told["faults"] if "磁盘" not in f] == []
    for act in ("DELETE FROM audit", "UPDATE audit SET action = 'other'", "TRUNCATE audit"):
        with pytest.raises(DBAPIError, match="audit rows are never"), store.writing() as tx:
            tx.connection.exec_driver_sql(act)


def test_a_reading_transaction_writes_nothing_and_sees_one_state(store):
    with store.reading() as tx:
        before = tx.outbox.newest()
        with store.writing() as other:
            other.outbox.put("topic", {})
        assert tx.outbox.newest() == before
    with pytest.raises(DBAPIError), store.reading() as tx:
        tx.outbox.put("topic", {})


def test_a_second_writer_waits_its_time_and_is_told(store, monkeypatch):
    monkeypatch.setitem(
        server.SERVER_OPTIONS,
        "options",
        server.SERVER_OPTIONS["options"].replace("lock_timeout=5000", "lock_timeout=50"),
    )
    second = open_store(store.settings, store.installed)
    with store.writing(), pytest.raises(UnavailableError) as refusal, second.writing():
        pass
    assert refusal.value.code == "store.locked"
    second.dispose()


def test_numbers_of_messages_become_visible_in_their_order(store):
    """Two writers at a time: who looks for messages behind the last one misses none."""

    def put():
        for _ in range(25):
            with store.writing() as tx:
                tx.outbox.put("topic", {})

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    while len(seen) < 100:
        with store.reading() as tx:
            seen += [m.id for m in tx.outbox.after(seen[-1] if seen else 0, 1000)]
    for thread in threads:
        thread.join()
    assert len(set(seen)) == len(seen) == 100


def test_a_server_that_is_gone_is_said_in_one_sentence(settings):
    away = replace(settings, database_url="postgresql+psycopg://city@127.0.0.1:1/none")
    with pytest.raises(UnavailableError) as refusal:
        open_store(away)
    assert refusal.value.code == "store.unreachable"


@pytest.mark.slow
def test_a_city_moves_to_the_server_and_back_with_equal_counts_and_hashes(settings, tmp_path):
    first = create_all(Settings(data_dir=tmp_path / "first"))
    SceneService(first).set_up("helsinki")
    with first.writing() as tx:
        spec = tx.layers.registry().get("components")
        tx.layers.remove(spec, [2462])
        tx.audit.add(SYSTEM, "test.act", "thing:1")
    there = create_all(settings)
    told = transfer(first, there)
    assert told["tables"]["lyr_components"]["rows"] == 2461
    assert told["tables"]["audit"]["rows"] >= 1
    with pytest.raises(ConflictError):
        transfer(first, there)
    back = create_all(Settings(data_dir=tmp_path / "back"))
    assert transfer(there, back) == told
    for store in (there, back):
        assert [f for f in check_store(store)["faults"] if "磁盘" not in f] == []
        with store.writing() as tx:
            assert tx.layers._reserve(spec, 1).tolist() == [2463]
        store.dispose()
    first.dispose()
