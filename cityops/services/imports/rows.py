"""The rows of a file as the rows of a layer, each refusal with its row, field and reason."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import shapely

from cityops.services.imports.mapping import Column
from cityops.services.imports.values import converter, shown
from cityops.services.reading.encoding import is_plain_text
from cityops.services.reading.table import Note, RawTable
from gis.errors import CityError, GeometryError, InvalidError
from gis.features import ObjectArray, object_array
from gis.geometry import Rules, check_geometries
from gis.layers import FieldSpec, FieldType, GeometryKind, LayerSpec

_INT64 = 1 << 63
#: Faults that are told of and stored all the same: real deliveries are full of them.
_HARMLESS = {
    "geometry.repeated_points": "{count} 个图形有重复的顶点，照原样存入",
    "geometry.sliver": "{count} 个面过窄或过小，照原样存入",
}
_SINGLE = {GeometryKind.POINT: 0, GeometryKind.LINE: 1, GeometryKind.POLYGON: 3}
_MULTI = {GeometryKind.POINT: 4, GeometryKind.LINE: 5, GeometryKind.POLYGON: 6}
KIND_NAMES = {
    GeometryKind.POINT: "点",
    GeometryKind.LINE: "线",
    GeometryKind.POLYGON: "面",
}


@dataclass
class Findings:
    """What was found wrong, by row, and which rows still stand."""

    rows: npt.NDArray[np.int64]
    good: npt.NDArray[np.bool_] = field(init=False)
    faults: list[CityError] = field(default_factory=list)
    repaired: list[Note] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.good = np.ones(len(self.rows), bool)

    def refuse(self, at: int, fault: CityError) -> None:
        """Name a fault of the row at position `at`; the row no longer stands."""
        fault.row = int(self.rows[at])
        self.faults.append(fault)
        self.good[at] = False


def converted(
    spec: LayerSpec,
    table: RawTable,
    columns: Mapping[str, Column],
    constant: Mapping[str, Any],
    found: Findings,
) -> dict[str, ObjectArray]:
    """A column per field of the layer; values that do not fit are faults of their rows."""
    out: dict[str, ObjectArray] = {}
    for item in spec.fields:
        source = columns.get(item.name)
        if item.name in constant:
            out[item.name] = np.full(len(table.rows), constant[item.name], object)
        elif source is None:
            out[item.name] = np.full(len(table.rows), None, object)
        else:
            delivered = table.columns[source.name]
            out[item.name] = _one_column(item, delivered, source.factor, found)
        if item.required and item.name != spec.key:
            _check_required(item, out[item.name], found)
    return out


def _one_column(
    item: FieldSpec, delivered: ObjectArray, factor: float, found: Findings
) -> ObjectArray:
    convert = converter(item, factor)
    values: list[Any] = []
    # Files repeat values; each different one is converted once.
    known: dict[Any, Any] = {}
    for at, value in enumerate(delivered.tolist()):
        slot = (type(value), value) if isinstance(value, (str, int, float, bool)) else None
        if slot is not None and slot in known:
            values.append(known[slot])
            continue
        try:
            done = convert(value)
        except InvalidError as fault:
            found.refuse(at, fault)
            values.append(None)
            continue
        if slot is not None and len(known) < 100_000:
            known[slot] = done
        values.append(done)
    return object_array(values)


def _check_required(item: FieldSpec, column: ObjectArray, found: Findings) -> None:
    # A value that could not be converted has been named already.
    named = {fault.row for fault in found.faults if fault.field == item.name}
    for at, value in enumerate(column.tolist()):
        if value is None or (isinstance(value, str) and not value.strip()):
            if int(found.rows[at]) in named:
                continue
            found.refuse(
                at,
                InvalidError(
                    "field.required",
                    "缺少{title}",
                    field=item.name,
                    params={"title": item.title.zh},
                    hint="用 --map {field}=列名 指明是哪一列，或用 --set {field}=值 给所有行同一个值",
                ),
            )


def check_kinds(spec: LayerSpec, geometry: ObjectArray, found: Findings) -> ObjectArray:
    """Shapes of the layer's kind; a multipoint of one point is taken apart, others are faults."""
    out = geometry.copy()
    kinds = shapely.get_type_id(geometry)
    wanted = (_SINGLE[spec.geometry], _MULTI[spec.geometry])
    for at in np.flatnonzero((kinds >= 0) & ~np.isin(kinds, wanted)):
        found.refuse(
            int(at),
            GeometryError(
                "geometry.wrong_type",
                "图层要{expected}，得到 {got}",
                field="geometry",
                got=geometry[at].geom_type,
                expected=KIND_NAMES[spec.geometry],
            ),
        )
    if spec.geometry is GeometryKind.POINT:
        for at in np.flatnonzero(kinds == _MULTI[GeometryKind.POINT]):
            _take_single(int(at), out, found)
    for at in np.flatnonzero(kinds < 0):
        if found.good[at]:
            found.refuse(int(at), GeometryError("geometry.missing", "没有图形", field="geometry"))
    return out


