"""Checks in plan: lines that cross without a node, ends that stop just short of a line."""

from __future__ import annotations

import numpy as np
import shapely

from gis.index import SpatialIndex
from underground.axes import BoolArray, FloatArray, IntArray
from underground.checks.case import Case, Found, rounded
from underground.checks.points import feature_degrees
from underground.clearance.pairs import clearances
from underground.faults import Repair, RepairOp


def crossings(case: Case) -> Found:
    """Lines of one kind that pass through each other where no point joins them."""
    pipes, at = case.pipes, case.line_of_pipe
    if not len(pipes):
        return []
    index = SpatialIndex.build(pipes.axes.bounds)
    i, j = index.windows(pipes.axes.bounds)
    keep = i < j
    i, j = i[keep], j[keep]
    kinds = pipes.kind.astype(str)
    measurable = pipes.solids.is_measurable
    keep = (kinds[i] == kinds[j]) & measurable[i] & measurable[j] & ~_share_point(pipes.nodes, i, j)
    i, j = i[keep], j[keep]
    found = clearances(pipes.solids, i, pipes.solids, j)
    wrong = np.flatnonzero(found.crosses & (found.vertical_m < 0))
    out = []
    for k in wrong.tolist():
        first, second = sorted((int(at[i[k]]), int(at[j[k]])))
        x, y = case.plane.delivered(found.place[k : k + 1])[0].tolist()
        fault = case.line_fault(
            "line.crosses",
            second,
            params={"first": case.line_row(first)},
            repair=Repair(RepairOp.SPLIT, "geometry", None, [round(x, 9), round(y, 9)]),
        )
        out.append(fault)
    return out


def _share_point(nodes: IntArray, i: IntArray, j: IntArray) -> BoolArray:
    same = nodes[i][:, :, None] == nodes[j][:, None, :]
    return np.asarray((same & (nodes[i][:, :, None] >= 0)).any(axis=(1, 2)), bool)


def dangling_ends(case: Case) -> Found:
    """Ends of a single line that stop within the snapping distance of another of their kind."""
    point, near, apart = _near_misses(case)
    return _nearest(case, point, near, apart)


def dangling_pairs(case: Case) -> tuple[IntArray, IntArray]:
    """Points that stop short of a line, and the positions of those lines."""
    point, near, _ = _near_misses(case)
    return point, case.line_of_pipe[near]


def _near_misses(case: Case) -> tuple[IntArray, IntArray, FloatArray]:
    """Points, pipes that they stop short of, and metres between them."""
    loose = _loose_points(case)
    lines = case.pipes.axes.plan_lines()
    if not len(loose) or not len(lines):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    spots = shapely.points(case.places.points[loose])
    tree = shapely.STRtree(lines)
    which, near = tree.query(spots, predicate="dwithin", distance=case.limits.snap_m)
    line = case.line_of_pipe[near]
    point = loose[which]
    own = (case.survey.ends[line] == point[:, None]).any(axis=1)
    neighbours = _neighbours(case, point, line)
    same_kind = case.meaning.kind[line].astype(str) == _kinds_at(case, point)
    keep = ~own & ~neighbours & same_kind
    which, near, point = which[keep], near[keep], point[keep]
    return point, near, np.asarray(shapely.distance(spots[which], lines[near]))


def _loose_points(case: Case) -> IntArray:
    """Points with a known place, one line, and no feature that says that the pipe ends there."""
    feature = case.survey.points.text("feature")
    may_end = np.array(
        [f is not None and f in feature_degrees() and feature_degrees()[f][2] for f in feature]
    )
    known = ~np.isnan(case.places.points).any(axis=1)
    return np.flatnonzero((case.degrees == 1) & known & ~may_end.astype(bool))


def _line_at(case: Case) -> IntArray:
    """(n,) some line at each point, -1 where none."""
    point, line, _ = case.incidence
    out = np.full(len(case.survey.points), -1, np.int64)
    out[point] = line
    return out


def _kinds_at(case: Case, point: IntArray) -> np.ndarray:
    return np.asarray(case.meaning.kind[_line_at(case)[point]].astype(str))


def _neighbours(case: Case, point: IntArray, line: IntArray) -> BoolArray:
    """Whether a line starts where the point's own line does: a near miss with a neighbour is none."""
    own = case.survey.ends[_line_at(case)[point]]
    other = np.where(own[:, 0] == point, own[:, 1], own[:, 0])
    long = case.plan_lengths[_line_at(case)[point]] > case.limits.snap_m
    return np.asarray((case.survey.ends[line] == other[:, None]).any(axis=1) & ~long, bool)


def _nearest(case: Case, point: IntArray, near: IntArray, apart: FloatArray) -> Found:
    order = np.lexsort((near, apart, point))
    first = np.unique(point[order], return_index=True)[1]
    numbers = case.survey.points.text("number")
    lines = case.pipes.axes.plan_lines()
    out = []
    for k in order[first].tolist():
        p = int(point[k])
        spot = shapely.Point(case.places.points[p])
        line = lines[near[k]]
        foot = line.interpolate(line.project(spot))
        there = case.plane.delivered(np.array([[foot.x, foot.y]]))[0]
        to = [round(float(v), 9) for v in there]
        old = case.survey.point_place(p)
        i = int(_line_at(case)[p])
        side = 0 if case.survey.ends[i, 0] == p else 1
        out.append(
            case.line_fault(
                "line.dangling",
                i,
                side,
                field=("start", "end")[side],
                got=numbers[p],
                params={"difference": rounded(apart[k])},
                repair=Repair(RepairOp.SNAP, "east,north", None if old is None else list(old), to),
            )
        )
    return out


CHECKS = (crossings, dangling_ends)
