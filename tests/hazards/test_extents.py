"""Counting in outlines of any shape and by group, held against shapely and plain addition."""

from __future__ import annotations

import time

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InvalidError
from gis.layers import GeometryKind
from gis.ragged import Ragged
from hazards.aggregation import grouped
from hazards.classes import KINDS, Harm, kinds_of
from hazards.exposure import Footprints, bands, within
from hazards.extents import Discs, Outlines, nested
from hazards.hours import hour_table, hours_json, time_at

#: A plume to the east, and a wider one around it.
INNER = shapely.Polygon([(0, 0), (150, -20), (260, 0), (150, 20)])
OUTER = shapely.Polygon([(-5, 0), (150, -60), (420, 0), (150, 60)])


def _houses(n=400, seed=4):
    rng = np.random.default_rng(seed)
    at = rng.uniform((-100, -150), (500, 150), (n, 2))
    size = rng.uniform(3, 30, (n, 2))
    return shapely.box(*(at - size).T, *(at + size).T)


def _footprints(shapes):
    x0, y0, x1, y1 = shapely.bounds(shapes).T
    return Footprints(
        centres_m=np.column_stack([(x0 + x1) / 2, (y0 + y1) / 2]),
        reaches_m=np.hypot(x1 - x0, y1 - y0) / 2,
        shapes_of=lambda rows: Ragged.from_shapely(GeometryKind.POLYGON, shapes[rows]),
    )


def test_shares_in_outlines_equal_the_brute_force():
    shapes = _houses()
    found = Outlines((INNER, OUTER)).shares(_footprints(shapes))
    for polygon, shares in zip((INNER, OUTER), found, strict=True):
        expected = shapely.area(shapely.intersection(shapes, polygon)) / shapely.area(shapes)
        assert np.allclose(shares, expected, atol=1e-9)


def test_a_building_around_a_whole_zone_counts_by_its_share():
    big = np.array([shapely.box(-1000, -1000, 1000, 1000)], dtype=object)
    share = Outlines((INNER,)).shares(_footprints(big))
    assert share[0, 0] == pytest.approx(INNER.area / 4e6)


def test_discs_and_fine_outlines_of_discs_agree():
    shapes, radii = _houses(), (80.0, 200.0)
    fine = Outlines(tuple(shapely.Point(0, 0).buffer(r, quad_segs=2000) for r in radii))
    discs, points = Discs(radii), shapely.get_coordinates(shapely.centroid(shapes))
    assert np.allclose(
        discs.shares(_footprints(shapes)), fine.shares(_footprints(shapes)), atol=1e-5
    )
    assert (discs.holds(points) == fine.holds(points)).all()
    lines = shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1))
    flat = Ragged.from_shapely(GeometryKind.LINE, lines)
    assert np.allclose(discs.lengths(flat), fine.lengths(flat), atol=1e-2)


def test_a_point_on_the_edge_is_inside_and_an_empty_zone_holds_nothing():
    extents = Outlines((shapely.Polygon(), INNER))
    assert extents.holds(np.array([[260.0, 0.0], [260.1, 0.0]])).tolist() == [[0, 0], [1, 0]]
    assert extents.shares(_footprints(_houses(5)))[0].tolist() == [0.0] * 5


def test_a_stronger_zone_that_sticks_out_widens_the_weaker_one():
    found = nested([shapely.box(0, 0, 10, 10), shapely.box(5, 0, 30, 10)])
    shares = found.holds(np.array([[2.0, 5.0], [20.0, 5.0]]))
    tallies = bands(shares, np.array([7.0, 11.0]))
    assert [t.expected for t in tallies] == [7.0, 11.0]


def test_half_an_outline_in_a_district_is_half_inside():
    district = Ragged.from_shapely(
        GeometryKind.POLYGON, np.array([shapely.box(-500, 0, 500, 500)], dtype=object)
    )
    assert Outlines((OUTER,)).share_inside(district) == pytest.approx(0.5)


