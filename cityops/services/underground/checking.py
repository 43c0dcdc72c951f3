"""Check a delivered survey: every fault with its row, its place in degrees, an offer of repair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cityops.services.underground.files import is_layers, survey_of_files
from gis.errors import CrsError
from underground.checks.case import Case, CheckLimits
from underground.checks.groups import components
from underground.checks.run import check_survey
from underground.faults import Severity, SurveyFault
from underground.survey.model import Survey
from underground.survey.places import degrees_of


def check_files(
    paths: Sequence[Path],
    *,
    crs: str | None = None,
    datum: str | None = None,
    limits: CheckLimits | None = None,
) -> dict[str, Any]:
    """Faults of a survey in the fixed form, with counts.

    Raises
    ------
    FileError, CrsError
        See `survey_of_files`. A system is needed unless the file is a schematic model.
    """
    survey = survey_of_files(paths, crs=crs, datum=datum)
    if survey.crs is None and survey.dialect not in ("epanet", "swmm"):
        raise CrsError(
            "crs.missing",
            "数据没有坐标系",
            field="crs",
            hint="用 --crs 指明坐标系，例如 --crs EPSG:4548",
        )
    faults = check_survey(survey, limits)
    severities = Counter(fault.severity for fault in faults)
    return {
        "rows": survey.rows,
        "faults": faults_as_json(survey, faults),
        "errors": severities[Severity.ERROR],
        "warnings": severities[Severity.WARNING],
        "points": len(survey.points) if survey.points_delivered else 0,
        "lines": len(survey.lines),
        "groups": _groups(survey),
        "dialect": survey.dialect or None,
        "form": "layers" if is_layers(paths) else "tables",
        "datum": survey.datum,
        "columns": {
            "points": dict(survey.points.names) if survey.points_delivered else {},
            "lines": dict(survey.lines.names),
        },
    }


def faults_as_json(survey: Survey, faults: Sequence[SurveyFault]) -> list[dict[str, Any]]:
    """Faults as JSON values, places in degrees of CGCS2000 or None."""
    places = np.array([f.place or (np.nan, np.nan) for f in faults], float).reshape(-1, 2)
    degrees, _ = degrees_of(survey.crs, places)
    return [
        {
            "row": fault.row,
            "code": fault.code,
            "message": fault.message,
            "place": None if np.isnan(at).any() else [round(float(v), 9) for v in at],
            "repair": _repair(fault),
            "table": fault.table.value,
            "field": fault.field,
            "severity": fault.severity.value,
        }
        for fault, at in zip(faults, degrees, strict=True)
    ]


def _repair(fault: SurveyFault) -> dict[str, Any] | None:
    if fault.repair is None:
        return None
    repair = fault.repair
    return {"op": repair.op.value, "field": repair.field, "from": repair.old, "to": repair.new}


def _groups(survey: Survey) -> list[dict[str, Any]]:
    """Groups of lines that hang together, by kind, the largest first; at most a hundred."""
    label, kinds = components(Case(survey, CheckLimits()))
    found, first, counts = np.unique(label, return_index=True, return_counts=True)
    listed = [
        {"kind": kinds[i], "lines": int(n), "first_row": int(survey.lines.rows[i])}
        for g, i, n in zip(found.tolist(), first.tolist(), counts.tolist(), strict=True)
        if g >= 0
    ]
    return sorted(listed, key=lambda g: (-g["lines"], g["first_row"]))[:100]
