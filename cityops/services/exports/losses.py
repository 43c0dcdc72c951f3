"""What a format cannot hold, counted and said, so that nothing is lost in silence."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cityops.services.exports.sheet import Sheet, plain
from cityops.services.reading.table import Note
from gis.features import ObjectArray
from gis.layers import FieldType


def _counted(sheet: Sheet, code: str, message: str, is_lost: Callable[[Any], bool]) -> list[Note]:
    """A note for each column that holds values which are lost."""
    out = []
    for name, column in sheet.columns.items():
        count = sum(map(is_lost, column.tolist()))
        if count:
            out.append(Note(0, code, message, {"field": name, "count": count}))
    return out


def nested_values(sheet: Sheet) -> list[Note]:
    """Lists and objects, which tables hold as JSON text."""
    return _counted(
        sheet,
        "export.nested",
        "“{field}”有 {count} 个嵌套的值，写成了 JSON 文本",
        lambda value: isinstance(value, (dict, list)),
    )


def empty_texts(sheet: Sheet) -> list[Note]:
    """Empty texts, where a format cannot tell them from unknown ones."""
    return _counted(
        sheet,
        "export.empty_text",
        "“{field}”有 {count} 个空文本，这种格式里与“未知”没有分别",
        lambda value: value == "",
    )


def untyped_texts(sheet: Sheet) -> list[Note]:
    """Columns of texts that look like numbers, where a format has no types."""
    out = []
    for name, column in sheet.columns.items():
        values = [v for v in column.tolist() if v not in (None, "")]
        if sheet.types[name] in (FieldType.TEXT, FieldType.CODE) and values:
            looks = sum(isinstance(v, str) and _is_number(v) for v in values)
            if looks == len(values):
                message = "“{field}”的 {count} 个文本都像数，读的程序可能当成数"
                out.append(Note(0, "export.no_types", message, {"field": name, "count": looks}))
    return out


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def renamed(old: Sequence[str], new: Sequence[str]) -> list[Note]:
    """Columns that have another name in the file."""
    return [
        Note(0, "export.renamed", "“{field}”在文件里叫“{new}”", {"field": a, "new": b})
        for a, b in zip(old, new, strict=True)
        if a != b
    ]


def differences(sheet: Sheet, found: Mapping[str, ObjectArray]) -> list[Note]:
    """Numbers and texts that did not come back as they were written.

    Parameters
    ----------
    found
        The columns of `sheet`, by their names there, as read from the file again.
    """
    out = []
    for name, column in sheet.columns.items():
        count = sum(
            not _same(plain(a), b)
            for a, b in zip(column.tolist(), found[name].tolist(), strict=True)
        )
        if count:
            message = "“{field}”有 {count} 个值在文件里与原值不完全相同（小数位数或首尾空格）"
            out.append(Note(0, "export.rounded", message, {"field": name, "count": count}))
    return out


def _same(wanted: Any, got: Any) -> bool:
    if wanted in (None, ""):
        return got in (None, "")
    if isinstance(wanted, (int, float)) and isinstance(got, (int, float, bool, np.number)):
        return float(wanted) == float(got)
    return str(wanted) == str(got)
