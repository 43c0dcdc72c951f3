"""What cells may be divided along: lines with a strength, in metres, and buildings to be kept whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from gis.errors import GeometryError
from gis.features import IntArray, ObjectArray, object_array
from grid.partition.frontage import frontage_links

#: Strength of a line: how much it separates. Roads of an unknown class count as weak.
ROAD_STRENGTH = {
    "motorway": 5,
    "trunk": 5,
    "primary": 5,
    "secondary": 5,
    "tertiary": 4,
    "residential": 4,
    "rail": 4,
    "pedestrian": 3,
    "service": 2,
    "footway": 1,
    "cycleway": 1,
    "other": 1,
}
#: Tags of OpenStreetMap that are not classes of the road layer.
ROAD_STRENGTH |= {
    "motorway_link": 4,
    "trunk_link": 4,
    "primary_link": 4,
    "secondary_link": 4,
    "tertiary_link": 4,
    "unclassified": 4,
    "living_street": 4,
    "track": 1,
    "path": 1,
    "steps": 1,
    "bridleway": 1,
}
WATER_STRENGTH = 5
PARCEL_STRENGTH = 2
#: From this strength on a line bounds a block; weaker ones only divide a block that is too large.
STRONG = 3
#: A line between buildings that follows nothing on the ground.
FREE = 0


@dataclass(frozen=True)
class Ground:
    """The ground to be divided.

    Attributes
    ----------
    areas, owners
        (k,) polygons to be covered, and the community to which each belongs: no cell lies in two
        communities.
    lines, strengths
        (n,) lines and their strengths, 1 to 5.
    buildings
        (m,) polygons that no border may cut.

    links
        (l,) lines that follow nothing on the ground, but make better shapes than none.

    All in one metric reference system.
    """

    areas: ObjectArray
    owners: IntArray
    lines: ObjectArray
    strengths: IntArray
    buildings: ObjectArray = field(default_factory=lambda: np.empty(0, dtype=object))
    links: ObjectArray = field(default_factory=lambda: np.empty(0, dtype=object))


def ground_of(
    areas: Sequence[Any] | ObjectArray,
    roads: Sequence[Any] | ObjectArray = (),
    road_strengths: Sequence[int] | IntArray = (),
    water: Sequence[Any] | ObjectArray = (),
    parcels: Sequence[Any] | ObjectArray = (),
    buildings: Sequence[Any] | ObjectArray = (),
) -> Ground:
    """The ground of layers: lines of roads, shores, outlines of parcels, buildings.

    Parameters
    ----------
    areas
        Polygons to be divided, such as communities; they may border on each other, and one may
        have several parts.
    roads, road_strengths
        Lines, and a strength for each.
    water, parcels
        Polygons (their outlines count) or lines.

    Raises
    ------
    GeometryError
        ``grid.bad_area`` when an area is no valid polygon or there is none.
    """
    wanted = object_array(areas)
    for area in wanted.tolist() or [None]:
        if area is None or area.is_empty or not area.is_valid or _dimension(area) != 2:
            raise GeometryError(
                "grid.bad_area",
                "要划分的范围应为有效的面，得到 {got}",
                field="area",
                got=None if area is None else area.geom_type,
            )
    lines = [object_array(roads)]
    strengths = [np.asarray(road_strengths, np.int64)]
    for shapes, strength in ((water, WATER_STRENGTH), (parcels, PARCEL_STRENGTH)):
        outlines = _outlines(object_array(shapes))
        lines.append(outlines)
        strengths.append(np.full(len(outlines), strength, np.int64))
    every, owner = shapely.get_parts(np.concatenate(lines), return_index=True)
    keep = (shapely.get_dimensions(every) == 1) & ~shapely.is_empty(every)
    houses = shapely.get_parts(object_array(buildings))
    sound = shapely.make_valid(houses[shapely.get_dimensions(houses) == 2])
    houses = shapely.get_parts(sound)
    houses = houses[(shapely.get_dimensions(houses) == 2) & (shapely.area(houses) > 1.0)]
    kept, known = every[keep], np.concatenate(strengths)[owner][keep]
    lots = shapely.get_parts(shapely.make_valid(object_array(parcels)))
    links = frontage_links(lots, kept, known, STRONG)
    parts, community = shapely.get_parts(wanted, return_index=True)
    return Ground(parts, community.astype(np.int64), kept, known, houses, links)


def _dimension(shape: Any) -> int:
    return int(shapely.get_dimensions(shape)) if shape.geom_type.endswith("Polygon") else -1


def _outlines(shapes: ObjectArray) -> ObjectArray:
    """Outlines of polygons; lines as they are."""
    if not len(shapes):
        return shapes
    areal = shapely.get_dimensions(shapes) == 2
    out: ObjectArray = np.where(areal, shapely.boundary(shapes), shapes)
    return out
