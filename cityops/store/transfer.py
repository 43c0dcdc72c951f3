"""A whole city from one database into another, proved by counts and hashes.

Rows go over as they are, with their numbers and versions, in one transaction of the target. Files
are named by their content and stay where they lie. Numbers that were used and deleted are not
given again: the counters go over too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
import shapely
from sqlalchemy import Connection, Integer, Table, delete, func, insert, inspect, select

from cityops.store.database import SqlStore
from cityops.store.layer_tables import layer_table
from cityops.store.models import load_all
from gis.errors import ConflictError, UnavailableError

_CHUNK = 2000


def transfer(source: SqlStore, target: SqlStore) -> dict[str, Any]:
    """Bring everything of `source` into the empty `target`.

    Returns
    -------
    dict
        ``tables``: name -> ``rows`` and ``sha256``, which are those of both.

    Raises
    ------
    ConflictError
        When the target holds rows already.
    UnavailableError
        When what arrived is not what was sent; nothing is kept then.
    """
    told: dict[str, Any] = {}
    with source.reading() as old, target.writing() as new:
        _require_empty(new.connection)
        plain = list(load_all().sorted_tables)
        for table in reversed(plain):
            if table.name in ("layer_state", "roles"):
                new.connection.execute(delete(table))
        specs = list(old.layers.registry())
        for table in plain:
            _copy(old.connection, new.connection, table)
        kept = _rows_of_state(old.connection)
        for spec in specs:
            if spec.name in kept:
                new.layers.ensure(spec)
                _copy(old.connection, new.connection, layer_table(spec))
        tables = [*plain, *(layer_table(s) for s in specs if s.name in kept)]
        for table in tables:
            told[table.name] = _compared(old.connection, new.connection, table)
    return {"tables": told, "rows": sum(one["rows"] for one in told.values())}


def _require_empty(connection: Connection) -> None:
    for table in load_all().sorted_tables:
        if table.name in ("layer_state", "roles"):
            continue  # made with the schema
        if connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise ConflictError(
                "transfer.not_empty",
                "目标数据库的表 {got} 里已有数据",
                got=table.name,
                hint="用一个新建的数据库",
            )


def _rows_of_state(connection: Connection) -> set[str]:
    state = load_all().tables["layer_state"]
    living = select(state.c.name).where(state.c.fingerprint != "")
    return set(connection.execute(living).scalars())


def _rows(connection: Connection, table: Table) -> Iterator[list[Any]]:
    """Rows in the order of their keys, in chunks."""
    query = select(table).order_by(*table.primary_key.columns)
    if not table.primary_key.columns:
        query = select(table).order_by(*table.columns)
    options = {"yield_per": _CHUNK}
    for part in connection.execute(query, execution_options=options).mappings().partitions():
        yield list(part)


def _copy(old: Connection, new: Connection, table: Table) -> None:
    for rows in _rows(old, table):
        new.execute(insert(table), [dict(row) for row in rows])
    _carry_counter(old, new, table)


def _compared(old: Connection, new: Connection, table: Table) -> dict[str, Any]:
    sent, came = _digest(old, table), _digest(new, table)
    if sent != came:
        raise UnavailableError(
            "transfer.differs",
            "表 {got} 到达后与原来不同，没有保留任何内容",
            got=table.name,
            params={"sent": sent[0], "came": came[0]},
        )
    return {"rows": sent[0], "sha256": sent[1]}


def _digest(connection: Connection, table: Table) -> tuple[int, str]:
    found, count = hashlib.sha256(), 0
    for rows in _rows(connection, table):
        for row in rows:
            count += 1
            found.update(orjson.dumps([_plain(value) for value in row.values()]))
    return count, found.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, shapely.Geometry):
        return shapely.to_wkb(shapely.set_srid(value, 0), hex=True)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return value


def _counted(table: Table) -> str | None:
    """The column whose numbers the database gives, or None."""
    keys = list(table.primary_key.columns)
    if len(keys) != 1 or not isinstance(keys[0].type, Integer) or table.name == "audit":
        return None
    return str(keys[0].name)


def _carry_counter(old: Connection, new: Connection, table: Table) -> None:
    column = _counted(table)
    last = 0 if column is None else _last_number(old, table, column)
    if not last:
        return
    if new.dialect.name == "postgresql":
        new.exec_driver_sql(
            "SELECT setval(pg_get_serial_sequence(%s, %s), %s)", (table.name, column, last)
        )
    elif table.dialect_options["sqlite"]["autoincrement"]:
        new.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
        new.exec_driver_sql("INSERT INTO sqlite_sequence VALUES (?, ?)", (table.name, last))


def _last_number(old: Connection, table: Table, column: str) -> int:
    """The highest number ever given in a table, as far as its database knows."""
    given: Any = 0
    if old.dialect.name == "postgresql":
        name = old.exec_driver_sql(
            "SELECT pg_get_serial_sequence(%s, %s)", (table.name, column)
        ).scalar()
        if name is not None:
            given = old.exec_driver_sql(
                f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {name}"  # noqa: S608
            ).scalar()
    elif inspect(old).has_table("sqlite_sequence"):
        given = old.exec_driver_sql(
            "SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)
        ).scalar()
    highest = old.execute(select(func.max(table.c[column]))).scalar()
    return max(int(given or 0), int(highest or 0))
