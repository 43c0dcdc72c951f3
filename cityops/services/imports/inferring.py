"""A layer's declaration made from a file, for deliveries that fit no declared layer."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely

from cityops.services.reading.geojson import ID_COLUMN
from cityops.services.reading.table import NO_GEOMETRY_HINT, RawTable
from gis.errors import FileError, InvalidError
from gis.features import ObjectArray
from gis.layers import (
    RESERVED,
    USER_GROUP,
    FieldSpec,
    FieldType,
    GeometryKind,
    LayerSpec,
    Style,
    Title,
)

#: The key of a layer whose file has no column of different values.
GENERATED_KEY = "feature_key"
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
_KEY_NAMES = (
    "id",
    ID_COLUMN,
    "osm_id",
    "key",
    "code",
    "gid",
    "objectid",
    "fid",
    "uuid",
    "编号",
    "编码",
    "代码",
)
#: Ends a name as an id's: poly_id, POLYID, Unique Key, 管段编号. That every value differs is asked too.
_KEY_ENDING = re.compile(r"(id|[ _-](key|code|no)|编号|编码|代码|序号)$")
_KEY_LABELS = ("name", "名称")
#: Colours of user layers: distinct without seeing red and green apart, dark enough on the ground.
_COLOURS = ("#7a4b8c", "#1f6fb2", "#a8500c", "#0b7285", "#8c2f6b", "#5057b8", "#7d6114", "#33506e")
_LABEL_NAMES = ("name_zh", "name", "名称", "title", "label", "标题")
_WHOLE = re.compile(r"^(0|-?[1-9]\d{0,17})$")
_DECIMAL = re.compile(r"^-?(0|[1-9]\d*)\.\d+$")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
#: A column of a sparse file is declared from this share of known values on.
_FILLED = 0.05
_MOST_FIELDS = 120
_MAX_TEXT = 2000
_MOST_ERRORS = 1000
_KINDS = {
    GeometryKind.POINT: (0, 4),
    GeometryKind.LINE: (1, 5),
    GeometryKind.POLYGON: (3, 6),
}


def inferred(name: str, title: str, table: RawTable) -> LayerSpec:
    """A user layer that holds what `table` holds.

    Types follow the values; a column of mixed or nested values is not declared and stays
    among the undeclared ones. The key is a column named like one whose values all differ.

    Raises
    ------
    InvalidError
        When `name` cannot be the name of a layer.
    FileError
        When no row has a shape.
    """
    if not _NAME.match(name):
        raise InvalidError(
            "import.bad_layer_name",
            "图层名应以小写字母开头，只含小写字母、数字、下划线，最长 40：{got}",
            field="layer",
            got=name[:80],
        )
    kind = majority_kind(table)
    typed = [(column, _type_of(column, table)) for column in table.columns]
    declared = [(column, found) for column, found in typed if found is not None][:_MOST_FIELDS]
    names = field_names(column for column, _ in declared)
    fields = [
        FieldSpec(names[column], Title(column, column), found, aliases=(column,), in_tiles=False)
        for column, found in declared
    ]
    key = key_column([column for column, _ in declared], table)
    if key is None:
        generated = _unused(GENERATED_KEY, set(names.values()))
        fields.insert(0, FieldSpec(generated, Title("要素编号", "Feature key"), FieldType.TEXT))
        key_field = generated
    else:
        key_field = names[key]
    label = next((names[c] for n in _LABEL_NAMES for c in names if c.lower() == n), None)
    return LayerSpec(
        name=name,
        title=Title(title, title),
        group=USER_GROUP,
        geometry=kind,
        fields=tuple(_on_map(fields, {key_field, label or key_field})),
        key=key_field,
        style=_style(kind, name),
        label_field=label,
        order=200,
    )


def _on_map(fields: Sequence[FieldSpec], shown: set[str]) -> list[FieldSpec]:
    return [
        FieldSpec(f.name, f.title, f.type, aliases=f.aliases, in_tiles=f.name in shown)
        for f in fields
    ]


def _style(kind: GeometryKind, name: str) -> Style:
    """A style in a colour that follows from the layer's name, so that layers side by side differ."""
    colour = _COLOURS[zlib.crc32(name.encode()) % len(_COLOURS)]
    if kind is GeometryKind.POLYGON:
        return Style(colour=colour, fill=colour, fill_opacity=0.12, width=1.2)
    return Style(colour=colour, width=1.8, radius=4.5)


