"""Backup and restore: one tar with a consistent database, its files, and what proves them.

The database is copied first, in one read of one state; files are written before the rows that
name them and never changed, so every file that the copy names is there when files are gathered
afterwards. ``secret.key`` stays out: who holds a backup must not be able to sign sessions.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from cityops.services.city_time import shown_time
from cityops.store.database import SqlStore
from cityops.store.files import sync_folder
from cityops.store.migrate import REVISIONS
from cityops.store.models import load_all
from gis.errors import ConflictError, FileError, NotFoundError, UnavailableError

FORMAT = 1
DATABASE = "cityops.db"
MANIFEST = "manifest.json"
KEY_FILE = "secret.key"
#: Restored layers get versions beyond any that a browser or process may have cached.
VERSION_STEP = 1_000_000
_FILE = re.compile(r"files/([0-9a-f]{2})/([0-9a-f]{64})")
_HASH = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20
_MAX_MANIFEST = 256_000_000


@dataclass(frozen=True)
class BackupReport:
    """What a backup holds, or what a restore proved."""

    path: str
    size: int
    rows: dict[str, int]
    files: int
    missing: tuple[str, ...]
    created: str
    kept: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "path": self.path,
            "size_bytes": self.size,
            "rows": self.rows,
            "files": self.files,
            "missing_files": list(self.missing),
            "created": shown_time(self.created),
            "kept_before": self.kept,
            "secret_key_included": False,
        }


# --- backup ----------------------------------------------------------------------------------


def write_backup(store: SqlStore, target: Path) -> BackupReport:
    """Write a backup of `store` to the file `target`; writers go on meanwhile.

    The file appears under its name only when it is whole.

    Raises
    ------
    UnavailableError
        When the store is no SQLite database, or the target cannot be written.
    NotFoundError
        When the folder of the target is not there.
    ConflictError
        When the target is there already.
    """
    if store.path is None:
        raise UnavailableError(
            "backup.server",
            "PostgreSQL 的备份请用 pg_dump",
            hint="文件夹 files 另行复制，在 pg_dump 之后",
        )
    if not target.parent.is_dir():
        raise NotFoundError(
            "file.no_folder",
            "没有文件夹 {got}",
            field="file",
            got=str(target.parent),
            hint="检查写法，或先建这个文件夹",
        )
    if target.exists():
        raise ConflictError("backup.exists", "文件已存在：{got}", got=str(target))
    try:
        with _scratch(target.parent) as folder:
            copy = folder / DATABASE
            copy_database(store.path, copy)
            draft = folder / "backup.tar"
            manifest = _write_tar(draft, copy, store)
            draft.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise UnavailableError(
            "backup.cannot_write",
            "备份写不到 {got}：{why}",
            got=str(target),
            params={"why": error.strerror or "?"},
            hint="换一个有空间、可写的位置",
        ) from error
    return _report(target, target.stat().st_size, manifest)


def copy_database(source: Path, target: Path) -> None:
    """Copy one consistent state of an SQLite database; readers and writers go on."""
    address = f"file:{source.resolve().as_posix()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=30)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        # One step: in WAL mode the copy is one snapshot and no writer waits for it.
        old.backup(new, pages=-1)
        new.execute("PRAGMA journal_mode=DELETE")


def _write_tar(draft: Path, copy: Path, store: SqlStore) -> dict[str, Any]:
    manifest = _manifest(copy)
    named = named_files(copy)
    # Files that no row of the copy names came later, or were left by a killed process.
    names = [name for name in store.files.names() if name in named]
    manifest["missing"] = sorted(named - set(names))
    sizes: dict[str, int] = {}
    with draft.open("wb") as raw, tarfile.open(fileobj=raw, mode="w") as tar:
        tar.add(copy, DATABASE)
        for name in names:
            path = store.files.path(name)
            if not store.files.is_sound(name):
                # A damaged file is not carried on as if it were what its name says.
                manifest["missing"] = sorted({*manifest["missing"], name})
                continue
            tar.add(path, f"files/{name[:2]}/{name}")
            sizes[name] = path.stat().st_size
        manifest["files"] = sizes
        _add_bytes(tar, MANIFEST, orjson.dumps(manifest))
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return manifest


def _manifest(copy: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(copy)) as db:
        head = db.execute("SELECT hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
        schema = db.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        rows = row_counts(db)
    with copy.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    return {
        "format": FORMAT,
        "program": version("cityops"),
        "schema": schema,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": {"sha256": digest, "size": copy.stat().st_size},
        "rows": rows,
        "audit_head": head[0] if head else None,
    }


def row_counts(db: sqlite3.Connection) -> dict[str, int]:
    """Rows of every table, SQLite's own left out."""
    tables = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    )
    return {
        name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
        for (name,) in sorted(tables.fetchall())
    }


