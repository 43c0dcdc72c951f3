"""From which zoom on a layer is drawn feature by feature: one answer for all tiles of a zoom.

A zoom is drawn in one way, else two ways would meet at a seam and no sum over its tiles would be
the layer's. The fullest tiles of a zoom decide: where their features are too many or too many
bytes, the whole zoom has aggregates. The answer holds for a snapshot and a reach; the limits leave
room for the edits that come before the next snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gis.curve import from_z_order, z_order
from gis.features import IntArray
from gis.mvt import MAX_ZOOM, MOST_BYTES, encode_layer, tile_box
from gis.mvt_paths import mercator
from gis.table import Table
from gis.view import LayerView, Reach

#: Features of the fullest tile above which its zoom has aggregates.
MOST_FEATURES = 18_000
#: The same in bytes, below :data:`gis.mvt.MOST_BYTES` by what edits may add.
MOST_TILE_BYTES = MOST_BYTES * 9 // 10
#: Of a zoom so many tiles are encoded to see their size, the heaviest first.
_TRIED = 3
#: A feature without its vertices weighs about as much as so many of them.
_HEAD_WEIGHT = 8


@dataclass(frozen=True)
class _Sites:
    """Rows of a snapshot along the Z-curve of the deepest zoom, by the middles of their boxes."""

    rows: IntArray
    cells: IntArray
    weights: IntArray


def detail_zoom(view: LayerView, reach: Reach, fields: tuple[str, ...]) -> int:
    """The lowest zoom at which all tiles hold features; above 22 when none does.

    It is at least the layer's ``min_zoom``. Every zoom from it on fits as well: a tile has no
    more features than the tile of the zoom before that holds it.

    Parameters
    ----------
    view, reach
        What there is, and what of it may be seen.
    fields
        Attributes of the features in the tiles.

    Raises
    ------
    NotFoundError
        When the layer has no field of that name.
    """
    return view.kept(("detail", reach, fields), lambda: _lowest(view, reach, fields))


def _lowest(view: LayerView, reach: Reach, fields: tuple[str, ...]) -> int:
    sites = view.kept(("sites",), lambda: _sites(view.base))
    there = view.base_mask(reach)[sites.rows]
    cells, weights = sites.cells[there], sites.weights[there]
    for zoom in range(view.spec.min_zoom, MAX_ZOOM + 1):
        if _fits(view, reach, fields, zoom, cells, weights):
            return zoom
    return MAX_ZOOM + 1


def _sites(table: Table) -> _Sites:
    rows = np.flatnonzero(~np.isnan(table.bounds[:, 0]))
    boxes, side = table.bounds[rows], 1 << MAX_ZOOM
    at = (mercator((boxes[:, :2] + boxes[:, 2:]) / 2) * side).astype(np.int64)
    steps = np.clip(at, 0, side - 1).astype(np.uint64)
    cells = z_order(steps[:, 0], steps[:, 1])
    shapes = table.shapes
    vertices = np.diff(shapes.rings[shapes.parts[shapes.geoms]])[rows]
    order = np.argsort(cells, kind="stable")
    return _Sites(rows[order], cells[order], vertices[order].astype(np.int64) + _HEAD_WEIGHT)


def _fits(
    view: LayerView,
    reach: Reach,
    fields: tuple[str, ...],
    zoom: int,
    cells: IntArray,
    weights: IntArray,
) -> bool:
    """Whether the heaviest tiles of a zoom may be sent as features."""
    if not len(cells):
        return True
    tiles = cells >> 2 * (MAX_ZOOM - zoom)
    first = np.flatnonzero(np.diff(tiles, prepend=-1))
    if np.diff(first, append=len(tiles)).max() > MOST_FEATURES:
        return False
    heavy = np.argsort(-np.add.reduceat(weights, first), kind="stable")[:_TRIED]
    columns, rows = from_z_order(tiles[first[heavy]])
    for x, y in zip(columns.tolist(), rows.tolist(), strict=True):
        size = _tile_bytes(view, reach, fields, (zoom, int(x), int(y)))
        if size > MOST_TILE_BYTES:
            return False
        if size < MOST_TILE_BYTES // 2:
            return True  # the others weigh less
    return True


def _tile_bytes(
    view: LayerView, reach: Reach, fields: tuple[str, ...], tile: tuple[int, int, int]
) -> int:
    """Size of a tile's features as of the snapshot; beyond the limit where they are too many."""
    rows: npt.NDArray[np.int64] = view.window(tile_box(*tile))
    # Only the snapshot decides: what has gone since counts again, what has come does not.
    rows = np.union1d(rows[rows < len(view.base)], view.changed_rows()[0])
    rows = rows[view.base_mask(reach)[rows]]
    if len(rows) > MOST_FEATURES:
        return MOST_TILE_BYTES + 1
    columns = {name: view.numbered(name, rows) for name in fields}
    return len(encode_layer(view.spec.name, view.shapes(rows), view.fids(rows), columns, tile))
