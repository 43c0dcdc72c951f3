"""What a person sees of a file before it is imported: rows, a sketch of the map, likely layers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson
import shapely

from cityops.services.imports import mapping
from cityops.services.imports.inferring import majority_kind
from cityops.services.imports.preparing import Prepared
from cityops.services.imports.values import shown
from cityops.services.permissions import Action, permission_for
from cityops.services.reading.table import RawTable
from cityops.services.roles import Person
from gis.errors import CityError, FileError
from gis.features import ObjectArray
from gis.layers import LayerSpec

#: What of a file is sent to be looked at.
_ROWS, _COLUMNS = 30, 60
_SHAPES, _VERTICES = 600, 20_000
#: Simplification of sketched shapes: this part of the file's extent.
_COARSE = 1 / 2000
_SUGGESTIONS = 4


def rows_json(table: RawTable, faults: Iterable[CityError]) -> dict[str, Any]:
    """The first rows as delivered, ``{"columns", "rows": [{"row", "values", "faults"}]}``."""
    names = list(table.columns)[:_COLUMNS]
    by_row: dict[int | None, list[str]] = {}
    for fault in faults:
        by_row.setdefault(fault.row, []).append(fault.code)
    out = []
    for at in range(min(_ROWS, table.rows_in)):
        row = int(table.rows[at])
        values = [_cell(table.columns[name][at]) for name in names]
        out.append({"row": row, "values": values, "faults": by_row.get(row, [])})
    return {"columns": names, "rows": out}


def _cell(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        return orjson.dumps(value).decode()[:80]
    return shown(value)


def sketch(prepared: Prepared) -> dict[str, Any]:
    """A few of the rows that have a place as GeoJSON, simplified, and the box of all of them.

    ``{"bounds": [west, south, east, north] | None, "features": {...}, "of": rows with a place}``;
    each feature says its ``row`` and whether it would be stored (``ok``).
    """
    shapes = prepared.geometry
    at = np.flatnonzero(np.isfinite(shapely.bounds(shapes)).all(axis=1))
    if not len(at):
        return {"bounds": None, "features": _collection([]), "of": 0}
    good = prepared.found.good
    bounds = shapely.total_bounds(shapes[at[good[at]]] if good[at].any() else shapes[at])
    chosen = at[np.linspace(0, len(at) - 1, min(len(at), _SHAPES)).astype(int)]
    some = _coarse(shapely.force_2d(shapes[chosen]), bounds)
    within = np.flatnonzero(np.cumsum(shapely.get_num_coordinates(some)) <= _VERTICES)
    rows = [(some[i], int(prepared.table.rows[chosen[i]]), bool(good[chosen[i]])) for i in within]
    return {
        "bounds": [round(float(v), 7) for v in bounds],
        "features": _collection(rows),
        "of": len(at),
    }


def _coarse(shapes: ObjectArray, bounds: Any) -> ObjectArray:
    """Shapes with the vertices that show at the size of a sketch; what vanishes is a point."""
    size = float(max(bounds[2] - bounds[0], bounds[3] - bounds[1]))
    out = shapely.simplify(shapes, size * _COARSE, preserve_topology=False)
    gone = shapely.is_missing(out) | shapely.is_empty(out)
    out[gone] = shapely.centroid(shapes[gone])
    return np.asarray(out, dtype=object)


def _collection(rows: list[tuple[Any, int, bool]]) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "properties": {"row": row, "ok": stands},
            "geometry": orjson.loads(shapely.to_geojson(shape)),
        }
        for shape, row, stands in rows
    ]
    return {"type": "FeatureCollection", "features": features}


def suggestions(
    table: RawTable, layers: Iterable[LayerSpec], person: Person
) -> list[dict[str, Any]]:
    """Layers that the file may be meant for: of its geometry, most columns known by name first."""
    try:
        kind = majority_kind(table)
    except FileError:
        return []
    out: list[dict[str, Any]] = []
    for spec in layers:
        may = permission_for(person, spec, Action.IMPORT).allowed
        if spec.geometry is not kind or not may:
            continue
        found = mapping.matched(spec, list(table.columns), {}).fields
        lacking = [f for f in spec.fields if f.required and f.name not in found]
        out.append(
            {
                "name": spec.name,
                "title": spec.title.zh,
                "matched": len(found),
                "of": len(spec.fields),
                "lacking": [f.title.zh for f in lacking if f.name != spec.key],
            }
        )
    return sorted(out, key=lambda s: (-int(s["matched"]), str(s["name"])))[:_SUGGESTIONS]


def fields_json(spec: LayerSpec) -> list[dict[str, Any]]:
    """The fields of a layer for a form that maps columns to them."""
    return [
        {
            "name": f.name,
            "title": f.title.zh,
            "type": f.type.value,
            "unit": f.unit,
            "required": f.required and f.name != spec.key,
            "key": f.name == spec.key,
            "codes": [{"code": c.code, "title": c.title.zh} for c in f.codes],
        }
        for f in spec.fields
    ]
