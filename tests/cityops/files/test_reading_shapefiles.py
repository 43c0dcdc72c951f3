"""Shapefiles as they come: GBK with and without a word about it, parts missing, heads that lie."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely

from gis.errors import CrsError, FileError
from gis.layers import FieldType

NAMES = ["延安东路外滩", "申昆路枢纽站", "ABC"]
#: Characters that GBK and UTF-8 write with the same bytes are no test.
COLUMN = "站名"


def write(folder: Path, encoding: str) -> Path:
    """A shapefile of three points by GDAL; the language byte is cleared, the .cpg taken away."""
    shp = folder / "站点.shp"
    pyogrio.raw.write(
        shp,
        np.array([shapely.Point(117.2 + i / 100, 39.1).wkb for i in range(3)], object),
        [np.array(NAMES, object), np.arange(3)],
        np.array([COLUMN, "no"], object),
        geometry_type="Point",
        crs="EPSG:4490",
        driver="ESRI Shapefile",
        encoding=encoding,
    )
    shp.with_suffix(".cpg").unlink(missing_ok=True)
    language(shp, 0)
    return shp


def language(shp: Path, byte: int) -> None:
    dbf = shp.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    data[29] = byte
    dbf.write_bytes(data)


def names_of(told, rows) -> list[str]:
    field = next(f for f, column in told["mapping"].items() if column == COLUMN)
    return rows.columns[field].tolist()


@pytest.mark.parametrize(
    ("encoding", "cpg", "byte", "found", "how"),
    [
        ("GBK", None, 0, "gb18030", "detected"),
        ("GBK", "GBK", 0, "gb18030", "cpg"),
        ("GBK", "936", 0, "gb18030", "cpg"),
        ("GBK", None, 0x4D, "gb18030", "ldid"),
        ("UTF-8", None, 0, "utf-8", "detected"),
        ("UTF-8", "UTF-8", 0, "utf-8", "cpg"),
        ("UTF-8", "utf8", 0x4D, "utf-8", "cpg"),
    ],
)
def test_texts_are_read_and_it_is_told_how(
    bring, tmp_path, rows_of, encoding, cpg, byte, found, how
):
    shp = write(tmp_path, encoding)
    language(shp, byte)
    if cpg:
        shp.with_suffix(".cpg").write_text(cpg)
    told = bring(shp, "stops", new=True)
    assert (told["encoding"], told["encoding_from"]) == (found, how)
    assert names_of(told, rows_of("stops")) == NAMES


def test_what_the_sender_says_of_the_encoding_goes_first(bring, tmp_path, rows_of):
    shp = write(tmp_path, "GBK")
    shp.with_suffix(".cpg").write_text("UTF-8")  # a lie
    told = bring(shp, "stops", new=True, encoding="GBK")
    assert told["encoding_from"] == "declared"
    assert names_of(told, rows_of("stops")) == NAMES


def test_a_cpg_that_lies_is_found_out(bring, tmp_path):
    shp = write(tmp_path, "GBK")
    shp.with_suffix(".cpg").write_text("UTF-8")
    with pytest.raises(FileError) as refusal:
        bring(shp, "stops", new=True)
    assert refusal.value.code == "file.encoding"


@pytest.mark.parametrize("said", ["klingon", "utf-16-stuff", "rot13", "zip"])
def test_an_unknown_encoding_is_refused(bring, tmp_path, said):
    shp = write(tmp_path, "GBK")
    with pytest.raises(FileError) as refusal:
        bring(shp, "stops", new=True, encoding=said)
    assert refusal.value.code == "file.unknown_encoding"


def test_texts_of_no_known_encoding_ask_for_it(bring, tmp_path):
    shp = write(tmp_path, "GBK")
    dbf = shp.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace(b"ABC", b"\xff\xff\xff"))
    with pytest.raises(FileError) as refusal:
        bring(shp, "stops", new=True)
    assert refusal.value.code == "file.encoding"
    assert "--encoding" in refusal.value.hint()


def test_without_prj_the_system_is_asked_for(bring, tmp_path):
    shp = write(tmp_path, "UTF-8")
    shp.with_suffix(".prj").unlink()
    with pytest.raises(CrsError) as refusal:
        bring(shp, "stops", new=True)
    assert refusal.value.code == "crs.missing"
    told = bring(shp, "stops", new=True, crs="4490")
    assert "shapefile.no_prj" in [note["code"] for note in told["warnings"]]


def test_without_shx_the_index_is_built_anew_and_told(bring, tmp_path):
    shp = write(tmp_path, "UTF-8")
    shp.with_suffix(".shx").unlink()
    told = bring(shp, "stops", new=True)
    assert told["stored"] == 3
    assert "shapefile.no_shx" in [note["code"] for note in told["warnings"]]


def test_without_dbf_the_set_is_refused(bring, tmp_path):
    shp = write(tmp_path, "UTF-8")
    shp.with_suffix(".dbf").unlink()
    with pytest.raises(FileError) as refusal:
        bring(shp, "stops", new=True)
    assert refusal.value.code == "shapefile.no_dbf"


def cut(shp: Path) -> None:
    shp.write_bytes(shp.read_bytes()[:-20])


def two_gigabytes(shp: Path) -> None:
    data = bytearray(shp.read_bytes())
    data[24:28] = struct.pack(">i", (1 << 31) - 1)
    shp.write_bytes(data)


def more_rows(shp: Path) -> None:
    dbf = shp.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    data[4:8] = struct.pack("<I", 4_000_000_000)
    dbf.write_bytes(data)


def cut_table(shp: Path) -> None:
    dbf = shp.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes()[:-60])


@pytest.mark.parametrize("spoil", [cut, two_gigabytes, more_rows, cut_table])
def test_heads_that_promise_more_than_is_there_are_refused(bring, tmp_path, spoil):
    shp = write(tmp_path, "UTF-8")
    spoil(shp)
    with pytest.raises(FileError) as refusal:
        bring(shp, "stops", new=True)
    assert refusal.value.code == "shapefile.truncated"


def test_a_table_longer_than_its_head_says_is_read_as_far_as_it_says(bring, tmp_path):
    shp = write(tmp_path, "UTF-8")
    dbf = shp.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes() + b"\0" * 500)
    assert bring(shp, "stops", new=True)["stored"] == 3


class TestZipped:
    """The usual way to send one."""

    @staticmethod
    def zipped(shp: Path, inside: str = "") -> Path:
        """All files of the set in one archive, names in GBK as old programs write them."""
        path = shp.parent / "in.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for part in sorted(shp.parent.glob(f"{shp.stem}.*")):
                name = (inside + part.name).encode("gbk").decode("cp437")
                archive.writestr(zipfile.ZipInfo(name), part.read_bytes())
        return path

    @pytest.mark.parametrize("inside", ["", "交付/第一批/"])
    def test_it_is_found_in_the_archive_with_its_name(self, bring, tmp_path, rows_of, inside):
        file = self.zipped(write(tmp_path, "GBK"), inside)
        told = bring(file, "stops", new=True)
        assert names_of(told, rows_of("stops")) == NAMES
        assert told["driver"] == "ESRI Shapefile"

    def test_one_of_several_is_chosen_by_name(self, bring, tmp_path):
        shp = write(tmp_path, "GBK")
        for part in shp.parent.glob("站点.*"):
            part.with_name("站点二" + part.suffix).write_bytes(part.read_bytes())
        path = tmp_path / "in.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for part in shp.parent.glob("站点*.*"):
                archive.write(part, part.name)
        with pytest.raises(FileError) as refusal:
            bring(path, "stops", new=True)
        assert refusal.value.expected == ["站点", "站点二"]
        assert bring(path, "stops", new=True, source_layer="站点二")["stored"] == 3


def test_a_text_that_looks_like_a_date_stays_text_and_a_date_is_one(tmp_path, bring, rows_of):
    shp = tmp_path / "days.shp"
    pyogrio.raw.write(
        shp,
        np.array([shapely.Point(117.2, 39.1).wkb], object),
        [np.array(["2001-02-03"], object), np.array(["2001-02-03"], "datetime64[D]")],
        np.array(["said", "day"], object),
        geometry_type="Point",
        crs="EPSG:4490",
        driver="ESRI Shapefile",
        encoding="UTF-8",
    )
    spec = rows_of(bring(shp, "days", new=True)["layer"]).spec
    assert [spec.field_named(n).type for n in ("said", "day")] == [FieldType.TEXT, FieldType.DATE]
