"""What a reader sees of a layer: a packed snapshot, the edits since, and every question about it.

A view never changes. :meth:`LayerView.apply` gives the next view, which shares the snapshot
and the dynamic tree with this one; whoever holds the current view swaps one reference, and
readers in other threads finish on the view that they began with.

Rows are positions within one view: first those of the snapshot, then those of the edits, and
they stay the same in all views that grow out of one snapshot. Answers are ordered by fid
unless it says otherwise.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import shapely

from gis.features import FeatureBatch, IntArray, LayerChanges, ObjectArray, empty_batch
from gis.index import BoolArray, Box, FloatArray, SpatialIndex
from gis.json_columns import json_members, json_texts
from gis.layers import LayerSpec
from gis.local_frame import LocalFrame
from gis.ragged import Ragged
from gis.snapshot import Snapshot
from gis.table import CodedColumn, Numbered, Table, coded, numbered

#: Masks kept per snapshot and per view; a mask of a million rows is a megabyte.
_MASKS_KEPT = 16
#: Values kept per snapshot: masks and pyramids of the permissions in use.
_KEPT = 24
T = TypeVar("T")
Rows = npt.NDArray[Any]


class Reach(Hashable, Protocol):
    """A permission as far as a view needs it: equal reaches are equal values."""

    def mask(
        self,
        area_values: ObjectArray,
        area_codes: npt.NDArray[Any],
        category_values: ObjectArray | None,
        category_codes: npt.NDArray[Any] | None,
    ) -> BoolArray:
        """Which rows it reaches, from coded division codes and coded categories."""


class LayerView:
    """One layer at one version.

    Parameters
    ----------
    snapshot
        The packed part.

    Attributes
    ----------
    version
        Of the layer, from the store.

    Examples
    --------
    >>> from gis.features import FeatureBatch, object_array
    >>> from gis.layers import FieldSpec, FieldType, GeometryKind, Title
    >>> code = FieldSpec("code", Title("编号", "Code"), FieldType.TEXT)
    >>> spec = LayerSpec("a", Title("甲", "A"), "base", GeometryKind.POINT, (code,), "code")
    >>> points = shapely.points([[117.0, 39.0], [117.001, 39.0]])
    >>> batch = FeatureBatch(spec, np.array([1, 2]), points, {"code": object_array("ab")},
    ...     object_array(["", ""]))
    >>> view = LayerView(Snapshot.of(1, batch))
    >>> rows, metres = view.nearest(117.0, 39.0, 2)
    >>> view.keys(rows).tolist(), metres.round(2).tolist()
    (['a', 'b'], [0.0, 86.63])
    """

    version: int
    _snapshot: Snapshot
    _edits: Table
    _index: SpatialIndex
    _gone: set[int]
    _edited: dict[int, int]
    _kept: _Kept

    def __init__(self, snapshot: Snapshot) -> None:
        self.version = snapshot.version
        self._index = snapshot.index
        self._gone = set()
        self._edited = {}
        self._kept = _Kept()
        self._hold(snapshot, Table.from_batch(empty_batch(snapshot.spec)))

    def _hold(self, snapshot: Snapshot, edits: Table) -> None:
        self._snapshot = snapshot
        self._edits = edits
        self._base_size = len(snapshot)
        self._shapes = _Shapes(snapshot.table.shapes, edits.shapes)
        self._mask = lru_cache(_MASKS_KEPT)(self._made_mask)

    # -- state and change -----------------------------------------------------------------

    @property
    def spec(self) -> LayerSpec:
        """The layer."""
        return self._snapshot.spec

    @property
    def size(self) -> int:
        """Rows of the view with those that have gone: the length of a mask."""
        return self._base_size + len(self._edits)

    def __len__(self) -> int:
        return self.size - len(self._gone)

    @property
    def pending(self) -> int:
        """Edits since the snapshot; at a few thousand a new snapshot is worth its cost."""
        return len(self._edits) + len(self._gone)

    def apply(self, changes: LayerChanges) -> LayerView:
        """The view after `changes`; this one stays as it is.

        A fid that is both put and removed is gone; one put twice has its last row.
        """
        new = object.__new__(LayerView)
        new.version = changes.version
        new._index = self._index.fork()
        new._gone = set(self._gone)
        new._edited = dict(self._edited)
        new._kept = self._kept
        put = Table.from_batch(changes.put)
        new._hold(self._snapshot, self._edits.joined(put) if len(put) else self._edits)
        removed = set(changes.removed.tolist())
        for fid in removed:
            new._drop(fid)
        for i, fid in enumerate(put.fids.tolist()):
            new._drop(fid)
            new._add(self.size + i, fid, put.bounds[i], fid in removed)
        return new

    def _drop(self, fid: int) -> None:
        row = self.row_of_fid(fid)
        if row is not None:
            self._edited.pop(fid, None)
            self._gone.add(row)
            self._index.discard(row)

    def _add(self, row: int, fid: int, bounds: FloatArray, removed: bool) -> None:
        if removed:
            self._gone.add(row)
            return
        self._edited[fid] = row
        minx, miny, maxx, maxy = bounds.tolist()
        if minx == minx:  # a missing geometry has NaN and no place in the index
            self._index.put(row, (minx, miny, maxx, maxy))

    # -- where ----------------------------------------------------------------------------

    def window(self, box: Box, *, exact: bool = False, reach: Reach | None = None) -> IntArray:
        """Rows whose bounding box touches a box in degrees; with `exact` whose shape does.

        With a `reach` only those within it.

        Raises
        ------
        InvalidError
            When the box is not finite or inside out.
        """
        rows = self._index.window(box)
        if reach is not None:
            rows = self.filter(rows, reach)
        if exact and len(rows):
            rows = rows[shapely.intersects(self._shapes.shapes(rows), shapely.box(*box))]
        return self._by_fid(rows)

    def in_polygon(self, polygon: Any) -> IntArray:
        """Rows whose shape touches a shapely geometry in degrees, exactly, borders included.

        Raises
        ------
        InvalidError
            When the geometry is empty or has coordinates that are not finite.
        """
        rows = self._index.window(tuple(shapely.bounds(polygon).tolist()))
        if not len(rows):
            return rows
        shapely.prepare(polygon)
        return self._by_fid(rows[shapely.intersects(polygon, self._shapes.shapes(rows))])

    def covering(self, lon: float, lat: float) -> IntArray:
        """Rows of the polygons that hold a position, by key; on a border the smaller key first.

        Raises
        ------
        InvalidError
            When a number is NaN or infinite.
        """
        rows = self._index.contains(lon, lat, self._shapes)
        return self._by_key(rows) if len(rows) > 1 else rows

    def within(self, lon: float, lat: float, metres: float) -> tuple[IntArray, FloatArray]:
        """Rows whose shape is within a distance, by distance and then key, and metres of each.

        Raises
        ------
        InvalidError
            When the position is none, or the distance is negative or not finite.
        """
        rows, distances = self._index.within(lon, lat, metres, self._shapes)
        return self._by_distance(rows, distances)

    def nearest(
        self, lon: float, lat: float, k: int, max_m: float | None = None
    ) -> tuple[IntArray, FloatArray]:
        """The k rows nearest to a position and their metres, by distance and then key.

        Where several are equally far at the k-th place, those with the smaller fids are taken.

        Raises
        ------
        InvalidError
            When the position is none, `k` is below 1, or `max_m` is negative or not finite.
        """
        rows, distances = self._index.nearest(lon, lat, k, self._shapes, max_m, self.fids)
        return self._by_distance(rows, distances)

    def edge_distances_m(self, rows: Rows, lon: float, lat: float) -> FloatArray:
        """(k,) metres from a position to the borders (lines, points) of rows."""
        return self._shapes.edge_distances_m(rows, LocalFrame(lon, lat))

    def _by_fid(self, rows: IntArray) -> IntArray:
        if len(rows) < 2 or (self._snapshot.by_fid is None and rows[-1] < self._base_size):
            return rows
        return rows[np.argsort(self.fids(rows), kind="stable")]

    def _by_key(self, rows: IntArray) -> IntArray:
        keys = self.keys(rows).tolist()
        return rows[sorted(range(len(rows)), key=lambda i: _sort_key(keys[i]))]

    def _by_distance(self, rows: IntArray, distances: FloatArray) -> tuple[IntArray, FloatArray]:
        keys = [_sort_key(k) for k in self.keys(rows).tolist()]
        metres = distances.tolist()
        order = sorted(range(len(rows)), key=lambda i: (metres[i], keys[i]))
        return rows[order], distances[order]

    # -- who may see ----------------------------------------------------------------------

    def mask(self, reach: Reach) -> BoolArray:
        """(size,) which rows are there and within reach; computed once per reach and view."""
        return self._mask(reach)

    def filter(self, rows: IntArray, reach: Reach) -> IntArray:
        """Those of `rows` that are within reach, in their order."""
        return rows[self.mask(reach)[rows]]

    def rows(self, reach: Reach | None = None) -> IntArray:
        """All rows that are there, or those within reach, by fid."""
        there = self.alive() if reach is None else self.mask(reach)
        ordered = self._snapshot.by_fid
        if ordered is None:
            return self._by_fid(np.flatnonzero(there))
        base = ordered[there[ordered]].astype(np.int64)
        new = np.flatnonzero(there[self._base_size :]) + self._base_size
        return self._by_fid(np.concatenate([base, new])) if len(new) else base

    def alive(self) -> BoolArray:
        """(size,) which rows are there."""
        out = np.ones(self.size, bool)
        out[list(self._gone)] = False
        return out

    def base_mask(self, reach: Reach) -> BoolArray:
        """Which rows of the snapshot are within reach, those that have gone since included."""
        table = self._snapshot.table
        return self.kept(("mask", reach), lambda: _reached(table, reach))

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, kept for all views of the same snapshot; the oldest are let go.

        `make` must depend on the snapshot and the key alone, not on the edits.
        """
        return self._kept.get(key, make)

    @property
    def base(self) -> Table:
        """Rows of the snapshot, those that have gone since included."""
        return self._snapshot.table

    def changed_rows(self) -> tuple[IntArray, IntArray]:
        """Rows of the snapshot that have gone, and rows of the edits that are there."""
        gone = sorted(row for row in self._gone if row < self._base_size)
        return np.array(gone, np.int64), np.array(sorted(self._edited.values()), np.int64)

    def _made_mask(self, reach: Reach) -> BoolArray:
        out = np.concatenate([self.base_mask(reach), _reached(self._edits, reach)])
        out[list(self._gone)] = False
        out.flags.writeable = False
        return out

    # -- what -----------------------------------------------------------------------------

    def fids(self, rows: Rows) -> IntArray:
        """(k,) fids of rows."""
        return self._gathered(rows, lambda table, at: table.fids[at], np.int64)

    def keys(self, rows: Rows) -> ObjectArray:
        """(k,) values of the key field of rows."""
        return self.column(self.spec.key, rows)

    def areas(self, rows: Rows) -> ObjectArray:
        """(k,) division codes of rows, '' where unknown."""
        return self._gathered(rows, lambda table, at: table.areas.take(at), object)

    def numbered_areas(self, rows: Rows) -> Numbered:
        """Division codes as distinct ones and a number for each of `rows`; '' where unknown."""
        at = np.asarray(rows, np.int64)
        if len(self._edits) and (at >= self._base_size).any():
            return numbered(self.areas(at))
        return self._snapshot.table.areas.numbered(at)

    def column(self, name: str, rows: Rows) -> ObjectArray:
        """(k,) values of a field: str, int, float, bool or None; dates as ISO text.

        Raises
        ------
        NotFoundError
            When the layer has no such field.
        """
        self.spec.field_named(name)
        return self._gathered(rows, lambda table, at: table.columns[name].take(at), object)

    def take(self, rows: Rows, fields: Sequence[str]) -> dict[str, ObjectArray]:
        """A column of values per field, for rows.

        Raises
        ------
        NotFoundError
            When the layer has no such field.
        """
        return {name: self.column(name, rows) for name in fields}

    def numbered(self, name: str, rows: Rows) -> Numbered:
        """Values of a field as distinct ones and a number for each of `rows`, -1 for unknown.

        Raises
        ------
        NotFoundError
            When the layer has no such field.
        """
        self.spec.field_named(name)
        at = np.asarray(rows, np.int64)
        if len(self._edits) and (at >= self._base_size).any():
            return numbered(self.column(name, at))
        return self._snapshot.table.columns[name].numbered(at)

    def json_column(self, name: str, rows: Rows) -> list[bytes]:
        """Values of a field as UTF-8 JSON, one of each of `rows`.

        Raises
        ------
        NotFoundError
            When the layer has no such field.
        """
        return self._json_texts(name, np.asarray(rows, np.int64))

    def json_members(self, members: Sequence[tuple[bytes, str]], rows: Rows) -> list[list[bytes]]:
        """Columns of pieces: for each member what stands before it and a field's value as UTF-8 JSON.

        Raises
        ------
        NotFoundError
            When the layer has no such field.
        """
        at = np.asarray(rows, np.int64)
        if not len(self._edits):
            columns = self._snapshot.table.columns
            for _, name in members:
                self.spec.field_named(name)
            return json_members([(before, columns[name]) for before, name in members], at)
        texts = ((before, self._json_texts(name, at)) for before, name in members)
        return [piece for before, text in texts for piece in ([before] * len(at), text)]

    def _json_texts(self, name: str, at: IntArray) -> list[bytes]:
        self.spec.field_named(name)
        base = self._snapshot.table.columns[name]
        if not len(self._edits):
            return json_texts(base, at)
        new = at >= self._base_size
        edited = iter(json_texts(self._edits.columns[name], at[new] - self._base_size))
        kept = iter(json_texts(base, at[~new]))
        return [next(edited) if is_new else next(kept) for is_new in new.tolist()]

    def batch(self, rows: Rows) -> FeatureBatch:
        """Rows as a batch without ``extra`` and ``delivered``; dates as ISO text."""
        return FeatureBatch(
            spec=self.spec,
            fids=self.fids(rows),
            geometry=self.geometry(rows),
            columns=self.take(rows, self.spec.field_names),
            areas=self.areas(rows),
        )

    def geometry(self, rows: Rows) -> ObjectArray:
        """(k,) shapely geometries of rows, made now."""
        return self._shapes.shapes(rows)

    def shapes(self, rows: Rows) -> Ragged:
        """Flat arrays of the geometries of rows, for encoders."""
        return self._shapes.take(rows)

    def boxes(self, rows: Rows) -> FloatArray:
        """(k, 4) bounding boxes of rows in degrees, NaN where a geometry is missing."""
        at = np.asarray(rows, np.int64)
        new = at >= self._base_size
        out = np.empty((len(at), 4))
        out[~new] = self._snapshot.table.bounds[at[~new]]
        out[new] = self._edits.bounds[at[new] - self._base_size]
        return out

    def measures(self, rows: Rows) -> FloatArray:
        """(k,) metres of lines, square metres of polygons, 0 of points, on the ellipsoid."""
        return self._gathered(rows, lambda table, at: table.measures[at], np.float64)

    def bounds(self, reach: Reach | None = None) -> Box | None:
        """Box in degrees around all rows, or around those within reach; None when there are none."""
        boxes = self.boxes(self.rows(reach))
        boxes = boxes[~np.isnan(boxes[:, 0])]
        if not len(boxes):
            return None
        low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def coded(self, name: str) -> CodedColumn:
        """A text or code field of all rows of the view as codes, those that have gone included.

        Raises
        ------
        NotFoundError
            When the layer has no such field.
        """
        self.spec.field_named(name)
        return _joined_codes(_coded(self._snapshot.table, name), _coded(self._edits, name))

    def counts_by(self, name: str, rows: Rows) -> Mapping[Any, int]:
        """How many of `rows` have each value of a field; None counts the unknown."""
        counted = Counter(self.column(name, rows).tolist())
        return dict(sorted(counted.items(), key=lambda item: _sort_key(item[0])))

    def row_of_fid(self, fid: int) -> int | None:
        """Row of a fid, or None when it is not there."""
        row = self._edited.get(fid)
        if row is not None:
            return row
        fids, ordered = self._snapshot.table.fids, self._snapshot.by_fid
        at = int(np.searchsorted(fids, fid, sorter=ordered))
        if at == len(fids):
            return None
        row = at if ordered is None else int(ordered[at])
        return row if fids[row] == fid and row not in self._gone else None

    def rows_of_fids(self, fids: Sequence[int] | IntArray) -> IntArray:
        """Rows of those of `fids` that are there, in their order."""
        found = (self.row_of_fid(int(fid)) for fid in fids)
        return np.array([row for row in found if row is not None], np.int64)

    def _gathered(
        self, rows: Rows, get: Callable[[Table, IntArray], npt.NDArray[Any]], dtype: Any
    ) -> npt.NDArray[Any]:
        at = np.asarray(rows, np.int64)
        if not len(self._edits):
            return get(self._snapshot.table, at)
        new = at >= self._base_size
        if not new.any():
            return get(self._snapshot.table, at)
        out = np.empty(len(at), dtype)
        out[~new] = get(self._snapshot.table, at[~new])
        out[new] = get(self._edits, at[new] - self._base_size)
        return out


