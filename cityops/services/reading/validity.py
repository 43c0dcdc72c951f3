"""Validity of the shapes of a table: every broken one is named, and mended on request."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import shapely

from cityops.services.reading.shapes import check_vertices
from cityops.services.reading.table import Note, RawTable, ReadOptions
from gis.errors import CityError, GeometryError

#: How GEOS names a fault -> our code and text. Its names are stable since GEOS 3.0.
_REASONS = (
    ("Self-intersection", "geometry.self_intersection", "图形自相交，位置 {got}"),
    ("Ring Self-intersection", "geometry.self_intersection", "环自相交，位置 {got}"),
    ("Hole lies outside shell", "geometry.hole_outside", "内环在外环之外，位置 {got}"),
    ("Holes are nested", "geometry.nested_holes", "内环套着内环，位置 {got}"),
    ("Nested shells", "geometry.nested_shells", "部分重叠的面，位置 {got}"),
    ("Interior is disconnected", "geometry.split_interior", "内环把面隔断，位置 {got}"),
    ("Duplicate Rings", "geometry.duplicate_rings", "有两个相同的环，位置 {got}"),
    ("Too few points", "geometry.too_few_points", "有效的点太少，位置 {got}"),
)
_PLACE = re.compile(r"\[(\S+) (\S+)\]")
_FAMILIES = ((0, 4), (1, 5), (3, 6))
_COLLECTION = 7


def checked(table: RawTable, options: ReadOptions) -> RawTable:
    """`table` with broken shapes taken out and named, or mended when that was asked for."""
    geometry = table.geometry.copy()
    faults: list[CityError] = list(table.faults)
    repaired: list[Note] = list(table.repaired)

    def refuse(at: int, fault: CityError) -> None:
        fault.row = int(table.rows[at])
        faults.append(fault)
        geometry[at] = None

    for at in np.flatnonzero(shapely.get_num_coordinates(geometry) > options.max_vertices):
        try:
            check_vertices(int(shapely.get_num_coordinates(geometry[at])), options.max_vertices)
        except GeometryError as too_large:
            refuse(int(at), too_large)
    there = ~shapely.is_missing(geometry)
    for at in np.flatnonzero(there & shapely.is_empty(geometry)):
        refuse(int(at), GeometryError("geometry.empty", "图形是空的", field="geometry"))
    there = ~shapely.is_missing(geometry)
    for at in np.flatnonzero(there & ~shapely.is_valid(geometry)):
        fault = fault_of(geometry[at])
        mended = mend(geometry[at]) if options.repair else None
        if mended is None:
            refuse(int(at), fault)
        else:
            repaired.append(_mended_note(int(table.rows[at]), fault, geometry[at], mended))
            geometry[at] = mended
    changed: dict[str, Any] = {
        "geometry": geometry,
        "faults": tuple(sorted(faults, key=lambda f: f.row or 0)),
        "repaired": tuple(sorted(repaired, key=lambda n: n.row)),
    }
    return RawTable(**(table.__dict__ | changed))


def fault_of(shape: Any) -> CityError:
    """What is wrong with an invalid shape, with the place in the file's coordinates."""
    reason = str(shapely.is_valid_reason(shape))
    found = _PLACE.search(reason)
    place = [float(found[1]), float(found[2])] if found else None
    for start, code, message in _REASONS:
        if reason.startswith(start):
            return GeometryError(
                code, message, field="geometry", got=place, hint="加 --repair 可尝试修复"
            )
    return GeometryError("geometry.invalid", "图形不合法，位置 {got}", field="geometry", got=place)


def mend(shape: Any) -> Any | None:
    """A valid shape of the same kind that covers the same places, None when there is none.

    Pieces of a lower dimension, such as spikes, are left out.
    """
    family = next((f for f in _FAMILIES if shapely.get_type_id(shape) in f), ())
    made = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    if shapely.get_type_id(made) == _COLLECTION:
        parts = [p for p in shapely.get_parts(made) if shapely.get_type_id(p) in family]
        made = shapely.union_all(parts) if parts else None
    if made is None or shapely.is_empty(made) or shapely.get_type_id(made) not in family:
        return None
    return made


def _mended_note(row: int, fault: CityError, before: Any, after: Any) -> Note:
    whole = abs(float(shapely.area(before)))
    share = abs(float(shapely.area(after)) - whole) / whole if whole else 0.0
    return Note(
        row,
        fault.code,
        "{fault}；已修复，面积变化 {share}",
        {"fault": str(fault), "share": f"{share:.2%}"},
    )
