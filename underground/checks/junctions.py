"""Checks of what meets at a point: levels, sizes, directions of flow, kinds, angles, groups."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse

from underground.axes import FloatArray, IntArray
from underground.checks.case import Case, Found, rounded
from underground.faults import Repair, RepairOp

_SIDES = ("start", "end")


def _pairs(case: Case) -> tuple[IntArray, IntArray, IntArray]:
    """Consecutive ends of lines of one kind at one point: point, positions of the two ends.

    Positions refer to the arrays of `Case.incidence`.
    """
    point, line, _ = case.incidence
    kinds = case.meaning.kind[line].astype(str)
    order = np.lexsort((kinds, point))
    a, b = order[:-1], order[1:]
    same = (point[a] == point[b]) & (kinds[a] == kinds[b])
    return point[a[same]], a[same], b[same]


def levels_agree(case: Case) -> Found:
    """Lines of one kind that meet at different levels, or where none are given, depths.

    A drop manhole legally has such a step, which is why this is a warning.
    """
    _, line, side = case.incidence
    level = np.column_stack(
        [case.survey.lines.number("start_level"), case.survey.lines.number("end_level")]
    )[line, side]
    depth = case.levels.depth[line, side]
    out = _spread(case, level, "point.heights_differ")
    named = {fault.row for fault in out}
    return out + [f for f in _spread(case, depth, "point.depths_differ") if f.row not in named]


def _spread(case: Case, values: FloatArray, code: str) -> Found:
    points, a, b = _pairs(case)
    apart = np.abs(values[a] - values[b])
    worst: dict[int, float] = {}
    wrong = apart > case.limits.same_level_m
    for p, d in zip(points[wrong].tolist(), apart[wrong].tolist(), strict=True):
        worst[p] = max(worst.get(p, 0.0), d)
    numbers = case.survey.points.text("number")
    return [
        case.point_fault(code, p, got=numbers[p], params={"difference": rounded(d)})
        for p, d in worst.items()
    ]


def sizes_and_materials(case: Case) -> Found:
    """A size or material that changes where no fitting changes it; sewers change at manholes."""
    points, a, b = _pairs(case)
    _, line, _ = case.incidence
    feature = case.survey.points.text("feature")
    two = (case.degrees[points] == 2) & ~case.meaning.is_gravity[line[a]]
    out: Found = []
    for code, values, changer in (
        ("point.materials_differ", case.meaning.material, "变材"),
        ("point.sizes_differ", case.survey.lines.text("size"), "变径"),
    ):
        for p, i, j in zip(
            points[two].tolist(),
            line[a[two]].tolist(),
            line[b[two]].tolist(),
            strict=True,
        ):
            here, there = values[i], values[j]
            known = here is not None and there is not None
            if known and here != there and feature[p] != changer:
                got = case.survey.points.text("number")[p]
                params = {"other": f"{here} / {there}"}
                out.append(case.point_fault(code, p, got=got, params=params))
    return out


def falls(case: Case) -> Found:
    """Gravity lines that rise the way they flow."""
    flow = case.meaning.flow
    rise = (case.part_levels[:, 1] - case.part_levels[:, 0]) * flow
    wrong = case.meaning.is_gravity & (flow != 0) & (rise > case.limits.rising_m)
    return [
        case.line_fault(
            "line.adverse_slope",
            i,
            field="flow",
            params={"difference": rounded(rise[i])},
            repair=Repair(RepairOp.REVERSE, "flow", int(flow[i]), int(-flow[i])),
        )
        for i in np.flatnonzero(wrong).tolist()
    ]


def _through_flows(case: Case) -> tuple[IntArray, IntArray, IntArray]:
    """Pairs (line that flows into a point, line that flows out of it) of gravity lines."""
    point, line, side = case.incidence
    flow = case.meaning.flow[line]
    gravity = case.meaning.is_gravity[line] & (flow != 0)
    into = gravity & ((flow == 1) == (side == 1))
    out_of = gravity & ~into
    n = len(case.survey.points)
    ones = np.ones(len(point), np.int8)
    entering = sparse.csr_matrix(
        (ones[into], (point[into], line[into])), shape=(n, len(case.survey.lines))
    )
    leaving = sparse.csr_matrix((ones[out_of], (point[out_of], line[out_of])), shape=entering.shape)
    pairs = (entering.T @ leaving).tocoo()
    order = np.lexsort((pairs.row, pairs.col))
    shared = case.survey.ends[pairs.row, np.where(case.meaning.flow[pairs.row] == 1, 1, 0)]
    return pairs.row[order], pairs.col[order], shared[order]


def downstream_sizes(case: Case) -> Found:
    """Gravity lines narrower than one that flows into them, where water has no other way on."""
    before, after, point = _through_flows(case)
    width = case.meaning.sections.width
    leaving = np.zeros(len(case.survey.points), np.int64)
    np.add.at(leaving, point[np.unique(after, return_index=True)[1]], 1)
    wrong = (width[after] < width[before] - 1e-9) & (leaving[point] == 1)
    worst: dict[int, int] = {}
    for i, j in zip(after[wrong].tolist(), before[wrong].tolist(), strict=True):
        if i not in worst or width[j] > width[worst[i]]:
            worst[i] = j
    return [
        case.line_fault(
            "line.smaller_downstream",
            i,
            field="size",
            got=rounded(width[i]),
            params={"other": rounded(width[j]), "first": case.line_row(j)},
        )
        for i, j in worst.items()
    ]


def misconnections(case: Case) -> Found:
    """Sewage lines that end where a storm line goes on."""
    point, line, side = case.incidence
    kind = case.meaning.kind[line].astype(str)
    code = case.meaning.code[line].astype(str)
    flow = case.meaning.flow[line]
    leaves = (flow == 0) | ((flow == 1) == (side == 0))
    storm = (kind == "storm") & leaves
    arrives = (flow == 0) | ((flow == 1) == (side == 1))
    sewer = (kind == "sewer") & (code != "HS") & arrives
    first: dict[int, int] = {}
    for p, i in zip(point[storm].tolist(), line[storm].tolist(), strict=True):
        first.setdefault(p, i)
    return [
        case.line_fault(
            "line.misconnection",
            i,
            int(s),
            field=_SIDES[int(s)],
            params={"first": case.line_row(first[p])},
        )
        for p, i, s in zip(
            point[sewer].tolist(), line[sewer].tolist(), side[sewer].tolist(), strict=True
        )
        if p in first
    ]


def turns(case: Case) -> Found:
    """Two lines of one kind that leave a point in nearly the same direction."""
    _, a, b = _pairs_of_all(case)
    _, line, side = case.incidence
    towards = _directions(case, line, side)
    cosine = np.einsum("ij,ij->i", towards[a], towards[b])
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    twice = _same_segment(case, line[a], line[b])
    wrong = (angle < case.limits.sharpest_deg) & ~twice
    return [
        case.line_fault(
            "line.sharp_turn",
            max(i, j),
            got=round(d, 1),
            params={"first": case.line_row(min(i, j))},
        )
        for i, j, d in zip(
            line[a[wrong]].tolist(), line[b[wrong]].tolist(), angle[wrong].tolist(), strict=True
        )
    ]


def _pairs_of_all(case: Case) -> tuple[IntArray, IntArray, IntArray]:
    """All pairs of ends of lines of one kind at one point, each once."""
    point, line, _ = case.incidence
    kinds = case.meaning.kind[line].astype(str)
    _, kind = np.unique(kinds, return_inverse=True)
    group = point * (kind.max(initial=0) + 1) + kind
    order = np.argsort(group, kind="stable")
    _, starts, counts = np.unique(group[order], return_index=True, return_counts=True)
    a, b = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for size in np.unique(counts[counts > 1]).tolist():
        if size > 64:  # a manhole with more pipes of one kind than fit into it
            continue
        i, j = np.triu_indices(size, 1)
        first = starts[counts == size]
        a.append(order[(first[:, None] + i).reshape(-1)])
        b.append(order[(first[:, None] + j).reshape(-1)])
    one, two = np.concatenate(a), np.concatenate(b)
    return point[one], one, two


def _directions(case: Case, line: IntArray, side: IntArray) -> FloatArray:
    """(k, 3) unit vectors away from the point along the first piece of each line; NaN if unknown."""
    n = len(case.survey.lines)
    near, far = np.full((n, 2, 3), np.nan), np.full((n, 2, 3), np.nan)
    axes = case.pipes.axes
    xyz = axes.xyz.copy()
    xyz[:, 2] = np.nan_to_num(xyz[:, 2])
    starts, stops = axes.first[:-1], axes.first[1:] - 1
    at = case.line_of_pipe
    near[at, 0], far[at, 0] = xyz[starts], xyz[starts + 1]
    near[at, 1], far[at, 1] = xyz[stops], xyz[stops - 1]
    step = (far - near)[line, side]
    size = np.linalg.norm(step, axis=1)
    return np.asarray(step / np.where(size > 0, size, np.nan)[:, None])


def _same_segment(case: Case, i: IntArray, j: IntArray) -> np.ndarray:
    """Whether two lines join the same two points: that is another check's fault."""
    ends = np.sort(case.survey.ends, axis=1)
    return np.asarray((ends[i] == ends[j]).all(axis=1))


CHECKS = (
    levels_agree,
    sizes_and_materials,
    falls,
    downstream_sizes,
    misconnections,
    turns,
)
