"""Unit grid cells (单元网格): numbering, lookup on a coverage, neighbours.

Numbers run from west to east and from north to south inside a community. Whether a grid keeps
the rules is checked by `grid.units.check`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.errors import InvalidError
from gis.features import IntArray, ObjectArray


def numbering_order(points: npt.NDArray[np.float64], row_height: float) -> IntArray:
    """Positions of `points` in the order in which their cells are numbered.

    Parameters
    ----------
    points
        (n, 2) x east, y north; inner points of the cells, any unit.
    row_height
        Height of a row in the same unit. A row starts at its northernmost point and takes
        every point less than this below; inside a row the order is from west to east.

    Returns
    -------
    ndarray of int64
        (n,); points that agree in x keep the order from north to south, then the given one.

    Raises
    ------
    InvalidError
        When `row_height` is not positive.

    Examples
    --------
    >>> numbering_order(np.array([[2.0, 0.0], [1.0, 0.1], [5.0, 9.0]]), 1.0).tolist()
    [2, 1, 0]
    """
    if not row_height > 0:
        raise InvalidError(
            "grid.row_height", "行高应大于 0：{got}", field="row_height", got=row_height
        )
    out: list[int] = []
    row: list[int] = []
    top = np.inf
    for at in np.lexsort((points[:, 0], -points[:, 1])).tolist():
        if row and top - points[at, 1] >= row_height:
            out += sorted(row, key=lambda i: points[i, 0])
            row = []
        if not row:
            top = points[at, 1]
        row.append(at)
    out += sorted(row, key=lambda i: points[i, 0])
    return np.array(out, np.int64)


class CoverageLookup:
    """Which polygon of a coverage holds a point; on a shared border the smaller code.

    Parameters
    ----------
    codes
        (n,) codes, distinct.
    polygons
        (n,) shapely polygons in one CRS.
    """

    def __init__(self, codes: Sequence[str], polygons: Sequence[Any] | ObjectArray) -> None:
        order = np.argsort(np.asarray(codes, dtype=str), kind="stable")
        self.codes = np.array(codes, dtype=object)[order]
        self.polygons = np.asarray(polygons, dtype=object)[order]
        shapely.prepare(self.polygons)
        self._tree = shapely.STRtree(self.polygons)

    def __len__(self) -> int:
        return len(self.codes)

    def rows_at(self, points: ObjectArray) -> IntArray:
        """(n,) positions in ``codes`` of the polygons that hold the points, -1 for none.

        Polygons are closed: a point on the border of two belongs to the smaller code.
        """
        out = np.full(len(points), len(self), np.int64)
        which, row = self._tree.query(points, predicate="intersects")
        np.minimum.at(out, which, row)
        out[out == len(self)] = -1
        return out

    def codes_at(self, points: ObjectArray) -> ObjectArray:
        """(n,) codes of the polygons that hold the points, '' for none."""
        found = np.append(self.codes, "")
        out: ObjectArray = found[self.rows_at(points)]
        return out

    def code_at(self, x: float, y: float) -> str | None:
        """Code of the polygon that holds the point, or None."""
        row = int(self.rows_at(np.array([shapely.Point(x, y)], dtype=object))[0])
        return None if row < 0 else str(self.codes[row])


def neighbours(polygons: Sequence[Any] | ObjectArray, least: float = 0.0) -> IntArray:
    """(m, 2) positions of polygons that share more than `least` of border, each pair once.

    Parameters
    ----------
    polygons
        (n,) polygons of a coverage in one plane system; those that touch in a point only are no
        neighbours.

    Examples
    --------
    >>> neighbours([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(2, 1, 3, 2)])
    array([[0, 1]])
    """
    shapes = np.asarray(polygons, dtype=object)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pair = left < right
    left, right = left[pair], right[pair]
    common = shapely.length(shapely.intersection(shapes[left], shapes[right]))
    found = np.stack([left, right], axis=1)[common > least]
    ordered: IntArray = found[np.lexsort((found[:, 1], found[:, 0]))].astype(np.int64)
    return ordered
