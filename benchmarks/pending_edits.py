"""Windows while 10,000 edits wait to be folded in, and the edits themselves, against one rtree."""

from __future__ import annotations

import statistics
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import made_city
from benchmarks.command import main
from benchmarks.contest import Contender, Finding, check_equal, contest, cpu_seconds
from benchmarks.peers import need
from benchmarks.pipe_window import Windows, ours_answer, peer_answer
from benchmarks.plan import Plan
from gis.index import Box, SpatialIndex

WINDOW_AT_MOST = 1.0
EDIT_AT_MOST = 1 / 50
Boxes = npt.NDArray[np.float64]


def moved(boxes: Boxes, ids: npt.NDArray[np.int64]) -> list[Box]:
    """The boxes of `ids`, each moved by up to 50 m."""
    shift = np.random.default_rng(6).uniform(-0.0005, 0.0005, (len(ids), 2))
    return [tuple(box) for box in (boxes[ids] + np.tile(shift, 2)).tolist()]


def put_all(index: SpatialIndex, ids: list[int], new: list[Box]) -> None:
    """Edit the index."""
    for id_, box in zip(ids, new, strict=True):
        index.put(id_, box)


def replace_all(tree: Any, ids: list[int], old: Boxes, new: list[Box]) -> None:
    """The same edits in rtree: delete, then insert."""
    for id_, box in zip(ids, new, strict=True):
        tree.delete(id_, old[id_])
        tree.insert(id_, box)


def measure(plan: Plan) -> list[Finding]:
    """A million pipes, 10,000 of them moved."""
    rtree_index = need("rtree.index", "rtree")
    n, pending, asked = plan.size(1_000_000, 3000), plan.size(10_000, 100), plan.size(3000, 50)
    boxes = made_city.pipes(n).bounds()
    ids = np.random.default_rng(7).choice(n, pending, replace=False)
    new = moved(boxes, ids)
    index = SpatialIndex.build(boxes)
    edit = edits(plan, rtree_index, index, boxes, ids.tolist(), new)
    current = boxes.copy()
    current[ids] = new
    tree = made_city.rtree_of(rtree_index, current)
    windows: Windows = made_city.windows_m(n, asked, 300.0)
    question = f"pipes in a window of 300 m with {index.pending:,} pending changes"
    check_equal(question, ours_answer(index, windows), peer_answer(tree, windows))
    window = contest(
        question,
        f"{n:,} pipes, {pending:,} edits, {asked:,} windows",
        Contender("SpatialIndex.window", lambda: ours_answer(index, windows)),
        Contender("one rtree of all", lambda: peer_answer(tree, windows)),
        at_most=WINDOW_AT_MOST,
        rounds=plan.rounds,
        per=asked,
    )
    return [window, edit]


def edits(
    plan: Plan,
    rtree_index: Any,
    index: SpatialIndex,
    boxes: Boxes,
    ids: list[int],
    new: list[Box],
) -> Finding:
    """Time the edits by turns, in rounds of other rows; leaves all of them done in `index`."""
    rounds = plan.rounds
    share, few = len(ids) // rounds, plan.size(60, 10)
    tree = made_city.rtree_of(rtree_index, boxes)
    old = boxes.tolist()
    ours, peer = [], []
    for turn in range(rounds):
        part = slice(turn * share, (turn + 1) * share)
        some = slice(turn * share, turn * share + few)
        ours.append(cpu_seconds(lambda p=part: put_all(index, ids[p], new[p])) / share)
        peer.append(cpu_seconds(lambda p=some: replace_all(tree, ids[p], old, new[p])) / few)
    put_all(index, ids[rounds * share :], new[rounds * share :])
    mine, theirs = statistics.median(ours) * 1e6, statistics.median(peer) * 1e6
    return Finding(
        question="one edit",
        n=f"{len(boxes):,} pipes, {rounds * share:,} edits of ours, {rounds * few:,} of the peer's",
        ours_name="SpatialIndex.put",
        ours=mine,
        peer_name="rtree delete + insert",
        peer=theirs,
        unit="CPU µs",
        value=mine / theirs,
        limit=EDIT_AT_MOST,
        goal="at most 1/50 of the peer's time",
        rounds=rounds,
    )


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("rtree",)))
