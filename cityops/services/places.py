"""A position that someone gave, and what a layer holds near it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from cityops.services.permissions import Action, Permission, permission_for
from cityops.services.ports import LayerRepo
from cityops.services.roles import Person
from gis.crs import parse_crs, transform
from gis.datum import ACCURACY_M
from gis.errors import CrsError
from gis.features import FeatureBatch
from gis.frame import LocalFrame
from gis.layers import LayerSpec
from grid.layers import BUILDINGS

#: No place holds more features of one layer than this within the distances asked here.
MOST_NEAR = 5000
#: A building further away than this gives a place no address.
ADDRESS_M = 40.0
_METRES_PER_DEGREE = 110_574.0


@dataclass(frozen=True)
class Place:
    """A position in CGCS2000 degrees, and how it was given.

    ``accuracy_m`` is what the conversion may be off by; 0 where nothing had to be approximated.
    """

    lon: float
    lat: float
    given: tuple[float, float]
    input_crs: str
    accuracy_m: float

    @property
    def point(self) -> Any:
        """The position as a shapely point."""
        return shapely.Point(self.lon, self.lat)

    @property
    def frame(self) -> LocalFrame:
        """Metres around the position."""
        return LocalFrame(self.lon, self.lat)


def place_of(x: float, y: float, crs: str = "cgcs2000") -> Place:
    """The place at (`x`, `y`) of a system: cgcs2000, wgs84, gcj02, bd09, or EPSG:n.

    Parameters
    ----------
    x, y
        Longitude and latitude in degrees, or easting and northing in the units of `crs`.

    Raises
    ------
    CrsError
        When the numbers are not finite or no position of `crs`, or `crs` is not known.

    Examples
    --------
    >>> place = place_of(117.2063031, 39.1160262, "gcj02")
    >>> round(place.lon, 6), round(place.lat, 6), place.accuracy_m
    (117.2, 39.115, 2.0)
    """
    label = "EPSG:4490" if crs.strip().lower() == "cgcs2000" else crs
    reference = parse_crs(label)
    if not (math.isfinite(x) and math.isfinite(y)):
        field, bad = ("lon", x) if not math.isfinite(x) else ("lat", y)
        raise CrsError(
            "crs.not_finite",
            "坐标应为有限的数，得到 {got}",
            field=field,
            got=str(bad),
            expected="有限的数",
        )
    lon, lat = transform([[x, y]], reference)[0].tolist()
    datum = {d.value: accuracy for d, accuracy in ACCURACY_M.items()}
    return Place(
        lon=lon,
        lat=lat,
        given=(float(x), float(y)),
        input_crs=crs.strip().lower(),
        accuracy_m=datum.get(crs.strip().lower(), 0.0),
    )


@dataclass(frozen=True)
class Near:
    """Features of a layer around a place, nearest first, ties by fid.

    ``distances_m`` is 0 for what covers the place. ``truncated`` is True when there were more
    features in the neighbourhood than are ever read at once.
    """

    batch: FeatureBatch
    distances_m: np.ndarray[Any, np.dtype[np.float64]]
    truncated: bool


def features_near(
    layers: LayerRepo, spec: LayerSpec, permission: Permission, place: Place, radius_m: float
) -> Near:
    """What the permission reaches of a layer within `radius_m` metres of a place."""
    box = box_around(place, radius_m)
    batch = layers.page(spec, permission, box=box, limit=MOST_NEAR)
    truncated = len(batch) >= MOST_NEAR
    distances = distances_m(place, batch.geometry)
    order = np.lexsort((batch.fids, distances))
    order = order[distances[order] <= radius_m]
    return Near(batch.take(order), distances[order], truncated)


def address_near(layers: LayerRepo, person: Person, place: Place) -> str | None:
    """Address of the nearest building within 40 m that has one, None when there is none."""
    permission = permission_for(person, BUILDINGS, Action.VIEW)
    if not permission.allowed or "address" not in permission.fields:
        return None
    near = features_near(layers, BUILDINGS, permission, place, ADDRESS_M)
    named = (str(text) for text in near.batch.columns["address"] if text)
    return next(named, None)


def distances_m(place: Place, geometry: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(n,) metres from a place to geometries in degrees; exact where they are near."""
    if not len(geometry):
        return np.empty(0)
    metres = place.frame.project_geometry(geometry)
    out: np.ndarray[Any, np.dtype[np.float64]] = shapely.distance(metres, shapely.Point(0.0, 0.0))
    return out


def boundary_distance_m(place: Place, polygon: Any) -> float:
    """Metres from a place to the outline of a polygon in degrees."""
    metres = place.frame.project_geometry(np.array([polygon], dtype=object))[0]
    return float(shapely.distance(shapely.boundary(metres), shapely.Point(0.0, 0.0)))


def box_around(place: Place, radius_m: float) -> tuple[float, float, float, float]:
    """West, south, east, north of a box that holds the circle, a little larger than needed."""
    dlat = 1.02 * radius_m / _METRES_PER_DEGREE
    dlon = dlat / max(math.cos(math.radians(min(abs(place.lat) + dlat, 89.9))), 1e-6)
    return place.lon - dlon, place.lat - dlat, place.lon + dlon, place.lat + dlat
