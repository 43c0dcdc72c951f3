"""One point in a cell, exact, against rtree for candidates and shapely for the test."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks import made_city
from benchmarks.command import main
from benchmarks.contest import Contender, Finding, check_equal, contest
from benchmarks.peers import need
from benchmarks.plan import Plan
from gis.index import SpatialIndex
from gis.ragged import Ragged

AT_MOST = 0.5
Points = list[list[float]]
Answer = list[list[int]]


def ours_answer(index: SpatialIndex, cells: Ragged, points: Points) -> Answer:
    """Ids of the cells that hold each point, ascending."""
    ask = index.contains
    return [ask(x, y, cells).tolist() for x, y in points]


def peer_answer(tree: Any, shapes: Any, points: Points) -> Answer:
    """The same from rtree's candidates and shapely's exact test."""
    point = need("shapely").Point
    look = tree.intersection
    found = []
    for x, y in points:
        here = point(x, y)
        found.append(sorted(i for i in look((x, y, x, y)) if shapes[i].intersects(here)))
    return found


def measure(plan: Plan) -> list[Finding]:
    """Cells of 4 and of 24 vertices as of unit grids; for the record of 100 as of communities."""
    need("shapely")
    rtree_index = need("rtree.index", "rtree")
    side, small = plan.size(1000, 20), plan.size(300, 10)
    cases = (
        ("4 vertices", side, made_city.quads(side), AT_MOST),
        ("24 vertices, not convex", side, made_city.crooked_cells(side, 5), AT_MOST),
        ("100 vertices, not convex", small, made_city.crooked_cells(small, 24), None),
    )
    asked = plan.size(3000, 100)
    out = []
    for what, width, cells, at_most in cases:
        points = made_city.points_in(width, asked).tolist()
        # Corners lie on the border of several cells: exactness is asked for, not chance.
        corners = cells.xy[:: max(len(cells.xy) // (asked // 50), 1)][: asked // 50]
        points[: len(corners)] = corners.tolist()
        boxes = cells.bounds()
        index = SpatialIndex.build(boxes)
        tree, shapes = made_city.rtree_of(rtree_index, boxes), made_city.as_shapely(cells)
        question = f"one point in a cell of {what}"
        mine, theirs = (index, cells, points), (tree, shapes, points)
        check_equal(question, ours_answer(*mine), peer_answer(*theirs))
        out.append(
            contest(
                question,
                f"{len(cells):,} cells, {asked:,} points",
                Contender("SpatialIndex.contains", lambda a=mine: ours_answer(*a)),
                Contender("rtree + shapely", lambda a=theirs: peer_answer(*a)),
                at_most=at_most,
                rounds=plan.rounds,
                per=asked,
            )
        )
    return out


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("rtree", "shapely")))
