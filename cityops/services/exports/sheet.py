"""What goes into a file: columns, shapes in the wanted system, notices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from gis.crs import from_cgcs2000
from gis.errors import CrsError
from gis.features import FeatureBatch, ObjectArray, object_array
from gis.layers import USER_GROUP, FieldType, LayerSpec
from gis.reference import Reference, name_of, parse_crs

#: Asks for the shapes as they were delivered, in their own system.
AS_DELIVERED = "same"


@dataclass(frozen=True)
class Sheet:
    """A layer ready to be written.

    Attributes
    ----------
    columns
        Heading -> (n,) values; nested values of undeclared columns stay nested.
    types
        Heading -> type; undeclared columns have the type of their values or TEXT.
    keys
        (n,) values of the key field, None where the key may not be seen.
    """

    spec: LayerSpec
    geometry: ObjectArray
    columns: dict[str, ObjectArray]
    types: dict[str, FieldType]
    keys: ObjectArray
    reference: Reference
    notices: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.geometry)


def sheet_of(
    spec: LayerSpec,
    batches: Sequence[FeatureBatch],
    fields: Sequence[str],
    crs: str | None,
    notices: Sequence[str],
    declared: Sequence[str] = (),
) -> Sheet:
    """The rows of `batches` as a sheet.

    Parameters
    ----------
    fields
        Names of the fields that may be seen.
    crs
        System of the shapes: None for EPSG:4490, ``same`` for the one of the delivery. Where it
        is the system of the delivery, the delivered numbers come back unchanged.
    declared
        Systems that deliveries of the layer had; one of degrees is not kept with its rows.

    Raises
    ------
    CrsError
        When the system is unknown, a shape lies outside of it, or ``same`` means several.
    """
    reference = _wanted(crs, batches, declared)
    columns, types = _columns(spec, batches, fields)
    none = np.empty(0, object)
    shapes = [_shapes(batch, reference) for batch in batches]
    keys = [batch.columns.get(spec.key, np.full(len(batch), None, object)) for batch in batches]
    return Sheet(
        spec=spec,
        geometry=np.concatenate([none, *shapes]),
        columns=columns,
        types=types,
        keys=np.concatenate([none, *keys]),
        reference=reference,
        notices=(*notices, f"坐标系：{_system(reference)}"),
    )


def _system(reference: Reference) -> str:
    """Name of a system for people."""
    if reference.offset is not None:
        name = {"gcj02": "GCJ-02", "bd09": "BD-09"}[reference.offset.value]
        return f"{name}，换算精度约 {reference.accuracy_m:g} m"
    return name_of(reference.crs) if reference.crs is not None else reference.label


def _wanted(crs: str | None, batches: Sequence[FeatureBatch], declared: Sequence[str]) -> Reference:
    if crs is None:
        return parse_crs(4490)
    if crs != AS_DELIVERED:
        return parse_crs(crs)
    known = {b.delivered_crs for b in batches if len(b)} or {None}
    if len(known) > 1:
        raise CrsError(
            "export.several_crs",
            "图层的要素以不同的坐标系交付，不能原样导出",
            field="crs",
            got=sorted(str(name or "EPSG:4490") for name in known),
            hint="用 --crs 指明一个坐标系",
        )
    label = known.pop()
    if label is None and len(set(declared)) == 1 and parse_crs(declared[0]).is_stored:
        label = declared[0]
    return parse_crs(label or 4490)


def _shapes(batch: FeatureBatch, reference: Reference) -> ObjectArray:
    if batch.delivered is not None and batch.delivered_crs == reference.label:
        return batch.delivered
    if reference.is_stored:
        return batch.geometry
    return from_cgcs2000(batch.geometry, reference)


def is_generated(spec: LayerSpec, name: str) -> bool:
    """Whether a field was made up at import, for a file that has no column of different values."""
    return spec.group == USER_GROUP and not spec.field_named(name).aliases


def heading(spec: LayerSpec, name: str) -> str:
    """Column name of a field: the delivered one for user layers, the field's own name otherwise."""
    return spec.field_named(name).title.zh if spec.group == USER_GROUP else name


def _columns(
    spec: LayerSpec, batches: Sequence[FeatureBatch], fields: Sequence[str]
) -> tuple[dict[str, ObjectArray], dict[str, FieldType]]:
    columns: dict[str, ObjectArray] = {}
    types: dict[str, FieldType] = {}
    none = np.empty(0, object)
    for name in spec.field_names:
        if name in fields and not is_generated(spec, name):
            title = _free(heading(spec, name), columns)
            columns[title] = np.concatenate([none, *(b.columns[name] for b in batches)])
            types[title] = spec.field_named(name).type
    # Columns that nobody declared have no rule of who may see them: only who sees every field.
    if set(fields) != set(spec.field_names):
        return columns, types
    extras: list[dict[str, Any]] = []
    for batch in batches:
        extras += batch.extra.tolist() if batch.extra is not None else [{}] * len(batch)
    for name in dict.fromkeys(n for extra in extras for n in (extra or ())):
        title = _free(name, columns)
        columns[title] = object_array((extra or {}).get(name) for extra in extras)
        types[title] = type_of(columns[title])
    return columns, types


def _free(title: str, taken: dict[str, Any]) -> str:
    if title not in taken:
        return title
    return next(t for i in range(2, 10_000) if (t := f"{title}_{i}") not in taken)


def type_of(values: ObjectArray) -> FieldType:
    """The type that holds all values of an undeclared column."""
    kinds = {type(v) for v in values.tolist() if v is not None}
    if kinds == {bool}:
        return FieldType.BOOLEAN
    if kinds == {int}:
        return FieldType.INTEGER
    if kinds and kinds <= {int, float}:
        return FieldType.REAL
    return FieldType.TEXT


def plain(value: Any) -> Any:
    """A value as text, number or None: dates as ISO text, nested values as JSON."""
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return orjson.dumps(value).decode()
    return value
