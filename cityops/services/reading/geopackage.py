"""GeoPackage: only plain tables are read; views, generated columns and triggers never run."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from gis.errors import FileError


def plain_layers(path: Path) -> tuple[str, ...]:
    """Names of the feature layers of a GeoPackage, each of them a plain table.

    The file is opened read only and immutable, with ``trusted_schema`` off; a view, a
    virtual table and a table with generated columns are refused, for reading them would
    run expressions that the file brings along.

    Raises
    ------
    FileError
        When the file is no database, holds no layer, or a layer is not a plain table.
    """
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema=OFF")
            database.execute("PRAGMA cell_size_check=ON")
            return _layers(database)
    except sqlite3.Error as fault:
        raise FileError("gpkg.bad", "GeoPackage 已损坏", field="file") from fault


def _layers(database: sqlite3.Connection) -> tuple[str, ...]:
    kinds = dict(database.execute("SELECT name, type FROM sqlite_master"))
    if kinds.get("gpkg_contents") != "table":
        raise FileError("gpkg.bad", "GeoPackage 没有目录表", field="file")
    names = [
        str(name)
        for (name,) in database.execute(
            "SELECT table_name FROM gpkg_contents WHERE data_type = 'features' ORDER BY 1"
        )
    ]
    if not names:
        raise FileError("gpkg.no_layer", "GeoPackage 里没有要素图层", field="file")
    for name in names:
        _check_plain(database, name, kinds.get(name))
    return tuple(names)


def _check_plain(database: sqlite3.Connection, name: str, kind: str | None) -> None:
    body = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    virtual = body is not None and str(body[0]).lstrip().upper().startswith("CREATE VIRTUAL")
    columns = database.execute("SELECT hidden FROM pragma_table_xinfo(?)", (name,)).fetchall()
    if kind != "table" or virtual or any(hidden for (hidden,) in columns):
        raise FileError(
            "gpkg.not_a_table",
            "图层 {got} 不是普通的表（视图、虚拟表或含计算列），不读",
            field="file",
            got=name[:80],
            hint="请先导出成普通图层",
        )
