"""Small grounds whose division can be told beforehand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis.errors import GeometryError, InvalidError
from grid.partition.barriers import STRONG, ground_of
from grid.partition.make import Division, codes_of, divide, measured
from grid.partition.regions import Sizes

SQUARE = shapely.box(0, 0, 400, 300)


def line(*xy):
    return shapely.LineString(xy)


def streets(xs=(100, 200, 300), ys=(100, 200)):
    across = [line((-10, y), (410, y)) for y in ys]
    up = [line((x, -10), (x, 310)) for x in xs]
    return [*across, *up]


def boxes(division: Division) -> set[tuple[int, ...]]:
    return {tuple(round(v) for v in cell.bounds) for cell in division.cells}


def test_blocks_of_fitting_size_are_the_cells():
    ground = ground_of([SQUARE], streets(), [4] * 5)
    division = divide(ground)
    want = {(x, y, x + 100, y + 100) for x in range(0, 400, 100) for y in range(0, 300, 100)}
    assert boxes(division) == want
    assert measured(ground, division).on_line_share == pytest.approx(1.0)


def test_cells_are_numbered_from_west_to_east_and_from_north_to_south():
    division = divide(ground_of([SQUARE], streets(), [4] * 5))
    corners = [tuple(round(v) for v in cell.bounds[:2]) for cell in division.cells]
    assert corners == [(x, y) for y in (200, 100, 0) for x in (0, 100, 200, 300)]
    assert codes_of(division, ["120101003001"])[:2] == ["120101003001001", "120101003001002"]


def test_cells_of_two_communities_share_their_vertices_and_cross_no_border():
    areas = [shapely.box(0, 0, 150, 300), shapely.box(150, 0, 400, 300)]
    division = divide(ground_of(areas, streets(), [4] * 5))
    assert shapely.coverage_is_valid(division.cells)
    assert sorted(set(division.owners.tolist())) == [0, 1]
    assert shapely.area(division.cells).sum() == pytest.approx(120_000)


def test_a_community_of_two_parts_is_numbered_as_one():
    parts = shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(300, 0, 400, 100)])
    division = divide(ground_of([parts]))
    assert codes_of(division, ["120101003001"]) == ["120101003001001", "120101003001002"]
    assert [cell.bounds[0] for cell in division.cells] == [0, 300]


def test_a_block_too_small_is_joined_across_the_weaker_street():
    ground = ground_of([SQUARE], streets(xs=(100, 130, 230), ys=(150,)), [4, 5, 4, 5])
    # The strip of 30 m between x = 100 and x = 130 lies between a main road and a side street.
    assert {b[0] for b in boxes(divide(ground))} == {0, 100, 230}


def test_the_strip_between_two_carriageways_is_no_cell():
    ground = ground_of([SQUARE], streets(xs=(200, 210), ys=(150,)), [5] * 3)
    widths = [cell.bounds[2] - cell.bounds[0] for cell in divide(ground).cells]
    assert min(widths) >= 190


def test_a_large_block_is_divided_along_its_footpath():
    path = line((200, 0), (210, 150), (200, 300))
    sizes = Sizes(most=70_000)
    ground = ground_of([SQUARE], [path], [1])
    division = divide(ground, sizes, free_share=0.0)
    assert len(division.cells) == 2
    assert measured(ground, division, sizes).on_line_share == pytest.approx(1.0)


def test_without_any_line_a_large_area_is_one_cell_unless_free_cuts_are_allowed():
    ground = ground_of([SQUARE])
    assert len(divide(ground, free_share=0.0).cells) == 1
    assert len(divide(ground).cells) == 1  # every border would follow nothing


def test_open_ground_is_cut_while_the_share_lasts():
    park = shapely.box(400, 0, 600, 300)
    area = shapely.box(0, 0, 600, 300)
    ground = ground_of([area], [*streets(), line((400, -10), (400, 310))], [4] * 6)
    few, more = divide(ground, free_share=0.0), divide(ground, free_share=0.3)
    assert park.area in [round(a) for a in shapely.area(few.cells)]
    assert shapely.area(more.cells).max() <= 30_000
    assert measured(ground, more).on_line_share >= 0.7


def test_a_street_that_runs_through_a_building_does_not_cut_it():
    house = shapely.box(180, 120, 220, 180)
    ground = ground_of([SQUARE], streets(xs=(200,), ys=(100, 200)), [4] * 3, buildings=[house])
    division = divide(ground)
    assert measured(ground, division).buildings_cut == 0
    parts = shapely.area(shapely.intersection(division.cells, house))
    assert parts.max() == pytest.approx(house.area)


def test_a_path_along_a_wall_follows_the_wall():
    house = shapely.box(101, 20, 180, 80)
    bent = line((0, 100), (200, 100))
    path = line((100, 0), (101.5, 50), (100, 100))  # half a metre inside of the wall
    ground = ground_of([shapely.box(0, 0, 200, 200)], [bent, path], [4, 4], buildings=[house])
    division = divide(ground)
    assert measured(ground, division).buildings_cut == 0
    assert len(division.cells) == 3


def test_a_street_that_ends_just_short_of_another_is_joined():
    rows = [
        line((-10, 150), (410, 150)),
        line((200, 153), (200, 310)),
        line((200, -10), (200, 147)),
    ]
    assert len(divide(ground_of([SQUARE], rows, [4] * 3), Sizes(most=40_000)).cells) == 4


def test_a_street_that_ends_far_from_another_divides_nothing():
    rows = [line((-10, 150), (410, 150)), line((200, 170), (200, 310))]
    ground = ground_of([SQUARE], rows, [4] * 2)
    assert len(divide(ground, Sizes(most=70_000)).cells) == 2


def test_water_and_parcels_are_borders_too():
    river = shapely.box(0, 140, 400, 160)
    lots = [shapely.box(x, 160, x + 100, 300) for x in range(0, 400, 100)]
    division = divide(ground_of([SQUARE], water=[river], parcels=lots), free_share=0.0)
    assert len(division.cells) >= 4
    assert STRONG > 2


@pytest.mark.parametrize(
    "area",
    [
        None,
        shapely.Point(0, 0),
        shapely.Polygon(),
        shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]),
        shapely.LineString([(0, 0), (1, 1)]),
    ],
)
def test_what_is_no_area_is_refused(area):
    with pytest.raises(GeometryError) as caught:
        ground_of([area])
    assert caught.value.code == "grid.bad_area"


def test_no_area_at_all_is_refused():
    with pytest.raises(GeometryError):
        ground_of([])


def test_a_community_has_at_most_999_cells():
    cells = np.array([shapely.box(0, 0, 1, 1)] * 1000, dtype=object)
    with pytest.raises(InvalidError) as caught:
        codes_of(Division(cells, np.zeros(1000, np.int64)), ["120101003001"])
    assert caught.value.code == "grid.too_many_cells"


def test_the_order_of_the_input_does_not_matter():
    rng = np.random.default_rng(5)
    rows = np.array(
        [*streets(), line((50, 0), (50, 100)), line((0, 250), (100, 250))], dtype=object
    )
    strengths = np.array([4, 4, 4, 5, 4, 1, 2])
    first = divide(ground_of([SQUARE], rows, strengths))
    mixed = rng.permutation(len(rows))
    second = divide(ground_of([SQUARE], rows[mixed], strengths[mixed]))
    assert boxes(first) == boxes(second)


def test_a_sliver_beside_the_outline_of_a_community_is_no_cell():
    # The line runs 5 mm beside the outline: by its place it might pass for it.
    areas = [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)]
    beside = line((100, 20), (99.995, 20), (99.995, 80), (100, 80))
    division = divide(ground_of(areas, [beside], [4]))
    assert boxes(division) == {(0, 0, 100, 100), (100, 0, 200, 100)}
