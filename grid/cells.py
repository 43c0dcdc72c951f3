"""Unit grid cells (单元网格): numbering, lookup on a coverage, and the checks of a division.

Rules: numbers run from west to east and from north to south inside a community; cells of a
community cover it without gap or overlap; a cell lies in one community only. "Without" means
within a tolerance, for no survey is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.errors import InvalidError
from gis.features import IntArray, ObjectArray
from grid.codes import parse_cell_code

#: Gaps and overlaps below either measure are no fault.
AREA_TOLERANCE_M2 = 0.01
WIDTH_TOLERANCE_M = 0.001


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


class FaultKind(StrEnum):
    """What can be wrong with a division into cells."""

    GAP = "gap"
    OVERLAP = "overlap"
    OUTSIDE = "outside"
    BAD_CODE = "bad_code"
    DUPLICATE_CODE = "duplicate_code"
    FOREIGN_CODE = "foreign_code"
    ORDER = "order"


@dataclass(frozen=True)
class CellFault:
    """One fault: its kind, the cells it is about, its size in m² (0 where it has none)."""

    kind: FaultKind
    codes: tuple[str, ...]
    area_m2: float = 0.0
    where: tuple[float, float] | None = None


def check_codes(codes: Sequence[str], community: str) -> list[CellFault]:
    """Faults of the cell codes of one community: form, duplicates, codes of other communities.

    Examples
    --------
    >>> [f.kind.value for f in check_codes(["120101003001001", "12"], "120101003001")]
    ['bad_code']
    """
    faults: list[CellFault] = []
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            faults.append(CellFault(FaultKind.DUPLICATE_CODE, (code,)))
        seen.add(code)
        try:
            parsed = parse_cell_code(code)
        except InvalidError:
            faults.append(CellFault(FaultKind.BAD_CODE, (code,)))
            continue
        if parsed.community != community:
            faults.append(CellFault(FaultKind.FOREIGN_CODE, (code,)))
    return faults


def check_numbering(
    codes: Sequence[str], points: npt.NDArray[np.float64], row_height: float
) -> list[CellFault]:
    """Cells whose number is not the one that west-to-east, north-to-south order gives them.

    Parameters
    ----------
    codes
        (n,) 15-digit codes of one community.
    points
        (n, 2) inner points of the cells; `row_height` as in :func:`numbering_order`.
    """
    by_place = [codes[i] for i in numbering_order(points, row_height).tolist()]
    pairs = zip(by_place, sorted(codes), strict=True)
    return [CellFault(FaultKind.ORDER, (got, want)) for got, want in pairs if got != want]


def check_coverage(
    codes: Sequence[str], cells: Sequence[Any] | ObjectArray, community: Any
) -> list[CellFault]:
    """Gaps, overlaps and overhangs of the cells of one community.

    Parameters
    ----------
    codes, cells
        (n,) codes and polygons.
    community
        Polygon that the cells must cover.

    Both are in one metric CRS. What is smaller than 0.01 m² or narrower than 1 mm is no fault.
    """
    polygons = np.asarray(cells, dtype=object)
    faults = _overlaps(codes, polygons)
    union = shapely.union_all(polygons)
    for part in _significant(shapely.difference(community, union)):
        faults.append(CellFault(FaultKind.GAP, (), float(part.area), _place(part)))
    for code, cell in zip(codes, polygons, strict=True):
        for part in _significant(shapely.difference(cell, community)):
            faults.append(CellFault(FaultKind.OUTSIDE, (code,), float(part.area), _place(part)))
    return faults


def _overlaps(codes: Sequence[str], polygons: ObjectArray) -> list[CellFault]:
    left, right = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    first = left < right
    faults = []
    for a, b in zip(left[first].tolist(), right[first].tolist(), strict=True):
        for part in _significant(shapely.intersection(polygons[a], polygons[b])):
            pair = tuple(sorted((codes[a], codes[b])))
            faults.append(CellFault(FaultKind.OVERLAP, pair, float(part.area), _place(part)))
    return faults


def _significant(shape: Any) -> list[Any]:
    parts = shapely.get_parts(shape)
    areas = shapely.area(parts)
    # A sliver's mean width is its area over half of its outline.
    widths = 2 * areas / np.maximum(shapely.length(parts), 1e-12)
    return list(parts[(areas >= AREA_TOLERANCE_M2) & (widths >= WIDTH_TOLERANCE_M)])


def _place(shape: Any) -> tuple[float, float]:
    point = shapely.point_on_surface(shape)
    return float(point.x), float(point.y)
