"""Excel: values of the first or named sheet; formulas, macros and links never run."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

from cityops.services.reading.archive import open_checked
from cityops.services.reading.sniff import Format
from cityops.services.reading.table import RawTable, ReadOptions, check_row_count
from cityops.services.reading.tables import from_records
from gis.errors import FileError

_ENTITY = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
#: The first element: nothing may be declared behind its beginning.
_ELEMENT = re.compile(rb"<[A-Za-z_]")
_HEAD = 1 << 16


def read(path: Path, options: ReadOptions) -> RawTable:
    """The rows of one sheet; its first row holds the column names and is row 1.

    Raises
    ------
    FileError
        When it is no plain workbook, has macros or a document type, or no coordinates.
    """
    check_parts(path)
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (KeyError, ValueError, OSError, TypeError) as fault:
        raise FileError("xlsx.bad", "工作簿已损坏", field="file") from fault
    try:
        names = tuple(book.sheetnames)
        name = options.source_layer or names[0]
        if name not in names:
            raise FileError(
                "file.no_such_layer", "没有工作表 {got}", got=name, expected=list(names)
            )
        lines = book[name].iter_rows(values_only=True)
        head = [_text(v) for v in next(lines, ())]
        records = []
        for row, cells in enumerate(lines, 2):
            if any(v is not None for v in cells):
                records.append((row, [_value(v) for v in cells]))
            check_row_count(row, options)
    finally:
        book.close()
    table = from_records(head, records, options, Format.XLSX.value)
    # Cells have types of their own: what stands there as a text is one.
    return RawTable(**(table.__dict__ | {"layer": name, "layers": names, "texts": False}))


def check_parts(path: Path) -> None:
    """Refuse a workbook with macros, document types or parts that hide what they are.

    Raises
    ------
    FileError
        ``xlsx.macros``, ``xlsx.doctype``, or what is wrong with the archive.
    """
    with open_checked(path) as archive:
        for member in archive.infolist():
            name = member.filename.lower()
            if name.endswith("vbaproject.bin"):
                raise FileError("xlsx.macros", "工作簿带有宏", field="file", hint="另存为 .xlsx")
            if not name.endswith((".xml", ".rels")):
                continue
            with archive.open(member) as part:
                head = part.read(_HEAD)
            plain = not head.startswith((b"\xff\xfe", b"\xfe\xff"))
            if not plain or _ENTITY.search(head) or not _ELEMENT.search(head):
                raise FileError("xlsx.doctype", "工作簿里有文档类型声明", field="file")


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _value(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        at_midnight = value.time() == datetime.time(0)
        return value.date().isoformat() if at_midnight else value.isoformat()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value)
    return value
