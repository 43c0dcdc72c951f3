"""What a survey's checks say of it before it is answered from: refused, or named above the answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cityops.services.underground.files import survey_of_files
from gis.errors import GeometryError, InvalidError
from underground.axes import FloatArray
from underground.checks.run import UNTRUE, check_survey
from underground.faults import CATALOGUE, Severity, SheetRole, SurveyFault
from underground.heights import GROUND_DATUM
from underground.survey.model import Survey
from underground.survey.places import degrees_of


def checked_survey(
    paths: Sequence[Path],
    *,
    crs: str | None = None,
    datum: str | None = None,
    part: str | None = None,
    despite: bool = False,
    needs_heights: bool = True,
) -> tuple[Survey, list[dict[str, Any]]]:
    """The survey in files, and what its checks say of it, see `warnings_of`.

    Parameters
    ----------
    despite
        Answer although places or units are not what they say; the faults are named all the same.
    needs_heights
        Whether the answer depends on heights: depths alone are then warned of.

    Raises
    ------
    FileError, CrsError
        See `survey_of_files`.
    InvalidError
        There is not one line. Points lie where their system may not be used, are exchanged or missing, or depths and
        heights are none of pipes; with every such fault in ``errors``.
    """
    survey = survey_of_files(paths, crs=crs, datum=datum, part=part)
    if not len(survey.lines) and survey.faults == ():
        raise InvalidError(
            "survey.no_pipes", "{got} 里没有一条管线", field="file", got=survey.source
        )
    faults = check_survey(survey)
    untrue = [fault for fault in faults if fault.code in UNTRUE]
    if untrue and not despite:
        raise InvalidError(
            "survey.untrue",
            "数据的坐标、点或单位有误，不能据此回答：{count} 处",
            field="file",
            params={"count": len(untrue)},
            errors=[_refusal(fault) for fault in untrue],
            hint="用 cityops underground check 查看全部错误和修复办法，改正后再做；"
            "明知有误仍要回答，加 --despite",
        )
    warnings = warnings_of(faults, has_system=survey.crs is not None or _is_model(survey))
    if needs_heights and _has_depths_only(survey):
        warnings.insert(0, _warning("height.depths_only", _DEPTHS_ONLY))
    return survey, warnings


_DEPTHS_ONLY = "只有埋深，没有地面高程，高程都不明；地面平坦时可用 --datum ground 从地面算起"


def _has_depths_only(survey: Survey) -> bool:
    """Whether there are depths but nothing from which a height follows."""
    if survey.datum == GROUND_DATUM:
        return False
    lines, points = survey.lines, survey.points
    heights = [points.number("ground"), points.number("pipe_level")]
    heights += [lines.number("start_level"), lines.number("end_level")]
    heights.append(survey.end_xyz[:, :, 2].reshape(-1))
    depths = np.concatenate([lines.number("start_depth"), lines.number("end_depth")])
    return bool(np.isnan(np.concatenate(heights)).all() and not np.isnan(depths).all())


def _is_model(survey: Survey) -> bool:
    return survey.dialect in ("epanet", "swmm")


def _refusal(fault: SurveyFault) -> InvalidError:
    title = {SheetRole.POINTS: "点表：", SheetRole.LINES: "线表：", SheetRole.FILE: ""}[fault.table]
    return InvalidError(
        fault.code,
        title + CATALOGUE[fault.code][1],
        field=fault.field,
        got=fault.got,
        params={**fault.params, "table": fault.table.value},
        row=fault.row or None,
    )


def warnings_of(faults: Sequence[SurveyFault], *, has_system: bool) -> list[dict[str, Any]]:
    """Faults by kind, the worst first: code, severity, count, table, and the first row and message."""
    first: dict[str, SurveyFault] = {}
    counts: dict[str, int] = {}
    for fault in faults:
        first.setdefault(fault.code, fault)
        counts[fault.code] = counts.get(fault.code, 0) + 1
    order = sorted(
        first.values(),
        key=lambda f: (f.code not in UNTRUE, f.severity is not Severity.ERROR, -counts[f.code]),
    )
    out = [
        {
            "code": fault.code,
            "severity": fault.severity.value,
            "count": counts[fault.code],
            "table": fault.table.value,
            "row": fault.row,
            "message": fault.message,
        }
        for fault in order
    ]
    if not has_system:
        out.insert(0, _warning("crs.missing", "数据没有坐标系，坐标未经核对"))
    return out


def _warning(code: str, message: str) -> dict[str, Any]:
    """A warning of the delivery as a whole."""
    return {
        "code": code, "severity": "warning", "count": 1, "table": "file", "row": 0,
        "message": message,
    }  # fmt: skip


def require_inside(survey: Survey, places: FloatArray, field: str) -> None:
    """Refuse (n, 2) places, in the coordinates of a survey, out of where its system may be used.

    Raises
    ------
    GeometryError
        One lies outside; where east and north are exchanged the hint says so.
    """
    if survey.crs is None or not len(places):
        return
    inside = degrees_of(survey.crs, places)[1]
    if inside.all():
        return
    swapped = degrees_of(survey.crs, places[:, ::-1])[1].all()
    wrong = places[int(np.argmin(inside))].tolist()
    raise GeometryError(
        "place.outside",
        "坐标 {got} 不在坐标系 {expected} 的适用范围内",
        field=field,
        got=wrong,
        expected=survey.crs.label,
        hint="东坐标和北坐标可能写反：先东后北" if swapped else "坐标要与文件的坐标系相同",
    )
