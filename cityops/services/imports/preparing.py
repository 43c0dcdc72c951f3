"""From a read table to rows ready to store: every step that needs no store."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from cityops.services.imports import mapping, placing, rows
from cityops.services.imports.inferring import inferred
from cityops.services.reading.table import Note, RawTable
from gis.boxes import DegreeBox
from gis.features import FeatureBatch, ObjectArray
from gis.layers import USER_GROUP, FieldType, GeometryKind, LayerSpec
from gis.reference import Reference

_SAMPLES = 3
_SAMPLE_ROWS = 5
#: A length in millimetres whose largest value is below this was probably given in metres.
_SUSPICIOUS_MM = 10.0
_NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")
_MIXED_TEXTS = (
    "列 {column} 有 {numbers} 个值是数，{odd} 个不是（第 {at} 行：{value}），"
    "整列按文字原样保留；若应为数，请改正文件"
)


@dataclass(frozen=True)
class Prepared:
    """Rows of a file as rows of a layer, the refused ones still among them.

    ``found.good`` says which rows stand.
    """

    spec: LayerSpec
    table: RawTable
    reference: Reference
    mapping: Mapping[str, str]
    extra_columns: tuple[str, ...]
    columns: dict[str, ObjectArray]
    geometry: ObjectArray
    delivered: ObjectArray | None
    extra: ObjectArray
    found: rows.Findings
    generated_keys: int

    def batch(self) -> FeatureBatch:
        """The rows that stand, areas not yet known."""
        at = np.flatnonzero(self.found.good)
        n = len(at)
        return FeatureBatch(
            spec=self.spec,
            fids=np.full(n, -1, np.int64),
            geometry=self.geometry[at],
            columns={name: column[at] for name, column in self.columns.items()},
            areas=np.full(n, "", object),
            extra=self.extra[at],
            delivered=None if self.delivered is None else self.delivered[at],
            delivered_crs=None if self.delivered is None else self.reference.label,
        )


def prepare(
    table: RawTable,
    spec: LayerSpec,
    given: Mapping[str, str],
    reference: Reference,
    *,
    swap: bool = False,
    same: Mapping[str, Any] | None = None,
    extent: DegreeBox | None = None,
) -> Prepared:
    """Rows of `table` as rows of `spec`; each fault is kept with its row.

    Parameters
    ----------
    given
        Field -> column, as the sender said.
    swap
        Whether the file has y before x.
    same
        Field -> value that all rows have.
    extent
        Where the city lies, for mistakes that show only from there.

    Raises
    ------
    InvalidError
        When `given` names fields or columns that are not there.
    CrsError
        When the coordinates do not lie where their system says.
    """
    constant = dict(same or {})
    matched = mapping.matched(spec, list(table.columns), given, without=constant)
    found = rows.Findings(table.rows)
    position = {int(row): at for at, row in enumerate(table.rows)}
    for fault in table.faults:
        if fault.row in position:
            found.refuse(position[fault.row], fault)
    found.repaired += table.repaired
    found.warnings += table.warnings
    placed = placing.place(table.geometry, table.rows, reference, swap=swap, extent=extent)
    for fault in placed.faults:
        if fault.row in position:
            found.refuse(position[fault.row], fault)
    found.warnings += placed.warnings
    if extent is not None:
        for at, fault in placing.misplaced(placed.geometry, extent, reference, is_swapped=swap):
            found.refuse(at, fault)
    geometry = rows.check_kinds(spec, placed.geometry, found)
    rows.check_shapes(spec, geometry, found)
    delivered = placed.delivered
    if delivered is not None:
        delivered = _unwrapped(spec, delivered)
    columns = rows.converted(spec, table, matched.fields, constant, found)
    extra = rows.leftovers(table, matched.left, found)
    generated = rows.fill_keys(spec, columns, geometry, extra, found)
    found.warnings += _notes(spec, columns, generated)
    found.warnings += _mixed(table, matched.left)
    found.warnings += _mixed_texts(table, [*matched.left, *_texts_by_sight(spec, matched)])
    return Prepared(
        spec=spec,
        table=table,
        reference=reference,
        mapping={name: column.name for name, column in matched.fields.items()}
        | {name: f"={value}" for name, value in constant.items()},
        extra_columns=matched.left,
        columns=columns,
        geometry=geometry,
        delivered=delivered,
        extra=extra,
        found=found,
        generated_keys=generated,
    )


def _unwrapped(spec: LayerSpec, delivered: ObjectArray) -> ObjectArray:
    """Delivered multipoints of one point as points, like the stored ones."""
    if spec.geometry is not GeometryKind.POINT:
        return delivered
    out = delivered.copy()
    for at in np.flatnonzero(shapely.get_type_id(out) == int(shapely.GeometryType.MULTIPOINT)):
        parts = shapely.get_parts(out[at])
        if len(parts) == 1:
            out[at] = parts[0]
    return out


def _notes(spec: LayerSpec, columns: Mapping[str, ObjectArray], generated: int) -> list[Note]:
    notes = []
    if generated:
        params: dict[str, Any] = {"count": generated}
        notes.append(Note(0, "import.keys_generated", "{count} 行没有编号，已按内容生成", params))
    for item in spec.fields:
        if item.type is FieldType.REAL and item.unit == "mm":
            values = [v for v in columns[item.name].tolist() if v]
            if values and max(values) < _SUSPICIOUS_MM:
                params = {"title": item.title.zh, "most": f"{max(values):g}", "field": item.name}
                notes.append(
                    Note(
                        0,
                        "import.unit_suspect",
                        "{title} 最大只有 {most} mm，可能是以米交付的；"
                        "若是，用 --map {field}=列名@m 重新导入",
                        params,
                    )
                )
    return notes


def _mixed(table: RawTable, left: tuple[str, ...]) -> list[Note]:
    """Columns without a field whose values are of several types."""
    notes = []
    for name in left:
        kinds = {type(v) for v in table.columns[name].tolist() if v is not None}
        if len(kinds) > 1 and not kinds <= {int, float}:
            told = "列 {column} 的值类型不一，未对应字段，随要素原样保留"
            notes.append(Note(0, "import.mixed_types", told, {"column": name[:60]}))
    return notes


def _texts_by_sight(spec: LayerSpec, matched: mapping.Matched) -> list[str]:
    """Columns of fields that are texts only because their values were: of layers made from files."""
    if spec.group != USER_GROUP:
        return []
    texts = {f.name for f in spec.fields if f.type is FieldType.TEXT and f.name != spec.key}
    return [column.name for name, column in matched.fields.items() if name in texts]


def _mixed_texts(table: RawTable, names: list[str]) -> list[Note]:
    """Columns of a file of texts of which at least half of the values are numbers, not all."""
    notes = []
    for name in names if table.texts else ():
        column = table.columns[name]
        known = [(at, v) for at, v in enumerate(column.tolist()) if isinstance(v, str)]
        odd = [(at, v) for at, v in known if not _NUMBER.match(v.strip())]
        if odd and 2 * len(odd) <= len(known):
            at, value = odd[0]
            params = {
                "column": name[:60],
                "numbers": len(known) - len(odd),
                "odd": len(odd),
                "at": int(table.rows[at]),
                "value": value[:40],
            }
            notes.append(Note(0, "import.mixed_texts", _MIXED_TEXTS, params))
    return notes


def described_columns(table: RawTable) -> list[dict[str, Any]]:
    """Name, how many rows are filled, and a few values of each column of a file."""
    out = []
    for name, column in table.columns.items():
        values = [v for v in column.tolist() if v is not None]
        out.append({"name": name, "filled": len(values), "samples": _few(values)})
    return out


def _few(values: list[Any]) -> list[Any]:
    seen: list[Any] = []
    for value in values[:200]:
        if value not in seen:
            seen.append(value)
        if len(seen) == _SAMPLES:
            break
    return [v if not isinstance(v, str) else v[:120] for v in seen]


def sample_rows(batch: FeatureBatch) -> list[dict[str, Any]]:
    """The first rows as GeoJSON-like objects, for a person to look at."""
    out = []
    for at in range(min(_SAMPLE_ROWS, len(batch))):
        point = shapely.point_on_surface(batch.geometry[at])
        out.append(
            {
                "properties": batch.properties(at, batch.spec.field_names),
                "point": [round(float(point.x), 7), round(float(point.y), 7)],
                "kind": batch.geometry[at].geom_type,
            }
        )
    return out


def spec_for(table: RawTable, name: str, title: str, known: LayerSpec | None) -> LayerSpec:
    """The layer `known`, or one made from the file."""
    return inferred(name, title, table) if known is None else known
