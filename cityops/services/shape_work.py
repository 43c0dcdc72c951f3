"""Work on shapes that people draw: read, checked, cut; the dear part of it goes where it can be ended.

No bound on vertices says how long an overlay takes: two combs of a few thousand corners take
minutes and gigabytes. So what may be dear is handed to a `Bench`, which bounds time and memory;
what cannot be dear is done here.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis.features import ObjectArray
from gis.geometry import Limits, Rules, parse_geojson_geometry
from gis.layers import GeometryKind

#: Corners that a polygon drawn by a person may have.
MAX_POLYGON_VERTICES = 20_000
#: What a drawn polygon may be: nothing larger is even built.
DRAWN = Rules(kind=GeometryKind.POLYGON, limits=Limits(vertices=MAX_POLYGON_VERTICES, parts=2_000))
#: Up to so many corners a polygon is checked on the spot: the worst take about 0.1 s.
CHEAP_VERTICES = 2_000
#: Corners of one shape times corners of a polygon, and the same summed over all shapes, up to which
#: an overlay is made on the spot. 300 x 300 corners of two combs take 0.3 s and 80 MB.
CHEAP_PAIR, CHEAP_PAIRS = 100_000, 1_000_000


class Bench(Protocol):
    """Does work on shapes within bounds on time and memory."""

    def drawn(self, value: Any) -> BaseGeometry:
        """The polygon of a GeoJSON object, checked against `DRAWN`.

        Raises
        ------
        GeometryError
            With every fault, or ``geometry.too_expensive``.
        UnavailableError
            When too much is being worked on.
        """

    def overlay(self, shapes: ObjectArray, polygon: BaseGeometry) -> ObjectArray:
        """(n,) parts of shapes within a polygon. Raises as `drawn`."""


class Unbounded:
    """The same without bounds, for programs of one person."""

    def drawn(self, value: Any) -> BaseGeometry:
        """As `Bench.drawn`."""
        return parse_geojson_geometry(value, DRAWN)

    def overlay(self, shapes: ObjectArray, polygon: BaseGeometry) -> ObjectArray:
        """As `Bench.overlay`."""
        return np.asarray(shapely.intersection(shapes, polygon), dtype=object)


def is_cheap_to_read(value: Any) -> bool:
    """Whether a GeoJSON object has few corners, whatever else is wrong with it.

    Examples
    --------
    >>> is_cheap_to_read({"type": "Polygon", "coordinates": [[[117, 39]] * 2000]})
    True
    >>> is_cheap_to_read({"type": "Polygon", "coordinates": [[[117, 39]] * 2001]})
    False
    """
    found, stack = 0, [value]
    while stack and found <= CHEAP_VERTICES:
        at = stack.pop()
        if isinstance(at, dict):
            stack += [at.get("coordinates"), at.get("geometries")]
        elif isinstance(at, list | tuple):
            if len(at) > CHEAP_VERTICES or _is_position(at) or (at and _is_position(at[0])):
                found += len(at)
            else:
                stack += at
    return found <= CHEAP_VERTICES


def _is_position(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and isinstance(value[0], int | float)


def is_cheap_to_cut(shapes: ObjectArray, polygon: BaseGeometry) -> bool:
    """Whether no overlay of these shapes with the polygon can take long."""
    corners = int(shapely.get_num_coordinates(polygon))
    sizes = shapely.get_num_coordinates(shapes)
    most = int(sizes.max(initial=0)), int(sizes.sum())
    return most[0] * corners <= CHEAP_PAIR and most[1] * corners <= CHEAP_PAIRS
