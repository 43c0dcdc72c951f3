"""CSV with coordinates: separators, byte order marks, GB18030, columns of x and y or WKT."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from cityops.services.reading.encoding import decode
from cityops.services.reading.shapes import Shapes
from cityops.services.reading.sniff import Format
from cityops.services.reading.table import (
    MAX_CELL,
    Note,
    RawTable,
    ReadOptions,
    check_columns,
    check_row_count,
)
from gis.errors import CityError, FileError, GeometryError
from gis.features import ObjectArray, object_array
from gis.shapes import WKT_DEPTH, depth_of_wkt

_SEPARATORS = ",;\t|"
_SAMPLE_LINES = 20
_DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+$")
_DEGREES_MINUTES = re.compile(r"[°º度′'’]|^\s*\d{1,3}[ :]\d{1,2}[ :]\d")
_NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")
_LON = ("lon", "lng", "long", "longitude", "经度", "经度坐标")
_LAT = ("lat", "latitude", "纬度", "纬度坐标")
_EAST = ("x", "east", "easting", "东坐标", "x_coord", "coord_x", "point_x")
_NORTH = ("y", "north", "northing", "北坐标", "y_coord", "coord_y", "point_y")
_WKT = ("wkt", "geometry", "geom", "the_geom", "shape_wkt")


def read(path: Path, options: ReadOptions) -> RawTable:
    """The rows of a CSV file; the head line is row 1.

    Raises
    ------
    FileError
        When it is no table, or no columns hold coordinates.
    """
    decoded = decode(path.read_bytes(), options.encoding)
    separator = separator_of(decoded.text)
    lines = _lines(decoded.text, separator)
    head = [name.strip() for name in next(lines, [])]
    records = list(_records(lines, options))
    table = from_records(head, records, options, Format.CSV.value)
    return RawTable(
        **{**table.__dict__, "encoding": decoded.encoding, "encoding_from": decoded.source}
    )


def separator_of(text: str) -> str:
    r"""The separator that splits the first lines most evenly: comma, semicolon, tab or bar.

    Examples
    --------
    >>> separator_of("a;b;c\\n1,5;2;3\\n")
    ';'
    """
    sample = text[:100_000].splitlines()[:_SAMPLE_LINES]
    head = sample[0] if sample else ""

    def evenness(separator: str) -> tuple[int, int]:
        width = head.count(separator)
        same = sum(line.count(separator) == width for line in sample)
        return (same if width else 0, width)

    return max(_SEPARATORS, key=evenness)


def _lines(text: str, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        yield from reader
    except csv.Error as fault:
        raise FileError(
            "csv.bad",
            "第 {row_at} 行读不出来：单元格超过 {expected} 个字符或引号不成对",
            expected=MAX_CELL,
            params={"row_at": reader.line_num},
        ) from fault


def _records(lines: Iterator[list[str]], options: ReadOptions) -> Iterator[tuple[int, list[Any]]]:
    for row, cells in enumerate(lines, 2):
        if cells and any(cells):
            yield row, list(cells)
        check_row_count(row - 1, options)


def from_records(
    head: list[str], records: list[tuple[int, list[Any]]], options: ReadOptions, driver: str
) -> RawTable:
    """A table out of a head and numbered records of text.

    Raises
    ------
    FileError
        When the head is empty or doubled, or no columns hold coordinates.
    """
    if not any(head):
        raise FileError("csv.no_head", "第一行应是列名", field="file")
    named = [name or f"列{i}" for i, name in enumerate(head, 1)]
    check_columns(named)
    axes = coordinate_columns(named, options.coordinates)
    width = len(named)
    faults: list[CityError] = []
    cells: list[list[Any]] = []
    for row, record in records:
        if len(record) != width:
            faults.append(_ragged(row, len(record), width))
            record = (record + [None] * width)[:width]
        cells.append(record)
    rows = np.array([row for row, _ in records], np.int64)
    columns = {
        name: object_array(_cell(record[i]) for record in cells) for i, name in enumerate(named)
    }
    broken = {fault.row for fault in faults}
    geometry, found, repaired = _geometry(columns, axes, rows, broken, options)
    kept = {name: column for name, column in columns.items() if name not in axes.values()}
    return RawTable(
        driver=driver,
        rows=rows,
        geometry=geometry,
        columns=kept,
        texts=True,
        faults=(*faults, *found),
        repaired=repaired,
        axes=axes,
    )


def _cell(value: Any) -> Any:
    return None if value is None or value == "" else value


def _ragged(row: int, got: int, expected: int) -> CityError:
    return FileError(
        "csv.columns",
        "这一行有 {got} 格，列名有 {expected} 个",
        got=got,
        expected=expected,
        row=row,
        hint="检查分隔符和引号",
    )


def coordinate_columns(names: list[str], given: Mapping[str, str]) -> dict[str, str]:
    """Which columns hold coordinates: ``{"x", "y"}`` or ``{"wkt"}``.

    Raises
    ------
    FileError
        When a given column is missing, or none can be told by its name.

    Examples
    --------
    >>> coordinate_columns(["名称", "经度", "纬度"], {})
    {'x': '经度', 'y': '纬度'}
    """
    missing = sorted(set(given.values()) - set(names))
    if missing:
        raise FileError(
            "csv.no_such_column", "没有列 {got}", got=missing, expected=names, field="map"
        )
    if "wkt" in given:
        return {"wkt": given["wkt"]}
    if {"x", "y"} <= set(given):
        return {"x": given["x"], "y": given["y"]}
    lower = {name.strip().lower(): name for name in reversed(names)}
    for xs, ys in ((_LON, _LAT), (_EAST, _NORTH)):
        x = next((lower[n] for n in xs if n in lower), None)
        y = next((lower[n] for n in ys if n in lower), None)
        if x and y:
            return {"x": x, "y": y}
    wkt = next((lower[n] for n in _WKT if n in lower), None)
    if wkt:
        return {"wkt": wkt}
    raise FileError(
        "csv.no_coordinates",
        "看不出哪两列是坐标；文件的列是：{listed}",
        field="map",
        got=names[:50],
        params={"listed": "、".join(names[:20]) + (" 等" if len(names) > 20 else "")},
        hint="用 --map x=列名 --map y=列名（x 向东，y 向北）或 --map wkt=列名 指明",
    )


def _geometry(
    columns: Mapping[str, ObjectArray],
    axes: Mapping[str, str],
    rows: Any,
    broken: set[int | None],
    options: ReadOptions,
) -> tuple[ObjectArray, tuple[CityError, ...], tuple[Note, ...]]:
    shapes = Shapes(options)
    for i, row in enumerate(rows.tolist()):
        if row in broken:
            shapes.add(None, row)
            continue
        try:
            if "wkt" in axes:
                shape = _from_wkt(columns[axes["wkt"]][i], axes["wkt"], options)
            else:
                x = _number(columns[axes["x"]][i], axes["x"])
                shape = shapely.Point(x, _number(columns[axes["y"]][i], axes["y"]))
            shapes.add(shape, row)
        except GeometryError as fault:
            shapes.refuse(row, fault)
    return shapes.done()


def _number(value: Any, column: str) -> float:
    if value is None:
        raise GeometryError("geometry.missing", "没有坐标", field=column)
    text = str(value).strip()
    if not _NUMBER.match(text) or not math.isfinite(float(text)):
        raise GeometryError(
            "csv.not_a_number",
            "{field} 不是数：{got}",
            field=column,
            got=text[:40],
            expected="十进制度，如 117.2005；或米，如 500123.45",
            hint=_hint_for(text),
        )
    return float(text)


def _hint_for(text: str) -> str:
    """What to do with a coordinate that is no decimal number."""
    if _DECIMAL_COMMA.match(text):
        return "小数用了逗号；请改成小数点，如 117.2005"
    if _DEGREES_MINUTES.search(text):
        return "像是度分秒；请先换算成十进制度，如 117°12'1.8\" 应为 117.2005"
    return "坐标应为十进制数，如 117.2005"


def _from_wkt(value: Any, column: str, options: ReadOptions) -> Any:
    if value is None:
        raise GeometryError("geometry.missing", "没有图形", field=column)
    text = str(value)
    if text.count(",") >= options.max_vertices:
        raise GeometryError(
            "geometry.too_many_vertices",
            "图形的顶点超过 {expected} 个",
            field=column,
            expected=options.max_vertices,
        )
    if "COLLECTION" in text[:60].upper() or depth_of_wkt(text) > WKT_DEPTH:
        raise GeometryError("geometry.collection", "图形集合不能作为一个要素", field=column)
    try:
        shape = shapely.from_wkt(text)
    except (shapely.errors.GEOSException, ValueError) as fault:
        raise GeometryError(
            "geometry.bad", "不是 WKT：{got}", field=column, got=text[:60]
        ) from fault
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        raise GeometryError("geometry.not_finite", "坐标不是有限的数", field=column)
    return shape
