"""Joining lines whose ends do not meet: within a stated tolerance, every move reported."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from scipy.spatial import cKDTree

from gis.errors import InvalidError
from underground.axes import BoolArray, FloatArray, IntArray, ObjectArray


@dataclass(frozen=True)
class Reconnection:
    """What joining the ends of n lines gave; ends are numbered 2 i (start) and 2 i + 1 (end).

    Attributes
    ----------
    node
        (2 n,) node of each end. With given nodes -1 is left open; without, every end has one,
        an end that met no other one of its own.
    place
        (k, 2) metres: where the nodes are.
    moved_m
        (2 n,) metres from each end to its node; 0 where it has none.
    second_m
        (2 n,) metres to the next candidate within the tolerance; NaN where there is none. Near
        `moved_m` the choice is doubtful.
    mid_span
        (2 n,) line on which an end lies in mid-span, -1 where none.
    """

    node: IntArray
    place: FloatArray
    moved_m: FloatArray
    second_m: FloatArray
    mid_span: IntArray

    @property
    def is_doubtful(self) -> BoolArray:
        """(2 n,) ends whose next candidate is less than half as far again as the chosen one."""
        second = np.where(np.isnan(self.second_m), np.inf, self.second_m)
        return np.asarray((self.node >= 0) & (second < 1.5 * self.moved_m), bool)


def snap_to_nodes(ends: FloatArray, nodes: FloatArray, tolerance_m: float) -> Reconnection:
    """Each end to the nearest of the given nodes within the tolerance.

    Parameters
    ----------
    ends
        (n, 2, 2) metres; NaN where unknown.
    nodes
        (k, 2) metres.

    Raises
    ------
    InvalidError
        The tolerance is not positive.

    Examples
    --------
    >>> ends = np.array([[[0.0, 0.1], [10.0, 3.0]]])
    >>> found = snap_to_nodes(ends, np.array([[0.0, 0.0], [10.0, 0.0]]), 1.0)
    >>> found.node.tolist(), found.moved_m.tolist()
    ([0, -1], [0.1, 0.0])
    """
    _check(tolerance_m)
    flat = ends.reshape(-1, 2)
    known = ~np.isnan(flat).any(axis=1)
    node = np.full(len(flat), -1, np.int64)
    moved, second = np.zeros(len(flat)), np.full(len(flat), np.nan)
    if len(nodes) and known.any():
        k = min(2, len(nodes))
        apart, at = cKDTree(nodes).query(flat[known], k=k, distance_upper_bound=tolerance_m)
        apart, at = apart.reshape(-1, k), at.reshape(-1, k)
        rows = np.flatnonzero(known)
        hit = np.isfinite(apart[:, 0])
        node[rows[hit]], moved[rows[hit]] = at[hit, 0], apart[hit, 0]
        if k > 1:
            also = np.isfinite(apart[:, 1])
            second[rows[also]] = apart[also, 1]
    return Reconnection(node, nodes, moved, second, np.full(len(flat), -1, np.int64))


def pinned(
    found: Reconnection, ends: FloatArray, line: int, node: int, tolerance_m: float
) -> Reconnection:
    """The same with the end of a line that is nearer to a node put there: a person knows better.

    Raises
    ------
    InvalidError
        The node is further away than the tolerance from both ends.

    Examples
    --------
    >>> ends = np.array([[[0.0, 0.1], [10.0, 3.0]]])
    >>> nodes = np.array([[0.0, 0.0], [0.0, 1.0], [10.0, 0.0]])
    >>> found = snap_to_nodes(ends, nodes, 4.0)
    >>> pinned(found, ends, 0, 1, 4.0).node.tolist()
    [1, 2]
    """
    apart = np.hypot(*(ends[line] - found.place[node]).T)
    side = int(np.argmin(np.where(np.isnan(apart), np.inf, apart)))
    if not apart[side] <= tolerance_m:
        raise InvalidError(
            "reconnect.pin_far",
            "指定的节点距线端 {got} m，超过容差 {expected} m",
            field="pin",
            got=None if np.isnan(apart[side]) else round(float(apart[side]), 3),
            expected=tolerance_m,
        )
    end = 2 * line + side
    to, moved, second = found.node.copy(), found.moved_m.copy(), found.second_m.copy()
    to[end], moved[end], second[end] = node, apart[side], np.nan
    return replace(found, node=to, moved_m=moved, second_m=second)


def join_ends(
    ends: FloatArray, tolerance_m: float, lines: ObjectArray | None = None
) -> Reconnection:
    """Ends that lie together become one node, at their middle.

    Pairs of ends are joined from the nearest on, as long as all ends of a node stay within the
    tolerance of each other and no line gets both of its ends at one node. An end that met no
    other and lies within the tolerance of a line joins that line in mid-span.

    Parameters
    ----------
    ends
        (n, 2, 2) metres; NaN where unknown.
    lines
        (n,) shapely lines in metres, for joints in mid-span; None looks for none.

    Raises
    ------
    InvalidError
        The tolerance is not positive.

    Examples
    --------
    >>> ends = np.array([[[0.0, 0.0], [9.8, 0.0]], [[10.0, 0.0], [20.0, 0.0]]])
    >>> found = join_ends(ends, 0.5)
    >>> found.node.tolist(), found.moved_m.round(2).tolist()
    ([0, 1, 1, 2], [0.0, 0.1, 0.1, 0.0])
    """
    _check(tolerance_m)
    flat = ends.reshape(-1, 2)
    groups, second = _grouped(flat, tolerance_m)
    node = np.unique(groups, return_inverse=True)[1].reshape(-1)
    first = np.full(int(node.max(initial=-1)) + 1, len(flat), np.int64)
    np.minimum.at(first, node, np.arange(len(flat)))
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    node = rank[node]
    count = np.bincount(node)
    sums = np.column_stack([np.bincount(node, np.nan_to_num(flat[:, k])) for k in range(2)])
    place = np.asarray(sums / count[:, None], np.float64)
    place[node[np.isnan(flat).any(axis=1)]] = np.nan
    moved = np.hypot(*(flat - place[node]).T)
    mid_span = np.full(len(flat), -1, np.int64)
    if lines is not None:
        _mid_spans(flat, count[node] == 1, lines, tolerance_m, mid_span, moved)
    return Reconnection(node, place, np.nan_to_num(moved), second, mid_span)


def _check(tolerance_m: float) -> None:
    if not (np.isfinite(tolerance_m) and tolerance_m > 0):
        raise InvalidError(
            "reconnect.tolerance",
            "容差应大于 0，得到 {got} m",
            field="tolerance",
            got=tolerance_m if np.isfinite(tolerance_m) else str(tolerance_m),
        )


def _grouped(flat: FloatArray, tolerance: float) -> tuple[IntArray, FloatArray]:
    """(2 n,) group of each end, and metres to the nearest end that did not come into it."""
    known = np.flatnonzero(~np.isnan(flat).any(axis=1))
    group = np.arange(len(flat))
    second = np.full(len(flat), np.nan)
    if len(known) < 2:
        return group, second
    pairs = cKDTree(flat[known]).query_pairs(tolerance, output_type="ndarray")
    a, b = known[pairs[:, 0]], known[pairs[:, 1]]
    apart = np.hypot(*(flat[a] - flat[b]).T)
    order = np.lexsort((np.maximum(a, b), np.minimum(a, b), apart))
    members: dict[int, list[int]] = {}
    for p, q in zip(a[order].tolist(), b[order].tolist(), strict=True):
        one, two = int(group[p]), int(group[q])
        if one == two:
            continue
        left, right = members.get(one, [one]), members.get(two, [two])
        if _fit(flat, left, right, tolerance):
            both = left + right
            group[both] = one
            members[one] = both
            members.pop(two, None)
    other = group[a] != group[b]
    for p, q, d in zip(a[other].tolist(), b[other].tolist(), apart[other].tolist(), strict=True):
        second[p], second[q] = np.fmin(second[p], d), np.fmin(second[q], d)
    return group, second


def _fit(flat: FloatArray, left: list[int], right: list[int], tolerance: float) -> bool:
    """Whether two groups may become one."""
    lines = {end // 2 for end in left}
    if any(end // 2 in lines for end in right):
        return False
    apart = flat[left][:, None] - flat[right][None]
    return bool((np.hypot(apart[..., 0], apart[..., 1]) <= tolerance).all())


def _mid_spans(
    flat: FloatArray,
    alone: BoolArray,
    lines: ObjectArray,
    tolerance: float,
    mid_span: IntArray,
    moved: FloatArray,
) -> None:
    loose = np.flatnonzero(alone & ~np.isnan(flat).any(axis=1))
    if not len(loose):
        return
    spots = shapely.points(flat[loose])
    which, line = shapely.STRtree(lines).query(spots, predicate="dwithin", distance=tolerance)
    keep = loose[which] // 2 != line
    which, line = which[keep], line[keep]
    apart = shapely.distance(spots[which], lines[line])
    order = np.lexsort((line, apart, which))
    first = np.unique(which[order], return_index=True)[1]
    best = order[first]
    mid_span[loose[which[best]]] = line[best]
    moved[loose[which[best]]] = apart[best]
