"""Geometries in the units of a tile: projected, cut at its edge, thinned, on whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.layers import GeometryKind
from gis.ragged import FloatArray, Ragged, offsets_of, spread
from gis.thinning import kept_vertices

#: Units along the side of a tile, and how far beyond it features are kept.
EXTENT = 4096
BUFFER = 64
#: Vertices that are off a straight line by less are left out: a quarter of a pixel where a
#: tile is drawn 512 pixels wide.
TOLERANCE = 2.0
_EDGE = (-float(BUFFER), -float(BUFFER), float(EXTENT + BUFFER), float(EXTENT + BUFFER))
_WANTED = {
    GeometryKind.LINE: (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING),
    GeometryKind.POLYGON: (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON),
}
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Paths:
    """What is drawn.

    Attributes
    ----------
    kind
        Point, line or polygon.
    xy
        (c, 2) whole units from the tile's upper left corner, y downwards. Rings do not
        repeat their first vertex; outer ones run clockwise on screen, holes the other way.
    starts
        Offsets of paths (points, lines, rings) in `xy`.
    features
        Offsets of features in `starts`.
    owners
        (f,) row of the input that each feature is.
    """

    kind: GeometryKind
    xy: IntArray
    starts: npt.NDArray[Any]
    features: npt.NDArray[Any]
    owners: IntArray


def mercator(lonlat: FloatArray) -> FloatArray:
    """(n, 2) shares 0..1 of the square Web Mercator world from its upper left corner.

    Latitudes beyond the square are moved to its edge.

    Examples
    --------
    >>> mercator(np.array([[0.0, 0.0], [180.0, -90.0]])).round(6).tolist()
    [[0.5, 0.5], [1.0, 1.0]]
    """
    out = np.empty((len(lonlat), 2))
    out[:, 0] = lonlat[:, 0] / 360.0 + 0.5
    sine = np.sin(np.radians(lonlat[:, 1]))
    np.clip(sine, -0.9962720762207499, 0.9962720762207499, out=sine)
    out[:, 1] = 0.5 - np.arctanh(sine) / (2 * np.pi)
    return out


def tile_paths(shapes: Ragged, tile: tuple[int, int, int]) -> Paths:
    """Paths of geometries in a tile; those with nothing left are not among the features."""
    z, x, y = tile
    xy = (mercator(shapes.xy) * float(1 << z) - (x, y)) * EXTENT
    placed = Ragged(shapes.kind, xy, None, shapes.rings, shapes.parts, shapes.geoms, shapes.multi)
    if shapes.kind is GeometryKind.POINT:
        return _points(placed)
    if shapes.kind is GeometryKind.LINE:
        return _lines(*_cut_lines(placed))
    return _rings(*_cut_polygons(placed))


def _points(placed: Ragged) -> Paths:
    inside = ((placed.xy >= -BUFFER) & (placed.xy <= EXTENT + BUFFER)).all(axis=1)
    owner = np.repeat(np.arange(len(placed)), np.diff(placed.geoms))
    kept = owner[inside]
    owners, counts = np.unique(kept, return_counts=True)
    xy = np.rint(placed.xy[inside]).astype(np.int64)
    return Paths(placed.kind, xy, np.arange(len(xy) + 1), offsets_of(counts), owners)


def _cut_lines(placed: Ragged) -> tuple[Ragged, IntArray]:
    """Lines cut at the buffer and thinned, and the row each of them comes from."""
    touching, inside = _where(placed)
    crossing = np.flatnonzero(touching & ~inside)
    plain = np.flatnonzero(touching & inside)
    cut = placed.take(plain)
    if len(crossing):
        cut = cut.joined(_clipped(placed, crossing))
    owners = np.concatenate([plain, crossing])
    keep = kept_vertices(cut.xy, cut.rings, TOLERANCE)
    before = np.concatenate([[0], np.cumsum(keep)])
    cut = replace(cut, xy=cut.xy[keep], rings=before[cut.rings])
    return _in_order(cut, owners) if len(crossing) else (cut, owners)


def _cut_polygons(placed: Ragged) -> tuple[Ragged, IntArray]:
    """Polygons cut at the buffer and thinned, and the row each of them comes from.

    Only what crosses the edge or has a vertex to lose becomes a shapely object.
    """
    touching, inside = _where(placed)
    plain = touching & inside & (np.diff(placed.rings[placed.parts[placed.geoms]]) <= 5)
    other = np.flatnonzero(touching & ~plain)
    rows = np.flatnonzero(plain)
    if not len(other):
        return placed.take(rows), rows
    made = placed.shapes(other)
    crossing = ~inside[other]
    made[crossing] = shapely.clip_by_rect(made[crossing], *_EDGE)
    made = _of_kind(shapely.simplify(made, TOLERANCE, preserve_topology=False), placed.kind)
    both = placed.take(rows).joined(Ragged.from_shapely(placed.kind, made))
    return _in_order(both, np.concatenate([rows, other]))


def _where(placed: Ragged) -> tuple[BoolArray, BoolArray]:
    """Which boxes touch the tile with its buffer, and which lie within."""
    west, north, east, south = _EDGE
    minx, miny, maxx, maxy = placed.bounds().T
    touching = (minx <= east) & (maxx >= west) & (miny <= south) & (maxy >= north)
    inside = (minx >= west) & (maxx <= east) & (miny >= north) & (maxy <= south)
    return touching, inside


def _clipped(placed: Ragged, rows: IntArray) -> Ragged:
    """Lines cut at the buffer."""
    cut = shapely.clip_by_rect(placed.shapes(rows), *_EDGE)
    return Ragged.from_shapely(placed.kind, _of_kind(cut, placed.kind))


def _in_order(cut: Ragged, owners: IntArray) -> tuple[Ragged, IntArray]:
    order = np.argsort(owners, kind="stable")
    return cut.take(order), owners[order]


def _of_kind(made: npt.NDArray[Any], kind: GeometryKind) -> npt.NDArray[Any]:
    """Without the points and lines to which a cut may shrink a part of a shape."""
    wanted, several = _WANTED[kind]
    types = shapely.get_type_id(made)
    mixed = (types == shapely.GeometryType.GEOMETRYCOLLECTION) & ~shapely.is_empty(made)
    made[~mixed & (types != wanted) & (types != several)] = None
    gather = shapely.multilinestrings if kind is GeometryKind.LINE else shapely.multipolygons
    for i in np.flatnonzero(mixed).tolist():
        parts = shapely.get_parts(shapely.get_parts(made[i]))
        made[i] = gather(parts[shapely.get_type_id(parts) == wanted])
    return made


def _lines(cut: Ragged, owners: IntArray) -> Paths:
    xy, starts = _without_repeats(cut)
    keep = np.diff(starts) >= 2
    of_geometry = np.repeat(np.arange(len(cut)), np.diff(cut.geoms))
    return _paths(cut.kind, xy, starts, keep, of_geometry, owners)


def _rings(cut: Ragged, owners: IntArray) -> Paths:
    xy, starts = _without_repeats(cut)
    xy, starts = _unclosed(xy, starts)
    area = _doubled_areas(xy, starts)
    of_part = np.repeat(np.arange(len(cut.parts) - 1), np.diff(cut.parts))
    outer = np.zeros(len(starts) - 1, bool)
    outer[cut.parts[:-1]] = True
    good = (np.diff(starts) >= 3) & (area != 0)
    # A hole goes with its shell.
    keep = good & good[cut.parts[:-1]][of_part]
    xy = _turned(xy, starts, (area > 0) != outer)
    of_geometry = np.repeat(np.arange(len(cut)), np.diff(cut.geoms))[of_part]
    return _paths(cut.kind, xy, starts, keep, of_geometry, owners)


def _paths(
    kind: GeometryKind,
    xy: IntArray,
    starts: npt.NDArray[Any],
    keep: BoolArray,
    of_geometry: IntArray,
    owners: IntArray,
) -> Paths:
    """Paths that are kept, grouped by geometry; a geometry without one is no feature."""
    lengths = np.diff(starts)
    taken, _ = spread(starts[:-1][keep], lengths[keep])
    kept, counts = np.unique(of_geometry[keep], return_counts=True)
    return Paths(kind, xy[taken], offsets_of(lengths[keep]), offsets_of(counts), owners[kept])


def _without_repeats(cut: Ragged) -> tuple[IntArray, npt.NDArray[Any]]:
    """Vertices on whole units, those equal to the one before them in their path left out."""
    xy = np.rint(cut.xy).astype(np.int64)
    fresh = np.ones(len(xy), bool)
    fresh[1:] = (xy[1:] != xy[:-1]).any(axis=1)
    starts = cut.rings[:-1]
    fresh[starts[np.diff(cut.rings) > 0]] = True
    before = np.concatenate([[0], np.cumsum(fresh)])
    return xy[fresh], before[cut.rings]


def _unclosed(xy: IntArray, starts: npt.NDArray[Any]) -> tuple[IntArray, npt.NDArray[Any]]:
    """Rings without the last vertex where it repeats the first."""
    lengths = np.diff(starts)
    closed = lengths > 1
    first, last = starts[:-1][closed], starts[1:][closed] - 1
    same = (xy[first] == xy[last]).all(axis=1)
    keep = np.ones(len(xy), bool)
    keep[last[same]] = False
    before = np.concatenate([[0], np.cumsum(keep)])
    return xy[keep], before[starts]


def _doubled_areas(xy: IntArray, starts: npt.NDArray[Any]) -> IntArray:
    """Twice the signed area of each unclosed ring, positive when clockwise on screen."""
    if not len(xy):
        return np.zeros(len(starts) - 1, np.int64)
    after = np.arange(1, len(xy) + 1)
    filled = np.diff(starts) > 0
    after[starts[1:][filled] - 1] = starts[:-1][filled]
    cross = xy[:, 0] * xy[after, 1] - xy[after, 0] * xy[:, 1]
    total = np.concatenate([[0], np.cumsum(cross)])
    return np.asarray(np.diff(total[starts]))


def _turned(xy: IntArray, starts: npt.NDArray[Any], turn: BoolArray) -> IntArray:
    """Vertices with the rings of `turn` in the opposite order, their first vertex kept first."""
    lengths = np.diff(starts)
    chosen = turn & (lengths > 1)
    places, ring = spread(starts[:-1][chosen] + 1, lengths[chosen] - 1)
    mirrored = (starts[:-1][chosen] + starts[1:][chosen])[ring] - places
    out = xy.copy()
    out[places] = xy[mirrored]
    return out
