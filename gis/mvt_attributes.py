"""Attributes of a tile's layer: tables of keys and values, and each feature's pairs of numbers."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from gis.features import ObjectArray
from gis.mvt_varint import varint
from gis.table import Numbered, numbered

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tags:
    """Attributes as the tile holds them.

    Attributes
    ----------
    keys, values
        The two tables as bytes, fields 3 and 4 of a layer.
    numbers
        Key and value number by turns, feature after feature.
    counts
        (n,) how many numbers each feature has.
    """

    keys: bytes
    values: bytes
    numbers: npt.NDArray[np.uint64]
    counts: IntArray


def encode_tags(columns: Mapping[str, npt.NDArray[Any] | Numbered], rows: IntArray) -> Tags:
    """Attributes of the features at `rows`; None and NaN are left out.

    Examples
    --------
    >>> tags = encode_tags({"a": np.array(["x", None, "x"], object)}, np.arange(3))
    >>> tags.numbers.tolist(), tags.counts.tolist()
    ([0, 0, 0, 0], [2, 0, 2])
    """
    if not columns:
        return Tags(b"", b"", np.empty(0, np.uint64), np.zeros(len(rows), np.int64))
    table: list[bytes] = []
    codes_of = np.empty((len(rows), len(columns)), np.int64)
    for i, column in enumerate(columns.values()):
        if isinstance(column, Numbered):
            found = _used(Numbered(column.values, column.codes[rows]))
        else:
            found = numbered(column[rows])
        codes_of[:, i] = np.where(found.codes >= 0, found.codes + len(table), -1)
        table += encoded_values(found.values)
    known = codes_of >= 0
    pairs = np.empty((*codes_of.shape, 2), np.uint64)
    pairs[..., 0] = np.arange(len(columns))
    pairs[..., 1] = codes_of.astype(np.uint64)
    keys = b"".join(b"\x1a" + _sized(name.encode()) for name in columns)
    return Tags(keys, b"".join(table), pairs[known].reshape(-1), 2 * known.sum(axis=1))


def _used(column: Numbered) -> Numbered:
    """The same without values that no row has."""
    there = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values)) > 0
    moved = np.append(np.where(there, np.cumsum(there) - 1, -1), -1)
    values = [column.values[i] for i in np.flatnonzero(there).tolist()]
    return Numbered(values, moved[column.codes])


def encoded_values(values: Sequence[Any] | ObjectArray) -> list[bytes]:
    """The table entries of values, field 4 of a layer each."""
    if set(map(type, values)) == {str}:
        texts = [value.encode() for value in values]
        return [_text_head(len(text)) + text for text in texts]
    return [b"\x22" + _sized(encoded_value(value)) for value in values]


@lru_cache(maxsize=4096)
def _text_head(length: int) -> bytes:
    """What stands before the bytes of a text value."""
    inner = b"\x0a" + varint(length)
    return b"\x22" + varint(len(inner) + length) + inner


def encoded_value(value: str | bool | int | float) -> bytes:
    """The Value message of one attribute value.

    Examples
    --------
    >>> encoded_value("ab").hex(), encoded_value(-1).hex(), encoded_value(True).hex()
    ('0a026162', '3001', '3801')
    """
    if isinstance(value, str):
        return b"\x0a" + _sized(value.encode())
    if isinstance(value, bool):
        return b"\x38" + bytes([value])
    if isinstance(value, int):
        return b"\x28" + varint(value) if value >= 0 else b"\x30" + varint(-2 * value - 1)
    return b"\x19" + struct.pack("<d", value)


def _sized(data: bytes) -> bytes:
    return varint(len(data)) + data
