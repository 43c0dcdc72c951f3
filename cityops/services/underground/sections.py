"""Sections of surveys: across a line, along a path between two points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from cityops.services.underground.trust import checked_survey, require_inside
from cityops.services.underground.wkt import shape_of_text
from gis.errors import GeometryError, InvalidError
from underground.audit.profiles import Limits
from underground.network.build import network_of_survey
from underground.network.trace import path
from underground.pipes import Pipes, pipes_of_survey
from underground.rules.tables import shipped_rules
from underground.sections.cross import cross_section, out_of_order, section_rows
from underground.sections.drawing import draw_cross_section, draw_long_profile
from underground.sections.long import long_profile, profile_rows
from underground.sections.sheets import cross_section_sheet, profile_sheet
from underground.survey.model import Survey
from underground.survey.places import degrees_of, plane_of


def section_of_files(
    paths: Sequence[Path],
    line: str,
    *,
    crs: str | None = None,
    datum: str | None = None,
    part: str | None = None,
    svg: Path | None = None,
    xlsx: Path | None = None,
    despite: bool = False,
) -> dict[str, Any]:
    """What a line cuts, by chainage, with least covers and the recommended order.

    Parameters
    ----------
    line
        WKT LINESTRING in the coordinates of the file.
    svg, xlsx
        Where to write a drawing and a workbook.
    despite
        See `checked_survey`; its warnings stand in ``warnings``.

    Raises
    ------
    GeometryError
        The line is none.
    FileError, CrsError
        See `survey_of_files`.
    InvalidError
        See `checked_survey`.
    """
    survey, warnings = checked_survey(paths, crs=crs, datum=datum, part=part, despite=despite)
    pipes = pipes_of_survey(survey)
    section = cross_section(pipes, _metric_line(survey, line))
    rows = section_rows(section, pipes)
    _add_limits(rows, section.pipe, pipes)
    order = shipped_rules().street_order
    wrong = out_of_order(section, pipes, {kind: row.rank for kind, row in order.items()})
    for row, is_wrong in zip(rows, wrong, strict=True):
        row["out_of_order"] = is_wrong
    _add_places(rows, survey)
    if svg is not None:
        svg.write_text(draw_cross_section(rows, section.length_m), encoding="utf-8")
    if xlsx is not None:
        xlsx.write_bytes(cross_section_sheet(rows))
    return {
        "length_m": round(section.length_m, 4),
        "hits": rows,
        "unknown_heights": sum(row["axis_m"] is None for row in rows),
        "datum": survey.datum,
        "order": {
            "clause": "4.1.3",
            "edition": "GB 50289-2016",
            "confidence": next(iter(order.values())).confidence,
            "draft": True,
            "kinds": sorted(order, key=lambda kind: order[kind].rank),
        },
        "warnings": warnings,
    }


def _metric_line(survey: Survey, text: str) -> shapely.LineString:
    if not text.strip().upper().startswith("LINESTRING"):
        raise GeometryError(
            "section.no_line",
            "断面线应为 LINESTRING，得到 {got}",
            field="--line",
            got=text[:40],
            expected="LINESTRING (东 北, 东 北)",
        )
    places = shapely.get_coordinates(shape_of_text(text, "--line"))
    if len(places) < 2:
        raise GeometryError("section.no_line", "断面线没有长度", field="--line")
    require_inside(survey, places, "--line")
    return shapely.LineString(plane_of(survey).metres(places))


def _add_limits(rows: list[dict[str, Any]], at: Any, pipes: Pipes) -> None:
    """Least cover of each hit, the greater of sidewalk and carriageway, with its rule."""
    limits = Limits.of(pipes, shipped_rules())
    for row, pipe in zip(rows, at.tolist(), strict=True):
        profile = int(limits.of_pipe[pipe])
        choices = [limits.cover_choice(profile, s) for s in ("sidewalk", "carriageway")]
        best = max(choices, key=lambda c: c.most_m)
        row["cover_limit_m"] = best.most_m or None
        row["cover_rule"] = limits.rules.rules[best.rule].id if best.rule >= 0 else None


def _add_places(rows: list[dict[str, Any]], survey: Survey) -> None:
    """Places in degrees; ``at`` in delivered coordinates."""
    if not rows:
        return
    delivered = plane_of(survey).delivered(np.array([row["at"] for row in rows], float))
    degrees, _ = degrees_of(survey.crs, delivered)
    for row, at, place in zip(rows, delivered, degrees, strict=True):
        row["at"] = [round(float(v), 6) for v in at]
        row["place"] = None if np.isnan(place).any() else [round(float(v), 9) for v in place]


def profile_of_files(
    paths: Sequence[Path],
    start: str,
    end: str,
    *,
    kind: str | None = None,
    crs: str | None = None,
    datum: str | None = None,
    part: str | None = None,
    svg: Path | None = None,
    xlsx: Path | None = None,
    despite: bool = False,
) -> dict[str, Any]:
    """The long profile along the shortest path between two points.

    Raises
    ------
    NotFoundError
        A point is not in the network, or the two do not hang together.
    FileError, CrsError
        See `survey_of_files`.
    InvalidError
        See `checked_survey`.
    """
    survey, warnings = checked_survey(paths, crs=crs, datum=datum, part=part, despite=despite)
    pipes = pipes_of_survey(survey)
    network = network_of_survey(survey, kind=kind)
    found = path(network, network.node(start), network.node(end))
    if not len(found.links):
        raise InvalidError("section.same_point", "起点和终点是同一个点", field="--to", got=end)
    row_of = {row: i for i, row in enumerate(pipes.rows.tolist())}
    names = [row_of[int(network.parent[link])] for link in found.links.tolist()]
    rows, forward = _whole_pipes(names, found.forward.tolist())
    profile = long_profile(pipes, np.array(rows, np.int64), np.array(forward, bool))
    told = profile_rows(profile, pipes)
    if svg is not None:
        svg.write_text(draw_long_profile(told, profile.length_m), encoding="utf-8")
    if xlsx is not None:
        xlsx.write_bytes(profile_sheet(told))
    return {
        "length_m": round(profile.length_m, 4),
        "nodes": network.nodes[found.nodes].tolist(),
        **told,
        "datum": survey.datum,
        "network_version": network.version,
        "warnings": warnings,
    }


def _whole_pipes(rows: list[int], forward: list[bool]) -> tuple[list[int], list[bool]]:
    """Pieces of one pipe that follow one another as that pipe once."""
    out: list[int] = []
    ways: list[bool] = []
    for row, way in zip(rows, forward, strict=True):
        if not out or out[-1] != row:
            out.append(row)
            ways.append(way)
    return out, ways
