"""What lies inside what (套管、管沟、管块): a relation of its own, apart from what is connected."""

from __future__ import annotations

import numpy as np

from gis.index import SpatialIndex
from underground.axes import BoolArray, IntArray
from underground.clearance.pairs import Clearances, clearances
from underground.pipes import Pipes

#: Burial modes of what holds others: casing, duct bank, trench, gallery, tunnel, jacked pipe.
CASING_MODES = frozenset({"GM", "GK", "GG", "XTD", "ZH", "DG", "RF"})
#: What lies inside runs along: at a larger angle it passes through.
ALONG_DEG = 10.0
_EPSILON_M = 1e-6


def holds(pipes: Pipes, i: IntArray, j: IntArray, found: Clearances) -> tuple[BoolArray, BoolArray]:
    """Which pairs are one inside the other, lengthwise: i inside j, j inside i.

    The outer one is of a mode that holds others; the outline of the inner one, in plan and in
    height, lies within that of the outer one where they come closest.
    """
    width, height = pipes.solids.width, pipes.solids.height
    casing = np.isin(pipes.mode.astype(str), list(CASING_MODES))
    along = found.angle_deg < ALONG_DEG
    plan = np.where(found.crosses, -np.inf, found.horizontal_m)

    def inside(inner: IntArray, outer: IntArray) -> BoolArray:
        within = plan <= -width[inner] + _EPSILON_M
        within &= found.vertical_m <= -height[inner] + _EPSILON_M
        larger = (width[inner] <= width[outer]) & (height[inner] <= height[outer])
        different = (width[inner] < width[outer]) | (height[inner] < height[outer])
        return np.asarray(along & within & larger & different & casing[outer], bool)

    return inside(i, j), inside(j, i)


def containment(pipes: Pipes) -> tuple[IntArray, IntArray]:
    """Pairs (outer, inner) of pipes that lie inside others, by outer and then inner.

    Examples
    --------
    >>> from underground.survey.model import Sheet
    >>> from underground.survey.tables import survey_of_tables
    >>> from underground.pipes import pipes_of_survey
    >>> head = ["点号", "X", "Y", "地面高程"]
    >>> points = Sheet("p", head, [["a", 0, 0, 0], ["b", 0, 9, 0]], [2, 3])
    >>> head = ["起点", "终点", "起点高程", "终点高程", "埋设方式", "管径", "管高位置"]
    >>> rows = [["a", "b", -2, -2, "GG", "1000x800", "管中心"], ["a", "b", -2, -2, "ZM", "100", "管中心"]]
    >>> survey = survey_of_tables(points, Sheet("l", head, rows, [2, 3]), datum="1985")
    >>> [v.tolist() for v in containment(pipes_of_survey(survey))]
    [[0], [1]]
    """
    measurable = np.flatnonzero(pipes.solids.is_measurable)
    if len(measurable) < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    boxes = pipes.axes.bounds[measurable]
    i, j = SpatialIndex.build(boxes).windows(boxes)
    keep = i < j
    i, j = measurable[i[keep]], measurable[j[keep]]
    casing = np.isin(pipes.mode.astype(str), list(CASING_MODES))
    keep = casing[i] | casing[j]
    i, j = i[keep], j[keep]
    found = clearances(pipes.solids, i, pipes.solids, j)
    i_in, j_in = holds(pipes, i, j, found)
    outer = np.concatenate([j[i_in], i[j_in]])
    inner = np.concatenate([i[i_in], j[j_in]])
    order = np.lexsort((inner, outer))
    return outer[order], inner[order]
