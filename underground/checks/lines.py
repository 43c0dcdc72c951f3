"""Checks of lines alone: their ends, their texts, their sizes, their length."""

from __future__ import annotations

import numpy as np

from underground.checks.case import Case, Found, rounded
from underground.faults import Repair, RepairOp, SheetRole, SurveyFault
from underground.sizes import section_of_text

_SIDES = ("start", "end")


def missing_points(case: Case) -> Found:
    """Ends whose number is in no point table."""
    out = []
    for side, name in enumerate(_SIDES):
        numbers = case.survey.lines.text(name)
        for i in np.flatnonzero(case.survey.ends[:, side] < 0).tolist():
            if numbers[i] is not None:
                out.append(case.line_fault("line.missing_point", i, field=name, got=numbers[i]))
    return out


def ends_alike(case: Case) -> Found:
    """Lines whose start is their end."""
    start, end = case.survey.lines.text("start"), case.survey.lines.text("end")
    return [
        case.line_fault(
            "line.start_is_end", i, field="end", got=start[i], repair=Repair(RepairOp.DELETE)
        )
        for i in range(len(start))
        if start[i] is not None and start[i] == end[i] and not _is_ring(case, i)
    ]


def _is_ring(case: Case, i: int) -> bool:
    first = case.survey.shapes.first
    return bool(first[i + 1] - first[i] >= 2)


def duplicate_lines(case: Case) -> Found:
    """The same segment twice, also in the other direction.

    Taking the later row out is proposed only where it says nothing that the first does not: two
    rows of different sizes may be two pipes side by side.
    """
    start = case.survey.lines.text("start")
    out = []
    for i in np.flatnonzero(case.is_repeated).tolist():
        first = int(case.first_alike[i])
        code = "line.duplicate" if start[i] == start[first] else "line.duplicate_reversed"
        params = {"first": case.line_row(first)}
        repair = Repair(RepairOp.DELETE) if _adds_nothing(case, i, first) else None
        out.append(case.line_fault(code, i, field="start", params=params, repair=repair))
    return out


def _adds_nothing(case: Case, i: int, first: int) -> bool:
    """Whether all that row `i` says is said by another row of the same segment too."""
    lines = case.survey.lines
    turned = lines.text("start")[i] != lines.text("start")[first]
    other = {"start": "end", "end": "start"} if turned else {}
    skipped = {"name", "flow"} if turned else {"name"}
    for name, column in {**lines.texts, **lines.numbers}.items():
        side, _, rest = name.partition("_")
        there = "_".join([other.get(side, side), *([rest] if rest else [])])
        if name in skipped or column[i] is None or column[i] != column[i]:
            continue
        theirs = lines.texts.get(there, lines.numbers.get(there))
        if theirs is None or theirs[first] != column[i]:
            return False
    return True


def unread_texts(case: Case) -> Found:
    """Kinds, materials, modes, states and sizes that mean nothing here."""
    codes = {
        "kind": "value.unknown_kind",
        "material": "value.unknown_material",
        "mode": "value.unknown_mode",
        "status": "value.unknown_status",
        "size": "value.bad_size",
    }
    return [
        case.line_fault(code, i, field=name, got=_text(case, name, i))
        for name, code in codes.items()
        for i in np.flatnonzero(case.meaning.unread[name]).tolist()
    ]


def _text(case: Case, name: str, i: int) -> object:
    own = case.survey.lines.text(name)[i]
    if own is not None or name != "kind":
        return own
    of_points = case.survey.points.text("kind")
    return next((of_points[p] for p in case.survey.ends[i] if p >= 0), None)


def size_units(case: Case) -> Found:
    """Sizes that fit metres, centimetres or inches better than millimetres."""
    low, high = case.limits.unit_size_mm
    width = case.meaning.sections.width * 1000
    height = case.meaning.sections.height * 1000
    least, most = np.fmin(width, height), np.fmax(width, height)
    wrong = (least < low) | (most > high)
    cables = np.isin(case.meaning.kind.astype(str), ["power", "telecom"])
    out = []
    for i in np.flatnonzero(wrong & ~cables).tolist():
        text = case.survey.lines.text("size")[i]
        if text is not None:
            repair = _size_repair(text, low, high)
            out.append(case.line_fault("value.size_unit", i, field="size", got=text, repair=repair))
    return out


