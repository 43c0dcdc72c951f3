"""Content-addressed files: photos, deliveries, reports.

A file's name is the sha256 of its bytes, in folders by the first two digits. It is written to a
temporary name, synced, renamed and the folder synced, all before the row that names it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import BinaryIO

from gis.errors import InvalidError, NotFoundError, UnavailableError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20


class FolderFileStore:
    """Files in a folder, by the sha256 of their content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the file with this digest lies or would lie.

        Raises
        ------
        InvalidError
            When `sha256` is not 64 lower-case hexadecimal digits.
        """
        if not _SHA256.fullmatch(sha256):
            raise InvalidError("file.bad_name", "不是文件的 sha256：{got}", got=sha256[:80])
        return self.folder / sha256[:2] / sha256

    def put(self, data: bytes) -> str:
        """Keep bytes durably; gives their sha256 in hexadecimal. The same bytes are kept once.

        Raises
        ------
        UnavailableError
            When the disk is full or cannot be written; nothing is kept then.
        """
        digest = hashlib.sha256(data).hexdigest()
        target = self.path(digest)
        if target.is_file() and target.stat().st_size == len(data):
            _begin_anew(target)
            return digest
        try:
            self._write(target, data)
        except OSError as error:
            raise _cannot_write(error) from error
        return digest

    def put_stream(
        self,
        source: BinaryIO,
        limit: int | None = None,
        check: Callable[[Path], object] | None = None,
    ) -> tuple[str, int]:
        """Keep what `source` holds from its position on; gives sha256 and size in bytes.

        Parameters
        ----------
        check
            Looks at the whole file before it is kept; what it raises refuses it.

        Raises
        ------
        InvalidError
            When there are more than `limit` bytes.
        UnavailableError
            When the disk is full or cannot be written.
        Exception
            Whatever `check` raises; nothing is kept then.
        """
        digest, size = hashlib.sha256(), 0
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        except OSError as error:
            raise _cannot_write(error) from error
        try:
            with os.fdopen(descriptor, "wb") as out:
                while chunk := source.read(_CHUNK):
                    size += len(chunk)
                    if limit is not None and size > limit:
                        raise InvalidError(
                            "file.too_large",
                            "文件超过上限 {expected} 字节",
                            expected=limit,
                        )
                    digest.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            if check is not None:
                check(Path(name))
            self._settle(Path(name), self.path(digest.hexdigest()))
        except OSError as error:
            raise _cannot_write(error) from error
        finally:
            Path(name).unlink(missing_ok=True)
        return digest.hexdigest(), size

    def open(self, sha256: str) -> bytes:
        """The bytes, verified.

        Raises
        ------
        NotFoundError
            When there is no such file.
        UnavailableError
            When its content is not what its name says.
        """
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError("file.missing", "没有文件 {got}", got=sha256) from error
        except OSError as error:
            raise UnavailableError("file.unreadable", "文件 {got} 读不出", got=sha256) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise UnavailableError(
                "file.damaged",
                "文件 {got} 的内容已损坏",
                got=sha256,
                hint="用 cityops restore 恢复备份",
            )
        return data

    def has(self, sha256: str) -> bool:
        """Whether the file is there; its content is not verified.

        Whoever asks may be about to name it: its age begins anew, see `remove_unnamed`.
        """
        path = self.path(sha256)
        if not path.is_file():
            return False
        _begin_anew(path)
        return True

    def remove_unnamed(self, named: Container[str], older_than_s: float) -> int:
        """Remove files that no row names and that nobody asked for lately; gives how many.

        They are left by processes that were killed between a file and its row.
        """
        limit, gone = time.time() - older_than_s, 0
        for name in list(self.names()):
            path = self.path(name)
            with contextlib.suppress(OSError):
                if name not in named and path.stat().st_mtime < limit:
                    path.unlink()
                    gone += 1
        return gone

    def names(self) -> Iterator[str]:
        """Digests of all files, sorted."""
        for folder in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(folder.iterdir()):
                if _SHA256.fullmatch(path.name):
                    yield path.name

    def is_sound(self, sha256: str) -> bool:
        """Whether the file is there and its content is what its name says."""
        try:
            with self.path(sha256).open("rb") as source:
                return hashlib.file_digest(source, "sha256").hexdigest() == sha256
        except OSError:
            return False

    def _write(self, target: Path, data: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            self._settle(Path(name), target)
        finally:
            Path(name).unlink(missing_ok=True)

    def _settle(self, temporary: Path, target: Path) -> None:
        """Give a synced temporary file its name, durably."""
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(target)
        sync_folder(target.parent)
        sync_folder(self.folder)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable, where the system can."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _begin_anew(path: Path) -> None:
    with contextlib.suppress(OSError):
        os.utime(path)


def _cannot_write(error: OSError) -> UnavailableError:
    return UnavailableError(
        "file.cannot_write",
        "文件写不进数据文件夹：{why}",
        params={"why": error.strerror or "?"},
        hint="检查磁盘空间与权限",
    )