def named_files(database: Path) -> set[str]:
    """Digests that the rows of a database name in columns marked as naming files."""
    found: set[str] = set()
    with closing(sqlite3.connect(database)) as db:
        there = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        for table in load_all().sorted_tables:
            for column in table.columns:
                if column.info.get("file") and table.name in there:
                    rows = db.execute(f'SELECT "{column.name}" FROM "{table.name}"')  # noqa: S608
                    found |= {v for (v,) in rows if isinstance(v, str) and _HASH.fullmatch(v)}
    return found


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


# --- restore ---------------------------------------------------------------------------------


def restore_backup(source: Path, data_dir: Path, *, force: bool = False) -> BackupReport:
    """Make a data folder from a backup, after proving every count and hash.

    Nothing in `data_dir` changes until everything is proven. With `force` a folder that holds
    data is kept beside the new one under the name that the report gives; its ``secret.key``
    goes on being used.

    Raises
    ------
    NotFoundError
        When there is no backup file.
    FileError
        When it is no backup, or a count or hash is not what it says.
    ConflictError
        When `data_dir` holds data and `force` is not given.
    UnavailableError
        When the folder cannot be written, or the backup is of a newer program.
    """
    if not source.is_file():
        raise NotFoundError("backup.missing", "没有备份文件 {got}", got=str(source))
    data_dir = data_dir.resolve()
    occupied = data_dir.is_dir() and any(data_dir.iterdir())
    if occupied and not force:
        raise ConflictError(
            "restore.not_empty",
            "文件夹 {got} 里已有数据，没有改动",
            got=str(data_dir),
            hint="换一个文件夹，或加 --force：原有数据会改名保留",
        )
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        with _scratch(data_dir.parent) as folder:
            manifest = _unpacked(source, folder)
            _prove(folder, manifest)
            _raise_versions(folder / DATABASE)
            kept = _swap(folder, data_dir, occupied=occupied)
    except OSError as error:
        raise UnavailableError(
            "restore.cannot_write",
            "不能写入 {got}：{why}",
            got=str(data_dir),
            params={"why": error.strerror or "?"},
        ) from error
    return _report(data_dir, source.stat().st_size, manifest, kept)


def _unpacked(source: Path, folder: Path) -> dict[str, Any]:
    """Unpack the three kinds of entries that a backup has; anything else is refused."""
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(source, "r:") as tar:
            for entry in tar:
                stream = tar.extractfile(entry) if entry.isfile() else None
                found = _FILE.fullmatch(entry.name)
                if stream is None:
                    raise _broken(source, entry.name)
                if entry.name == MANIFEST and entry.size <= _MAX_MANIFEST:
                    manifest = orjson.loads(stream.read())
                elif entry.name == DATABASE or (found and found[2].startswith(found[1])):
                    _copy_stream(stream, folder / entry.name)
                else:
                    raise _broken(source, entry.name)
    except (tarfile.TarError, orjson.JSONDecodeError, EOFError) as error:
        raise _broken(source, "读不出其中的内容") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _broken(source, f"没有可用的清单 {MANIFEST}")
    if manifest["schema"] not in REVISIONS:
        raise UnavailableError(
            "restore.newer",
            "备份来自更新的程序（版本 {got}），请用新程序恢复",
            got=manifest["schema"],
            expected=REVISIONS[-1],
        )
    return manifest


