"""Faces as a graph: who borders on whom, and what a border between them costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from grid.partition.arrangement import Arrangement

FloatArray = npt.NDArray[np.float64]
WIGGLE_M = 3.0
#: What a metre of border costs, by the strength of the line it follows; 1 where it follows none.
COST = np.array([1.0, 0.30, 0.20, 0.10, 0.06, 0.04])


@dataclass(frozen=True)
class FaceGraph:
    """Faces of an arrangement and their borders.

    Attributes
    ----------
    areas
        (n,) square metres.
    points
        (n, 2) inner points.
    costs
        For each face, its neighbours and what the border to them costs.
    lengths
        For each face, its neighbours and the length of the border to them, metres.
    outer
        (n,) metres of outline towards the outside or another area.
    """

    areas: FloatArray
    points: FloatArray
    costs: list[dict[int, float]]
    lengths: list[dict[int, float]]
    outer: FloatArray

    def parts(self, members: Collection[int]) -> list[set[int]]:
        """Connected parts of some faces, the largest area first."""
        left, out = set(members), []
        while left:
            stack = [min(left)]
            part = set(stack)
            while stack:
                for other in self.costs[stack.pop()]:
                    if other in left and other not in part:
                        part.add(other)
                        stack.append(other)
            left -= part
            out.append(part)
        return sorted(out, key=lambda p: (-self.area(p), min(p)))

    def area(self, members: Iterable[int]) -> float:
        """Area of some faces together, square metres."""
        return float(self.areas[list(members)].sum())

    def border_cost(self, one: Collection[int], two: Collection[int]) -> float:
        """What the border between two sets of faces costs."""
        few, many = (one, set(two)) if len(one) <= len(two) else (two, set(one))
        return sum(c for face in few for other, c in self.costs[face].items() if other in many)


def graph_of(arrangement: Arrangement) -> FaceGraph:
    """The graph of an arrangement."""
    count = len(arrangement.faces)
    costs: list[dict[int, float]] = [defaultdict(float) for _ in range(count)]
    lengths: list[dict[int, float]] = [defaultdict(float) for _ in range(count)]
    outer = np.zeros(count)
    # Small wiggles are no length: what a border costs must not depend on noise in its course.
    metres = shapely.length(shapely.simplify(arrangement.edges, WIGGLE_M))
    price = metres * COST[np.minimum(arrangement.strengths, len(COST) - 1)]
    owners = arrangement.owners
    rows = zip(arrangement.sides.tolist(), metres.tolist(), price.tolist(), strict=True)
    for (a, b), length, cost in rows:
        # A sliver beside an outline, too: an edge so near to it passes for the outline.
        if a >= 0 and b >= 0 and a != b and owners[a] == owners[b]:
            for x, y in ((a, b), (b, a)):
                costs[x][y] += cost
                lengths[x][y] += length
        elif a != b:
            for face in (a, b):
                outer[face] += length if face >= 0 else 0.0
    inner = shapely.get_coordinates(shapely.point_on_surface(arrangement.faces))
    return FaceGraph(
        shapely.area(arrangement.faces),
        inner,
        [dict(c) for c in costs],
        [dict(c) for c in lengths],
        outer,
    )
