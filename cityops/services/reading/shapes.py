"""The shapes of a file, row by row: every fault named, mended only where that was asked for.

Building and explaining shapes is done by ``gis``; here it is decided what a row is worth: it
stands, it stands after a repair that was asked for, or it is refused with all of its faults.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from cityops.services.reading.table import Note, ReadOptions
from gis.errors import CityError, GeometryError
from gis.faults import Fault
from gis.features import ObjectArray, object_array
from gis.geometry import Repaired, repair
from gis.shapes import Limits, read_geojson, read_wkb_array
from gis.validity import explain_invalid

_POLYGONAL = 2


class Shapes:
    """Collects the shapes of a file in the order of its rows."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._limits = Limits(vertices=options.max_vertices)
        self._rows: list[int] = []
        self._shapes: list[Any] = []
        self._faults: list[list[Fault]] = []
        self._errors: list[CityError] = []
        self._repaired: list[Note] = []

    def add_geojson(self, value: Any, row: int) -> None:
        """Add the shape of a GeoJSON geometry object."""
        reading = read_geojson(value, limits=self._limits)
        self.add(reading.geometry, row, reading.faults)

    def add_wkb(self, blobs: ObjectArray, rows: npt.NDArray[np.int64]) -> None:
        """Add the shapes of WKB texts; None is a missing shape."""
        shapes, faults = read_wkb_array(blobs.tolist(), limits=self._limits)
        by_row: dict[int, list[Fault]] = {}
        for at, fault in faults:
            by_row.setdefault(at, []).append(fault)
        for at, row in enumerate(rows.tolist()):
            found = by_row.get(at, [])
            if shapes[at] is None and not found:
                found = [Fault("geometry.missing")]
            self.add(shapes[at], row, found)

    def add(self, shape: Any, row: int, faults: Sequence[Fault] = ()) -> None:
        """Add a shape with the faults that were found while it was built."""
        self._rows.append(row)
        self._shapes.append(shape)
        self._faults.append([*faults])

    def refuse(self, row: int, error: CityError) -> None:
        """Add a row that has no shape, for the reason `error`."""
        error.row = row
        self._errors.append(error)
        self.add(None, row)

    def done(self) -> tuple[ObjectArray, tuple[CityError, ...], tuple[Note, ...]]:
        """(n,) shapes, None where the row is refused; the faults; what was mended."""
        shapes = object_array(self._shapes)
        self._find_invalid(shapes)
        for at in [i for i, faults in enumerate(self._faults) if faults]:
            shapes[at] = self._settled(shapes[at], self._rows[at], self._faults[at])
        errors = sorted(self._errors, key=lambda e: e.row or 0)
        return shapes, tuple(errors), tuple(self._repaired)

    def _find_invalid(self, shapes: ObjectArray) -> None:
        there = ~shapely.is_missing(shapes)
        for at in np.flatnonzero(there & shapely.is_empty(shapes)).tolist():
            self._faults[at].append(Fault("geometry.empty"))
        counts = shapely.get_num_coordinates(shapes)
        most = self._options.max_vertices
        for at in np.flatnonzero(counts > most).tolist():
            if not self._faults[at]:
                self._faults[at].append(
                    Fault("geometry.too_many_vertices", got=int(counts[at]), expected=most)
                )
        small = there & (counts <= most) & (shapely.get_dimensions(shapes) == _POLYGONAL)
        at_small = np.flatnonzero(small)
        for at in at_small[~shapely.is_valid(shapes[at_small])].tolist():
            if shapely.get_type_id(shapes[at]) != int(shapely.GeometryType.GEOMETRYCOLLECTION):
                self._faults[at] += explain_invalid(shapes[at])

    def _settled(self, shape: Any, row: int, faults: list[Fault]) -> Any | None:
        """The mended shape where that was asked for and each fault allows it, else None."""
        wanted = self._options.repair and shape is not None
        if wanted and all(fault.repair is not None for fault in faults):
            try:
                mended = repair(shape)
            except GeometryError as hopeless:
                hopeless.row = row
                self._errors.append(hopeless)
                return None
            self._repaired += [_note(row, some[0], mended) for some in _by_code(faults)]
            return mended.geometry
        self._errors += [_error(some, row) for some in _by_code(faults)]
        return None


def _by_code(faults: list[Fault]) -> list[list[Fault]]:
    """Faults of one shape, those of one code together."""
    out: dict[str, list[Fault]] = {}
    for fault in faults:
        out.setdefault(fault.code, []).append(fault)
    return list(out.values())


def _error(faults: list[Fault], row: int) -> CityError:
    """One error for the faults of one code; ``got`` lists where they are."""
    fault = faults[0]
    error = fault.error(row)
    error.field = "geometry"
    places = [list(f.place) for f in faults if f.place is not None]
    if places and error.got is None:
        error.got = places
    if fault.repair is not None:
        error.hint_template = "加 --repair 可修复"
    return error


def _note(row: int, fault: Fault, mended: Repaired) -> Note:
    """What was mended; a share of the area only where there was an area to begin with."""
    said = str(fault.error())
    if mended.area_change is None:
        message = "{fault}；已修复，得到 {parts} 个部分（自相交的图形没有确定的面积，不比较面积）"
        return Note(row, fault.code, message, {"fault": said, "parts": mended.parts})
    change = f"{mended.area_change:.2%}"
    return Note(
        row, fault.code, "{fault}；已修复，面积变化 {change}", {"fault": said, "change": change}
    )
