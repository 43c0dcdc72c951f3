"""Cuts through open ground, for blocks that no line divides: straight, short, clear of buildings."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from gis.features import ObjectArray
from grid.partition.arrangement import crosses_buildings
from grid.partition.regions import Sizes

#: Distance of possible ends of cuts along the outline of a block.
STEP_M = 12.0
_MAX_ENDS = 90
_CLEAR_M = 0.3


def free_cuts(block: Any, buildings: ObjectArray, sizes: Sizes) -> list[Any]:
    """Straight lines that divide a block into cells of fitting size, as far as there are any.

    Parameters
    ----------
    block
        Polygon, metres.
    buildings
        Polygons that may not be cut.

    Of all straight cuts inside of the block that leave both sides large enough, the shortest that
    divides well is taken, then each side is looked at again.
    """
    near = shapely.STRtree(buildings).query(block, predicate="intersects")
    walls = shapely.buffer(buildings[near], _CLEAR_M, quad_segs=2)
    return _cuts(block, walls, sizes)


def _cuts(block: Any, walls: ObjectArray, sizes: Sizes) -> list[Any]:
    if shapely.area(block) <= sizes.most:
        return []
    cut = _best(block, walls, sizes)
    if cut is None:
        return []
    sides = _split(block, cut)
    return [_longer(cut, 0.02), *(c for side in sides for c in _cuts(side, walls, sizes))]


def _best(block: Any, walls: ObjectArray, sizes: Sizes) -> Any | None:
    ring = block.exterior
    count = int(min(_MAX_ENDS, max(12, ring.length // STEP_M)))
    ends = shapely.get_coordinates(
        shapely.line_interpolate_point(ring, np.arange(count) / count, normalized=True)
    )
    a, b = np.triu_indices(count, 2)
    lines = shapely.linestrings(np.stack([ends[a], ends[b]], axis=1))
    total = shapely.area(block)
    share = _share_before(ends, a, b, total)
    lengths = shapely.length(lines)
    small = np.minimum(share, 1 - share) * total
    keep = small >= sizes.least
    # A cut is good where it is short for the area it takes off, and divides into halves or thirds.
    score = lengths * (1.0 + np.abs(1 - 2 * share))
    order = np.argsort(np.where(keep, score, np.inf), kind="stable")[: int(keep.sum())]
    for at in order.tolist():
        line = lines[at]
        inner = shapely.line_interpolate_point(line, [0.02, 0.98], normalized=True)
        if not shapely.covers(block, shapely.LineString(inner)):
            continue
        if crosses_buildings(np.array([line], dtype=object), walls)[0]:
            continue
        sides = _split(block, line)
        if len(sides) == 2 and min(shapely.area(sides)) >= sizes.least:
            return line
    return None


def _share_before(ends: Any, a: Any, b: Any, total: float) -> Any:
    """(n,) share of the area on one side of each chord, of a block without holes (shoelace)."""
    x, y = ends[:, 0] - ends[0, 0], ends[:, 1] - ends[0, 1]
    step = x * np.roll(y, -1) - y * np.roll(x, -1)
    run = np.concatenate([[0.0], np.cumsum(step)])
    area = (run[b] - run[a] + x[b] * y[a] - y[b] * x[a]) / 2
    return np.clip(np.abs(area) / total, 0.0, 1.0)


def _split(block: Any, line: Any) -> list[Any]:
    """The parts of a block on both sides of a line, a little lengthened."""
    edges = shapely.union_all([shapely.boundary(block), _longer(line, 0.05)])
    parts = shapely.get_parts(shapely.polygonize(shapely.get_parts(edges)))
    inside = parts[shapely.covers(block, shapely.point_on_surface(parts))]
    return [p for p in inside.tolist() if shapely.area(p) > 1.0]


def _longer(line: Any, by_m: float) -> Any:
    """A straight line, longer at both ends, so that it surely crosses what it ends on."""
    (x0, y0), (x1, y1) = shapely.get_coordinates(line)
    length = max(float(np.hypot(x1 - x0, y1 - y0)), 1e-9)
    ux, uy = (x1 - x0) / length * by_m, (y1 - y0) / length * by_m
    return shapely.LineString([(x0 - ux, y0 - uy), (x1 + ux, y1 + uy)])
