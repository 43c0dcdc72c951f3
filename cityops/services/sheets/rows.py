"""The features of a sheet as a table: what is known of each, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from cityops.services.selections import Selection
from cityops.services.sheets.figures import UNKNOWN, short, unit_of, value_text
from gis.layers import FieldSpec, FieldType, LayerSpec

#: Rows that one sheet lists; the rest is counted.
MOST_ROWS = 1000
#: Columns besides the measures, on tall and on wide paper.
_MOST_COLUMNS = {False: 9, True: 12}
#: Fields that a list of pipes begins with, where they are there and may be seen.
_FIRST = (
    *("id", "kind", "diameter_mm", "size_text", "material", "depth_start_m", "depth_end_m"),
    *("quality_level", "status", "owner", "road", "laid_on"),
)
_NUMBERS = (FieldType.REAL, FieldType.INTEGER)


def columns_of(chosen: Selection, most: int) -> list[FieldSpec]:
    """At most so many fields of which something is known: the key, the class, then the others."""
    spec, permission = chosen.seen.spec, chosen.seen.permission
    rows = chosen.measured.rows
    rank = {name: i for i, name in enumerate(_FIRST)}
    fields = [f for f in spec.fields if f.name in permission.fields and f.name != "source"]
    fields.sort(key=lambda f: (f.name != spec.key, f.name != chosen.class_field, _rank(f, rank)))
    filled = [f for f in fields if f.name == spec.key or _some(chosen, f, rows)]
    return filled[:most]


def _rank(field: FieldSpec, rank: dict[str, int]) -> tuple[int, int]:
    return rank.get(field.name, len(rank)), 0 if field.in_tiles else 1


def _some(chosen: Selection, field: FieldSpec, rows: Any) -> bool:
    return any(v is not None and v != "" for v in chosen.seen.view.column(field.name, rows))


def table_of(chosen: Selection, *, landscape: bool) -> dict[str, Any]:
    """Headings, rows as texts in the order of classes and keys, and how many are left out."""
    unit = unit_of(chosen.seen.spec.geometry)
    fields = columns_of(chosen, _MOST_COLUMNS[landscape])
    order = _order(chosen)[:MOST_ROWS]
    rows = chosen.measured.rows[order]
    columns = [column_texts(f, chosen.seen.view.column(f.name, rows).tolist()) for f in fields]
    heads = [
        {"title": f.title.zh, "unit": f.unit or "", "right": f.type in _NUMBERS} for f in fields
    ]
    if chosen.measured.whole is not None and chosen.measured.inside is not None:
        title = "长度" if unit == "m" else "面积"
        measured = (("区内" + title, chosen.measured.inside), (title, chosen.measured.whole))
        for words, values in measured:
            heads.append({"title": words, "unit": unit, "right": True})
            columns.append([f"{value:,.1f}" for value in values[order]])
    left_out = len(chosen.measured.rows) - len(order)
    return {
        "heads": heads,
        "rows": [list(row) for row in zip(*columns, strict=True)],
        "left_out": left_out,
    }


def column_texts(field: FieldSpec, values: list[Any]) -> list[str]:
    """Values of a column for people; numbers with as many decimals as the finest has, three at most.

    Examples
    --------
    >>> from gis.layers import Title
    >>> depth = FieldSpec("depth_m", Title("埋深", "Depth"), FieldType.REAL)
    >>> column_texts(depth, [1.4, None, 1.36])
    ['1.40', '未知', '1.36']
    """
    if field.type is not FieldType.REAL:
        return [short(value_text(field, value)) for value in values]
    known = [float(value) for value in values if value is not None]
    digits = next((d for d in range(3) if all(abs(v - round(v, d)) < 5e-5 for v in known)), 3)
    return [UNKNOWN if value is None else f"{float(value):,.{digits}f}" for value in values]


def _order(chosen: Selection) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    rows, view = chosen.measured.rows, chosen.seen.view
    keys = [str(key) for key in view.keys(rows)]
    place = _places(chosen.seen.spec, chosen.class_field)
    classes = (
        [None] * len(rows) if chosen.class_field is None else view.column(chosen.class_field, rows)
    )
    ranked = sorted(range(len(rows)), key=lambda i: (place.get(classes[i], len(place)), keys[i]))
    return np.array(ranked, np.int64)


def _places(spec: LayerSpec, class_field: str | None) -> dict[Any, int]:
    if class_field is None:
        return {}
    return {item.code: i for i, item in enumerate(spec.field_named(class_field).codes)}
