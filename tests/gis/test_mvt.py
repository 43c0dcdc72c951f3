"""Tiles that another decoder reads as what was put in."""

from __future__ import annotations

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InvalidError
from gis.features import object_array
from gis.layers import GeometryKind
from gis.mvt import check_tile, encode_layer, tile_box
from gis.mvt_attributes import encode_tags
from gis.mvt_paths import BUFFER, EXTENT, mercator, tile_paths
from gis.mvt_varint import bytes_of, sizes_of, varint
from gis.ragged import Ragged

Z, X, Y = 14, 13517, 6261  # holds 117.01 E 39.01 N
BOX = tile_box(Z, X, Y, 0)


def _lonlat(unit_xy):
    """Degrees of positions in the units of the tile."""
    xy = np.asarray(unit_xy, float) / EXTENT
    lon = (X + xy[:, 0]) / (1 << Z) * 360 - 180
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (Y + xy[:, 1]) / (1 << Z)))))
    return np.column_stack([lon, lat])


def _encoded(kind, shapes, columns=None, fids=None):
    degrees = shapely.transform(object_array(shapes), _lonlat)
    ragged = Ragged.from_shapely(kind, degrees)
    ids = np.arange(len(shapes)) + 1 if fids is None else np.array(fids)
    return encode_layer("layer", ragged, ids, columns or {}, (Z, X, Y))


def _decoded(data):
    """Features by id, geometries as shapely shapes in the units of the tile."""
    if not data:
        return {}
    layer = mapbox_vector_tile.decode(data, default_options={"y_coord_down": True})["layer"]
    assert layer["version"] == 2
    assert layer["extent"] == EXTENT
    return {f["id"]: f for f in layer["features"]}


def _shape(feature):
    return shapely.geometry.shape(feature["geometry"])


def test_points_lines_and_polygons_come_back_with_their_ids_and_parts():
    cases = {
        GeometryKind.POINT: ["POINT (5 7)", "MULTIPOINT (1 2, 300 4)"],
        GeometryKind.LINE: ["LINESTRING (0 0, 9 100)", "MULTILINESTRING ((0 0, 9 9), (5 0, 7 70))"],
        GeometryKind.POLYGON: [
            "POLYGON ((0 0, 90 0, 90 90, 0 90, 0 0), (20 20, 40 20, 40 40, 20 40, 20 20))",
            "MULTIPOLYGON (((0 0, 90 0, 90 90, 0 0)), ((200 200, 290 200, 290 290, 200 200)))",
        ],
    }
    for kind, wkt in cases.items():
        shapes = [shapely.from_wkt(w) for w in wkt]
        got = _decoded(_encoded(kind, shapes, fids=[7, 2**40]))
        assert _shape(got[7]).equals(shapes[0])
        assert _shape(got[2**40]).equals(shapes[1])


def test_the_peer_encoder_gives_equal_geometries_for_many_lines(wiggly_lines):
    ragged = Ragged.from_shapely(GeometryKind.LINE, wiggly_lines(400, spread=0.03))
    fids = np.arange(400) * 3
    names = object_array([f"管 {i % 7}" for i in range(400)])
    mine = _decoded(encode_layer("layer", ragged, fids, {"name": names}, (Z, X, Y)))
    paths = tile_paths(ragged, (Z, X, Y))
    features = []
    for f, owner in enumerate(paths.owners.tolist()):
        parts = [
            paths.xy[paths.starts[p] : paths.starts[p + 1]].tolist()
            for p in range(paths.features[f], paths.features[f + 1])
        ]
        line = shapely.MultiLineString(parts) if len(parts) > 1 else shapely.LineString(parts[0])
        features.append(
            {"geometry": line, "id": int(fids[owner]), "properties": {"name": names[owner]}}
        )
    peer = mapbox_vector_tile.encode(
        [{"name": "layer", "features": features}], default_options={"y_coord_down": True}
    )
    assert mine == _decoded(peer)
    assert 60 < len(mine) < 400


def test_outer_rings_run_clockwise_on_screen_and_holes_the_other_way():
    shape = shapely.box(0, 0, 1000, 1000).difference(shapely.box(100, 100, 300, 300))
    for turned in (shape, shape.reverse()):
        degrees = shapely.transform(object_array([turned]), _lonlat)
        paths = tile_paths(Ragged.from_shapely(GeometryKind.POLYGON, degrees), (Z, X, Y))
        rings = [paths.xy[a:b] for a, b in zip(paths.starts[:-1], paths.starts[1:], strict=True)]
        areas = [
            np.sum(r[:, 0] * np.roll(r[:, 1], -1) - np.roll(r[:, 0], -1) * r[:, 1]) for r in rings
        ]
        assert areas == [2_000_000, -80_000]