def _prove(folder: Path, manifest: dict[str, Any]) -> None:
    """Compare the unpacked database and files with the manifest.

    Raises
    ------
    FileError
        With one entry in ``errors`` per difference.
    """
    faults = [*_database_faults(folder / DATABASE, manifest), *_file_faults(folder, manifest)]
    if faults:
        raise FileError(
            "restore.not_proven",
            "备份与其清单不符，没有恢复：{first}",
            params={"first": faults[0]},
            errors=[FileError("restore.difference", "{got}", got=fault) for fault in faults],
        )


def _database_faults(database: Path, manifest: dict[str, Any]) -> Iterator[str]:
    if not database.is_file():
        yield f"缺少 {DATABASE}"
        return
    with database.open("rb") as source:
        if hashlib.file_digest(source, "sha256").hexdigest() != manifest["database"]["sha256"]:
            yield f"{DATABASE} 的内容与清单的 sha256 不同"
            return
    with closing(sqlite3.connect(database)) as db:
        verdict = db.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            yield f"{DATABASE} 不完整：{verdict}"
        counts = row_counts(db)
    for table in sorted(counts.keys() | manifest["rows"].keys()):
        if counts.get(table) != manifest["rows"].get(table):
            there, told = (_rows(of.get(table)) for of in (counts, manifest["rows"]))
            yield f"表 {table}：数据库里{there}，清单上{told}"


def _rows(count: int | None) -> str:
    return "没有" if count is None else f"有 {count} 行"


def _file_faults(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    for name in manifest["files"]:
        path = folder / "files" / name[:2] / name
        if not path.is_file():
            yield f"缺少 files/{name}"
            continue
        with path.open("rb") as source:
            if hashlib.file_digest(source, "sha256").hexdigest() != name:
                yield f"files/{name} 的内容与其名（sha256）不同"
    allowed = set(manifest["files"]) | set(manifest["missing"])
    for name in sorted(named_files(folder / DATABASE) - allowed):
        yield f"数据库用到 files/{name}，清单上没有"


def _raise_versions(database: Path) -> None:
    with closing(sqlite3.connect(database)) as db, db:
        db.execute(
            "UPDATE layer_state SET version = version + ?, logged_from = version + ?",
            (VERSION_STEP, VERSION_STEP),
        )
        db.execute("DELETE FROM layer_change")


def _swap(folder: Path, data_dir: Path, *, occupied: bool) -> str | None:
    """Put the proven folder in place; gives where the old one is kept."""
    kept: Path | None = None
    if occupied:
        if (data_dir / KEY_FILE).is_file():
            shutil.copy2(data_dir / KEY_FILE, folder / KEY_FILE)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        kept = data_dir.with_name(f"{data_dir.name}.before-{stamp}")
        data_dir.rename(kept)
    elif data_dir.is_dir():
        data_dir.rmdir()
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
    folder.chmod(0o755)
    folder.rename(data_dir)
    sync_folder(data_dir.parent)
    return None if kept is None else str(kept)


def _copy_stream(stream: Any, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        shutil.copyfileobj(stream, out, _CHUNK)
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    """A folder beside the target, on the same disk; gone at the end unless it was renamed."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=".cityops-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _broken(source: Path, why: str) -> FileError:
    return FileError(
        "restore.not_a_backup",
        "{file} 不是完整的备份：{got}",
        got=why[:200],
        params={"file": source.name},
        hint="文件可能被截断或不是 cityops backup 做的；请重新复制，或换一个备份",
    )


def _report(
    path: Path, size: int, manifest: dict[str, Any], kept: str | None = None
) -> BackupReport:
    return BackupReport(
        path=str(path),
        size=size,
        rows=manifest["rows"],
        files=len(manifest["files"]),
        missing=tuple(manifest["missing"]),
        created=manifest["created"],
        kept=kept,
    )
