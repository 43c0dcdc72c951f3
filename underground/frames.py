"""Frames of geopandas in and out: what a notebook hands in, and findings to look at."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from gis.features import object_array
from gis.reference import reference_of
from underground.audit.report import finding_rows
from underground.audit.tiles import Audit, AuditResult
from underground.pipes import Pipes, pipes_of_survey
from underground.survey.frames import survey_of_layers
from underground.survey.model import Survey


def survey_of_frame(
    lines: gpd.GeoDataFrame, points: gpd.GeoDataFrame | None = None, *, datum: str | None = None
) -> Survey:
    """The survey in a frame of lines and, if there is one, of points.

    Columns are found by the names of `underground.survey.fields`; heights of the shapes are those
    of the axis unless levels or depths are delivered.

    Raises
    ------
    CrsError
        The frame has no reference system, or one that is not known.

    Examples
    --------
    >>> line = shapely.from_wkt("LINESTRING Z (517300 4332900 2, 517330 4332900 2)")
    >>> frame = gpd.GeoDataFrame({"管类": ["给水"]}, geometry=[line], crs=4548)
    >>> len(survey_of_frame(frame, datum="1985").lines)
    1
    """
    crs = None if lines.crs is None else reference_of(lines.crs.to_wkt())
    unit = 1.0
    if crs is not None and crs.crs is not None and not crs.crs.is_geographic:
        unit = float(crs.crs.axis_info[0].unit_conversion_factor)
    shapes, columns = _parts(lines)
    point_shapes, point_columns = (None, None) if points is None else _parts(points)
    return survey_of_layers(
        shapes, columns, point_shapes, point_columns, crs=crs, unit_m=unit, datum=datum
    )


def _parts(frame: gpd.GeoDataFrame) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    shapes = np.asarray(frame.geometry.to_numpy(), object)
    columns = {
        str(name): object_array(None if v is None or v != v else v for v in frame[name].tolist())
        for name in frame.columns
        if name != frame.geometry.name
    }
    return shapes, columns


def pipes_of_frame(
    lines: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame | None = None,
    *,
    datum: str | None = None,
    assume: str | None = "detected",
) -> Pipes:
    """The pipes in a frame, see `survey_of_frame` and `pipes_of_survey`.

    Examples
    --------
    >>> line = shapely.from_wkt("LINESTRING Z (517300 4332900 2, 517330 4332900 2)")
    >>> frame = gpd.GeoDataFrame({"管类": ["给水"], "管径": ["200"]}, geometry=[line], crs=4548)
    >>> pipes_of_frame(frame, datum="1985").solids.width.tolist()
    [0.2]
    """
    return pipes_of_survey(survey_of_frame(lines, points, datum=datum), assume=assume)


def findings_frame(audit: Audit, result: AuditResult, crs: object = None) -> gpd.GeoDataFrame:
    """Findings as points in the plane of the pipes, one column per part; rules by their id."""
    rows = finding_rows(audit, result.findings)
    plain = [
        {k: v for k, v in row.items() if k not in ("rule", "at", "missing", "assumed")}
        | {
            "rule": None if row["rule"] is None else row["rule"]["id"],
            "clause": None if row["rule"] is None else row["rule"]["clause"],
            "confidence": None if row["rule"] is None else row["rule"]["confidence"],
            "missing": ",".join(row["missing"]),
            "assumed": ",".join(row["assumed"]),
        }
        for row in rows
    ]
    places = shapely.points(result.findings.place)
    return gpd.GeoDataFrame(plain, geometry=list(places), crs=crs)
