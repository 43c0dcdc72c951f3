"""Values of a column as JSON texts, many at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from gis.features import ObjectArray, object_array
from gis.table import CodedColumn, Column, NumberColumn, TextColumn

_NULL = b"null"
_TRUTHS = object_array([b"false", b"true"])


def json_texts(column: Column, rows: npt.NDArray[Any]) -> ObjectArray:
    """(k,) UTF-8 JSON of values at positions `rows`; what is unknown or not finite is null.

    Examples
    --------
    >>> from gis.table import texts
    >>> json_texts(texts(["a", None]), np.array([1, 0])).tolist()
    [b'null', b'"a"']
    """
    if isinstance(column, CodedColumn):
        return _of_coded(column, rows)
    if isinstance(column, TextColumn):
        return _of_texts(column, rows)
    if isinstance(column, NumberColumn):
        return _of_numbers(column, rows)
    return object_array([orjson.dumps(value) for value in column.take(rows).tolist()])


def _of_coded(column: CodedColumn, rows: npt.NDArray[Any]) -> ObjectArray:
    known: ObjectArray | None = getattr(column, "_json", None)
    if known is None:
        known = object_array([*map(orjson.dumps, column.values.tolist()), _NULL])
        object.__setattr__(column, "_json", known)  # kept with the column, which never changes
    return np.asarray(known[column.codes[rows]], object)


def _of_texts(column: TextColumn, rows: npt.NDArray[Any]) -> ObjectArray:
    whole, ends, lengths = column.joined_bytes(rows)
    if _needs_escapes(whole):
        return object_array([orjson.dumps(value) for value in column.take(rows).tolist()])
    begins = (ends - np.maximum(lengths, 0)).tolist()
    out = object_array([b'"%b"' % whole[i:j] for i, j in zip(begins, ends.tolist(), strict=True)])
    out[lengths < 0] = _NULL
    return out


def _needs_escapes(text: bytes) -> bool:
    """Whether JSON writes some byte of UTF-8 `text` in another way."""
    if b'"' in text or b"\\" in text:
        return True
    return bool(len(text)) and int(np.frombuffer(text, np.uint8).min()) < 0x20


def _of_numbers(column: NumberColumn, rows: npt.NDArray[Any]) -> ObjectArray:
    values = column.values[rows]
    if values.dtype == np.bool_:
        out = np.asarray(_TRUTHS[values.astype(np.int8)], object)
    else:
        written = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
        out = object_array(written[1:-1].split(b",") if len(values) else [])
    if column.known is not None:
        out[~column.known[rows]] = _NULL
    return out
