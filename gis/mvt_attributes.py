"""Attributes of a tile's layer: tables of keys and values, and each feature's pairs of numbers."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gis.mvt_varint import varint

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


def encode_tags(columns: Mapping[str, npt.NDArray[Any]], rows: IntArray) -> Tags:
    """Attributes of the features at `rows`; None and NaN are left out.

    Examples
    --------
    >>> tags = encode_tags({"a": np.array(["x", None, "x"], object)}, np.arange(3))
    >>> tags.numbers.tolist(), tags.counts.tolist()
    ([0, 0, 0, 0], [2, 0, 2])
    """
    numbered: list[IntArray] = []
    table: list[bytes] = []
    for column in columns.values():
        codes, entries = _numbered(column[rows], len(table))
        numbered.append(codes)
        table += entries
    if not numbered:
        return Tags(b"", b"", np.empty(0, np.uint64), np.zeros(len(rows), np.int64))
    codes_of = np.column_stack(numbered)
    known = codes_of >= 0
    pairs = np.empty((*codes_of.shape, 2), np.uint64)
    pairs[..., 0] = np.arange(len(numbered))
    pairs[..., 1] = codes_of.astype(np.uint64)
    keys = b"".join(b"\x1a" + _sized(name.encode()) for name in columns)
    values = b"".join(b"\x22" + _sized(entry) for entry in table)
    return Tags(keys, values, pairs[known].reshape(-1), 2 * known.sum(axis=1))


def _numbered(column: npt.NDArray[Any], first: int) -> tuple[IntArray, list[bytes]]:
    """Number of each row's value in the layer's table, -1 for none, and the new entries."""
    places: dict[Any, int] = {}
    entries: list[bytes] = []
    codes = np.empty(len(column), np.int64)
    for i, value in enumerate(column.tolist()):
        # True and 1 are equal in Python and different in a tile.
        key = (value,) if value is True or value is False else value
        place = places.get(key)
        if place is None:
            place = -1
            if value is not None and value == value:
                place = first + len(entries)
                entries.append(encoded_value(value))
            places[key] = place
        codes[i] = place
    return codes, entries


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
