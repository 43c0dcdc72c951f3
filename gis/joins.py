"""Joins of many shapes with many: pairs of row numbers, ordered, ties by the smaller number.

Candidates come from the packed trees of both sides, exact tests run on the candidates alone,
chunk by chunk so that memory stays bounded, and on two threads where the test lets go of
Python's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.features import IntArray, ObjectArray
from gis.index import SpatialIndex, sorted_pairs
from gis.ragged import FloatArray, Ragged

#: Points joined at once, and pairs of shapes tested at once.
POINTS_AT_ONCE = 200_000
PAIRS_AT_ONCE = 50_000
_THREADS = 2
Pairs = tuple[IntArray, IntArray]


def points_in_polygons(xy: npt.ArrayLike, polygons: Ragged, index: SpatialIndex) -> Pairs:
    """Pairs (point, polygon) that touch, exactly, by point and then polygon.

    Parameters
    ----------
    xy
        (n, 2) positions in the CRS of the polygons.
    polygons
        The shapes of the index's ids.
    index
        Of the polygons' boxes.

    Raises
    ------
    InvalidError
        When a coordinate is NaN or infinite.

    Examples
    --------
    >>> from gis.layers import GeometryKind
    >>> cells = Ragged.from_shapely(GeometryKind.POLYGON, shapely.box([0, 1], 0, [1, 2], 1))
    >>> rows, found = points_in_polygons([[0.5, 0.5], [1, 0.5]], cells,
    ...     SpatialIndex.build(cells.bounds()))
    >>> rows.tolist(), found.tolist()
    ([0, 1, 1], [0, 0, 1])
    """
    points = np.ascontiguousarray(xy, dtype=np.float64).reshape(-1, 2)
    found = []
    for start in range(0, len(points), POINTS_AT_ONCE):
        rows, ids = index.contains_many(points[start : start + POINTS_AT_ONCE], polygons)
        found.append((rows + start, ids))
    return _together(found)


def first_polygon(pairs: Pairs, points: int, rank: npt.NDArray[Any] | None = None) -> IntArray:
    """(points,) one polygon for each point, -1 where there is none.

    Parameters
    ----------
    pairs
        From :func:`points_in_polygons`.
    points
        How many points were joined.
    rank
        (m,) order of the polygons' keys: of several that touch, as on a shared border, the one
        of the smallest rank is taken. Without it the one of the smallest number.

    Examples
    --------
    >>> first_polygon((np.array([0, 0, 2]), np.array([4, 7, 1])), 3).tolist()
    [4, -1, 1]
    """
    rows, ids = pairs
    out = np.full(points, -1, np.int64)
    if rank is not None:
        order = np.lexsort((rank[ids], rows))
        rows, ids = rows[order], ids[order]
    # Assigned from the last to the first, so that the first of each point stays.
    out[rows[::-1]] = ids[::-1]
    return out


def key_rank(keys: ObjectArray) -> IntArray:
    """(n,) place of each key in their order, for :func:`first_polygon`.

    Examples
    --------
    >>> key_rank(np.array(["b", "a"], object)).tolist()
    [1, 0]
    """
    out = np.empty(len(keys), np.int64)
    out[np.argsort(keys, kind="stable")] = np.arange(len(keys))
    return out


def touching_pairs(left: Ragged, right: Ragged, index: SpatialIndex) -> Pairs:
    """Pairs (left, right) of shapes that touch, exactly, by left and then right.

    Parameters
    ----------
    left, right
        Points, lines or polygons in one CRS; a missing geometry touches nothing.
    index
        Of the boxes of `right`.
    """

    def test(a: ObjectArray, b: ObjectArray) -> npt.NDArray[np.bool_]:
        return np.asarray(shapely.intersects(a, b))

    return _tested(left, right, _candidates(left.bounds(), index), test)


def near_pairs(left: Ragged, right: Ragged, index: SpatialIndex, distance: float) -> Pairs:
    """Pairs (left, right) within `distance` in the units of the CRS, by left and then right.

    The shapes must be in a metric CRS for `distance` to be metres.
    """

    def test(a: ObjectArray, b: ObjectArray) -> npt.NDArray[np.bool_]:
        return np.asarray(shapely.dwithin(a, b, distance))

    grown = left.bounds() + np.array([-distance, -distance, distance, distance])
    return _tested(left, right, _candidates(grown, index), test)


def _candidates(boxes: FloatArray, index: SpatialIndex) -> Pairs:
    placed = np.flatnonzero(~np.isnan(boxes[:, 0]))
    rows, ids = index.windows(boxes[placed])
    return placed[rows], ids


def _tested(
    left: Ragged,
    right: Ragged,
    pairs: Pairs,
    test: Callable[[ObjectArray, ObjectArray], npt.NDArray[np.bool_]],
) -> Pairs:
    def kept(part: slice) -> Pairs:
        rows, ids = pairs[0][part], pairs[1][part]
        touches = test(_shared(left, rows), _shared(right, ids))
        return rows[touches], ids[touches]

    parts = list(_parts(len(pairs[0])))
    if len(parts) < 2:
        return _together([kept(part) for part in parts])
    with ThreadPoolExecutor(_THREADS) as pool:
        return _together(list(pool.map(kept, parts)))


def _shared(shapes: Ragged, rows: IntArray) -> ObjectArray:
    """Shapely geometries of rows, each row made once and prepared."""
    distinct, back = np.unique(rows, return_inverse=True)
    made = shapes.shapes(distinct)
    if len(distinct) < len(rows):
        shapely.prepare(made)
    return made[back]


def _parts(total: int) -> Iterator[slice]:
    return (slice(start, start + PAIRS_AT_ONCE) for start in range(0, total, PAIRS_AT_ONCE))


def _together(found: list[Pairs]) -> Pairs:
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    rows = np.concatenate([rows for rows, _ in found])
    return sorted_pairs(rows, np.concatenate([ids for _, ids in found]))
