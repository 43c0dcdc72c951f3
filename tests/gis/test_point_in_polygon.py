"""A point is in a polygon exactly when arithmetic without rounding says so."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis import ragged
from gis.features import object_array
from gis.layers import GeometryKind
from gis.ragged import Ragged


def _polygons(shapes):
    return Ragged.from_shapely(GeometryKind.POLYGON, object_array(shapes))


def _pairs(shapes, rows, points):
    at = np.asarray(points, float).reshape(-1, 2)
    return _polygons(shapes).covers_pairs(np.asarray(rows), at[:, 0], at[:, 1]).tolist()


def _star(radii):
    """A polygon around (0, 0) with its vertices in all directions, at whole numbers."""
    angle = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    at = np.round(np.column_stack([np.cos(angle), np.sin(angle)]) * np.array(radii)[:, None])
    return shapely.Polygon(at)


@given(
    radii=st.lists(st.integers(20, 60), min_size=12, max_size=40),
    hole=st.booleans(),
    points=st.lists(st.tuples(st.integers(-61, 61), st.integers(-61, 61)), min_size=1, max_size=8),
)
@settings(max_examples=150, deadline=None)
def test_polygons_of_many_vertices_on_a_grid_answer_as_geos_does(radii, hole, points):
    shape = _star(radii)
    if not shape.is_valid:
        return
    if hole:
        inner = shapely.Polygon([(-5, -5), (5, -5), (9, 0), (5, 5), (-5, 5)])
        shape = shape.difference(inner) if shape.contains(inner) else shape
    corners = shapely.get_coordinates(shape)[:3].tolist()
    asked = [*points, *corners]
    expected = [shape.covers(shapely.Point(p)) for p in asked]
    one = _polygons([shape])
    assert [one.covers_one(0, *map(float, p)) for p in asked] == expected
    assert _pairs([shape], [0] * len(asked), asked) == expected


@given(
    ends=st.lists(st.floats(-1, 1), min_size=4, max_size=4),
    share=st.floats(0, 1),
    steps=st.integers(-3, 3),
)
@settings(max_examples=300, deadline=None)
def test_beside_a_slanted_edge_not_one_rounding_is_taken_for_another_side(ends, share, steps):
    ax, bx, ay, by = *ends[:2], ends[2] - 2, ends[3] + 2
    x, y = ax + (bx - ax) * share, ay + (by - ay) * share
    for _ in range(abs(steps)):
        x = np.nextafter(x, np.inf if steps > 0 else -np.inf)
    x, y = float(x), float(y)
    shape = shapely.Polygon([(ax, ay), (bx, by), (-9, by), (-9, ay)])
    f = [Fraction(v) for v in (ax, ay, bx, by, x, y)]
    turn = (f[2] - f[0]) * (f[5] - f[1]) - (f[3] - f[1]) * (f[4] - f[0])
    expected = turn >= 0 and ay <= y <= by
    one = _polygons([shape])
    assert one.covers_one(0, x, y) == expected
    assert _pairs([shape], [0], [(x, y)]) == [expected]


def test_islands_in_holes_of_several_parts_are_told_apart():
    outer = shapely.box(0, 0, 10, 10).difference(shapely.box(2, 2, 8, 8))
    shape = shapely.MultiPolygon([outer, shapely.box(4, 4, 6, 6), shapely.box(20, 0, 21, 1)])
    asked = [(1, 1), (3, 3), (5, 5), (2, 5), (4, 4), (20.5, 0.5), (15, 0), (8, 8), (21, 1)]
    expected = [shape.covers(shapely.Point(p)) for p in asked]
    assert expected == [True, False, True, True, True, True, False, True, True]
    assert _pairs([shape], [0] * len(asked), asked) == expected
    assert _pairs([shapely.box(50, 50, 51, 51), shape], [1] * len(asked), asked) == expected


def test_a_polygon_that_is_asked_often_answers_as_one_that_is_asked_once():
    shape = shapely.Point(0, 0).buffer(1, quad_segs=100).difference(shapely.box(0, 0, 0.1, 0.1))
    rng = np.random.default_rng(0)
    points = np.vstack([rng.uniform(-1.1, 1.1, (500, 2)), shapely.get_coordinates(shape)[:50]])
    rows = np.where(np.arange(len(points)) % 50 == 0, 0, 1)
    shapes = [shapely.box(-2, -2, 0, 2), shape]
    got = _pairs(shapes, rows, points)
    expected = shapely.intersects_xy(object_array(shapes)[rows], points[:, 0], points[:, 1])
    assert got == expected.tolist()
    one = _polygons(shapes)
    assert got == [one.covers_one(r, *p) for r, p in zip(rows.tolist(), points.tolist())]


@pytest.mark.parametrize("at_once", [1, 7, 40_000])
def test_answers_do_not_depend_on_how_many_vertices_are_worked_on_at_once(
    at_once, jittered_cells, monkeypatch
):
    monkeypatch.setattr(ragged, "_VERTICES_AT_ONCE", at_once)
    cells = jittered_cells(6)
    points = np.random.default_rng(1).uniform([117.0, 39.0], [117.006, 39.006], (200, 2))
    rows = np.random.default_rng(2).integers(0, 36, 200)
    expected = shapely.intersects_xy(cells[rows], points[:, 0], points[:, 1])
    assert _pairs(cells, rows, points) == expected.tolist()


def test_no_pairs_give_no_answers():
    assert _pairs([shapely.box(0, 0, 1, 1)], np.empty(0, int), np.empty((0, 2))) == []
