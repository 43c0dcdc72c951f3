"""Files of the underground: surveys in tables, layers or models, opened and handed to the core."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from cityops.services.reading.encoding import decode
from cityops.services.reading.tables import separator_of
from gis.crs import Reference, reference_of
from gis.errors import CrsError, FileError, InvalidError, NotFoundError
from gis.features import ObjectArray, object_array
from gis.shapes import is_nested_wkb
from underground.faults import SheetRole
from underground.heights import Part
from underground.survey.frames import survey_of_layers
from underground.survey.inp import InpModel, parse_inp
from underground.survey.meaning import with_part
from underground.survey.model import Sheet, Survey
from underground.survey.models import survey_of_model
from underground.survey.tables import role_of, survey_of_tables

MAX_BYTES = 1 << 30
_LAYERS = {".gpkg", ".shp", ".geojson", ".json", ".fgb"}
_GEOJSON = {".geojson", ".json"}
_WORKBOOKS = {".xlsx", ".xlsm"}
_TABLES = {".csv", ".txt", ".tsv"}
_LINE_TYPES = (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING)


def survey_of_files(
    paths: Sequence[Path],
    *,
    crs: str | None = None,
    datum: str | None = None,
    part: str | None = None,
) -> Survey:
    """The survey in one or two files: tables, GIS layers, or a model.

    Parameters
    ----------
    paths
        A workbook or GeoPackage with both tables; a model; or a file of points and one of lines,
        in any order. A folder stands for the files in it.
    crs
        System of the coordinates; needed unless the file names it.
    datum
        What heights refer to; without it they are of an unknown datum.
    part
        Which part of a pipe depths and levels are of (top, invert, axis), for lines that do not
        say it themselves, as those of EPANET.

    Raises
    ------
    NotFoundError
        A file that is not there.
    FileError
        A file that cannot be read, or not as a survey.
    CrsError
        An unknown system, or one that is named and differs from the file's.
    """
    paths = _opened(paths)
    for path in paths:
        check_file(path)
    survey = _survey(paths, crs, datum)
    return survey if part is None else with_part(survey, _part(part))


def _opened(paths: Sequence[Path]) -> list[Path]:
    """The files, and those in folders: of a folder every file of a known format, by name."""
    known = _LAYERS | _WORKBOOKS | _TABLES | {".inp"}
    out: list[Path] = []
    for path in paths:
        if path.is_dir():
            out += sorted(p for p in path.iterdir() if p.suffix.lower() in known)
        else:
            out.append(path)
    return out


def _part(text: str) -> Part:
    try:
        return Part(text)
    except ValueError as fault:
        raise InvalidError(
            "height.bad_part",
            "不认识管高位置 {got}",
            field="part",
            got=text,
            expected=["top", "invert", "axis"],
        ) from fault


def _survey(paths: Sequence[Path], crs: str | None, datum: str | None) -> Survey:
    named = reference_of(crs) if crs else None
    suffixes = {path.suffix.lower() for path in paths}
    source = ", ".join(path.name for path in paths)
    if suffixes == {".inp"} and len(paths) == 1:
        model = model_of_file(paths[0])
        system, unit = unit_of(named)
        return survey_of_model(model, crs=system, unit_m=unit, datum=datum, source=source)
    if suffixes <= _LAYERS:
        return _survey_of_layers(paths, named, datum, source)
    if suffixes <= _WORKBOOKS | _TABLES:
        sheets = [sheet for path in paths for sheet in sheets_of(path)]
        points, lines = _roles(sheets, source)
        system, unit = unit_of(named)
        return survey_of_tables(points, lines, crs=system, unit_m=unit, datum=datum, source=source)
    raise FileError(
        "survey.unknown_format",
        "不能作为普查成果读取：{got}",
        field="file",
        got=source,
        expected=[".xlsx", ".csv", ".gpkg", ".shp", ".geojson", ".fgb", ".inp"],
    )


def model_of_file(path: Path) -> InpModel:
    """The network of an EPANET or SWMM file.

    Raises
    ------
    FileError
        See `parse_inp`.
    """
    check_file(path)
    return parse_inp(decode(path.read_bytes()).text, path.name)


def check_file(path: Path) -> None:
    """Refuse what is no file, or too large a one.

    Raises
    ------
    NotFoundError
        There is no such file.
    FileError
        It is too large.
    """
    if not path.is_file():
        raise NotFoundError("file.missing", "没有文件 {got}", field="file", got=str(path))
    if path.stat().st_size > MAX_BYTES:
        raise FileError(
            "file.too_large",
            "文件有 {got} 字节，最多 {expected}",
            field="file",
            got=path.stat().st_size,
            expected=MAX_BYTES,
        )


def is_layers(paths: Sequence[Path]) -> bool:
    """Whether files are layers of GIS programs, whose rows are counted without a head."""
    return {path.suffix.lower() for path in _opened(paths)} <= _LAYERS


def unit_of(named: Reference | None) -> tuple[Reference | None, float]:
    """The system and the metres of its unit; degrees count as 1."""
    if named is None:
        return None, 1.0
    if named.offset is not None:
        raise CrsError(
            "crs.not_surveyed",
            "普查成果不能用 {got} 坐标",
            field="crs",
            got=named.label,
            expected="EPSG:4548",
        )
    if named.crs is None or named.crs.is_geographic:
        return named, 1.0
    return named, float(named.crs.axis_info[0].unit_conversion_factor)


# -- tables --------------------------------------------------------------------------------------


def sheets_of(path: Path) -> list[Sheet]:
    """Every table in a workbook, or the one of a text file.

    Raises
    ------
    FileError
        A file that cannot be read.
    """
    if path.suffix.lower() in _WORKBOOKS:
        return _workbook(path)
    return [_csv(path)]


def _csv(path: Path) -> Sheet:
    import csv
    import io

    text = decode(path.read_bytes()).text
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text))
    lines = [(i, cells) for i, cells in enumerate(reader, 1) if any(c.strip() for c in cells)]
    if not lines:
        raise FileError("csv.no_head", "第一行应是列名", field="file", got=path.name)
    return Sheet(path.stem, lines[0][1], [c for _, c in lines[1:]], [i for i, _ in lines[1:]])


def _workbook(path: Path) -> list[Sheet]:
    from cityops.services.reading.workbook import check_parts

    if not path.stat().st_size:
        raise FileError("file.empty", "文件是空的", field="file", got=path.name)
    check_parts(path)
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (KeyError, ValueError, OSError, TypeError) as fault:
        raise FileError("xlsx.bad", "工作簿已损坏", field="file", got=path.name) from fault
    out = []
    try:
        for name in book.sheetnames:
            numbered = enumerate(book[name].iter_rows(values_only=True), 1)
            filled = [(i, cells) for i, cells in numbered if any(c is not None for c in cells)]
            if filled:
                head = ["" if c is None else str(c).strip() for c in filled[0][1]]
                out.append(
                    Sheet(name, head, [c for _, c in filled[1:]], [i for i, _ in filled[1:]])
                )
    finally:
        book.close()
    return out


def _roles(sheets: list[Sheet], source: str) -> tuple[Sheet | None, Sheet | None]:
    """The one point table and the one line table among sheets."""
    found: dict[SheetRole, list[Sheet]] = {SheetRole.POINTS: [], SheetRole.LINES: []}
    for sheet in sheets:
        role = role_of(sheet)
        if role is not None:
            found[role].append(sheet)
    if not any(found.values()):
        raise FileError(
            "survey.no_tables",
            "{source} 里没有点表也没有线表，列是：{got}",
            field="file",
            got="；".join(f"{s.name}（{'、'.join(map(str, s.head))}）" for s in sheets)[:400],
            params={"source": source},
            hint="点表要有点号、X、Y 列，线表要有起点、终点列",
        )
    for role, several in found.items():
        if len(several) > 1:
            raise FileError(
                "survey.several_tables",
                "有 {count} 张{title}：{got}",
                field="file",
                got=[sheet.name for sheet in several],
                params={
                    "count": len(several),
                    "title": "点表" if role is SheetRole.POINTS else "线表",
                },
                hint="每次只给一张点表和一张线表",
            )
    points, lines = (
        several[0] if several else None
        for several in (found[SheetRole.POINTS], found[SheetRole.LINES])
    )
    return points, lines


# -- layers --------------------------------------------------------------------------------------


def _survey_of_layers(
    paths: Sequence[Path], named: Reference | None, datum: str | None, source: str
) -> Survey:
    layers = [layer for path in paths for layer in layers_of(path)]
    lines = [layer for layer in layers if _holds(layer[0], _LINE_TYPES)]
    points = [layer for layer in layers if _holds(layer[0], (shapely.GeometryType.POINT,))]
    if len(lines) != 1:
        found = ", ".join(f"{len(shapes)} 个图形" for shapes, _, _ in layers) or "无"
        raise FileError(
            "survey.several_layers" if lines else "survey.no_lines",
            "需要一个线图层，得到 {got} 个" if lines else "{source} 里没有线：图层 {got}",
            field="file",
            got=len(lines) if lines else found,
            params={"source": source},
            hint="每次只给一个线图层；点图层可以有几个",
        )
    reference = agreed_system(named, [crs for _, _, crs in layers if crs])
    if reference is None and all(path.suffix.lower() in _GEOJSON for path in paths):
        reference = reference_of("EPSG:4326")  # RFC 7946: without a system it is degrees
    system, unit = unit_of(reference)
    shapes, columns, _ = lines[0]
    point_shapes, point_columns = joined_layers(points) if points else (None, None)
    return survey_of_layers(
        shapes,
        columns,
        point_shapes,
        point_columns,
        crs=system,
        unit_m=unit,
        datum=datum,
        source=source,
    )


_Layer = tuple[ObjectArray, dict[str, ObjectArray], str | None]


def layers_of(path: Path) -> list[_Layer]:
    """Every layer with shapes of a file."""
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

    out = []
    try:
        for name, kind in pyogrio.list_layers(path).tolist():
            if kind is None:
                continue
            meta, _, blobs, values = pyogrio.raw.read(path, layer=name, **_opening(path))
            columns = {
                str(field): object_array(_cell(v) for v in column.tolist())
                for field, column in zip(meta["fields"], values, strict=True)
            }
            stated = meta["crs"] if _states_crs(path) else None
            if any(is_nested_wkb(blob) for blob in blobs if blob is not None):
                raise FileError("geometry.nested", "图形集合里还有图形集合", field="file")
            out.append((np.asarray(shapely.from_wkb(blobs), object), columns, stated))
    except (DataLayerError, DataSourceError, FeatureError, FieldError, UnicodeDecodeError) as fault:
        raise FileError(
            "file.unreadable", "读不出来：{got}", field="file", got=path.name
        ) from fault
    except shapely.errors.GEOSException as fault:
        raise FileError("geometry.bad_binary", "二进制几何有误", field="file") from fault
    return out


def _states_crs(path: Path) -> bool:
    """Whether a file names its system; a GeoJSON without the old member does not."""
    if path.suffix.lower() not in _GEOJSON:
        return True
    with path.open("rb") as text:
        return b'"crs"' in text.read(4096)


def joined_layers(layers: list[_Layer]) -> tuple[ObjectArray, dict[str, ObjectArray]]:
    """Several layers of points as one, columns by name; rows count through."""
    names = list(dict.fromkeys(name for _, columns, _ in layers for name in columns))
    columns = {
        name: np.concatenate(
            [of.get(name, object_array([None] * len(shapes))) for shapes, of, _ in layers]
        )
        for name in names
    }
    return np.concatenate([shapes for shapes, _, _ in layers]), columns


def _opening(path: Path) -> dict[str, Any]:
    """Encoding of a shapefile's texts; GDAL knows that of the other formats."""
    if path.suffix.lower() != ".shp":
        return {}
    from cityops.services.reading import shapefile

    shapefile.check_heads(path)
    return {"encoding": shapefile.text_encoding(path, None).name}


def _cell(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


def _holds(shapes: ObjectArray, kinds: tuple[Any, ...]) -> bool:
    found = set(shapely.get_type_id(shapes).tolist()) - {-1}
    return bool(found) and found <= {int(kind) for kind in kinds}


def agreed_system(named: Reference | None, stated: list[str]) -> Reference | None:
    """The system named by the caller, which must be the file's where the file states one."""
    if not stated:
        return named
    own = reference_of(stated[0])
    if named is None:
        return own
    same = (own.is_stored and named.is_stored) or (
        named.crs is not None
        and own.crs is not None
        and named.crs.equals(own.crs, ignore_axis_order=True)
    )
    if not same:
        raise CrsError(
            "crs.file_differs",
            "文件的坐标系是 {got}，而指明的是 {expected}",
            field="crs",
            got=own.label[:80],
            expected=named.label,
            hint="去掉 --crs，或改成文件的坐标系",
        )
    return named
