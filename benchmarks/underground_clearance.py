"""Pairs of 3D pipes less than 2 m apart in space, against shapely's STRtree with a 3D distance.

`underground_postgis` asks the same of PostGIS, where it is installed.
"""

from __future__ import annotations

import sys

import numpy as np
import shapely

from benchmarks import made_pipes
from benchmarks.command import main
from benchmarks.contest import Contender, Finding, check_equal, contest
from benchmarks.peers import need
from benchmarks.plan import Plan
from gis.index import SpatialIndex
from underground.axes import Axes, IntArray, ObjectArray
from underground.clearance.pieces import closest_of_pieces

AT_MOST = 0.35
WITHIN_M = 2.0


def ours_answer(axes: Axes) -> tuple[IntArray, IntArray]:
    """Pairs (i, j), i < j, less than 2 m apart."""
    boxes = axes.bounds + np.array([-1.0, -1.0, 1.0, 1.0]) * (WITHIN_M / 2)
    i, j = SpatialIndex.build(boxes).windows(boxes)
    keep = i < j
    return _near(axes, i[keep], j[keep])


def peer_answer(axes: Axes, lines: ObjectArray) -> tuple[IntArray, IntArray]:
    """The same by a plan query of shapely's tree and the 3D distance of its hits."""
    i, j = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=WITHIN_M)
    keep = i < j
    i, j = i[keep], j[keep]
    order = np.lexsort((j, i))
    return _near(axes, i[order], j[order])


def _near(axes: Axes, i: IntArray, j: IntArray) -> tuple[IntArray, IntArray]:
    apart = closest_of_pieces(axes.xyz, 2 * i, axes.xyz, 2 * j)[2]
    near = apart < WITHIN_M
    return i[near], j[near]


def measure(plan: Plan) -> list[Finding]:
    """A hundred thousand pipes, ten thousand in a square kilometre."""
    need("shapely")
    n = plan.size(100_000, 2000)
    axes = made_pipes.lines_3d(n)
    lines = axes.plan_lines()
    question = "pairs of pipes less than 2 m apart in space"
    check_equal(question, ours_answer(axes), peer_answer(axes, lines))
    return [
        contest(
            question,
            f"{n:,} pipes",
            Contender("packed tree and numpy", lambda: ours_answer(axes)),
            Contender("STRtree dwithin and numpy", lambda: peer_answer(axes, lines)),
            at_most=AT_MOST,
            rounds=plan.rounds,
            unit="ms",
        )
    ]


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("shapely",)))
