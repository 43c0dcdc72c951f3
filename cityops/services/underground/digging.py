"""Pits and proposed pipes against a survey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from cityops.services.underground.around import surroundings_of_file
from cityops.services.underground.audits import rules_of_folder
from cityops.services.underground.clearance import axis_of_text
from cityops.services.underground.trust import checked_survey, require_inside
from cityops.services.underground.wkt import shape_of_text
from gis.errors import CityError, GeometryError, InvalidError
from gis.features import object_array
from underground.audit.checks import AuditSettings
from underground.audit.report import finding_rows, number
from underground.clearance.bodies import Solids
from underground.excavation import excavate, lengths_by_owner
from underground.heights import datum_named
from underground.kinds import MATERIALS, kind_of
from underground.outer import outer_sizes
from underground.pipes import Pipes, pipes_of_survey
from underground.proposal import Corridor, check_proposal, nearest_alignment
from underground.sizes import sections_of
from underground.survey.model import Survey
from underground.survey.places import degrees_of, plane_of


def excavation_of_files(
    paths: Sequence[Path],
    pit: str,
    *,
    depth_m: float | None = None,
    floor_level_m: float | None = None,
    margin_m: float = 2.0,
    crs: str | None = None,
    datum: str | None = None,
    part: str | None = None,
    despite: bool = False,
) -> dict[str, Any]:
    """What a pit hits, what lies near its walls, lengths by kind and owner.

    Parameters
    ----------
    pit
        WKT POLYGON in the coordinates of the file.
    despite
        See `checked_survey`; its warnings stand in ``warnings``.

    Raises
    ------
    GeometryError, InvalidError, DatumError
        See `excavate` and `checked_survey`.
    """
    survey, warnings = checked_survey(paths, crs=crs, datum=datum, part=part, despite=despite)
    pipes = pipes_of_survey(survey)
    found = excavate(
        pipes,
        _metric_polygon(survey, pit),
        depth_m=depth_m,
        floor_level_m=floor_level_m,
        margin_m=margin_m,
    )
    rows = [
        {
            "id": pipes.ids[row],
            "kind": pipes.kind[row],
            "owner": pipes.owner[row],
            "status": pipes.status[row],
            "inside": bool(found.is_inside[k]),
            "hit": bool(found.is_hit[k]),
            "may_be_hit": bool(found.may_be_hit[k]),
            "wall_gap_m": number(found.wall_gap[k]),
            "floor_gap_m": number(found.floor_gap[k]),
            "length_m": number(found.length[k]),
            "sigma_xy_m": number(pipes.sigma_xy[row]),
            "sigma_z_m": number(pipes.sigma_z[row]),
            "sigma_assumed": bool(pipes.is_sigma_assumed[row]),
        }
        for k, row in enumerate(found.pipe.tolist())
    ]
    totals = [
        {"kind": kind, "owner": owner, "pipes": count, "length_m": round(metres, 4)}
        for kind, owner, count, metres in lengths_by_owner(found, pipes)
    ]
    return {
        "pipes": rows,
        "by_owner": totals,
        "hit": int(found.is_hit.sum()),
        "may_be_hit": int(found.may_be_hit.sum()),
        "datum": survey.datum,
        "note": "记录不能代替现场探查",
        "warnings": warnings,
    }


def _metric_polygon(survey: Survey, text: str) -> shapely.Polygon:
    if not text.strip().upper().startswith("POLYGON"):
        raise GeometryError("pit.outline", "开挖范围应为有效的多边形", field="--pit", got=text[:40])
    polygon = shape_of_text(text, "--pit")
    require_inside(survey, shapely.get_coordinates(polygon), "--pit")
    return shapely.transform(polygon, plane_of(survey).metres)


def proposal_of_files(
    paths: Sequence[Path],
    line: str,
    *,
    kind: str,
    size: str,
    material: str | None = None,
    mode: str = "ZM",
    pressure: str | None = None,
    corridor: Corridor | None = None,
    rules: Path | None = None,
    around: Path | None = None,
    around_datum: str | None = None,
    crs: str | None = None,
    datum: str | None = None,
    part: str | None = None,
    despite: bool = False,
) -> dict[str, Any]:
    """All findings of a proposed pipe, and the nearest alignment that passes if one is sought.

    Parameters
    ----------
    line
        WKT LINESTRING Z of the axis in the coordinates of the file.
    kind, size, material, mode, pressure
        As a survey writes them; `size` is the recorded size ("300", "1000x600").
    corridor
        Where an alternative may lie; None looks for none.
    rules
        Folder with checked copies of the tables.
    around, around_datum
        Layer of structures, and what its heights refer to.
    despite
        See `checked_survey`; its warnings stand in ``warnings``.

    Raises
    ------
    InvalidError
        An unknown kind or size; see also `checked_survey`.
    DatumError
        The heights of the survey are of an unknown datum.
    """
    survey, warnings = checked_survey(paths, crs=crs, datum=datum, part=part, despite=despite)
    existing = pipes_of_survey(survey)
    proposed = _proposed(survey, line, kind, size, material, mode, pressure)
    table, settings = rules_of_folder(rules), AuditSettings()
    structures = None if around is None else surroundings_of_file(around, survey, around_datum)
    found = check_proposal(existing, proposed, table, settings, structures)
    rows = finding_rows(found.audit, found.findings)
    plane = plane_of(survey)
    degrees, _ = degrees_of(survey.crs, plane.delivered(found.findings.place))
    for row, place in zip(rows, degrees, strict=True):
        row["place"] = None if np.isnan(place).any() else [round(float(v), 9) for v in place]
    result: dict[str, Any] = {
        "passes": found.passes,
        "findings": rows,
        "datum": survey.datum,
        "warnings": warnings,
    }
    if corridor is not None:
        nearest = nearest_alignment(existing, proposed, table, corridor, settings, structures)
        result["corridor"] = {
            "aside_m": corridor.aside_m,
            "up_m": corridor.up_m,
            "down_m": corridor.down_m,
            "step_m": corridor.step_m,
        }
        result["alignment"] = None
        if nearest is not None:
            flat = plane.delivered(nearest.axes.xyz[:, :2])
            result["alignment"] = {
                "aside_m": round(nearest.aside_m, 6),
                "up_m": round(nearest.up_m, 6),
                "distance_m": round(nearest.distance_m, 6),
                "line": [
                    [round(float(x), 6), round(float(y), 6), round(float(z), 6)]
                    for (x, y), z in zip(flat, nearest.axes.xyz[:, 2], strict=True)
                ],
                "positions_checked": nearest.checked,
            }
    return result


def _proposed(
    survey: Survey,
    line: str,
    kind: str,
    size: str,
    material: str | None,
    mode: str,
    pressure: str | None,
) -> Pipes:
    """The proposed pipe as it would be built: without error, its ground not looked at."""
    faults: list[CityError] = []
    code = kind_of(kind)
    if code is None:
        faults.append(
            InvalidError("proposal.kind", "不认识管线种类 {got}", field="--kind", got=kind)
        )
    sections = sections_of(object_array([size]))
    if np.isnan(sections.width[0]):
        faults.append(
            InvalidError("proposal.size", "管径或断面读不出来：{got}", field="--size", got=size)
        )
    stuff = next((m.code for m in MATERIALS if material in (m.code, m.title.zh)), None)
    if material is not None and stuff is None:
        faults.append(
            InvalidError("proposal.material", "不认识材质 {got}", field="--material", got=material)
        )
    try:
        axes = axis_of_text(line, "--line")
        require_inside(survey, axes.xyz[:, :2], "--line")
    except CityError as fault:
        faults.append(fault)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InvalidError(
            "proposal.bad", "方案有 {count} 处错误",
            params={"count": len(faults)}, errors=faults,
        )  # fmt: skip
    outer = outer_sizes(sections, object_array([stuff]))
    xyz = axes.xyz.copy()
    xyz[:, :2] = plane_of(survey).metres(xyz[:, :2])
    solids = Solids(replace(axes, xyz=xyz), outer.width, outer.height, sections.is_box)
    none, no = object_array([None]), np.zeros(1, bool)
    return Pipes(
        ids=object_array(["方案"]),
        solids=solids,
        ground=np.full(len(xyz), np.nan),
        kind=object_array([code]),
        mode=object_array([mode]),
        material=object_array([stuff]),
        pressure=object_array([pressure]),
        status=object_array(["planned"]),
        owner=none,
        recorded_m=sections.width,
        is_size_assumed=outer.is_assumed,
        is_part_assumed=no,
        wall=outer.wall,
        is_wall_assumed=outer.is_wall_assumed,
        inverts=np.full((1, 2), np.nan),
        sigma_xy=np.zeros(1),
        sigma_z=np.zeros(1),
        is_sigma_assumed=no,
        nodes=np.full((1, 2), -1),
        datum=datum_named(survey.datum),
        rows=np.zeros(1, np.int64),
    )
