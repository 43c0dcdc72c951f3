"""Check of recorded heights: numbers that are heights of nothing, such as 9999 for "none"."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from underground.axes import BoolArray, FloatArray
from underground.checks.case import Case, Found, rounded
from underground.survey.model import Survey

_OF_POINTS = {"ground": "地面高程", "pipe_level": "管线高程"}
_OF_LINES = {"start_level": "起点管线高程", "end_level": "终点管线高程"}
#: Only too far up: what is too deep is a slip of the unit and another check's.
_DEPTHS = {"start_depth": "起点埋深", "end_depth": "终点埋深"}


def _is_wild(case: Case, heights: FloatArray) -> BoolArray:
    low, high = case.limits.heights_m
    return np.asarray((heights < low) | (heights > high), bool)


def out_of_range(case: Case) -> Found:
    """Heights of points, of ends of lines and of their shapes that lie nowhere in the ground."""
    survey = case.survey
    low, high = case.limits.heights_m
    span = f"{low:g}～{high:g}"
    out = []
    for name, title in _OF_POINTS.items():
        height = survey.points.number(name)
        params = {"title": title, "expected": span}
        out += [
            case.point_fault(
                "value.height_range", i, field=name, got=rounded(height[i]), params=params
            )
            for i in np.flatnonzero(_is_wild(case, height)).tolist()
        ]
    columns = [(name, title, survey.lines.number(name)) for name, title in _OF_LINES.items()]
    columns += [
        (name, title, np.minimum(survey.lines.number(name), 0.0)) for name, title in _DEPTHS.items()
    ]
    columns += [
        ("geometry", title, survey.end_xyz[:, side, 2])
        for side, title in enumerate(("起点图形高程", "终点图形高程"))
    ]
    for side, (name, title, height) in enumerate(columns):
        params = {"title": title, "expected": span}
        out += [
            case.line_fault(
                "value.height_range", i, side % 2, field=name, got=rounded(height[i]), params=params
            )
            for i in np.flatnonzero(_is_wild(case, height)).tolist()
        ]
    return out


def believed(case: Case) -> Survey:
    """The survey with heights out of range taken for unknown, so that each is one fault."""
    survey = case.survey

    def known(heights: FloatArray) -> FloatArray:
        return np.where(_is_wild(case, heights), np.nan, heights)

    points = {**survey.points.numbers}
    points |= {name: known(points[name]) for name in _OF_POINTS if name in points}
    lines = {**survey.lines.numbers}
    lines |= {name: known(lines[name]) for name in _OF_LINES if name in lines}
    for name in _DEPTHS:
        if name in lines:
            lines[name] = np.where(
                _is_wild(case, np.minimum(lines[name], 0.0)), np.nan, lines[name]
            )
    ends = survey.end_xyz.copy()
    ends[:, :, 2] = known(ends[:, :, 2])
    return replace(
        survey,
        points=replace(survey.points, numbers=points),
        lines=replace(survey.lines, numbers=lines),
        end_xyz=ends,
    )
