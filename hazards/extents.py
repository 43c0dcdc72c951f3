"""Extents in which things are counted: discs in closed form, and outlines of any shape.

All are in metres of a plane whose origin is the source, the strongest zone first. Both answer the
same questions by the same rule: a footprint counts by the share of its area inside, a point when it
is inside or on the edge, a line by its length inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import shapely

from gis.features import object_array
from gis.ragged import Ragged
from hazards.coverage import spiral
from hazards.disc import areas_within, lengths_within
from hazards.exposure import Footprints, footprint_shares, settled

FloatArray = npt.NDArray[np.float64]
#: Slack of the quick test whether a footprint is wholly inside or outside, metres.
_SLACK_M = 0.05
_LATTICE = 80


class Extents(Protocol):
    """Some zones, the strongest first; answers have one row for each."""

    def __len__(self) -> int:
        """How many."""

    @property
    def reach_m(self) -> float:
        """Farthest distance of any of them from the source."""

    def shares(self, footprints: Footprints) -> FloatArray:
        """(k, n) share of each footprint inside."""

    def holds(self, points_m: FloatArray) -> FloatArray:
        """(k, n) 1 where a point lies inside, its edge included, else 0."""

    def lengths(self, lines: Ragged) -> FloatArray:
        """(k, n) metres of each line inside."""

    def samples(self) -> FloatArray:
        """(m, 2) places spread evenly over the ground of the largest zone."""

    def share_inside(self, polygons: Ragged) -> float:
        """Share of the largest zone that lies in polygons which do not overlap."""


@dataclass(frozen=True)
class Discs:
    """Discs around the source."""

    radii_m: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.radii_m)

    @property
    def reach_m(self) -> float:
        """The largest radius."""
        return max(self.radii_m)

    def shares(self, footprints: Footprints) -> FloatArray:
        """(k, n) share of each footprint inside, in closed form."""
        return footprint_shares(footprints, self.radii_m)

    def holds(self, points_m: FloatArray) -> FloatArray:
        """(k, n) 1 where a point lies inside, its edge included, else 0."""
        inside = np.hypot(*points_m.T)[None, :] <= np.asarray(self.radii_m)[:, None]
        return np.asarray(inside, np.float64)

    def lengths(self, lines: Ragged) -> FloatArray:
        """(k, n) metres of each line inside, in closed form."""
        return lengths_within(lines, self.radii_m)

    def samples(self) -> FloatArray:
        """Places on Vogel's spiral."""
        return spiral(self.reach_m)

    def share_inside(self, polygons: Ragged) -> float:
        """Share of the largest disc that lies in polygons which do not overlap."""
        return float(areas_within(polygons, [self.reach_m]).sum() / (np.pi * self.reach_m**2))


@dataclass(frozen=True)
class Outlines:
    """Outlines of any shape; an empty one holds nothing.

    ``polygons`` are of shapely, each with those before it inside: `nested` makes them so.
    """

    polygons: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.polygons)

    @property
    def reach_m(self) -> float:
        """Farthest corner from the source."""
        corners = shapely.get_coordinates(object_array(self.polygons))
        return float(np.hypot(*corners.T).max(initial=0.0))

    def shares(self, footprints: Footprints) -> FloatArray:
        """(k, n) share of each footprint inside; one without area counts by its middle."""
        return np.array([_shares(polygon, footprints) for polygon in self.polygons])

    def holds(self, points_m: FloatArray) -> FloatArray:
        """(k, n) 1 where a point lies inside, its edge included, else 0."""
        return np.array([_holds(polygon, points_m) for polygon in self.polygons], np.float64)

    def lengths(self, lines: Ragged) -> FloatArray:
        """(k, n) metres of each line inside."""
        shapes = lines.shapes(np.arange(len(lines)))
        out = np.zeros((len(self), len(lines)))
        for row, polygon in enumerate(self.polygons):
            shapely.prepare(polygon)
            touched = np.flatnonzero(shapely.intersects(polygon, shapes))
            out[row, touched] = shapely.length(shapely.intersection(shapes[touched], polygon))
        return out

    def samples(self) -> FloatArray:
        """Places of a lattice over the box of the last outline that lie in it."""
        last = self.polygons[-1]
        if last.is_empty:
            return np.empty((0, 2))
        box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(last))[:4]
        steps = (np.arange(_LATTICE) + 0.5) / _LATTICE
        u, v = np.meshgrid(steps, steps)
        at = box[0] + u.reshape(-1, 1) * (box[1] - box[0]) + v.reshape(-1, 1) * (box[3] - box[0])
        return np.asarray(at[_holds(last, at)], np.float64)

    def share_inside(self, polygons: Ragged) -> float:
        """Share of the last outline that lies in polygons which do not overlap."""
        last = self.polygons[-1]
        if last.is_empty:
            return 1.0
        shapes = polygons.shapes(np.arange(len(polygons)))
        return float(shapely.area(shapely.intersection(shapes, last)).sum() / last.area)


def nested(polygons: Sequence[Any]) -> Outlines:
    """Outlines, strongest first, each widened by those before it: the highest class wins.

    Examples
    --------
    >>> found = nested([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)])
    >>> [polygon.area for polygon in found.polygons]
    [2.0, 3.0]
    """
    out: list[Any] = []
    for polygon in polygons:
        whole = polygon if polygon.is_valid else shapely.buffer(polygon, 0.0)
        if out and not whole.covers(out[-1]):
            whole = shapely.union(out[-1], whole)
        out.append(whole)
    return Outlines(tuple(out))


def _holds(polygon: Any, points_m: FloatArray) -> npt.NDArray[np.bool_]:
    shapely.prepare(polygon)
    return np.asarray(shapely.intersects_xy(polygon, points_m[:, 0], points_m[:, 1]), bool)


def _shares(polygon: Any, footprints: Footprints) -> FloatArray:
    """(n,) share of each footprint in one polygon; exact only where its border passes near."""
    centres, reaches = footprints.centres_m, footprints.reaches_m
    share = np.zeros(len(footprints))
    if polygon.is_empty or not len(share):
        return share
    x0, y0, x1, y1 = polygon.bounds
    far = reaches + _SLACK_M
    near = (
        (centres[:, 0] >= x0 - far) & (centres[:, 0] <= x1 + far)
        & (centres[:, 1] >= y0 - far) & (centres[:, 1] <= y1 + far)
    )  # fmt: skip
    rows = np.flatnonzero(near)
    share[rows] = _holds(polygon, centres[rows])
    cut = rows[_near_border(polygon, centres[rows], far[rows])]
    if len(cut):
        shapes = footprints.shapes_of(cut)
        forms = shapes.shapes(np.arange(len(shapes)))
        whole = shapely.area(forms)
        held = shapely.area(shapely.intersection(forms, polygon))
        solid = whole > 0
        share[cut[solid]] = settled(held[solid] / whole[solid])
    return share


def _near_border(polygon: Any, centres: FloatArray, far: FloatArray) -> npt.NDArray[np.bool_]:
    """Which footprints the border may pass through: those within their reach of it.

    Most lie further inside or outside than the largest reach and are told apart by two polygons.
    """
    most = 1.01 * float(far.max(initial=0.0))
    outer, inner = polygon.buffer(most), polygon.buffer(-most)
    candidates = np.flatnonzero(_holds(outer, centres) & ~_holds(inner, centres))
    border = polygon.boundary
    shapely.prepare(border)
    out = np.zeros(len(centres), bool)
    near = shapely.dwithin(border, shapely.points(centres[candidates]), far[candidates])
    out[candidates] = near
    return out
