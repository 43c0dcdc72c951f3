"""Aggregates count every row once, at every zoom, under every reach and through every edit."""

from __future__ import annotations

from dataclasses import dataclass

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis import pyramid
from gis.features import LayerChanges
from gis.mvt import MOST_BYTES
from gis.mvt_paths import mercator
from gis.pyramid import EVERY_ROW, block_tile, blocks_of, from_z_order, layer_tile, z_order
from gis.snapshot import Snapshot
from gis.view import LayerView

FIELDS = ("kind", "code")


@dataclass(frozen=True)
class OnlyKind:
    """Rows of one category."""

    kind: str

    def mask(self, area_values, area_codes, category_values, category_codes):
        fits = np.array([v == self.kind for v in category_values] + [False], bool)
        return fits[category_codes]


def _tiles(view, z):
    boxes = view.boxes(view.rows())
    at = (mercator(np.vstack([boxes[:, :2], boxes[:, 2:]])) * (1 << z)).astype(int)
    at = np.clip(at, 0, (1 << z) - 1)
    low, high = at.min(axis=0), at.max(axis=0)
    return [(z, x, y) for x in range(low[0], high[0] + 1) for y in range(low[1], high[1] + 1)]


def _properties(view, z, reach=EVERY_ROW, fields=FIELDS):
    out = []
    for tile in _tiles(view, z):
        data = layer_tile(view, reach, fields, tile, "x")
        decoded = mapbox_vector_tile.decode(data) if data else {}
        assert set(decoded) <= {"x_blocks"}
        out += [f["properties"] for layer in decoded.values() for f in layer["features"]]
    return out


@pytest.fixture
def view(layer_of, wiggly_lines):
    return LayerView(Snapshot.of(1, layer_of(wiggly_lines(300), min_zoom=15)))


@pytest.mark.parametrize("z", [0, 5, 11, 13, 14])
def test_counts_lengths_and_classes_over_all_tiles_of_a_zoom_are_the_layers(view, z):
    rows = view.rows()
    found = _properties(view, z)
    assert sum(p["count"] for p in found) == 300
    expected = view.measures(rows).sum()
    assert sum(p["length_m"] for p in found) == pytest.approx(expected, abs=0.05 * len(found) + 1)
    for code, n in view.counts_by("kind", rows).items():
        if code is not None:
            assert sum(p.get(f"class_{code}", 0) for p in found) == n


def test_under_a_reach_only_its_rows_are_counted_and_no_other_class_is_named(view):
    rows = view.rows(OnlyKind("b"))
    for z in (3, 12, 14):
        found = _properties(view, z, OnlyKind("b"))
        assert sum(p["count"] for p in found) == len(rows)
        assert all("class_a" not in p and p["top_class"] == "b" for p in found)


def test_classes_are_not_told_where_their_field_may_not_be_seen(view):
    found = _properties(view, 12, fields=("code",))
    assert all(set(p) == {"count", "length_m"} for p in found)


at = st.tuples(st.integers(0, 40), st.integers(0, 40))
edits = st.lists(
    st.tuples(st.lists(st.tuples(st.integers(0, 12), at), max_size=4), st.sets(st.integers(0, 12))),
    max_size=4,
)


@given(first=st.lists(at, min_size=1, max_size=8), edits=edits, z=st.integers(0, 14))
@settings(max_examples=50, deadline=None)
def test_after_any_edits_the_sums_are_those_of_the_rows_that_are_there(layer_of, first, edits, z):
    def points(places):
        return shapely.points([[117 + x / 500, 39 + y / 500] for x, y in places])

    base = layer_of(points(first), min_zoom=13, fids=range(len(first)))
    view = LayerView(Snapshot.of(0, base))
    for version, (puts, removed) in enumerate(edits, 1):
        put = base.take([])
        if puts:
            put = layer_of(points([p for _, p in puts]), seed=version, fids=[f for f, _ in puts])
        view = view.apply(LayerChanges(version, put, np.array(sorted(removed), np.int64)))
    blocks = [blocks_of(view, OnlyKind("a"), tile) for tile in _tiles(view, z)] if len(view) else []
    assert sum(int(b.counts.sum()) for b in blocks) == len(view.rows(OnlyKind("a")))
    assert all((b.counts > 0).all() for b in blocks)


def test_from_the_layers_own_zoom_on_features_are_given_and_not_blocks(view):
    tile = next(t for t in _tiles(view, 15) if layer_tile(view, EVERY_ROW, FIELDS, t))
    decoded = mapbox_vector_tile.decode(layer_tile(view, EVERY_ROW, FIELDS, tile))
    assert list(decoded) == ["some_lines"]
    assert set(decoded["some_lines"]["features"][0]["properties"]) <= set(FIELDS)


def test_a_tile_with_too_many_features_gives_blocks_that_count_each_once(view, monkeypatch):
    monkeypatch.setattr(pyramid, "MOST_FEATURES", 0)
    assert sum(p["count"] for p in _properties(view, 15)) == 300
    fewer = view.apply(LayerChanges(2, view.batch(np.array([], int)), view.fids([0, 5])))
    assert sum(p["count"] for p in _properties(fewer, 15)) == 298


def test_a_tile_with_too_many_bytes_gives_blocks(view, monkeypatch):
    monkeypatch.setattr(pyramid, "MOST_BYTES", 100)
    assert sum(p["count"] for p in _properties(view, 15)) == 300


def test_a_full_tile_of_blocks_is_far_below_the_limit(layer_of, monkeypatch):
    rng = np.random.default_rng(0)
    everywhere = shapely.points(rng.uniform([-179, -80], [179, 80], (20_000, 2)))
    view = LayerView(Snapshot.of(1, layer_of(everywhere, min_zoom=1)))
    data = block_tile(view, EVERY_ROW, (0, 0, 0), "x", FIELDS)
    count = len(mapbox_vector_tile.decode(data)["x_blocks"]["features"])
    assert count > 600
    assert len(data) * 1024 / count < MOST_BYTES / 5


def test_blocks_of_a_polygon_layer_are_squares_that_meet_without_overlap(layer_of, jittered_cells):
    view = LayerView(Snapshot.of(1, layer_of(jittered_cells(10), min_zoom=15)))
    shapes = []
    for tile in _tiles(view, 14):
        data = layer_tile(view, EVERY_ROW, (), tile, "x")
        for feature in mapbox_vector_tile.decode(data)["x_blocks"]["features"] if data else []:
            shape = shapely.geometry.shape(feature["geometry"])
            assert shape.area == 128 * 128
            shapes.append(shapely.transform(shape, lambda c, t=tile: c + np.array(t[1:]) * 8192))
            assert feature["properties"]["area_m2"] > 0
    tree = shapely.STRtree(shapes)
    assert tree.query(shapes, predicate="overlaps").size == 0


@given(st.lists(st.tuples(st.integers(0, 2**27 - 1), st.integers(0, 2**27 - 1)), max_size=20))
@settings(max_examples=100, deadline=None)
def test_numbers_along_the_curve_lead_back_and_parents_drop_two_bits(places):
    xy = np.array(places, np.uint64).reshape(-1, 2)
    cells = z_order(xy[:, 0], xy[:, 1])
    assert np.column_stack(from_z_order(cells)).tolist() == xy.tolist()
    assert (cells >> 2).tolist() == z_order(xy[:, 0] >> 1, xy[:, 1] >> 1).tolist()
