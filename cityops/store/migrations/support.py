"""What migrations share: which objects are theirs, and table rebuilds that keep triggers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import op
from sqlalchemy import text


def is_ours(item: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    """Whether migrations manage a table or index; layer tables and databases' own are not."""
    table = name if kind == "table" else getattr(getattr(item, "table", None), "name", "")
    called = str(table or "")
    if called.startswith("lyr_") or called == "spatial_ref_sys":
        return False
    return kind != "index" or not str(name).endswith("_gist")


@contextmanager
def batch(table: str, **options: Any) -> Iterator[Any]:
    """``op.batch_alter_table`` that keeps the table's triggers.

    On SQLite a batch rebuilds the table, and the triggers of the old one go without a word: the
    spatial index would stand still, the audit trail lose its protection.
    """
    connection = op.get_bind()
    triggers: list[str] = []
    if connection.dialect.name == "sqlite":
        found = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t")
        triggers = list(connection.execute(found, {"t": table}).scalars())
    with op.batch_alter_table(table, **options) as altered:
        yield altered
    for statement in triggers:
        connection.exec_driver_sql(statement)
