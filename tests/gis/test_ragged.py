"""Flat geometries answer as GEOS does."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gis.features import object_array
from gis.layers import GeometryKind
from gis.local_frame import LocalFrame
from gis.ragged import Ragged

WKT = {
    GeometryKind.POINT: ["POINT (1 2)", "MULTIPOINT (1 2, 3 4)", "MULTIPOINT (5 6)"],
    GeometryKind.LINE: [
        "LINESTRING (0 0, 1 1, 2 0)",
        "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3, 4 4))",
        "LINESTRING Z (0 0 5, 1 1 6)",
        "MULTILINESTRING Z ((0 0 1, 1 1 2))",
    ],
    GeometryKind.POLYGON: [
        "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
        "POLYGON ((0 0, 1 0, 0 1, 0 0))",
    ],
}


def _ragged(kind, wkt):
    shapes = object_array([None if w is None else shapely.from_wkt(w) for w in wkt])
    return shapes, Ragged.from_shapely(kind, shapes)


@pytest.mark.parametrize("kind", list(GeometryKind))
def test_shapes_come_back_as_they_were_with_their_parts_and_heights(kind):
    shapes, ragged = _ragged(kind, WKT[kind])
    back = ragged.shapes(np.arange(len(shapes)))
    assert [g.wkt for g in back] == [g.wkt for g in shapes]


@pytest.mark.parametrize("kind", list(GeometryKind))
def test_missing_and_empty_shapes_have_no_bounds_and_do_not_shift_the_others(kind):
    empty = shapely.from_wkt(WKT[kind][0].split(" ")[0] + " EMPTY").wkt
    shapes, ragged = _ragged(kind, [None, WKT[kind][0], empty, WKT[kind][1], None])
    assert np.isnan(ragged.bounds()[[0, 2, 4]]).all()
    back = ragged.shapes([3, 1, 0])
    assert [g.wkt for g in back[:2]] == [shapes[3].wkt, shapes[1].wkt]
    assert back[2].is_empty


@pytest.mark.parametrize("kind", list(GeometryKind))
def test_joined_shapes_are_those_of_both(kind):
    shapes, ragged = _ragged(kind, WKT[kind])
    both = ragged.joined(ragged.take([1])).shapes(np.arange(len(shapes) + 1))
    assert [g.wkt for g in both] == [g.wkt for g in [*shapes, shapes[1]]]


small = st.integers(-3, 3)


@given(
    corners=st.lists(st.tuples(small, small), min_size=3, max_size=7),
    x=small,
    y=small,
    scale=st.sampled_from([1.0, 0.1, 1e-7]),
)
@settings(max_examples=300, deadline=None)
def test_a_point_is_covered_exactly_when_geos_says_so(corners, x, y, scale):
    polygon = shapely.Polygon([(a * scale, b * scale) for a, b in corners])
    if not polygon.is_valid:
        return
    ragged = Ragged.from_shapely(GeometryKind.POLYGON, object_array([polygon]))
    expected = polygon.covers(shapely.Point(x * scale, y * scale))
    assert ragged.covers_one(0, x * scale, y * scale) == expected
    pairs = ragged.covers_pairs(np.array([0]), np.array([x * scale]), np.array([y * scale]))
    assert pairs.tolist() == [expected]


def test_points_on_shared_borders_belong_to_both_cells_however_rounding_falls(jittered_cells):
    cells = jittered_cells(12)
    ragged = Ragged.from_shapely(GeometryKind.POLYGON, cells)
    ends = shapely.get_coordinates(cells).reshape(-1, 5, 2)
    middles = ((ends[:, :-1] + ends[:, 1:]) / 2).reshape(-1, 2)
    rows = np.repeat(np.arange(len(cells)), 4)
    expected = shapely.intersects_xy(cells[rows], middles[:, 0], middles[:, 1])
    got = ragged.covers_pairs(rows, middles[:, 0], middles[:, 1])
    assert (got == expected).all()
    assert [ragged.covers_one(r, x, y) for r, (x, y) in zip(rows.tolist(), middles.tolist())] == (
        expected.tolist()
    )


def test_a_hole_is_outside_and_its_border_inside():
    _, ragged = _ragged(GeometryKind.POLYGON, WKT[GeometryKind.POLYGON][:1])
    points = [(0.5, 0.5), (1.5, 1.5), (1.0, 1.5), (2.0, 2.0), (4.0, 4.0), (5.0, 1.0)]
    assert [ragged.covers_one(0, x, y) for x, y in points] == [True, False, True, True, True, False]


def test_a_ring_of_many_vertices_is_tested_as_well_as_one_of_few():
    circle = shapely.Point(0, 0).buffer(1, quad_segs=200)
    ragged = Ragged.from_shapely(GeometryKind.POLYGON, object_array([circle]))
    assert ragged.covers_one(0, 0.7, 0.7)
    assert not ragged.covers_one(0, 0.71, 0.71)


def test_distances_are_those_of_the_ellipsoid():
    geod = Geod(a=6378137, rf=298.257222101)
    rng = np.random.default_rng(3)
    ends = rng.uniform([116.9, 38.9], [117.1, 39.1], (200, 2))
    ragged = Ragged.from_shapely(GeometryKind.POINT, shapely.points(ends))
    got = ragged.distances_m(np.arange(200), LocalFrame(117.0, 39.0))
    _, _, expected = geod.inv(*np.full((2, 200), [[117.0], [39.0]]), *ends.T)
    assert np.abs(got - expected).max() < 0.002


def test_the_distance_to_a_line_is_that_to_its_nearest_point_not_to_a_vertex():
    line = object_array([shapely.LineString([(117.004, 39.0), (117.006, 39.0)])])
    ragged = Ragged.from_shapely(GeometryKind.LINE, line)
    frame = LocalFrame(117.005, 39.001)
    expected = Geod(ellps="GRS80").inv(117.005, 39.001, 117.005, 39.0)[2]
    assert ragged.distances_m(np.array([0]), frame)[0] == pytest.approx(expected, abs=0.01)


def test_inside_a_polygon_the_distance_is_zero_and_the_border_distance_is_not():
    box = object_array([shapely.box(117.0, 39.004, 117.01, 39.006)])
    ragged = Ragged.from_shapely(GeometryKind.POLYGON, box)
    frame = LocalFrame(117.001, 39.005)
    assert ragged.distances_m(np.array([0]), frame).tolist() == [0.0]
    expected = Geod(ellps="GRS80").inv(117.001, 39.005, 117.0, 39.005)[2]
    assert ragged.edge_distances_m(np.array([0]), frame)[0] == pytest.approx(expected, abs=0.01)


def test_areas_and_lengths_are_those_of_the_ellipsoid(jittered_cells, wiggly_lines):
    geod = Geod(a=6378137, rf=298.257222101)
    cells = jittered_cells(5)
    areas = Ragged.from_shapely(GeometryKind.POLYGON, cells).areas_m2()
    expected = [abs(geod.geometry_area_perimeter(c)[0]) for c in cells]
    assert areas == pytest.approx(expected, rel=3e-6)  # edges straight in degrees
    lines = wiggly_lines(20)
    lengths = Ragged.from_shapely(GeometryKind.LINE, lines).lengths_m()
    # The sphere that turns chords into arcs hardly matters over segments of 100 m.
    assert lengths == pytest.approx([geod.geometry_length(g) for g in lines], rel=1e-8)


def test_a_hole_is_taken_off_the_area_of_its_own_part():
    shapes, ragged = _ragged(GeometryKind.POLYGON, WKT[GeometryKind.POLYGON])
    geod = Geod(a=6378137, rf=298.257222101)
    expected = [abs(geod.geometry_area_perimeter(shapely.orient_polygons(g))[0]) for g in shapes]
    assert ragged.areas_m2() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("wkt", "plain"),
    [
        (["LINESTRING (0 0, 1 1)", "LINESTRING Z (2 2 5, 3 3 6, 4 4 7)"], True),
        (["MULTILINESTRING ((0 0, 1 1))", "LINESTRING (2 2, 3 3)"], True),
        (["LINESTRING (0 0, 1 1)", "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))"], False),
        (["LINESTRING EMPTY", "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))"], False),
        ([], True),
    ],
)
def test_shapes_of_one_part_each_are_known_and_taken_like_any_others(wkt, plain):
    shapes, ragged = _ragged(GeometryKind.LINE, wkt)
    assert ragged.is_plain == plain
    rows = [*range(len(wkt))][::-1] * 2
    taken = ragged.take(rows)
    assert [g.wkt for g in taken.shapes(np.arange(len(rows)))] == [shapes[i].wkt for i in rows]
    assert np.array_equal(taken.bounds(), ragged.bounds()[rows], equal_nan=True)
