"""Every kind of fault is found, named with its cells and size, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InvalidError
from gis.frame import LocalFrame
from grid.cells import numbering_order
from grid.units.check import FaultKind, check_grid
from grid.units.order import misplaced

COMMUNITY = "120101003001"
FRAME = LocalFrame(117.2, 39.1)


def degrees(shapes):
    return shapely.transform(
        np.asarray(shapes, dtype=object), lambda xy: np.round(FRAME.unproject(xy), 9)
    )


def lattice(across=4, up=3, seed=1, turn=-0.35):
    """Cells of about a hectare with shared vertices, warped and turned, in metres."""
    rng = np.random.default_rng(seed)
    gx, gy = np.meshgrid(np.arange(across + 1) * 100.0, np.arange(up + 1) * 100.0, indexing="ij")
    at = np.stack([gx, gy], axis=-1) + rng.uniform(-12, 12, (across + 1, up + 1, 2))
    c, s = np.cos(turn), np.sin(turn)
    at = at @ np.array([[c, s], [-s, c]])
    return [
        shapely.Polygon([at[i, j], at[i + 1, j], at[i + 1, j + 1], at[i, j + 1]])
        for j in range(up)
        for i in range(across)
    ]


def numbered(cells, height=70.0):
    points = shapely.get_coordinates(shapely.point_on_surface(cells))
    codes = [""] * len(cells)
    for number, at in enumerate(numbering_order(points, height).tolist(), 1):
        codes[at] = f"{COMMUNITY}{number:03d}"
    return codes


CELLS = lattice()
CODES = numbered(CELLS)
PARENTS = {COMMUNITY: degrees([shapely.coverage_union_all(CELLS)])[0]}


def check(cells=CELLS, codes=CODES, parents=PARENTS, **more):
    return check_grid(codes, degrees(cells), parents, **more)


def kinds(faults):
    return [f.kind.value for f in faults]


@pytest.mark.parametrize("parents", [PARENTS, None])
def test_a_grid_in_order_has_no_faults(parents):
    assert check(parents=parents) == []


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 6), st.integers(1, 6), st.integers(0, 999), st.floats(-1.5, 1.5),
    st.sampled_from([40.0, 55.0, 70.0, 85.0]),
)  # fmt: skip
def test_any_sensible_row_height_keeps_the_order(across, up, seed, turn, height):
    cells = lattice(across, up, seed, turn)
    points = shapely.get_coordinates(shapely.point_on_surface(cells))
    codes = [""] * len(cells)
    for number, at in enumerate(numbering_order(points, height).tolist(), 1):
        codes[at] = f"{number:03d}"
    assert misplaced(codes, [points], 100.0) == []


def replaced(at, cell):
    return [cell if i == at else c for i, c in enumerate(CELLS)]


@pytest.mark.parametrize("parents", [PARENTS, None])
def test_a_gap_between_cells_is_found_with_its_place_and_size(parents):
    a, b = CELLS[5], CELLS[6]
    shared = shapely.intersection(a.boundary, b.boundary)
    strip = shapely.intersection(a, shapely.buffer(shared, 0.05))
    (fault,) = check(replaced(5, shapely.difference(a, strip)), parents=parents)
    assert fault.kind is FaultKind.GAP
    assert fault.area_m2 == pytest.approx(strip.area, rel=0.02)
    assert fault.width_m == pytest.approx(0.05, rel=0.05)
    assert {CODES[5], CODES[6]} <= set(fault.cells)
    assert FRAME.project([fault.point])[0] == pytest.approx(
        shapely.get_coordinates(strip.centroid)[0], abs=60
    )


def test_a_missing_cell_is_a_gap_of_its_size():
    (fault,) = check(
        [c for i, c in enumerate(CELLS) if i != 5], [c for c in CODES if c != CODES[5]]
    )
    assert fault.area_m2 == pytest.approx(CELLS[5].area, rel=0.01)


@pytest.mark.parametrize("parents", [PARENTS, None])
def test_an_overlap_names_both_cells(parents):
    bigger = shapely.intersection(
        shapely.buffer(CELLS[5], 0.5, join_style="mitre"),
        shapely.union_all([CELLS[5], CELLS[6]]),
    )
    (fault,) = check(replaced(5, bigger), parents=parents)
    assert (fault.kind, set(fault.cells)) == (FaultKind.OVERLAP, {CODES[5], CODES[6]})
    assert fault.width_m == pytest.approx(0.5, rel=0.05)


def test_a_cell_that_reaches_beyond_its_community_is_found():
    far = max(range(len(CELLS)), key=lambda i: CELLS[i].bounds[2])
    longer = shapely.union_all([CELLS[far], shapely.box(*[v + 2 for v in CELLS[far].bounds])])
    found = check(replaced(far, longer))
    assert FaultKind.OUTSIDE_PARENT in {f.kind for f in found}


@pytest.mark.parametrize(("width", "count"), [(0.0005, 0), (0.005, 1)])
def test_narrower_than_a_millimetre_is_no_fault(width, count):
    strip = shapely.box(-1e3, 100.0, 1e3, 100.0 + width)
    a, b = shapely.box(0, 0, 100, 100), shapely.box(0, 100, 100, 200)
    cells = [a, shapely.difference(b, strip)]
    parents = {COMMUNITY: shapely.box(0, 0, 100, 200)}
    exact = lambda shapes: FRAME.unproject_geometry(np.asarray(shapes, dtype=object))  # noqa: E731
    found = check_grid(
        [COMMUNITY + "002", COMMUNITY + "001"],
        exact(cells),
        {COMMUNITY: exact([parents[COMMUNITY]])[0]},
    )
    assert len(found) == count


def test_a_wider_tolerance_lets_a_small_gap_pass():
    strip = shapely.buffer(shapely.intersection(CELLS[5].boundary, CELLS[6].boundary), 0.05)
    cells = replaced(5, shapely.difference(CELLS[5], strip))
    assert kinds(check(cells)) == ["gap"]
    assert check(cells, tolerance_m=0.2) == []


@pytest.mark.parametrize("tolerance", [-1, float("nan"), 5000])
def test_a_tolerance_that_is_no_length_is_refused(tolerance):
    with pytest.raises(InvalidError):
        check(tolerance_m=tolerance)


@pytest.mark.parametrize(("one", "two"), [(0, 1), (0, 11), (3, 4), (5, 6), (2, 9)])
def test_two_numbers_exchanged_are_found_and_no_others(one, two):
    codes = list(CODES)
    codes[one], codes[two] = codes[two], codes[one]
    found = check(codes=codes)
    assert set(kinds(found)) == {"order"}
    assert {c for f in found for c in f.cells} == {CODES[one], CODES[two]}


@pytest.mark.parametrize("turn", [-2.0, 1.0])
def test_the_north_of_a_survey_grid_is_a_north_too(turn):
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    points = shapely.get_coordinates(shapely.point_on_surface(CELLS)) @ np.array([[c, s], [-s, c]])
    codes = [""] * len(CELLS)
    for number, at in enumerate(numbering_order(points, 90.0).tolist(), 1):
        codes[at] = f"{COMMUNITY}{number:03d}"
    assert check(codes=codes) == []


def test_numbers_from_south_to_north_are_found():
    codes = sorted(CODES, key=lambda c: -int(c[-3:]))
    by_code = dict(zip(sorted(CODES), codes, strict=True))
    assert "order" in kinds(check(codes=[by_code[c] for c in CODES]))


@pytest.mark.parametrize(
    "code", ["12010100300100", "1201010030010011", "12010100300100A", COMMUNITY + "000", "", "一二"]
)
def test_a_code_of_another_form_is_a_fault(code):
    codes = [code if c == CODES[3] else c for c in CODES]
    found = check(codes=codes)
    assert next(f.cells for f in found if f.kind is FaultKind.CODE) == (code,)


def test_a_code_twice_is_a_fault():
    codes = [CODES[2] if c == CODES[3] else c for c in CODES]
    assert kinds(check(codes=codes)) == ["code"]


def test_a_code_of_another_community_is_a_fault():
    other = shapely.box(1000, 0, 1100, 100)
    parents = PARENTS | {"120101003002": degrees([other])[0]}
    codes = [*CODES, COMMUNITY + "099"]
    found = [f for f in check([*CELLS, other], codes, parents) if f.kind is FaultKind.CODE]
    assert [f.cells for f in found] == [(COMMUNITY + "099",)]


def test_a_cell_of_two_parts_is_a_fault():
    piece = shapely.box(2000, 2000, 2050, 2050)
    cells = replaced(5, shapely.union_all([CELLS[5], piece]))
    assert "multipart" in kinds(check(cells, parents=None))


def test_a_cell_that_crosses_itself_is_a_fault():
    x, y = CELLS[5].centroid.coords[0]
    bow = shapely.Polygon([(x, y), (x + 40, y + 40), (x + 40, y), (x, y + 40)])
    assert "multipart" in kinds(check(replaced(5, bow), parents=None))


def test_a_sliver_of_a_cell_and_a_wrong_stated_area_are_faults():
    stated = [None] * len(CELLS)
    stated[4] = CELLS[4].area * 1.2
    stated[5] = CELLS[5].area * 1.005
    (fault,) = check(stated_m2=stated)
    assert (fault.kind, fault.cells) == (FaultKind.AREA, (CODES[4],))
    assert fault.area_m2 == pytest.approx(CELLS[4].area, rel=1e-4)
    assert kinds(check(least_m2=20_000)) == ["area"] * len(CELLS)


def test_nothing_is_in_order():
    assert check_grid([], []) == []


def test_a_governance_grid_need_not_cover_the_land_nor_be_numbered_by_place():
    codes = [f"{COMMUNITY}G{i:02d}" for i in range(3)]
    found = check_grid(codes, degrees(CELLS[::5]), PARENTS, kind="governance")
    assert found == []
