"""Cells of real and made-up cities keep the rules, measured by walking along their borders."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from grid.partition.barriers import Ground, ground_of
from grid.partition.make import Division, codes_of, divide, inner_borders, measured
from grid.units.check import check_grid

COMMUNITIES = [f"120101003{n:03d}" for n in range(1, 11)]


def walked(borders, lines) -> tuple[int, int]:
    """Steps of a metre along borders: how many, and how many within 2 m of a line."""
    points = [
        shapely.line_interpolate_point(part, np.arange(0.5, shapely.length(part)))
        for part in shapely.get_parts(shapely.line_merge(borders))
    ]
    steps = np.concatenate([p for p in points if len(p)])
    near = np.unique(shapely.STRtree(lines).query(steps, predicate="dwithin", distance=2.0)[0])
    return len(steps), len(near)


def check_rules(ground: Ground, division: Division, counts: range) -> None:
    cells = division.cells
    areas = shapely.area(cells)
    assert len(cells) in counts
    assert shapely.coverage_is_valid(cells)
    assert abs(areas.sum() - shapely.area(shapely.union_all(ground.areas))) < 1.0
    assert set(shapely.get_type_id(cells).tolist()) == {3}
    assert ((areas >= 5_000) & (areas <= 20_000)).mean() >= 0.9
    assert (areas < 5_000).sum() <= 1  # a scrap of an area that has no neighbour in it
    borders = inner_borders(division)
    steps, near = walked(borders, ground.lines)
    assert near / steps >= 0.9
    inside = shapely.buffer(ground.buildings, -0.05)
    house, border = shapely.STRtree(borders).query(inside, predicate="intersects")
    through = shapely.length(shapely.intersection(inside[house], borders[border]))
    assert through.max(initial=0.0) < 0.1
    assert measured(ground, division).on_line_share == pytest.approx(near / steps, abs=0.01)


@pytest.mark.slow
def test_central_helsinki_is_divided_along_its_streets(helsinki, helsinki_cells):
    check_rules(helsinki, helsinki_cells, range(95, 120))


@pytest.mark.slow
def test_monaco_is_divided_along_its_streets(monaco):
    check_rules(monaco, divide(monaco), range(110, 150))


def test_the_pilot_area_is_divided_within_its_communities(tianjin):
    division = divide(tianjin)
    check_rules(tianjin, division, range(110, 170))
    outside = shapely.difference(division.cells, tianjin.areas[division.owners])
    assert shapely.area(outside).max() < 0.05
    assert len(set(codes_of(division, COMMUNITIES))) == len(division.cells)


def test_the_cells_made_pass_the_check_of_unit_grids(tianjin):
    division = divide(tianjin)
    codes = codes_of(division, COMMUNITIES)
    back = Transformer.from_crs(4548, 4490, always_xy=True).transform

    def degrees(shapes):
        return shapely.transform(shapes, lambda xy: np.round(np.column_stack(back(*xy.T)), 9))

    parents = dict(zip(COMMUNITIES, degrees(tianjin.areas), strict=True))
    assert check_grid(codes, degrees(division.cells), parents) == []


def moved(shapes, seed: int):
    """Every vertex moved by up to a metre, equal ones by equal steps."""

    def step(xy):
        whole = np.round(xy * 1000).astype(np.int64)
        mixed = (whole[:, 0] * 73856093 ^ whole[:, 1] * 19349663 ^ seed * 83492791) & 0xFFFFFFFF
        angle = mixed / 2**32 * 2 * np.pi
        far = np.sqrt(((mixed * 2654435761) & 0xFFFFFFFF) / 2**32)
        return xy + np.column_stack([np.cos(angle), np.sin(angle)]) * far[:, None]

    return shapely.transform(np.asarray(shapes, dtype=object), step)


def alike(cells, others):
    """For each cell, the best share of common area with one of the others."""
    a, b = shapely.STRtree(others).query(cells, predicate="intersects")
    common = shapely.area(shapely.intersection(cells[a], others[b]))
    share = common / (shapely.area(cells)[a] + shapely.area(others)[b] - common)
    best = np.zeros(len(cells))
    np.maximum.at(best, a, share)
    return best


def shaken(layers, seed: int) -> Ground:
    """The ground of layers of which every vertex but the area's was moved."""
    areas, roads, strengths, water, parcels, houses = layers
    return ground_of(
        areas,
        moved(roads, seed),
        strengths,
        shapely.make_valid(moved(water, seed)),
        shapely.make_valid(moved(parcels, seed)),
        shapely.make_valid(moved(houses, seed)),
    )


@pytest.mark.slow
def test_a_metre_of_noise_in_the_ground_leaves_the_cells_as_they_are(
    helsinki_layers, helsinki_cells
):
    best = alike(helsinki_cells.cells, divide(shaken(helsinki_layers, 1)).cells)
    assert (best > 0.8).mean() >= 0.85
    assert np.median(best) > 0.97


def test_a_metre_of_noise_in_the_pilot_area_changes_next_to_nothing(tianjin, tianjin_layers):
    best = alike(divide(tianjin).cells, divide(shaken(tianjin_layers, 2)).cells)
    assert (best > 0.9).mean() >= 0.85
