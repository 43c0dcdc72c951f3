"""Distances from pipes to upright prisms: buildings, stations, shelters, foundations, pits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gis.errors import GeometryError, InvalidError
from underground.axes import FloatArray, IntArray, ObjectArray
from underground.clearance.bodies import Solids
from underground.clearance.zonotope import signed_distance


@dataclass(frozen=True)
class Prisms:
    """n upright prisms.

    Attributes
    ----------
    ids
        (n,) names.
    outlines
        (n,) shapely Polygons in metres; holes count.
    bottom, top
        (n,) heights; NaN where unknown.
    """

    ids: ObjectArray
    outlines: ObjectArray
    bottom: FloatArray
    top: FloatArray

    def __post_init__(self) -> None:
        if not len(self.ids) == len(self.outlines) == len(self.bottom) == len(self.top):
            raise InvalidError("prisms.ragged", "各列长度不一", got=len(self.outlines))
        kinds = shapely.get_type_id(self.outlines)
        wrong = np.flatnonzero(
            (kinds != shapely.GeometryType.POLYGON) | ~shapely.is_valid(self.outlines)
        )
        upside = np.flatnonzero(self.bottom > self.top)
        faults = [
            GeometryError("prism.outline", "轮廓应为有效的多边形", row=int(i) + 1) for i in wrong
        ]
        faults += [GeometryError("prism.upside_down", "底高于顶", row=int(i) + 1) for i in upside]
        if faults:
            raise GeometryError(
                faults[0].code, faults[0].template, errors=faults, row=faults[0].row
            )

    def __len__(self) -> int:
        return len(self.ids)


def prism_gaps(solids: Solids, rows: IntArray, prisms: Prisms, which: IntArray) -> FloatArray:
    """(k,) metres between pipes ``rows[i]`` and prisms ``which[i]``; NaN where a height is unknown.

    A pipe whose axis enters a prism gets minus its radius (half the smaller side of a box): it is
    in it, and how far it would have to be moved is not said.

    Examples
    --------
    >>> from underground.axes import axes_of
    >>> from underground.clearance.bodies import round_solids
    >>> from gis.features import object_array
    >>> pipe = round_solids(axes_of([shapely.from_wkt("LINESTRING Z (0 0 -1, 9 0 -1)")]), 0.2)
    >>> house = Prisms(object_array(["h"]), object_array([shapely.box(3, 2, 5, 4)]),
    ...     np.array([-3.0]), np.array([0.0]))
    >>> prism_gaps(pipe, np.array([0]), house, np.array([0])).round(9).tolist()
    [1.9]
    """
    out = np.full(len(rows), np.nan)
    known = solids.is_measurable[rows] & np.isfinite(prisms.bottom[which] + prisms.top[which])
    for k in np.flatnonzero(known).tolist():
        out[k] = _gap(solids, int(rows[k]), prisms, int(which[k]))
    return out


def _gap(solids: Solids, row: int, prisms: Prisms, which: int) -> float:
    first = int(solids.axes.first[row]) - row
    piece = np.arange(first, first + int(solids.axes.counts[row]))
    outline, bottom, top = prisms.outlines[which], prisms.bottom[which], prisms.top[which]
    if _enters(solids, piece, outline, bottom, top):
        return -float(min(solids.width[row], solids.height[row])) / 2
    centre, half = solids.convex
    radius = solids.radii[piece]
    walls = _walls(outline, float(bottom), float(top))
    m, w = len(piece), len(walls[0])
    at, wall = np.repeat(np.arange(m), w), np.tile(np.arange(w), m)
    generators = np.concatenate([half[piece][at], walls[1][wall]], axis=1)
    apart, _ = signed_distance(centre[piece][at] - walls[0][wall], generators)
    nearest = (apart - radius[at]).min()
    faces = _to_faces(centre[piece], half[piece], outline, float(bottom), float(top)) - radius
    return float(min(nearest, faces.min()))


def _enters(
    solids: Solids, piece: IntArray, outline: shapely.Polygon, bottom: float, top: float
) -> bool:
    """Whether the axis comes inside."""
    start = solids.axes.pieces[0][piece]
    a, b = solids.axes.xyz[start], solids.axes.xyz[start + 1]
    rise = b[:, 2] - a[:, 2]
    level = rise == 0
    safe = np.where(level, 1.0, rise)
    s, t = (bottom - a[:, 2]) / safe, (top - a[:, 2]) / safe
    inside = (a[:, 2] >= bottom) & (a[:, 2] <= top)
    low = np.where(level, np.where(inside, 0.0, 2.0), np.clip(np.minimum(s, t), 0, 1))
    high = np.where(level, np.where(inside, 1.0, -1.0), np.clip(np.maximum(s, t), 0, 1))
    reach = np.where(level, inside, (np.minimum(s, t) <= 1) & (np.maximum(s, t) >= 0))
    at = np.flatnonzero(reach & (low <= high))
    if not len(at):
        return False
    step = (b - a)[at, :2]
    ends = np.stack([a[at, :2] + low[at, None] * step, a[at, :2] + high[at, None] * step], axis=1)
    return bool(shapely.intersects(outline, shapely.linestrings(ends)).any())


def _walls(outline: shapely.Polygon, bottom: float, top: float) -> tuple[FloatArray, FloatArray]:
    """Centres and generators (along, up) of the walls."""
    rings = [outline.exterior, *outline.interiors]
    places = [shapely.get_coordinates(ring) for ring in rings]
    a = np.concatenate([p[:-1] for p in places])
    b = np.concatenate([p[1:] for p in places])
    centre = np.column_stack([(a + b) / 2, np.full(len(a), (bottom + top) / 2)])
    generators = np.zeros((len(a), 2, 3))
    generators[:, 0, :2] = (b - a) / 2
    generators[:, 1, 2] = (top - bottom) / 2
    return centre, generators


def _to_faces(
    centre: FloatArray, half: FloatArray, outline: shapely.Polygon, bottom: float, top: float
) -> FloatArray:
    """(m,) least height of corners of bodies over the roof or under the floor they stand over."""
    least = np.full(len(centre), np.inf)
    for signs in np.ndindex(2, 2, 2):
        corner = centre + sum((2 * s - 1) * half[:, k] for k, s in enumerate(signs))
        over = shapely.contains_xy(outline, corner[:, 0], corner[:, 1])
        apart = np.maximum(corner[:, 2] - top, bottom - corner[:, 2])
        least = np.where(over, np.minimum(least, apart), least)
    return least
