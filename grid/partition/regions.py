"""From faces to regions: blocks between strong lines, the small ones joined to a neighbour.

A region that is too small, or too thin as the strip between two carriageways is, is joined across
the weakest border that keeps the size within bounds.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely

from grid.partition.arrangement import Arrangement
from grid.partition.barriers import STRONG
from grid.partition.graph import FaceGraph


@dataclass(frozen=True)
class Sizes:
    """Bounds of a cell: smaller or thinner ones are joined, larger ones divided.

    Areas in square metres; ``thin`` is the mean width (twice the area over the outline), metres.
    """

    least: float = 5_000.0
    most: float = 20_000.0
    thin: float = 12.0


def blocks_of(arrangement: Arrangement) -> list[set[int]]:
    """Faces that lie between the same strong lines, together."""
    strong = arrangement.edges[arrangement.strengths >= STRONG]
    blocks = shapely.get_parts(shapely.polygonize(strong))
    inner = shapely.point_on_surface(arrangement.faces)
    face, block = shapely.STRtree(blocks).query(inner, predicate="intersects")
    owner = np.full(len(inner), -1, np.int64)
    owner[face] = block
    groups: defaultdict[int, set[int]] = defaultdict(set)
    for at, name in enumerate(owner.tolist()):
        groups[name if name >= 0 else -2 - at].add(at)
    return [groups[name] for name in sorted(groups)]


class Regions:
    """Sets of faces that grow by joining; who borders on whom is kept up to date."""

    def __init__(self, graph: FaceGraph, groups: list[set[int]]) -> None:
        self._graph = graph
        self.members: dict[int, set[int]] = dict(enumerate(groups))
        self.areas = {r: graph.area(m) for r, m in self.members.items()}
        owner = np.zeros(len(graph.areas), np.int64)
        for region, faces in self.members.items():
            owner[list(faces)] = region
        self.outer = {r: float(graph.outer[list(m)].sum()) for r, m in self.members.items()}
        #: per region its neighbours: length and cost of the border
        self.borders: dict[int, dict[int, tuple[float, float]]] = {r: {} for r in self.members}
        for face in range(len(graph.areas)):
            a = int(owner[face])
            for other, length in graph.lengths[face].items():
                b = int(owner[other])
                if a != b:
                    had = self.borders[a].get(b, (0.0, 0.0))
                    self.borders[a][b] = (had[0] + length, had[1] + graph.costs[face][other])

    def join(self, kept: int, gone: int) -> None:
        """Put the faces of `gone` into `kept`."""
        self.members[kept] |= self.members.pop(gone)
        self.areas[kept] += self.areas.pop(gone)
        self.outer[kept] += self.outer.pop(gone)
        for other, (length, cost) in self.borders.pop(gone).items():
            del self.borders[other][gone]
            if other == kept:
                continue
            had = self.borders[kept].get(other, (0.0, 0.0))
            both = (had[0] + length, had[1] + cost)
            self.borders[kept][other] = both
            self.borders[other][kept] = both

    def is_small(self, region: int, sizes: Sizes) -> bool:
        """Whether a region is too small or too thin to be a cell."""
        outline = self.outer[region] + sum(length for length, _ in self.borders[region].values())
        area = self.areas[region]
        return area < sizes.least or 2 * area / max(outline, 1e-9) < sizes.thin


def join_small(regions: Regions, sizes: Sizes) -> None:
    """Join every region that is too small to a neighbour, the smallest first."""
    queue = [(area, r) for r, area in regions.areas.items() if regions.is_small(r, sizes)]
    heapq.heapify(queue)
    while queue:
        area, region = heapq.heappop(queue)
        if regions.areas.get(region) != area or not regions.borders[region]:
            continue
        best = min(regions.borders[region], key=lambda n: _fitness(regions, region, n, sizes))
        regions.join(best, region)
        if regions.is_small(best, sizes):
            heapq.heappush(queue, (regions.areas[best], best))


def _fitness(regions: Regions, region: int, other: int, sizes: Sizes) -> tuple[float, ...]:
    """How badly a region fits a neighbour: size first, then what their border is worth keeping."""
    length, cost = regions.borders[region][other]
    area = regions.areas[other] + regions.areas[region]
    grows_too_large = area > sizes.most >= regions.areas[other]
    around = sum(border for border, _ in regions.borders[region].values())
    # By the table of costs the logarithm is about the strength of the lines between the two.
    strength = -np.log2(max(cost, 1e-9) / max(length, 1e-9))
    return float(grows_too_large), round(float(strength - length / around), 1), -length, other
