"""Is the store well? Schema, indexes, integrity, files, audit trail, room on the disk."""

from __future__ import annotations

import os
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from cityops.store.database import SqlStore
from cityops.store.migrate import REVISIONS, current_revision
from cityops.store.models import load_all
from cityops.store.models.audit import TRIGGERS

#: Files whose content is compared with their name when not all are asked for.
SAMPLE = 200
#: Free bytes on the disk below which the store is not well.
LOW_BYTES = 200_000_000


def check_store(store: SqlStore, *, full: bool = False) -> dict[str, Any]:
    """What was checked and found; ``faults`` is empty when all is well.

    Parameters
    ----------
    full
        Read every file and compare it with its name; else a random sample of `SAMPLE`.

    Raises
    ------
    UnavailableError
        When the database cannot be read at all.
    """
    with store.reading() as tx:
        connection = tx.connection
        schema = current_revision(connection)
        indexes = tx.layers.check_indexes(deep=True)
        integrity = _integrity(connection)
        audit = tx.audit.verify()
        lost_triggers = _lost_triggers(connection)
        named = named_files(connection)
    files = _files(store, named, full=full)
    free = shutil.disk_usage(store.settings.data_dir).free
    syncs = _sync_ms(store.settings.data_dir)
    faults = [f"图层 {c.layer}：{fault}" for c in indexes for fault in c.faults]
    faults += [f"数据库版本是 {schema}，应为 {REVISIONS[-1]}"] if schema != REVISIONS[-1] else []
    faults += (
        [f"数据库自检（integrity_check）：{integrity}"] if integrity not in ("ok", None) else []
    )
    faults += [f"审计链在第 {audit.broken_at} 条断开"] if audit.broken_at else []
    faults += [f"缺少触发器 {name}" for name in lost_triggers]
    faults += [f"缺少文件 {name}" for name in files["missing"]]
    faults += [f"文件已损坏 {name}" for name in files["damaged"]]
    faults += [f"磁盘只剩 {free} 字节"] if free < LOW_BYTES else []
    faults += ["数据文件夹不能写入"] if syncs is None else []
    return {
        "faults": faults,
        "schema": {"found": schema, "expected": REVISIONS[-1]},
        "database": store.engine.dialect.name,
        "integrity": integrity,
        "layers": [
            {"name": c.layer, "rows": c.rows, "indexed": c.indexed, "faults": list(c.faults)}
            for c in indexes
        ],
        "audit": {"entries": audit.entries, "broken_at": audit.broken_at},
        "files": files,
        "disk_free_bytes": free,
        "sync_ms": syncs,
    }


def _integrity(connection: Connection) -> str | None:
    if connection.dialect.name != "sqlite":
        return None
    verdict = str(connection.exec_driver_sql("PRAGMA integrity_check").scalar_one())
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    return verdict if broken is None else f"{verdict}；{broken[0]} 第 {broken[1]} 行的外键没有所指"


def _lost_triggers(connection: Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        rows = connection.exec_driver_sql("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        there = set(rows.scalars())
        return sorted(name for name in TRIGGERS if name not in there)
    rows = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    there = set(rows.scalars())
    return sorted(name for name in TRIGGERS if name not in there)


def named_files(connection: Connection) -> set[str]:
    """Digests of the files that rows name."""
    found: set[str] = set()
    for table in load_all().sorted_tables:
        for column in table.columns:
            if column.info.get("file"):
                rows = connection.execute(select(column).where(column.is_not(None)).distinct())
                found.update(rows.scalars())
    return found


def _files(store: SqlStore, named: set[str], *, full: bool) -> dict[str, Any]:
    names = list(store.files.names())
    checked = names if full or len(names) <= SAMPLE else random.sample(names, SAMPLE)
    return {
        "total": len(names),
        "checked": len(checked),
        "missing": sorted(named - set(names)),
        "damaged": sorted(n for n in checked if not store.files.is_sound(n)),
    }


def sync_times_ms(folder: Path, times: int = 20) -> list[float]:
    """Milliseconds that one write of 4 kB with fsync takes in a folder, each of so many times.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    out = []
    with tempfile.TemporaryFile(dir=folder) as probe:
        for _ in range(times):
            began = time.perf_counter()
            probe.write(b"\0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
            out.append((time.perf_counter() - began) * 1000)
    return out


def _sync_ms(folder: Path) -> float | None:
    try:
        return round(statistics.median(sync_times_ms(folder)), 3)
    except OSError:
        return None
