"""Heights of a pipe's bottom and top along its own axis; the only place that interpolates them."""

from __future__ import annotations

import numpy as np

from underground.axes import FloatArray, IntArray
from underground.clearance.bodies import RISER_M, Solids

Levels = tuple[FloatArray, FloatArray, FloatArray]


def levels(solids: Solids, piece: IntArray, share: FloatArray) -> Levels:
    """Bottom, axis and top where a vertical line meets the axis.

    Parameters
    ----------
    piece, share
        (k,) numbers of straight pieces of ``solids.axes`` and shares in [0, 1] along them.

    Returns
    -------
    bottom, axis, top
        (k,) metres; NaN where a height or size is unknown. A round pipe reaches R / cos(slope)
        from its axis, a box half its height. Of pieces steeper than 45 degrees top and bottom
        are no further than R beyond the piece's ends.
    """
    start, owner = solids.axes.pieces
    a, b = solids.axes.xyz[start[piece]], solids.axes.xyz[start[piece] + 1]
    axis = a[:, 2] + share * (b[:, 2] - a[:, 2])
    half = solids.height[owner[piece]] / 2
    rise = np.abs(b[:, 2] - a[:, 2])
    plan = np.hypot(b[:, 0] - a[:, 0], b[:, 1] - a[:, 1])
    upright = plan <= RISER_M
    secant = np.hypot(rise, plan) / np.where(upright, 1.0, plan)
    reach = np.where(solids.is_box[owner[piece]], half, half * secant)
    bottom, top = axis - reach, axis + reach
    steep = rise > plan
    if steep.any():
        highest = np.maximum(a[:, 2], b[:, 2]) + half
        lowest = np.minimum(a[:, 2], b[:, 2]) - half
        top = np.where(upright, highest, np.where(steep, np.minimum(top, highest), top))
        bottom = np.where(upright, lowest, np.where(steep, np.maximum(bottom, lowest), bottom))
    return bottom, axis, top


def apart(a: Levels, b: Levels) -> FloatArray:
    """Vertical clearance between two sets of levels: metres, negative where they overlap.

    Examples
    --------
    >>> upper = tuple(np.array([v]) for v in (-1.1, -1.0, -0.9))
    >>> lower = tuple(np.array([v]) for v in (-2.0, -1.8, -1.6))
    >>> apart(lower, upper).round(9).tolist()
    [0.5]
    """
    return np.maximum(a[0] - b[2], b[0] - a[2])
