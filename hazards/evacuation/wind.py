"""Where a place lies as seen from a source in a wind."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError
from gis.layers import Title

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
#: Half the angle of the upwind and of the downwind quarter, degrees; this program's choice.
QUARTER_DEG = 45.0


class Sector(StrEnum):
    """A quarter of the horizon around a source."""

    UPWIND = "upwind"
    CROSSWIND = "crosswind"
    DOWNWIND = "downwind"

    @property
    def words(self) -> Title:
        """The sector in words for people."""
        return _WORDS[self]


_WORDS = {
    Sector.UPWIND: Title("上风向", "upwind"),
    Sector.CROSSWIND: Title("侧风向", "crosswind"),
    Sector.DOWNWIND: Title("下风向", "downwind"),
}


def check_wind(wind_from: float | None) -> None:
    """Refuse a direction that is none.

    Raises
    ------
    InvalidError
        ``evacuation.bad_wind`` when it is not within 0 to 360 degrees.

    Examples
    --------
    >>> check_wind(270.0)
    """
    if wind_from is not None and not (math.isfinite(wind_from) and 0.0 <= wind_from <= 360.0):
        raise InvalidError(
            "evacuation.bad_wind",
            "风的来向应为 0 至 360 度（自北顺时针），得到 {given}",
            field="wind_from",
            got=wind_from if math.isfinite(wind_from) else None,
            params={"given": f"{wind_from:g}"},
        )


def off_wind_deg(metres: FloatArray, wind_from: float) -> FloatArray:
    """(n,) angle between the direction to places and that from which the wind comes, 0 to 180.

    Parameters
    ----------
    metres
        (n, 2) east and north of the source; the source itself gives 180.

    Examples
    --------
    >>> off_wind_deg(np.array([[0.0, 5.0], [5.0, 0.0]]), 90.0).tolist()
    [90.0, 0.0]
    """
    bearing = np.degrees(np.arctan2(metres[:, 0], metres[:, 1]))
    turned = np.abs((bearing - wind_from + 180.0) % 360.0 - 180.0)
    return np.where((metres == 0).all(axis=1), 180.0, turned)


def is_downwind(metres: FloatArray, wind_from: float | None) -> BoolArray:
    """(n,) whether places lie downwind of a source, the edge of the quarter included.

    Parameters
    ----------
    metres
        (n, 2) east and north of the source.
    wind_from
        None: the wind is unknown, and nothing is downwind.

    Examples
    --------
    >>> is_downwind(np.array([[0.0, 5.0], [0.0, -5.0]]), 0.0).tolist()
    [False, True]
    """
    if wind_from is None:
        return np.zeros(len(metres), bool)
    # A billionth of a degree, so that a place on the edge does not depend on rounding.
    return np.asarray(off_wind_deg(metres, wind_from) >= 180.0 - QUARTER_DEG - 1e-9)


def sectors(metres: FloatArray, wind_from: float | None) -> list[Sector | None]:
    """The quarter of each place; None where the wind is unknown.

    Examples
    --------
    >>> sectors(np.array([[0.0, 5.0], [5.0, 0.0]]), 0.0)
    [<Sector.UPWIND: 'upwind'>, <Sector.CROSSWIND: 'crosswind'>]
    """
    if wind_from is None:
        return [None] * len(metres)
    angles = off_wind_deg(metres, wind_from)
    down = is_downwind(metres, wind_from)
    return [
        Sector.DOWNWIND if d else Sector.UPWIND if a <= QUARTER_DEG else Sector.CROSSWIND
        for a, d in zip(angles.tolist(), down.tolist(), strict=True)
    ]
