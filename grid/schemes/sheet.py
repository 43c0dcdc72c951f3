"""A sheet of a workbook as plain values, and where its table begins."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gis.errors import FileError
from grid.schemes.limit_text import typed_text

#: The head of the table stands within so many rows.
HEAD_ROWS = 30

#: Role of a column -> names under which cities write it.
COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "domain": ("类型", "类别", "部件事件", "部件/事件", "案件类型", "部件事件类型", "案卷类型"),
    "major_code": ("大类代码", "大类编码", "大类编号", "大类码"),
    "major": ("大类", "大类名称"),
    "minor_code": ("小类代码", "小类编码", "小类编号", "小类码", "代码", "编码"),
    "minor": ("小类", "小类名称", "名称"),
    "condition": ("立案条件编号", "条件编号", "条件代码", "instCondID"),
    "trigger": ("立案条件", "立案标准", "立案情形", "立案条件描述"),
    "closing": ("结案条件", "结案标准", "结案要求", "结案规范"),
    "limit": ("处置时限", "时限", "办理时限", "处理时限", "处置期限"),
    "limit_A": ("A", "A类", "A类区域", "A类时限", "A级", "一类区域", "一类区"),
    "limit_B": ("B", "B类", "B类区域", "B类时限", "B级", "二类区域", "二类区"),
    "limit_C": ("C", "C类", "C类区域", "C类时限", "C级", "三类区域", "三类区"),
    "area": ("适用区域", "区域", "区域类别", "区域类型", "区域等级", "适用区域类别"),
    "unit": ("时限类型", "时限单位", "计时方式", "计时单位", "单位"),
}
_ROLE_OF = {
    typed_text(name).lower(): role for role, names in COLUMN_NAMES.items() for name in names
}
_IN_BRACKETS = re.compile(r"\(.*?\)")
#: Roles that a second row of a head may name.
_AREAS = ("limit_A", "limit_B", "limit_C")


@dataclass(frozen=True)
class Sheet:
    """A sheet: rows of cell values from its first row on, and its merged ranges.

    ``merged`` are (top, left, bottom, right), 0-based, inclusive.
    """

    name: str
    rows: Sequence[Sequence[Any]]
    merged: Sequence[tuple[int, int, int, int]] = field(default_factory=tuple)

    def filled(self) -> list[list[Any]]:
        """The rows with the value of each merged range in all of its cells."""
        width = max((len(row) for row in self.rows), default=0)
        out = [[*row, *[None] * (width - len(row))] for row in self.rows]
        for top, left, bottom, right in self.merged:
            if top >= len(out) or left >= width:
                continue
            value = out[top][left]
            for row in range(top, min(bottom, len(out) - 1) + 1):
                for column in range(left, min(right, width - 1) + 1):
                    out[row][column] = value
        return out


@dataclass(frozen=True)
class Head:
    """Where a table begins: index of its first row of data, columns by role, texts of the head."""

    first: int
    columns: Mapping[str, int]
    texts: tuple[tuple[str, ...], ...]


def head_of(sheet: Sheet, rows: Sequence[Sequence[Any]]) -> Head:
    """The head of the table of a sheet; it may have two rows, 处置时限 over A, B and C.

    A second row of the head names areas and repeats, under merged cells, names of the first; a
    row that holds anything else is data, though it may say for which area it applies.

    Raises
    ------
    FileError
        ``scheme.no_head`` when no row names filing conditions and minor classes.
    """
    for at, row in enumerate(rows[:HEAD_ROWS]):
        columns = _roles(row)
        if "trigger" not in columns or not columns.keys() & {"minor", "minor_code"}:
            continue
        texts = [_texts(row)]
        areas = _areas_below(row, rows[at + 1]) if at + 1 < len(rows) else {}
        if areas:
            columns = {r: c for r, c in columns.items() if r != "limit"} | areas
            texts.append(_texts(rows[at + 1]))
        return Head(at + len(texts), columns, tuple(texts))
    raise FileError(
        "scheme.no_head",
        "工作表“{got}”里找不到表头：要有“小类”和“立案条件”两列",
        field="sheet",
        got=sheet.name,
        expected=["小类代码", "小类名称", "立案条件", "结案条件", "处置时限"],
    )


def repeats_head(head: Head, row: Sequence[Any]) -> bool:
    """Whether a row is the head again, as after a page break."""
    return _texts(row) in head.texts


def _areas_below(first: Sequence[Any], second: Sequence[Any]) -> dict[str, int]:
    """Columns of areas that a second row of a head names; none where it is a row of data."""
    named = _roles(second)
    areas = {role: named[role] for role in _AREAS if role in named}
    above = _texts(first)
    for column, text in enumerate(_texts(second)):
        repeated = column < len(above) and text == above[column]
        if text and not repeated and column not in areas.values():
            return {}
    return areas


def _roles(row: Sequence[Any]) -> dict[str, int]:
    out: dict[str, int] = {}
    for column, value in enumerate(row):
        name = _IN_BRACKETS.sub("", typed_text(value)).lower()
        role = _ROLE_OF.get(name)
        if role is not None:
            out.setdefault(role, column)
    return out


def _texts(row: Sequence[Any]) -> tuple[str, ...]:
    return tuple(typed_text(value) for value in row)
