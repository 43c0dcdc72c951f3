"""Rows that are added and never changed: triggers on both databases that refuse the rest."""

from __future__ import annotations

from typing import Any

from sqlalchemy import DDL, Table, event


def keep_rows(table: Any, message: str, acts: tuple[str, ...] = ("UPDATE", "DELETE")) -> None:
    """Refuse `acts` on every row of a table, with `message`."""
    for act in acts:
        guard(table, act, message)


def guard(table: Any, act: str, message: str, condition: str = "") -> None:
    """Refuse an act on rows of a table that meet a condition on ``old`` and ``new``.

    The triggers are made and dropped with the table. PostgreSQL also refuses to empty it.
    """
    name = f"{table.name}_no_{act.lower()}"
    when = f"WHEN {condition} " if condition else ""
    _after(
        table,
        "sqlite",
        f"CREATE TRIGGER {name} BEFORE {act} ON {table.name} "
        f"{when}BEGIN SELECT RAISE(ABORT, '{message}'); END",
    )
    when = f"WHEN ({condition}) " if condition else ""
    _after(
        table,
        "postgresql",
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'restrict_violation'; END $$",
        f"CREATE TRIGGER {name} BEFORE {act} ON {table.name} "
        f"FOR EACH ROW {when}EXECUTE FUNCTION {name}()",
    )
    if act == "DELETE":
        _after(
            table,
            "postgresql",
            f"CREATE TRIGGER {table.name}_no_truncate BEFORE TRUNCATE ON {table.name} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
        )
    gone = DDL(_escaped(f"DROP FUNCTION IF EXISTS {name}()")).execute_if(dialect="postgresql")
    event.listen(table, "after_drop", gone)


def _after(table: Table, dialect: str, *statements: str) -> None:
    for statement in statements:
        made = DDL(_escaped(statement)).execute_if(dialect=dialect)
        event.listen(table, "after_create", made)


def _escaped(statement: str) -> str:
    return statement.replace("%", "%%")
