"""What every model that reaches over ground gives: one zone for each level, in metres.

Offsets are along an axis (downwind, for gas that drifts) and to the left of it; a fire has no axis
and its zone is a disc. Zones are placed on the ellipsoid by `placed`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from gis.errors import InvalidError
from hazards.models import Caution
from hazards.rings import places_at

FloatArray = npt.NDArray[np.float64]
#: Half of the angle by which the wind may turn when nobody says: a little more than that of the
#: square which ERG draws for protective action (as wide as it is long, 26.6 degrees).
SPREAD_DEG = 30.0
MOST_SPREAD_DEG = 90.0
_STEP_DEG = 1.0
#: Of its length, how far a swept outline may be simplified.
_SIMPLE = 2e-5


@dataclass(frozen=True)
class GroundZone:
    """Ground on which a model gives at least a level.

    Attributes
    ----------
    value, unit
        The level as it was asked for.
    start_m, length_m
        Nearest and farthest distance along the axis; both 0 where the level is nowhere reached.
    half_width_m
        Greatest distance from the axis.
    radius_m
        Of a zone that is a disc, else None.
    truncated
        Whether it goes on beyond the range of the model, where it was cut.
    outline_m
        (n, 2) closed ring of offsets; None where the level is nowhere reached.
    """

    value: float
    unit: str
    start_m: float
    length_m: float
    half_width_m: float
    radius_m: float | None
    truncated: bool
    outline_m: FloatArray | None
    cautions: tuple[Caution, ...]

    @property
    def name(self) -> str:
        """The level in words, ``20 ppm``."""
        return f"{self.value:g} {self.unit}"

    @property
    def is_empty(self) -> bool:
        """Whether the level is nowhere reached."""
        return self.outline_m is None


def check_wind_from(degrees: float) -> None:
    """Refuse a direction that is none.

    Raises
    ------
    InvalidError
        ``plume.bad_wind_from`` when it is not 0 to 360 degrees.
    """
    if not (math.isfinite(degrees) and 0.0 <= degrees <= 360.0):
        raise InvalidError(
            "plume.bad_wind_from",
            "风向（来向）应为 0 至 360 度，得到 {given}",
            field="wind_from",
            got=degrees if math.isfinite(degrees) else None,
            params={"given": f"{degrees:g}"},
        )


def placed(
    outline_m: FloatArray, lon: float, lat: float, wind_from_deg: float = 180.0
) -> FloatArray:
    """(n, 2) CGCS2000 positions of offsets from a place, the axis pointing down the wind.

    Raises
    ------
    InvalidError
        ``plume.bad_wind_from``; ``ring.crosses`` near a pole or the antimeridian.

    Examples
    --------
    >>> placed(np.array([[1000.0, 0.0]]), 117.2, 39.1, 270.0).round(5).tolist()
    [[117.21156, 39.1]]
    """
    check_wind_from(wind_from_deg)
    return places_at(lon, lat, (wind_from_deg + 180.0) % 360.0, outline_m)


def swept(outline_m: FloatArray, spread_deg: float = SPREAD_DEG) -> FloatArray:
    """(n, 2) closed ring of all ground that a zone covers while the wind turns to either side.

    The zone is turned in steps of a degree at most, so that the outer arc is short of the true one
    by under 0.01 %.

    Raises
    ------
    InvalidError
        ``wind.bad_spread`` when the angle is not above 0 and at most 90 degrees.

    Examples
    --------
    >>> ring = swept(np.array([[0.0, 0.0], [100.0, -1.0], [100.0, 1.0], [0.0, 0.0]]), 30.0)
    >>> ring.max(axis=0).round().tolist()
    [100.0, 51.0]
    """
    check_spread(spread_deg)
    steps = max(1, math.ceil(spread_deg / _STEP_DEG))
    angles = np.radians(np.linspace(-spread_deg, spread_deg, 2 * steps + 1))
    turned = [
        outline_m @ np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])
        for a in angles
    ]
    # A turned ring may touch itself by rounding; nought as buffer mends that and nothing else.
    whole = shapely.union_all(shapely.buffer(shapely.polygons(turned), 0.0))
    if whole.geom_type != "Polygon":
        # A zone so thin that its turned copies do not touch: on the safe side.
        whole = whole.convex_hull
    reach = float(np.abs(outline_m).max())
    simple = whole.simplify(_SIMPLE * reach)
    return np.asarray(simple.exterior.coords, np.float64)


def check_spread(spread_deg: float) -> None:
    """Refuse an angle of uncertainty that is none.

    Raises
    ------
    InvalidError
        ``wind.bad_spread``.
    """
    if not (math.isfinite(spread_deg) and 0.0 < spread_deg <= MOST_SPREAD_DEG):
        raise InvalidError(
            "wind.bad_spread",
            "风向的不确定角应大于 0 且不超过 {expected} 度，得到 {given}",
            field="wind_spread_deg",
            got=spread_deg if math.isfinite(spread_deg) else None,
            expected=MOST_SPREAD_DEG,
            params={"given": f"{spread_deg:g}"},
        )


def wind_lines(length_m: float, spread_deg: float) -> FloatArray:
    """(2, 2, 2) the two lines from the source between which the axis lies, left one last."""
    check_spread(spread_deg)
    angle = math.radians(spread_deg)
    along, across = length_m * math.cos(angle), length_m * math.sin(angle)
    return np.array([[[0.0, 0.0], [along, -across]], [[0.0, 0.0], [along, across]]])


def disc_outline(radius_m: float, vertices: int = 256) -> FloatArray:
    """(vertices + 1, 2) closed ring of offsets at a radius."""
    angle = np.arange(vertices) * (2.0 * math.pi / vertices)
    ring = radius_m * np.column_stack([np.cos(angle), np.sin(angle)])
    return np.vstack([ring, ring[:1]])
