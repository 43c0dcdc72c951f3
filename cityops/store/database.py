"""The store: an engine per process and the two kinds of transaction.

On SQLite: WAL, foreign keys, a busy time-out and ``synchronous=FULL``. Reading transactions
begin plainly, so that no reader waits behind a writer; writing ones take the lock at once,
because the driver's default loses updates silently. What is PostgreSQL's own lies in
``cityops.store.server``.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from cityops.settings import Settings
from cityops.store.files import FolderFileStore
from cityops.store.server import BEGIN_WRITING, SERVER_OPTIONS, require_postgis, server_refusal
from cityops.store.texts import refuse_bad_texts
from cityops.store.unit import Unit
from gis.errors import UnavailableError
from gis.layers import LayerRegistry, installed_layers

#: How long a writer waits for another one; imports hold the lock for seconds.
BUSY_TIMEOUT_MS = 5000
#: How long a request waits for a connection of its process, in seconds.
POOL_WAIT_S = 1.5
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
)


class SqlStore:
    """A store in an SQL database, with its folder of files.

    Attributes
    ----------
    engine
        Writing engine of this process; ``reader`` is the same pool for reading transactions.
    files
        Content-addressed files beside the database.
    installed
        Layers that installed packages declare.
    """

    def __init__(self, settings: Settings, installed: LayerRegistry | None = None) -> None:
        self.settings = settings
        self.installed = installed_layers() if installed is None else installed
        self.engine = make_engine(settings.database)
        self.reader = self.engine.execution_options(read_only=True)
        self.files = FolderFileStore(settings.files_dir)
        _dispose_in_forked_child(self.engine)

    @property
    def path(self) -> Path | None:
        """File of an SQLite database, None for a server."""
        return sqlite_path(self.settings.database)

    def reading(self) -> AbstractContextManager[Unit]:
        """Read-only transaction on one consistent state; never takes the write lock.

        Raises
        ------
        UnavailableError
            When the database cannot answer.
        """
        return self._transaction(writes=False)

    def writing(self) -> AbstractContextManager[Unit]:
        """Writing transaction, begun at once; commits at the end, rolls back on an exception.

        Raises
        ------
        UnavailableError
            When another writer holds the lock too long, the disk is full or read only.
        """
        return self._transaction(writes=True)

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Unit]:
        with answering(reads_only=not writes):
            engine = self.engine if writes else self.reader
            with engine.connect() as connection:
                outer = connection.begin()
                unit = Unit(self, connection, writes=writes)
                committed = False
                try:
                    yield unit
                    unit.flush()
                    outer.commit() if writes else outer.rollback()
                    committed = True
                except BaseException:
                    if outer.is_active:
                        outer.rollback()
                    raise
                finally:
                    unit.close(committed=False)
        if committed:
            unit.close(committed=True)

    def remove_unnamed_files(self, older_than_s: float) -> int:
        """Remove files that no row names and that are older than so many seconds; gives how many.

        Raises
        ------
        UnavailableError
            When the database cannot answer; nothing is removed then.
        """
        from cityops.store.health import named_files

        with self.reading() as tx:
            named = named_files(tx.connection)
        return self.files.remove_unnamed(named, older_than_s)

    def web_session(self, is_read: Callable[[], bool]) -> scoped_session[Session]:
        """A session per thread whose transactions are reading ones while `is_read` says so.

        For libraries that want a session of their own (sign-in); call ``remove()`` on it at the
        end of each request.
        """
        store = self

        class _Pick(Session):
            def get_bind(self, *args: Any, **kwargs: Any) -> Engine:
                return store.reader if is_read() else store.engine

        return scoped_session(sessionmaker(class_=_Pick, expire_on_commit=False))

    def joined(self, session: Session) -> Unit:
        """The repositories on the transaction of a session from `web_session`, whose commit or
        roll-back is that of what they write.
        """
        return Unit(self, session.connection(), writes=True)

    def dispose(self) -> None:
        """Close the connections of this process."""
        self.engine.dispose()


def open_store(settings: Settings, installed: LayerRegistry | None = None) -> SqlStore:
    """The store of a deployment, made by ``cityops init`` or `create_all` before.

    Checks the schema version, makes tables of layers that were declared since, and re-makes
    R*Trees whose triggers are gone.

    Parameters
    ----------
    installed
        Layers to use instead of those of the installed packages.

    Raises
    ------
    UnavailableError
        When there is no database, it cannot be read, or its schema is not this program's.
    """
    from cityops.store.migrate import check_schema

    path = sqlite_path(settings.database)
    if path is not None and not path.is_file():
        raise UnavailableError(
            "store.missing",
            "没有数据库：{got}",
            got=str(path),
            hint="先运行 cityops init --scene {scene}，或检查 CITYOPS_DATA_DIR",
            params={"scene": settings.scene},
        )
    store = SqlStore(settings, installed)
    try:
        with answering(), store.reader.connect() as connection:
            check_schema(connection)
        prepare(store)
    except BaseException:
        store.dispose()
        raise
    return store


def create_all(settings: Settings, installed: LayerRegistry | None = None) -> SqlStore:
    """The store of a deployment, made when it is not there yet.

    Raises
    ------
    UnavailableError
        When the folder or database cannot be written.
    """
    from cityops.store.migrate import check_schema, create_schema

    path = sqlite_path(settings.database)
    try:
        for folder in (settings.data_dir, settings.files_dir, settings.snapshots_dir):
            folder.mkdir(parents=True, exist_ok=True)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()  # connections open what is there and never make a new database
    except OSError as error:
        raise UnavailableError(
            "store.folder",
            "不能建立数据文件夹 {got}：{why}",
            got=str(settings.data_dir),
            params={"why": error.strerror},
        ) from error
    store = SqlStore(settings, installed)
    try:
        with answering(), store.engine.begin() as connection:
            require_postgis(connection)
            create_schema(connection)
            check_schema(connection)
        prepare(store)
    except BaseException:
        store.dispose()
        raise
    return store


def prepare(store: SqlStore) -> None:
    """Make what layers lack: tables of new declarations, R*Trees without their triggers."""
    with store.reading() as tx:
        lacking = tx.layers.lacking()
    if lacking:
        with store.writing() as tx:
            for spec in lacking:
                tx.layers.ensure(spec)


def sqlite_path(database: str) -> Path | None:
    """File of an SQLite address, None for any other database."""
    url = make_url(database)
    if not url.drivername.startswith("sqlite"):
        return None
    return Path(url.database or "")


def make_engine(database: str) -> Engine:
    """An engine with the two kinds of transaction. The address is a SQLAlchemy URL.

    Raises
    ------
    UnavailableError
        When the driver of the address is not installed.
    """
    url = make_url(database)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    path = sqlite_path(database)
    how: dict[str, Any] = {"pool_size": 8, "max_overflow": 8, "pool_timeout": POOL_WAIT_S}
    if path is None:
        how |= {"connect_args": SERVER_OPTIONS, "pool_pre_ping": True}
    if path is not None:
        how["creator"] = partial(_open_sqlite, path)
    try:
        if path is None:
            import geoalchemy2  # noqa: F401 - listens to tables that are made; not from half-way on
        engine = create_engine(url, **how)
    except ModuleNotFoundError as error:
        raise UnavailableError(
            "store.no_driver",
            "数据库驱动 {got} 没有安装",
            got=error.name,
            hint="安装 cityops[postgis]",
        ) from error
    if path is not None:
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "connect", partial(_note_file, path))
        event.listen(engine, "checkout", partial(_check_file, path))
        event.listen(engine, "begin", _on_sqlite_begin)
    else:
        event.listen(engine, "begin", _on_server_begin)
    refuse_bad_texts(engine)
    return engine


def _on_sqlite_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _open_sqlite(path: Path) -> sqlite3.Connection:
    """A connection to a file that is there: one that is gone must not come back empty."""
    address = f"{path.resolve().as_uri()}?mode=rw"
    return sqlite3.connect(address, uri=True, check_same_thread=False)


def _file_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _note_file(path: Path, _connection: sqlite3.Connection, record: Any) -> None:
    record.info["file"] = _file_of(path)


def _check_file(path: Path, _connection: object, record: Any, _proxy: object) -> None:
    # What is written to a file that was moved away or replaced would be acknowledged and lost.
    if record.info.get("file") != _file_of(path):
        raise DisconnectionError("the database file is another one")


def _on_sqlite_begin(connection: Connection) -> None:
    # query_only makes a write in a reading transaction fail instead of taking the lock late. The
    # pool keeps connections, and most transactions read: what is set already is not set again.
    reads = bool(connection.get_execution_options().get("read_only"))
    if connection.info.get("query_only") is not reads:
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
        connection.info["query_only"] = reads
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _on_server_begin(connection: Connection) -> None:
    if connection.get_execution_options().get("read_only"):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    else:
        connection.exec_driver_sql(BEGIN_WRITING)


def _dispose_in_forked_child(engine: Engine) -> None:
    """Connections must not be shared by two processes; a forked child opens its own."""
    if not hasattr(os, "register_at_fork"):
        return
    known = weakref.ref(engine)

    def forget() -> None:
        alive = known()
        if alive is not None:
            alive.dispose(close=False)

    os.register_at_fork(after_in_child=forget)


#: primary SQLite result code -> (code, message, hint)
_REFUSALS: dict[int, tuple[str, str, str]] = {
    sqlite3.SQLITE_BUSY: (
        "store.locked",
        "数据库正被另一个写入占用",
        "稍后再试；若一直如此，看是否有停住的进程占着数据文件夹",
    ),
    sqlite3.SQLITE_LOCKED: ("store.locked", "数据库正被另一个写入占用", "稍后再试"),
    sqlite3.SQLITE_FULL: ("store.disk_full", "磁盘已满，没有写入任何内容", "腾出空间后重试"),
    sqlite3.SQLITE_IOERR: ("store.io", "数据库文件读写出错", "检查磁盘，运行 cityops doctor"),
    sqlite3.SQLITE_CANTOPEN: ("store.cannot_open", "打不开数据库文件", "检查路径与权限"),
    sqlite3.SQLITE_READONLY: ("store.read_only", "数据库只读", "检查数据文件夹的写权限"),
    sqlite3.SQLITE_CORRUPT: ("store.corrupt", "数据库文件已损坏", "用 cityops restore 恢复备份"),
    sqlite3.SQLITE_NOTADB: ("store.not_a_database", "文件不是数据库", "检查 CITYOPS_DATA_DIR"),
    sqlite3.SQLITE_PERM: ("store.forbidden", "没有访问数据库文件的权限", "检查文件权限"),
}


@contextmanager
def answering(*, reads_only: bool = False) -> Iterator[None]:
    """Turn failures of the database itself into UnavailableError; others pass through.

    Parameters
    ----------
    reads_only
        Whether a refused write is a fault of the program, not of the database.

    Raises
    ------
    UnavailableError
        When it is locked, full, unreadable, or out of connections.
    """
    try:
        yield
    except (PoolTimeoutError, DBAPIError) as error:
        refusal = refusal_of(error)
        if refusal is None or (reads_only and refusal.code == "store.read_only"):
            raise
        raise refusal from error


def refusal_of(error: BaseException) -> UnavailableError | None:
    """What a failure of the database means, for those whose transactions others open; None when
    it is no failure of the database itself.
    """
    if isinstance(error, PoolTimeoutError):
        return UnavailableError("store.busy", "数据库连接都在使用", hint="稍后再试")
    found = _first_refusal(error)
    return None if found is None else UnavailableError(found[0], found[1], hint=found[2])


def _first_refusal(error: BaseException | None) -> tuple[str, str, str] | None:
    """Refusal behind an error: a full disk ends SQLite's transaction with its savepoints, and
    what is reported then is the savepoint that is missing.
    """
    while error is not None:
        if isinstance(error, DBAPIError) and (refusal := _refusal(error.orig)) is not None:
            return refusal
        error = error.__context__
    return None


def _refusal(cause: object) -> tuple[str, str, str] | None:
    number = getattr(cause, "sqlite_errorcode", None)
    if isinstance(number, int):
        # The low byte is the primary code; extended codes refine it.
        return _REFUSALS.get(number & 0xFF)
    return server_refusal(cause)
