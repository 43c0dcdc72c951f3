"""Outer shapes of pipes piece by piece: round ones as capsules, box sections as upright prisms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError
from underground.axes import Axes, BoolArray, FloatArray

#: Pieces shorter than this in plan (metres) are risers: they have no direction in plan.
RISER_M = 1e-9


@dataclass(frozen=True)
class Solids:
    """Axes with their outer size, protective layer included.

    Attributes
    ----------
    axes
        n axes.
    width, height
        (n,) outer metres across and upright; equal to the outer diameter where round. NaN where
        the size is unknown.
    is_box
        (n,) whether the section is a box (trench, duct bank, culvert), upright along its axis.
    """

    axes: Axes
    width: FloatArray
    height: FloatArray
    is_box: BoolArray

    def __post_init__(self) -> None:
        n = len(self.axes)
        if not len(self.width) == len(self.height) == len(self.is_box) == n:
            raise InvalidError(
                "solids.ragged",
                "长度不一：{got}，应为 {expected}",
                got=[len(self.width), len(self.height), len(self.is_box)],
                expected=n,
            )

    def __len__(self) -> int:
        return len(self.axes)

    @cached_property
    def is_measurable(self) -> BoolArray:
        """(n,) whether heights of the axis and outer sizes are known."""
        known = np.isfinite(self.width) & np.isfinite(self.height)
        return np.asarray(self.axes.has_heights & known, bool)

    @cached_property
    def convex(self) -> tuple[FloatArray, FloatArray]:
        """Centres and generators of all pieces, see `convex_pieces`."""
        return convex_pieces(self)

    @cached_property
    def radii(self) -> FloatArray:
        """(m,) radius around the convex body of each piece, see `piece_radii`."""
        return piece_radii(self)

    def take(self, rows: npt.ArrayLike) -> Solids:
        """The solids at positions `rows`, in that order."""
        at = np.asarray(rows, np.int64)
        return Solids(self.axes.take(at), self.width[at], self.height[at], self.is_box[at])

    def joined(self, other: Solids) -> Solids:
        """These solids followed by those of another."""
        return Solids(
            self.axes.joined(other.axes),
            np.concatenate([self.width, other.width]),
            np.concatenate([self.height, other.height]),
            np.concatenate([self.is_box, other.is_box]),
        )


def round_solids(axes: Axes, diameter_m: npt.ArrayLike) -> Solids:
    """Round pipes of one outer diameter each, or all of one.

    Examples
    --------
    >>> from underground.axes import axes_of
    >>> import shapely
    >>> line = shapely.from_wkt("LINESTRING Z (0 0 -1, 10 0 -1)")
    >>> round_solids(axes_of([line]), 0.2).width.tolist()
    [0.2]
    """
    size = np.broadcast_to(np.asarray(diameter_m, np.float64), len(axes)).copy()
    return Solids(axes, size, size, np.zeros(len(axes), bool))


def convex_pieces(solids: Solids) -> tuple[FloatArray, FloatArray]:
    """Centres and generators of all pieces as convex bodies, for `zonotope.signed_distance`.

    A box is an upright prism between the ends of its piece, lengthened at bends by
    width / 2 * tan(turn / 2), so that two prisms fill the mitre (turns over 90 degrees: half
    the width). A round pipe is its axis alone: its radius is taken off afterwards. A box that
    stands upright has no direction in plan and counts as round, of the width of its diagonal.

    Returns
    -------
    centre, generators
        (m, 3) and (m, 3, 3) metres: half of the axis, of the width, of the height.
    """
    start, owner = solids.axes.pieces
    a, b = solids.axes.xyz[start], solids.axes.xyz[start + 1]
    plan = np.hypot(b[:, 0] - a[:, 0], b[:, 1] - a[:, 1])
    box = solids.is_box[owner] & (plan > RISER_M)
    unit = (b - a) / np.where(plan > RISER_M, plan, 1.0)[:, None]
    before, after = _mitres(solids, unit, box)
    a, b = a - unit * before[:, None], b + unit * after[:, None]
    generators = np.zeros((len(start), 3, 3))
    generators[:, 0] = (b - a) / 2
    across = np.column_stack([-unit[:, 1], unit[:, 0], np.zeros(len(unit))])
    generators[:, 1] = across * np.where(box, solids.width[owner] / 2, 0.0)[:, None]
    generators[:, 2, 2] = np.where(box, solids.height[owner] / 2, 0.0)
    return (a + b) / 2, generators


def _mitres(solids: Solids, unit: FloatArray, box: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Metres in plan by which each piece is lengthened at its start and at its end."""
    owner = solids.axes.pieces[1]
    before, after = np.zeros(len(unit)), np.zeros(len(unit))
    joint = np.flatnonzero((owner[1:] == owner[:-1]) & box[1:] & box[:-1])
    if len(joint):
        straight = np.einsum("ij,ij->i", unit[joint, :2], unit[joint + 1, :2])
        turn = np.minimum(np.arccos(np.clip(straight, -1, 1)), np.pi / 2)
        longer = solids.width[owner[joint]] / 2 * np.tan(turn / 2)
        after[joint], before[joint + 1] = longer, longer
    return before, after


def piece_radii(solids: Solids) -> FloatArray:
    """(m,) radius of each piece around its convex body: 0 of boxes, half the diameter of pipes."""
    start, owner = solids.axes.pieces
    step = solids.axes.xyz[start + 1] - solids.axes.xyz[start]
    upright = np.hypot(step[:, 0], step[:, 1]) <= RISER_M
    diagonal = np.hypot(solids.width, solids.height)[owner] / 2
    as_box = np.where(upright, diagonal, 0.0)
    return np.where(solids.is_box[owner], as_box, solids.width[owner] / 2)
