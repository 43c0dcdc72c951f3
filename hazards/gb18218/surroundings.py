"""Residents within 500 m outside of a plant's fence: what alpha is taken for.

The distance runs from the *boundary polygon* and not from a tank. Who lives inside the fence does
not count. A building that the 500 m line or the fence cuts counts by the share of its footprint;
beside the number stand the bounds of that rule.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from gis.errors import InvalidError

DISTANCE_M = 500.0
#: Segments of a quarter circle; the line comes within 0.008 % of the distance.
_QUARTER = 64
_SLIVER = 1e-9


@dataclass(frozen=True)
class Residents:
    """Residents near a fence.

    Attributes
    ----------
    people
        Whole people: area shares summed and rounded up, so that a part of a person is one.
    least, most
        Of the buildings wholly within, and of all that are touched.
    unknown
        Buildings touched whose residents nobody knows.
    buildings
        Buildings touched.
    """

    people: int
    least: int
    most: int
    unknown: int
    buildings: int

    @property
    def is_unknown(self) -> bool:
        """Whether something stands there and nobody knows of any resident: then nought is no count."""
        return self.people == 0 and self.unknown > 0


def residents_outside(
    boundary: shapely.Geometry,
    buildings: npt.NDArray[np.object_],
    residents: npt.NDArray[np.float64],
    distance_m: float = DISTANCE_M,
) -> Residents:
    """Count residents outside of a boundary and within a distance of it.

    Parameters
    ----------
    boundary
        Polygon or multipolygon of the enterprise, in metres of a metric system.
    buildings
        (n,) valid polygons in the same system.
    residents
        (n,) people of each building; NaN where unknown.

    Raises
    ------
    InvalidError
        ``gb18218.bad_boundary`` when the boundary is no valid polygon with an area;
        ``gb18218.bad_residents`` when a number is negative or infinite, or there are not as many
        numbers as buildings.

    Examples
    --------
    >>> fence = shapely.box(0, 0, 100, 100)
    >>> houses = np.array([shapely.box(300, 0, 310, 10), shapely.box(40, 40, 50, 50)])
    >>> residents_outside(fence, houses, np.array([12.0, 7.0])).people
    12
    """
    _check(boundary, len(buildings), residents)
    zone = shapely.difference(boundary.buffer(distance_m, quad_segs=_QUARTER), boundary)
    shapely.prepare(zone)
    near = np.flatnonzero(shapely.intersects(zone, buildings))
    areas = shapely.area(buildings[near])
    held = shapely.area(shapely.intersection(zone, buildings[near]))
    share = np.divide(held, areas, out=np.zeros_like(held), where=areas > 0)
    touched = share > _SLIVER
    share, people = share[touched], residents[near][touched]
    known = ~np.isnan(people)
    share, people = share[known], people[known]
    whole = share >= 1.0 - _SLIVER
    return Residents(
        people=math.ceil(float((share * people).sum()) - 1e-6),
        least=math.floor(float(people[whole].sum()) + 1e-6),
        most=math.ceil(float(people.sum()) - 1e-6),
        unknown=int((~known).sum()),
        buildings=len(known),
    )


def _check(boundary: shapely.Geometry, count: int, residents: npt.NDArray[np.float64]) -> None:
    kinds = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
    is_area = shapely.get_type_id(boundary) in kinds and not boundary.is_empty
    if not is_area or not boundary.is_valid or not boundary.area > 0:
        raise InvalidError(
            "gb18218.bad_boundary",
            "厂界应为有效的面，得到 {got}",
            field="boundary",
            got=getattr(boundary, "geom_type", None),
            hint="以企业厂界的面为准，不用储罐的点",
        )
    if len(residents) != count or np.isinf(residents).any() or (residents < 0).any():
        raise InvalidError(
            "gb18218.bad_residents", "每栋建筑应有一个非负人数，未知为空", field="residents"
        )
