"""Where a map has anything: an area to be divided when nobody drew one."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from gis.errors import GeometryError
from gis.features import ObjectArray, object_array

#: Gaps up to twice this are bridged, metres.
BRIDGE_M = 25.0
#: The rim is drawn in by so much, so that streets at it run through it and do not end on it.
RIM_M = 8.0


def mapped_extent(*shapes: ObjectArray) -> Any:
    """The largest connected ground that lines and polygons cover, as one polygon without holes.

    Parameters
    ----------
    shapes
        Arrays of geometries in metres.

    Raises
    ------
    GeometryError
        ``grid.nothing_mapped`` when there is nothing.
    """
    every = object_array([s for array in shapes for s in array])
    wide = shapely.buffer(shapely.make_valid(every), 3.0, quad_segs=2) if len(every) else every
    whole = shapely.union_all(wide)
    whole = shapely.buffer(shapely.buffer(whole, BRIDGE_M), -BRIDGE_M - RIM_M)
    parts = shapely.get_parts(whole)
    if not len(parts):
        raise GeometryError("grid.nothing_mapped", "图上没有可据以划分的内容", field="area")
    largest = parts[int(np.argmax(shapely.area(parts)))]
    return shapely.Polygon(largest.exterior)
