"""Rows of a layer in coded columns: the common form of a mapped snapshot and of pending edits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gis.features import FeatureBatch, IntArray, ObjectArray, object_array
from gis.layers import FieldType, LayerSpec
from gis.ragged import FloatArray, Ragged, offsets_of, spread

#: A text column is dictionary-coded while it has at most this share of distinct values.
_DISTINCT_SHARE = 0.25
_MOST_DISTINCT = 65536
#: Numbers of at most so many distinct values are written as texts that are made once.
_FEW = 1000
#: Rows that tell whether it is worth to look for them.
_SAMPLE = 20_000


class Column(Protocol):
    """Values of one field; None is unknown."""

    def __len__(self) -> int: ...

    def take(self, rows: npt.NDArray[Any]) -> ObjectArray:
        """(k,) Python values at positions `rows`."""

    def numbered(self, rows: npt.NDArray[Any]) -> Numbered:
        """The same as distinct values and numbers; values that none of `rows` has may be there."""


@dataclass(frozen=True)
class Numbered:
    """Values as distinct ones and the number of each row's value, -1 for the unknown."""

    values: Sequence[Any] | ObjectArray
    codes: npt.NDArray[Any]


def numbered(values: ObjectArray) -> Numbered:
    """Values as distinct ones and numbers; None and NaN are unknown.

    Examples
    --------
    >>> found = numbered(np.array(["x", None, "y", "x"], object))
    >>> found.values, found.codes.tolist()
    (['x', 'y'], [0, -1, 1, 0])
    """
    keys = values.tolist()
    if bool in set(map(type, keys)):
        # True and 1 are equal in Python, and still two values.
        keys = [(v,) if v is True or v is False else v for v in keys]
    places: dict[Any, int] = dict.fromkeys(keys, -1)
    distinct = [v for v in places if v is not None and v == v]
    places.update(zip(distinct, range(len(distinct)), strict=True))
    codes = np.fromiter(map(places.__getitem__, keys), np.int64, len(keys))
    return Numbered([v[0] if isinstance(v, tuple) else v for v in distinct], codes)


@dataclass(frozen=True)
class CodedColumn:
    """Few distinct values: ``values[codes[row]]``, code -1 is unknown."""

    values: ObjectArray
    codes: npt.NDArray[np.signedinteger[Any]]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lookup", object_array([*self.values.tolist(), None]))

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: npt.NDArray[Any]) -> ObjectArray:
        """(k,) texts at positions `rows`."""
        lookup: ObjectArray = self._lookup  # type: ignore[attr-defined]
        return np.asarray(lookup[self.codes[rows]], object)

    def numbered(self, rows: npt.NDArray[Any]) -> Numbered:
        """Its own numbers."""
        return Numbered(self.values, self.codes[rows])


