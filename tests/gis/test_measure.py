"""Lengths, areas and distances against geodesics of another program and hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import Geod

from gis.frame import LocalFrame
from gis.measure import area_m2, distance_between_m, distances_m, length_m

GEOD = Geod(a=6378137, rf=298.257222101)
BOX = shapely.box(117.0, 39.0, 117.01, 39.01)
HOLE = shapely.box(117.002, 39.002, 117.004, 39.004)
LINE = shapely.LineString([(117.0, 39.0), (117.01, 39.0), (117.01, 39.02)])


def test_lengths_are_geodesic_and_those_of_polygons_go_round_every_ring():
    with_hole = BOX.difference(HOLE)
    several = shapely.MultiLineString([LINE, shapely.LineString([(116, 39), (116.5, 39.5)])])
    got = length_m([LINE, several, with_hole, shapely.Point(1, 1), None, shapely.LineString()])
    expected = [
        *(GEOD.geometry_length(g) for g in (LINE, several)),
        sum(GEOD.geometry_length(r) for r in (with_hole.exterior, *with_hole.interiors)),
        *(0.0, np.nan, 0.0),
    ]
    assert got == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_pieces_of_different_lines_are_not_joined_to_each_other():
    apart = [shapely.LineString([(0, 0), (0, 1)]), shapely.LineString([(50, 0), (50, 1)])]
    assert length_m(apart).round(3).tolist() == [110574.389, 110574.389]


def test_areas_are_geodesic_with_holes_taken_off_whatever_way_the_rings_run():
    with_hole = BOX.difference(HOLE)
    expected = [abs(GEOD.geometry_area_perimeter(g)[0]) for g in (BOX, HOLE)]
    shapes = [with_hole, with_hole.reverse(), shapely.MultiPolygon([HOLE, BOX.buffer(-0.004)])]
    got = area_m2([*shapes, LINE, None, shapely.Polygon()])
    assert got[:2] == pytest.approx([expected[0] - expected[1]] * 2, rel=1e-12)
    rest = abs(GEOD.geometry_area_perimeter(BOX.buffer(-0.004))[0])
    assert got[2] == pytest.approx(expected[1] + rest, rel=1e-12)
    assert got[3:].tolist()[0] == 0
    assert np.isnan(got[4])
    assert got[5] == 0


def test_shapes_inside_a_collection_count_each_once():
    collection = shapely.GeometryCollection([BOX, LINE, shapely.Point(0, 0)])
    assert area_m2([collection]) == pytest.approx(area_m2([BOX]))
    assert length_m([collection]) == pytest.approx(length_m([BOX]) + length_m([LINE]))


def test_distances_are_to_the_nearest_point_of_a_shape_and_zero_inside():
    place = (117.005, 39.005)
    got = distances_m([BOX, LINE, HOLE, None, shapely.Point()], *place)
    to_line = GEOD.inv(*place, 117.01, 39.005)[2]
    to_hole = GEOD.inv(*place, 117.004, 39.004)[2]
    assert got[:3] == pytest.approx([0.0, to_line, to_hole], abs=0.01)
    assert np.isnan(got[3:]).all()


def test_distances_between_shapes_are_pair_by_pair():
    frame = LocalFrame(117.0, 39.0)
    a, b = [HOLE, LINE], [LINE, shapely.Point(117.0, 38.99)]
    expected = [GEOD.inv(117.003, 39.002, 117.003, 39.0)[2], GEOD.inv(117, 39, 117, 38.99)[2]]
    assert distance_between_m(a, b, frame) == pytest.approx(expected, abs=0.02)
