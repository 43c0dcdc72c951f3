"""A model of the ground from spot heights: flat triangles between them, nothing outside of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import QhullError

from gis.errors import InvalidError
from underground.axes import FloatArray
from underground.heights import datum_named

#: Places are counted from the middle of the spots, so that coordinates of 500 km keep their digits.
_AT_LEAST = 3


@dataclass(frozen=True)
class SpotGround:
    """Delaunay triangles over spot heights.

    Attributes
    ----------
    origin
        (2,) metres, the middle of the spots.
    surface
        Height at places relative to it.
    datum
        What the heights refer to.
    """

    origin: FloatArray
    surface: LinearNDInterpolator
    datum: str

    @classmethod
    def of(cls, xy: FloatArray, height: FloatArray, datum: str | None) -> SpotGround:
        """The model of (n, 2) places in metres with (n,) heights; spots without one are left out.

        Raises
        ------
        InvalidError
            Less than three known spots, or all in one line.

        Examples
        --------
        >>> xy = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
        >>> ground = SpotGround.of(xy, np.array([1.0, 2.0, 1.0, 2.0]), "1985")
        >>> ground.heights(np.array([[5.0, 5.0], [50.0, 5.0]])).tolist()
        [1.5, nan]
        """
        known = np.isfinite(height) & np.isfinite(xy).all(axis=1)
        if known.sum() < _AT_LEAST:
            raise InvalidError(
                "ground.few", "地面模型至少要三个有高程的点，得到 {got}", got=int(known.sum())
            )
        origin = xy[known].mean(axis=0)
        try:
            surface = LinearNDInterpolator(xy[known] - origin, height[known])
        except QhullError as fault:
            raise InvalidError("ground.in_line", "地面点都在一条线上，组不成三角网") from fault
        return cls(origin, surface, datum_named(datum))

    def heights(self, xy: FloatArray) -> FloatArray:
        """(n,) metres at (n, 2) places; NaN outside of the spots."""
        return np.asarray(self.surface(xy - self.origin), np.float64)
