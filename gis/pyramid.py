"""Aggregates for low zooms: every feature counted once, in the block that holds its box's middle.

A block is 1/32 of a tile's side. Blocks are numbered along a Z-curve, so the blocks of a tile
are one run of the sorted numbers, and the next lower zoom's block is the number without its
last two bits. The sums over all tiles of a zoom equal those of the layer, under a permission
those of the rows within its reach. The finest level is counted once per snapshot and reach;
edits since are added and taken off when a tile is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from gis.curve import from_z_order, z_order
from gis.detail import detail_zoom
from gis.features import IntArray
from gis.layers import GeometryKind, LayerSpec
from gis.local_frame import FloatArray
from gis.mvt import MOST_BYTES, check_tile, encode_layer, tile_box, write_layer
from gis.mvt_paths import EXTENT, Paths, mercator
from gis.ragged import offsets_of
from gis.table import Table
from gis.view import LayerView, Reach

#: Blocks along the side of a tile, as a power of two.
BLOCK_BITS = 5
#: Features above which a tile is not even tried one by one.
MOST_FEATURES = 20_000
#: Name that a tile's layer of aggregates has after the layer's own.
SUFFIX = "_blocks"
_MEASURE_NAMES = {GeometryKind.LINE: "length_m", GeometryKind.POLYGON: "area_m2"}


@dataclass(frozen=True)
class Blocks:
    """Sums by block and class, in the order of the numbers.

    Attributes
    ----------
    cells
        (b,) number of the block along the Z-curve.
    classes
        (b,) position of the class in its list, -1 for none.
    counts, measures
        (b,) features, and metres or square metres of them.
    """

    cells: IntArray
    classes: IntArray
    counts: IntArray
    measures: FloatArray

    def coarser(self) -> Blocks:
        """The blocks of the next lower zoom."""
        return _grouped(self.cells >> 2, self.classes, self.counts, self.measures)

    def within(self, first: int, last: int) -> Blocks:
        """The blocks first..last-1."""
        low, high = np.searchsorted(self.cells, [first, last])
        part = slice(int(low), int(high))
        return Blocks(self.cells[part], self.classes[part], self.counts[part], self.measures[part])

    def plus(self, other: Blocks, sign: int = 1) -> Blocks:
        """Sums of both, or these without the other's; blocks with nothing left are left out."""
        return _grouped(
            np.concatenate([self.cells, other.cells]),
            np.concatenate([self.classes, other.classes]),
            np.concatenate([self.counts, sign * other.counts]),
            np.concatenate([self.measures, sign * other.measures]),
        )


@dataclass(frozen=True)
class _EveryRow:
    """The reach of a person without limits."""

    def mask(
        self,
        area_values: npt.NDArray[Any],
        area_codes: npt.NDArray[Any],
        category_values: npt.NDArray[Any] | None,
        category_codes: npt.NDArray[Any] | None,
    ) -> npt.NDArray[np.bool_]:
        return np.ones(len(area_codes), bool)


EVERY_ROW = cast(Reach, _EveryRow())


def layer_tile(
    view: LayerView,
    reach: Reach,
    fields: tuple[str, ...],
    tile: tuple[int, int, int],
    name: str | None = None,
) -> bytes:
    """A layer's part of a tile: its features, or their aggregates.

    Aggregates are given below :func:`gis.detail.detail_zoom`, which is one zoom for all tiles. A
    tile that edits since the snapshot have filled beyond :data:`MOST_FEATURES` or
    :data:`MOST_BYTES` has them too, until the next snapshot. Features are in the tile's layer
    `name`, aggregates in ``<name>_blocks``.

    Parameters
    ----------
    view, reach
        What there is, and what of it may be seen.
    fields
        Attributes, those that the permission gives and the map needs.
    tile
        z, x, y.
    name
        Of the layer in the tile; the layer's own name when None.

    Raises
    ------
    InvalidError
        When there is no such tile.
    NotFoundError
        When the layer has no field of that name.
    """
    check_tile(*tile)
    called = name or view.spec.name
    if tile[0] < view.spec.min_zoom:  # whoever asks: from where on there are features is not needed
        return block_tile(view, reach, tile, called, fields)
    finest = detail_zoom(view, reach, fields) - 1
    if tile[0] <= finest:
        return block_tile(view, reach, tile, called, fields, finest)
    rows = view.window(tile_box(*tile), reach=reach)
    if len(rows) > MOST_FEATURES:
        return block_tile(view, reach, tile, called, fields, finest)
    columns = {name: view.numbered(name, rows) for name in fields}
    made = encode_layer(called, view.shapes(rows), view.fids(rows), columns, tile)
    if len(made) <= MOST_BYTES:
        return made
    return block_tile(view, reach, tile, called, fields, finest)


