"""All checks of a delivery at once."""

from __future__ import annotations

from dataclasses import replace

from underground.checks import depths, groups, heights, junctions, lines, plan, points
from underground.checks.case import Case, CheckLimits
from underground.faults import SheetRole, SurveyFault, sorted_faults
from underground.survey.model import Survey

#: Every check; each is a function of the case and finds faults of its own kind only.
CHECKS = (
    *points.CHECKS,
    *lines.CHECKS,
    *depths.CHECKS,
    *junctions.CHECKS,
    *plan.CHECKS,
    *groups.CHECKS,
)

#: Faults with which places, depths or heights are not what they say: no answer can be right.
UNTRUE = frozenset(
    {
        "file.no_points",
        "file.no_lines",
        "line.missing_point",
        "point.outside",
        "point.swapped_axes",
        "value.depth_unit",
        "value.height_range",
    }
)


def check_survey(survey: Survey, limits: CheckLimits | None = None) -> tuple[SurveyFault, ...]:
    """Every fault of a delivery, those of reading included, by table and row.

    Nothing is changed: repairs are offers.

    Raises
    ------
    CrsError
        The system of the coordinates is none in which lengths can be measured.

    Examples
    --------
    >>> from underground.survey.model import Sheet
    >>> from underground.survey.tables import survey_of_tables
    >>> points = Sheet("p", ["点号", "X", "Y"], [["a", 0, 0], ["b", 0, 9]], [2, 3])
    >>> lines = Sheet("l", ["起点", "终点"], [["a", "b"], ["b", "a"], ["b", "c"]], [2, 3, 4])
    >>> [(f.row, f.code) for f in check_survey(survey_of_tables(points, lines))]
    [(3, 'line.duplicate_reversed'), (4, 'line.missing_point')]
    """
    delivered = Case(survey, limits or CheckLimits())
    wild = heights.out_of_range(delivered)
    case = replace(delivered, survey=heights.believed(delivered)) if wild else delivered
    found = [fault for check in CHECKS for fault in check(case)]
    return sorted_faults([*_placed(survey), *wild, *found])


def _placed(survey: Survey) -> list[SurveyFault]:
    """Faults of reading, with the places that their rows turned out to have."""
    lines = {row: i for i, row in enumerate(survey.lines.rows.tolist())}
    points = {row: i for i, row in enumerate(survey.points.rows.tolist())}
    out = []
    for fault in survey.faults:
        place = fault.place
        if place is None and fault.table is SheetRole.LINES and fault.row in lines:
            place = survey.line_place(lines[fault.row])
        if place is None and fault.table is SheetRole.POINTS and fault.row in points:
            place = survey.point_place(points[fault.row])
        out.append(replace(fault, place=place))
    return out
