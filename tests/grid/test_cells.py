"""Laws of a division into cells: lookup, coverage, numbering."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InvalidError
from grid.cells import CoverageLookup, neighbours, numbering_order

COMMUNITY = "120101003001"


def coverage(seed, across, up):
    """Cells of a jittered lattice with shared vertices, metres, and their union."""
    rng = np.random.default_rng(seed)
    gx, gy = np.meshgrid(np.arange(across + 1) * 100.0, np.arange(up + 1) * 100.0, indexing="ij")
    nodes = np.stack([gx, gy], axis=-1) + rng.uniform(-20, 20, (across + 1, up + 1, 2))
    cells = [
        shapely.Polygon([nodes[i, j], nodes[i + 1, j], nodes[i + 1, j + 1], nodes[i, j + 1]])
        for i in range(across)
        for j in range(up)
    ]
    return cells, shapely.coverage_union_all(cells)


def codes_for(cells):
    points = shapely.get_coordinates(shapely.point_on_surface(cells))
    codes = [""] * len(cells)
    for number, at in enumerate(numbering_order(points, 70.0), 1):
        codes[at] = f"{COMMUNITY}{number:03d}"
    return codes, points


some_coverage = st.builds(coverage, st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 6))


@settings(max_examples=40, deadline=None)
@given(some_coverage)
def test_the_cell_at_a_representative_point_is_the_cell_itself(made):
    cells, _ = made
    codes, _ = codes_for(cells)
    lookup = CoverageLookup(codes, cells)
    assert lookup.codes_at(shapely.point_on_surface(cells)).tolist() == codes


@settings(max_examples=40, deadline=None)
@given(some_coverage, st.randoms(use_true_random=False))
def test_lookup_does_not_depend_on_the_order_of_the_cells(made, random):
    cells, _ = made
    codes, _ = codes_for(cells)
    order = list(range(len(cells)))
    random.shuffle(order)
    shuffled = CoverageLookup([codes[i] for i in order], [cells[i] for i in order])
    corners = shapely.points(shapely.get_coordinates(cells))
    assert (shuffled.codes_at(corners) == CoverageLookup(codes, cells).codes_at(corners)).all()


def test_a_shared_border_belongs_to_the_smaller_code():
    left, right = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    lookup = CoverageLookup(["002", "001"], [left, right])
    assert lookup.code_at(1.0, 0.5) == "001"
    assert lookup.code_at(0.5, 0.5) == "002"


def test_a_point_outside_of_every_cell_has_no_code():
    lookup = CoverageLookup(["001"], [shapely.box(0, 0, 1, 1)])
    assert lookup.code_at(3.0, 3.0) is None
    assert lookup.codes_at(np.array([shapely.Point(3, 3)], dtype=object)).tolist() == [""]


def test_an_empty_coverage_answers_with_nothing():
    lookup = CoverageLookup([], [])
    assert lookup.code_at(0.0, 0.0) is None


def test_numbers_run_west_to_east_in_the_northern_row_first():
    points = np.array([[300, 5], [100, 210], [200, 190], [100, 0]], float)
    assert numbering_order(points, 50.0).tolist() == [1, 2, 3, 0]


@settings(max_examples=20, deadline=None)
@given(some_coverage)
def test_inner_cells_of_a_lattice_have_four_neighbours_and_all_pairs_share_a_border(made):
    cells, union = made
    pairs = neighbours(cells)
    degree = np.bincount(pairs.ravel(), minlength=len(cells))
    assert degree.max(initial=0) <= 4
    shared = sum(cells[a].boundary.intersection(cells[b].boundary).length for a, b in pairs)
    outer = sum(c.length for c in cells) - union.length
    assert shared == pytest.approx(outer / 2)


def test_a_row_height_that_is_not_positive_is_refused():
    with pytest.raises(InvalidError):
        numbering_order(np.zeros((1, 2)), 0.0)
