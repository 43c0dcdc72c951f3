"""What all checks look at, computed once per delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from underground.axes import BoolArray, FloatArray, IntArray, ObjectArray
from underground.faults import SheetRole, SurveyFault
from underground.outer import OuterSizes, outer_sizes
from underground.pipes import EndLevels, Pipes, end_levels, pipes_of_survey
from underground.survey.meaning import Meaning, meaning_of
from underground.survey.model import Survey
from underground.survey.places import (
    MetricPlaces,
    Plane,
    degrees_of,
    metric_places,
    plane_of,
)

Found = list[SurveyFault]


@dataclass(frozen=True)
class CheckLimits:
    """Limits of the checks; metres and degrees.

    The longest and shortest segment, the slopes and the degree of a fitting are those of an open
    survey tool (BdJmLtd); the others are settings.
    """

    longest_m: float = 75.0
    shortest_m: float = 0.05
    deepest_m: float = 15.0
    #: Deeper values are taken for a slip of the unit.
    unit_depth_m: float = 30.0
    #: Coordinates beyond lie in no plane on Earth, whatever their system.
    farthest: float = 1e8
    #: Heights beyond lie nowhere in the ground of a city; 9999 stands for "none" in many files.
    heights_m: tuple[float, float] = (-1000.0, 9000.0)
    #: Sizes below are taken for metres or inches, above for a slip (millimetres).
    unit_size_mm: tuple[float, float] = (15.0, 10_000.0)
    steepest_gravity_deg: float = 10.0
    steepest_deg: float = 30.0
    snap_m: float = 0.5
    same_end_m: float = 0.01
    same_level_m: float = 0.01
    rising_m: float = 0.005
    sharpest_deg: float = 15.0
    well_m: float = 0.05
    #: minx, miny, maxx, maxy in delivered coordinates; None leaves the area of the system.
    extent: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Case:
    """One delivery with its derived arrays and the limits it is held to."""

    survey: Survey
    limits: CheckLimits

    @cached_property
    def meaning(self) -> Meaning:
        """Texts of lines in this program's codes."""
        return meaning_of(self.survey)

    @cached_property
    def places(self) -> MetricPlaces:
        """Places in metres; NaN also for points that lie nowhere near, so that they are one fault."""
        return metric_places(self.believed)

    @cached_property
    def plane(self) -> Plane:
        """Plane of `places`."""
        return plane_of(self.believed)

    @cached_property
    def outside(self) -> BoolArray:
        """(n,) points out of where their system may be used or out of the city."""
        points = self.survey.points
        places = np.column_stack([points.number("east"), points.number("north")])
        return np.asarray(~np.isnan(places).any(axis=1) & ~self.is_inside(places), bool)

    def is_inside(self, places: FloatArray) -> BoolArray:
        """Which delivered places lie where the system may be used, and in the city."""
        inside = np.ones(len(places), bool)
        if self.survey.crs is not None:
            inside &= degrees_of(self.survey.crs, places)[1]
        else:
            inside &= (np.abs(places) <= self.limits.farthest).all(axis=1)
        if self.limits.extent is not None:
            minx, miny, maxx, maxy = self.limits.extent
            x, y = places[:, 0], places[:, 1]
            inside &= (x >= minx) & (x <= maxx) & (y >= miny) & (y <= maxy)
        return inside

    @cached_property
    def believed(self) -> Survey:
        """The survey with the coordinates of points that lie nowhere near taken for unknown."""
        if not self.outside.any():
            return self.survey
        points = self.survey.points
        numbers = dict(points.numbers)
        for name in ("east", "north"):
            numbers[name] = np.where(self.outside, np.nan, numbers[name])
        return replace(self.survey, points=replace(points, numbers=numbers))

    @cached_property
    def outer(self) -> OuterSizes:
        """Outer sizes of lines."""
        numbers = self.survey.lines.number("outer")
        return outer_sizes(self.meaning.sections, self.meaning.material, numbers)

    @cached_property
    def levels(self) -> EndLevels:
        """Heights of both ends of lines."""
        return end_levels(self.survey, self.meaning, self.outer)

    @cached_property
    def pipes(self) -> Pipes:
        """Lines with a place, in space."""
        return pipes_of_survey(self.believed)

    @cached_property
    def line_of_pipe(self) -> IntArray:
        """Position in the line table of each pipe."""
        at = {row: i for i, row in enumerate(self.survey.lines.rows.tolist())}
        return np.array([at[row] for row in self.pipes.rows.tolist()], np.int64)

    @cached_property
    def part_levels(self) -> FloatArray:
        """(n, 2) levels of the part that was measured: recorded, else ground less depth."""
        lines = self.survey.lines
        level = np.column_stack([lines.number("start_level"), lines.number("end_level")])
        return np.where(np.isnan(level), self.levels.ground - self.levels.depth, level)

    @cached_property
    def is_wild(self) -> BoolArray:
        """(n,) whether a depth is so large that it can only be a slip of the unit."""
        return np.asarray((np.abs(self.levels.depth) > self.limits.unit_depth_m).any(axis=1), bool)

    @cached_property
    def plan_lengths(self) -> FloatArray:
        """(n,) metres in plan along each line, inner vertices included; NaN without places."""
        out = np.full(len(self.survey.lines), np.nan)
        known = ~np.isnan(self.places.ends).any(axis=(1, 2))
        out[known] = 0.0
        out[self.line_of_pipe] = self.pipes.axes.lengths(plan=True)
        return out

    @cached_property
    def first_alike(self) -> IntArray:
        """(n,) the first line that is the same segment, in either direction; itself if none."""
        lines, first, xyz = self.survey.lines, self.survey.shapes.first, self.survey.shapes.xyz
        model = self.survey.dialect == "epanet"  # pipes of a model may lie side by side
        columns = (lines.text("start"), lines.text("end"), self.meaning.kind, self.meaning.mode)
        names = lines.text("name").tolist()
        seen: dict[object, int] = {}
        out = np.arange(len(lines))
        for i, (a, b, kind, mode) in enumerate(zip(*columns, strict=True)):
            if a is None or b is None or a == b:
                continue
            some = [tuple(p) for p in xyz[first[i] : first[i + 1], :2].tolist()]
            way = names[i] if model else tuple(min(some, some[::-1]))
            out[i] = seen.setdefault((min(a, b), max(a, b), kind, mode, way), i)
        return out

    @cached_property
    def is_repeated(self) -> BoolArray:
        """(n,) whether an earlier line is the same segment."""
        return np.asarray(self.first_alike != np.arange(len(self.first_alike)), bool)

    @cached_property
    def incidence(self) -> tuple[IntArray, IntArray, IntArray]:
        """Ends of lines at known points, by point: point, line, side (0 start, 1 end).

        A segment that was delivered twice counts once, so that its doubling is one fault.
        """
        ends = self.survey.ends
        n = len(ends)
        line = np.repeat(np.arange(n), 2)
        side = np.tile(np.arange(2), n)
        point = ends.reshape(-1)
        known = (point >= 0) & (ends[line, 0] != ends[line, 1])
        known &= ~self.is_repeated[line]
        order = np.lexsort((side[known], line[known], point[known]))
        return point[known][order], line[known][order], side[known][order]

    @cached_property
    def degrees(self) -> IntArray:
        """(n,) ends of lines at each point."""
        return np.bincount(self.incidence[0], minlength=len(self.survey.points))

    # -- faults ----------------------------------------------------------------------------

    def point_fault(self, code: str, i: int, **parts: object) -> SurveyFault:
        """A fault of the point at position `i`."""
        row = int(self.survey.points.rows[i])
        place = self.survey.point_place(i)
        # Points that were made of ends of lines have the rows of these.
        table = SheetRole.POINTS if self.survey.points_delivered else SheetRole.LINES
        return SurveyFault(code, table, row, place=place, **parts)  # type: ignore[arg-type]

    def line_fault(
        self, code: str, i: int, side: int | None = None, **parts: object
    ) -> SurveyFault:
        """A fault of the line at position `i`, at one end or as a whole."""
        row = int(self.survey.lines.rows[i])
        place = self.survey.line_place(i, side)
        return SurveyFault(code, SheetRole.LINES, row, place=place, **parts)  # type: ignore[arg-type]

    def line_row(self, i: int) -> int:
        """Row of the line at position `i`."""
        return int(self.survey.lines.rows[i])


Check = Callable[[Case], Found]


def rounded(value: float) -> float:
    """A number for a message: to the millimetre, without the noise of the last digits."""
    return round(float(value), 3)


def repeats(values: ObjectArray, use: BoolArray) -> list[tuple[int, int]]:
    """Pairs (position, first position of the same value) of the used values that repeat."""
    seen: dict[object, int] = {}
    out = []
    for i in np.flatnonzero(use).tolist():
        first = seen.setdefault(values[i], i)
        if first != i:
            out.append((i, first))
    return out
