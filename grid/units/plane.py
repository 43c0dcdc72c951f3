"""Degrees to metres by two factors: straight stays straight, a vertex on a border stays on it.

A projection would bend borders by millimetres, and a neighbour's vertex in the middle of a border
would open a gap. Lengths and areas are right at the place, and off by about a thousandth for each
tenth of a degree from it: good for shapes, while areas that are told are taken on the ellipsoid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.features import ObjectArray, object_array
from gis.frame import A_M, E2


@dataclass(frozen=True)
class Plane:
    """A plane around a place, degrees in CGCS2000.

    Examples
    --------
    >>> plane = Plane(117.2, 39.1)
    >>> (box,) = plane.metres([shapely.box(117.2, 39.1, 117.201, 39.101)])
    >>> [round(v, 2) for v in box.bounds]
    [0.0, 0.0, 86.5, 111.02]
    """

    lon: float
    lat: float

    def metres(self, shapes: Sequence[Any] | ObjectArray) -> ObjectArray:
        """(n,) shapes in degrees as shapes in metres."""
        factors = self._factors()
        origin = np.array([self.lon, self.lat])
        moved = shapely.transform(object_array(shapes), lambda xy: (xy - origin) * factors)
        return np.asarray(moved, dtype=object)

    def degrees(self, shapes: Sequence[Any] | ObjectArray, decimals: int = 9) -> ObjectArray:
        """(n,) shapes in metres as shapes in degrees, rounded; 9 decimals are a tenth of a mm."""
        factors = self._factors()
        origin = np.array([self.lon, self.lat])
        moved = shapely.transform(
            object_array(shapes), lambda xy: np.round(xy / factors + origin, decimals)
        )
        return np.asarray(moved, dtype=object)

    def place(self, shape: Any) -> tuple[float, float]:
        """[lon, lat] of a point inside of a shape in metres."""
        xy = shapely.get_coordinates(shapely.point_on_surface(shape))[0]
        lon, lat = xy / self._factors() + [self.lon, self.lat]
        return float(lon), float(lat)

    def _factors(self) -> npt.NDArray[np.float64]:
        """Metres of a degree of longitude and of latitude, from the ellipsoid's two radii."""
        phi = np.radians(self.lat)
        bend = 1.0 - E2 * np.sin(phi) ** 2
        across = A_M / np.sqrt(bend) * np.cos(phi)
        along = A_M * (1.0 - E2) / bend**1.5
        factors: npt.NDArray[np.float64] = np.radians(1.0) * np.array([across, along])
        return factors


def plane_of(shapes: Sequence[Any] | ObjectArray) -> Plane:
    """The plane around the middle of shapes in degrees."""
    west, south, east, north = shapely.total_bounds(object_array(shapes))
    return Plane(float(west + east) / 2, float(south + north) / 2)
