"""Laws of a division into cells: lookup, coverage, numbering."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InvalidError
from grid.cells import (
    CoverageLookup,
    FaultKind,
    check_codes,
    check_coverage,
    check_numbering,
    numbering_order,
)

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
@given(some_coverage)
def test_cells_with_shared_vertices_cover_their_community_without_fault(made):
    cells, union = made
    codes, points = codes_for(cells)
    assert check_codes(codes, COMMUNITY) == []
    assert check_coverage(codes, cells, union) == []
    assert check_numbering(codes, points, 70.0) == []


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


def test_a_gap_an_overlap_and_an_overhang_are_named_with_their_size():
    community = shapely.box(0, 0, 100, 100)
    a, b = shapely.box(0, 0, 60, 100), shapely.box(50, 0, 110, 90)
    faults = {f.kind: f for f in check_coverage(["001", "002"], [a, b], community)}
    assert faults[FaultKind.OVERLAP].area_m2 == pytest.approx(900.0)
    assert faults[FaultKind.OVERLAP].codes == ("001", "002")
    assert faults[FaultKind.GAP].area_m2 == pytest.approx(400.0)
    assert faults[FaultKind.OUTSIDE].codes == ("002",)


def test_a_sliver_within_tolerance_is_no_fault():
    community = shapely.box(0, 0, 100, 100)
    a, b = shapely.box(0, 0, 50, 100), shapely.box(50.0005, 0, 100, 100)
    assert check_coverage(["001", "002"], [a, b], community) == []


def test_a_gap_of_five_millimetres_is_a_fault():
    community = shapely.box(0, 0, 100, 100)
    a, b = shapely.box(0, 0, 50, 100), shapely.box(50.005, 0, 100, 100)
    assert [f.kind for f in check_coverage(["001", "002"], [a, b], community)] == [FaultKind.GAP]


def test_codes_of_another_community_twice_or_of_no_form_are_faults():
    codes = [COMMUNITY + "001", COMMUNITY + "001", "120101003002001", "abc"]
    kinds = [f.kind for f in check_codes(codes, COMMUNITY)]
    assert kinds == [FaultKind.DUPLICATE_CODE, FaultKind.FOREIGN_CODE, FaultKind.BAD_CODE]


def test_exchanged_numbers_are_faults_of_order():
    points = np.array([[0, 0], [100, 0]], float)
    faults = check_numbering([COMMUNITY + "002", COMMUNITY + "001"], points, 50.0)
    assert {f.kind for f in faults} == {FaultKind.ORDER}


def test_a_row_height_that_is_not_positive_is_refused():
    with pytest.raises(InvalidError):
        numbering_order(np.zeros((1, 2)), 0.0)
