"""Migrations: they give the models' schema, go up and down, and lose no trigger."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Integer, inspect

from cityops.store.database import create_all, make_engine, open_store
from cityops.store.migrate import (
    REVISIONS,
    alembic_config,
    create_schema,
    current_revision,
    run_migrations,
    upgrade,
)
from cityops.store.migrations.support import batch, is_ours
from cityops.store.models import load_all
from gis.errors import UnavailableError


@pytest.fixture
def engine(tmp_path):
    (tmp_path / "m.db").touch()
    made = make_engine(f"sqlite:///{tmp_path / 'm.db'}")
    yield made
    made.dispose()


def tables(connection):
    return set(inspect(connection).get_table_names())


def test_migrations_give_the_schema_of_the_models(engine):
    with engine.begin() as connection:
        run_migrations(connection, REVISIONS[-1])
        context = MigrationContext.configure(
            connection, opts={"include_object": is_ours, "compare_type": True}
        )
        assert compare_metadata(context, load_all()) == []
        assert current_revision(connection) == REVISIONS[-1]


def test_a_fresh_store_and_a_migrated_one_have_the_same_statements(engine, tmp_path):
    def statements(connection):
        rows = connection.exec_driver_sql(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
            " AND name <> 'alembic_version'"
        )
        return {(kind, name): " ".join((sql or "").split()) for kind, name, sql in rows}

    with engine.begin() as connection:
        run_migrations(connection, REVISIONS[-1])
        migrated = statements(connection)
    (tmp_path / "fresh.db").touch()
    fresh = make_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    with fresh.begin() as connection:
        create_schema(connection)
        made = statements(connection)
    fresh.dispose()
    assert migrated == made


def test_migrations_go_down_to_nothing_and_up_again(engine):
    with engine.begin() as connection:
        run_migrations(connection, REVISIONS[-1])
        run_migrations(connection, "base")
        assert tables(connection) == {"alembic_version"}
        run_migrations(connection, REVISIONS[-1])
        assert "audit" in tables(connection)


def test_the_list_of_versions_is_that_of_the_scripts(engine):
    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
    found = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


def test_a_migration_that_dies_leaves_nothing(engine, monkeypatch):
    from cityops.store.models.audit import AuditEntry

    def die(*_args, **_more):
        raise RuntimeError("killed")

    monkeypatch.setattr(AuditEntry.__table__, "create", die)

    def half():
        with engine.begin() as connection:
            run_migrations(connection, REVISIONS[-1])
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        half()
    with engine.connect() as connection:
        assert tables(connection) == set()


def test_upgrading_makes_no_database_where_there_is_none(settings):
    with pytest.raises(UnavailableError) as caught:
        upgrade(settings)
    assert caught.value.code == "store.cannot_open"
    assert not settings.data_dir.exists()


def test_upgrading_a_store_that_is_up_to_date_changes_nothing(filled, settings, registry):
    assert upgrade(settings) == (REVISIONS[-1], REVISIONS[-1])
    again = open_store(settings, registry)
    with again.reading() as tx:
        assert tx.layers.counts()["mains"] == 200
    again.dispose()


def test_a_database_of_the_first_schema_is_brought_up_with_its_rows(filled, settings, registry):
    with filled.writing() as tx:
        tx.connection.exec_driver_sql("DROP TABLE ended_session")
        tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(UnavailableError) as old:
        open_store(settings, registry)
    assert old.value.code == "store.old_schema"
    assert upgrade(settings) == ("0001", REVISIONS[-1])
    again = open_store(settings, registry)
    with again.reading() as tx:
        assert not tx.accounts.is_ended("a" * 32)
        assert tx.layers.counts()["mains"] == 200
    again.dispose()


def test_a_newer_database_is_left_alone(store, settings):
    with store.writing() as tx:
        tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UnavailableError) as caught:
        upgrade(settings)
    assert caught.value.code == "store.newer_schema"


@pytest.mark.parametrize("table", ["audit", "lyr_mains"])
def test_rebuilding_a_table_keeps_its_triggers(filled, table):
    with filled.writing() as tx:
        connection = tx.connection

        def triggers():
            found = connection.exec_driver_sql(
                "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
            )
            return sorted(found.scalars())

        before = triggers()
        with (
            Operations.context(MigrationContext.configure(connection)),
            batch(table, recreate="always") as altered,
        ):
            altered.add_column(Column("added", Integer))
        assert triggers() == before
        assert len(before) == (2 if table == "audit" else 3)
        tx.layers.remove(tx.layers.registry().get("mains"), [1])
        assert all(not c.faults for c in tx.layers.check_indexes(deep=True))


def test_layer_tables_are_not_the_migrations_business(settings, registry):
    store = create_all(settings, registry)
    with store.writing() as tx:
        context = MigrationContext.configure(tx.connection, opts={"include_object": is_ours})
        assert compare_metadata(context, load_all()) == []
    store.dispose()
