"""Figures of a deployment for those who watch over it: numbers only, no person and no place."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from cityops.services.ports import Store

#: Name, labels and value of a figure.
Figure = tuple[str, dict[str, str], float]


def deployment_figures(store: Store, data_dir: Path) -> Iterator[Figure]:
    """Jobs by state, rows of each layer, entries of the audit trail, room and size in bytes.

    Raises
    ------
    UnavailableError
        When the store does not answer.
    """
    with store.reading() as tx:
        jobs, rows, entries = tx.jobs.counts(), tx.layers.counts(), tx.audit.head().number
    for state, count in sorted(jobs.items()):
        yield "jobs", {"state": state}, count
    for layer, count in sorted(rows.items()):
        yield "layer_rows", {"layer": layer}, count
    yield "audit_entries", {}, entries
    yield "disk_free_bytes", {}, shutil.disk_usage(data_dir).free
    for name in ("cityops.db", "cityops.db-wal"):
        path = data_dir / name
        if path.is_file():
            yield "database_bytes", {"file": name}, path.stat().st_size