def check_shapes(spec: LayerSpec, geometry: ObjectArray, found: Findings) -> None:
    """Refuse rows whose shape in EPSG:4490 degrees has a fault; what harms nothing is counted."""
    at = np.flatnonzero(found.good)
    harmless: dict[str, int] = {}
    for position, fault in check_geometries(geometry[at], rules=Rules(kind=spec.geometry)):
        if fault.code in _HARMLESS:
            harmless[fault.code] = harmless.get(fault.code, 0) + 1
        else:
            found.refuse(int(at[position]), fault.error())
    for code, count in harmless.items():
        found.warnings.append(Note(0, code, _HARMLESS[code], {"count": count}))


def _take_single(at: int, out: ObjectArray, found: Findings) -> None:
    parts = shapely.get_parts(out[at])
    if len(parts) == 1:
        out[at] = parts[0]
        note = Note(int(found.rows[at]), "geometry.single_part", "多点中只有一个点，已取出")
        found.repaired.append(note)
        return
    found.refuse(
        at,
        GeometryError(
            "geometry.wrong_type",
            "图层要单个的点，得到 {got} 个点的多点",
            field="geometry",
            got=len(parts),
            hint="请拆成单独的要素",
        ),
    )


def leftovers(table: RawTable, names: tuple[str, ...], found: Findings) -> ObjectArray:
    """(n,) dicts of the delivered columns that no field takes; texts that cannot be stored refused."""
    columns = {name: table.columns[name].tolist() for name in names}
    for name, values in columns.items():
        for at, value in enumerate(values):
            if not _storable(value):
                found.refuse(
                    at,
                    InvalidError(
                        "field.bad_text", "{field} 里有不能存的值", field=name, got=shown(value)
                    ),
                )
    if table.sparse:
        return object_array(
            {n: v for n in names if (v := columns[n][i]) is not None}
            for i in range(len(table.rows))
        )
    return object_array({n: columns[n][i] for n in names} for i in range(len(table.rows)))


def _storable(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, int):
        return -_INT64 <= value < _INT64
    if isinstance(value, str):
        return is_plain_text(value)
    if isinstance(value, (dict, list)):
        try:
            return is_plain_text(orjson.dumps(value).decode())
        except (TypeError, ValueError):
            return False
    return True


def fill_keys(
    spec: LayerSpec,
    columns: dict[str, ObjectArray],
    geometry: ObjectArray,
    extra: ObjectArray,
    found: Findings,
) -> int:
    """Give rows without a key one that depends on their content alone; gives how many.

    The same row gets the same key in every file, so that a second delivery is noticed.
    """
    keys = columns[spec.key]
    without = [i for i, k in enumerate(keys.tolist()) if k is None or not str(k).strip()]
    without = [i for i in without if found.good[i]]
    if not without:
        return 0
    shapes = shapely.to_wkb(geometry)
    seen: dict[str, int] = {}
    whole = spec.field_named(spec.key).type is FieldType.INTEGER
    for i in without:
        values = {name: column[i] for name, column in columns.items()}
        body = orjson.dumps([values, extra[i]], default=str, option=orjson.OPT_SORT_KEYS)
        digest = hashlib.sha256(bytes(shapes[i]) + body).hexdigest()
        again = seen.get(digest, 0)
        seen[digest] = again + 1
        if whole:
            keys[i] = int(digest[:12], 16) + again
        else:
            keys[i] = f"g{digest[:15]}" + (f"-{again + 1}" if again else "")
    return len(without)


def check_doubles(spec: LayerSpec, keys: ObjectArray, taken: set[str], found: Findings) -> None:
    """Refuse rows whose key an earlier row of the file or the layer itself has."""
    first: dict[str, int] = {}
    for at, key in enumerate(keys.tolist()):
        if not found.good[at]:
            continue
        text = str(key)
        if text in taken:
            found.refuse(
                at,
                InvalidError(
                    "import.key_exists",
                    "图层里已有编号 {got}",
                    field=spec.key,
                    got=text[:80],
                    hint="换编号，或先删除原有要素",
                ),
            )
        elif text in first:
            found.refuse(
                at,
                InvalidError(
                    "import.duplicate_key",
                    "编号 {got} 在第 {first} 行已出现",
                    field=spec.key,
                    got=text[:80],
                    params={"first": int(found.rows[first[text]])},
                ),
            )
        else:
            first[text] = at
