"""Zip archives: everything is checked in the directory of the archive before a byte is unpacked."""

from __future__ import annotations

import stat
import unicodedata
import zipfile
from pathlib import Path, PurePosixPath

from gis.errors import FileError

MAX_ENTRIES = 200
MAX_RATIO = 200
#: Ratios say nothing about small members.
_RATIO_FROM = 1 << 20
MAX_BYTES = 1 << 31
_NESTED = (".zip", ".7z", ".rar", ".gz", ".tar", ".kmz", ".bz2", ".xz")
_UTF8_FLAG = 0x800
_CHUNK = 1 << 20


def open_checked(path: Path) -> zipfile.ZipFile:
    """The archive at `path`, when it may be unpacked.

    Raises
    ------
    FileError
        ``zip.*``: damaged, encrypted, too many members, too strongly packed, nested,
        doubled, or with names that lead out of the folder.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as fault:
        raise FileError("zip.bad", "压缩包已损坏", field="file") from fault
    try:
        _check(archive.infolist())
    except FileError:
        archive.close()
        raise
    return archive


def _check(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_ENTRIES:
        raise FileError(
            "zip.too_many",
            "压缩包里有 {got} 个文件，最多 {expected} 个",
            got=len(members),
            expected=MAX_ENTRIES,
        )
    seen: set[str] = set()
    for member in members:
        _check_name(member)
        _check_size(member)
        folded = unicodedata.normalize("NFC", member.filename).casefold()
        if folded in seen:
            raise _refused("zip.duplicate", "压缩包里有两个同名文件：{got}", member)
        seen.add(folded)
    total = sum(member.file_size for member in members)
    if total > MAX_BYTES:
        raise FileError(
            "zip.too_large", "解开后有 {got} 字节，最多 {expected}", got=total, expected=MAX_BYTES
        )


def _check_name(member: zipfile.ZipInfo) -> None:
    name = member.filename
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\x00" in name:
        raise _refused("zip.slip", "压缩包里的路径会跑出文件夹：{got}", member)
    mode = member.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused("zip.link", "压缩包里有链接或特殊文件：{got}", member)
    if member.flag_bits & 0x1:
        raise _refused("zip.encrypted", "压缩包有密码：{got}", member)
    if name.lower().endswith(_NESTED):
        raise _refused("zip.nested", "压缩包里还有压缩包：{got}", member)


def _check_size(member: zipfile.ZipInfo) -> None:
    packed = max(member.compress_size, 1)
    if member.file_size > _RATIO_FROM and member.file_size / packed > MAX_RATIO:
        raise _refused("zip.ratio", "压缩比过大，像是压缩炸弹：{got}", member)


def _refused(code: str, message: str, member: zipfile.ZipInfo) -> FileError:
    return FileError(code, message, field="file", got=member.filename[:120])


def member_name(member: zipfile.ZipInfo) -> str:
    """Name of a member; old Chinese archives keep it in GBK without saying so.

    Returns
    -------
    str
        Path inside the archive.
    """
    if member.flag_bits & _UTF8_FLAG:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return member.filename


def extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Unpack one member to a path of ours, never more bytes than its directory entry promised.

    Raises
    ------
    FileError
        When the member is damaged or longer than it says.
    """
    left = member.file_size
    try:
        with archive.open(member) as source, target.open("xb") as out:
            while chunk := source.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise _refused("zip.lying", "压缩包里的文件比目录写的长：{got}", member)
                out.write(chunk)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as fault:
        raise _refused("zip.bad", "压缩包已损坏：{got}", member) from fault
