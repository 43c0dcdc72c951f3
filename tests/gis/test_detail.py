"""A zoom is drawn in one way: all tiles have counts, or all have features."""

from __future__ import annotations

from collections import Counter

import mapbox_vector_tile
import numpy as np
import pytest
import shapely

from gis.detail import detail_zoom
from gis.features import LayerChanges
from gis.mvt import MOST_BYTES
from gis.mvt_paths import mercator
from gis.pyramid import EVERY_ROW, layer_tile
from gis.snapshot import Snapshot
from gis.view import LayerView


def _grid(side, step):
    x, y = np.meshgrid(117 + np.arange(side) * step, 39 + np.arange(side) * step)
    return shapely.points(np.column_stack([x.ravel(), y.ravel()]))


def _drawn(view, z, fields=("code",)):
    """Layers that the tiles of a zoom have, the sum over their features, and the biggest size."""
    at = (mercator(view.boxes(view.rows())[:, :2]) * 2**z).astype(int)
    names, total, biggest = set(), Counter(), 0
    for x, y in np.unique(at, axis=0).tolist():
        data = layer_tile(view, EVERY_ROW, fields, (z, x, y))
        biggest = max(biggest, len(data))
        for name, part in mapbox_vector_tile.decode(data).items():
            names.add(name)
            for feature in part["features"]:
                if "count" in feature["properties"]:
                    total["counted"] += feature["properties"]["count"]
                else:
                    total[feature["id"]] = 1
    return names, total.total(), biggest


@pytest.fixture(scope="module")
def grid(layer_of):
    return LayerView(Snapshot.of(1, layer_of(_grid(200, 0.0001))))


@pytest.mark.parametrize("z", [10, 12, 13, 14, 15, 16])
def test_all_tiles_of_a_zoom_are_drawn_alike_and_add_up_to_the_layer(grid, z):
    names, total, biggest = _drawn(grid, z)
    low = z < detail_zoom(grid, EVERY_ROW, ("code",))
    assert names == {"some_points_blocks" if low else "some_points"}
    assert total == 40_000
    assert biggest <= MOST_BYTES


def test_the_fullest_tile_decides_also_for_those_that_would_have_room(layer_of):
    dense, sparse = _grid(140, 0.00001), shapely.points([[117.5, 39.5]])
    view = LayerView(Snapshot.of(1, layer_of([*dense, *sparse])))
    first = detail_zoom(view, EVERY_ROW, ())
    assert first > 12
    for z in (first - 1, first):
        names, total, _ = _drawn(view, z, ())
        assert (len(names), total) == (1, 19_601)


def test_points_on_one_place_are_counted_at_every_zoom(layer_of):
    view = LayerView(Snapshot.of(1, layer_of(shapely.points(np.full((20_000, 2), 39.0)))))
    assert detail_zoom(view, EVERY_ROW, ()) == 23
    assert _drawn(view, 22, ())[:2] == ({"some_points_blocks"}, 20_000)


def test_a_small_layer_has_its_features_from_its_own_zoom_on(layer_of, wiggly_lines):
    view = LayerView(Snapshot.of(1, layer_of(wiggly_lines(30), min_zoom=11)))
    assert detail_zoom(view, EVERY_ROW, ("code", "kind")) == 11


def test_edits_do_not_move_the_zoom_before_the_next_snapshot(layer_of, grid):
    before = detail_zoom(grid, EVERY_ROW, ("code",))
    gone = grid.apply(LayerChanges(2, grid.batch(np.array([], int)), grid.fids(np.arange(39_000))))
    assert detail_zoom(gone, EVERY_ROW, ("code",)) == before
    assert _drawn(gone, before - 1)[1] == 1000
