"""Point and line tables into a survey: columns by name, numbers by value, every fault listed."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from gis.features import object_array
from gis.reference import Reference
from underground.axes import FloatArray, ObjectArray
from underground.faults import SheetRole, SurveyFault, sorted_faults
from underground.heights import UNKNOWN_DATUM, datum_named
from underground.survey.fields import (
    FIELDS,
    Alias,
    FieldKind,
    SurveyField,
    by_name,
    folded,
    stated_unit,
)
from underground.survey.model import Sheet, Survey, SurveyTable, no_shapes

_NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")


def role_of(sheet: Sheet) -> SheetRole | None:
    """Which table a sheet is, by its columns; None when it is neither.

    Examples
    --------
    >>> role_of(Sheet("a", ["起点点号", "终点点号", "管径"], [], [])).value
    'lines'
    """
    heads = {folded(str(name)) for name in sheet.head if name is not None}
    fields = {role: _fields_in(heads, role) for role in (SheetRole.LINES, SheetRole.POINTS)}
    if {"start", "end"} <= fields[SheetRole.LINES]:
        return SheetRole.LINES
    # One of the coordinates may be missing or misnamed: that is a fault of a point table.
    if fields[SheetRole.POINTS] & {"east", "north"} or "number" in fields[SheetRole.POINTS]:
        return SheetRole.POINTS
    return SheetRole.LINES if fields[SheetRole.LINES] & {"start", "end"} else None


def _fields_in(heads: set[str], role: SheetRole) -> set[str]:
    known = by_name(role)
    return {alias.field for head in heads for alias in known.get(head, ())}


def survey_of_tables(
    points: Sheet | None,
    lines: Sheet | None,
    *,
    crs: Reference | None = None,
    unit_m: float = 1.0,
    datum: str | None = None,
    source: str = "",
) -> Survey:
    """The survey in a point and a line table.

    Parameters
    ----------
    points, lines
        Tables as they stand in the file. A missing one is a fault, and empty.
    crs, unit_m
        System of the coordinates and metres of their unit.
    datum
        What heights refer to; None is unknown.

    Examples
    --------
    >>> points = Sheet("p", ["点号", "X", "Y"], [["a", 1, 2], ["b", "x", 9]], [2, 3])
    >>> lines = Sheet("l", ["起点", "终点"], [["a", "b"]], [2])
    >>> survey = survey_of_tables(points, lines)
    >>> survey.points.number("north").tolist(), [f.code for f in survey.faults]
    ([1.0, nan], ['value.not_a_number'])
    """
    faults: list[SurveyFault] = []
    if points is None:
        faults.append(SurveyFault("file.no_points", SheetRole.FILE, 0))
    if lines is None:
        faults.append(SurveyFault("file.no_lines", SheetRole.FILE, 0))
    point_table, point_dialects = read_table(points or empty(), SheetRole.POINTS, faults)
    line_table, line_dialects = read_table(lines or empty(), SheetRole.LINES, faults)
    dialects = point_dialects + line_dialects
    shapes, ends = no_shapes(len(line_table))
    return Survey(
        points=point_table,
        lines=line_table,
        shapes=shapes,
        end_xyz=ends,
        crs=crs,
        unit_m=unit_m,
        datum=UNKNOWN_DATUM if datum is None else datum_named(datum),
        dialect=dialects.most_common(1)[0][0] if dialects else "",
        source=source,
        faults=sorted_faults(faults),
    )


def empty() -> Sheet:
    """A table without columns."""
    return Sheet("", [], [], [])


def read_table(
    sheet: Sheet, role: SheetRole, faults: list[SurveyFault]
) -> tuple[SurveyTable, Counter[str]]:
    """A table with its fields found and read; faults are added, nothing is left out."""
    names = _column_names(sheet, role, faults)
    raw = {
        name: object_array(row[i] if i < len(row) else None for row in sheet.cells)
        for i, name in names.items()
    }
    found = _assigned(list(names.values()), role, faults)
    rows = np.asarray(sheet.rows, np.int64)
    texts: dict[str, ObjectArray] = {}
    numbers: dict[str, FloatArray] = {}
    for spec in FIELDS[role]:
        alias = found.get(spec.name)
        if alias is None:
            if spec.required and sheet.head:
                faults.append(_column_fault("column.missing", role, spec))
            continue
        column = raw[alias.name]
        if spec.kind is FieldKind.NUMBER:
            numbers[spec.name] = _numbers(column, alias, spec, role, rows, faults)
        else:
            texts[spec.name] = object_array(plain_text(cell) for cell in column.tolist())
            if spec.name == "size":
                texts[spec.name] = _with_unit(texts[spec.name], stated_unit(alias.name))
        if spec.required:
            faults += _missing(column, spec, role, rows)
    dialects = Counter(alias.dialect for alias in found.values())
    kept = {name: alias.name for name, alias in found.items()}
    return SurveyTable(role, rows, raw, kept, texts, numbers), dialects


def _column_names(sheet: Sheet, role: SheetRole, faults: list[SurveyFault]) -> dict[int, str]:
    """Position -> name of the columns; the first of several with one name counts."""
    out: dict[int, str] = {}
    names = ["" if name is None else str(name).strip() for name in sheet.head]
    for name, count in Counter(name for name in names if name).items():
        if count > 1:
            faults.append(
                SurveyFault("column.duplicate", role, 0, name, name, params={"count": count})
            )
    for i, name in enumerate(names):
        if name and name not in out.values():
            out[i] = name
    return out


def _assigned(names: Sequence[str], role: SheetRole, faults: list[SurveyFault]) -> dict[str, Alias]:
    """Field -> alias with the name as delivered. The dialect that explains most comes first."""
    known = by_name(role)
    votes = Counter(a.dialect for name in names for a in known.get(folded(name), ()))
    out: dict[str, Alias] = {}
    titles = {spec.name: spec.title for spec in FIELDS[role]}
    for name in names:
        choices = sorted(known.get(folded(name), ()), key=lambda a: -votes[a.dialect])
        if not choices:
            continue
        alias = choices[0]
        taken = out.get(alias.field)
        if taken is not None:
            faults.append(
                SurveyFault(
                    "column.ambiguous",
                    role,
                    0,
                    alias.field,
                    name,
                    params={"other": taken.name, "title": titles[alias.field]},
                )
            )
            continue
        stated = stated_unit(name)  # what the delivery says itself counts more than its dialect
        unit = alias.unit_m if stated is None else stated
        out[alias.field] = Alias(
            role, alias.field, name, alias.dialect, unit, alias.source, alias.confidence
        )
    return out


def _column_fault(code: str, role: SheetRole, spec: SurveyField) -> SurveyFault:
    return SurveyFault(code, role, 0, spec.name, params={"title": spec.title})


def plain_text(cell: Any) -> str | None:
    """A cell as text; None when it is blank. 300.0 reads as 300, as Excel shows it.

    Examples
    --------
    >>> plain_text(300.0), plain_text(" JS1 "), plain_text("")
    ('300', 'JS1', None)
    """
    if cell is None:
        return None
    if isinstance(cell, float):
        if not math.isfinite(cell):
            return None
        return str(int(cell)) if cell.is_integer() else repr(cell)
    text = str(cell).strip()
    return text or None


def _with_unit(sizes: ObjectArray, unit_m: float | None) -> ObjectArray:
    """Sizes without a unit of their own with that of their column; millimetres need none."""
    unit = {1.0: "m", 0.01: "cm"}.get(unit_m or 0.0)
    if unit is None:
        return sizes
    return object_array(s if s is None or s[-1].isalpha() else s + unit for s in sizes.tolist())


def plain_number(cell: Any) -> float | None:
    """A cell as a finite number; None when it is none.

    Examples
    --------
    >>> plain_number("1.50"), plain_number("1,5"), plain_number(True)
    (1.5, None, None)
    """
    if isinstance(cell, bool):
        return None
    if isinstance(cell, (int, float, np.integer, np.floating)):
        value = float(cell)
    else:
        text = str(cell).strip()
        if not _NUMBER.match(text):
            return None
        value = float(text)
    return value if math.isfinite(value) else None


def _numbers(
    column: ObjectArray,
    alias: Alias,
    spec: SurveyField,
    role: SheetRole,
    rows: Any,
    faults: list[SurveyFault],
) -> FloatArray:
    scale = 1.0 if alias.unit_m is None else alias.unit_m
    out = np.full(len(column), np.nan)
    for i, cell in enumerate(column.tolist()):
        if _is_blank(cell):
            continue
        value = plain_number(cell)
        if value is None:
            faults.append(
                SurveyFault(
                    "value.not_a_number",
                    role,
                    int(rows[i]),
                    spec.name,
                    str(cell)[:40],
                    params={"title": spec.title},
                )
            )
        else:
            out[i] = value * scale
    return out


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _missing(
    column: ObjectArray, spec: SurveyField, role: SheetRole, rows: Any
) -> list[SurveyFault]:
    return [
        SurveyFault("value.missing", role, int(rows[i]), spec.name, params={"title": spec.title})
        for i, cell in enumerate(column.tolist())
        if _is_blank(cell)
    ]
