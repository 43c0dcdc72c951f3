"""Long profile (纵断面): along a path of pipes, with ground, levels, slopes and what crosses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from underground.axes import BoolArray, FloatArray, IntArray
from underground.pipes import Pipes
from underground.sections.cross import CrossSection, cross_section


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
        (v,) heights.
    slope
        (n,) fall of the axis per metre in plan in the direction of the path; NaN if unknown.
    crossing
        Other pipes that cross the path; their chainage is the station.
    gaps
        (g, 2) stations between which a level is missing.
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
    slope: FloatArray
    crossing: CrossSection
    gaps: FloatArray

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
    ends = np.column_stack([station[first[:-1]], station[first[1:] - 1]])
    fall = axis[first[:-1]] - axis[first[1:] - 1]
    plan = ends[:, 1] - ends[:, 0]
    return LongProfile(
        pipe=rows,
        forward=np.asarray(forward, bool),
        nodes=_nodes(pipes, rows, forward),
        station=station,
        first=first,
        ground=pipes.ground[vertex],
        top=axis + half,
        axis=axis,
        bottom=axis - half,
        slope=fall / np.where(plan > 0, plan, np.nan),
        crossing=_crossing(pipes, rows, axes.xyz[vertex, :2]),
        gaps=_gaps(station, axis, first),
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


def _gaps(station: FloatArray, axis: FloatArray, first: IntArray) -> FloatArray:
    """Stretches whose axis is unknown at one of their ends."""
    unknown = np.isnan(axis[1:]) | np.isnan(axis[:-1])
    inside = np.ones(len(unknown), bool)
    inside[first[1:-1] - 1] = False  # between two pipes there is no stretch
    at = np.flatnonzero(unknown & inside)
    return np.column_stack([station[at], station[at + 1]])


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
            "width_m": _number(pipes.solids.width[row]),
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
    gaps = [{"from_m": _number(a), "to_m": _number(b)} for a, b in profile.gaps.tolist()]
    return {"vertices": vertices, "links": links, "crossing": crossing, "gaps": gaps}


def _number(value: float, decimals: int = 4) -> float | None:
    return None if np.isnan(value) else round(float(value), decimals)
