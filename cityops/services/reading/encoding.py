"""Which encoding a text has: by its mark, by what it declares, or by trying."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from gis.errors import FileError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Names under which Chinese deliveries state their encoding -> what Python calls it.
_NAMES = {
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "cp936": "gb18030",
    "936": "gb18030",
    "ansi 936": "gb18030",
    "utf8": "utf-8",
    "65001": "utf-8",
}


@dataclass(frozen=True)
class Decoded:
    """A text, the encoding it had, and how that was found (declared, bom, detected)."""

    text: str
    encoding: str
    source: str


def python_name(declared: str) -> str:
    """Python's name of a declared encoding.

    Raises
    ------
    FileError
        When there is no such encoding.

    Examples
    --------
    >>> python_name("GBK")
    'gb18030'
    """
    name = _NAMES.get(declared.strip().lower(), declared.strip().lower())
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        info = None
    if info is None or not info._is_text_encoding:
        raise FileError(
            "file.unknown_encoding",
            "不认识编码 {got}",
            field="encoding",
            got=declared,
            expected=["utf-8", "gb18030"],
        )
    return info.name


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """The text of `data`: declared encoding, else byte order mark, else UTF-8, else GB18030.

    Raises
    ------
    FileError
        When the bytes are no text in the declared or in any of the tried encodings.
    """
    if declared:
        name = python_name(declared)
        return Decoded(_strict(data, name).lstrip("\ufeff"), name, "declared")
    for mark, name in _MARKS:
        if data.startswith(mark):
            return Decoded(_strict(data, name), name, "bom")
    for name in ("utf-8", "gb18030"):
        try:
            return Decoded(data.decode(name), name, "detected")
        except UnicodeDecodeError:
            continue
    raise FileError(
        "file.encoding",
        "文件既不是 UTF-8 也不是 GB18030 文本",
        field="encoding",
        hint="用 --encoding 指明编码",
    )


def _strict(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as fault:
        raise FileError(
            "file.encoding",
            "第 {position} 字节起不是 {expected} 文本",
            field="encoding",
            expected=name,
            params={"position": fault.start},
            hint="用 --encoding 指明编码",
        ) from fault


def is_plain_text(value: str) -> bool:
    r"""Whether a text can be stored: no NUL, no lone surrogate.

    Examples
    --------
    >>> is_plain_text("给水"), is_plain_text("a\x00b")
    (True, False)
    """
    if "\x00" in value:
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
