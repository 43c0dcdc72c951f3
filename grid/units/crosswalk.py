"""Which cells of one grid lie in which cells of another, and with what share of their area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from gis.features import object_array
from grid.units.unit import GridUnit

#: Common ground smaller than this share of the smaller cell is noise of the survey.
NOISE = 1e-4


@dataclass(frozen=True)
class Overlap:
    """Cells of two grids and what they have in common, in units of the shapes squared.

    ``share_one`` is the common part's share of the first cell, ``share_two`` that of the second.
    """

    one: str
    two: str
    area: float
    share_one: float
    share_two: float


def crosswalk(one: Sequence[GridUnit], two: Sequence[GridUnit]) -> list[Overlap]:
    """Every pair of cells that have ground in common, by codes.

    Parameters
    ----------
    one, two
        Cells of two grids in one plane system.

    Examples
    --------
    >>> a = [GridUnit("unit", "120101003001001", shapely.box(0, 0, 2, 1), "120101003001")]
    >>> b = [GridUnit("duty", "AREA-0001", shapely.box(1, 0, 3, 1), "120101003001")]
    >>> [(o.one, o.two, o.share_one) for o in crosswalk(a, b)]
    [('120101003001001', 'AREA-0001', 0.5)]
    """
    if not one or not two:
        return []
    first, second = (object_array([u.shape for u in units]) for units in (one, two))
    left, right = shapely.STRtree(second).query(first, predicate="intersects")
    common = shapely.area(shapely.intersection(first[left], second[right]))
    size_one, size_two = shapely.area(first)[left], shapely.area(second)[right]
    real = common > NOISE * np.minimum(size_one, size_two)
    rows = zip(left[real], right[real], common[real], size_one[real], size_two[real], strict=True)
    found = [
        Overlap(one[a].code, two[b].code, float(c), float(c / s), float(c / t))
        for a, b, c, s, t in rows
    ]
    return sorted(found, key=lambda o: (o.one, o.two))


def main_cell(overlaps: Sequence[Overlap], code: str) -> str | None:
    """The cell of the second grid that holds most of a cell of the first; the smaller code on a tie."""
    own = [o for o in overlaps if o.one == code]
    return min(own, key=lambda o: (-o.area, o.two)).two if own else None
