"""Values of a column as JSON texts, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import orjson

from gis.features import ObjectArray, object_array
from gis.table import CodedColumn, Column, NumberColumn, TextColumn

#: Columns of few values that follow one another are written as one, up to so many texts.
_MOST_TEXTS = 4096
#: Lists of what stands before the values that a column remembers.
_MOST_BEFORE = 8
#: Numbers that JSON writes alike from an array and from Python.
_SAME_IN_PYTHON = (np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_))
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
        return _of_coded([(b"", column)], rows)
    if isinstance(column, TextColumn):
        return _of_texts(column, rows)
    if isinstance(column, NumberColumn):
        return _of_numbers(column, rows)
    return [orjson.dumps(value) for value in column.take(rows).tolist()]


def json_members(
    members: Sequence[tuple[bytes, Column]], rows: npt.NDArray[Any]
) -> list[list[bytes]]:
    """Columns of pieces that make each member, what stands before it and its JSON, read by turns.

    Parameters
    ----------
    members
        What stands before a value, and the column of the values.
    rows
        (k,) positions.

    Returns
    -------
    Lists of k pieces. Members of few values that follow one another are one list.

    Examples
    --------
    >>> from gis.table import coded, texts
    >>> kind, state = coded(object_array(["a", "b"])), coded(object_array(["ok", None]))
    >>> both = [(b'"kind":', kind), (b',"state":', state)]
    >>> json_members(both, np.array([1, 0]))
    [[b'"kind":"b","state":null', b'"kind":"a","state":"ok"']]
    >>> json_members([(b'"name":', texts(["x", "y"]))], np.array([1]))
    [[b'"name":'], [b'"y"']]
    """
    out: list[list[bytes]] = []
    together: list[tuple[bytes, CodedColumn]] = []
    texts = 1
    for before, column in members:
        few = _few(column)
        own = _MOST_TEXTS if few is None else len(few.values) + 1
        if together and texts * own > _MOST_TEXTS:
            out.append(_of_coded(together, rows))
            together, texts = [], 1
        if few is None:
            out += [[before] * len(rows), json_texts(column, rows)]
        else:
            together.append((before, few))
            texts *= own
    return [*out, _of_coded(together, rows)] if together else out


def _few(column: Column) -> CodedColumn | None:
    """A column as one of few values, where it is worth it."""
    if isinstance(column, NumberColumn) and column.values.dtype in _SAME_IN_PYTHON:
        return column.few
    return column if isinstance(column, CodedColumn) else None


def _of_coded(members: Sequence[tuple[bytes, CodedColumn]], rows: npt.NDArray[Any]) -> list[bytes]:
    texts = _texts_of(members)
    number = members[0][1].codes[rows] + 1
    for _, column in members[1:]:
        number = number * (len(column.values) + 1) + (column.codes[rows] + 1)
    return cast(list[bytes], texts[number].tolist())


def _texts_of(members: Sequence[tuple[bytes, CodedColumn]]) -> ObjectArray:
    """All texts that columns of few values have together, null first; made once.

    They live with the first of the columns, none of which ever changes.
    """
    first, befores = members[0][1], tuple(before for before, _ in members)
    kept: dict[tuple[bytes, ...], tuple[list[CodedColumn], ObjectArray]] | None
    kept = getattr(first, "_json", None)
    if kept is None:
        kept = {}
        object.__setattr__(first, "_json", kept)
    columns = [column for _, column in members]
    known = kept.get(befores)
    if known is not None and all(a is b for a, b in zip(known[0], columns, strict=True)):
        return known[1]
    made = [b""]
    for before, column in members:
        own = [before + value for value in (_NULL, *map(orjson.dumps, column.values))]
        made = [text + more for text in made for more in own]
    if len(kept) < _MOST_BEFORE:
        kept[befores] = (columns, object_array(made))
    return object_array(made)


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
