"""Columns of what lies around pipes: which field a delivered column is, and its cells as numbers.

Names lie in ``data/body_columns.csv``, words for kinds and surfaces in ``data/place_words.csv``. Nothing
is guessed: a field that is named twice and a cell that is no number are faults, all named at once.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Any

import numpy as np

from gis.errors import CityError, InvalidError
from gis.features import object_array
from underground.axes import FloatArray, ObjectArray
from underground.survey.fields import folded
from underground.survey.model import Sheet

_MILLIMETRES = ("(mm)", "(毫米)", "_mm")
_METRES = ("(m)", "(米)", "_m")


@dataclass(frozen=True)
class Columns:
    """Cells of the known fields of one table of n rows; None is unknown."""

    table: str
    n: int
    cells: Mapping[str, ObjectArray]

    def has(self, field: str) -> bool:
        """Whether the field was delivered."""
        return field in self.cells

    def text(self, field: str) -> ObjectArray:
        """(n,) texts; None is unknown."""
        return self.cells.get(field, object_array([None] * self.n))

    def number(self, field: str) -> FloatArray:
        """(n,) numbers; NaN is unknown."""
        plain = [math.nan if v is None else v for v in self.text(field).tolist()]
        return np.array(plain, np.float64)


def columns_of(
    table: str, delivered: Mapping[str, ObjectArray], n: int, rows: list[int] | None = None
) -> Columns:
    """The known fields among delivered columns.

    Parameters
    ----------
    table
        ``around``, ``land``, ``bodies``, ``spots``, ``holes`` or ``layers``.
    rows
        Numbers of the rows in their file; counted from 1 where not given.

    Raises
    ------
    InvalidError
        With every fault in ``errors``: two columns for one field, cells that are no finite
        number, a size without a unit in the name of its column.

    Examples
    --------
    >>> found = columns_of("bodies", {"井径(mm)": object_array([400]), "井深": object_array(["30"])}, 1)
    >>> found.number("diameter").tolist(), found.number("depth").tolist(), found.has("top")
    ([0.4], [30.0], False)
    """
    found, faults = read_columns(table, delivered, n, rows)
    if faults:
        raise _bad(faults)
    return found


def _bad(faults: list[CityError]) -> InvalidError:
    return InvalidError(
        "columns.bad", "表里有 {count} 处错误", params={"count": len(faults)}, errors=faults
    )


def read_columns(
    table: str, delivered: Mapping[str, ObjectArray], n: int, rows: list[int] | None = None
) -> tuple[Columns, list[CityError]]:
    """As `columns_of`, with the faults beside the columns: bad cells are unknown."""
    known = _names(table)
    numbers = rows if rows is not None else list(range(1, n + 1))
    faults: list[CityError] = []
    taken: dict[str, str] = {}
    cells: dict[str, ObjectArray] = {}
    for name, column in delivered.items():
        field, kind = known.get(_plain(name), (None, ""))
        if field is None:
            continue
        if field in taken:
            faults.append(
                InvalidError(
                    "columns.twice",
                    "两列都是 {field}：{got}",
                    field=field,
                    got=[taken[field], name],
                )
            )
            continue
        taken[field] = name
        unit = _unit(name)
        if kind == "size" and unit is None:
            faults.append(
                InvalidError(
                    "columns.unit", "列 {got} 没有写明单位", field=field, got=name,
                    expected=[f"{name}(mm)", f"{name}(m)"],
                )
            )  # fmt: skip
            continue
        if kind == "text":
            cells[field] = object_array(_text(v) for v in column.tolist())
        else:
            cells[field] = _numbers(name, column, unit or 1.0, numbers, faults)
    return Columns(table, n, cells), faults


def columns_of_sheet(table: str, sheet: Sheet) -> Columns:
    """The known fields of a sheet; see `columns_of`.

    Raises
    ------
    InvalidError
        As `columns_of`, and where one name heads two columns.
    """
    found, faults = read_columns_of_sheet(table, sheet)
    if faults:
        raise _bad(faults)
    return found


def read_columns_of_sheet(table: str, sheet: Sheet) -> tuple[Columns, list[CityError]]:
    """As `columns_of_sheet`, with the faults beside the columns: bad cells are unknown.

    Raises
    ------
    InvalidError
        One name heads two columns.
    """
    head = [str(name) for name in sheet.head]
    twice = sorted({name for name in head if name.strip() and head.count(name) > 1})
    if twice:
        raise InvalidError("columns.same_name", "列名重复：{got}", field="file", got=twice)
    delivered = {}
    for k, name in enumerate(head):
        column = [row[k] if k < len(row) else None for row in sheet.cells]
        delivered[name] = object_array(column)
    return read_columns(table, delivered, len(sheet.cells), list(sheet.rows))


def _numbers(
    name: str, column: ObjectArray, unit: float, rows: list[int], faults: list[CityError]
) -> ObjectArray:
    out: list[float | None] = []
    for cell, row in zip(column.tolist(), rows, strict=True):
        text = _text(cell)
        value = None if text is None else _number(text)
        if text is not None and value is None:
            faults.append(
                InvalidError(
                    "columns.number", "{field} 不是数：{got}", field=name, got=text,
                    row=row,
                )
            )  # fmt: skip
        out.append(None if value is None else value * unit)
    return object_array(out)


def _text(cell: Any) -> str | None:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    return str(cell).strip() or None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _unit(name: str) -> float | None:
    plain = name.strip().replace("（", "(").replace("）", ")").casefold()
    if plain.endswith(_MILLIMETRES):
        return 0.001
    return 1.0 if plain.endswith(_METRES) else None


def _plain(name: str) -> str:
    """A name for looking up: as `folded`, and without a unit behind an underscore."""
    plain = name.strip().casefold()
    for unit in ("_mm", "_m"):
        plain = plain.removesuffix(unit)
    return folded(plain)


@cache
def _names(table: str) -> dict[str, tuple[str, str]]:
    text = (files("underground") / "data" / "body_columns.csv").read_text(encoding="utf-8")
    return {
        _plain(row["name"]): (row["field"], row["kind"])
        for row in csv.DictReader(StringIO(text))
        if row["table"] == table
    }


@cache
def _words(table: str) -> dict[str, str]:
    text = (files("underground") / "data" / "place_words.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(StringIO(text))
    return {row["name"].casefold(): row["code"] for row in rows if row["table"] == table}


def word_of(table: str, text: str | None) -> str | None:
    """The code that a word stands for in a table; other words stand for themselves.

    Examples
    --------
    >>> word_of("around", "铁塔"), word_of("land", "机动车道"), word_of("land", "绿地"), word_of("land", None)
    ('tower', 'carriageway', '绿地', None)
    """
    return None if text is None else _words(table).get(text.strip().casefold(), text.strip())