def block_tile(
    view: LayerView,
    reach: Reach,
    tile: tuple[int, int, int],
    name: str,
    fields: tuple[str, ...] = (),
    finest: int | None = None,
) -> bytes:
    """Aggregates of a tile: a square per block with its sums (a point for a point layer).

    Attributes: ``count``; ``length_m`` or ``area_m2``; and, where the layer is drawn by a class
    field that is among `fields`, ``class_<code>`` counts and ``top_class``.
    """
    by_class = view.spec.style.class_field in fields
    blocks = blocks_of(view, reach, tile, finest)
    cells, group = np.unique(blocks.cells, return_inverse=True)
    if not len(cells):
        return b""
    columns = _sums_by_cell(view.spec, blocks, group, len(cells))
    if by_class:
        columns |= _class_columns(view.spec, blocks, group, len(cells))
    return write_layer(name + SUFFIX, _squares(view.spec, cells, tile), cells, columns)


def blocks_of(
    view: LayerView, reach: Reach, tile: tuple[int, int, int], finest: int | None = None
) -> Blocks:
    """Sums of a tile's blocks: those of the snapshot, with the edits since.

    Parameters
    ----------
    finest
        Deepest zoom that is counted once and kept; the one above the layer's ``min_zoom`` when
        None. Tiles of deeper zooms are counted when they are asked for.

    Raises
    ------
    InvalidError
        When there is no such tile.
    """
    check_tile(*tile)
    z, x, y = tile
    first = int(z_order(np.array([x], np.uint64), np.array([y], np.uint64))[0]) << 2 * BLOCK_BITS
    last = first + (1 << 2 * BLOCK_BITS)
    kept = view.spec.min_zoom - 1 if finest is None else finest
    if z <= kept:
        levels = view.kept(("pyramid", reach, kept), lambda: _levels(view, reach, kept))
        base = levels[z].within(first, last)
    else:
        base = _counted_blocks(view, reach, tile, first, last)
    return _edited(view, reach, z, base, first, last)


def _counted_blocks(
    view: LayerView, reach: Reach, tile: tuple[int, int, int], first: int, last: int
) -> Blocks:
    # A tile too full for its features, at a zoom without a stored level: counted now.
    rows = view.window(tile_box(*tile))
    rows = rows[rows < len(view.base)]
    # The index knows the present rows; those that have gone are put back to be taken off again.
    rows = np.union1d(rows, view.changed_rows()[0])
    rows = rows[view.base_mask(reach)[rows]]
    return _counted(view.base, rows, tile[0] + BLOCK_BITS).within(first, last)


def _edited(view: LayerView, reach: Reach, z: int, blocks: Blocks, first: int, last: int) -> Blocks:
    gone, new = view.changed_rows()
    if len(gone):
        gone = gone[view.base_mask(reach)[gone]]
        blocks = blocks.plus(_counted(view.base, gone, z + BLOCK_BITS).within(first, last), -1)
    if len(new):
        new = view.filter(new, reach)
        added = _counted_rows(view, new, z + BLOCK_BITS)
        blocks = blocks.plus(added.within(first, last))
    return blocks


def _levels(view: LayerView, reach: Reach, finest: int) -> dict[int, Blocks]:
    """Blocks of every zoom down to the finest, which is counted from the rows."""
    z = finest
    places = view.kept(("places", z), lambda: _placed(view.base, z + BLOCK_BITS))
    blocks = _counted_at(places, view.base_mask(reach), view.base.measures)
    levels = {z: blocks}
    for lower in range(z - 1, -1, -1):
        blocks = blocks.coarser()
        levels[lower] = blocks
    return levels


@dataclass(frozen=True)
class _Places:
    """Where the rows of a snapshot are counted, whoever asks.

    Attributes
    ----------
    cells
        (b,) numbers of the blocks along the Z-curve, ascending.
    slots
        (n,) for each row its block's place in `cells` times the classes, plus its class + 1; -1
        without a geometry.
    classes
        How many classes there are, with the one of none.
    """

    cells: IntArray
    slots: npt.NDArray[np.int32]
    classes: int


def _placed(table: Table, bits: int) -> _Places:
    kinds = len(class_codes(table.spec)) + 1
    rows = np.flatnonzero(~np.isnan(table.bounds[:, 0]))
    cells, back = np.unique(_cells(table.bounds[rows], bits), return_inverse=True)
    slots = np.full(len(table), -1, np.int32)
    slots[rows] = back * kinds + _classes(table, rows) + 1
    return _Places(cells, slots, kinds)


def _counted_at(places: _Places, there: npt.NDArray[np.bool_], measures: FloatArray) -> Blocks:
    """Sums of the rows that are there, without sorting them."""
    rows = np.flatnonzero(there & (places.slots >= 0))
    slots, size = places.slots[rows], len(places.cells) * places.classes
    counts = np.bincount(slots, minlength=size)
    sums = np.bincount(slots, measures[rows], size).astype(float)
    filled = np.flatnonzero(counts)
    cell, kind = np.divmod(filled, places.classes)
    return Blocks(places.cells[cell], kind - 1, counts[filled], sums[filled])


