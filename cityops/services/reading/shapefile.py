"""Shapefiles: the set of files, their heads, and the encoding of their texts."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cityops.services.reading.archive import extract, member_name, open_checked
from cityops.services.reading.encoding import python_name
from gis.errors import FileError

_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_GBK_LANGUAGES = {0x4D, 0x7A}
_SAMPLE = 4 << 20


@dataclass(frozen=True)
class TextEncoding:
    """Encoding of a .dbf and how it was found: declared, cpg, ldid, detected."""

    name: str
    source: str


def unpack(path: Path, folder: Path, wanted: str | None) -> tuple[Path, str, tuple[str, ...]]:
    """Unpack the one shapefile of an archive into `folder` under our own name.

    Returns
    -------
    tuple
        Path of the .shp, its name in the archive, and the names of all shapefiles there.

    Raises
    ------
    FileError
        When there is none, or several and none is named.
    """
    with open_checked(path) as archive:
        members = {member_name(m): m for m in archive.infolist() if not m.is_dir()}
        names = sorted(n for n in members if PurePosixPath(n).suffix.lower() == ".shp")
        stems = tuple(PurePosixPath(n).stem for n in names)
        chosen = _chosen(names, stems, wanted)
        base = str(PurePosixPath(chosen).with_suffix(""))
        for name, member in members.items():
            suffix = PurePosixPath(name).suffix.lower()
            if suffix in _PARTS and str(PurePosixPath(name).with_suffix("")) == base:
                extract(archive, member, folder / f"unpacked{suffix}")
    return folder / "unpacked.shp", PurePosixPath(chosen).stem, stems


def _chosen(names: list[str], stems: tuple[str, ...], wanted: str | None) -> str:
    if not names:
        raise FileError("zip.no_shapefile", "压缩包里没有 .shp 文件", field="file")
    if wanted is not None:
        if wanted not in stems:
            raise FileError(
                "file.no_such_layer", "没有图层 {got}", got=wanted, expected=list(stems)
            )
        return names[stems.index(wanted)]
    if len(names) > 1:
        raise FileError(
            "file.several_layers",
            "文件里有 {count} 个图层，请指明一个",
            field="source_layer",
            expected=list(stems),
            params={"count": len(names)},
            hint="用 --source-layer 指明",
        )
    return names[0]


def check_heads(shp: Path) -> None:
    """Refuse a set whose files are shorter than their heads say.

    Raises
    ------
    FileError
        When the .dbf is missing, or a file is cut or lies about its length.
    """
    with shp.open("rb") as file:
        head = file.read(100)
    size = shp.stat().st_size
    said = struct.unpack(">i", head[24:28])[0] * 2 if len(head) == 100 else -1
    if said > size or said < 100:
        raise _cut(".shp", said, size)
    dbf = shp.with_suffix(".dbf")
    if not dbf.is_file():
        raise FileError(
            "shapefile.no_dbf", "缺少 .dbf 文件", field="file", hint="请把整组文件打成 .zip 上传"
        )
    with dbf.open("rb") as file:
        head = file.read(32)
    size = dbf.stat().st_size
    if len(head) < 32:
        raise _cut(".dbf", 32, size)
    count, head_size, row_size = struct.unpack("<IHH", head[4:12])
    if head_size + count * row_size > size + 1:
        raise _cut(".dbf", head_size + count * row_size, size)


def _cut(suffix: str, said: int, size: int) -> FileError:
    return FileError(
        "shapefile.truncated",
        "{suffix} 的文件头说有 {expected} 字节，实际 {got} 字节",
        field="file",
        got=size,
        expected=said,
        params={"suffix": suffix},
        hint="文件可能没有传完或被截断",
    )


def text_encoding(shp: Path, declared: str | None) -> TextEncoding:
    """Encoding of a shapefile's texts: as told, by .cpg, by its language byte, or found out.

    Raises
    ------
    FileError
        When the told encoding is unknown, or the texts are neither UTF-8 nor GBK.
    """
    if declared:
        return TextEncoding(python_name(declared), "declared")
    cpg = shp.with_suffix(".cpg")
    if cpg.is_file():
        said = cpg.read_bytes()[:64].decode("ascii", "replace").strip()
        if said:
            return TextEncoding(python_name(said), "cpg")
    with shp.with_suffix(".dbf").open("rb") as file:
        data = file.read(_SAMPLE)
    if data[29] in _GBK_LANGUAGES:
        return TextEncoding("gb18030", "ldid")
    return _found(data[32:])


def _found(data: bytes) -> TextEncoding:
    for name in ("utf-8", "gb18030"):
        try:
            data.decode(name)
        except UnicodeDecodeError as fault:
            # The sample may end in the middle of a character.
            if fault.start < len(data) - 4:
                continue
        return TextEncoding(name, "detected")
    raise FileError(
        "file.encoding",
        "属性表的编码既不是 UTF-8 也不是 GBK",
        field="encoding",
        hint="用 --encoding 指明",
    )
