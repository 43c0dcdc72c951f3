"""What an uploaded picture is, read from its bytes without decoding it.

Only the container's structure is read: kind, size in pixels, whether it is whole, whether it
moves. Decoding happens later, in the job process.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from gis.errors import InvalidError

MAX_PIXELS = 50_000_000
#: What makes a browser or an interpreter run a file, in small letters.
_ACTIVE = (b"<script", b"<html", b"<!doctype", b"<?php", b"<svg ")
#: What begins a document, an archive or a program. Readers of PDF take its mark anywhere in the
#: first 1 024 bytes, readers of ZIP its directory at the end of a file.
_OTHERS = (b"%PDF-", b"PK\x03\x04", b"\x7fELF", b"MZ\x90\x00")
_ZIP_DIRECTORY = b"PK\x05\x06"
_PDF_WITHIN = 1024
_ZIP_WITHIN = 65_557
#: First bytes of what people send instead of a photo: name of the kind, what to do.
_KNOWN_OTHERS: tuple[tuple[bytes, str, str | None], ...] = (
    (b"GIF8", "GIF", "请拍照片，或另存为 JPEG"),
    (b"%!PS", "EPS", None),
    (b"%PDF", "PDF", "请拍照片，或另存为 JPEG"),
    (b"\xc5\xd0\xd3\xc6", "EPS", None),
    (b"PK\x03\x04", "ZIP", None),
    (b"BM", "BMP", "另存为 JPEG 后再传"),
    (b"II*\x00", "TIFF", "另存为 JPEG 后再传"),
    (b"MM\x00*", "TIFF", "另存为 JPEG 后再传"),
)
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"})


@dataclass(frozen=True)
class PhotoHead:
    """Kind and size of a picture.

    ``end`` is where it ends in the file: phones put films and second pictures behind it.
    ``words`` is what the container says beside the compressed picture itself.
    """

    media_type: str
    width: int
    height: int
    end: int
    words: bytes


def photo_head(data: bytes) -> PhotoHead:
    """Kind and size of a picture that may be taken: JPEG, PNG or WebP, whole and still.

    Raises
    ------
    InvalidError
        ``photo.wrong_type``, ``photo.truncated``, ``photo.too_many_pixels``,
        ``photo.animated``, ``photo.polyglot``.
    """
    head = _read(data)
    if head.width < 1 or head.height < 1:
        raise _truncated()
    if head.width * head.height > MAX_PIXELS:
        raise InvalidError(
            "photo.too_many_pixels",
            "照片 {got} 像素，最多 {expected} 像素",
            field="photo",
            got=head.width * head.height,
            expected=MAX_PIXELS,
            hint="把相机的分辨率调小",
        )
    _refuse_other_content(data, head)
    return head


def _read(data: bytes) -> PhotoHead:
    try:
        if data[:3] == b"\xff\xd8\xff":
            return _jpeg(data)
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            return _png(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
    except (struct.error, IndexError):
        raise _truncated() from None
    raise _wrong_type(data)


def _wrong_type(data: bytes) -> InvalidError:
    got, hint = "?", None
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        got, hint = "HEIC", "在手机相机设置里选“兼容性最佳”（JPEG）"
    elif data[:1000].lstrip()[:1] == b"<":
        got = "SVG/HTML/XML"
    else:
        for start, name, advice in _KNOWN_OTHERS:
            if data.startswith(start):
                got, hint = name, advice
                break
    return InvalidError(
        "photo.wrong_type",
        "只收 JPEG、PNG、WebP 照片，文件内容是 {got}",
        field="photo",
        got=got,
        expected=["image/jpeg", "image/png", "image/webp"],
        hint=hint,
    )


def _truncated() -> InvalidError:
    return InvalidError(
        "photo.truncated", "照片不完整，可能没有传完", field="photo", hint="请再传一次"
    )


def _animated() -> InvalidError:
    return InvalidError("photo.animated", "不收动图", field="photo", hint="请拍照片")


def _refuse_other_content(data: bytes, head: PhotoHead) -> None:
    """A picture that is a page, a document or an archive as well is refused.

    The compressed picture is not searched: its bytes are as good as random, and in a year of a
    city's photos any five of them turn up.
    """
    behind = data[head.end :][:_PDF_WITHIN].lstrip(b"\0\r\n ")
    lowered = head.words.lower() + b"\n" + behind.lower()
    bad = any(mark in lowered for mark in _ACTIVE)
    bad = bad or b"%PDF-" in head.words[:_PDF_WITHIN] or behind.startswith(_OTHERS)
    bad = bad or _ZIP_DIRECTORY in data[max(head.end, len(data) - _ZIP_WITHIN) :]
    bad = bad or b"PK\x03\x04" in head.words
    if bad:
        raise InvalidError(
            "photo.polyglot",
            "照片里夹带了其他内容，不能接收",
            field="photo",
            hint="重新拍照，或用看图软件另存为 JPEG",
        )


#: Start-of-frame markers of JPEG: all that carry the size of the picture.
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """(marker, position of its length field) up to the start of the scan."""
    at = 2
    while True:
        if data[at] != 0xFF:
            raise _truncated()
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        at += 1
        yield marker, at
        if marker == 0xDA:
            return
        if marker != 0x01 and not 0xD0 <= marker <= 0xD8:
            at += max(int.from_bytes(data[at : at + 2]), 2)


def _jpeg(data: bytes) -> PhotoHead:
    width = height = 0
    for marker, at in _jpeg_segments(data):
        if marker in _SOF:
            height, width = struct.unpack_from(">HH", data, at + 3)
        elif marker == 0xD9:
            raise _truncated()
        elif marker == 0xDA:
            end = data.find(b"\xff\xd9", at)
            if end < 0:
                raise _truncated()
            return PhotoHead("image/jpeg", width, height, end + 2, data[:at])
    raise _truncated()


def _png(data: bytes) -> PhotoHead:
    width, height = struct.unpack_from(">II", data, 16)
    words = bytearray()
    at = 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        at += 12 + length
        if at > len(data):
            raise _truncated()
        if kind == b"acTL":
            raise _animated()
        if kind == b"IEND":
            return PhotoHead("image/png", width, height, at, bytes(words))
        if kind != b"IDAT":
            words += data[start : start + length] + b"\n"


def _webp(data: bytes) -> PhotoHead:
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data) + 1:
        raise _truncated()
    kind = data[12:16]
    if kind == b"VP8X":
        if data[20] & 0x02:
            raise _animated()
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
    elif kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = 1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF)
    elif kind == b"VP8 ":
        width, height = (n & 0x3FFF for n in struct.unpack_from("<HH", data, 26))
    else:
        raise _truncated()
    return PhotoHead("image/webp", width, height, end, _webp_words(data, end))


def _webp_words(data: bytes, end: int) -> bytes:
    """Chunks of a WebP file that are no compressed picture: profile, EXIF, XMP, unknown ones."""
    words = bytearray()
    at = 12
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind not in (b"VP8 ", b"VP8L", b"VP8X", b"ALPH"):
            words += data[at + 8 : at + 8 + length] + b"\n"
        at += 8 + length + length % 2
    return bytes(words)