def _counted(table: Table, rows: IntArray, bits: int) -> Blocks:
    """Sums of rows of a table in blocks of which 2 ** `bits` lie along the world's side."""
    classes = _classes(table, rows)
    return _blocks(table.bounds[rows], classes, table.measures[rows], bits)


def _counted_rows(view: LayerView, rows: IntArray, bits: int) -> Blocks:
    field = view.spec.style.class_field
    values = np.full(len(rows), None, object) if field is None else view.column(field, rows)
    position = {code: i for i, code in enumerate(class_codes(view.spec))}
    classes = np.array([position.get(v, -1) for v in values.tolist()], np.int64)
    return _blocks(view.boxes(rows), classes, view.measures(rows), bits)


def _blocks(boxes: FloatArray, classes: IntArray, measures: FloatArray, bits: int) -> Blocks:
    placed = ~np.isnan(boxes[:, 0])
    cells = _cells(boxes[placed], bits)
    return _grouped(cells, classes[placed], np.ones(len(cells), np.int64), measures[placed])


def _cells(boxes: FloatArray, bits: int) -> IntArray:
    """Number of the block that holds the middle of each box."""
    side = 1 << bits
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    at = np.clip((mercator(middle) * side).astype(np.int64), 0, side - 1).astype(np.uint64)
    return z_order(at[:, 0], at[:, 1])


def class_codes(spec: LayerSpec) -> list[str]:
    """Codes of the field by which a layer is drawn, in their order; empty without one."""
    name = spec.style.class_field
    return [] if name is None else [item.code for item in spec.field_named(name).codes]


def _classes(table: Table, rows: IntArray) -> IntArray:
    name = table.spec.style.class_field
    if name is None:
        return np.full(len(rows), -1, np.int64)
    position = {code: i for i, code in enumerate(class_codes(table.spec))}
    column: Any = table.columns[name]
    if not hasattr(column, "codes"):
        values = column.take(rows).tolist()
        return np.array([position.get(v, -1) for v in values], np.int64)
    moved = np.array([*(position.get(v, -1) for v in column.values.tolist()), -1], np.int64)
    return np.asarray(moved[column.codes[rows]], np.int64)


def _grouped(
    cells: npt.NDArray[Any], classes: IntArray, counts: IntArray, measures: FloatArray
) -> Blocks:
    # Class numbers are small: one number holds block and class, and sorts fast.
    keys, group = np.unique(cells.astype(np.int64) * 256 + (classes + 1), return_inverse=True)
    total = np.bincount(group, counts, len(keys)).round().astype(np.int64)
    measure = np.bincount(group, measures, len(keys)).astype(float)
    there = total > 0
    return Blocks(keys[there] >> 8, (keys[there] & 255) - 1, total[there], measure[there])


def _sums_by_cell(
    spec: LayerSpec, blocks: Blocks, group: IntArray, n: int
) -> dict[str, npt.NDArray[Any]]:
    counts = np.bincount(group, blocks.counts, n).astype(np.int64)
    columns: dict[str, npt.NDArray[Any]] = {"count": counts.astype(object)}
    if spec.geometry in _MEASURE_NAMES:
        sums = np.bincount(group, blocks.measures, n).round(1)
        columns[_MEASURE_NAMES[spec.geometry]] = sums.astype(object)
    return columns


def _class_columns(
    spec: LayerSpec, blocks: Blocks, group: IntArray, n: int
) -> dict[str, npt.NDArray[Any]]:
    columns: dict[str, npt.NDArray[Any]] = {}
    codes = class_codes(spec)
    best = np.zeros(n, np.int64)
    top = np.full(n, None, object)
    for i, code in enumerate(codes):
        of_class = blocks.classes == i
        if not of_class.any():
            continue
        counts = np.bincount(group[of_class], blocks.counts[of_class], n).astype(np.int64)
        column = counts.astype(object)
        column[counts == 0] = None
        columns[f"class_{code}"] = column
        top[counts > best] = code
        best = np.maximum(best, counts)
    return columns | {"top_class": top}


def _squares(spec: LayerSpec, cells: IntArray, tile: tuple[int, int, int]) -> Paths:
    """A square per block in the units of the tile, or its middle for a point layer."""
    side = EXTENT >> BLOCK_BITS
    columns, rows = from_z_order(cells)
    corner = np.column_stack([columns - (tile[1] << BLOCK_BITS), rows - (tile[2] << BLOCK_BITS)])
    corner *= side
    n = len(cells)
    if spec.geometry is GeometryKind.POINT:
        each = np.arange(n + 1)
        return Paths(GeometryKind.POINT, corner + side // 2, each, each, np.arange(n))
    around = np.array([[0, 0], [side, 0], [side, side], [0, side]])
    xy = (corner[:, None, :] + around).reshape(-1, 2)
    return Paths(
        GeometryKind.POLYGON, xy, offsets_of(np.full(n, 4)), np.arange(n + 1), np.arange(n)
    )
