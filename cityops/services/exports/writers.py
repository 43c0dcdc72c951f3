"""One writer per format; each writes a whole file at a path of ours."""

from __future__ import annotations

import csv
import datetime as dt
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely

from cityops.services.exports import losses
from cityops.services.exports.formats import FORMATS
from cityops.services.exports.formulas import guarded
from cityops.services.exports.sheet import Sheet, plain
from cityops.services.reading.gdal import plain_column
from cityops.services.reading.geojson import ID_COLUMN
from cityops.services.reading.table import Note
from gis.errors import FileError, InvalidError
from gis.features import ObjectArray
from gis.layers import FieldType, GeometryKind

_SHEET_ROWS, _CELL_TEXT = 1_048_576, 32_767
#: What a sheet's title may not hold, and what its XML may not.
_TITLE = re.compile(r"[\\*?:/\[\]]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: What a name says of the unit: cut off, millimetres would become metres.
_UNIT_TAIL = re.compile(r"_(mm|cm|m|km|m2|km2|pa|kpa|mpa|kg|t|s|h|v|kv|w|kw|mw|deg)$")
#: A .dbf keeps ten bytes of a field's name.
_DBF_NAME = 10
_DBF_TEXT = 254
_EPOCH = dt.date(1970, 1, 1)
_DTYPES: dict[FieldType, Any] = {
    FieldType.INTEGER: np.int64,
    FieldType.REAL: np.float64,
    FieldType.BOOLEAN: np.bool_,
}


def write_geojson(sheet: Sheet, path: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """A FeatureCollection; ``id`` is the key, the system is named where it is not WGS84.

    A system without a registered code stands in ``coordinate_system``: in ``crs`` its name would
    be passed over by readers, which take the numbers for WGS84 then.
    """
    names = [name for name in sheet.columns if name != ID_COLUMN]
    values = [sheet.columns[name].tolist() for name in names]
    keys = sheet.columns.get(ID_COLUMN, sheet.keys).tolist()
    with path.open("wb") as out:
        out.write(b'{"type":"FeatureCollection",\n')
        label = sheet.reference.label
        if not label.startswith("EPSG:"):
            out.write(b'"coordinate_system":' + orjson.dumps(label) + b",\n")
        elif label != "EPSG:4326":
            crs = {"type": "name", "properties": {"name": _urn(label)}}
            out.write(b'"crs":' + orjson.dumps(crs) + b",\n")
        out.write(b'"notices":' + orjson.dumps(list(sheet.notices)) + b',\n"features":[\n')
        for at, shape in enumerate(sheet.geometry):
            feature = {
                "type": "Feature",
                "id": keys[at],
                "properties": {n: column[at] for n, column in zip(names, values, strict=True)},
                "geometry": shapely.geometry.mapping(shape),
            }
            if keys[at] is None:
                del feature["id"]
            out.write((b",\n" if at else b"") + orjson.dumps(feature))
        out.write(b"\n]}\n")
    return {}


def _urn(label: str) -> str:
    return f"urn:ogc:def:crs:EPSG::{label.removeprefix('EPSG:')}"


def write_csv(sheet: Sheet, path: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """A table for spreadsheets: UTF-8 with mark, points as two columns, other shapes as WKT.

    A text that a spreadsheet would take for a formula gets a leading quote.
    """
    names, columns = _with_coordinates(sheet)
    quoted: Counter[str] = Counter()
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([guarded(name) for name in names])
        for record in zip(*columns, strict=True):
            cells = [plain(value) for value in record]
            safe = [guarded(value) if isinstance(value, str) else value for value in cells]
            quoted.update(n for n, a, b in zip(names, safe, cells, strict=True) if a is not b)
            writer.writerow(["" if value is None else _cell(value) for value in safe])
    message = "“{field}”有 {count} 个文本像公式，前面加了单引号"
    notes = [
        Note(0, "export.guarded", message, {"field": name, "count": count})
        for name, count in quoted.items()
    ]
    return _told(
        notes,
        losses.renamed(list(sheet.columns), names[-len(sheet.columns) :]),
        losses.nested_values(sheet),
        losses.empty_texts(sheet),
        losses.untyped_texts(sheet),
    )


def _told(*notes: list[Note]) -> dict[str, Any]:
    return {"losses": [note.as_dict() for some in notes for note in some]}


def _cell(value: Any) -> Any:
    return repr(value) if isinstance(value, float) else value


def _with_coordinates(sheet: Sheet) -> tuple[list[str], list[list[Any]]]:
    """Headings and columns with the shapes in front: two numbers for points, WKT for others."""
    flat = not shapely.has_z(sheet.geometry).any()
    shapes: dict[str, list[Any]]
    if sheet.spec.geometry is GeometryKind.POINT and flat:
        x, y = ("lon", "lat") if sheet.reference.is_geographic else ("x", "y")
        shapes = {
            x: shapely.get_x(sheet.geometry).tolist(),
            y: shapely.get_y(sheet.geometry).tolist(),
        }
    else:
        texts = shapely.to_wkt(sheet.geometry, rounding_precision=-1, trim=True)
        shapes = {"wkt": np.atleast_1d(np.asarray(texts, object)).tolist()}
    names = _distinct([*shapes, *sheet.columns])
    return names, [*shapes.values(), *(column.tolist() for column in sheet.columns.values())]


def _distinct(names: list[str]) -> list[str]:
    """Headings without doubles: a field that is called like a coordinate column steps back."""
    out: list[str] = []
    for name in names:
        number, free = 2, name
        while free in out:
            free, number = f"{name}_{number}", number + 1
        out.append(free)
    return out


def write_xlsx(sheet: Sheet, path: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """A workbook: the rows as values, never formulas, and a sheet of notices.

    Raises
    ------
    FileError
        When there are more rows, or a longer text, than a sheet holds.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    if len(sheet) >= _SHEET_ROWS:
        raise FileError(
            "export.too_many_rows",
            "有 {got} 行，Excel 一张表最多 {expected} 行",
            got=len(sheet),
            expected=_SHEET_ROWS - 1,
            hint="改用 GeoPackage 或 CSV",
        )
    book = Workbook(write_only=True)
    rows = book.create_sheet(_TITLE.sub("", sheet.spec.title.zh)[:31] or "1")
    names, columns = _with_coordinates(sheet)
    replaced: Counter[str] = Counter()

    def cell(value: Any, name: str = "") -> Any:
        made = WriteOnlyCell(rows, value=None)
        if isinstance(value, str):
            made._value, made.data_type = _sheet_text(value, name, replaced), "s"
        elif isinstance(value, dt.date):
            made.value, made.number_format = value, "yyyy-mm-dd"
        else:
            made.value = value
        return made

    rows.append([cell(name) for name in names])
    for record in zip(*columns, strict=True):
        rows.append(
            [
                cell(value if isinstance(value, dt.date) else plain(value), name)
                for name, value in zip(names, record, strict=True)
            ]
        )
    notes = book.create_sheet("说明")
    for notice in sheet.notices:
        notes.append([cell(notice)])
    book.save(path)
    message = "“{field}”有 {count} 个文本含 Excel 不收的控制字符，已换成 \ufffd"
    return _told(
        [
            Note(0, "export.replaced", message, {"field": name, "count": count})
            for name, count in replaced.items()
        ],
        losses.renamed(list(sheet.columns), names[-len(sheet.columns) :]),
        losses.nested_values(sheet),
        losses.empty_texts(sheet),
    )


def _sheet_text(text: str, name: str, replaced: Counter[str]) -> str:
    if len(text) > _CELL_TEXT:
        raise FileError(
            "export.too_long",
            "“{field}”有 {got} 个字，Excel 一格最多 {expected} 个",
            field=name,
            got=len(text),
            expected=_CELL_TEXT,
            hint="改用 GeoPackage",
        )
    clean = _CONTROL.sub("\ufffd", text)
    replaced.update([name] if clean != text else [])
    return clean


def write_gpkg(sheet: Sheet, path: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """A GeoPackage of one layer, notices in its metadata."""
    taken = {name.lower() for name in sheet.columns}
    own = {"FID": _unused("fid", taken), "GEOMETRY_NAME": _unused("geom", taken)}
    _write(sheet, path, "GPKG", list(sheet.columns), layer=sheet.spec.name, **own)
    return _told(losses.nested_values(sheet))


def _unused(name: str, taken: set[str]) -> str:
    return name if name not in taken else _unused(f"_{name}", taken)


def write_flatgeobuf(sheet: Sheet, path: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """A FlatGeobuf file; its rows lie in the order of its index."""
    _write(sheet, path, "FlatGeobuf", list(sheet.columns), layer=sheet.spec.name)
    return _told(losses.nested_values(sheet))


def write_shapefile(sheet: Sheet, path: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """A zip of one shapefile in UTF-8 or GBK; tells which field names were shortened.

    Raises
    ------
    InvalidError
        When a text does not fit the encoding or the .dbf.
    """
    encoding = (
        "GBK" if str(options.get("encoding") or "").lower() in {"gbk", "gb18030"} else "UTF-8"
    )
    names = shortened(list(sheet.columns), encoding)
    _check_texts(sheet, encoding)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        base = Path(folder) / sheet.spec.name
        shp = base.with_suffix(".shp")
        _write(sheet, shp, "ESRI Shapefile", names, encoding=encoding)
        found = _read_again(shp, sheet, names, encoding)
        base.with_suffix(".cpg").write_text(encoding, encoding="ascii")
        notice = "\n".join(sheet.notices)
        (Path(folder) / "notice.txt").write_text(notice + "\n", encoding="utf-8")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.write(part, part.name)
    changed = {old: new for old, new in zip(sheet.columns, names, strict=True) if old != new}
    told = _told(
        losses.renamed(list(sheet.columns), names),
        losses.nested_values(sheet),
        losses.empty_texts(sheet),
        losses.differences(sheet, found),
    )
    return {"renamed_fields": changed, "encoding": encoding} | told


def _read_again(shp: Path, sheet: Sheet, names: list[str], encoding: str) -> dict[str, ObjectArray]:
    """The columns of a shapefile of ours, by their names in the sheet."""
    from pyogrio.raw import read

    meta, _, _, values = read(shp, read_geometry=False, encoding=encoding)
    there = {
        name: plain_column(column, str(dtype))
        for name, dtype, column in zip(meta["fields"], meta["dtypes"], values, strict=True)
    }
    return {old: there[new] for old, new in zip(sheet.columns, names, strict=True)}


def shortened(names: list[str], encoding: str) -> list[str]:
    """Field names of at most ten bytes, each different, a unit at their end kept.

    Examples
    --------
    >>> shortened(["diameter_start_mm", "diameter_start_m", "diameter_staff_m"], "UTF-8")
    ['diamete_mm', 'diameter_m', 'diamete1_m']
    """
    out: list[str] = []
    taken: set[str] = set()
    for name in names:
        unit = found[0] if (found := _UNIT_TAIL.search(name)) else ""
        head = name.removesuffix(unit)
        short, number = name, 0
        while len(short.encode(encoding, "replace")) > _DBF_NAME or short.lower() in taken:
            tail = f"{number or ''}{unit}"
            short = _cut(head, _DBF_NAME - len(tail), encoding).rstrip("_") + tail
            number += 1
        out.append(short)
        taken.add(short.lower())
    return out


def _cut(text: str, most: int, encoding: str) -> str:
    return text.encode(encoding, "replace")[:most].decode(encoding, "ignore")


def _check_texts(sheet: Sheet, encoding: str) -> None:
    for name, column in sheet.columns.items():
        for at, value in enumerate(column.tolist()):
            text = plain(value)
            if not isinstance(text, str):
                continue
            try:
                length = len(text.encode(encoding))
            except UnicodeEncodeError as fault:
                raise InvalidError(
                    "export.encoding",
                    "{field} 里有 {expected} 写不了的字",
                    field=name,
                    expected=encoding,
                    row=at + 1,
                    hint="改用 UTF-8 或 GeoPackage",
                ) from fault
            if length > _DBF_TEXT:
                raise InvalidError(
                    "export.too_long",
                    "{field} 有 {got} 字节，Shapefile 最多 {expected} 字节",
                    field=name,
                    got=length,
                    expected=_DBF_TEXT,
                    row=at + 1,
                    hint="改用 GeoPackage",
                )


def _write(
    sheet: Sheet,
    path: Path,
    driver: str,
    names: list[str],
    *,
    layer: str | None = None,
    encoding: str | None = None,
    **creating: str,
) -> None:
    from pyogrio.raw import write

    data, masks = [], []
    for title, column in sheet.columns.items():
        values, mask = _typed(column, sheet.types[title])
        data.append(values)
        masks.append(mask)
    shapes, kind = _uniform(sheet.geometry, sheet.spec.geometry, driver)
    more: dict[str, Any] = dict(creating)
    if driver == "GPKG":
        more["layer_metadata"] = {"NOTICE": "；".join(sheet.notices)}
    write(
        path,
        np.asarray(shapely.to_wkb(shapes, include_srid=False), object),
        data,
        np.array(names, dtype=object),
        field_mask=masks,
        layer=layer,
        driver=driver,
        geometry_type=kind,
        crs=_crs_text(sheet),
        encoding=encoding,
        **more,
    )


def _crs_text(sheet: Sheet) -> str | None:
    if sheet.reference.crs is None:
        return None
    return sheet.reference.label


def _uniform(geometry: ObjectArray, kind: GeometryKind, driver: str) -> tuple[ObjectArray, str]:
    """Shapes of one OGR type: all single where they are, all multi else; shapefiles need no multi."""
    names = {
        GeometryKind.POINT: "Point",
        GeometryKind.LINE: "LineString",
        GeometryKind.POLYGON: "Polygon",
    }
    solid = " Z" if bool(shapely.has_z(geometry).any()) else ""
    several = shapely.get_type_id(geometry) >= int(shapely.GeometryType.MULTIPOINT)
    if not several.any() or driver == "ESRI Shapefile":
        return geometry, names[kind] + solid
    # Single and multi side by side stay what they are; the layer's type is the general one.
    return geometry, "Unknown"


def _typed(column: ObjectArray, kind: FieldType) -> tuple[Any, Any]:
    """A column as the array that pyogrio writes, and a mask of its unknown values."""
    mask = np.array([v is None for v in column.tolist()], bool)
    if kind is FieldType.DATE:
        days = [0 if v is None else (_date(v) - _EPOCH).days for v in column.tolist()]
        return np.array(days, "datetime64[D]"), mask
    numeric: Callable[[Any], Any] | None = {
        FieldType.INTEGER: int,
        FieldType.REAL: float,
        FieldType.BOOLEAN: bool,
    }.get(kind)
    if numeric is None:
        texts = [None if v is None else str(plain(v)) for v in column.tolist()]
        return np.array(texts, dtype=object), mask
    dtype = _DTYPES[kind]
    return np.array([numeric(0 if v is None else v) for v in column.tolist()], dtype), mask


def _date(value: Any) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value)[:10])


#: format -> (writer, ending, MIME type)
_WRITE: dict[str, Callable[..., dict[str, Any]]] = {
    "geojson": write_geojson,
    "gpkg": write_gpkg,
    "shapefile": write_shapefile,
    "csv": write_csv,
    "xlsx": write_xlsx,
    "flatgeobuf": write_flatgeobuf,
}
WRITERS = {name: (_WRITE[name], *told) for name, told in FORMATS.items()}
