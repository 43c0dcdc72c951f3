"""Pipes in space, ready to be measured: axes, outer sizes, classes, trust, ground, per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError
from gis.features import object_array
from gis.ragged import spread
from underground.axes import Axes, BoolArray, FloatArray, IntArray, ObjectArray, offsets
from underground.clearance.bodies import Solids
from underground.heights import GROUND_DATUM, HeightSource, Part, axis_offset, require_one_datum
from underground.outer import OuterSizes, outer_sizes
from underground.quality import method_of, standard_errors
from underground.survey.meaning import Meaning, meaning_of
from underground.survey.model import Survey
from underground.survey.places import MetricPlaces, metric_places


@dataclass(frozen=True)
class Pipes:
    """n pipes of one height datum.

    Attributes
    ----------
    ids
        (n,) names; unique.
    solids
        Axes and outer sizes, metres.
    ground
        (k,) ground heights at the vertices of the axes, NaN where unknown.
    kind, mode, material, pressure, status, owner
        (n,) codes or texts; None is unknown.
    recorded_m
        (n,) recorded size (nominal diameter or width) in metres, on which rules depend.
    is_size_assumed, is_part_assumed
        (n,) whether the outer size is the recorded one for want of better, and whether the
        reference of depths is the kind's usual one.
    wall, is_wall_assumed
        (n,) thickness in metres, NaN where unknown, and whether it follows from a nominal size.
    inverts
        (n, 2) heights of the inner bottom at both ends as delivered; NaN where none was.
    sigma_xy, sigma_z, is_sigma_assumed
        (n,) standard errors, the worse of both ends; NaN where unknown.
    nodes
        (n, 2) numbers of the points at both ends; -1 where none. Pipes that share one are joined.
    datum
        What all heights refer to.
    rows
        (n,) rows of the delivery.
    """

    ids: ObjectArray
    solids: Solids
    ground: FloatArray
    kind: ObjectArray
    mode: ObjectArray
    material: ObjectArray
    pressure: ObjectArray
    status: ObjectArray
    owner: ObjectArray
    recorded_m: FloatArray
    is_size_assumed: BoolArray
    is_part_assumed: BoolArray
    wall: FloatArray
    is_wall_assumed: BoolArray
    inverts: FloatArray
    sigma_xy: FloatArray
    sigma_z: FloatArray
    is_sigma_assumed: BoolArray
    nodes: IntArray
    datum: str
    rows: IntArray

    def __post_init__(self) -> None:
        wrong = {
            f.name: len(getattr(self, f.name))
            for f in fields(self)
            if f.name not in ("ground", "datum") and len(getattr(self, f.name)) != len(self.ids)
        }
        if len(self.ground) != len(self.axes.xyz):
            wrong["ground"] = len(self.ground)
        if wrong:
            raise InvalidError(
                "pipes.ragged",
                "各列长度不一：应为 {expected}，得到 {got}",
                got=wrong,
                expected=len(self),
            )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def axes(self) -> Axes:
        """Axes in metres."""
        return self.solids.axes

    @cached_property
    def position(self) -> dict[str, int]:
        """Row of each id."""
        return {id_: i for i, id_ in enumerate(self.ids.tolist())}

    def take(self, rows: npt.ArrayLike) -> Pipes:
        """The pipes at positions `rows`, in that order."""
        at = np.asarray(rows, np.int64)
        vertices, _ = spread(self.axes.first[at], self.axes.first[at + 1] - self.axes.first[at])
        rest = {
            f.name: getattr(self, f.name)[at]
            for f in fields(self)
            if f.name not in ("solids", "ground", "datum")
        }
        return Pipes(
            solids=self.solids.take(at), ground=self.ground[vertices], datum=self.datum, **rest
        )

    def joined(self, other: Pipes) -> Pipes:
        """These pipes followed by those of another set.

        Points of the two sets are different points, whatever their numbers.

        Raises
        ------
        DatumError
            Their heights refer to different datums, or one is unknown.
        InvalidError
            An id is in both.
        """
        datum = require_one_datum([self.datum, other.datum])
        both = sorted(set(self.ids.tolist()) & set(other.ids.tolist()))
        if both:
            raise InvalidError("pipes.same_id", "两份数据中编号重复：{got}", got=both[:20])
        shift = self.nodes.max(initial=-1) + 1
        nodes = np.where(other.nodes < 0, other.nodes, other.nodes + shift)
        rest = {
            f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)])
            for f in fields(self)
            if f.name not in ("solids", "datum", "nodes")
        }
        return Pipes(
            solids=self.solids.joined(other.solids),
            nodes=np.concatenate([self.nodes, nodes]),
            datum=datum,
            **rest,
        )


@dataclass(frozen=True)
class EndLevels:
    """Heights of the ends of lines as far as a survey gives them, metres.

    ``axis``, ``ground``, ``depth`` are (n, 2), NaN where unknown; ``invert`` (n, 2) what was
    delivered as the inner bottom, NaN elsewhere; ``source`` (n, 2) members of `HeightSource`.
    """

    axis: FloatArray
    ground: FloatArray
    depth: FloatArray
    invert: FloatArray
    source: ObjectArray


def end_levels(survey: Survey, meaning: Meaning, outer: OuterSizes) -> EndLevels:
    """Axis, ground and depth at both ends of each line.

    A recorded level comes first, then the ground less the depth, then the height of the shape
    (taken as of the axis). The level of a point stands in for one that its lines do not have. With
    the datum "ground" depths alone count, and the ground is 0 everywhere. A wall of unknown thickness
    is left out between an invert and its axis.
    """
    ends = survey.ends
    by_depth_only = survey.datum == GROUND_DATUM
    ground = _of_points(survey, "ground")[ends]
    if by_depth_only:
        ground = np.zeros(ground.shape)
    depth = np.column_stack([survey.lines.number("start_depth"), survey.lines.number("end_depth")])
    level = np.column_stack([survey.lines.number("start_level"), survey.lines.number("end_level")])
    level = np.where(np.isnan(level), _of_points(survey, "pipe_level")[ends], level)
    by_depth = ground - depth
    part = by_depth if by_depth_only else np.where(np.isnan(level), by_depth, level)
    axis = part + axis_offset(meaning.part, outer.height, np.nan_to_num(outer.wall))[:, None]
    invert = np.where((meaning.part == Part.INVERT)[:, None], part, np.nan)
    drawn = survey.end_xyz[:, :, 2]
    use_drawn = np.isnan(axis) & ~np.isnan(drawn)
    if by_depth_only:
        use_drawn[:] = False
    source = np.full(axis.shape, HeightSource.NONE, object)
    source[~np.isnan(axis)] = HeightSource.DEPTH
    source[~np.isnan(axis) & ~np.isnan(level)] = HeightSource.RECORDED
    source[use_drawn] = HeightSource.GEOMETRY
    return EndLevels(np.where(use_drawn, drawn, axis), ground, depth, invert, source)


def _of_points(survey: Survey, name: str) -> FloatArray:
    """Numbers of the points, with NaN at the end for position -1."""
    return np.append(survey.points.number(name), np.nan)


def pipes_of_survey(survey: Survey, *, assume: str | None = "detected") -> Pipes:
    """The lines of a survey whose places are known, as pipes in space.

    Parameters
    ----------
    survey
        One delivery.
    assume
        Survey method that stands in where none is recorded, so that standard errors exist; its
        use is marked. None leaves them unknown.

    Notes
    -----
    Left out are lines without a place at one of their ends, or of no length; a check names them.
    Inner vertices without a height get one by length between the ends.
    """
    meaning = meaning_of(survey)
    places = metric_places(survey)
    outer = outer_sizes(meaning.sections, meaning.material, survey.lines.number("outer"))
    levels = end_levels(survey, meaning, outer)
    kept = _usable(places, survey)
    axes, ground = _axes(survey, places, levels, kept)
    sigma_xy, sigma_z, assumed = _trust(survey, levels, kept, assume)
    text = survey.lines.text
    return Pipes(
        ids=_names(survey)[kept],
        solids=Solids(axes, outer.width[kept], outer.height[kept], meaning.sections.is_box[kept]),
        ground=ground,
        kind=meaning.kind[kept],
        mode=meaning.mode[kept],
        material=meaning.material[kept],
        pressure=text("pressure")[kept],
        status=meaning.status[kept],
        owner=text("owner")[kept],
        recorded_m=meaning.sections.width[kept],
        is_size_assumed=outer.is_assumed[kept],
        is_part_assumed=meaning.part_assumed[kept],
        wall=outer.wall[kept],
        is_wall_assumed=outer.is_wall_assumed[kept],
        inverts=levels.invert[kept],
        sigma_xy=sigma_xy,
        sigma_z=sigma_z,
        is_sigma_assumed=assumed,
        nodes=survey.ends[kept],
        datum=survey.datum,
        rows=survey.lines.rows[kept],
    )


def _usable(places: MetricPlaces, survey: Survey) -> IntArray:
    known = ~np.isnan(places.ends).any(axis=(1, 2))
    moved = np.abs(places.ends[:, 0] - places.ends[:, 1]).max(axis=1) > 0
    bent = np.diff(survey.shapes.first) > 0
    return np.flatnonzero(known & (moved | bent))


def _names(survey: Survey) -> ObjectArray:
    """Delivered names; start-end where there is none; a number behind what repeats."""
    own = survey.lines.text("name").tolist()
    start, end = survey.lines.text("start").tolist(), survey.lines.text("end").tolist()
    seen: dict[str, int] = {}
    out = []
    for name, a, b in zip(own, start, end, strict=True):
        base = name if name is not None else f"{a}-{b}"
        count = seen.get(base, 0)
        seen[base] = count + 1
        out.append(base if not count else f"{base}~{count + 1}")
    return object_array(out)


def _axes(
    survey: Survey, places: MetricPlaces, levels: EndLevels, kept: IntArray
) -> tuple[Axes, FloatArray]:
    """Axes of the lines at positions `kept`, and ground at their vertices."""
    inner_first = survey.shapes.first
    counts = np.diff(inner_first)[kept]
    first = offsets(counts + 2)
    xyz = np.full((first[-1], 3), np.nan)
    ground = np.full(first[-1], np.nan)
    starts, stops = first[:-1], first[1:] - 1
    for side, at in ((0, starts), (1, stops)):
        xyz[at, :2] = places.ends[kept, side]
        xyz[at, 2] = levels.axis[kept, side]
        ground[at] = levels.ground[kept, side]
    source, owner = spread(inner_first[:-1][kept], counts)
    target, _ = spread(starts + 1, counts)
    xyz[target, :2] = places.inner[source]
    axes = Axes(xyz, first)
    long = axes.stations
    total = long[stops][owner]
    share = long[target] / np.where(total > 0, total, 1.0)
    drawn = survey.shapes.xyz[source, 2]
    between = levels.axis[kept, 0][owner] * (1 - share) + levels.axis[kept, 1][owner] * share
    recorded = levels.source[kept][owner] != HeightSource.GEOMETRY
    use = np.isnan(drawn) | recorded.any(axis=1)
    xyz[target, 2] = np.where(use, between, drawn)
    ground[target] = (
        levels.ground[kept, 0][owner] * (1 - share) + levels.ground[kept, 1][owner] * share
    )
    return axes, ground


def _trust(
    survey: Survey, levels: EndLevels, kept: IntArray, assume: str | None
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Standard errors of lines: the worse of both ends; recorded ones come first."""
    methods = _methods(survey)[kept]
    depth = levels.ground[kept] - levels.axis[kept]
    depth = np.where(np.isnan(depth), levels.depth[kept], depth)
    own_xy, own_z = (
        _of_points(survey, name)[survey.ends[kept]] for name in ("sigma_xy", "sigma_z")
    )
    xy, z, assumed = standard_errors(methods.reshape(-1), depth.reshape(-1), assume=assume)
    both_xy = np.where(np.isnan(own_xy), xy.reshape(-1, 2), own_xy)
    both_z = np.where(np.isnan(own_z), z.reshape(-1, 2), own_z)
    own = ~np.isnan(own_xy) & ~np.isnan(own_z)
    marked = np.asarray((assumed.reshape(-1, 2) & ~own).any(axis=1), bool)
    return both_xy.max(axis=1), both_z.max(axis=1), marked


def _methods(survey: Survey) -> ObjectArray:
    """(n, 2) survey method at both ends: the line's own, else the point's; None is unknown."""
    points = survey.points
    pairs = zip(points.text("method"), points.text("quality"), strict=True)
    of_points = object_array([*(method_of(m, q) for m, q in pairs), None])
    out = of_points[survey.ends]
    pairs = zip(survey.lines.text("method"), survey.lines.text("quality"), strict=True)
    own = object_array(method_of(m, q) for m, q in pairs)
    has_own = np.array([m is not None for m in own.tolist()], bool)
    out[has_own] = own[has_own, None]
    return out


def concatenated(parts: Sequence[Pipes]) -> Pipes:
    """Several sets as one, see `Pipes.joined`."""
    out = parts[0]
    for part in parts[1:]:
        out = out.joined(part)
    return out
