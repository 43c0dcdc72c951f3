"""Joins give what GEOS gives pair by pair."""

from __future__ import annotations

import numpy as np
import shapely

from gis import joins
from gis.features import object_array
from gis.index import SpatialIndex
from gis.layers import GeometryKind
from gis.ragged import Ragged


def _indexed(kind, shapes):
    ragged = Ragged.from_shapely(kind, shapes)
    return ragged, SpatialIndex.build(ragged.bounds())


def _expected(left, right, test):
    return [(i, j) for i, a in enumerate(left) for j, b in enumerate(right) if test(a, b)]


def test_points_in_cells_come_chunk_by_chunk_as_in_one_go(jittered_cells, monkeypatch):
    cells, index = _indexed(GeometryKind.POLYGON, jittered_cells(10))
    points = np.random.default_rng(0).uniform([116.999, 38.999], [117.011, 39.011], (500, 2))
    whole = joins.points_in_polygons(points, cells, index)
    monkeypatch.setattr(joins, "POINTS_AT_ONCE", 60)
    parts = joins.points_in_polygons(points, cells, index)
    expected = _expected(shapely.points(points), jittered_cells(10), lambda p, c: c.covers(p))
    assert list(zip(*(a.tolist() for a in whole))) == expected
    assert [a.tolist() for a in parts] == [a.tolist() for a in whole]


def test_lines_and_cells_that_touch_and_lines_near_lines(jittered_cells, wiggly_lines, monkeypatch):
    cells, index = _indexed(GeometryKind.POLYGON, jittered_cells(10))
    lines = wiggly_lines(80, spread=0.01)
    ragged, line_index = _indexed(GeometryKind.LINE, lines)
    monkeypatch.setattr(joins, "PAIRS_AT_ONCE", 100)
    pairs = joins.touching_pairs(ragged, cells, index)
    expected = _expected(lines, jittered_cells(10), lambda a, b: a.intersects(b))
    assert list(zip(*(a.tolist() for a in pairs))) == expected
    pairs = joins.near_pairs(ragged, ragged, line_index, 0.0004)
    expected = _expected(lines, lines, lambda a, b: a.distance(b) <= 0.0004)
    assert list(zip(*(a.tolist() for a in pairs))) == expected


def test_of_several_polygons_the_one_with_the_smallest_key_is_taken():
    boxes = object_array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    polygons, index = _indexed(GeometryKind.POLYGON, boxes)
    pairs = joins.points_in_polygons([[1.0, 0.5], [5.0, 5.0]], polygons, index)
    assert joins.first_polygon(pairs, 2).tolist() == [0, -1]
    rank = joins.key_rank(object_array(["b", "a"]))
    assert joins.first_polygon(pairs, 2, rank).tolist() == [1, -1]


def test_joins_with_nothing_give_nothing():
    boxes = object_array([None, shapely.box(0, 0, 1, 1)])
    ragged = Ragged.from_shapely(GeometryKind.POLYGON, boxes)
    index = SpatialIndex.build(ragged.bounds()[1:], ids=[1])
    nothing = Ragged.from_shapely(GeometryKind.POLYGON, object_array([]))
    assert joins.points_in_polygons(np.empty((0, 2)), ragged, index)[0].tolist() == []
    assert joins.touching_pairs(nothing, ragged, index)[0].tolist() == []
    assert joins.touching_pairs(ragged, ragged, index)[0].tolist() == [1]
