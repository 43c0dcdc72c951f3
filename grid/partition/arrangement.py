"""The smallest faces that lines cut areas into, and the edges between them.

Lines are clipped to the areas and led round buildings, dead ends that all but touch are joined,
everything is cut where it crosses. Faces and edges share their vertices exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gis.features import IntArray, ObjectArray
from grid.partition.barriers import Ground

#: Dead ends within this distance of another line are joined to it.
JOIN_M = 4.0
#: A line that runs into a building no deeper than this is led along its wall.
WALL_M = 1.9
#: Vertices lie on a grid of this size.
GRID_M = 0.0001
_BESIDE_M = 0.02
#: Strength of the outline of the area.
OUTLINE = 9


@dataclass(frozen=True)
class Arrangement:
    """Faces of areas and the edges between them.

    Attributes
    ----------
    faces
        (n,) polygons that cover the areas.
    owners
        (n,) community in which each face lies.
    edges
        (m,) lines, from crossing to crossing.
    strengths
        (m,) strength of each edge.
    sides
        (m, 2) faces on both sides of each edge, -1 outside of the area.
    """

    faces: ObjectArray
    owners: IntArray
    edges: ObjectArray
    strengths: IntArray
    sides: IntArray


def arrange(ground: Ground, extra: ObjectArray | None = None) -> Arrangement:
    """The arrangement of a ground; `extra` lines follow nothing and are put in as they are."""
    lines, strengths = _clear_of_buildings(*_clipped(ground), ground.buildings)
    joins = _joins(lines, ground)
    joined = _strength_at(shapely.get_point(joins, 0), lines, strengths)
    lines, strengths = np.concatenate([lines, joins]), np.concatenate([strengths, joined])
    free = ground.links if extra is None else np.concatenate([ground.links, extra])
    free = free[~crosses_buildings(free, ground.buildings)]
    lines = np.concatenate([lines, free])
    strengths = np.concatenate([strengths, np.zeros(len(free), np.int64)])
    outline = shapely.boundary(ground.areas)
    # Snapped to tenths of a millimetre: lines that all but coincide must not leave faces that overlap.
    edges = shapely.get_parts(shapely.union_all(np.concatenate([lines, outline]), grid_size=GRID_M))
    faces = shapely.get_parts(shapely.polygonize(edges))
    faces, area = _owned(faces, ground.areas)
    owners = ground.owners[area]
    sources = np.concatenate([lines, outline])
    known = np.concatenate([strengths, np.full(len(outline), OUTLINE, np.int64)])
    middles = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    found = _strength_at(middles, sources, known)
    return Arrangement(faces, owners, edges, found, _sides(faces, edges))


def _owned(faces: ObjectArray, areas: ObjectArray) -> tuple[ObjectArray, IntArray]:
    """Faces that lie in an area, and in which: the first one where areas overlap."""
    inner = shapely.point_on_surface(faces)
    at, area = shapely.STRtree(areas).query(inner, predicate="intersects")
    owners = np.full(len(faces), len(areas), np.int64)
    np.minimum.at(owners, at, area)
    inside = owners < len(areas)
    return faces[inside], owners[inside]


def _clipped(ground: Ground) -> tuple[ObjectArray, IntArray]:
    """The lines inside of the area, cut where they cross."""
    if not len(ground.lines):
        return ground.lines, ground.strengths
    whole = shapely.union_all(ground.areas)
    near = shapely.STRtree(ground.lines).query(whole, predicate="intersects")
    inside = shapely.intersection(ground.lines[near], whole)
    lines, owner = shapely.get_parts(inside, return_index=True)
    keep = shapely.get_dimensions(lines) == 1
    return lines[keep], ground.strengths[near][owner][keep]


def _clear_of_buildings(
    lines: ObjectArray, strengths: IntArray, buildings: ObjectArray
) -> tuple[ObjectArray, IntArray]:
    """Lines without their parts in buildings, and the walls along which shallow parts are led."""
    if not len(buildings):
        return lines, strengths
    at, house = shapely.STRtree(buildings).query(lines, predicate="intersects")
    within = shapely.intersection(lines[at], buildings[house])
    deep = shapely.length(within) > 1e-6
    at, house, within = at[deep], house[deep], within[deep]
    if not len(at):
        return lines, strengths
    cleared = lines.copy()
    for row in np.unique(at).tolist():
        blocks = shapely.union_all(buildings[house[at == row]])
        cleared[row] = shapely.difference(lines[row], blocks)
    walls = shapely.intersection(
        shapely.boundary(buildings[house]), shapely.buffer(within, WALL_M, quad_segs=4)
    )
    both = np.concatenate([cleared, walls])
    parts, owner = shapely.get_parts(both, return_index=True)
    keep = shapely.get_dimensions(parts) == 1
    known = np.concatenate([strengths, strengths[at]])
    return parts[keep], known[owner][keep]


def _joins(lines: ObjectArray, ground: Ground) -> ObjectArray:
    """Short lines that join dead ends to the nearest other line within reach."""
    edges = shapely.get_parts(
        shapely.unary_union(np.concatenate([lines, shapely.boundary(ground.areas)]))
    )
    ends, owner = dead_ends(edges)
    if not len(ends):
        return np.empty(0, dtype=object)
    at, near = shapely.STRtree(edges).query(ends, predicate="dwithin", distance=JOIN_M)
    other = near != owner[at]
    at, near = at[other], near[other]
    distance = shapely.distance(ends[at], edges[near])
    order = np.lexsort((near, distance, at))
    first = order[np.unique(at[order], return_index=True)[1]]
    first = first[distance[first] > 0]
    return _reaching(ends[at[first]], edges[near[first]], ground.buildings)


def _reaching(points: ObjectArray, targets: ObjectArray, buildings: ObjectArray) -> ObjectArray:
    """Lines from points to the nearest place of their targets and a little beyond."""
    links = shapely.shortest_line(points, targets)
    ends = shapely.get_coordinates(links).reshape(-1, 2, 2)
    step = ends[:, 1] - ends[:, 0]
    length = np.hypot(step[:, 0], step[:, 1])[:, None]
    ends[:, 1] += step / np.maximum(length, 1e-9) * 0.01
    made = np.asarray(shapely.linestrings(ends), dtype=object)
    clear: ObjectArray = made[~crosses_buildings(made, buildings)]
    return clear


def crosses_buildings(lines: ObjectArray, buildings: ObjectArray) -> Any:
    """(n,) whether a line runs inside of some building for more than a hand's breadth."""
    out = np.zeros(len(lines), bool)
    if len(buildings) and len(lines):
        at, house = shapely.STRtree(buildings).query(lines, predicate="intersects")
        inside = shapely.length(shapely.intersection(lines[at], buildings[house])) > 0.1
        out[at[inside]] = True
    return out


