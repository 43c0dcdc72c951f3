"""Tables that a city delivers as workbook or CSV, as plain sheets with their merged ranges."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from cityops.services.reading.encoding import decode
from cityops.services.reading.tables import separator_of
from cityops.services.reading.workbook import check_parts
from gis.errors import FileError, NotFoundError
from grid.schemes.sheet import Sheet

#: Tables of classes have some thousand rows; what is longer is no such table.
MOST_ROWS = 20_000
MOST_COLUMNS = 200
MOST_BYTES = 32 << 20


def read_sheets(path: Path) -> list[Sheet]:
    """The sheets of a workbook (.xlsx), or the one of a CSV file, rows from the first on.

    Formulas give the value that was stored with them; macros and links never run.

    Raises
    ------
    NotFoundError
        ``file.missing``.
    FileError
        ``file.unknown`` for other kinds of file, ``file.too_large``, ``xlsx.bad``,
        ``xlsx.macros``, ``scheme.too_long``, or what is wrong with the archive.
    """
    if not path.is_file():
        raise NotFoundError("file.missing", "没有文件 {got}", field="file", got=str(path)[:500])
    if path.stat().st_size > MOST_BYTES:
        raise FileError(
            "file.too_large",
            "文件有 {got} 字节，最多 {expected}",
            field="file",
            got=path.stat().st_size,
            expected=MOST_BYTES,
        )
    kind = path.suffix.lower()
    if kind in (".csv", ".txt"):
        return [_csv(path)]
    if kind == ".xlsx":
        return _workbook(path)
    raise FileError(
        "file.unknown",
        "读不了 {got}",
        field="file",
        got=path.name[:200],
        expected=[".xlsx", ".csv"],
        hint="旧的 .xls 请另存为 .xlsx",
    )


def _csv(path: Path) -> Sheet:
    text = decode(path.read_bytes()).text
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text)))
    except csv.Error as fault:
        raise FileError("csv.bad", "不是表格：{got}", field="file", got=path.name) from fault
    _check_size(path.stem, len(rows), max(map(len, rows), default=0))
    return Sheet(path.stem, [[cell or None for cell in row] for row in rows])


def _workbook(path: Path) -> list[Sheet]:
    check_parts(path)
    import openpyxl

    # A damaged workbook shows itself in as many ways as it has parts.
    damaged = (KeyError, ValueError, OSError, TypeError, IndexError, AttributeError, SyntaxError)
    try:
        book = openpyxl.load_workbook(path, data_only=True, keep_links=False)
    except damaged as fault:
        raise FileError("xlsx.bad", "工作簿已损坏", field="file", got=path.name) from fault
    try:
        return [_sheet(sheet) for sheet in book.worksheets]
    finally:
        book.close()


def _sheet(sheet: Any) -> Sheet:
    _check_size(sheet.title, sheet.max_row, sheet.max_column)
    merged = [
        (found.min_row - 1, found.min_col - 1, found.max_row - 1, found.max_col - 1)
        for found in sheet.merged_cells.ranges
    ]
    return Sheet(sheet.title, [list(row) for row in sheet.iter_rows(values_only=True)], merged)


def _check_size(name: str, rows: int, columns: int) -> None:
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        raise FileError(
            "scheme.too_long",
            "工作表“{sheet}”有 {got} 行列，最多 {expected}",
            field="sheet",
            got=[rows, columns],
            expected=[MOST_ROWS, MOST_COLUMNS],
            params={"sheet": name[:80]},
            hint="删去表格下方和右侧带格式的空行空列",
        )