@dataclass(frozen=True)
class TextColumn:
    """Text of many distinct values as UTF-8 bytes with offsets; negative length is unknown."""

    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int32]
    data: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.lengths)

    def take(self, rows: npt.NDArray[Any]) -> ObjectArray:
        """(k,) texts at positions `rows`."""
        whole, ends, lengths = self.joined_bytes(rows)
        begins = (ends - np.maximum(lengths, 0)).tolist()
        found = [whole[i:j].decode() for i, j in zip(begins, ends.tolist(), strict=True)]
        out = object_array(found)
        out[lengths < 0] = None
        return out

    def numbered(self, rows: npt.NDArray[Any]) -> Numbered:
        """Numbers in the order of `rows`."""
        return numbered(self.take(rows))

    def joined_bytes(
        self, rows: npt.NDArray[Any]
    ) -> tuple[bytes, npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """UTF-8 of the texts at `rows` one after another, where each ends, lengths or -1."""
        lengths = self.lengths[rows]
        filled = np.maximum(lengths, 0)
        positions, _ = spread(self.starts[rows], filled)
        return self.data[positions].tobytes(), np.cumsum(filled, dtype=np.int64), lengths


@dataclass(frozen=True)
class NumberColumn:
    """Numbers or booleans with a mask of the known ones; None when all are known."""

    values: npt.NDArray[Any]
    known: npt.NDArray[np.bool_] | None

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def few(self) -> CodedColumn | None:
        """The same as numbers of distinct values where those are at most 1,000, else None.

        What is not finite counts as unknown. Found once, when first asked for.
        """
        valid = np.ones(len(self), bool) if self.known is None else self.known.copy()
        if self.values.dtype.kind == "f":
            valid &= np.isfinite(self.values)
        sample = slice(None, None, max(1, len(self) // _SAMPLE))
        distinct = np.unique(self.values[sample][valid[sample]])
        for _ in range(2):  # what the sample has not is added once
            if not 0 < len(distinct) <= _FEW:
                return None
            codes = np.searchsorted(distinct, self.values).astype(np.int16)
            codes[codes == len(distinct)] = 0
            missed = valid & (distinct[codes] != self.values)
            if not missed.any():
                codes[~valid] = -1
                return CodedColumn(object_array(distinct.tolist()), codes)
            distinct = np.union1d(distinct, self.values[missed])
        return None

    def take(self, rows: npt.NDArray[Any]) -> ObjectArray:
        """(k,) Python numbers or booleans at positions `rows`."""
        out = self.values[rows].astype(object)
        if self.known is not None:
            out[~self.known[rows]] = None
        return np.asarray(out, object)

    def numbered(self, rows: npt.NDArray[Any]) -> Numbered:
        """Numbers in the order of the values."""
        distinct, codes = np.unique(self.values[rows], return_inverse=True, equal_nan=True)
        unknown = (
            np.isnan(distinct) if distinct.dtype.kind == "f" else np.zeros(len(distinct), bool)
        )
        codes = np.where(unknown[codes], -1, codes)
        if self.known is not None:
            codes[~self.known[rows]] = -1
        return Numbered(distinct.tolist(), codes)


@dataclass(frozen=True)
class Table:
    """Rows of one layer.

    Attributes
    ----------
    spec
        The layer.
    fids
        (n,) int64 identity within the store.
    shapes
        (n,) geometries.
    bounds
        (n, 4) boxes in degrees, NaN where a geometry is missing.
    measures
        (n,) length in metres of a line, area in square metres of a polygon, 0 of a point.
    columns
        A column per field.
    areas
        Division codes, '' where unknown.
    """

    spec: LayerSpec
    fids: IntArray
    shapes: Ragged
    bounds: FloatArray
    measures: FloatArray
    columns: Mapping[str, Column]
    areas: CodedColumn

    def __len__(self) -> int:
        return len(self.fids)

    @classmethod
    def from_batch(cls, batch: FeatureBatch) -> Table:
        """Coded columns of a batch; ``extra`` and ``delivered`` are left out.

        Examples
        --------
        >>> from gis.features import empty_batch
        >>> from gis.layers import FieldSpec, GeometryKind, Title
        >>> name = FieldSpec("code", Title("编号", "Code"), FieldType.TEXT)
        >>> spec = LayerSpec("a", Title("甲", "A"), "base", GeometryKind.POINT, (name,), "code")
        >>> len(Table.from_batch(empty_batch(spec)))
        0
        """
        shapes = Ragged.from_shapely(batch.spec.geometry, batch.geometry)
        columns = {f.name: encoded(batch.columns[f.name], f.type) for f in batch.spec.fields}
        areas = coded(object_array(["" if v is None else v for v in batch.areas]))
        fids = np.ascontiguousarray(batch.fids, np.int64)
        return cls(batch.spec, fids, shapes, shapes.bounds(), shapes.measures(), columns, areas)

    def joined(self, other: Table) -> Table:
        """These rows followed by those of another table of the layer."""
        columns = {
            f.name: encoded(
                np.concatenate([_all(self.columns[f.name]), _all(other.columns[f.name])]), f.type
            )
            for f in self.spec.fields
        }
        return Table(
            self.spec,
            np.concatenate([self.fids, other.fids]),
            self.shapes.joined(other.shapes),
            np.concatenate([self.bounds, other.bounds]),
            np.concatenate([self.measures, other.measures]),
            columns,
            coded(np.concatenate([_all(self.areas), _all(other.areas)])),
        )

    def batch(self, rows: npt.ArrayLike) -> FeatureBatch:
        """The rows at positions `rows` as a batch; dates are ISO text."""
        at = np.asarray(rows, np.int64)
        return FeatureBatch(
            spec=self.spec,
            fids=self.fids[at],
            geometry=self.shapes.shapes(at),
            columns={name: column.take(at) for name, column in self.columns.items()},
            areas=self.areas.take(at),
        )


def _all(column: Column) -> ObjectArray:
    return column.take(np.arange(len(column)))


def encoded(values: ObjectArray, kind: FieldType) -> Column:
    """The column that suits a field's values.

    Examples
    --------
    >>> encoded(object_array([1, None]), FieldType.INTEGER).take(np.array([0, 1])).tolist()
    [1, None]
    """
    if kind is FieldType.REAL:
        return _numbers(values, np.float64)
    if kind is FieldType.INTEGER:
        return _numbers(values, np.int64)
    if kind is FieldType.BOOLEAN:
        return _numbers(values, np.bool_)
    if kind is FieldType.DATE:
        values = object_array([_iso(v) for v in values])
    if kind is FieldType.CODE:
        return coded(values)
    distinct = len(set(values.tolist()))
    if distinct <= min(_MOST_DISTINCT, max(16, len(values) * _DISTINCT_SHARE)):
        return coded(values)
    return texts(values)


def coded(values: ObjectArray) -> CodedColumn:
    """Dictionary-coded texts, the dictionary in order."""
    distinct = sorted({v for v in values.tolist() if v is not None})
    position: dict[Any, int] = {v: i for i, v in enumerate(distinct)} | {None: -1}
    codes = np.fromiter((position[v] for v in values.tolist()), np.int32, len(values))
    return CodedColumn(object_array(distinct), codes)


def texts(values: Sequence[str | None] | ObjectArray) -> TextColumn:
    """Texts as UTF-8 bytes with offsets."""
    pieces = [b"" if v is None else str(v).encode() for v in values]
    sizes = np.array([len(p) for p in pieces], np.int64)
    starts = np.cumsum(sizes) - sizes
    lengths = np.array([-1 if v is None else len(p) for v, p in zip(values, pieces, strict=True)])
    data = np.frombuffer(b"".join(pieces), np.uint8)
    return TextColumn(starts.astype(np.int64), lengths.astype(np.int32), data)


def _numbers(values: ObjectArray, dtype: Any) -> NumberColumn:
    known = np.array([v is not None and v == v for v in values], bool)
    if known.all():
        return NumberColumn(values.astype(dtype), None)
    filled = values.copy()
    filled[~known] = 0
    return NumberColumn(filled.astype(dtype), known)


def _iso(value: Any) -> str | None:
    return value.isoformat() if isinstance(value, dt.date) else value


__all__ = [
    "CodedColumn",
    "Column",
    "NumberColumn",
    "Table",
    "TextColumn",
    "coded",
    "encoded",
    "offsets_of",
    "texts",
]
