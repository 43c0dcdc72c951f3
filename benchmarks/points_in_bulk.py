"""Many points in polygons of any shape, exact, against shapely's STRtree."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import made_city
from benchmarks.command import main
from benchmarks.contest import Contender, Finding, check_equal, contest
from benchmarks.peers import need
from benchmarks.plan import Plan
from gis.index import SpatialIndex
from gis.joins import points_in_polygons
from gis.ragged import Ragged

AT_MOST = 0.5
Points = npt.NDArray[np.float64]
Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


def ours_answer(index: SpatialIndex, polygons: Ragged, points: Points) -> Pairs:
    """Pairs (point, polygon), by point and then polygon."""
    return points_in_polygons(points, polygons, index)


def peer_answer(tree: Any, points: Points) -> Pairs:
    """The same from one query of an STRtree, put into the same order."""
    shapely = need("shapely")
    rows, found = tree.query(shapely.points(points), predicate="intersects")
    order = np.lexsort((found, rows))
    return rows[order], found[order]


def measure(plan: Plan) -> list[Finding]:
    """Unit grids of a million cells, communities of 100 vertices, districts of 1,000."""
    shapely = need("shapely")
    wide, middle, few = plan.size(1000, 20), plan.size(300, 10), plan.size(24, 3)
    cases = (
        ("cells of 4 vertices", wide, made_city.quads(wide)),
        ("cells of 24 vertices, not convex", wide, made_city.crooked_cells(wide, 5)),
        ("polygons of 100 vertices, not convex", middle, made_city.crooked_cells(middle, 24)),
        ("polygons of 1,000 vertices, not convex", few, made_city.crooked_cells(few, 249)),
    )
    asked = plan.size(200_000, 300)
    out = []
    for what, side, polygons in cases:
        points = made_city.points_in(side, asked)
        # Some lie exactly on a vertex of several polygons.
        step = max(len(polygons.xy) // (asked // 100), 1)
        corners = polygons.xy[::step][: asked // 100]
        points[: len(corners)] = corners
        index = SpatialIndex.build(polygons.bounds())
        tree = shapely.STRtree(made_city.as_shapely(polygons))
        question = f"{asked:,} points in {what}"
        check_equal(question, ours_answer(index, polygons, points), peer_answer(tree, points))
        mine, theirs = (index, polygons, points), (tree, points)
        out.append(
            contest(
                question,
                f"{len(polygons):,} polygons, {asked:,} points",
                Contender("SpatialIndex", lambda a=mine: ours_answer(*a)),
                Contender("shapely STRtree", lambda a=theirs: peer_answer(*a)),
                at_most=AT_MOST,
                rounds=min(plan.rounds, 3),
                unit="ms",
            )
        )
    return out


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("shapely",)))
