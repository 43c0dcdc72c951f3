"""Seeded shapes: cells that tile the plane and pipes, as flat arrays in degrees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gis.layers import GeometryKind
from gis.ragged import Ragged, offsets_of

FloatArray = npt.NDArray[np.float64]
#: Lower left corner, degrees, and what a cell of about 100 m measures in degrees.
WEST, SOUTH = 117.0, 38.6
CELL_DEG = 0.001
#: Metres in a degree of latitude and of longitude at 39 degrees, roughly.
LAT_M, LON_M = 111_000.0, 86_500.0


def quads(side: int) -> Ragged:
    """`side` x `side` cells of four corners, moved about, without gap or overlap."""
    corners = _corners(side, 0.3, np.random.default_rng(1))
    around = [corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]]
    return _polygons(np.stack([*around, around[0]], axis=2), side)


def crooked_cells(side: int, inner: int) -> Ragged:
    """Cells whose edges have `inner` vertices between the corners, moved sideways: not convex.

    Neighbours share their edges exactly. A cell has 4 * (inner + 1) vertices.
    """
    rng = np.random.default_rng(2)
    corners = _corners(side, 0.2, rng)
    across = _crooked(corners[:, :-1], corners[:, 1:], inner, rng)
    upward = _crooked(corners[:-1], corners[1:], inner, rng)
    rings = np.concatenate(
        [
            *(corners[:-1, :-1, None], across[:-1]),
            *(corners[:-1, 1:, None], upward[:, 1:]),
            *(corners[1:, 1:, None], across[1:, :, ::-1]),
            *(corners[1:, :-1, None], upward[:, :-1, ::-1]),
            corners[:-1, :-1, None],
        ],
        axis=2,
    )
    return _polygons(rings, side)


def _corners(side: int, moved: float, rng: np.random.Generator) -> FloatArray:
    at = np.stack(np.meshgrid(np.arange(side + 1.0), np.arange(side + 1.0)), axis=-1)
    return at + rng.uniform(-moved, moved, at.shape)


def _crooked(a: FloatArray, b: FloatArray, inner: int, rng: np.random.Generator) -> FloatArray:
    share = np.linspace(0.0, 1.0, inner + 2)[1:-1, None]
    straight = a[..., None, :] * (1 - share) + b[..., None, :] * share
    along = (b - a)[..., None, :]
    aside = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    return straight + aside * rng.uniform(-0.12, 0.12, straight.shape[:-1])[..., None]


def _polygons(rings: FloatArray, side: int) -> Ragged:
    n = side * side
    degrees = np.round(rings.reshape(n, -1, 2) * CELL_DEG + [WEST, SOUTH], 9)
    one_each = np.arange(n + 1, dtype=np.int32)
    return Ragged(
        kind=GeometryKind.POLYGON,
        xy=degrees.reshape(-1, 2),
        z=None,
        rings=offsets_of(np.full(n, degrees.shape[1])),
        parts=one_each,
        geoms=one_each,
        multi=np.zeros(n, bool),
    )


def points_in(side: int, n: int, seed: int = 3) -> FloatArray:
    """(n, 2) positions among the cells of a `side`."""
    reach = side * CELL_DEG
    return np.random.default_rng(seed).uniform([WEST, SOUTH], [WEST + reach, SOUTH + reach], (n, 2))


def pipes(n: int, vertices: int = 4, seed: int = 4) -> Ragged:
    """Lines of 15 to 100 m, scattered with the density of a million over 45 km by 45 km."""
    xy = pipe_vertices(n, vertices, seed)
    one_each = np.arange(n + 1, dtype=np.int32)
    return Ragged(
        kind=GeometryKind.LINE,
        xy=xy.reshape(-1, 2),
        z=None,
        rings=offsets_of(np.full(n, vertices)),
        parts=one_each,
        geoms=one_each,
        multi=np.zeros(n, bool),
    )


def pipe_vertices(n: int, vertices: int = 4, seed: int = 4) -> FloatArray:
    """(n, vertices, 2) degrees of :func:`pipes`."""
    rng = np.random.default_rng(seed)
    start = rng.uniform(0.0, pipe_extent_m(n), (n, 1, 2))
    angle = rng.uniform(0.0, 2 * np.pi, n)
    way = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * rng.uniform(5.0, 33.0, (n, 1))
    at = start + np.arange(vertices)[:, None] * way[:, None, :]
    at += rng.normal(0.0, 1.0, at.shape)
    return np.round(at / [LON_M, LAT_M] + [WEST, SOUTH], 9)


def pipe_extent_m(n: int) -> float:
    """Side of the square over which :func:`pipes` scatters `n` lines."""
    return 45_000.0 * float(np.sqrt(n / 1e6))


def windows_m(n_pipes: int, n: int, side_m: float, seed: int = 5) -> list[tuple[float, ...]]:
    """`n` windows of `side_m` within the extent of :func:`pipes`, degrees."""
    rng = np.random.default_rng(seed)
    low = rng.uniform(0.0, max(pipe_extent_m(n_pipes) - side_m, 1.0), (n, 2))
    boxes = np.hstack([low, low + side_m]) / [LON_M, LAT_M, LON_M, LAT_M]
    return [tuple(box) for box in (boxes + np.tile([WEST, SOUTH], 2)).tolist()]


def as_shapely(shapes: Ragged) -> npt.NDArray[np.object_]:
    """Shapely geometries, for the peers."""
    return shapes.shapes(np.arange(len(shapes)))


def rtree_of(rtree_index: object, boxes: FloatArray) -> object:
    """One rtree over boxes, loaded in bulk from arrays: its fastest way."""
    ids = np.arange(len(boxes), dtype=np.int64)
    low, high = np.ascontiguousarray(boxes[:, :2]), np.ascontiguousarray(boxes[:, 2:])
    return rtree_index.Index((ids, low, high))  # type: ignore[attr-defined]
