"""What a file is: by its content and its name, which must agree."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path, PurePosixPath, PureWindowsPath

from gis.errors import FileError

HEAD = 4096
_SHP_MAGIC = b"\x00\x00\x27\x0a"
_FGB_MAGIC = b"fgb"


class Format(StrEnum):
    """Formats that are read."""

    GEOJSON = "GeoJSON"
    CSV = "CSV"
    GPKG = "GPKG"
    SHAPEFILE = "ESRI Shapefile"
    SHAPEFILE_ZIP = "ESRI Shapefile (zip)"
    OSM = "OSM"
    FLATGEOBUF = "FlatGeobuf"
    XLSX = "XLSX"


#: Formats that our own code reads; the others need GDAL and a wall around it.
OWN_READERS = frozenset({Format.GEOJSON, Format.CSV})

_SUFFIXES: dict[str, frozenset[Format]] = {
    ".geojson": frozenset({Format.GEOJSON}),
    ".json": frozenset({Format.GEOJSON}),
    ".csv": frozenset({Format.CSV}),
    ".txt": frozenset({Format.CSV}),
    ".tsv": frozenset({Format.CSV}),
    ".gpkg": frozenset({Format.GPKG}),
    ".shp": frozenset({Format.SHAPEFILE}),
    ".zip": frozenset({Format.SHAPEFILE_ZIP}),
    ".pbf": frozenset({Format.OSM}),
    ".fgb": frozenset({Format.FLATGEOBUF}),
    ".xlsx": frozenset({Format.XLSX}),
}
ACCEPTED = tuple(sorted(_SUFFIXES))


def base_name(filename: str) -> str:
    r"""The last part of a name that a sender gave, whatever system it came from.

    Examples
    --------
    >>> base_name("../../etc/pipes.csv"), base_name("C:\\data\\pipes.csv")
    ('pipes.csv', 'pipes.csv')
    """
    return PureWindowsPath(PurePosixPath(filename).name).name


def suffix_of(filename: str) -> str:
    """Lower-case ending of a sender's name, '' when there is none."""
    return PurePosixPath(base_name(filename)).suffix.lower()


def format_of(path: Path, filename: str) -> Format:
    """Format of the file at `path`, which its sender calls `filename`.

    Raises
    ------
    FileError
        When the ending is not accepted, the file is empty, or content and ending differ.
    """
    suffix = suffix_of(filename)
    allowed = _SUFFIXES.get(suffix)
    if allowed is None:
        raise FileError(
            "file.unsupported",
            "不接受 {got} 文件",
            field="file",
            got=suffix or base_name(filename)[:80],
            expected=list(ACCEPTED),
            hint="可用的格式：GeoJSON、GeoPackage、Shapefile（.zip）、CSV、Excel、FlatGeobuf、OSM .pbf",
        )
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise FileError("file.empty", "文件是空的", field="file")
    found = content_of(head)
    if found not in allowed:
        raise FileError(
            "file.wrong_type",
            "文件名说是 {expected}，内容却不是",
            field="file",
            got=found.value if found else None,
            expected=suffix,
            hint="请交付原格式的文件，不要只改扩展名",
        )
    return found


def content_of(head: bytes) -> Format | None:
    """Format that the first bytes of a file show, None when they show none of ours.

    Examples
    --------
    >>> content_of(b'{"type": "FeatureCollection"'), content_of(b"<OGRVRTDataSource>")
    (<Format.GEOJSON: 'GeoJSON'>, None)
    """
    if head.startswith(b"SQLite format 3\x00"):
        return Format.GPKG if head[68:72] in (b"GPKG", b"GP10", b"GP11") else None
    if head.startswith(_SHP_MAGIC):
        return Format.SHAPEFILE
    if head.startswith(_FGB_MAGIC) and head[4:7] == _FGB_MAGIC:
        return Format.FLATGEOBUF
    if head.startswith(b"PK\x03\x04"):
        return Format.XLSX if _is_workbook(head) else Format.SHAPEFILE_ZIP
    if head[4:15] == b"\x0a\x09OSMHeader":
        return Format.OSM
    return _text_format(head)


def _is_workbook(head: bytes) -> bool:
    length = int.from_bytes(head[26:28], "little")
    first = head[30 : 30 + length]
    return first == b"[Content_Types].xml" or first.startswith((b"xl/", b"_rels/", b"docProps/"))


def _text_format(head: bytes) -> Format | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Format.CSV
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if b"\x00" in plain or plain.startswith((b"<", b"%PDF", b"[")):
        return None
    return Format.GEOJSON if plain.startswith(b"{") else Format.CSV