def majority_kind(table: RawTable) -> GeometryKind:
    """The kind of most shapes of a file, a tie going to the simpler one.

    Raises
    ------
    FileError
        When there is no shape, with what is wrong in each row.
    """
    kinds = shapely.get_type_id(table.geometry)
    counts = {kind: int(np.isin(kinds, ids).sum()) for kind, ids in _KINDS.items()}
    best = max(counts, key=lambda kind: counts[kind])
    if counts[best] == 0:
        raise FileError(
            "file.no_geometry",
            "文件里没有可用的图形",
            field="file",
            hint=NO_GEOMETRY_HINT,
            errors=table.faults[:_MOST_ERRORS],
        )
    return best


def _type_of(name: str, table: RawTable) -> FieldType | None:
    """The type of a column; a text that looks like a date stays one where the file knows dates."""
    found = _type(table.columns[name], table)
    is_text = table.dates is not None and name not in table.dates
    return FieldType.TEXT if found is FieldType.DATE and is_text else found


def _type(column: ObjectArray, table: RawTable) -> FieldType | None:
    values = [v for v in column.tolist() if v is not None]
    if table.sparse and len(values) < _FILLED * len(column):
        return None
    if not values:
        return FieldType.TEXT
    return _type_of_texts(values) if table.texts else _type_of_values(values)


def _type_of_values(values: list[Any]) -> FieldType | None:
    kinds = {type(v) for v in values}
    if kinds == {bool}:
        return FieldType.BOOLEAN
    if kinds == {int}:
        return FieldType.INTEGER if all(abs(v) < 1 << 63 for v in values) else None
    if kinds <= {int, float}:
        return FieldType.REAL if all(abs(v) < 1 << 53 for v in values) else None
    if kinds != {str}:
        return None
    if all(_DATE.match(v) for v in values) and all(_is_date(v) for v in values):
        return FieldType.DATE
    return FieldType.TEXT if max(map(len, values)) <= _MAX_TEXT else None


def _type_of_texts(values: list[Any]) -> FieldType | None:
    if not all(isinstance(v, str) for v in values):
        return _type_of_values(values)
    if all(_WHOLE.match(v) for v in values):
        return FieldType.INTEGER
    if all(_is_exact_decimal(v) for v in values):
        return FieldType.REAL
    return _type_of_values(values)


def _is_exact_decimal(text: str) -> bool:
    """Whether a number comes back as the same text: 1.50 and 1e3 stay texts."""
    return bool(_DECIMAL.match(text) or _WHOLE.match(text)) and repr(float(text)) == text


def _is_date(text: str) -> bool:
    import datetime

    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def key_column(columns: Sequence[str], table: RawTable) -> str | None:
    """The column to be the key: called like one, every value known and different.

    Columns whose whole name says so go before those whose name only ends so (Unique Key), and
    both before names, which differ by chance.
    """
    whole = [c for name in _KEY_NAMES for c in columns if c.lower() == name]
    ending = [c for c in columns if _KEY_ENDING.search(c.strip().lower())]
    labels = [c for name in _KEY_LABELS for c in columns if c.lower() == name]
    return next((c for c in dict.fromkeys([*whole, *ending, *labels]) if _is_key(c, table)), None)


def _is_key(column: str, table: RawTable) -> bool:
    values = table.columns[column].tolist()
    usable = all(
        isinstance(v, (str, int)) and not isinstance(v, bool) and str(v).strip() for v in values
    )
    return usable and len({str(v) for v in values}) == len(values)


def field_names(columns: Iterable[str]) -> dict[str, str]:
    """A field name for each column: ASCII, lower case, not reserved, each different.

    Examples
    --------
    >>> field_names(["Name", "名称", "fid"])
    {'Name': 'name', '名称': 'c2', 'fid': 'fid_'}
    """
    out: dict[str, str] = {}
    used: set[str] = set()
    for number, column in enumerate(columns, 1):
        folded = unicodedata.normalize("NFKC", column).lower()
        name = re.sub(r"_+", "_", re.sub(r"[^a-z0-9_]", "_", folded)).strip("_")[:36]
        if not re.match(r"[a-z]", name) or any(ord(c) > 127 and c.isalpha() for c in folded):
            name = f"c{number}"
        out[column] = _unused(f"{name}_" if name in RESERVED else name, used)
        used.add(out[column])
    return out


def _unused(name: str, used: set[str]) -> str:
    if name not in used:
        return name
    return next(n for i in range(2, 10_000) if (n := f"{name[:34]}_{i}") not in used)