def _size_repair(text: str, low: float, high: float) -> Repair | None:
    """The size in millimetres, where one unit alone makes it plausible."""
    for unit in (1.0, 0.01):
        read = section_of_text(text, unit)
        if read is not None and 50 <= read.width_m * 1000 <= min(high, 5000) and low < high:
            wide, tall = round(read.width_m * 1000, 3), round(read.height_m * 1000, 3)
            return Repair(
                RepairOp.SET, "size", text, f"{wide:g}X{tall:g}" if read.is_box else f"{wide:g}"
            )
    return None


def lengths(case: Case) -> Found:
    """Lines of no length, shorter or longer than surveys take between two points."""
    if case.survey.dialect in ("epanet", "swmm", "gis"):
        return _no_length(case)
    plan = case.plan_lengths
    rise = case.levels.axis[:, 1] - case.levels.axis[:, 0]
    long = np.hypot(plan, np.where(np.isnan(rise) | case.is_wild, 0.0, rise))
    out = _no_length(case)
    inside = case.meaning.mode == "JN"  # a link inside a manhole may be as short as it is
    for i in np.flatnonzero((long > 0) & (long < case.limits.shortest_m) & ~inside).tolist():
        params = {"expected": case.limits.shortest_m}
        out.append(case.line_fault("line.too_short", i, got=rounded(long[i]), params=params))
    for i in np.flatnonzero(long > case.limits.longest_m).tolist():
        params = {"expected": case.limits.longest_m}
        out.append(case.line_fault("line.too_long", i, got=rounded(long[i]), params=params))
    return out


def _no_length(case: Case) -> Found:
    start, end = case.survey.ends.T
    rise = np.nan_to_num(case.levels.axis[:, 1] - case.levels.axis[:, 0])
    same = (case.plan_lengths == 0) & (rise == 0) & (start != end)
    if case.survey.dialect == "epanet":  # pumps and valves stand in one place
        same &= ~np.isnan(case.survey.lines.number("length"))
    return [case.line_fault("line.zero_length", i) for i in np.flatnonzero(same).tolist()]


def ends_differ(case: Case) -> Found:
    """Ends of one name at different places."""
    if np.isnan(case.survey.end_xyz[:, :, :2]).all():
        return []
    points = np.vstack([case.places.points, [np.nan, np.nan]])[case.survey.ends]
    apart = np.linalg.norm(case.places.ends - points, axis=2)
    out = []
    for i, side in np.argwhere(apart > case.limits.same_end_m).tolist():
        name = _SIDES[side]
        place = case.survey.point_place(int(case.survey.ends[i, side]))
        out.append(
            case.line_fault(
                "line.ends_differ",
                i,
                side,
                field=name,
                got=case.survey.lines.text(name)[i],
                params={"difference": rounded(apart[i, side])},
                repair=Repair(
                    RepairOp.SNAP,
                    "geometry",
                    case.survey.end_places[i, side].tolist(),
                    None if place is None else list(place),
                ),
            )
        )
    return out


def flat_lines(case: Case) -> Found:
    """Lines of layers without any height; where none has one, that is one fault of the table."""
    if np.isnan(case.survey.end_xyz[:, :, :2]).all():
        return []
    flat = np.isnan(case.survey.end_xyz[:, :, 2]).all(axis=1)
    flat &= np.isnan(case.part_levels).all(axis=1) & np.isnan(case.levels.depth).all(axis=1)
    count = len(case.survey.lines)
    if flat.all():
        return [SurveyFault("line.all_flat", SheetRole.LINES, 0, params={"count": count})]
    return [
        case.line_fault("line.flat", i, field="geometry") for i in np.flatnonzero(flat).tolist()
    ]


def length_units(case: Case) -> Found:
    """A column of lengths that differs from the shapes as feet do from metres."""
    told, drawn = case.survey.lines.number("length"), case.plan_lengths
    use = (told > 0) & (drawn > 0)
    if case.survey.crs is None or use.sum() < 5:
        return []
    share = float(np.median(told[use] / drawn[use]))
    if min(abs(share / 0.3048 - 1), abs(share * 0.3048 - 1)) > 0.03:
        return []
    return [SurveyFault("line.length_unit", SheetRole.LINES, 0, "length", round(share, 4))]


CHECKS = (
    missing_points,
    ends_alike,
    duplicate_lines,
    unread_texts,
    size_units,
    lengths,
    ends_differ,
    flat_lines,
    length_units,
)
