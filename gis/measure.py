"""Lengths, areas and distances of stored shapes (EPSG:4490), in metres.

Two ways: on the ellipsoid (`length_m`, `area_m2`: right everywhere, geodesic
edges), and in the plane of a `LocalFrame` around a place (`distances_m`: exact
shape to shape near the place, error as stated there).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod

from gis.frame import A_M, F, LocalFrame, Shapes

FloatArray = npt.NDArray[np.float64]


@lru_cache(maxsize=1)
def _ellipsoid() -> Geod:
    return Geod(a=A_M, f=F)


def length_m(geometries: Shapes) -> FloatArray:
    """Geodesic lengths in metres.

    Parameters
    ----------
    geometries
        (n,) shapely geometries in EPSG:4490. Of polygons the boundary is measured, holes included.

    Returns
    -------
    (n,) metres; 0 for points and empty shapes, NaN for None.

    Examples
    --------
    >>> length_m([shapely.LineString([(0, 0), (0, 1)])]).round(3).tolist()
    [110574.389]
    """
    shapes = np.array(geometries, dtype=object, ndmin=1)
    coords, piece, owner = _pieces(shapes)
    total = np.zeros(len(shapes))
    if len(coords) > 1:
        a, b = coords[:-1], coords[1:]
        _, _, step = _ellipsoid().inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
        step = np.where(piece[:-1] == piece[1:], step, 0.0)
        total += np.bincount(owner[piece[:-1]], weights=step, minlength=len(shapes))
    total[shapely.is_missing(shapes)] = np.nan
    return total


def area_m2(geometries: Shapes) -> FloatArray:
    """Geodesic areas in square metres, holes taken off.

    Parameters
    ----------
    geometries
        (n,) shapely geometries in EPSG:4490; the direction of rings does not count.

    Returns
    -------
    (n,) square metres, never negative; 0 for points, lines and empty shapes, NaN for None.

    Examples
    --------
    >>> area_m2([shapely.box(0, 0, 1, 1)]).round(0).tolist()
    [12308778361.0]
    """
    shapes = np.array(geometries, dtype=object, ndmin=1)
    total = np.zeros(len(shapes))
    parts, owner = shapely.get_parts(shapes, return_index=True)
    inner, inner_owner = shapely.get_parts(parts, return_index=True)
    for part, row in zip(inner, owner[inner_owner], strict=True):
        if part.geom_type == "Polygon":
            total[row] += _ring_m2(part.exterior) - sum(_ring_m2(hole) for hole in part.interiors)
    total[shapely.is_missing(shapes)] = np.nan
    return total


def distances_m(geometries: Shapes, lon: float, lat: float) -> FloatArray:
    """Distances in metres from a place to shapes near it; 0 within a polygon.

    Parameters
    ----------
    geometries
        (n,) shapely geometries in EPSG:4490. Edges are straight in the local frame.
    lon, lat
        The place, degrees.

    Returns
    -------
    (n,) metres, NaN for None and empty shapes. Too long by at most ``LocalFrame.scale_error``.

    Raises
    ------
    CrsError
        The place is not on the earth or at a pole.

    Examples
    --------
    >>> distances_m([shapely.Point(117.21, 39.13)], 117.2, 39.13).round(2).tolist()
    [864.68]
    """
    frame = LocalFrame(lon, lat)
    shapes = frame.project_geometry(geometries)
    return np.asarray(shapely.distance(shapes, shapely.Point(0.0, 0.0)), np.float64)


def distance_between_m(a: Shapes, b: Shapes, frame: LocalFrame) -> FloatArray:
    """Distances in metres from shape to shape, pair by pair, in a frame near both.

    Parameters
    ----------
    a, b
        (n,) shapely geometries in EPSG:4490.
    frame
        A frame whose place is near both; see there for the error.

    Examples
    --------
    >>> frame = LocalFrame(117.2, 39.13)
    >>> p, q = shapely.Point(117.2, 39.13), shapely.Point(117.2, 39.14)
    >>> distance_between_m([p], [q], frame).round(2).tolist()
    [1110.18]
    """
    return np.asarray(
        shapely.distance(frame.project_geometry(a), frame.project_geometry(b)), np.float64
    )


def _ring_m2(ring: shapely.LinearRing) -> float:
    coords = shapely.get_coordinates(ring)
    return abs(float(_ellipsoid().polygon_area_perimeter(coords[:, 0], coords[:, 1])[0]))


def _pieces(
    shapes: npt.NDArray[np.object_],
) -> tuple[FloatArray, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Coordinates of all lines and rings; per coordinate its piece; per piece its shape."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    inner, at = shapely.get_parts(parts, return_index=True)
    owner = owner[at]
    is_area = shapely.get_type_id(inner) == 3
    rings, ring_at = shapely.get_rings(inner[is_area], return_index=True)
    lines = ~is_area & (shapely.get_dimensions(inner) == 1)
    pieces = np.concatenate([inner[lines], rings])
    owners = np.concatenate([owner[lines], owner[is_area][ring_at]])
    coords, piece = shapely.get_coordinates(pieces, return_index=True)
    return coords, piece, owners
