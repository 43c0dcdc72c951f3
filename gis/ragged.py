"""Geometries of one kind as flat arrays, with the exact tests that the hot paths need.

A million shapely objects cost hundreds of megabytes per process and cannot be shared; flat
coordinates and offsets lie in a mapped file. Shapely objects are made for hits only.

Layout: coordinate ``c`` belongs to ring (or line, or point) ``r`` when
``rings[r] <= c < rings[r + 1]``; ring ``r`` to part ``p`` when ``parts[p] <= r < parts[p + 1]``;
part ``p`` to geometry ``g`` when ``geoms[g] <= p < geoms[g + 1]``. Lines and points have one
"ring" per part. A missing or empty geometry has no part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.layers import GeometryKind
from gis.local_frame import LocalFrame, equal_area, segment_lengths_m
from gis.point_in_polygon import IN, ON, OUT, pairs_covered, side_of_ring

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
ObjectArray = npt.NDArray[np.object_]

#: Vertices worked on at once by the bulk test of points in polygons.
_VERTICES_AT_ONCE = 40_000
#: A polygon of so many vertices that so many points ask is worth sorting its edges.
_BIG, _OFTEN = 256, 32
_SIMPLE = {
    GeometryKind.POINT: shapely.GeometryType.POINT,
    GeometryKind.LINE: shapely.GeometryType.LINESTRING,
    GeometryKind.POLYGON: shapely.GeometryType.POLYGON,
}
_MULTI = {
    GeometryKind.POINT: shapely.GeometryType.MULTIPOINT,
    GeometryKind.LINE: shapely.GeometryType.MULTILINESTRING,
    GeometryKind.POLYGON: shapely.GeometryType.MULTIPOLYGON,
}


def offsets_of(counts: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """(n + 1,) offsets of consecutive groups of `counts` items.

    Examples
    --------
    >>> offsets_of(np.array([2, 0, 3])).tolist()
    [0, 2, 2, 5]
    """
    out = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=out[1:])
    return out


def spread(start: npt.NDArray[Any], counts: npt.NDArray[Any]) -> tuple[IntArray, IntArray]:
    """Members of ranges, one after another, and for each the number of its range.

    Examples
    --------
    >>> [a.tolist() for a in spread(np.array([10, 20]), np.array([2, 1]))]
    [[10, 11, 20], [0, 0, 1]]
    """
    counts = np.asarray(counts, np.int64)
    owner = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    shift = np.asarray(start, np.int64) - before
    return np.arange(len(owner)) + shift[owner], owner


@dataclass(frozen=True)
class Ragged:
    """Geometries of one kind in flat arrays.

    Attributes
    ----------
    kind
        Point, line or polygon; each may have several parts.
    xy
        (c, 2) degrees, x = longitude.
    z
        (c,) heights in metres, NaN where unknown; None when no geometry has any.
    rings, parts, geoms
        Offsets as the module says.
    multi
        (n,) whether the geometry is of the Multi kind, whatever its number of parts.
    """

    kind: GeometryKind
    xy: FloatArray
    z: FloatArray | None
    rings: npt.NDArray[np.int32]
    parts: npt.NDArray[np.int32]
    geoms: npt.NDArray[np.int32]
    multi: BoolArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "_flat", self.xy.reshape(-1).data)
        for name in ("rings", "parts", "geoms"):
            object.__setattr__(self, f"_{name}", getattr(self, name).data)

    def __len__(self) -> int:
        return len(self.geoms) - 1

    @classmethod
    def from_shapely(cls, kind: GeometryKind, geometry: ObjectArray) -> Ragged:
        """Flat arrays of (n,) shapely geometries of one kind; None and empty have no part."""
        pieces, owner = shapely.get_parts(geometry, return_index=True)
        filled = ~shapely.is_empty(pieces)
        pieces, owner = pieces[filled], owner[filled]
        if kind is GeometryKind.POLYGON:
            rings, of_part = shapely.get_rings(pieces, return_index=True)
            per_part = np.bincount(of_part, minlength=len(pieces))
        else:
            rings, per_part = pieces, np.ones(len(pieces), np.int64)
        has_z = bool(shapely.has_z(geometry).any())
        coords, of_ring = shapely.get_coordinates(rings, include_z=has_z, return_index=True)
        return cls(
            kind=kind,
            xy=np.ascontiguousarray(coords[:, :2]),
            z=np.ascontiguousarray(coords[:, 2]) if has_z else None,
            rings=offsets_of(np.bincount(of_ring, minlength=len(rings))),
            parts=offsets_of(per_part),
            geoms=offsets_of(np.bincount(owner, minlength=len(geometry))),
            multi=shapely.get_type_id(geometry) >= shapely.GeometryType.MULTIPOINT,
        )

    def bounds(self) -> FloatArray:
        """(n, 4) minx miny maxx maxy, NaN where a geometry is missing or empty."""
        first = self.rings[self.parts[self.geoms]].astype(np.int64)
        out = np.full((len(self), 4), np.nan)
        filled = np.flatnonzero(np.diff(first) > 0)
        if len(filled):
            out[filled, :2] = np.minimum.reduceat(self.xy, first[filled])
            out[filled, 2:] = np.maximum.reduceat(self.xy, first[filled])
        return out

    def take(self, rows: npt.ArrayLike) -> Ragged:
        """Geometries at positions `rows`, in that order, with arrays of their own."""
        at = np.asarray(rows, np.int64)
        if self.is_plain:
            return self._taken_plain(at)
        parts, _ = spread(self.geoms[at], self.geoms[at + 1] - self.geoms[at])
        rings, _ = spread(self.parts[parts], self.parts[parts + 1] - self.parts[parts])
        coords, _ = spread(self.rings[rings], self.rings[rings + 1] - self.rings[rings])
        return Ragged(
            kind=self.kind,
            xy=self.xy[coords],
            z=None if self.z is None else self.z[coords],
            rings=offsets_of(self.rings[rings + 1] - self.rings[rings]),
            parts=offsets_of(self.parts[parts + 1] - self.parts[parts]),
            geoms=offsets_of(self.geoms[at + 1] - self.geoms[at]),
            multi=self.multi[at],
        )

    @property
    def is_plain(self) -> bool:
        """Whether each geometry is one part of one ring, line or point, none missing."""
        known: bool | None = self.__dict__.get("_plain")
        if known is None:
            ends = (self.rings, self.parts, self.geoms)
            known = len({len(e) for e in ends}) == 1 and all(
                bool((np.diff(e) == 1).all()) for e in ends[1:]
            )
            object.__setattr__(self, "_plain", known)
        return known

    def _taken_plain(self, at: IntArray) -> Ragged:
        counts = self.rings[at + 1] - self.rings[at]
        coords, _ = spread(self.rings[at], counts)
        one_each = np.arange(len(at) + 1, dtype=np.int32)
        z = None if self.z is None else self.z[coords]
        multi = self.multi[at]
        return Ragged(self.kind, self.xy[coords], z, offsets_of(counts), one_each, one_each, multi)

    def joined(self, other: Ragged) -> Ragged:
        """These geometries followed by those of `other`, which is of the same kind."""
        z = None
        if self.z is not None or other.z is not None:
            z = np.concatenate([_heights(self), _heights(other)])
        return Ragged(
            kind=self.kind,
            xy=np.concatenate([self.xy, other.xy]),
            z=z,
            rings=np.concatenate([self.rings, self.rings[-1] + other.rings[1:]]),
            parts=np.concatenate([self.parts, self.parts[-1] + other.parts[1:]]),
            geoms=np.concatenate([self.geoms, self.geoms[-1] + other.geoms[1:]]),
            multi=np.concatenate([self.multi, other.multi]),
        )

    def shapes(self, rows: npt.ArrayLike) -> ObjectArray:
        """Shapely geometries at positions `rows`; a missing one is an empty geometry."""
        some = self.take(rows)
        out = np.empty(len(some), object)
        flat = np.ones(len(some), bool) if some.z is None else ~_any_height(some)
        for multi in (False, True):
            for is_flat in (False, True):
                at = np.flatnonzero((some.multi == multi) & (flat == is_flat))
                if len(at):
                    out[at] = _built(
                        some if len(at) == len(some) else some.take(at), multi, is_flat
                    )
        return out

    def covers(self, rows: npt.NDArray[Any], x: float, y: float) -> BoolArray:
        """Which polygons at positions `rows` hold a point; their border belongs to them."""
        if len(rows) > 64:
            at = np.asarray(rows, np.int64)
            return self.covers_pairs(at, np.full(len(at), x), np.full(len(at), y))
        return np.array([self.covers_one(row, x, y) for row in rows.tolist()], bool)

    def covers_one(self, row: int, x: float, y: float) -> bool:
        """Whether one polygon holds a point, exactly; its border belongs to it."""
        rings, parts = self._rings, self._parts  # type: ignore[attr-defined]
        geoms, flat = self._geoms, self._flat  # type: ignore[attr-defined]
        xy = self.xy
        inside = OUT
        for ring in range(parts[geoms[row]], parts[geoms[row + 1]]):
            side = side_of_ring(flat, xy, rings[ring], rings[ring + 1], x, y)
            if side == ON:
                return True
            inside ^= side
        return inside == IN

    def covers_pairs(self, rows: npt.NDArray[Any], xs: FloatArray, ys: FloatArray) -> BoolArray:
        """Which pairs (polygon at ``rows[i]``, point i) touch, exactly, border included."""
        at = np.asarray(rows, np.int64)
        often = _asked_often(at, self._vertices_of(at)[1])
        if not often.any():
            return self._covered_by_rays(at, xs, ys)
        out, rest = np.empty(len(at), bool), ~often
        out[often] = self._covered_prepared(at[often], xs[often], ys[often])
        out[rest] = self._covered_by_rays(at[rest], xs[rest], ys[rest])
        return out

    def _vertices_of(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        """First vertex and number of vertices of geometries, over all of their rings."""
        first = self.rings[self.parts[self.geoms[rows]]].astype(np.int64)
        return first, self.rings[self.parts[self.geoms[rows + 1]]] - first

    def _covered_by_rays(self, rows: IntArray, xs: FloatArray, ys: FloatArray) -> BoolArray:
        first, counts = self._vertices_of(rows)
        several = self.parts[self.geoms[rows + 1]] - self.parts[self.geoms[rows]] > 1
        out = np.empty(len(rows), bool)
        for part in _cut_by_size(counts):
            ends = self._inner_ends(rows[part], first[part], np.flatnonzero(several[part]))
            out[part] = pairs_covered(self.xy, first[part], counts[part], ends, xs[part], ys[part])
        return out

    def _covered_prepared(self, rows: IntArray, xs: FloatArray, ys: FloatArray) -> BoolArray:
        """The same by GEOS, which sorts the edges of a polygon before its first point."""
        distinct, back = np.unique(rows, return_inverse=True)
        made = self.shapes(distinct)
        shapely.prepare(made)
        return np.asarray(shapely.intersects_xy(made[back], xs, ys))

    def _inner_ends(
        self, rows: IntArray, first: IntArray, pairs: IntArray
    ) -> tuple[IntArray, IntArray]:
        """Pairs whose polygons have several rings, and where in the polygon each ring ends."""
        begin = self.parts[self.geoms[rows[pairs]]]
        rings, owner = spread(begin, self.parts[self.geoms[rows[pairs] + 1]] - begin)
        return pairs[owner], self.rings[rings + 1] - 1 - first[pairs][owner]

    def distances_m(self, rows: npt.NDArray[Any], frame: LocalFrame) -> FloatArray:
        """(k,) metres from the frame's origin to each geometry; 0 inside a polygon.

        An edge is straight in the frame's plane: a kilometre along a parallel at 39 degrees
        lies 2 cm off the curve that it is in degrees. A missing geometry is infinitely far.
        """
        out = self.edge_distances_m(rows, frame)
        if self.kind is GeometryKind.POLYGON and len(rows):
            out[self.covers(np.asarray(rows), frame.lon, frame.lat)] = 0.0
        return out

    def edge_distances_m(self, rows: npt.NDArray[Any], frame: LocalFrame) -> FloatArray:
        """(k,) metres from the frame's origin to each geometry's points, lines or borders."""
        some = self.take(rows)
        out = np.full(len(some), np.inf)
        if not len(some.xy):
            return out
        flat = frame.forward(some.xy)
        per_vertex = _vertex_distances(flat, some)
        first = some.rings[some.parts[some.geoms]].astype(np.int64)
        filled = np.flatnonzero(np.diff(first) > 0)
        out[filled] = np.minimum.reduceat(per_vertex, first[filled])
        return out

    def lengths_m(self) -> FloatArray:
        """(n,) metres along all lines or rings on the ellipsoid, heights left out."""
        return self._summed(segment_lengths_m)

    def areas_m2(self) -> FloatArray:
        """(n,) square metres of the polygons on the ellipsoid, holes taken off."""
        rings = self._ring_areas()
        part_of_ring = np.repeat(np.arange(len(self.parts) - 1), np.diff(self.parts))
        shell = np.zeros(len(rings), bool)
        shell[self.parts[:-1]] = True
        signed = np.where(shell, rings, -rings)
        per_part = np.bincount(part_of_ring, signed, minlength=len(self.parts) - 1)
        geom_of_part = np.repeat(np.arange(len(self)), np.diff(self.geoms))
        return np.bincount(geom_of_part, per_part, minlength=len(self)).astype(float)

    def measures(self) -> FloatArray:
        """(n,) metres of lines, square metres of polygons, 0 of points."""
        if self.kind is GeometryKind.LINE:
            return self.lengths_m()
        return self.areas_m2() if self.kind is GeometryKind.POLYGON else np.zeros(len(self))

    def _ring_areas(self) -> FloatArray:
        flat = equal_area(self.xy)
        lengths = np.diff(self.rings)
        flat -= np.repeat(flat[self.rings[:-1]], lengths, axis=0)
        edges, ring = spread(self.rings[:-1], np.maximum(lengths - 1, 0))
        cross = flat[edges, 0] * flat[edges + 1, 1] - flat[edges + 1, 0] * flat[edges, 1]
        return np.abs(np.bincount(ring, cross, minlength=len(lengths))) / 2

    def _summed(self, measure: Any) -> FloatArray:
        lengths = np.diff(self.rings)
        edges, ring = spread(self.rings[:-1], np.maximum(lengths - 1, 0))
        per_edge = measure(self.xy[edges], self.xy[edges + 1])
        part_of_ring = np.repeat(np.arange(len(self.parts) - 1), np.diff(self.parts))
        geom_of_part = np.repeat(np.arange(len(self)), np.diff(self.geoms))
        owner = geom_of_part[part_of_ring[ring]]
        return np.bincount(owner, per_edge, minlength=len(self)).astype(float)


def _heights(geometry: Ragged) -> FloatArray:
    return np.full(len(geometry.xy), np.nan) if geometry.z is None else geometry.z


def _any_height(geometry: Ragged) -> BoolArray:
    known = np.concatenate([[0], np.cumsum(~np.isnan(_heights(geometry)))])
    first = geometry.rings[geometry.parts[geometry.geoms]]
    return np.asarray(np.diff(known[first]) > 0)


def _built(some: Ragged, multi: bool, flat: bool) -> ObjectArray:
    """Shapely geometries of rows that are all Multi or all simple, all flat or all with z."""
    coords = some.xy if flat or some.z is None else np.column_stack([some.xy, some.z])
    offsets: tuple[npt.NDArray[Any], ...]
    if some.kind is GeometryKind.POLYGON:
        offsets = (some.rings, some.parts, some.geoms) if multi else (some.rings, some.parts)
    elif some.kind is GeometryKind.LINE:
        offsets = (some.rings, some.geoms) if multi else (some.rings,)
    else:
        offsets = (some.geoms,) if multi else ()
    if multi or len(some.parts) == len(some.geoms):
        kind = (_MULTI if multi else _SIMPLE)[some.kind]
        built = shapely.from_ragged_array(kind, coords, tuple(o.astype(np.int64) for o in offsets))
        return np.asarray(built, object)
    # Some geometry has no part: it is put back as an empty one of its kind.
    out = np.full(len(some), shapely.from_wkt(f"{_SIMPLE[some.kind].name} EMPTY"), object)
    filled = np.flatnonzero(np.diff(some.geoms) > 0)
    if len(filled):
        out[filled] = _built(some.take(filled), multi, flat)
    return out


def _asked_often(rows: IntArray, counts: IntArray) -> BoolArray:
    """Which pairs are of polygons with many vertices that many points ask."""
    often = np.zeros(len(rows), bool)
    big = np.flatnonzero(counts >= _BIG)
    if len(big) >= _OFTEN:
        _, back, times = np.unique(rows[big], return_inverse=True, return_counts=True)
        often[big[times[back] >= _OFTEN]] = True
    return often


def _cut_by_size(counts: IntArray) -> Iterator[slice]:
    """Runs of pairs with so many vertices that their arrays stay in the processor's cache."""
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        done = int(ends[start - 1]) if start else 0
        stop = max(int(np.searchsorted(ends, done + _VERTICES_AT_ONCE, "right")), start + 1)
        yield slice(start, stop)
        start = stop


def _vertex_distances(flat: FloatArray, some: Ragged) -> FloatArray:
    """Metres from (0, 0) to each vertex and to the edge that starts there, the smaller one."""
    out = np.hypot(flat[:, 0], flat[:, 1])
    if some.kind is GeometryKind.POINT:
        return out
    edges, _ = spread(some.rings[:-1], np.maximum(np.diff(some.rings) - 1, 0))
    a = flat[edges]
    step = flat[edges + 1] - a
    square = np.einsum("ij,ij->i", step, step)
    along = -np.einsum("ij,ij->i", a, step)
    share = np.divide(along, square, out=np.zeros_like(along), where=square > 0)
    foot = a + np.clip(share, 0, 1)[:, None] * step
    out[edges] = np.minimum(out[edges], np.hypot(foot[:, 0], foot[:, 1]))
    return out
