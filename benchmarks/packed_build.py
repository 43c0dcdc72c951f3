"""Packing the tree of a million boxes; the tree answers as a search through all boxes does."""

from __future__ import annotations

import statistics
import sys

import numpy as np
import numpy.typing as npt

from benchmarks import made_city
from benchmarks.command import main
from benchmarks.contest import Finding, bounded, check_equal, cpu_seconds
from benchmarks.plan import Plan
from gis.index import SpatialIndex

AT_MOST_S = 0.5
Boxes = npt.NDArray[np.float64]


def ours_answer(index: SpatialIndex, windows: list[tuple[float, ...]]) -> list[list[int]]:
    """Ids in each window, ascending."""
    return [index.window(window).tolist() for window in windows]  # type: ignore[arg-type]


def peer_answer(boxes: Boxes, windows: list[tuple[float, ...]]) -> list[list[int]]:
    """The same by comparing every box."""
    out = []
    for minx, miny, maxx, maxy in windows:
        hit = (boxes[:, 0] <= maxx) & (boxes[:, 2] >= minx)
        hit &= (boxes[:, 1] <= maxy) & (boxes[:, 3] >= miny)
        out.append(np.flatnonzero(hit).tolist())
    return out


def measure(plan: Plan) -> list[Finding]:
    """A million cells and a million pipes."""
    side, n = plan.size(1000, 20), plan.size(1_000_000, 400)
    out = []
    for what, boxes in (
        ("cells", made_city.quads(side).bounds()),
        ("pipes", made_city.pipes(n).bounds()),
    ):
        windows = made_city.windows_m(len(boxes), plan.size(30, 5), 300.0)
        question = f"packing the boxes of {what}"
        check_equal(
            question,
            ours_answer(SpatialIndex.build(boxes), windows),
            peer_answer(boxes, windows),
        )
        rounds = plan.rounds
        taken = [cpu_seconds(lambda b=boxes: SpatialIndex.build(b)) for _ in range(rounds)]
        name = f"SpatialIndex.build ({SpatialIndex.build(boxes[:1]).engine.value})"
        seconds = statistics.median(taken)
        sized = f"{len(boxes):,} {what}"
        out.append(
            bounded(question, sized, name, seconds, "CPU s", at_most=AT_MOST_S, rounds=rounds)
        )
    return out


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or ""))
