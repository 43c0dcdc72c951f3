"""Excavation (开挖): what a pit hits, what it misses narrowly, how much of whose pipes lies in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gis.errors import CityError, GeometryError, InvalidError
from underground.axes import BoolArray, FloatArray, IntArray, ObjectArray
from underground.clearance.levels import levels
from underground.heights import require_one_datum
from underground.pipes import Pipes

#: Places at which the levels of a pipe are looked at inside of a pit, metres apart.
STEP_M = 0.5
#: No pit with upright walls is deeper, metres; more is a slip of the unit.
DEEPEST_M = 200.0
#: Levels beyond these metres lie nowhere in the ground of a city.
LEVELS_M = (-1000.0, 9000.0)


@dataclass(frozen=True)
class Excavation:
    """Pipes in a pit or near it; metres, NaN where unknown.

    Attributes
    ----------
    pipe
        (n,) rows of pipes whose outline comes within the margin of the pit in plan.
    is_inside
        (n,) whether the outline reaches into the pit in plan.
    is_hit, may_be_hit
        (n,) whether the top lies above the pit's floor; whether that is open because a level is
        unknown.
    wall_gap
        (n,) metres in plan between the pit's wall and the pipe's outer wall; negative inside. NaN
        where the size is unknown: `is_inside` then tells of the axis.
    floor_gap
        (n,) metres from the pit's floor down to the pipe's top; negative where it is hit.
    length
        (n,) metres of the axis inside of the pit in plan.
    """

    pipe: IntArray
    is_inside: BoolArray
    is_hit: BoolArray
    may_be_hit: BoolArray
    wall_gap: FloatArray
    floor_gap: FloatArray
    length: FloatArray


def excavate(
    pipes: Pipes,
    pit: Any,
    *,
    depth_m: float | None = None,
    floor_level_m: float | None = None,
    margin_m: float = 2.0,
) -> Excavation:
    """What a pit with upright walls does to pipes.

    Parameters
    ----------
    pit
        shapely Polygon in the plane of the pipes.
    depth_m, floor_level_m
        The floor: so deep below the ground at each pipe, or at one level. One of the two.
    margin_m
        How far around the pit pipes are listed.

    Raises
    ------
    GeometryError
        The pit is no valid polygon.
    InvalidError
        Neither or both of depth and level are given, or the depth is not positive.
    DatumError
        A level is given and the heights of the pipes are of an unknown datum.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from underground.frames import pipes_of_frame
    >>> line = shapely.from_wkt("LINESTRING Z (-5 1 -1, 5 1 -1)")
    >>> frame = gpd.GeoDataFrame({"管径": ["200"]}, geometry=[line], crs=4548)
    >>> found = excavate(pipes_of_frame(frame, datum="1985"), shapely.box(0, 0, 9, 2), floor_level_m=-2)
    >>> found.is_hit.tolist(), found.length.tolist(), found.floor_gap.round(3).tolist()
    ([True], [5.0], [-1.1])
    """
    _check(pit, depth_m, floor_level_m, margin_m)
    if floor_level_m is not None:
        require_one_datum([pipes.datum])
    lines = pipes.axes.plan_lines()
    half = np.nan_to_num(pipes.solids.width) / 2
    apart = np.asarray(shapely.distance(lines, pit), float)
    rows = np.flatnonzero(apart - half <= margin_m)
    wall = np.where(
        apart[rows] > 0, apart[rows] - half[rows], _depth_in(lines[rows], pit, half[rows])
    )
    inside = wall < 0
    wall[np.isnan(pipes.solids.width[rows])] = np.nan
    gap = np.full(len(rows), np.nan)
    gap[inside] = _floor_gaps(pipes, rows[inside], pit, depth_m, floor_level_m)
    unknown = inside & np.isnan(gap)
    return Excavation(
        pipe=rows,
        is_inside=np.asarray(inside, bool),
        is_hit=np.asarray(inside & (gap < 0), bool),
        may_be_hit=np.asarray(unknown, bool),
        wall_gap=wall,
        floor_gap=gap,
        length=np.asarray(shapely.length(shapely.intersection(lines[rows], pit)), float),
    )


def _check(pit: Any, depth: float | None, level: float | None, margin: float) -> None:
    faults: list[CityError] = []
    if not isinstance(pit, shapely.Polygon) or pit.is_empty or not pit.is_valid:
        faults.append(GeometryError("pit.outline", "开挖范围应为有效的多边形", field="pit"))
    if (depth is None) == (level is None):
        faults.append(InvalidError("pit.floor", "开挖深度和坑底高程要给出其中一个", field="depth"))
    if depth is not None and not (np.isfinite(depth) and depth > 0):
        faults.append(
            InvalidError("pit.depth", "开挖深度应大于 0，得到 {got} m", field="depth", got=depth)
        )
    elif depth is not None and depth > DEEPEST_M:
        faults.append(
            InvalidError(
                "pit.depth", "开挖深度不超过 {expected} m，得到 {got} m", field="depth",
                got=depth, expected=DEEPEST_M, hint="单位是米，不是毫米",
            )
        )  # fmt: skip
    if level is not None and not LEVELS_M[0] <= level <= LEVELS_M[1]:
        faults.append(
            InvalidError(
                "pit.level", "坑底高程应在 {expected} m 之间，得到 {got} m", field="floor",
                got=level, expected=list(LEVELS_M),
            )
        )  # fmt: skip
    if not (np.isfinite(margin) and margin >= 0):
        faults.append(
            InvalidError("pit.margin", "范围不能小于 0，得到 {got} m", field="margin", got=margin)
        )
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InvalidError(
            "pit.bad", "开挖的参数有 {count} 处错误",
            params={"count": len(faults)}, errors=faults,
        )  # fmt: skip


def _depth_in(lines: ObjectArray, pit: shapely.Polygon, half: FloatArray) -> FloatArray:
    """Minus how far axes reach into the pit, and half of their width."""
    inside = shapely.intersection(lines, pit)
    reach = np.array([_farthest(line, pit) for line in inside.tolist()], float)
    return -reach - half


def _farthest(line: Any, pit: shapely.Polygon) -> float:
    """Greatest distance of the vertices of a line from the border of the pit."""
    places = shapely.points(shapely.get_coordinates(line))
    return float(np.max(shapely.distance(places, pit.boundary), initial=0.0))


def _floor_gaps(
    pipes: Pipes,
    rows: IntArray,
    pit: shapely.Polygon,
    depth: float | None,
    level: float | None,
) -> FloatArray:
    """Least height of the floor over the tops of pipes, where their outline lies in the pit."""
    out = np.full(len(rows), np.nan)
    stations = pipes.axes.stations
    for k, row in enumerate(rows.tolist()):
        first, last = int(pipes.axes.first[row]), int(pipes.axes.first[row + 1])
        own = stations[first:last]
        n = max(2, int(np.ceil(own[-1] / STEP_M)) + 1)
        at = np.unique(np.concatenate([np.linspace(0, own[-1], n), own]))
        place = np.column_stack([np.interp(at, own, pipes.axes.xyz[first:last, i]) for i in (0, 1)])
        half = float(np.nan_to_num(pipes.solids.width[row])) / 2
        near = shapely.distance(shapely.points(place), pit) <= half + 1e-9
        at = at[near] if near.any() else at
        piece = np.clip(np.searchsorted(own, at, side="right") - 1, 0, len(own) - 2)
        long = own[piece + 1] - own[piece]
        share = np.where(long > 0, (at - own[piece]) / np.where(long > 0, long, 1), 0.0)
        top = levels(pipes.solids, piece + first - row, share)[2]
        if level is not None:
            floor = np.full(len(at), level)
        else:
            ground = pipes.ground[first:last]
            here = ground[piece] + share * (ground[piece + 1] - ground[piece])
            floor = here - float(depth or 0.0)
        out[k] = (floor - top).min() if not np.isnan(floor - top).any() else np.nan
    return out


def lengths_by_owner(
    found: Excavation, pipes: Pipes
) -> list[tuple[str | None, str | None, int, float]]:
    """(kind, owner, pipes, metres) of what lies in the pit, by kind and owner."""
    rows: dict[tuple[str | None, str | None], list[float]] = {}
    for k in np.flatnonzero(found.is_inside).tolist():
        row = int(found.pipe[k])
        key = (pipes.kind[row], pipes.owner[row])
        rows.setdefault(key, []).append(float(found.length[k]))
    order = sorted(rows, key=lambda key: (str(key[0]), str(key[1])))
    return [(kind, owner, len(rows[kind, owner]), sum(rows[kind, owner])) for kind, owner in order]
