"""Rows of layer tables <-> columns of feature batches, in bulk."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import orjson
import shapely
from sqlalchemy import ColumnElement, LargeBinary, Table, func, type_coerce

from gis.errors import GeometryError, InvalidError
from gis.features import FeatureBatch, IntArray, ObjectArray, object_array
from gis.layers import FieldType, GeometryKind, LayerSpec

#: shapely type ids that a layer of a kind may hold
_ALLOWED = {
    GeometryKind.POINT: (0,),
    GeometryKind.LINE: (1, 5),
    GeometryKind.POLYGON: (3, 6),
}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _integer(value: Any) -> int | None:
    return None if value is None or value != value else int(value)


def _real(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _boolean(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _date(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat()[:10] if hasattr(value, "isoformat") else str(value)


_ENCODERS: dict[FieldType, Callable[[Any], Any]] = {
    FieldType.TEXT: _text,
    FieldType.CODE: _text,
    FieldType.INTEGER: _integer,
    FieldType.REAL: _real,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
}


def encode_value(kind: FieldType, value: Any) -> Any:
    """A field's value as the store keeps it: NaN becomes None, dates ISO text."""
    return _ENCODERS[kind](value)


def encode_column(kind: FieldType, column: ObjectArray) -> list[Any]:
    """A field's column as the store keeps it."""
    encode = _ENCODERS[kind]
    return [encode(v) for v in column.tolist()]


def decode_column(kind: FieldType, values: Sequence[Any]) -> ObjectArray:
    """A field's column from what the store keeps."""
    if kind is FieldType.DATE:
        return object_array(None if v is None else date.fromisoformat(v) for v in values)
    if kind is FieldType.BOOLEAN:
        return object_array(None if v is None else bool(v) for v in values)
    return object_array(values)


def check_geometry(spec: LayerSpec, geometry: ObjectArray) -> np.ndarray[Any, Any]:
    """Bounds (n, 4) of geometries that the layer can hold.

    Raises
    ------
    GeometryError
        When one is missing, empty, not finite or of another kind; `row` counts from 1.
    """
    bounds = shapely.bounds(geometry)
    good = np.isfinite(bounds).all(axis=1)
    good &= np.isin(shapely.get_type_id(geometry), _ALLOWED[spec.geometry])
    if not good.all():
        at = int(np.argmin(good))
        raise GeometryError(
            "layer.bad_geometry",
            "图层 {layer} 只收有坐标的{expected}；第 {number} 行等 {count} 行不是",
            field="geometry",
            got=None if geometry[at] is None else geometry[at].geom_type,
            expected=spec.geometry.value,
            row=at + 1,
            params={"layer": spec.name, "number": at + 1, "count": int((~good).sum())},
        )
    return bounds


def encode_batch(
    spec: LayerSpec,
    batch: FeatureBatch,
    fids: IntArray,
    source_id: int | None,
    accuracy_m: float | None,
    to_geom: Callable[[ObjectArray], list[Any]],
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names of the table and one tuple per row of `batch`.

    Raises
    ------
    GeometryError
        See `check_geometry`.
    """
    n = len(batch)
    bounds = check_geometry(spec, batch.geometry)
    nothing: list[Any] = [None] * n
    columns: dict[str, list[Any]] = {"fid": fids.tolist(), "geom": to_geom(batch.geometry)}
    for at, name in enumerate(("minx", "miny", "maxx", "maxy")):
        columns[name] = bounds[:, at].tolist()
    columns["area"] = ["" if a is None else str(a) for a in batch.areas.tolist()]
    for field in spec.fields:
        given = batch.columns.get(field.name)
        columns[field.name] = nothing if given is None else encode_column(field.type, given)
    columns["extra"] = nothing if batch.extra is None else encode_extra(batch.extra)
    columns["delivered"], columns["delivered_crs"] = _encode_delivered(batch)
    columns["accuracy_m"] = [accuracy_m] * n
    columns["source_id"] = [source_id] * n
    columns["row_version"] = [1] * n
    return list(columns), list(zip(*columns.values(), strict=True))


def encode_extra(extra: ObjectArray) -> list[str | None]:
    """Delivered columns that a layer does not declare, as JSON text; nothing for none."""
    return [orjson.dumps(e, default=str).decode() if e else None for e in extra.tolist()]


def _encode_delivered(batch: FeatureBatch) -> tuple[list[Any], list[Any]]:
    n = len(batch)
    if batch.delivered is None:
        return [None] * n, [None] * n
    if batch.delivered_crs is None:
        raise InvalidError("layer.no_delivered_crs", "原始坐标没有写明坐标系")
    # Not to_wkb on the whole array: None stays None there.
    data = shapely.to_wkb(batch.delivered).tolist()
    return data, [None if d is None else batch.delivered_crs for d in data]


def geometry_bytes(table: Table, dialect: str) -> ColumnElement[Any]:
    """The geometry column as WKB, to be decoded in bulk."""
    if dialect == "postgresql":
        return type_coerce(func.ST_AsBinary(table.c.geom), LargeBinary)
    return type_coerce(table.c.geom, LargeBinary)


#: What precedes the fields in each row that is read.
LEADING = ("fid", "geom", "area", "row_version")
#: What follows them where rows are read whole.
TRAILING = ("extra", "delivered", "delivered_crs")


def row_columns(
    table: Table, names: Sequence[str], dialect: str, *, whole: bool
) -> list[ColumnElement[Any]]:
    """Columns to select so that `decode_rows` can make a batch of the rows."""
    c = table.c
    columns: list[ColumnElement[Any]] = [
        c.fid,
        geometry_bytes(table, dialect).label("geom"),
        c.area,
        c.row_version,
        *(c[name] for name in names),
    ]
    return columns + ([c[name] for name in TRAILING] if whole else [])


def decode_rows(
    spec: LayerSpec, names: Sequence[str], rows: Sequence[Any], *, whole: bool
) -> FeatureBatch:
    """A batch of rows selected with `row_columns`; it holds the fields `names` only.

    Delivered geometry is given when all rows that have one have it in the same CRS.
    """
    width = len(LEADING) + len(names) + (len(TRAILING) if whole else 0)
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * width
    fields = columns[len(LEADING) : len(LEADING) + len(names)]
    types = {f.name: f.type for f in spec.fields}
    extra: ObjectArray | None = None
    delivered, delivered_crs = None, None
    if whole:
        extra = object_array({} if e is None else orjson.loads(e) for e in columns[-3])
        delivered, delivered_crs = _decode_delivered(columns[-2], columns[-1])
    return FeatureBatch(
        spec=spec,
        fids=np.array(columns[0], np.int64),
        geometry=from_wkb(columns[1]),
        columns={n: decode_column(types[n], v) for n, v in zip(names, fields, strict=True)},
        areas=object_array(columns[2]),
        extra=extra,
        delivered=delivered,
        delivered_crs=delivered_crs,
        versions=np.array(columns[3], np.int64),
    )


def _decode_delivered(
    data: Sequence[Any], labels: Sequence[str | None]
) -> tuple[ObjectArray | None, str | None]:
    known = {label for label in labels if label is not None}
    if len(known) != 1:
        return None, None
    return from_wkb(data), known.pop()


def from_wkb(data: Sequence[Any]) -> ObjectArray:
    """Geometries of WKB bytes in bulk; None stays None."""
    made: ObjectArray = np.asarray(shapely.from_wkb(object_array(data)), dtype=object)
    return made
