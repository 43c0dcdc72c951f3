"""Schema of the store: made, checked, upgraded.

A fresh database is made from the models and stamped; an old one is brought up by Alembic.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect

from cityops.settings import Settings
from cityops.store.models import load_all
from gis.errors import UnavailableError

if TYPE_CHECKING:
    from alembic.config import Config

#: Every schema version of this program, oldest first. The last one is what it works with.
REVISIONS = ("0001", "0002", "0003", "0004", "0005")


def current_revision(connection: Connection) -> str | None:
    """Schema version of a database, None when it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def check_schema(connection: Connection) -> None:
    """Refuse a database whose schema is not this program's.

    Raises
    ------
    UnavailableError
        When the schema is missing, older or newer.
    """
    found = current_revision(connection)
    if found == REVISIONS[-1]:
        return
    if found is None:
        raise UnavailableError(
            "store.no_schema",
            "数据库里没有本程序的表",
            hint="先运行 cityops init",
        )
    if found in REVISIONS:
        raise UnavailableError(
            "store.old_schema",
            "数据库版本 {got} 较旧，程序需要 {expected}",
            got=found,
            expected=REVISIONS[-1],
            hint="先备份，再运行 cityops migrate",
        )
    raise UnavailableError(
        "store.newer_schema",
        "数据库版本 {got} 比本程序（{expected}）新，请用更新的程序打开",
        got=found,
        expected=REVISIONS[-1],
    )


def create_schema(connection: Connection) -> None:
    """Make every table in an empty database and stamp it; a database with a schema is left."""
    if current_revision(connection) is not None:
        return
    load_all().create_all(connection)
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.exec_driver_sql(
        f"INSERT INTO alembic_version (version_num) VALUES ('{REVISIONS[-1]}')"  # noqa: S608
    )


def upgrade(settings: Settings) -> tuple[str | None, str]:
    """Bring the database of a deployment to this program's schema, in one transaction.

    Returns
    -------
    (str or None, str)
        Schema version before and after.

    Raises
    ------
    UnavailableError
        When the database is of a newer program, or cannot be written; nothing is changed then.
    """
    from cityops.store.database import answering, make_engine

    engine = make_engine(settings.database)
    try:
        with answering(), engine.begin() as connection:
            before = current_revision(connection)
            if before is not None and before not in REVISIONS:
                check_schema(connection)
            run_migrations(connection, REVISIONS[-1])
            check_schema(connection)
    finally:
        engine.dispose()
    return before, REVISIONS[-1]


def run_migrations(connection: Connection, target: str) -> None:
    """Migrate up or down to `target` (``base`` for nothing) on a connection in a transaction."""
    from alembic import command

    config = alembic_config(connection)
    order = ("base", *REVISIONS)
    here = current_revision(connection) or "base"
    step = command.upgrade if order.index(target) >= order.index(here) else command.downgrade
    step(config, target)


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration, on a connection of ours."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
