"""Lines and points of a GIS layer into a survey: shapes give places, attributes give the rest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import shapely

from gis.features import object_array
from gis.ragged import spread
from gis.reference import Reference
from underground.axes import FloatArray, ObjectArray, offsets
from underground.faults import SheetRole, SurveyFault, sorted_faults
from underground.heights import UNKNOWN_DATUM, datum_named
from underground.survey.model import LineShapes, Sheet, Survey, SurveyTable
from underground.survey.tables import read_table


def survey_of_layers(
    lines: ObjectArray,
    line_columns: Mapping[str, ObjectArray],
    points: ObjectArray | None = None,
    point_columns: Mapping[str, ObjectArray] | None = None,
    *,
    crs: Reference | None = None,
    unit_m: float = 1.0,
    datum: str | None = None,
    source: str = "",
) -> Survey:
    """The survey in a layer of lines, with or without a layer of points.

    Parameters
    ----------
    lines, points
        (n,) shapely lines and (m,) points in `crs`; x east, y north, z height.
    line_columns, point_columns
        Attributes by column name.

    Notes
    -----
    A line names its ends in columns like ``start_node_name``; without them, or without a layer of
    points, points are made of the ends, one for each different place. A MultiLineString of one
    part counts as its part; of more parts it is a fault.

    Examples
    --------
    >>> lines = object_array([shapely.from_wkt("LINESTRING Z (0 0 -1, 9 0 -1)")])
    >>> survey = survey_of_layers(lines, {"name": object_array(["p1"])})
    >>> survey.end_xyz[0].tolist(), survey.points.text("number").tolist()
    ([[0.0, 0.0, -1.0], [9.0, 0.0, -1.0]], ['#1', '#2'])
    """
    faults: list[SurveyFault] = []
    shapes = _single(lines)
    rows = list(range(1, len(shapes) + 1))
    head = list(line_columns)
    cells = _cells(line_columns, len(shapes))
    table, dialects = _line_table(Sheet("", head, cells, rows), faults)
    ends, inner = _vertices(shapes, faults)
    point_table = _point_table(points, point_columns, faults)
    delivered = point_table is not None
    if point_table is None:
        point_table, table = _points_of_ends(ends, table)
    return Survey(
        points=point_table,
        lines=table,
        shapes=inner,
        end_xyz=ends,
        crs=crs,
        unit_m=unit_m,
        datum=UNKNOWN_DATUM if datum is None else datum_named(datum),
        dialect=dialects,
        source=source,
        points_delivered=delivered,
        faults=sorted_faults(faults),
    )


def _cells(columns: Mapping[str, ObjectArray], n: int) -> list[list[object]]:
    listed = [column.tolist() for column in columns.values()]
    return [list(row) for row in zip(*listed, strict=True)] if listed else [[] for _ in range(n)]


def _line_table(sheet: Sheet, faults: list[SurveyFault]) -> tuple[SurveyTable, str]:
    """The table of lines; ends may be given by shape alone, so their columns are not required."""
    own: list[SurveyFault] = []
    table, dialects = read_table(sheet, SheetRole.LINES, own)
    faults += [f for f in own if not (f.code in _ENDS and f.field in ("start", "end"))]
    return table, dialects.most_common(1)[0][0] if dialects else ""


_ENDS = ("column.missing", "value.missing")


def _single(lines: ObjectArray) -> ObjectArray:
    shapes = object_array(lines)
    kinds = shapely.get_type_id(shapes)
    many = np.flatnonzero(kinds == shapely.GeometryType.MULTILINESTRING)
    for i in many[shapely.get_num_geometries(shapes[many]) == 1] if len(many) else ():
        shapes[i] = shapely.get_geometry(shapes[i], 0)
    return shapes


def _vertices(shapes: ObjectArray, faults: list[SurveyFault]) -> tuple[FloatArray, LineShapes]:
    """Coordinates of ends (n, 2, 3) and the inner vertices; a fault for each unusable shape."""
    n = len(shapes)
    usable = shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING
    usable &= shapely.get_num_points(shapes) >= 2
    for i in np.flatnonzero(~usable):
        shape = shapes[i]
        name = "无" if shape is None else shape.geom_type
        faults.append(SurveyFault("line.bad_shape", SheetRole.LINES, int(i) + 1, "geometry", name))
    xyz, owner = shapely.get_coordinates(shapes[usable], include_z=True, return_index=True)
    counts = np.bincount(owner, minlength=int(usable.sum()))
    first = offsets(counts)
    ends = np.full((n, 2, 3), np.nan)
    if len(first) > 1:
        ends[usable, 0], ends[usable, 1] = xyz[first[:-1]], xyz[first[1:] - 1]
    inner, _ = spread(first[:-1] + 1, np.maximum(counts - 2, 0))
    per_line = np.zeros(n, np.int64)
    per_line[usable] = np.maximum(counts - 2, 0)
    return ends, LineShapes(xyz[inner], offsets(per_line))


def _point_table(
    points: ObjectArray | None,
    columns: Mapping[str, ObjectArray] | None,
    faults: list[SurveyFault],
) -> SurveyTable | None:
    if points is None:
        return None
    own: list[SurveyFault] = []
    given = dict(columns or {})
    n = len(points)
    sheet = Sheet("", list(given), _cells(given, n), list(range(1, n + 1)))
    table, _ = read_table(sheet, SheetRole.POINTS, own)
    faults += [f for f in own if f.field not in ("east", "north")]
    usable = shapely.get_type_id(points) == shapely.GeometryType.POINT
    east, north = np.full(n, np.nan), np.full(n, np.nan)
    east[usable], north[usable] = shapely.get_x(points[usable]), shapely.get_y(points[usable])
    numbers = {**table.numbers, "east": east, "north": north}
    return SurveyTable(table.role, table.rows, table.raw, table.names, table.texts, numbers)


def _points_of_ends(ends: FloatArray, lines: SurveyTable) -> tuple[SurveyTable, SurveyTable]:
    """A point for each named end or, without names, for each different place of an end."""
    named = lines.has("start") and lines.has("end")
    places = ends[:, :, :2].reshape(-1, 2)
    if named:
        columns = [lines.text("start").tolist(), lines.text("end").tolist()]
        numbers = [name for both in zip(*columns, strict=True) for name in both]
    else:
        _, first, which = np.unique(
            np.nan_to_num(places, nan=np.inf), axis=0, return_index=True, return_inverse=True
        )
        order = np.argsort(np.argsort(first, kind="stable"), kind="stable")
        numbers = [f"#{order[i] + 1}" for i in which.reshape(-1)]
    at: dict[str, int] = {}
    for i, number in enumerate(numbers):
        if number is not None and not np.isnan(places[i]).any():
            at.setdefault(number, i)
    chosen = np.fromiter(at.values(), np.int64, len(at))
    table = SurveyTable(
        role=SheetRole.POINTS,
        rows=chosen // 2 + 1,
        raw={},
        names={"number": "number"},
        texts={"number": object_array(at)},
        numbers={"east": places[chosen, 0], "north": places[chosen, 1]},
    )
    texts = dict(lines.texts)
    texts["start"], texts["end"] = object_array(numbers[0::2]), object_array(numbers[1::2])
    return table, SurveyTable(lines.role, lines.rows, lines.raw, lines.names, texts, lines.numbers)
