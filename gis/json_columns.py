"""Values of a column as JSON texts, many at once."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import orjson

from gis.features import ObjectArray, object_array
from gis.table import CodedColumn, Column, NumberColumn, TextColumn

_NULL, _FALSE, _TRUE = b"null", b"false", b"true"


def json_texts(column: Column, rows: npt.NDArray[Any]) -> list[bytes]:
    """UTF-8 JSON of values at positions `rows`; what is unknown or not finite is null.

    Examples
    --------
    >>> from gis.table import texts
    >>> json_texts(texts(["a", None]), np.array([1, 0]))
    [b'null', b'"a"']
    """
    if isinstance(column, CodedColumn):
        return _of_coded(column, rows)
    if isinstance(column, TextColumn):
        return _of_texts(column, rows)
    if isinstance(column, NumberColumn):
        return _of_numbers(column, rows)
    return [orjson.dumps(value) for value in column.take(rows).tolist()]


def _of_coded(column: CodedColumn, rows: npt.NDArray[Any]) -> list[bytes]:
    known: ObjectArray | None = getattr(column, "_json", None)
    if known is None:
        known = object_array([*map(orjson.dumps, column.values.tolist()), _NULL])
        object.__setattr__(column, "_json", known)  # kept with the column, which never changes
    return cast(list[bytes], known[column.codes[rows]].tolist())


def _of_texts(column: TextColumn, rows: npt.NDArray[Any]) -> list[bytes]:
    whole, ends, lengths = column.joined_bytes(rows)
    if _needs_escapes(whole):
        return [orjson.dumps(value) for value in column.take(rows).tolist()]
    begins = (ends - np.maximum(lengths, 0)).tolist()
    out = [b'"%b"' % whole[i:j] for i, j in zip(begins, ends.tolist(), strict=True)]
    return _with_nulls(out, lengths < 0)


def _with_nulls(out: list[bytes], unknown: npt.NDArray[np.bool_]) -> list[bytes]:
    for i in np.flatnonzero(unknown).tolist():
        out[i] = _NULL
    return out


def _needs_escapes(text: bytes) -> bool:
    """Whether JSON writes some byte of UTF-8 `text` in another way."""
    if b'"' in text or b"\\" in text:
        return True
    return bool(len(text)) and int(np.frombuffer(text, np.uint8).min()) < 0x20


def _of_numbers(column: NumberColumn, rows: npt.NDArray[Any]) -> list[bytes]:
    values = column.values[rows]
    if values.dtype == np.bool_:
        out = [_TRUE if value else _FALSE for value in values.tolist()]
    else:
        written = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
        out = written[1:-1].split(b",") if len(values) else []
    return out if column.known is None else _with_nulls(out, ~column.known[rows])
