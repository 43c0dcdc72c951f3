"""All pipes whose box touches a window of 300 m, against rtree."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks import made_city
from benchmarks.command import main
from benchmarks.contest import Contender, Finding, check_equal, contest
from benchmarks.peers import need
from benchmarks.plan import Plan
from gis.index import SpatialIndex

AT_MOST = 0.35
Windows = list[tuple[float, ...]]


def ours_answer(index: SpatialIndex, windows: Windows) -> list[list[int]]:
    """Ids in each window, ascending."""
    return [index.window(window).tolist() for window in windows]  # type: ignore[arg-type]


def peer_answer(tree: Any, windows: Windows) -> list[list[int]]:
    """The same from rtree."""
    return [sorted(tree.intersection(window)) for window in windows]


def measure(plan: Plan) -> list[Finding]:
    """A million pipes."""
    rtree_index = need("rtree.index", "rtree")
    n, asked = plan.size(1_000_000, 2000), plan.size(3000, 50)
    boxes = made_city.pipes(n).bounds()
    windows = made_city.windows_m(n, asked, 300.0)
    index, tree = SpatialIndex.build(boxes), made_city.rtree_of(rtree_index, boxes)
    question = "pipes in a window of 300 m"
    check_equal(question, ours_answer(index, windows), peer_answer(tree, windows))
    return [
        contest(
            question,
            f"{n:,} pipes, {asked:,} windows",
            Contender("SpatialIndex.window", lambda: ours_answer(index, windows)),
            Contender("rtree", lambda: peer_answer(tree, windows)),
            at_most=AT_MOST,
            rounds=plan.rounds,
            per=asked,
        )
    ]


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("rtree",)))