def test_samples_lie_in_the_outline_and_are_many():
    samples = Outlines((OUTER,)).samples()
    assert len(samples) > 1000
    assert shapely.contains_xy(OUTER.buffer(1e-6), *samples.T).all()


# -- by group -----------------------------------------------------------------------------------

carriers = st.lists(
    st.tuples(st.integers(-1, 3), st.integers(0, 500), st.sampled_from([0.0, 0.25, 1.0])),
    min_size=1,
    max_size=40,
)


@settings(deadline=None)
@given(carriers)
def test_groups_add_up_to_the_whole_and_equal_plain_addition(rows):
    groups, people, shares = (np.array(column) for column in zip(*rows, strict=True))
    found = grouped(shares[None, :], people.astype(float), groups, 4)
    for g in range(4):
        own = [(p, s) for number, p, s in rows if number == g]
        assert found.expected[0, g] == pytest.approx(sum(p * s for p, s in own))
        assert found.at_least[0, g] == sum(p for p, s in own if s == 1)
        assert found.at_most[0, g] == sum(p for p, s in own if s > 0)
    known = groups >= 0
    whole = within(shares[None, known], people[known].astype(float))[0]
    assert found.expected.sum() == pytest.approx(whole.expected)
    assert found.carriers.sum() == whole.carriers


def test_unknown_people_are_told_in_their_group():
    found = grouped(np.ones((1, 2)), np.array([np.nan, 5.0]), np.array([1, 1]), 2)
    tally = found.tally(0, 1)
    assert (tally.expected, tally.unknown, tally.carriers) == (5.0, 1, 2)


def test_groups_of_another_length_are_refused():
    with pytest.raises(InvalidError):
        grouped(np.ones((1, 2)), np.ones(2), np.zeros(3, int), 1)


@pytest.mark.parametrize("shape", ["discs", "outlines"])
def test_a_million_people_in_200_000_buildings_are_counted_within_a_second_of_cpu(shape):
    rng = np.random.default_rng(8)
    centres, half = rng.uniform(-9000, 9000, (200_000, 2)), rng.uniform(4, 15, (200_000, 2))
    low, high = centres - half, centres + half

    def shapes_of(rows):
        boxes = shapely.box(*low[rows].T, *high[rows].T)
        return Ragged.from_shapely(GeometryKind.POLYGON, boxes)

    footprints = Footprints(centres, np.hypot(*half.T), shapes_of)
    radii = (1500.0, 4000.0, 8000.0)
    fine = Outlines(tuple(shapely.Point(0, 0).buffer(r, quad_segs=64) for r in radii))
    people, groups = np.full(200_000, 5.0), rng.integers(0, 400, 200_000)
    start = time.process_time()
    shares = (Discs(radii) if shape == "discs" else fine).shares(footprints)
    whole, parts = within(shares, people), grouped(shares, people, groups, 400)
    bands(shares, people)
    assert time.process_time() - start < 1.0
    assert parts.expected.sum(axis=1) == pytest.approx([t.expected for t in whole])
    assert whole[2].expected == pytest.approx(1e6 * np.pi * 64 / 324, rel=0.01)


# -- hours and kinds ----------------------------------------------------------------------------


def test_every_hour_is_day_or_night_and_the_result_says_which():
    assert sorted(hour_table()) == list(range(24))
    told = hours_json()
    assert sorted([*told["day"], *told["night"]]) == list(range(24))
    assert told["source"]
    assert time_at(12) == "day"
    with pytest.raises(InvalidError):
        time_at(24)


def test_each_harm_concerns_people_and_a_gas_no_pipes():
    assert all("people" in kinds_of(harm) for harm in Harm)
    assert kinds_of(Harm.OVERPRESSURE) == KINDS
    assert "pipes" not in kinds_of(Harm.TOXIC)
