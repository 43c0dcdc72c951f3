"""Residents within 500 m outside of a fence, by area share."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.gb18218.surroundings import residents_outside

FENCE = shapely.box(0, 0, 200, 100)


def count(*houses, people=None, fence=FENCE):
    boxes = np.array([shapely.box(x, y, x + 10, y + 10) for x, y in houses], dtype=object)
    given_people = np.full(len(houses), 10.0) if people is None else np.asarray(people, float)
    return residents_outside(fence, boxes, given_people)


def test_the_distance_runs_from_the_fence_and_not_from_its_middle():
    assert count((685, 50)).people == 10
    assert count((705, 50)).people == 0


def test_who_lives_inside_of_the_fence_does_not_count():
    assert count((50, 50)).people == 0
    assert count((195, 50)).people == 5


def test_a_house_that_the_line_cuts_counts_by_its_share_with_bounds():
    found = count((697, 50), (300, 50))
    assert (found.people, found.least, found.most) == (13, 10, 20)


def test_a_part_of_a_person_is_a_person():
    assert count((699.5, 50), people=[1.0]).people == 1


def test_unknown_numbers_are_told_and_not_taken_for_none():
    assert count((300, 50), (320, 50), people=[math.nan, 4]).unknown == 1


def test_where_nobody_knows_of_any_resident_nought_is_no_count():
    assert count((300, 50), people=[math.nan]).is_unknown
    assert not count((300, 50), people=[0.0]).is_unknown
    assert not count((300, 50), (320, 50), people=[math.nan, 4]).is_unknown
    assert (count((3000, 50)).buildings, count((3000, 50)).is_unknown) == (0, False)


def test_corners_are_round():
    corner = 500 / math.sqrt(2)
    assert count((200 + corner - 12, 100 + corner - 12)).people == 10
    assert count((200 + corner + 2, 100 + corner + 2)).people == 0


@given(st.lists(st.tuples(st.floats(-700, 900), st.floats(-700, 800)), min_size=1, max_size=20))
def test_the_sum_equals_counting_every_square_metre(houses):
    """Against the share of a 1 m raster within the exact distance; a cell is 1 % of a house."""
    found = count(*houses, people=[100.0] * len(houses))
    cells = np.stack(np.meshgrid(np.arange(10) + 0.5, np.arange(10) + 0.5), -1).reshape(-1, 2)
    total = 0.0
    for x, y in houses:
        far = shapely.distance(FENCE, shapely.points(cells + np.array([x, y])))
        total += ((far > 0) & (far <= 500)).sum()
    assert found.people == pytest.approx(total, abs=11 * len(houses) + 1)
    assert found.least <= found.people <= found.most


@pytest.mark.parametrize(
    "fence",
    [shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 1)]), shapely.Polygon(),
     shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])],
)  # fmt: skip
def test_a_boundary_that_is_no_polygon_is_refused(fence):
    with pytest.raises(InvalidError, match="厂界"):
        count((1, 1), fence=fence)


@pytest.mark.parametrize("people", [[-1], [math.inf], [1, 2]])
def test_bad_numbers_of_residents_are_refused(people):
    with pytest.raises(InvalidError):
        count((300, 50), people=people)
