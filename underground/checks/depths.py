"""Checks of heights and depths: sums, signs, limits, slopes, wells."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import numpy as np

from underground.axes import BoolArray, FloatArray, ObjectArray
from underground.checks.case import Case, Found, rounded
from underground.faults import Repair, RepairOp, SurveyFault

_SIDES = ("start", "end")
_TITLES = ("起点", "终点")
#: Decimals that are believed; more of them are the noise of binary numbers.
_MOST_DECIMALS = 4
#: Centimetres and millimetres in a metre.
_UNITS = (100.0, 1000.0)
#: Less than this no pipe is covered, metres.
_LEAST_DEPTH_M = 0.2


def sums(case: Case) -> Found:
    """Ground is depth plus level of the pipe, to the decimals in which they are printed."""
    survey = case.survey
    ground_decimals = _decimals(survey.points.raw.get(survey.points.names.get("ground", "")))
    out = []
    for side, name in enumerate(_SIDES):
        depth, level = survey.lines.number(f"{name}_depth"), survey.lines.number(f"{name}_level")
        ground = case.levels.ground[:, side]
        printed = [
            _decimals(survey.lines.raw.get(survey.lines.names.get(f"{name}_{what}", "")))
            for what in ("depth", "level")
        ]
        tolerance = 0.5 * 10.0 ** -min(ground_decimals, *printed) + 1e-9
        apart = np.abs(ground - depth - level)
        named = _named_elsewhere(case, depth, ground - level, tolerance)
        for i in np.flatnonzero((apart > tolerance) & ~named).tolist():
            out.append(
                case.line_fault(
                    "line.height_mismatch",
                    i,
                    side,
                    field=f"{name}_level",
                    got=rounded(level[i]),
                    params={
                        "title": _TITLES[side],
                        "ground": rounded(ground[i]),
                        "depth": rounded(depth[i]),
                        "difference": rounded(apart[i]),
                    },
                    repair=Repair(
                        RepairOp.SET,
                        f"{name}_level",
                        rounded(level[i]),
                        rounded(ground[i] - depth[i]),
                    ),
                )
            )
    return out


def _named_elsewhere(
    case: Case, depth: FloatArray, wanted: FloatArray, tolerance: float
) -> BoolArray:
    """Depths that fit once their sign or unit is put right: another check names these."""
    overhead = case.meaning.is_overhead
    negative = (depth < 0) & ~overhead & (case.meaning.mode != "DM")
    sign = (negative | ((depth > 0) & overhead)) & (np.abs(wanted + depth) <= tolerance)
    unit = np.zeros(len(depth), bool)
    for factor in _UNITS:
        unit |= np.abs(depth / factor - wanted) <= tolerance
    return np.asarray(sign | (unit & (depth > case.limits.unit_depth_m)), bool)


def _decimals(column: ObjectArray | None) -> int:
    """Most decimals that a column is printed with."""
    if column is None:
        return _MOST_DECIMALS
    most = 0
    for cell in column.tolist():
        if cell is None or isinstance(cell, bool):
            continue
        try:
            exponent = Decimal(str(cell).strip()).as_tuple().exponent
        except InvalidOperation:
            continue
        if isinstance(exponent, int):
            most = max(most, min(-exponent, _MOST_DECIMALS))
    return most


def signs_and_limits(case: Case) -> Found:
    """Depths below 0 only of overhead lines, and none deeper than pipes lie."""
    overhead, on_ground = case.meaning.is_overhead, case.meaning.mode == "DM"
    limits = case.limits
    out = []
    for side, name in enumerate(_SIDES):
        field = f"{name}_depth"
        depth = case.survey.lines.number(field)
        for i in np.flatnonzero((depth < 0) & ~overhead & ~on_ground).tolist():
            repair = Repair(RepairOp.SET, field, rounded(depth[i]), rounded(-depth[i]))
            out.append(
                case.line_fault(
                    "line.negative_depth",
                    i,
                    side,
                    field=field,
                    got=rounded(depth[i]),
                    repair=repair,
                )
            )
        for i in np.flatnonzero((depth > 0) & overhead).tolist():
            repair = Repair(RepairOp.SET, field, rounded(depth[i]), rounded(-depth[i]))
            out.append(
                case.line_fault(
                    "line.positive_depth",
                    i,
                    side,
                    field=field,
                    got=rounded(depth[i]),
                    repair=repair,
                )
            )
        wanted = case.levels.ground[:, side] - case.survey.lines.number(f"{name}_level")
        for i in np.flatnonzero(depth > limits.unit_depth_m).tolist():
            out.append(_slip(case, i, side, field, depth[i], wanted[i]))
        deep = (depth > limits.deepest_m) & (depth <= limits.unit_depth_m)
        for i in np.flatnonzero(deep).tolist():
            params = {"expected": limits.deepest_m}
            out.append(
                case.line_fault(
                    "line.too_deep", i, side, field=field, got=rounded(depth[i]), params=params
                )
            )
    return out


def _slip(case: Case, i: int, side: int, field: str, depth: float, wanted: float) -> SurveyFault:
    """A depth in centimetres or millimetres: the unit that comes nearer to ground less level.

    Without these nothing is proposed unless one unit alone leaves a depth that pipes lie at.
    """
    usual = [u for u in _UNITS if _LEAST_DEPTH_M <= depth / u <= case.limits.deepest_m]
    if np.isfinite(wanted):
        usual = [min(_UNITS, key=lambda unit: abs(depth / unit - wanted))]
    repair = None
    if len(usual) == 1:
        repair = Repair(RepairOp.SET, field, rounded(depth), rounded(depth / usual[0]))
    return case.line_fault(
        "value.depth_unit", i, side, field=field, got=rounded(depth), repair=repair
    )


def above_ground(case: Case) -> Found:
    """Levels above the ground of lines that lie in it, where no depth says so already."""
    out = []
    free = case.meaning.is_overhead | (case.meaning.mode == "DM")
    for side, name in enumerate(_SIDES):
        no_depth = np.isnan(case.survey.lines.number(f"{name}_depth"))
        high = case.part_levels[:, side] - case.levels.ground[:, side]
        for i in np.flatnonzero((high > 1e-9) & no_depth & ~free).tolist():
            params = {"title": _TITLES[side], "difference": rounded(high[i])}
            out.append(
                case.line_fault("line.above_ground", i, side, field=f"{name}_level", params=params)
            )
    return out


def slopes(case: Case) -> Found:
    """Segments steeper than their kind is laid."""
    rise = np.abs(case.part_levels[:, 1] - case.part_levels[:, 0])
    plan = case.plan_lengths
    angle = np.degrees(np.arctan2(rise, plan))
    limits = case.limits
    limit = np.where(case.meaning.is_gravity, limits.steepest_gravity_deg, limits.steepest_deg)
    riser = plan < limits.shortest_m
    return [
        case.line_fault(
            "line.steep", i, got=round(float(angle[i]), 1), params={"expected": float(limit[i])}
        )
        for i in np.flatnonzero((angle > limit) & ~riser & ~case.is_wild).tolist()
    ]


def wells(case: Case) -> Found:
    """Pipes whose recorded depth lies below the bottom of their manhole."""
    points = case.survey.points
    well = np.append(points.number("well_depth"), np.nan)
    numbers = points.text("number")
    out = []
    for side in range(2):
        point = case.survey.ends[:, side]
        below = case.levels.depth[:, side] - well[point]
        plausible = case.levels.depth[:, side] <= case.limits.unit_depth_m
        for i in np.flatnonzero((below > case.limits.well_m) & plausible).tolist():
            out.append(
                case.line_fault(
                    "point.below_well",
                    i,
                    side,
                    field=f"{_SIDES[side]}_depth",
                    got=numbers[point[i]],
                    params={"difference": rounded(below[i])},
                )
            )
    return out


def surface_points(case: Case) -> Found:
    """Points of which all lines lie on the ground have no ground elevation of their own."""
    point, line, _ = case.incidence
    ground = case.survey.points.number("ground")
    flat = case.meaning.mode[line] == "DM"
    on_ground = np.bincount(point[flat], minlength=len(ground))
    wrong = (on_ground > 0) & (on_ground == case.degrees) & ~np.isnan(ground)
    numbers = case.survey.points.text("number")
    return [
        case.point_fault(
            "point.ground_on_surface",
            i,
            field="ground",
            got=numbers[i],
            repair=Repair(RepairOp.SET, "ground", rounded(ground[i]), None),
        )
        for i in np.flatnonzero(wrong).tolist()
    ]


CHECKS = (sums, signs_and_limits, above_ground, slopes, wells, surface_points)
