"""Schema of the store: made, checked, upgraded.

A fresh database is made from the models and stamped; an old one is brought up by Alembic.
"""

from __future__ import annotations

from sqlalchemy import Connection, inspect

from cityops.store.models import load_all
from gis.errors import UnavailableError

#: Every schema version of this program, oldest first. The last one is what it works with.
REVISIONS = ("0001",)


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
