"""PostgreSQL with PostGIS as the store: how connections behave, what its failures mean.

Writing transactions come one after another, as on SQLite, by a lock that their first statement
takes: messages of the outbox become visible in the order of their numbers, the audit trail is
one chain, and what a transaction has read stays true until it writes. Readers wait for nobody.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gis.errors import UnavailableError

#: How long a writer waits for another one, a statement may run in a reading and in a writing
#: transaction, and a transaction may stand idle, in milliseconds.
LOCK_TIMEOUT_MS = 5_000
READ_TIMEOUT_MS = 60_000
WRITE_TIMEOUT_MS = 600_000
IDLE_TIMEOUT_MS = 900_000
#: Number of the lock that writers take; any constant that no other program uses in the database.
WRITER = 4_115_078_020
SERVER_OPTIONS: dict[str, Any] = {
    "connect_timeout": 5,
    "application_name": "cityops",
    "options": f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={READ_TIMEOUT_MS}"
    f" -c idle_in_transaction_session_timeout={IDLE_TIMEOUT_MS} -c timezone=UTC",
}
BEGIN_WRITING = (
    f"SELECT set_config('statement_timeout', '{WRITE_TIMEOUT_MS}', true),"
    f" pg_advisory_xact_lock({WRITER})"
)
_LOCKED = ("store.locked", "数据库正被另一个写入占用", "稍后再试")
_UNREACHABLE = ("store.unreachable", "数据库服务器没有应答", "检查 CITYOPS_DATABASE_URL 与网络")
#: SQLSTATE, or its class -> (code, message, hint)
_REFUSALS: dict[str, tuple[str, str, str]] = {
    "55P03": _LOCKED,
    "40001": _LOCKED,
    "40P01": _LOCKED,
    "57014": ("store.too_long", "数据库操作超过了时限", "缩小范围后重试"),
    "53100": ("store.disk_full", "磁盘已满，没有写入任何内容", "腾出空间后重试"),
    "53300": ("store.busy", "数据库连接都在使用", "稍后再试，或加大 max_connections"),
    "25006": ("store.read_only", "数据库只读", "检查 CITYOPS_DATABASE_URL 是否指向只读副本"),
    "42501": ("store.forbidden", "数据库账号没有权限", "给这个账号建表的权限"),
    "28": ("store.forbidden", "数据库服务器不接受这个账号", "检查 CITYOPS_DATABASE_URL"),
    "3D": ("store.missing", "数据库服务器上没有这个数据库", "先用 createdb 建立"),
    "XX001": ("store.corrupt", "数据库文件已损坏", "从备份恢复"),
    "XX002": ("store.corrupt", "数据库文件已损坏", "从备份恢复"),
    "58": ("store.io", "数据库服务器读写文件出错", "检查服务器的磁盘"),
    "08": _UNREACHABLE,
    "53": _UNREACHABLE,
    "57": _UNREACHABLE,
}


def server_refusal(cause: object) -> tuple[str, str, str] | None:
    """Code, message and hint of a failure of the server itself; None for any other error."""
    state = str(getattr(cause, "sqlstate", None) or "")
    found = _REFUSALS.get(state) or _REFUSALS.get(state[:2])
    if found is None and not state and type(cause).__name__ == "OperationalError":
        return _UNREACHABLE
    return found


def require_postgis(connection: Connection) -> None:
    """See that a PostgreSQL database has PostGIS and sorts texts by their characters' numbers.

    Other collations sort areas and codes in another order than the program and SQLite do.

    Raises
    ------
    UnavailableError
        When PostGIS cannot be had, or the database was made with another collation.
    """
    if connection.dialect.name != "postgresql":
        return
    order = connection.exec_driver_sql(
        "SELECT datcollate FROM pg_database WHERE datname = current_database()"
    ).scalar_one()
    if order not in ("C", "POSIX", "C.UTF-8", "C.utf8"):
        raise UnavailableError(
            "store.collation",
            "数据库的排序规则是 {got}，应为 {expected}",
            got=order,
            expected="C.UTF-8",
            hint="createdb --template=template0 --encoding=UTF8 --locale=C.UTF-8 新库名",
        )
    query = "SELECT 1 FROM pg_extension WHERE extname = 'postgis'"
    if connection.exec_driver_sql(query).first() is not None:
        return
    try:
        with connection.begin_nested():
            connection.exec_driver_sql("CREATE EXTENSION postgis")
    except DBAPIError as error:
        raise UnavailableError(
            "store.no_postgis",
            "数据库里没有 PostGIS",
            hint="由数据库管理员在库中执行 CREATE EXTENSION postgis",
        ) from error