def test_shapes_are_cut_at_the_buffer_and_those_beyond_are_left_out():
    far = float(EXTENT)
    lines = [
        shapely.LineString([(-far, 50), (2 * far, 50)]),
        shapely.LineString([(-far, 50), (-200, 50)]),
        shapely.LineString([(-500, 2000), (2000, -500), (5000, 2000)]),
    ]
    got = _decoded(_encoded(GeometryKind.LINE, lines))
    assert sorted(got) == [1, 3]
    assert _shape(got[1]).bounds == (-BUFFER, 50, EXTENT + BUFFER, 50)
    assert _shape(got[3]).geom_type == "MultiLineString"
    boxes = [shapely.box(-far, -far, 2 * far, 2 * far), shapely.box(4000, 4000, 9000, 9000)]
    got = _decoded(_encoded(GeometryKind.POLYGON, boxes))
    edge = (-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
    assert _shape(got[1]).equals(shapely.box(*edge))
    assert _shape(got[2]).equals(shapely.box(4000, 4000, *edge[2:]))


def test_a_concave_shape_that_touches_the_edge_with_a_corner_leaves_only_its_area():
    shape = shapely.Polygon([(-300, 0), (-BUFFER, 500), (-300, 1000), (900, 1000), (900, 0)])
    beside = shapely.Polygon([(-300, 0), (-BUFFER, 500), (-300, 1000)])
    got = _decoded(_encoded(GeometryKind.POLYGON, [shape, beside]))
    assert sorted(got) == [1]


def test_what_shrinks_to_nothing_is_left_out_and_so_is_the_hole_of_a_shell_that_goes():
    polygons = [
        shapely.box(0, 0, 0.2, 0.2),
        shapely.box(10, 10, 500, 10.2),
        shapely.box(0, 0, 50, 50).difference(shapely.box(10, 10, 10.2, 10.3)),
    ]
    got = _decoded(_encoded(GeometryKind.POLYGON, polygons))
    assert sorted(got) == [3]
    assert len(got[3]["geometry"]["coordinates"]) == 1
    lines = [shapely.LineString([(5, 5), (5.2, 5.1)]), shapely.LineString([(0, 0), (0, 1.4)])]
    assert sorted(_decoded(_encoded(GeometryKind.LINE, lines))) == [2]


def test_vertices_that_cannot_be_seen_are_left_out():
    line = shapely.LineString([(0, 0), (500, 1), (1000, 0), (1000, 900)])
    got = _decoded(_encoded(GeometryKind.LINE, [line]))
    assert got[1]["geometry"]["coordinates"] == [[0, 0], [1000, 0], [1000, 900]]


def test_a_tile_with_nothing_in_it_is_no_bytes():
    assert _encoded(GeometryKind.LINE, [shapely.LineString([(-900, 0), (-800, 0)])]) == b""
    nothing = Ragged.from_shapely(GeometryKind.POINT, object_array([]))
    assert encode_layer("layer", nothing, np.empty(0, np.int64), {}, (0, 0, 0)) == b""


def test_attributes_keep_their_kind_and_the_unknown_is_not_there():
    columns = {
        "text": object_array(["甲", None, "甲", ""]),
        "whole": object_array([0, -3, None, 2**40]),
        "real": object_array([0.5, float("nan"), -1e-9, None]),
        "yes": object_array([True, False, None, True]),
        "one": object_array([1, True, 1.0, None]),
    }
    points = shapely.points([[i * 10, 5] for i in range(4)])
    got = _decoded(_encoded(GeometryKind.POINT, points, columns))
    assert got[1]["properties"] == {"text": "甲", "whole": 0, "real": 0.5, "yes": True, "one": 1}
    assert got[2]["properties"] == {"whole": -3, "yes": False, "one": True}
    assert got[2]["properties"]["one"] is True
    assert got[3]["properties"]["text"] == "甲"
    assert got[4]["properties"] == {"text": "", "whole": 2**40, "yes": True}


def test_a_value_that_comes_often_is_stored_once():
    tags = encode_tags({"kind": object_array(["a", "b"] * 500)}, np.arange(1000))
    assert tags.values.count(b"\x0a\x01a") == 1
    assert tags.numbers.reshape(-1, 2)[:4].tolist() == [[0, 0], [0, 1], [0, 0], [0, 1]]


@given(st.lists(st.integers(0, 2**63 - 1), max_size=40))
@settings(max_examples=200, deadline=None)
def test_many_integers_are_written_like_single_ones(values):
    array = np.array(values, np.uint64)
    assert bytes_of(array) == b"".join(varint(v) for v in values)
    assert sizes_of(array).tolist() == [len(varint(v)) for v in values]


coordinate = st.integers(-200, EXTENT + 200)


def farthest(shape, other):
    """How far any place of a shape, corners and every few units between, is from another one."""
    places = shapely.points(shapely.get_coordinates(shapely.segmentize(shape, 4.0)))
    return shapely.distance(places, other).max(initial=0.0)


@given(st.lists(st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=6), max_size=8))
@settings(max_examples=80, deadline=None)
def test_any_lines_are_decoded_within_the_tile_and_close_to_where_they_were(paths):
    lines = [shapely.LineString(p) for p in paths]
    got = _decoded(_encoded(GeometryKind.LINE, lines)) if lines else {}
    area = shapely.box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
    for id_, feature in got.items():
        shape = _shape(feature)
        assert area.covers(shape)
        # What only touches the rim in a point, or is shorter than a unit, may be gone.
        parts = shapely.get_parts(lines[id_ - 1].intersection(area))
        wanted = shapely.union_all(parts[shapely.length(parts) > 4])
        assert farthest(shape, lines[id_ - 1]) < 4
        assert farthest(wanted, shape) < 4
    for id_, line in enumerate(lines, 1):
        if line.intersection(area).length > 8:
            assert id_ in got


def test_mercator_agrees_with_the_projection_library():
    from pyproj import Transformer

    lonlat = np.random.default_rng(0).uniform([-179, -84], [179, 84], (100, 2))
    to_3857 = Transformer.from_crs(4326, 3857, always_xy=True)
    x, y = to_3857.transform(*lonlat.T)
    half = 20037508.342789244
    expected = np.column_stack([(x + half) / (2 * half), (half - y) / (2 * half)])
    assert mercator(lonlat) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("tile", [(-1, 0, 0), (23, 0, 0), (2, 4, 0), (2, 0, 4), (2, -1, 0)])
def test_a_tile_that_does_not_exist_is_refused(tile):
    with pytest.raises(InvalidError):
        check_tile(*tile)
    with pytest.raises(InvalidError):
        tile_box(*tile)
