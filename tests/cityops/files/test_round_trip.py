"""A foreign file goes in and comes out: the same numbers, texts, unknowns and shapes.

Files are written and read again by GDAL or the standard library, not by the code under test.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely

from cityops.services.exports.service import ExportOptions
from cityops.services.roles import SYSTEM
from gis.errors import InvalidError

#: What real tables hold: leading zeros, empty and unknown texts, great integers, fine reals.
ROWS: list[dict[str, Any]] = [
    {"编号": "0012", "名称": "井盖一号", "备注": "", "数量": 7, "管径": 0.1, "在用": True},
    {"编号": "0013", "名称": None, "备注": "  前后有空格 ", "数量": None, "管径": None, "在用": None},
    {"编号": "0014", "名称": "Ω <b>&amp;", "备注": "=1+1", "数量": 2**53 + 1, "管径": 1e-9, "在用": False},
    {"编号": "0015", "名称": "多\n行", "备注": None, "数量": -5, "管径": 123456.789012345, "在用": True},
]  # fmt: skip
DATES = ["2001-02-03", None, "1969-12-31", "2026-11-24"]
POINTS = [(117.123456789012, 39.1), (117.2, 39.2), (117.3, 39.300000000001), (117.4, 39.4)]
SQUARE = shapely.box(117.1, 39.1, 117.2, 39.2)
SHAPES: dict[str, list[Any]] = {
    "points": [shapely.Point(p) for p in POINTS],
    "lines": [
        *(shapely.LineString([p, (p[0] + 0.001, p[1] + 0.002)]) for p in POINTS[:3]),
        shapely.MultiLineString([[(117, 39), (117.1, 39)], [(117, 39.1), (117.1, 39.1)]]),
    ],
    "areas": [
        SQUARE.difference(shapely.box(117.12, 39.12, 117.15, 39.15)),
        *(shapely.box(x, y, x + 0.01, y + 0.02) for x, y in POINTS[1:3]),
        shapely.MultiPolygon([SQUARE, shapely.box(118, 39, 118.1, 39.1)]),
    ],
}
DRIVERS = {".gpkg": "GPKG", ".fgb": "FlatGeobuf", ".shp": "ESRI Shapefile"}


def table() -> list[dict[str, Any]]:
    return [row | {"日期": day} for row, day in zip(ROWS, DATES, strict=True)]


def write_geojson(path: Path, rows: list[dict[str, Any]], shapes: list[Any]) -> Path:
    features = [
        {"type": "Feature", "properties": row, "geometry": shapely.geometry.mapping(shape)}
        for row, shape in zip(rows, shapes, strict=True)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def write_gdal(
    path: Path, rows: list[dict[str, Any]], shapes: list[Any], crs: str = "EPSG:4326"
) -> Path:
    columns, masks = [], []
    for name in rows[0]:
        values = [row[name] for row in rows]
        masks.append(np.array([v is None for v in values]))
        columns.append(_array(name, values))
    several = {s.geom_type for s in shapes}
    pyogrio.raw.write(
        path,
        np.array(shapely.to_wkb(shapes), object),
        columns,
        np.array(list(rows[0]), object),
        field_mask=masks,
        driver=DRIVERS[path.suffix],
        geometry_type="Unknown"
        if len(several) > 1 and path.suffix != ".shp"
        else shapes[0].geom_type,
        crs=crs,
        encoding="UTF-8" if path.suffix == ".shp" else None,
    )
    return path


def _array(name: str, values: list[Any]) -> np.ndarray:
    kinds = {"数量": np.int64, "管径": np.float64, "在用": np.bool_}
    if name == "日期":
        return np.array([v or "1970-01-01" for v in values], "datetime64[D]")
    if name in kinds:
        return np.array([0 if v is None else v for v in values], kinds[name])
    return np.array(values, object)


def read_gdal(path: Path, **options: Any) -> tuple[list[dict[str, Any]], list[Any], str | None]:
    """Rows, shapes and system of a file as GDAL sees them, unknown values as None."""
    meta, _, blobs, values = pyogrio.raw.read(path, **options)
    columns = {}
    for name, dtype, column in zip(meta["fields"], meta["dtypes"], values, strict=True):
        is_time = column.dtype.kind == "M"
        listed = np.datetime_as_string(column, unit="D").tolist() if is_time else column.tolist()
        columns[str(name)] = [
            None if v is None or v != v or v == "NaT" else _typed(v, str(dtype)) for v in listed
        ]
    rows = [
        dict(zip(columns, record, strict=True)) for record in zip(*columns.values(), strict=True)
    ]
    return rows, list(shapely.from_wkb(blobs)), meta["crs"]


def _typed(value: Any, dtype: str) -> Any:
    if dtype == "bool":
        return bool(value)
    return int(value) if dtype.startswith("int") else value


def same_shapes(a: list[Any], b: list[Any]) -> bool:
    return all(x.normalize() == y.normalize() for x, y in zip(a, b, strict=True))


def read_csv(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def send(city, tmp_path):
    """Export a layer; gives the path and what was told."""

    def run(layer: str, ending: str, **options: Any):
        out = tmp_path / "out" / f"{layer}{ending}"
        return out, city.exports.run(SYSTEM, layer, out, ExportOptions(**options))

    return run


@pytest.mark.parametrize("kind", ["points", "lines", "areas"])
def test_a_geojson_file_comes_out_as_it_went_in(bring, send, tmp_path, kind):
    file = write_geojson(tmp_path / "in.geojson", table(), SHAPES[kind])
    assert bring(file, "foreign", new=True)["stored"] == 4
    out, told = send("foreign", ".geojson")
    before, after = (json.loads(p.read_text())["features"] for p in (file, out))
    assert [f["properties"] for f in after] == [f["properties"] for f in before]
    assert [f["geometry"] for f in after] == [f["geometry"] for f in before]
    assert told["losses"] == []


def test_ids_members_and_nested_values_come_out_as_they_went_in(bring, send, tmp_path):
    file = write_geojson(tmp_path / "in.geojson", [{"id": "x", "list": [1, {"a": None}]}], [SQUARE])
    body = json.loads(file.read_text())
    body["features"][0]["id"] = 42
    file.write_text(json.dumps(body))
    bring(file, "foreign", new=True)
    after = json.loads(send("foreign", ".geojson")[0].read_text())["features"][0]
    assert after["id"] == 42
    assert after["properties"] == {"id": "x", "list": [1, {"a": None}]}


@pytest.mark.parametrize("kind", ["points", "lines", "areas"])
@pytest.mark.parametrize("ending", [".gpkg", ".fgb"])
def test_a_gdal_format_comes_out_as_it_went_in(bring, send, tmp_path, ending, kind):
    file = write_gdal(tmp_path / f"in{ending}", table(), SHAPES[kind])
    bring(file, "foreign", new=True)
    out, told = send("foreign", ending, crs="same")
    before, after = read_gdal(file), read_gdal(out)
    by_number = {row["编号"]: (row, shape) for row, shape in zip(*after[:2], strict=True)}
    assert [by_number[row["编号"]][0] for row in before[0]] == before[0]
    assert same_shapes([by_number[row["编号"]][1] for row in before[0]], before[1])
    assert after[2] == before[2] == "EPSG:4326"
    assert told["losses"] == []


@pytest.mark.parametrize("kind", ["points", "lines", "areas"])
def test_a_shapefile_comes_out_as_it_went_in(bring, send, tmp_path, kind):
    file = write_gdal(tmp_path / "in.shp", table(), SHAPES[kind])
    bring(file, "foreign", new=True)
    out, _ = send("foreign", ".zip", crs="same")
    before, after = read_gdal(file), read_gdal(f"/vsizip/{out}/foreign.shp")
    assert after[0] == before[0]
    assert same_shapes(after[1], before[1])
    assert after[2] == before[2]


def test_great_integers_beside_unknown_ones_stay_exact(bring, send, tmp_path):
    import sqlite3
    from contextlib import closing

    file = write_gdal(tmp_path / "in.gpkg", table(), SHAPES["points"])
    bring(file, "foreign", new=True)
    with closing(sqlite3.connect(send("foreign", ".gpkg")[0])) as database:
        found = [v for (v,) in database.execute('SELECT "数量" FROM "foreign" ORDER BY "编号"')]
    assert found == [7, None, 2**53 + 1, -5]


def test_times_with_an_offset_stay_texts_and_are_told(bring, send, tmp_path):
    file = tmp_path / "in.gpkg"
    pyogrio.raw.write(
        file,
        np.array([shapely.Point(POINTS[0]).wkb], object),
        [np.array(["2026-11-24T10:00:00"], "datetime64[ms]")],
        np.array(["采集时间"], object),
        gdal_tz_offsets={"采集时间": np.array([100])},  # 100 stands for UTC
        geometry_type="Point",
        crs="EPSG:4490",
        driver="GPKG",
    )
    told = bring(file, "timed", new=True)
    assert [note["code"] for note in told["warnings"]] == [
        "file.time_as_text",
        "import.keys_generated",
        "import.outside_areas",
    ]
    feature = json.loads(send("timed", ".geojson")[0].read_text())["features"][0]
    assert feature["properties"] == {"采集时间": "2026-11-24T10:00:00Z"}


def test_csv_comes_out_with_the_same_numbers_and_texts(bring, send, tmp_path):
    rows = [{k: v for k, v in row.items() if k != "备注"} for row in table()]
    file = tmp_path / "in.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, ["lon", "lat", *rows[0]])
        writer.writeheader()
        writer.writerows(
            {"lon": p[0], "lat": p[1]} | row for p, row in zip(POINTS, rows, strict=True)
        )
    bring(file, "foreign", new=True, crs="wgs84")
    assert read_csv(send("foreign", ".csv")[0]) == read_csv(file)


def test_lines_in_csv_come_out_as_the_same_wkt(bring, send, tmp_path):
    file = tmp_path / "in.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows(
            [["wkt", "no"], *((s.wkt, i) for i, s in enumerate(SHAPES["lines"]))]
        )
    bring(file, "foreign", new=True, crs="wgs84")
    rows = read_csv(send("foreign", ".csv")[0])
    assert [shapely.from_wkt(row["wkt"]) for row in rows] == SHAPES["lines"]


def test_excel_comes_out_with_the_same_cells_and_types(bring, send, tmp_path):
    import openpyxl

    file = tmp_path / "in.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["lon", "lat", *ROWS[0], "日期"])
    for point, row, day in zip(POINTS, ROWS, DATES, strict=True):
        cells = [dt.date.fromisoformat(day) if day else None]
        book.active.append([*point, *(v if v != "=1+1" else "1+1" for v in row.values()), *cells])
    book.save(file)
    bring(file, "foreign", new=True, crs="wgs84")
    out, told = send("foreign", ".xlsx")
    before, after = (
        [
            [cell.value for cell in row]
            for row in openpyxl.load_workbook(p).worksheets[0].iter_rows()
        ]
        for p in (file, out)
    )
    assert after == before
    assert told["losses"] == []


def test_delivered_feet_come_out_unchanged(bring, send, data, tmp_path):
    bring(data / "feet" / "schools.shp", "schools", new=True)
    out, told = send("schools", ".gpkg", crs="same")
    assert told["crs"] == "ESRI:102649"
    before, after = read_gdal(data / "feet" / "schools.shp"), read_gdal(out)
    assert after[0] == before[0]
    assert [s.wkt for s in after[1]] == [s.wkt for s in before[1]]


def test_gcj02_goes_in_and_comes_out_within_a_millimetre(bring, send, data):
    from pyproj import Geod

    bring(data / "busstops.geojson", "stops", new=True, crs="gcj02")
    out, told = send("stops", ".gcj02.geojson", crs="gcj02")
    assert [note["code"] for note in told["warnings"]] == ["export.offset_datum"]
    body = json.loads(out.read_text())
    assert (body["coordinate_system"], "crs" in body) == ("gcj02", False)
    before, after = (
        [f["geometry"]["coordinates"] for f in json.loads(p.read_text())["features"]]
        for p in (data / "busstops.geojson", out)
    )
    assert after == before
    moved = json.loads(send("stops", ".json")[0].read_text())["features"]
    there = [f["geometry"]["coordinates"] for f in moved]
    apart = [Geod(ellps="GRS80").inv(*a, *b)[2] for a, b in zip(before, there, strict=True)]
    assert 400 < min(apart) < max(apart) < 700
    # Read again it is known for what it is, and no name may hide it.
    assert bring(out, "again", new=True)["crs"] == "gcj02"
    with pytest.raises(InvalidError, match="偏几百米") as refused:
        send("stops", ".geojson", crs="gcj02")
    assert refused.value.code == "export.offset_name"
    assert "stops.gcj02.geojson" in refused.value.hint()


class TestWhatAFormatCannotHold:
    """Is counted and named in what the export tells."""

    @pytest.fixture(autouse=True)
    def _there(self, bring, tmp_path):
        rows = [row | {"一个很长的列名": i} for i, row in enumerate(table())]
        bring(write_geojson(tmp_path / "in.geojson", rows, SHAPES["points"]), "foreign", new=True)

    @pytest.mark.parametrize(
        ("ending", "expected"),
        [
            (".csv", {"export.guarded", "export.empty_text", "export.no_types"}),
            (".xlsx", {"export.empty_text"}),
            (".zip", {"export.renamed", "export.empty_text", "export.rounded"}),
            (".gpkg", set()),
            (".fgb", set()),
        ],
    )
    def test_is_told(self, send, ending, expected):
        told = send("foreign", ending)[1]
        assert {note["code"] for note in told["losses"]} == expected

    def test_formulas_get_a_quote_in_csv_and_stay_texts_in_excel(self, send):
        import openpyxl

        rows = read_csv(send("foreign", ".csv")[0])
        assert rows[2]["备注"] == "'=1+1"
        sheet = openpyxl.load_workbook(send("foreign", ".xlsx")[0]).worksheets[0]
        cell = next(c for row in sheet.iter_rows() for c in row if c.value == "=1+1")
        assert cell.data_type == "s"

    def test_a_text_too_long_for_a_dbf_refuses_the_export_and_leaves_no_file(
        self, bring, send, tmp_path
    ):
        from gis.errors import InvalidError

        file = write_geojson(tmp_path / "long.geojson", [{"text": "长" * 100}], [SQUARE])
        bring(file, "long_text", new=True)
        with pytest.raises(InvalidError, match="254"):
            send("long_text", ".zip")
        assert not (tmp_path / "out" / "long_text.zip").exists()

    def test_gbk_cannot_hold_every_sign(self, bring, send, tmp_path):
        from gis.errors import InvalidError

        file = write_geojson(tmp_path / "emoji.geojson", [{"text": "🚰"}], [SQUARE])
        bring(file, "emoji", new=True)
        with pytest.raises(InvalidError, match="GBK"):
            send("emoji", ".zip", encoding="GBK")
        assert send("emoji", ".zip")[1]["encoding"] == "UTF-8"
