"""Checks of points alone: numbers, places, codes, what stands at them."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from io import StringIO

import numpy as np

from gis.features import object_array
from underground.checks.case import Case, Found, repeats
from underground.faults import Repair, RepairOp


@cache
def feature_codes() -> dict[str, str]:
    """Name of each 8-digit code of CJJ 61-2017 appendix F that could be read (water, drainage)."""
    name = "feature_codes_cjj61_2017.csv"
    text = (files("underground") / "data" / name).read_text(encoding="utf-8")
    return {row["code"]: row["name"] for row in csv.DictReader(StringIO(text))}


@cache
def feature_degrees() -> dict[str, tuple[int, int | None, bool]]:
    """Feature -> fewest and most lines that meet there, and whether the pipe may end there."""
    text = (files("underground") / "data" / "feature_degrees.csv").read_text(encoding="utf-8")
    return {
        row["feature"]: (
            int(row["least"]),
            int(row["most"]) if row["most"] else None,
            row["ends"] == "yes",
        )
        for row in csv.DictReader(StringIO(text))
    }


def duplicate_points(case: Case) -> Found:
    """A number that comes twice, with the same content or with another."""
    points = case.survey.points
    numbers = points.text("number")
    used = np.array([n is not None for n in numbers.tolist()], bool)
    out = []
    for i, first in repeats(numbers, used):
        same = all(
            _equal(column[i], column[first]) for column in points.raw.values()
        ) and _same_place(case, i, first)
        out.append(
            case.point_fault(
                "point.duplicate" if same else "point.duplicate_differs",
                i,
                field="number",
                got=numbers[i],
                params={"first": int(points.rows[first])},
                repair=Repair(RepairOp.DELETE) if same else None,
            )
        )
    return out


def _equal(a: object, b: object) -> bool:
    return str(a).strip() == str(b).strip() if a is not None and b is not None else a is b


def _same_place(case: Case, i: int, j: int) -> bool:
    return case.survey.point_place(i) == case.survey.point_place(j)


def same_places(case: Case) -> Found:
    """Two numbers for one place and height."""
    points = case.survey.points
    numbers = points.text("number")
    east, north, ground = (points.number(name) for name in ("east", "north", "ground"))
    places = object_array(
        zip(east.tolist(), north.tolist(), np.nan_to_num(ground, nan=-1e9).tolist(), strict=True)
    )
    used = ~np.isnan(east) & ~np.isnan(north)
    return [
        case.point_fault(
            "point.same_place",
            i,
            field="number",
            got=numbers[i],
            params={"first": int(points.rows[first]), "other": numbers[first]},
            repair=Repair(RepairOp.MERGE, "number", numbers[i], numbers[first]),
        )
        for i, first in repeats(places, used)
        if numbers[i] != numbers[first]
    ]


def map_numbers(case: Case) -> Found:
    """A number on the map that is not that of the survey."""
    points = case.survey.points
    pairs = zip(points.text("number").tolist(), points.text("map_number").tolist(), strict=True)
    return [
        case.point_fault(
            "point.numbers_differ",
            i,
            field="map_number",
            got=number,
            params={"other": on_map},
            repair=Repair(RepairOp.SET, "map_number", on_map, number),
        )
        for i, (number, on_map) in enumerate(pairs)
        if number is not None and on_map is not None and number != on_map
    ]


def features(case: Case) -> Found:
    """Feature and appurtenance exclude each other; a code must name one of them."""
    points = case.survey.points
    columns = (points.text(name).tolist() for name in ("feature", "appurtenance", "code"))
    out = []
    for i, (feature, thing, code) in enumerate(zip(*columns, strict=True)):
        if feature is not None and thing is not None:
            out.append(
                case.point_fault(
                    "point.feature_and_appurtenance",
                    i,
                    field="feature",
                    got=feature,
                    params={"other": thing},
                )
            )
        elif code is not None:
            out += _code_faults(case, i, code, feature or thing)
    return out


def _code_faults(case: Case, i: int, code: str, thing: str | None) -> Found:
    known = feature_codes().get(code)
    if known is None:
        # Only water (51) and drainage (52) could be read; other classes are not judged.
        water = len(code) == 8 and code.isdigit() and code[:2] in ("51", "52")
        return [case.point_fault("point.unknown_code", i, field="code", got=code)] if water else []
    if thing is None or thing == known:
        return []
    params = {"expected": known, "other": thing}
    return [case.point_fault("point.code_mismatch", i, field="code", got=code, params=params)]


def positions(case: Case) -> Found:
    """Points out of where their system may be used, or out of the city; X and Y exchanged."""
    points, reference = case.survey.points, case.survey.crs
    places = np.column_stack([points.number("east"), points.number("north")])
    rows = np.flatnonzero(case.outside)
    if not len(rows):
        return []
    turned = case.is_inside(places[rows][:, ::-1])
    label = f"±{case.limits.farthest:g}" if reference is None else reference.label
    if case.limits.extent is not None:
        label = str(case.limits.extent)
    out = []
    for i, swapped in zip(rows.tolist(), turned.tolist(), strict=True):
        place = [float(v) for v in places[i]]
        if swapped:
            repair = Repair(RepairOp.SWAP, "east,north", place, place[::-1])
            fault = case.point_fault(
                "point.swapped_axes", i, field="east", got=place, repair=repair
            )
        else:
            params = {"expected": label}
            fault = case.point_fault("point.outside", i, field="east", got=place, params=params)
        out.append(fault)
    return out


def unused_points(case: Case) -> Found:
    """Points to which no line leads.

    Where ends of lines are missing, so many unused points are their consequence and not named.
    """
    if not case.survey.points_delivered:
        return []
    used = np.zeros(len(case.survey.points), bool)
    used[case.survey.ends[case.survey.ends >= 0]] = True
    numbers = case.survey.points.text("number")
    repeated = {i for i, _ in repeats(numbers, np.ones(len(numbers), bool))}
    unused = [
        i for i in np.flatnonzero(~used).tolist() if numbers[i] is not None and i not in repeated
    ]
    if len(unused) <= int((case.survey.ends < 0).sum()):
        return []
    return [case.point_fault("point.unused", i, field="number", got=numbers[i]) for i in unused]


def degrees(case: Case) -> Found:
    """Fittings with more or fewer lines than they have openings."""
    out = []
    for i, feature in enumerate(case.survey.points.text("feature").tolist()):
        rule = feature_degrees().get(feature) if feature is not None else None
        count = int(case.degrees[i])
        if rule is None or count == 0:
            continue
        least, most, _ = rule
        if count < least or (most is not None and count > most):
            expected = str(least) if most == least else f"{least}–{most if most else '…'}"
            params = {"expected": expected, "count": count}
            out.append(
                case.point_fault("point.degree", i, field="feature", got=feature, params=params)
            )
    return out


CHECKS = (
    duplicate_points,
    same_places,
    map_numbers,
    features,
    positions,
    unused_points,
    degrees,
)
