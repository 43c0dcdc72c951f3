"""Making unit grid cells: areas divided along roads, water and parcels, and how well that went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gis.errors import InvalidError
from gis.features import IntArray, ObjectArray, object_array
from grid.cells import numbering_order
from grid.codes import cell_code
from grid.partition.arrangement import OUTLINE, Arrangement, arrange
from grid.partition.barriers import FREE, Ground
from grid.partition.dividing import divided
from grid.partition.free_cuts import free_cuts
from grid.partition.graph import graph_of
from grid.partition.regions import Regions, Sizes, blocks_of, join_small

#: Share of the borders inside of areas that may follow nothing on the ground.
FREE_SHARE = 0.095
#: What is left over where an outline touches itself is no ground.
SCRAP_M2 = 0.01
#: A border this near to a line follows it, metres.
FOLLOWS_M = 2.0


@dataclass(frozen=True)
class Division:
    """Cells of areas.

    Attributes
    ----------
    cells
        (n,) polygons that share their vertices; community by community, numbered as they are to be.
    owners
        (n,) community in which each cell lies.
    """

    cells: ObjectArray
    owners: IntArray


@dataclass(frozen=True)
class Measures:
    """How well a division keeps the rules.

    Attributes
    ----------
    border_m
        Length of the borders between cells of one area.
    on_line_share
        Share of it within 2 m of a road, shore or parcel outline; None without any border.
    fitting_share
        Share of the cells whose area is within bounds.
    buildings_cut
        Buildings through which a border between two cells of one area runs.
    """

    cells: int
    border_m: float
    on_line_share: float | None
    fitting_share: float
    buildings_cut: int

    def as_dict(self) -> dict[str, Any]:
        """The measures as JSON."""
        share = self.on_line_share
        return {
            "cells": self.cells,
            "border_m": round(self.border_m, 1),
            "on_line_share": None if share is None else round(share, 4),
            "fitting_share": round(self.fitting_share, 4),
            "buildings_cut": self.buildings_cut,
        }


def divide(ground: Ground, sizes: Sizes | None = None, free_share: float = FREE_SHARE) -> Division:
    """Cells that cover the areas of a ground.

    Blocks between strong lines become cells, small ones joined, large ones divided along weaker
    lines; blocks that no line divides are cut straight through open ground, the cheapest first,
    as long as no more than `free_share` of all inner borders follows nothing. What cannot be
    divided so stays one large cell, as a park or a station may be.

    Parameters
    ----------
    sizes
        Bounds of areas; 0.5 to 2 ha when None.
    """
    bounds = sizes or Sizes()
    arrangement = arrange(ground)
    groups = _grouped(arrangement, bounds)
    cuts = _affordable(ground, arrangement, groups, bounds, free_share)
    if len(cuts):
        arrangement = arrange(ground, cuts)
        groups = _grouped(arrangement, bounds)
    cells = object_array([shapely.coverage_union_all(arrangement.faces[sorted(g)]) for g in groups])
    owners = np.array([arrangement.owners[min(g)] for g in groups], np.int64)
    order = _numbered(cells, owners)
    return Division(cells[order], owners[order])


def _grouped(arrangement: Arrangement, sizes: Sizes) -> list[set[int]]:
    """Faces of each cell."""
    graph = graph_of(arrangement)
    regions = Regions(graph, blocks_of(arrangement))
    join_small(regions, sizes)
    kept = [faces for faces in regions.members.values() if graph.area(faces) > SCRAP_M2]
    return [cell for faces in kept for cell in divided(graph, faces, sizes)]


def _affordable(
    ground: Ground,
    arrangement: Arrangement,
    groups: list[set[int]],
    sizes: Sizes,
    free_share: float,
) -> ObjectArray:
    """Cuts through open ground for cells that are too large, within the share allowed."""
    owner = np.full(len(arrangement.faces), -1, np.int64)
    for cell, faces in enumerate(groups):
        owner[list(faces)] = cell
    sides, outer = arrangement.sides, arrangement.strengths == OUTLINE
    inner = (sides >= 0).all(axis=1) & ~outer
    inner[inner] &= owner[sides[inner, 0]] != owner[sides[inner, 1]]
    lengths = shapely.length(arrangement.edges[inner])
    free = float(lengths[arrangement.strengths[inner] == FREE].sum())
    # A border of length x that follows nothing makes the share (free + x) / (all + x).
    left = (free_share * float(lengths.sum()) - free) / max(1.0 - free_share, 1e-9)
    found = []
    for faces in groups:
        block = shapely.coverage_union_all(arrangement.faces[sorted(faces)])
        if shapely.area(block) > sizes.most and block.geom_type == "Polygon":
            cuts = free_cuts(block, ground.buildings, sizes)
            if cuts:
                cost = sum(cut.length for cut in cuts)
                found.append((cost / len(cuts), cost, cuts))
    chosen: list[Any] = []
    for _, cost, cuts in sorted(found, key=lambda f: f[0]):
        if cost <= left:
            left -= cost
            chosen += cuts
    return object_array(chosen)


def _numbered(cells: ObjectArray, owners: IntArray) -> IntArray:
    """Order of cells by community, inside of it from west to east and from north to south."""
    height = row_height_of(cells)
    points = shapely.get_coordinates(shapely.point_on_surface(cells))
    out = []
    for area in np.unique(owners).tolist():
        rows = np.flatnonzero(owners == area)
        out.append(rows[numbering_order(points[rows], height)])
    return np.concatenate(out) if out else np.empty(0, np.int64)


def row_height_of(cells: ObjectArray) -> float:
    """Height of a row of numbers, metres: seven tenths of the side of a middling cell."""
    return float(0.7 * np.sqrt(np.median(shapely.area(cells)))) if len(cells) else 1.0


def codes_of(division: Division, communities: Sequence[str]) -> list[str]:
    """15-digit codes of the cells, numbered in each community from 001.

    Parameters
    ----------
    communities
        12-digit code of each community.

    Raises
    ------
    InvalidError
        ``grid.too_many_cells`` when a community has more than 999.
    """
    out: list[str] = []
    for area, code in enumerate(communities):
        count = int((division.owners == area).sum())
        if count > 999:
            raise InvalidError(
                "grid.too_many_cells",
                "社区 {community} 要划 {got} 个网格，编码最多 999 个",
                got=count,
                params={"community": code},
                hint="先划分社区，或放大网格面积",
            )
    numbers = dict.fromkeys(range(len(communities)), 0)
    for owner in division.owners.tolist():
        numbers[owner] += 1
        out.append(str(cell_code(communities[owner], numbers[owner])))
    return out


def measured(ground: Ground, division: Division, sizes: Sizes | None = None) -> Measures:
    """How well a division keeps the rules, measured on the shapes alone."""
    bounds = sizes or Sizes()
    areas = shapely.area(division.cells)
    borders = inner_borders(division)
    total = float(shapely.length(borders).sum())
    follows = 0.0
    if total:
        at, line = shapely.STRtree(ground.lines).query(
            borders, predicate="dwithin", distance=FOLLOWS_M
        )
        for border in np.unique(at).tolist():
            near = shapely.buffer(shapely.union_all(ground.lines[line[at == border]]), FOLLOWS_M)
            follows += float(shapely.length(shapely.intersection(borders[border], near)))
    fitting = (areas >= bounds.least) & (areas <= bounds.most)
    return Measures(
        len(areas),
        total,
        follows / total if total else None,
        float(fitting.mean()) if len(areas) else 0.0,
        buildings_cut(division, ground.buildings),
    )


def inner_borders(division: Division) -> ObjectArray:
    """Borders between two cells of one area, a line for each pair."""
    a, b = shapely.STRtree(division.cells).query(division.cells, predicate="intersects")
    keep = (a < b) & (division.owners[a] == division.owners[b])
    shared = shapely.intersection(
        shapely.boundary(division.cells[a[keep]]), shapely.boundary(division.cells[b[keep]])
    )
    lines: ObjectArray = shared[shapely.length(shared) > 0]
    return lines


def buildings_cut(division: Division, buildings: ObjectArray) -> int:
    """Buildings through which a border between cells of one area runs; along a wall is not through."""
    inside = shapely.buffer(buildings, -0.05)
    borders = inner_borders(division)
    if not len(buildings) or not len(borders):
        return 0
    at, border = shapely.STRtree(borders).query(inside, predicate="intersects")
    through = shapely.length(shapely.intersection(inside[at], borders[border])) > 0.1
    return len(np.unique(at[through]))
