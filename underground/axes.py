"""Axes of pipes as flat arrays: polylines in metres, x east, y north, z up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from gis.errors import GeometryError
from gis.ragged import spread

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
ObjectArray = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Axes:
    """n polylines, each of two or more vertices.

    Attributes
    ----------
    xyz
        (k, 3) vertices in metres; z is NaN where a height is unknown, never 0 in its place.
    first
        (n + 1,) axis ``i`` holds the vertices ``first[i]`` to ``first[i + 1] - 1``.
    """

    xyz: FloatArray
    first: IntArray

    def __len__(self) -> int:
        return len(self.first) - 1

    @cached_property
    def counts(self) -> IntArray:
        """(n,) pieces of each axis, one less than its vertices."""
        return np.diff(self.first) - 1

    @cached_property
    def pieces(self) -> tuple[IntArray, IntArray]:
        """Straight pieces of all axes: (m,) their first vertex and (m,) their axis."""
        return spread(self.first[:-1], self.counts)

    @cached_property
    def bounds(self) -> FloatArray:
        """(n, 4) minx miny maxx maxy."""
        if not len(self):
            return np.empty((0, 4))
        low = np.minimum.reduceat(self.xyz[:, :2], self.first[:-1])
        high = np.maximum.reduceat(self.xyz[:, :2], self.first[:-1])
        return np.hstack([low, high])

    @cached_property
    def stations(self) -> FloatArray:
        """(k,) metres in plan of each vertex from the start of its axis."""
        step = np.diff(self.xyz[:, :2], axis=0, prepend=self.xyz[:1, :2])
        long = np.hypot(step[:, 0], step[:, 1])
        long[self.first[:-1]] = 0.0
        run = np.cumsum(long)
        return np.asarray(run - np.repeat(run[self.first[:-1]], np.diff(self.first)))

    @cached_property
    def has_heights(self) -> BoolArray:
        """(n,) whether every vertex of an axis has a height."""
        if not len(self):
            return np.empty(0, bool)
        unknown = np.isnan(self.xyz[:, 2])
        return ~np.logical_or.reduceat(unknown, self.first[:-1])

    def lengths(self, *, plan: bool = False) -> FloatArray:
        """(n,) metres along each axis, in space or in plan."""
        start, owner = self.pieces
        step = self.xyz[start + 1] - self.xyz[start]
        used = step[:, :2] if plan else step
        long = np.sqrt(np.einsum("ij,ij->i", used, used))
        return np.bincount(owner, long, minlength=len(self)).astype(np.float64)

    def take(self, rows: npt.ArrayLike) -> Axes:
        """The axes at positions `rows`, in that order."""
        at = np.asarray(rows, np.int64)
        counts = self.first[at + 1] - self.first[at]
        vertices, _ = spread(self.first[at], counts)
        return Axes(self.xyz[vertices], offsets(counts))

    def joined(self, other: Axes) -> Axes:
        """These axes followed by those of another."""
        return Axes(
            np.concatenate([self.xyz, other.xyz]),
            np.concatenate([self.first, self.first[-1] + other.first[1:]]),
        )

    def plan_lines(self) -> ObjectArray:
        """(n,) shapely lines without heights."""
        rows = np.repeat(np.arange(len(self)), np.diff(self.first))
        return np.asarray(shapely.linestrings(self.xyz[:, :2], indices=rows), object)


def offsets(counts: npt.ArrayLike) -> IntArray:
    """(n + 1,) int64 offsets of consecutive groups.

    Examples
    --------
    >>> offsets([2, 3]).tolist()
    [0, 2, 5]
    """
    listed = np.asarray(counts, np.int64)
    out = np.zeros(len(listed) + 1, np.int64)
    np.cumsum(listed, out=out[1:])
    return out


def axes_of(lines: npt.ArrayLike) -> Axes:
    """Axes of simple shapely lines; a line without heights gets NaN.

    Vertices that repeat the one before them, height included, are left out.

    Raises
    ------
    GeometryError
        When a shape is no simple line, or has less than two different vertices; ``errors``
        lists all, rows counted from 1.

    Examples
    --------
    >>> axes_of([shapely.from_wkt("LINESTRING Z (0 0 -1, 3 4 -1)")]).lengths().tolist()
    [5.0]
    """
    shapes = np.atleast_1d(np.asarray(lines, object))
    faults = [
        GeometryError(
            "axis.not_a_line", "需要折线，得到 {got}", got=_name(shapes[i]), row=int(i) + 1
        )
        for i in np.flatnonzero(shapely.get_type_id(shapes) != shapely.GeometryType.LINESTRING)
    ]
    if faults:
        raise _together(faults)
    xyz, owner = shapely.get_coordinates(shapes, include_z=True, return_index=True)
    if not np.isfinite(xyz[:, :2]).all():
        rows = np.unique(owner[~np.isfinite(xyz[:, :2]).all(axis=1)])
        raise _together(
            [GeometryError("axis.not_finite", "坐标不是有限的数", row=int(r) + 1) for r in rows]
        )
    return _without_repeats(xyz, owner.astype(np.int64), len(shapes))


def _without_repeats(xyz: FloatArray, owner: IntArray, n: int) -> Axes:
    same = np.zeros(len(xyz), bool)
    equal = (xyz[1:] == xyz[:-1]) | (np.isnan(xyz[1:]) & np.isnan(xyz[:-1]))
    same[1:] = (owner[1:] == owner[:-1]) & equal.all(axis=1)
    counts = np.bincount(owner[~same], minlength=n)
    short = np.flatnonzero(counts < 2)
    if len(short):
        raise _together(
            [
                GeometryError("axis.too_short", "轴线至少要有两个不同的点", row=int(r) + 1)
                for r in short
            ]
        )
    return Axes(np.ascontiguousarray(xyz[~same]), offsets(counts))


def _name(shape: object) -> str:
    return "无" if shape is None else str(getattr(shape, "geom_type", type(shape).__name__))


def _together(faults: list[GeometryError]) -> GeometryError:
    first = faults[0]
    return GeometryError(
        first.code, first.template, got=first.got, params=first.params, errors=faults, row=first.row
    )
