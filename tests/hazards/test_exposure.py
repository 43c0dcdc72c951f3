"""Counting within discs, held against shapely and against plain addition."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidError
from gis.layers import GeometryKind
from gis.ragged import Ragged
from hazards.coverage import covered_share
from hazards.disc import areas_within, lengths_within
from hazards.exposure import Footprints, bands, footprint_shares, point_shares, within
from hazards.rounding import count_words, rounded_count, rounded_metres

RADII = [40.0, 90.0, 200.0]


def _houses(n: int, seed: int = 3) -> np.ndarray:
    """Turned houses with courtyards within 300 m of the source, some with two wings."""
    rng = np.random.default_rng(seed)
    out = []
    for x, y in rng.uniform(-300, 300, (n, 2)):
        w, d = rng.uniform(5, 40, 2)
        shape = shapely.box(x - w, y - d, x + w, y + d)
        if rng.random() < 0.3:
            shape = shape.difference(shapely.box(x - w / 3, y - d / 3, x + w / 4, y + d / 5))
        if rng.random() < 0.2:
            shape = shape.union(shapely.box(x + w + 3, y, x + w + 12, y + 9))
        out.append(shapely.transform(shape, lambda at, t=rng.uniform(0, 6): at @ _turn(t)))
    return np.array(out, dtype=object)


def _turn(angle: float) -> np.ndarray:
    return np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])


def _footprints(shapes: np.ndarray) -> Footprints:
    x0, y0, x1, y1 = shapely.bounds(shapes).T
    return Footprints(
        centres_m=np.column_stack([(x0 + x1) / 2, (y0 + y1) / 2]),
        reaches_m=np.hypot(x1 - x0, y1 - y0) / 2,
        shapes_of=lambda rows: Ragged.from_shapely(GeometryKind.POLYGON, shapes[rows]),
    )


def test_areas_in_a_disc_are_those_of_shapely_with_a_fine_circle():
    shapes = _houses(200)
    found = areas_within(Ragged.from_shapely(GeometryKind.POLYGON, shapes), RADII)
    for radius, areas in zip(RADII, found, strict=True):
        disc = shapely.Point(0, 0).buffer(radius, quad_segs=4000)
        expected = shapely.area(shapely.intersection(shapes, disc))
        assert np.allclose(areas, expected, atol=1e-3, rtol=1e-6)


def test_lengths_in_a_disc_are_those_of_shapely_with_a_fine_circle():
    rng = np.random.default_rng(5)
    lines = shapely.linestrings(rng.uniform(-300, 300, (100, 5, 2)))
    found = lengths_within(Ragged.from_shapely(GeometryKind.LINE, lines), RADII)
    for radius, metres in zip(RADII, found, strict=True):
        disc = shapely.Point(0, 0).buffer(radius, quad_segs=4000)
        assert np.allclose(metres, shapely.length(shapely.intersection(lines, disc)), atol=1e-3)


@given(
    x=st.floats(-50, 50), y=st.floats(-50, 50), side=st.floats(0.1, 80), radius=st.floats(0.1, 120)
)
def test_a_square_and_a_disc_overlap_as_shapely_says(x, y, side, radius):
    square = np.array([shapely.box(x, y, x + side, y + side)], dtype=object)
    found = areas_within(Ragged.from_shapely(GeometryKind.POLYGON, square), [radius])[0, 0]
    disc = shapely.Point(0, 0).buffer(radius, quad_segs=2000)
    # The polygon of 8 000 sides runs up to 8e-8 of the radius inside of the circle.
    slack = 8e-8 * radius * (4 * side) + 1e-9
    assert found == pytest.approx(square[0].intersection(disc).area, rel=1e-6, abs=slack)


def test_rings_that_run_the_other_way_round_have_the_same_area():
    shapes = _houses(40)
    turned = shapely.reverse(shapes)
    both = [
        areas_within(Ragged.from_shapely(GeometryKind.POLYGON, s), RADII) for s in (shapes, turned)
    ]
    assert np.allclose(*both)


def test_shares_of_footprints_equal_the_brute_force():
    shapes = _houses(300)
    found = footprint_shares(_footprints(shapes), RADII)
    for radius, shares in zip(RADII, found, strict=True):
        disc = shapely.Point(0, 0).buffer(radius, quad_segs=4000)
        expected = shapely.area(shapely.intersection(shapes, disc)) / shapely.area(shapes)
        assert np.allclose(shares, expected, atol=1e-6)


def test_a_zone_that_just_misses_every_building_holds_nobody_at_all():
    # Corners towards the disc, in no round numbers: sums of triangles and sectors do not cancel.
    rng = np.random.default_rng(31)
    corners = rng.uniform(-9, 9, (2000, 3, 2)) + rng.uniform(-300, 300, (2000, 1, 2))
    shapes = shapely.polygons(corners)
    missed = shapes[shapely.distance(shapes, shapely.Point(0, 0)) > 245.01]
    near = missed[shapely.distance(missed, shapely.Point(0, 0)) < 255.0]
    assert len(near) > 50
    (tally,) = within(footprint_shares(_footprints(near), [245.0]), np.full(len(near), 1e3))
    assert (tally.expected, tally.at_most, tally.carriers) == (0.0, 0.0, 0)


def test_a_footprint_without_area_counts_by_its_middle_and_one_without_place_never():
    shapes = np.array([shapely.Polygon([(30, 0), (40, 0), (50, 0), (30, 0)])], dtype=object)
    flat = _footprints(shapes)
    assert footprint_shares(flat, [35.0, 40.0]).tolist() == [[0.0], [1.0]]
    lost = Footprints(np.full((1, 2), np.nan), np.full(1, np.nan), flat.shapes_of)
    assert footprint_shares(lost, [1e6]).tolist() == [[0.0]]


def test_people_within_rings_are_counted_by_share_with_their_bounds():
    shares = np.array([[1.0, 0.25, 0.0, 0.0], [1.0, 1.0, 0.5, 0.0]])
    inner, outer = within(shares, np.array([100.0, 40.0, np.nan, 7.0]))
    assert (inner.expected, inner.at_least, inner.at_most) == (110.0, 100.0, 140.0)
    assert (outer.expected, outer.carriers, outer.unknown) == (140.0, 3, 1)


@given(st.lists(st.tuples(st.floats(0, 400), st.integers(0, 5000)), min_size=1, max_size=40))
def test_bands_add_up_to_the_largest_disc_so_that_nobody_counts_twice(places):
    distances, people = np.array(places).T
    shares = point_shares(distances, RADII)
    found = bands(shares, people)
    whole = within(shares, people)[-1]
    assert sum(t.expected for t in found) == pytest.approx(whole.expected)
    assert sum(t.carriers for t in found) == whole.carriers
    assert whole.expected == sum(n for d, n in places if d <= RADII[-1])


def test_a_point_on_the_edge_is_inside():
    assert point_shares(np.array([40.0, 40.001]), [40.0]).tolist() == [[1.0, 0.0]]


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(InvalidError):
        within(np.zeros((1, 3)), np.zeros(2))


# -- how figures are told -----------------------------------------------------------------------


@given(st.floats(0, 1e8))
def test_a_rounded_count_is_within_half_a_step_and_never_down_to_nobody(people):
    shown = rounded_count(people)
    step = 10 if people < 1000 else 100 if people < 100_000 else 1000
    assert abs(shown - people) <= max(step / 2, 10 if people < 10 else 0) + 1e-6
    assert (shown == 0) == (people == 0)


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_what_is_no_figure_is_refused(bad):
    for tell in (rounded_count, count_words, rounded_metres):
        with pytest.raises(InvalidError):
            tell(bad)


@given(st.floats(1, 1e6))
def test_a_rounded_distance_is_within_half_a_percent_or_half_a_metre(metres):
    assert abs(rounded_metres(metres) - metres) <= max(0.5, 0.005 * metres) + 1e-9


# -- data near by -------------------------------------------------------------------------------


def test_half_a_disc_with_buildings_is_half_covered():
    grid = np.stack(np.meshgrid(np.arange(-2000, 1, 100), np.arange(-2000, 2001, 100)), -1)
    share = covered_share(grid.reshape(-1, 2).astype(float), 1500.0, near_m=71.0)
    # a little beyond half: 71 m of ground to the right of the last column
    assert share == pytest.approx(0.5 + 71 * 3000 / (math.pi * 1500**2), abs=0.015)
