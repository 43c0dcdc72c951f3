"""People to shelters at least cost, against a linear program and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from gis.errors import InvalidError
from hazards.evacuation.transport import NO_WAY, transport

UNSERVED = 100_000


def by_linear_program(supply, capacity, cost):
    """Least cost of the same task, with a dear sink for whoever is not served."""
    n, k = cost.shape
    dear = np.where(cost == NO_WAY, 1e8, cost)
    table = np.hstack([dear, np.full((n, 1), UNSERVED)])
    leave = np.kron(np.eye(n), np.ones(k + 1))
    fill = np.kron(np.ones(n), np.eye(k + 1))[:k]
    return linprog(table.ravel(), fill, capacity, leave, supply, method="highs").fun


def task(seed):
    rng = np.random.default_rng(seed)
    n, k = rng.integers(1, 12), rng.integers(1, 7)
    cost = rng.integers(0, 40, (n, k))
    cost[rng.random((n, k)) < 0.2] = NO_WAY
    return rng.integers(0, 9, n), rng.integers(0, 15, k), cost


@pytest.mark.parametrize("seed", range(50))
def test_costs_as_little_as_a_linear_program(seed):
    supply, capacity, cost = task(seed)
    found = transport(supply, capacity, cost)
    expected = by_linear_program(supply, capacity, cost)
    assert found.cost + UNSERVED * found.unserved.sum() == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("seed", range(50))
def test_everybody_is_somewhere_and_no_sink_is_overfilled(seed):
    supply, capacity, cost = task(seed)
    found = transport(supply, capacity, cost)
    left = found.unserved + np.bincount(found.source, found.units, minlength=len(supply))
    assert (left == supply).all()
    assert (np.bincount(found.sink, found.units, minlength=len(capacity)) <= capacity).all()
    assert (cost[found.source, found.sink] != NO_WAY).all()
    assert (found.units > 0).all()


def test_as_many_as_possible_comes_before_as_cheap_as_possible():
    # The first source could take the only place that the second can reach.
    found = transport(np.array([1, 1]), np.array([1, 1]), np.array([[1, 900], [1, NO_WAY]]))
    assert found.sink.tolist() == [1, 0]
    assert found.unserved.tolist() == [0, 0]


def test_a_building_is_split_where_that_costs_less():
    found = transport(np.array([5]), np.array([3, 9]), np.array([[1, 2]]))
    assert list(zip(found.sink.tolist(), found.units.tolist(), strict=True)) == [(0, 3), (1, 2)]
    assert found.cost == 7


def test_many_sources_give_the_answer_of_a_linear_program():
    rng = np.random.default_rng(7)
    supply, capacity = rng.integers(0, 5, 400), np.array([150, 200, 260, 120])
    cost = rng.integers(0, 1000, (400, 4))
    found = transport(supply, capacity, cost)
    expected = by_linear_program(supply, capacity, cost)
    assert found.cost + UNSERVED * found.unserved.sum() == pytest.approx(expected, abs=1e-2)


def test_more_room_never_leaves_more_people_or_costs_more():
    supply, capacity, cost = task(11)
    before = transport(supply, capacity, cost)
    for k in range(len(capacity)):
        more = capacity.copy()
        more[k] += 3
        after = transport(supply, more, cost)
        assert after.unserved.sum() <= before.unserved.sum()
        if after.unserved.sum() == before.unserved.sum():
            assert after.cost <= before.cost


def test_nobody_and_nowhere_are_answers():
    none = transport(np.array([], np.int64), np.array([3]), np.empty((0, 1), np.int64))
    assert (len(none.source), none.cost) == (0, 0)
    nowhere = transport(np.array([4]), np.array([], np.int64), np.empty((1, 0), np.int64))
    assert nowhere.unserved.tolist() == [4]


@pytest.mark.parametrize(
    ("supply", "capacity", "cost"),
    [([-1], [1], [[1]]), ([1], [-1], [[1]]), ([1], [1], [[-5]]), ([1, 2], [1], [[1]])],
)
def test_numbers_that_are_none_are_refused(supply, capacity, cost):
    with pytest.raises(InvalidError) as refused:
        transport(np.array(supply), np.array(capacity), np.array(cost))
    assert refused.value.code == "transport.bad_input"