class _Kept:
    """The values last asked for, by key; safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                found: T = self._values[key]
                return found
        made = make()  # outside of the lock: two threads may both make it, which does no harm
        with self._lock:
            self._values[key] = made
            while len(self._values) > _KEPT:
                self._values.popitem(last=False)
        return made


class _Shapes:
    """Geometries of the snapshot followed by those of the edits, under one numbering."""

    def __init__(self, base: Ragged, edits: Ragged) -> None:
        self._base = base
        self._edits = edits
        self._size = len(base)

    def _split(self, rows: Rows) -> tuple[IntArray, BoolArray | None]:
        at = np.asarray(rows, np.int64)
        new = at >= self._size
        return at, new if new.any() else None

    def take(self, rows: Rows) -> Ragged:
        at, new = self._split(rows)
        if new is None:
            return self._base.take(at)
        both = self._base.take(at[~new]).joined(self._edits.take(at[new] - self._size))
        back = np.empty(len(at), np.int64)
        back[np.concatenate([np.flatnonzero(~new), np.flatnonzero(new)])] = np.arange(len(at))
        return both.take(back)

    def shapes(self, rows: Rows) -> ObjectArray:
        at, new = self._split(rows)
        return self._base.shapes(at) if new is None else self.take(at).shapes(np.arange(len(at)))

    def covers_one(self, row: int, x: float, y: float) -> bool:
        if row < self._size:
            return self._base.covers_one(row, x, y)
        return self._edits.covers_one(row - self._size, x, y)

    def covers_pairs(self, rows: Rows, xs: FloatArray, ys: FloatArray) -> BoolArray:
        at, new = self._split(rows)
        if new is None:
            return self._base.covers_pairs(at, xs, ys)
        return self.take(at).covers_pairs(np.arange(len(at)), xs, ys)

    def distances_m(self, rows: Rows, frame: LocalFrame) -> FloatArray:
        some = self.take(rows)
        return some.distances_m(np.arange(len(some)), frame)

    def edge_distances_m(self, rows: Rows, frame: LocalFrame) -> FloatArray:
        some = self.take(rows)
        return some.edge_distances_m(np.arange(len(some)), frame)


def _sort_key(value: Any) -> tuple[str, Any]:
    """Keys of one field in order, the unknown first; numbers after their size."""
    if value is None:
        return "", value
    if isinstance(value, str):
        return "t", value
    return "n", value


def _coded(table: Table, name: str) -> CodedColumn:
    column = table.columns[name]
    if isinstance(column, CodedColumn):
        return column
    return coded(column.take(np.arange(len(table))))


def _joined_codes(base: CodedColumn, edits: CodedColumn) -> CodedColumn:
    if not len(edits):
        return base
    position = {value: i for i, value in enumerate(base.values.tolist())}
    values = [*base.values.tolist(), *(v for v in edits.values.tolist() if v not in position)]
    position = {value: i for i, value in enumerate(values)}
    moved = np.array([*(position[v] for v in edits.values.tolist()), -1], np.int32)
    out = np.empty(len(values), object)
    out[:] = values
    return CodedColumn(out, np.concatenate([base.codes, moved[edits.codes]]))


def _reached(table: Table, reach: Reach) -> BoolArray:
    name = table.spec.category_field
    category = None if name is None else _coded(table, name)
    return reach.mask(
        table.areas.values,
        table.areas.codes,
        None if category is None else category.values,
        None if category is None else category.codes,
    )
