"""Values of a column as JSON texts, many at once."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import orjson

from gis.features import ObjectArray, object_array
from gis.table import CodedColumn, Column, NumberColumn, TextColumn

#: A field's name, with and without what a first field has before it; for a few lists of fields.
_MOST_BEFORE = 8
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


def json_members(column: Column, rows: npt.NDArray[Any], before: bytes) -> list[list[bytes]]:
    """Columns of pieces that make `before` and the JSON of the values at `rows`, read by turns.

    What comes before a coded value is kept together with it, for each text of `before`.

    Examples
    --------
    >>> from gis.table import coded
    >>> json_members(coded(object_array(["a", "b"])), np.array([1, 0]), b'"kind":')
    [[b'"kind":"b"', b'"kind":"a"']]
    """
    if isinstance(column, CodedColumn):
        return [_of_coded(column, rows, before)]
    texts = json_texts(column, rows)
    return [[before] * len(texts), texts]


def _of_coded(column: CodedColumn, rows: npt.NDArray[Any], before: bytes = b"") -> list[bytes]:
    kept: dict[bytes, ObjectArray] | None = getattr(column, "_json", None)
    if kept is None:
        kept = {}
        object.__setattr__(column, "_json", kept)  # lives with the column, which never changes
    known = kept.get(before)
    if known is None:
        known = object_array([before + v for v in (*map(orjson.dumps, column.values), _NULL)])
        if len(kept) < _MOST_BEFORE:
            kept[before] = known
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
