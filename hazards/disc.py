"""How much of polygons and lines lies within discs around the origin, in closed form.

Coordinates are metres of a plane whose origin is the source. The area of a polygon within a disc
is the sum over its edges of the signed area of (origin, edge) within the disc: where the edge is
inside a triangle, where it is outside a sector. No circle is replaced by a polygon.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gis.ragged import Ragged

FloatArray = npt.NDArray[np.float64]


def areas_within(shapes: Ragged, radii_m: Sequence[float]) -> FloatArray:
    """(k, n) square metres of n polygons within each of k discs; holes are taken off.

    Parameters
    ----------
    shapes
        Polygons in metres around the source; the direction of rings does not count. A polygon
        whose rings overlap is measured ring by ring.
    radii_m
        Radii in metres; infinity gives the whole area.

    Examples
    --------
    >>> import shapely
    >>> from gis.layers import GeometryKind
    >>> square = Ragged.from_shapely(GeometryKind.POLYGON, np.array([shapely.box(-1, -1, 1, 1)]))
    >>> areas_within(square, [1.0, 2.0, np.inf]).round(4).tolist()
    [[3.1416], [4.0], [4.0]]
    """
    p, q, ring = _edges(shapes)
    ring_count = len(shapes.rings) - 1
    first_of_part = np.zeros(ring_count, bool)
    first_of_part[shapes.parts[:-1][np.diff(shapes.parts) > 0]] = True
    sign = np.where(first_of_part, 1.0, -1.0)
    owner = _owner_of_rings(shapes)
    out = np.zeros((len(radii_m), len(shapes)))
    for k, radius in enumerate(radii_m):
        held = np.bincount(ring, weights=_edge_areas(p, q, radius), minlength=ring_count)
        out[k] = np.bincount(owner, weights=sign * np.abs(held), minlength=len(shapes))
    return np.maximum(out, 0.0)


def lengths_within(shapes: Ragged, radii_m: Sequence[float]) -> FloatArray:
    """(k, n) metres of n lines in metres within each of k discs; infinity gives the whole.

    Examples
    --------
    >>> import shapely
    >>> from gis.layers import GeometryKind
    >>> line = Ragged.from_shapely(GeometryKind.LINE, np.array([shapely.LineString([(-5, 3), (5, 3)])]))
    >>> lengths_within(line, [2.0, 5.0]).tolist()
    [[0.0], [8.0]]
    """
    p, q, ring = _edges(shapes)
    owner = _owner_of_rings(shapes)
    whole = np.hypot(*(q - p).T)
    out = np.zeros((len(radii_m), len(shapes)))
    for k, radius in enumerate(radii_m):
        enter, leave = _crossings(p, q, radius)
        inside = (leave - enter) * whole
        out[k] = np.bincount(owner[ring], weights=inside, minlength=len(shapes))
    return out


def _edges(shapes: Ragged) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]:
    """Ends of every edge of every ring or line, and the number of its ring."""
    counts = np.diff(shapes.rings)
    ring_of = np.repeat(np.arange(len(counts)), counts)
    same = ring_of[:-1] == ring_of[1:]
    return shapes.xy[:-1][same], shapes.xy[1:][same], ring_of[:-1][same]


def _owner_of_rings(shapes: Ragged) -> npt.NDArray[np.int64]:
    """(r,) number of the geometry of each ring."""
    parts = np.repeat(np.arange(len(shapes)), np.diff(shapes.geoms))
    return np.repeat(parts, np.diff(shapes.parts))


def _crossings(p: FloatArray, q: FloatArray, radius: float) -> tuple[FloatArray, FloatArray]:
    """Shares of each edge between which it lies within the disc; equal where it never does."""
    d = q - p
    a = (d**2).sum(axis=1)
    if np.isinf(radius):
        return np.zeros(len(p)), np.ones(len(p))
    b = (p * d).sum(axis=1)
    c = (p**2).sum(axis=1) - radius**2
    root = b**2 - a * c
    hits = (root > 0) & (a > 0)
    width = np.sqrt(np.where(hits, root, 0.0))
    safe = np.where(hits, a, 1.0)
    enter = np.where(hits, np.clip((-b - width) / safe, 0.0, 1.0), 0.0)
    leave = np.where(hits, np.clip((-b + width) / safe, 0.0, 1.0), 0.0)
    return enter, leave


def _edge_areas(p: FloatArray, q: FloatArray, radius: float) -> FloatArray:
    """Signed area of (origin, edge) within the disc, for each edge."""
    if np.isinf(radius):
        return 0.5 * _cross(p, q)
    enter, leave = _crossings(p, q, radius)
    d = q - p
    u, v = p + enter[:, None] * d, p + leave[:, None] * d
    # Where an end lies within the disc there is no sector, whatever rounding says of the angle.
    outside = np.where(enter > 0, _angle(p, u), 0.0) + np.where(leave < 1, _angle(v, q), 0.0)
    return 0.5 * _cross(u, v) + 0.5 * radius**2 * outside


def _cross(u: FloatArray, v: FloatArray) -> FloatArray:
    out: FloatArray = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    return out


def _angle(u: FloatArray, v: FloatArray) -> FloatArray:
    """Signed angle from u to v as seen from the origin; 0 where they are one point."""
    out: FloatArray = np.arctan2(_cross(u, v), (u * v).sum(axis=1))
    return out
