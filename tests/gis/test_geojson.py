"""GeoJSON that other programs read."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from gis.features import object_array
from gis.geojson import encode, feature_collection, fragments
from gis.layers import GeometryKind
from gis.ragged import Ragged
from gis.snapshot import Snapshot
from gis.view import LayerView

SHAPES = {
    GeometryKind.POINT: ["POINT (1 2)", "MULTIPOINT (1 2, 3 4)", "POINT Z (1 2 3)", "POINT EMPTY"],
    GeometryKind.LINE: ["LINESTRING (0 0, 1 1, 2 0)", "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))"],
    GeometryKind.POLYGON: [
        "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
        "POLYGON Z ((0 0 1, 1 0 2, 0 1 3, 0 0 1))",
        "POLYGON ((0 0, 1 0, 0 1, 0 0))",
    ],
}


@pytest.mark.parametrize("kind", list(GeometryKind))
@pytest.mark.parametrize("how_many", [1, 9])
def test_every_shape_is_written_as_geos_writes_it(kind, how_many):
    shapes = object_array([shapely.from_wkt(w) for w in SHAPES[kind][:how_many]])
    written = [json.loads(f) for f in fragments(Ragged.from_shapely(kind, shapes))]
    for shape, got in zip(shapes, written, strict=True):
        if shape.is_empty:
            assert got is None
        else:
            assert got == json.loads(shapely.to_geojson(shape))


def test_positions_have_nine_decimals_at_most():
    xy = np.random.default_rng(1).uniform([73, 3], [136, 54], (500, 2))
    text = fragments(Ragged.from_shapely(GeometryKind.LINE, [shapely.LineString(xy)]))[0].decode()
    numbers = json.loads(text, parse_float=str)["coordinates"]
    assert max(len(n.split(".")[1]) for pair in numbers for n in pair) == 9
    assert np.abs(np.array(numbers, float) - xy).max() <= 5.1e-10


def test_a_window_has_ids_properties_and_a_next_link_and_no_number_that_is_none(layer_of):
    lines = ["LINESTRING (0 0, 1 1)", "LINESTRING Z (0 0 1, 1 1 nan)"]
    batch = layer_of([shapely.from_wkt(w) for w in lines])
    batch.columns["size_m"][1] = float("nan")
    view = LayerView(Snapshot.of(1, batch))
    made = feature_collection(
        view, view.rows(), ("kind", "size_m", "checked"), next_link="/x?after=k0001"
    )
    assert b"NaN" not in made
    got = json.loads(made)
    assert [f["id"] for f in got["features"]] == ["k0000", "k0001"]
    assert got["features"][1]["properties"]["size_m"] is None
    assert got["features"][1]["geometry"]["coordinates"] == [[0, 0], [1, 1]]
    assert got["features"][0]["properties"]["checked"] is True
    assert got["links"] == [{"rel": "next", "href": "/x?after=k0001"}]
    assert got["numberReturned"] == 2


def test_properties_are_only_those_asked_for(layer_of):
    view = LayerView(Snapshot.of(1, layer_of([shapely.Point(1, 2)])))
    got = json.loads(feature_collection(view, view.rows(), ()))
    assert got["features"][0]["properties"] == {}
    assert "links" in got


def test_no_features_are_an_empty_collection():
    nothing = Ragged.from_shapely(GeometryKind.LINE, object_array([]))
    assert json.loads(encode(nothing, [], {}))["features"] == []