def dead_ends(edges: ObjectArray) -> tuple[ObjectArray, IntArray]:
    """Points at which only one edge ends, and that edge."""
    first, last = shapely.get_point(edges, 0), shapely.get_point(edges, -1)
    points = np.concatenate([first, last])
    owner = np.tile(np.arange(len(edges)), 2)
    xy = shapely.get_coordinates(points)
    _, where, count = np.unique(xy, axis=0, return_inverse=True, return_counts=True)
    alone = count[where.reshape(-1)] == 1
    return points[alone], owner[alone]


def _strength_at(points: ObjectArray, sources: ObjectArray, strengths: IntArray) -> IntArray:
    """(n,) strength of the strongest source on which each point lies, else 0."""
    out = np.zeros(len(points), np.int64)
    if len(points) and len(sources):
        tree = shapely.STRtree(sources)
        at, source = tree.query(points, predicate="dwithin", distance=_BESIDE_M)
        np.maximum.at(out, at, strengths[source])
    return out


def _sides(faces: ObjectArray, edges: ObjectArray) -> IntArray:
    """(m, 2) faces on both sides of each edge, by the segments that rings and edges share."""
    holders: defaultdict[tuple[float, ...], list[int]] = defaultdict(list)
    rings, owner = shapely.get_rings(faces, return_index=True)
    for key, face in _segments(rings, owner):
        holders[key].append(face)
    out = np.full((len(edges), 2), -1, np.int64)
    for edge in range(len(edges)):
        a, b = shapely.get_coordinates(edges[edge])[:2]
        found = holders.get(_key(a, b), [])
        out[edge, : len(found[:2])] = found[:2]
    return out


def _segments(rings: ObjectArray, owner: IntArray) -> Iterable[tuple[tuple[float, ...], int]]:
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    for a, b, r in zip(xy[:-1][same], xy[1:][same], ring[1:][same], strict=True):
        yield _key(a, b), int(owner[r])


def _key(a: Any, b: Any) -> tuple[float, ...]:
    one, two = (float(a[0]), float(a[1])), (float(b[0]), float(b[1]))
    return (*one, *two) if one <= two else (*two, *one)
