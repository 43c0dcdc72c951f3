"""Which pieces of two long pipes may come closest, cross or overlap: the others need no look."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from gis.index import SpatialIndex
from underground.axes import FloatArray, IntArray
from underground.clearance.bodies import Solids


def candidate_pieces(a: Solids, row_a: int, b: Solids, row_b: int) -> tuple[IntArray, IntArray]:
    """Pairs of pieces (by number) of two pipes, by the first and then the second.

    The distance of the nearest two vertices bounds that of the axes, in plan and in space; bodies
    may be nearer than axes by their radii. Pairs whose boxes are further apart in plan than this
    bound can hold neither the least gap, nor a crossing, nor an overlap of outlines.

    Examples
    --------
    >>> import shapely
    >>> from underground.axes import axes_of
    >>> from underground.clearance.bodies import round_solids
    >>> places = np.column_stack([np.arange(100.0), np.zeros(100), np.zeros(100)])
    >>> lines = [shapely.LineString(places), shapely.LineString(places + [99.0, 1.0, 0.0])]
    >>> pipes = round_solids(axes_of(lines), 0.2)
    >>> [v.tolist() for v in candidate_pieces(pipes, 0, pipes, 1)]
    [[97, 98, 98], [99, 99, 100]]
    """
    at_a, at_b = _vertices(a, row_a), _vertices(b, row_b)
    plan = float(cKDTree(at_b[:, :2]).query(at_a[:, :2])[0].min())
    reach = plan
    if not (np.isnan(at_a).any() or np.isnan(at_b).any()):
        reach = float(cKDTree(at_b).query(at_a)[0].min())
    reach = max(reach + 2 * (_radius(a, row_a) + _radius(b, row_b)), plan) + 1e-6
    boxes_a, boxes_b = _boxes(at_a), _boxes(at_b)
    grown = boxes_a + np.array([-reach, -reach, reach, reach])
    first, second = SpatialIndex.build(boxes_b).windows(grown)
    apart = np.maximum(boxes_a[first, :2] - boxes_b[second, 2:], 0)
    apart = np.maximum(apart, boxes_b[second, :2] - boxes_a[first, 2:])
    near = np.hypot(apart[:, 0], apart[:, 1]) <= reach
    first, second = first[near], second[near]
    return first + int(a.axes.first[row_a]) - row_a, second + int(b.axes.first[row_b]) - row_b


def _vertices(solids: Solids, row: int) -> FloatArray:
    return solids.axes.xyz[solids.axes.first[row] : solids.axes.first[row + 1]]


def _radius(solids: Solids, row: int) -> float:
    """More than a body reaches beyond its axis, mitres included; 0 where the size is unknown."""
    return float(np.nan_to_num(np.hypot(solids.width[row], solids.height[row])))


def _boxes(at: FloatArray) -> FloatArray:
    low, high = np.minimum(at[:-1, :2], at[1:, :2]), np.maximum(at[:-1, :2], at[1:, :2])
    return np.hstack([low, high])
