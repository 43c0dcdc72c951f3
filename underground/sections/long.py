"""Long profile (纵断面): along a path of pipes, with ground, levels, slopes and what crosses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import shapely

from underground.axes import BoolArray, FloatArray, IntArray, ObjectArray
from underground.pipes import Pipes
from underground.sections.cross import CrossSection, cross_section


class InvertSource(StrEnum):
    """Where the height of an inner bottom comes from."""

    DELIVERED = "delivered"
    BETWEEN = "between_delivered"
    WALL = "bottom_and_wall"
    ASSUMED_WALL = "bottom_and_assumed_wall"
    NONE = "none"


class Reason(StrEnum):
    """What would have to be known."""

    HEIGHT = "height_unknown"
    HEIGHT_OR_SIZE = "height_or_size_unknown"
    SIZE = "size_unknown"
    WALL = "wall_unknown"


@dataclass(frozen=True)
class Gap:
    """A stretch between two stations with an unknown level at one of them; ``missing`` names which."""

    start: float
    end: float
    missing: tuple[str, ...]
    reason: Reason


@dataclass(frozen=True)
class LongProfile:
    """A path of pipes, stretched out; metres, NaN where a level is missing: a gap stays a gap.

    Attributes
    ----------
    pipe, forward
        (n,) pipes in order, and whether each is passed from its start to its end.
    nodes
        (n + 1,) numbers of the points at the ends of the pipes, -1 where none.
    station
        (v,) metres in plan from the start; of every vertex of every pipe, pipe by pipe.
    first
        (n + 1,) vertices of each pipe within `station`.
    ground, top, axis, bottom
        (v,) heights; top and bottom are those of the outer wall.
    invert
        (v,) heights of the inner bottom: as delivered, straight between the ends where both were
        delivered, else the bottom and the wall; NaN where neither is known.
    invert_source
        (v,) members of `InvertSource`.
    slope
        (n,) fall per metre in plan in the direction of the path; NaN if unknown.
    is_slope_of_invert
        (n,) whether it is that of the invert, known at both ends; else it is that of the axis.
    crossing
        Other pipes that cross the path; their chainage is the station.
    gaps
        Stretches on which a level is missing.
    """

    pipe: IntArray
    forward: BoolArray
    nodes: IntArray
    station: FloatArray
    first: IntArray
    ground: FloatArray
    top: FloatArray
    axis: FloatArray
    bottom: FloatArray
    invert: FloatArray
    invert_source: ObjectArray
    slope: FloatArray
    is_slope_of_invert: BoolArray
    crossing: CrossSection
    gaps: tuple[Gap, ...]

    @property
    def length_m(self) -> float:
        """Metres in plan along the path."""
        return float(self.station[-1]) if len(self.station) else 0.0


def long_profile(pipes: Pipes, path: IntArray, forward: BoolArray) -> LongProfile:
    """The profile along pipes that follow one another.

    Parameters
    ----------
    pipes
        All pipes; those not on the path are looked at for crossings.
    path
        (n,) rows of the pipes of the path, in order.
    forward
        (n,) whether each is passed from start to end.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from underground.frames import pipes_of_frame
    >>> lines = shapely.from_wkt(["LINESTRING Z (0 0 2, 10 0 1)", "LINESTRING Z (20 0 0, 10 0 1)"])
    >>> frame = gpd.GeoDataFrame({"管径": ["200", "200"]}, geometry=list(lines), crs=4548)
    >>> found = long_profile(pipes_of_frame(frame), np.array([0, 1]), np.array([True, False]))
    >>> found.station.tolist(), found.axis.tolist(), found.slope.tolist()
    ([0.0, 10.0, 10.0, 20.0], [2.0, 1.0, 1.0, 0.0], [0.1, 0.1])
    """
    axes, rows = pipes.axes, np.asarray(path, np.int64)
    order = [
        np.arange(axes.first[r], axes.first[r + 1])[:: 1 if f else -1]
        for r, f in zip(rows.tolist(), forward.tolist(), strict=True)
    ]
    vertex = np.concatenate(order) if order else np.empty(0, np.int64)
    counts = np.array([len(o) for o in order], np.int64)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    step = np.diff(axes.xyz[vertex, :2], axis=0, prepend=axes.xyz[vertex[:1], :2])
    long = np.hypot(step[:, 0], step[:, 1])
    long[first[:-1]] = 0.0
    station = np.cumsum(long)
    owner = np.repeat(rows, counts)
    half = pipes.solids.height[owner] / 2
    axis = axes.xyz[vertex, 2]
    bottom, top = axis - half, axis + half
    invert, source = _inverts(pipes, rows, forward, station, first, bottom)
    begin, stop = first[:-1], first[1:] - 1
    plan = station[stop] - station[begin]
    by_invert = invert[begin] - invert[stop]
    is_known = ~np.isnan(by_invert)
    fall = np.where(is_known, by_invert, axis[begin] - axis[stop])
    return LongProfile(
        pipe=rows,
        forward=np.asarray(forward, bool),
        nodes=_nodes(pipes, rows, forward),
        station=station,
        first=first,
        ground=pipes.ground[vertex],
        top=top,
        axis=axis,
        bottom=bottom,
        invert=invert,
        invert_source=source,
        is_slope_of_invert=is_known & (plan > 0),
        slope=fall / np.where(plan > 0, plan, np.nan),
        crossing=_crossing(pipes, rows, axes.xyz[vertex, :2]),
        gaps=_gaps(
            station,
            first,
            {"top": top, "axis": axis, "bottom": bottom, "invert": invert},
            np.isnan(half),
        ),
    )


def _nodes(pipes: Pipes, rows: IntArray, forward: BoolArray) -> IntArray:
    if not len(rows):
        return np.empty(0, np.int64)
    side = np.where(forward, 0, 1)
    starts = pipes.nodes[rows, side]
    return np.append(starts, pipes.nodes[rows[-1], 1 - side[-1]])


def _crossing(pipes: Pipes, rows: IntArray, places: FloatArray) -> CrossSection:
    """What crosses the path, pipes of the path and their neighbours at its points left out."""
    own = np.isin(np.arange(len(pipes)), rows)
    ends = np.unique(pipes.nodes[rows])
    joined = np.isin(pipes.nodes, ends[ends >= 0]).any(axis=1)
    others = np.flatnonzero(~own & ~joined)
    keep = np.ones(len(places), bool)
    keep[1:] = (np.diff(places, axis=0) != 0).any(axis=1)
    found = cross_section(pipes.take(others), shapely.LineString(places[keep]))
    return CrossSection(**{**found.__dict__, "pipe": others[found.pipe]})


def _inverts(
    pipes: Pipes,
    rows: IntArray,
    forward: BoolArray,
    station: FloatArray,
    first: IntArray,
    bottom: FloatArray,
) -> tuple[FloatArray, ObjectArray]:
    """Inner bottoms at the vertices of a path, and where they come from."""
    owner = np.repeat(rows, np.diff(first))
    invert = bottom + pipes.wall[owner]
    source = np.full(len(invert), InvertSource.NONE, object)
    source[~np.isnan(invert)] = InvertSource.WALL
    source[~np.isnan(invert) & pipes.is_wall_assumed[owner]] = InvertSource.ASSUMED_WALL
    ends = pipes.inverts[rows]
    ends = np.where(np.asarray(forward, bool)[:, None], ends, ends[:, ::-1])
    given = _delivered(ends, station, first)
    is_given, is_end = ~np.isnan(given), np.zeros(len(station), bool)
    is_end[first[:-1]] = is_end[first[1:] - 1] = True
    source[is_given & ~is_end] = InvertSource.BETWEEN
    source[is_given & is_end] = InvertSource.DELIVERED
    return np.where(is_given, given, invert), source


def _delivered(ends: FloatArray, station: FloatArray, first: IntArray) -> FloatArray:
    """Delivered levels at the ends of pipes, straight between two of them; NaN elsewhere."""
    counts = np.diff(first)
    begin, stop = first[:-1], first[1:] - 1
    plan = station[stop] - station[begin]
    share = (station - np.repeat(station[begin], counts)) / np.repeat(
        np.where(plan > 0, plan, 1.0), counts
    )
    start, end = np.repeat(ends, counts, axis=0).T
    out: FloatArray = start + (end - start) * share
    out[begin], out[stop] = ends.T
    return out


def _gaps(
    station: FloatArray, first: IntArray, levels: dict[str, FloatArray], no_size: BoolArray
) -> tuple[Gap, ...]:
    """Stretches with a level unknown at one of their ends."""
    lacks = {name: np.isnan(level[:-1]) | np.isnan(level[1:]) for name, level in levels.items()}
    is_gap = np.logical_or.reduce(list(lacks.values()))
    is_gap[first[1:-1] - 1] = False  # between two pipes there is no stretch
    no_height = lacks["axis"] & lacks["invert"]
    reason = np.select(
        [no_height & no_size[1:], no_height, no_size[1:]],
        [Reason.HEIGHT_OR_SIZE, Reason.HEIGHT, Reason.SIZE],
        Reason.WALL,
    )
    return tuple(
        Gap(
            float(station[v]),
            float(station[v + 1]),
            tuple(name for name, is_lacking in lacks.items() if is_lacking[v]),
            Reason(reason[v]),
        )
        for v in np.flatnonzero(is_gap).tolist()
    )


def profile_rows(profile: LongProfile, pipes: Pipes) -> dict[str, list[dict[str, Any]]]:
    """The profile as JSON values: a row per vertex, per pipe, per crossing pipe, per gap."""
    vertices = [
        {
            "pipe": pipes.ids[int(profile.pipe[k])],
            "station_m": _number(profile.station[v]),
            "ground_m": _number(profile.ground[v]),
            "top_m": _number(profile.top[v]),
            "axis_m": _number(profile.axis[v]),
            "bottom_m": _number(profile.bottom[v]),
            "invert_m": _number(profile.invert[v]),
            "invert_source": str(profile.invert_source[v]),
        }
        for k in range(len(profile.pipe))
        for v in range(int(profile.first[k]), int(profile.first[k + 1]))
    ]
    links = [
        {
            "pipe": pipes.ids[row],
            "forward": bool(profile.forward[k]),
            "from_m": _number(profile.station[profile.first[k]]),
            "to_m": _number(profile.station[profile.first[k + 1] - 1]),
            "slope": _number(profile.slope[k], 6),
            "slope_of": _slope_of(profile, k),
            "width_m": _number(pipes.solids.width[row]),
            "size_assumed": bool(pipes.is_size_assumed[row]),
            "wall_m": _number(pipes.wall[row]),
            "wall_assumed": bool(pipes.is_wall_assumed[row]),
            "kind": pipes.kind[row],
        }
        for k, row in enumerate(profile.pipe.tolist())
    ]
    crossing = [
        {
            "pipe": pipes.ids[row],
            "kind": pipes.kind[row],
            "station_m": _number(profile.crossing.chainage[k]),
            "top_m": _number(profile.crossing.top[k]),
            "bottom_m": _number(profile.crossing.bottom[k]),
            "half_width_m": _number(profile.crossing.half_width[k]),
        }
        for k, row in enumerate(profile.crossing.pipe.tolist())
    ]
    gaps = [
        {
            "from_m": _number(gap.start),
            "to_m": _number(gap.end),
            "missing": [f"{name}_m" for name in gap.missing],
            "reason": gap.reason.value,
        }
        for gap in profile.gaps
    ]
    return {"vertices": vertices, "links": links, "crossing": crossing, "gaps": gaps}


def _slope_of(profile: LongProfile, k: int) -> str | None:
    """What a slope is of: the inner bottom where both its ends are known, else the axis."""
    if np.isnan(profile.slope[k]):
        return None
    return "invert" if profile.is_slope_of_invert[k] else "axis"


def _number(value: float, decimals: int = 4) -> float | None:
    return None if np.isnan(value) else round(float(value), decimals)
