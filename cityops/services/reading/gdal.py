"""Formats that GDAL reads, each by its named driver from a path of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cityops.services.reading import geopackage, shapefile
from cityops.services.reading.shapes import Shapes
from cityops.services.reading.sniff import Format
from cityops.services.reading.table import (
    NO_GEOMETRY_HINT,
    Note,
    RawTable,
    ReadOptions,
    check_columns,
    check_row_count,
    numbered,
)
from gis.errors import FileError
from gis.features import ObjectArray, object_array

#: Format -> the one driver that may open it.
DRIVERS = {
    Format.GPKG: "GPKG",
    Format.SHAPEFILE: "ESRI Shapefile",
    Format.SHAPEFILE_ZIP: "ESRI Shapefile",
    Format.OSM: "OSM",
    Format.FLATGEOBUF: "FlatGeobuf",
}
#: Vector drivers of GDAL 3.12. A process that reads an upload takes out all but one of them.
_KNOWN_DRIVERS = (
    *("ADBC", "AIVector", "AVCBin", "AVCE00", "AmigoCloud", "CSV", "CSW", "Carto", "DGN", "DXF"),
    *("EDIGEO", "EEDA", "ESRI Shapefile", "ESRIJSON", "Elasticsearch", "FlatGeobuf", "GDALG"),
    *("GML", "GPKG", "GPSBabel", "GPX", "GTFS", "GeoJSON", "GeoJSONSeq", "GeoRSS", "HTTP"),
    *("Idrisi", "JML", "JSONFG", "KML", "LVBAG", "MBTiles", "MEM", "MVT", "MapInfo File", "MapML"),
    *("MiraMonVector", "NGW", "OAPIF", "ODS", "OGCAPI", "OGR_GMT", "OGR_PDS", "OGR_VRT", "OSM"),
    *("OpenFileGDB", "PCIDSK", "PDF", "PDS4", "PGDUMP", "PLSCENES", "PMTiles", "S57", "SQLite"),
    *("SXF", "Selafin", "TopoJSON", "VDV", "VFK", "VICAR", "WAsP", "WFS", "XLSX"),
)
_OSM_LAYERS = {"point": "points", "line": "lines", "polygon": "multipolygons"}
#: So many tags of an OpenStreetMap file become columns; the rest stays in ``other_tags``.
_TAG_COLUMNS = 200
_OTHER_TAGS = "other_tags"
_DATE_LENGTH, _MIDNIGHT = len("2026-11-24"), "T00:00:00"
#: From here on not every integer is a float.
_EXACT = 2**53


def skipped_but(driver: str, found: Iterable[str] = ()) -> str:
    """Value of ``GDAL_SKIP`` that leaves of all drivers, and of those `found`, the named one.

    Examples
    --------
    >>> "GeoJSON" in skipped_but("GPKG").split(","), "GPKG" in skipped_but("GPKG").split(",")
    (True, False)
    """
    return ",".join(sorted({*_KNOWN_DRIVERS, *found} - {driver}))


def read_shapefile(path: Path, options: ReadOptions) -> RawTable:
    """The rows of a shapefile, its texts decoded by .cpg, by language byte or as found out.

    Raises
    ------
    FileError
        When the set is not whole, cut short, or its texts have no known encoding.
    """
    shapefile.check_heads(path)
    found = shapefile.text_encoding(path, options.encoding)
    warnings = []
    if not path.with_suffix(".shx").is_file():
        warnings.append(Note(0, "shapefile.no_shx", "缺少 .shx，已按 .shp 重建索引"))
    if not path.with_suffix(".prj").is_file():
        warnings.append(Note(0, "shapefile.no_prj", "缺少 .prj，文件没有说明坐标系"))
    table = _read(path, Format.SHAPEFILE, None, options, encoding=found.name)
    return _with(
        table,
        encoding=found.name,
        encoding_from=found.source,
        warnings=(*table.warnings, *warnings),
    )


def read_archive(path: Path, options: ReadOptions) -> RawTable:
    """The rows of the shapefile in a zip archive.

    Raises
    ------
    FileError
        When the archive may not be unpacked, or see `read_shapefile`.
    """
    shp, name, names = shapefile.unpack(path, path.parent, options.source_layer)
    return _with(read_shapefile(shp, options), layer=name, layers=names)


def read_geopackage(path: Path, options: ReadOptions) -> RawTable:
    """The rows of one plain layer of a GeoPackage.

    Raises
    ------
    FileError
        When there are several layers and none is named, or see `geopackage.plain_layers`.
    """
    names = geopackage.plain_layers(path)
    layer = _chosen(names, options.source_layer)
    return _with(_read(path, Format.GPKG, layer, options), layer=layer, layers=names)


def read_flatgeobuf(path: Path, options: ReadOptions) -> RawTable:
    """The rows of a FlatGeobuf file.

    Raises
    ------
    FileError
        When GDAL cannot read it.
    """
    return _read(path, Format.FLATGEOBUF, None, options)


def read_osm(path: Path, options: ReadOptions) -> RawTable:
    """One layer of an OpenStreetMap extract, its further tags opened into columns.

    Raises
    ------
    FileError
        When neither a layer nor a geometry kind is named, or GDAL cannot read it.
    """
    layers = ("points", "lines", "multilinestrings", "multipolygons")
    layer = options.source_layer or _OSM_LAYERS.get(options.geometry or "")
    table = _read(path, Format.OSM, _chosen(layers, layer), options, TAGS_FORMAT="JSON")
    columns = {k: v for k, v in table.columns.items() if k != _OTHER_TAGS}
    columns |= _opened_tags(table.columns.get(_OTHER_TAGS), set(columns))
    return _with(table, columns=columns, layer=layer, layers=layers, sparse=True)


def _chosen(names: tuple[str, ...], wanted: str | None) -> str:
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return str(wanted)
    several = wanted is None
    raise FileError(
        "file.several_layers" if several else "file.no_such_layer",
        "文件里有 {count} 个图层，请指明一个" if several else "文件里没有图层 {got}",
        field="source_layer",
        got=wanted,
        expected=list(names),
        params={"count": len(names)},
        hint="用 --source-layer 指明",
    )


def _opened_tags(texts: ObjectArray | None, taken: set[str]) -> dict[str, ObjectArray]:
    if texts is None:
        return {}
    rows = [{} if text is None else orjson.loads(text) for text in texts.tolist()]
    counts = Counter(name for row in rows for name in row if name not in taken)
    names = [name for name, _ in counts.most_common(_TAG_COLUMNS)]
    out = {name: object_array(row.get(name) for row in rows) for name in names}
    kept = set(names)
    rest = [{k: v for k, v in row.items() if k not in kept} or None for row in rows]
    if any(rest):
        out[_OTHER_TAGS] = object_array(rest)
    return out


def _with(table: RawTable, **changed: Any) -> RawTable:
    return RawTable(**(table.__dict__ | changed))


def _read(
    path: Path, form: Format, layer: str | None, options: ReadOptions, **opening: Any
) -> RawTable:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

    rebuild = form is Format.SHAPEFILE and not path.with_suffix(".shx").is_file()
    pyogrio.set_gdal_config_options(
        {"SHAPE_RESTORE_SHX": rebuild, "OGR_GEOMETRY_ACCEPT_UNCLOSED_RING": True}
    )
    try:
        meta, _, blobs, values = pyogrio.raw.read(
            path,
            layer=layer,
            max_features=options.max_rows + 1,
            datetime_as_string=True,  # as datetime64 the offset from UTC would be lost
            **opening,
        )
    except UnicodeDecodeError as fault:
        raise FileError(
            "file.encoding",
            "文字不是 {expected} 编码",
            field="encoding",
            expected=opening.get("encoding", "utf-8"),
            hint="文件声明的编码不对；用 --encoding 指明，例如 GBK",
        ) from fault
    except (DataLayerError, DataSourceError, FeatureError, FieldError) as fault:
        raise FileError(
            "file.unreadable",
            "读不出来：文件不是完好的 {expected}",
            field="file",
            expected=form.value,
            hint="用原来的程序打开并重新导出",
        ) from fault
    if blobs is None:
        raise FileError("file.no_geometry", "文件里没有图形", field="file", hint=NO_GEOMETRY_HINT)
    check_row_count(len(blobs), options)
    rows = numbered(len(blobs))
    shapes = Shapes(options)
    columns, warnings = _columns(meta, values)
    dates = tuple(
        str(name)
        for name, kind in zip(meta["fields"], meta["ogr_types"], strict=True)
        if kind in ("OFTDate", "OFTDateTime")
    )
    columns |= _great_integers(path, layer, meta, values, opening)
    shapes.add_wkb(np.asarray(blobs, object), rows)
    geometry, faults, repaired = shapes.done()
    return RawTable(
        driver=form.value,
        rows=rows,
        geometry=geometry,
        columns=columns,
        crs=meta["crs"],
        encoding="utf-8",
        encoding_from="fixed",
        faults=faults,
        repaired=repaired,
        warnings=tuple(warnings),
        dates=dates,
    )


def _columns(
    meta: Mapping[str, Any], values: list[Any]
) -> tuple[dict[str, ObjectArray], list[Note]]:
    names = [str(name) for name in meta["fields"]]
    check_columns(names)
    columns: dict[str, ObjectArray] = {}
    notes = []
    for name, kind, dtype, column in zip(
        names, meta["ogr_types"], meta["dtypes"], values, strict=True
    ):
        if kind == "OFTBinary":
            notes.append(Note(0, "file.binary_column", "二进制列“{name}”没有读入", {"name": name}))
            continue
        read = plain_column(column, str(dtype))
        is_time = kind in ("OFTDateTime", "OFTTime")
        columns[name] = _dates(read) if kind == "OFTDateTime" else read
        if is_time and any(v is not None and len(v) > _DATE_LENGTH for v in columns[name]):
            notes.append(Note(0, "file.time_as_text", "时间列“{name}”按文本保留", {"name": name}))
    return columns, notes


def _dates(column: ObjectArray) -> ObjectArray:
    """Times as dates where all are at midnight without an offset: FlatGeobuf has no other dates."""
    texts = [v for v in column.tolist() if v is not None]
    if not texts or not all(v.endswith(_MIDNIGHT) for v in texts):
        return column
    return object_array(None if v is None else v[:_DATE_LENGTH] for v in column.tolist())


def plain_column(column: Any, dtype: str) -> ObjectArray:
    """A column of GDAL as Python values: NaN and NaT are unknown, integers stay integers."""
    array = np.asarray(column)
    if array.dtype.kind == "M":
        texts = np.datetime_as_string(array).tolist()
        return object_array(None if t == "NaT" else t for t in texts)
    listed = array.tolist()
    if array.dtype.kind == "f":
        # Integers and booleans with unknown values among them come as floats.
        kind = bool if dtype == "bool" else int if dtype.startswith(("int", "uint")) else float
        return object_array(None if v != v else kind(v) for v in listed)
    return object_array(v.tolist() if isinstance(v, np.ndarray) else v for v in listed)


def _great_integers(
    path: Path,
    layer: str | None,
    meta: Mapping[str, Any],
    values: list[Any],
    opening: Mapping[str, Any],
) -> dict[str, ObjectArray]:
    """Columns of integers that came as floats and are too great for that, read again as texts."""
    import pyogrio

    out: dict[str, ObjectArray] = {}
    for name, kind, column in zip(meta["fields"], meta["ogr_types"], values, strict=True):
        if kind != "OFTInteger64" or column.dtype.kind != "f":
            continue
        if not (np.abs(column[~np.isnan(column)]) >= _EXACT).any():
            continue
        named = str(name).replace('"', '\\"')
        source = layer or str(pyogrio.list_layers(path)[0][0])
        query = f'SELECT CAST("{named}" AS CHARACTER(32)) AS v FROM "{source}"'  # noqa: S608
        read = pyogrio.raw.read
        _, _, _, (texts,) = read(
            path, sql=query, sql_dialect="OGRSQL", read_geometry=False, **opening
        )
        out[str(name)] = object_array(int(v) if v else None for v in texts[: len(column)])
    return out
