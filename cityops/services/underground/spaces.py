"""Below ground beyond pipes: what lies near pipes, what lies in what, what is at a depth here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cityops.services.underground.around import layer_in_plane
from cityops.services.underground.files import check_file, sheets_of, unit_of
from cityops.services.underground.trust import checked_survey
from gis.crs import Reference, reference_of
from gis.errors import CityError, CrsError, GeometryError, InvalidError
from underground.audit.report import number
from underground.borehole_tables import boreholes_of, roles_of
from underground.boreholes import Boreholes, GroundHere, ground_at
from underground.containment import containment
from underground.pipes import pipes_of_survey
from underground.spaces import spaces_near, spaces_of
from underground.survey.places import degrees_of

#: No borehole says anything of the ground so far away, metres.
FAR_M = 20_000.0


def spaces_of_files(
    paths: Sequence[Path],
    spaces: Path,
    *,
    spaces_datum: str | None = None,
    within_m: float = 2.0,
    crs: str | None = None,
    datum: str | None = None,
    part: str | None = None,
    despite: bool = False,
) -> dict[str, Any]:
    """Pipes near prisms and wells, distances in space.

    Raises
    ------
    DatumError
        Heights of different or unknown datums.
    GeometryError, InvalidError
        See `spaces_of`, `spaces_near` and `checked_survey`.
    """
    survey, warnings = checked_survey(paths, crs=crs, datum=datum, part=part, despite=despite)
    pipes = pipes_of_survey(survey)
    bodies = spaces_of(*layer_in_plane(spaces, survey), datum=spaces_datum)
    found = spaces_near(pipes, bodies, within_m)
    rows = [
        {
            "pipe": pipes.ids[i],
            "kind": pipes.kind[i],
            "space": bodies.ids[k],
            "space_kind": bodies.kind[k],
            "shape": "well" if bodies.is_well[k] else "prism",
            "gap_3d_m": number(gap),
            "plan_m": number(plan),
            "clash": None if math.isnan(gap) else bool(gap < 0),
            "sigma_xy_m": number(pipes.sigma_xy[i]),
            "sigma_z_m": number(pipes.sigma_z[i]),
        }
        for i, k, gap, plan in zip(
            found.pipe.tolist(), found.space.tolist(), found.gap.tolist(), found.plan.tolist(),
            strict=True,
        )
    ]  # fmt: skip
    return {
        "pipes": len(pipes),
        "spaces": len(bodies),
        "within_m": within_m,
        "near": rows,
        "datum": pipes.datum,
        "note": "记录不能代替现场探查",
        "warnings": warnings,
    }


def contained_of_files(
    paths: Sequence[Path],
    *,
    crs: str | None = None,
    datum: str | None = None,
    part: str | None = None,
    despite: bool = False,
) -> dict[str, Any]:
    """Which pipes lie inside casings, trenches, duct banks and galleries.

    Raises
    ------
    FileError, CrsError
        See `survey_of_files`.
    InvalidError
        See `checked_survey`.
    """
    survey, warnings = checked_survey(paths, crs=crs, datum=datum, part=part, despite=despite)
    pipes = pipes_of_survey(survey)
    outer, inner = containment(pipes)
    rows = [
        {
            "outer": pipes.ids[a],
            "outer_kind": pipes.kind[a],
            "mode": pipes.mode[a],
            "inner": pipes.ids[b],
            "inner_kind": pipes.kind[b],
        }
        for a, b in zip(outer.tolist(), inner.tolist(), strict=True)
    ]
    unknown = int((~pipes.solids.is_measurable).sum())
    return {
        "pipes": len(pipes),
        "unknown_height_or_size": unknown,
        "contained": rows,
        "warnings": warnings,
    }


def strata_of_files(
    paths: Sequence[Path],
    east: float,
    north: float,
    depth_m: float,
    *,
    nearest: int = 3,
    crs: str | None = None,
    datum: str | None = None,
) -> dict[str, Any]:
    """What the nearest boreholes have at a depth below their collar.

    Parameters
    ----------
    paths
        A workbook with both tables, or a table of holes and one of layers.
    crs
        System of the coordinates, in metres or feet: distances are measured in it.

    Raises
    ------
    InvalidError
        See `boreholes_of` and `ground_at`; the place lies nowhere near a hole.
    GeometryError
        The place or a hole lies out of where `crs` may be used.
    CrsError
        A system in degrees.
    """
    for path in paths:
        check_file(path)
    named = reference_of(crs) if crs else None
    if named is not None and named.crs is not None and named.crs.is_geographic:
        raise CrsError(
            "crs.not_metric", "不能在 {got} 中量算长度和面积", field="crs",
            got=named.label, expected="EPSG:4548",
        )  # fmt: skip
    _, unit = unit_of(named)
    sheets = [sheet for path in paths for sheet in sheets_of(path)]
    faults = _question_faults(east, north, depth_m, named)
    try:
        holes = boreholes_of(*roles_of(sheets), datum=datum, unit_m=unit)
    except InvalidError as refused:
        if not faults:
            raise
        raise _strata_bad([*faults, *(refused.errors or [refused])]) from refused
    faults += _misplaced(holes, unit, named)
    if not faults:
        faults += _far(holes, east, north, unit)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise _strata_bad(faults)
    found = ground_at(holes, east * unit, north * unit, depth_m, nearest=nearest)
    return {
        "at": [east, north],
        "depth_m": depth_m,
        "holes": [_hole(holes, one, depth_m) for one in found],
        "boreholes": len(holes),
        "datum": holes.datum,
        "note": "由附近钻孔推断，不是该处的勘察结果",
    }


def _strata_bad(faults: Sequence[CityError]) -> InvalidError:
    return InvalidError(
        "strata.bad",
        "问题和钻孔数据有 {count} 处错误",
        params={"count": len(faults)},
        errors=faults,
    )


def _question_faults(
    east: float, north: float, depth_m: float, named: Reference | None
) -> list[CityError]:
    """What is wrong with a place and a depth by themselves."""
    faults: list[CityError] = []
    at = np.array([[east, north]])
    if not np.isfinite(at).all():
        faults.append(
            InvalidError(
                "geometry.not_finite", "--at：坐标不是有限的数：{got}",
                field="--at", got=f"{east} {north}",
            )
        )  # fmt: skip
    elif named is not None and not degrees_of(named, at)[1].all():
        swapped = bool(degrees_of(named, at[:, ::-1])[1].all())
        faults.append(_outside("--at：", "--at", at[0], named, swapped))
    if not (math.isfinite(depth_m) and depth_m >= 0):
        faults.append(
            InvalidError(
                "borehole.question", "--depth：深度不能为负，得到 {got}",
                field="--depth", got=depth_m if math.isfinite(depth_m) else str(depth_m),
            )
        )  # fmt: skip
    return faults


def _misplaced(holes: Boreholes, unit: float, named: Reference | None) -> list[CityError]:
    """Holes out of where their system may be used."""
    if named is None:
        return []
    delivered = holes.place / unit
    inside = degrees_of(named, delivered)[1]
    swapped = degrees_of(named, delivered[:, ::-1])[1]
    return [
        _outside(f"钻孔 {holes.ids[h]}：", "file", delivered[h], named, bool(swapped[h]))
        for h in np.flatnonzero(~inside).tolist()
    ]


def _far(holes: Boreholes, east: float, north: float, unit: float) -> list[CityError]:
    """A place that is far away from all holes."""
    if not len(holes):
        return []
    near, turned = (
        float(np.hypot(*(holes.place - np.array(at) * unit).T).min())
        for at in ((east, north), (north, east))
    )
    if near <= FAR_M:
        return []
    hint = "东坐标和北坐标可能写反：先东后北" if turned < FAR_M else "坐标要与钻孔的坐标系相同"
    return [
        InvalidError(
            "strata.far", "--at：最近的钻孔也有 {got} km 远", field="--at",
            got=round(near / 1000, 1), expected=FAR_M / 1000, hint=hint,
        )
    ]  # fmt: skip


def _outside(
    title: str, field: str, place: Any, reference: Reference, is_swapped: bool
) -> GeometryError:
    return GeometryError(
        "place.outside", f"{title}坐标 {{got}} 不在坐标系 {{expected}} 的适用范围内",
        field=field, got=[float(v) for v in place], expected=reference.label,
        hint="东坐标和北坐标可能写反：先东后北" if is_swapped else "坐标要与 --crs 相同",
    )  # fmt: skip


def _hole(holes: Boreholes, one: GroundHere, depth_m: float) -> dict[str, Any]:
    h, k = one.hole, one.layer
    layer = None
    if k >= 0:
        layer = {
            "code": holes.code[k],
            "name": holes.name[k],
            "top_m": number(holes.top[k]),
            "bottom_m": number(holes.bottom[k]),
        }
    return {
        "id": holes.ids[h],
        "distance_m": round(one.distance_m, 4),
        "place": [float(v) for v in np.round(holes.place[h], 4)],
        "collar_m": number(holes.collar[h]),
        "level_m": number(holes.collar[h] - depth_m),
        "hole_depth_m": number(holes.depth[h]),
        "layer": layer,
        "below_water": one.is_below_water,
    }
