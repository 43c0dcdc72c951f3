"""Files of people who mean no good, or whose program was broken: refused, nothing stored."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely

from gis.errors import CityError, FileError, InvalidError

RING = [[117.1, 39.1], [117.2, 39.1], [117.2, 39.2], [117.1, 39.1]]


def feature(geometry, **properties):
    return {"type": "Feature", "properties": {"no": "1"} | properties, "geometry": geometry}


def nested(levels: int) -> str:
    inner = '{"type":"Point","coordinates":[117.2,39.1]}'
    head = '{"type":"GeometryCollection","geometries":['
    return head * levels + inner + "]}" * levels


def as_file(path: Path, geometry: str) -> Path:
    ring = {"type": "Polygon", "coordinates": [RING]}
    good = ",".join(json.dumps(feature(ring, no=f"good {i}")) for i in range(4))
    text = '{"type":"Feature","properties":{"no":"bad"},"geometry":' + geometry + "}"
    path.write_text(f'{{"type":"FeatureCollection","features":[{text},{good}]}}')
    return path


@pytest.fixture
def nothing_stored(city):
    """After the test the store holds no delivery and no user layer."""
    yield
    with city.store.reading() as tx:
        assert tx.deliveries.latest(None) == []
        assert [s for s in tx.layers.registry() if s.group == "user"] == []


def polygon(*rings) -> str:
    return json.dumps({"type": "Polygon", "coordinates": list(rings)})


def point(*numbers) -> str:
    return json.dumps({"type": "Point", "coordinates": list(numbers)})


HOLE_OUT = [[117.5, 39.5], [117.6, 39.5], [117.6, 39.6], [117.5, 39.5]]
INNER = [[117.12, 39.105], [117.18, 39.105], [117.18, 39.15], [117.12, 39.105]]
INNERMOST = [[117.14, 39.107], [117.17, 39.107], [117.17, 39.13], [117.14, 39.107]]
BAD_SHAPES = {
    "collection of 2": (nested(2), "geometry.nested"),
    "bow tie": (
        polygon([[117.1, 39.1], [117.2, 39.2], [117.2, 39.1], [117.1, 39.2], [117.1, 39.1]]),
        "geometry.self_intersection",
    ),
    "open ring": (polygon([*RING[:3], [117.1, 39.2]]), "geometry.unclosed_ring"),
    "ring of 2 points": (polygon([RING[0], RING[1], RING[0]]), "geometry.too_few_points"),
    "no area": (polygon([[117, 39], [117.1, 39], [117.2, 39], [117, 39]]), "geometry.spike"),
    "spike": (polygon([*RING[:3], [117.2, 39.3], [117.2, 39.2], RING[0]]), "geometry.spike"),
    "hole outside": (polygon(RING, HOLE_OUT), "geometry.hole_outside"),
    "hole in a hole": (polygon(RING, INNER, INNERMOST), "geometry.holes_nested"),
    "empty": ('{"type":"Polygon","coordinates":[]}', "geometry.empty"),
    "null": ("null", "geometry.missing"),
    "no object": ("{}", "geometry.not_object"),
    "a text": ('"POLYGON"', "geometry.not_object"),
    "latitude 95": (polygon([[117, 95], [118, 95], [118, 96], [117, 95]]), "geometry.out_of_range"),
    "longitude 500": (polygon([[500, 1], [501, 1], [501, 2], [500, 1]]), "geometry.out_of_range"),
    "across 180": (polygon([[170, 0], [-170, 0], [-170, 9], [170, 0]]), "geometry.antimeridian"),
    "a pole": (polygon([[0, 80], [90, 90], [179, 80], [0, 80]]), "geometry.pole"),
    "fourth number": (polygon([[*p, 1, 2] for p in RING]), "geometry.has_measure"),
    "mixed heights": (polygon([RING[0], [*RING[1], 5], *RING[2:]]), "geometry.mixed_dimensions"),
    "a point": (point(117.2, 39.1), "geometry.wrong_type"),
    "true as a number": (polygon([[True, 39], *RING[1:3], [True, 39]]), "geometry.bad_number"),
    "text as a number": (polygon([["117", 39], *RING[1:3], ["117", 39]]), "geometry.bad_number"),
    "metres as degrees": (
        polygon([[448262, 4417000], [448362, 4417000], [448362, 4417100], [448262, 4417000]]),
        "geometry.projected",
    ),
    "unknown type": ('{"type":"Circle","coordinates":[117,39],"radius":9}', "geometry.unknown_type"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_SHAPES)
def test_a_bad_shape_among_good_ones_is_refused_by_row(bring, tmp_path, nothing_stored, name):
    text, code = BAD_SHAPES[name]
    told = bring(as_file(tmp_path / "in.geojson", text), "plots", new=True, dry_run=True)
    assert told["stored"] == 4
    assert code in {r["code"] for r in told["refused"]}
    assert {r["row"] for r in told["refused"]} == {1}


@pytest.mark.parametrize("levels", [10, 20_000, 100_000])
def test_deeply_nested_shapes_are_refused_before_any_parser_recurses(
    bring, tmp_path, nothing_stored, levels
):
    file = as_file(tmp_path / "in.geojson", nested(levels))
    with pytest.raises(InvalidError) as refusal:
        bring(file, "p", new=True, all_or_nothing=True)
    codes = {refusal.value.code, *(fault.code for fault in refusal.value.errors)}
    assert codes & {"json.too_deep", "geometry.nested"}


@pytest.mark.parametrize("levels", [2, 4000])
def test_nested_wkt_and_wkb_are_refused_by_row(bring, tmp_path, nothing_stored, levels):
    text = "GEOMETRYCOLLECTION(" * levels + "POINT(1 1)" + ")" * levels
    (tmp_path / "in.csv").write_text(f'wkt,no\n"{text}",1\nPOINT (117 39),2\n')
    told = bring(tmp_path / "in.csv", "p", new=True, dry_run=True, crs="wgs84")
    assert [(r["row"], r["code"]) for r in told["refused"]] == [(2, "geometry.collection")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 200_000, "json.too_deep"),
        ('{"type":"Feature","properties":{"a":NaN},"geometry":null}', "json.not_finite"),
        ('{"type":"Feature","properties":{"a":1e400},"geometry":null}', "json.not_finite"),
        ('{"type":"Feature","type":"Feature"}', "json.duplicate_key"),
        ('{"type":"Feature","properties":{"a":"\\ud800"}}', "json.bad_text"),
        ('{"type":"Feature","properties":{"a":"\\u0000"}}', "json.bad_text"),
        ('{"type":"Feature","properties":{"a":' + "9" * 5000 + "}}", "json.number_too_large"),
        ('{"type":"Feature"', "json.syntax"),
        ('{"type":"Topology"}', "geojson.bad"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_json_is_refused(bring, tmp_path, nothing_stored, text, code):
    (tmp_path / "in.geojson").write_text("{" + text[1:] if text[0] != "[" else '{"a":' + text)
    with pytest.raises(InvalidError) as refusal:
        bring(tmp_path / "in.geojson", "p", new=True)
    assert refusal.value.code == code


def test_too_many_vertices_are_refused_with_the_limit(bring, tmp_path, nothing_stored):
    angles = np.linspace(0, 2 * np.pi, 200_002)
    ring = np.column_stack([117 + np.cos(angles) / 10, 39 + np.sin(angles) / 10])
    ring[-1] = ring[0]
    told = bring(
        as_file(tmp_path / "in.geojson", polygon(ring.tolist())), "p", new=True, dry_run=True
    )
    assert told["refused"][0]["code"] == "geometry.too_many_vertices"
    assert "200000" in told["refused"][0]["message"]


def test_too_many_holes_are_refused_with_the_limit(bring, tmp_path, nothing_stored):
    rings = [RING, *([INNER] * 10_001)]
    told = bring(as_file(tmp_path / "in.geojson", polygon(*rings)), "p", new=True, dry_run=True)
    assert told["refused"][0]["code"] == "geometry.too_many_holes"


def test_two_combs_that_overlap_are_answered_in_time(bring, tmp_path, nothing_stored):
    import time

    def comb(n, lie):
        teeth = []
        for i in range(n):
            teeth += [(i / n, 0.0), (i / n, 1.0), ((i + 0.5) / n, 1.0), ((i + 0.5) / n, 0.0)]
        ring = [(117 + x / 10, 39 + y / 10) for x, y in [*teeth, (1, -0.1), (0, -0.1)]]
        return [(b - 39 + 117, a - 117 + 39) for a, b in ring] if lie else ring

    both = [[[*comb(900, False), comb(900, False)[0]]], [[*comb(900, True), comb(900, True)[0]]]]
    text = json.dumps({"type": "MultiPolygon", "coordinates": both})
    began = time.monotonic()
    told = bring(as_file(tmp_path / "in.geojson", text), "p", new=True, dry_run=True)
    assert told["refused"][0]["code"].startswith("geometry.")
    assert time.monotonic() - began < 10


class TestBinary:
    """GeoPackage blobs that lie."""

    @staticmethod
    def gpkg(path: Path, *blobs: bytes) -> Path:
        """A GeoPackage whose geometry column holds what it is given."""
        import sqlite3
        from contextlib import closing

        pyogrio.raw.write(
            path,
            np.array([shapely.Point(117.2, 39.1).wkb] * (len(blobs) + 1), object),
            [np.arange(len(blobs) + 1)],
            np.array(["no"], object),
            geometry_type="Unknown",
            crs="EPSG:4326",
            driver="GPKG",
        )
        with closing(sqlite3.connect(path)) as database:
            for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type='trigger'"
            ).fetchall():
                database.execute(f'DROP TRIGGER "{name}"')
            for i, blob in enumerate(blobs, 2):
                head = b"GP\x00\x01" + struct.pack("<i", 4326)
                database.execute('UPDATE "in" SET geom=? WHERE fid=?', (head + blob, i))
            database.commit()
        return path

    @pytest.mark.parametrize(
        "blob",
        [
            struct.pack("<BII", 1, 2, 0xFFFFFFF0),
            shapely.LineString([(117, 39), (117.1, 39)]).wkb[:-5],
            b"",
            b"\x01" * 40,
            struct.pack("<BI", 1, 7) + struct.pack("<I", 1) + struct.pack("<BII", 1, 7, 0),
        ],
        ids=["four thousand million points", "cut", "nothing", "noise", "nested"],
    )
    def test_are_refused_or_the_file_is(self, bring, tmp_path, nothing_stored, blob):
        file = self.gpkg(tmp_path / "in.gpkg", blob)
        with pytest.raises(InvalidError) as refusal:
            bring(file, "p", new=True, all_or_nothing=True)
        # GDAL gives up the file; what it lets pass is refused by row.
        assert refusal.value.code in ("file.unreadable", "import.refused")


class TestTables:
    """CSV."""

    @staticmethod
    def csv(folder: Path, text: str | bytes) -> Path:
        """A file of this text."""
        data = text.encode() if isinstance(text, str) else text
        (folder / "in.csv").write_bytes(data)
        return folder / "in.csv"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "file.empty"),
            ("\n\n", "csv.no_head"),
            ("a,b\n1,2\n", "csv.no_coordinates"),
            ("lon,lat,x,x\n117,39,1,2\n", "file.duplicate_columns"),
            (",".join(f"c{i}" for i in range(2000)) + "\n", "file.too_many_columns"),
            ("lon,lat,no\n117,39," + "x" * 200_000 + "\n", "csv.bad"),
            (b"lon,lat,\xff\xfe\xff\n117,39,1\n", "file.encoding"),
            ("lon,lat,no\n", "file.no_rows"),
        ],
    )
    def test_no_table_is_refused(self, bring, tmp_path, nothing_stored, text, code):
        with pytest.raises(InvalidError) as refusal:
            bring(self.csv(tmp_path, text), "p", new=True, crs="wgs84")
        assert refusal.value.code == code

    def test_each_bad_row_is_named(self, bring, tmp_path, nothing_stored):
        rows = [
            "lon,lat,no",
            *(f"117.2,39.1,good {i}" for i in range(9)),
            "117°12′,39°6′,degrees minutes",
            ",,nothing",
            "1e400,39,infinite",
            "nan,39,not a number",
            "117.2,39.1,one,more",
            "117.2",
            "39.1,117.2,swapped",
        ]
        told = bring(self.csv(tmp_path, "\n".join(rows)), "p", new=True, dry_run=True, crs="wgs84")
        assert told["stored"] == 9
        assert {(r["row"], r["code"]) for r in told["refused"]} == {
            (11, "csv.not_a_number"),
            (12, "geometry.missing"),
            (13, "csv.not_a_number"),
            (14, "csv.not_a_number"),
            (15, "csv.columns"),
            (16, "csv.columns"),
            (17, "geometry.swapped"),
        }

    def test_formulas_are_texts(self, bring, tmp_path, rows_of):
        text = "lon,lat,no\n117.2,39.1,=cmd|' /C calc'!A0\n117.3,39.1,@SUM(1)\n"
        bring(self.csv(tmp_path, text), "p", new=True, crs="wgs84")
        assert set(rows_of("p").columns["no"].tolist()) == {"=cmd|' /C calc'!A0", "@SUM(1)"}

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_encodings_are_found_and_told(self, bring, tmp_path, rows_of, encoding):
        text = "经度,纬度,名称\n117.2,39.1,津塘公路㙍\n"
        told = bring(self.csv(tmp_path, text.encode(encoding)), "p", new=True, crs="wgs84")
        assert told["encoding"] in (encoding, "utf-8-sig")
        name = next(field for field, column in told["mapping"].items() if column == "名称")
        assert rows_of("p").columns[name].tolist() == ["津塘公路㙍"]

    @pytest.mark.parametrize("separator", [";", "\t", "|"])
    def test_separators_are_found(self, bring, tmp_path, separator):
        text = "lon,lat,no\n117.2,39.1,a\n117.3,39.1,b\n".replace(",", separator)
        assert bring(self.csv(tmp_path, text), "p", new=True, crs="wgs84")["stored"] == 2

    def test_a_gbk_table_declared_as_utf8_is_refused(self, bring, tmp_path, nothing_stored):
        text = "经度,纬度,名称\n117.2,39.1,天津\n".encode("gbk")
        with pytest.raises(FileError) as refusal:
            bring(self.csv(tmp_path, text), "p", new=True, crs="wgs84", encoding="utf-8")
        assert refusal.value.code == "file.encoding"


class TestArchives:
    """Zip files are judged by their directory, before anything is unpacked."""

    @staticmethod
    def zipped(path: Path, members: list[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
        """An archive of these members."""
        import warnings

        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of names that come twice
            for name, data in members:
                archive.writestr(name, data)
        return path

    @staticmethod
    def link() -> zipfile.ZipInfo:
        """A symbolic link to a file of the system."""
        info = zipfile.ZipInfo("a.shp")
        info.external_attr = 0o120777 << 16
        return info

    @pytest.mark.parametrize(
        ("members", "code"),
        [
            ([("a.shp", b"\0" * 300_000_000)], "zip.ratio"),
            ([(f"{i}.txt", b"") for i in range(10_000)], "zip.too_many"),
            ([("a.zip", b"PK"), ("a.shp", b"")], "zip.nested"),
            ([("../../a.shp", b"")], "zip.slip"),
            ([("/etc/a.shp", b"")], "zip.slip"),
            ([("..\\a.shp", b"")], "zip.slip"),
            ([("c:a.shp", b"")], "zip.slip"),
            ([("link", b"/etc/passwd")], "zip.link"),
            ([("a.shp", b"1"), ("A.SHP", b"2")], "zip.duplicate"),
            ([("readme.txt", b"")], "zip.no_shapefile"),
            ([("a.shp", b""), ("b.shp", b"")], "file.several_layers"),
        ],
    )
    def test_are_refused(self, bring, tmp_path, nothing_stored, members, code):
        if code == "zip.link":
            members = [(self.link(), b"/etc/passwd")]
        file = self.zipped(tmp_path / "in.zip", members)
        with pytest.raises(FileError) as refusal:
            bring(file, "p", new=True)
        assert refusal.value.code == code

    def test_an_encrypted_one_is_refused(self, bring, tmp_path, nothing_stored):
        file = self.zipped(tmp_path / "in.zip", [("a.shp", b"1")])
        data = bytearray(file.read_bytes())
        for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            data[data.index(signature) + at] |= 1
        file.write_bytes(data)
        with pytest.raises(FileError) as refusal:
            bring(file, "p", new=True)
        assert refusal.value.code == "zip.encrypted"

    def test_one_that_is_cut_is_refused(self, bring, tmp_path, nothing_stored):
        file = self.zipped(tmp_path / "in.zip", [("a.shp", bytes(range(256)) * 99)])
        file.write_bytes(file.read_bytes()[:-30])
        with pytest.raises(FileError) as refusal:
            bring(file, "p", new=True)
        assert refusal.value.code == "zip.bad"


class TestWorkbooks:
    """Excel."""

    def test_formulas_give_their_last_value_or_nothing(self, bring, tmp_path, rows_of):
        import openpyxl

        book = openpyxl.Workbook()
        book.active.append(["lon", "lat", "no", "sum"])
        book.active.append([117.2, 39.1, "a", "=1+1"])
        book.save(tmp_path / "in.xlsx")
        bring(tmp_path / "in.xlsx", "p", new=True, crs="wgs84")
        assert rows_of("p").columns["sum"].tolist() == [None]

    @pytest.mark.parametrize(
        ("part", "data", "code"),
        [
            ("xl/vbaProject.bin", b"x", "xlsx.macros"),
            ("xl/evil.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xlsx.doctype"),
            ("xl/far.xml", b" " * 70_000 + b'<!DOCTYPE a [<!ENTITY b "c">]><a/>', "xlsx.doctype"),
            ("xl/wide.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a/>'.encode("utf-16"), "xlsx.doctype"),
        ],
    )
    def test_macros_and_document_types_are_refused(
        self, bring, tmp_path, nothing_stored, part, data, code
    ):
        import openpyxl

        book = openpyxl.Workbook()
        book.active.append(["lon", "lat"])
        book.active.append([117.2, 39.1])
        book.save(tmp_path / "in.xlsx")
        with zipfile.ZipFile(tmp_path / "in.xlsx", "a") as archive:
            archive.writestr(part, data)
        with pytest.raises(FileError) as refusal:
            bring(tmp_path / "in.xlsx", "p", new=True, crs="wgs84")
        assert refusal.value.code == code


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("in.geojson", "<OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource>"),
        ("in.shp", "<OGRVRTDataSource/>"),
        ("in.gpkg", "<GDALTileIndexDataset/>"),
        ("in.geojson", "<OGRWFSDataSource><URL>http://127.0.0.1:1/</URL></OGRWFSDataSource>"),
        ("in.csv", "<kml><NetworkLink/></kml>"),
        ("in.json", "[1, 2]"),
        ("in.gpkg", "SQLite format 3\0" + "\0" * 100),
        ("in.pbf", "not a pbf at all"),
        ("in.fgb", "fgb"),
        ("in.xlsx", "PK\x03\x04" + "\0" * 60),
        ("in.geojson", "%PDF-1.7"),
    ],
)
def test_content_that_is_not_what_the_name_says_is_refused(
    bring, tmp_path, nothing_stored, name, text
):
    (tmp_path / name).write_text(text)
    with pytest.raises(FileError) as refusal:
        bring(tmp_path / name, "p", new=True)
    assert refusal.value.code in ("file.wrong_type", "zip.bad")


@pytest.mark.parametrize(
    "name", ["in.kml", "in.gml", "in.vrt", "in.tif", "in.xlsm", "in", "in.sqlite"]
)
def test_other_endings_are_refused_with_those_that_are_taken(bring, tmp_path, nothing_stored, name):
    (tmp_path / name).write_text("x")
    with pytest.raises(FileError) as refusal:
        bring(tmp_path / name, "p", new=True)
    assert refusal.value.code == "file.unsupported"
    assert ".gpkg" in refusal.value.expected


@pytest.mark.parametrize(
    "name",
    [
        "../../x.geojson",
        "CON.geojson",
        "长" * 300 + ".geojson",
        "\u202egnp.geojson",
        "💧.geojson",
        "C:\\data\\x.geojson",
        "a\r\nadmin.geojson",
    ],
)
def test_a_strange_file_name_is_kept_as_text_only(bring, tmp_path, city, name):
    as_file(tmp_path / "in.geojson", "null")
    told = bring(tmp_path / "in.geojson", "p", new=True, filename=name)
    assert told["stored"] == 4
    assert "/" not in told["file"]
    assert "\\" not in told["file"]
    names = {p.name for p in city.settings.data_dir.rglob("*")}
    assert not any("geojson" in n for n in names)


def test_a_file_cut_at_nine_tenths_stores_nothing(bring, tmp_path, data, nothing_stored):
    whole = (data / "components.geojson").read_bytes()
    (tmp_path / "cut.geojson").write_bytes(whole[: len(whole) * 9 // 10])
    with pytest.raises(CityError) as refusal:
        bring(tmp_path / "cut.geojson", "p", new=True)
    assert refusal.value.code == "json.syntax"
