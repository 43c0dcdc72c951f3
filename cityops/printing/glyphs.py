"""Which characters can be printed: those that the print font holds, read from the font itself."""

from __future__ import annotations

import struct
import unicodedata
from functools import lru_cache
from pathlib import Path

from gis.errors import UnavailableError

FONT = Path(__file__).parent / "NotoSansSC-print.otf"
#: Name under which documents ask for the font.
FONT_NAME = "Noto Sans CJK SC"
#: Stands for a character that the font lacks (geta mark, as in Chinese and Japanese type).
MISSING = "〓"


@lru_cache(maxsize=1)
def characters() -> frozenset[int]:
    """Code points that the print font has a glyph for.

    Raises
    ------
    UnavailableError
        When the font file has no character map of the segmented form (OpenType 'cmap', 12 or 4).
    """
    data = FONT.read_bytes()
    at = _table(data, b"cmap")
    count = struct.unpack_from(">H", data, at + 2)[0]
    found: set[int] = set()
    for i in range(count):
        sub = at + struct.unpack_from(">I", data, at + 4 + 8 * i + 4)[0]
        form = struct.unpack_from(">H", data, sub)[0]
        if form == 12:
            found |= _groups(data, sub)
        elif form == 4:
            found |= _segments(data, sub)
    if not found:
        raise UnavailableError("print.bad_font", "打印字体 {got} 读不出字表", got=FONT.name)
    return frozenset(found)


def _table(data: bytes, name: bytes) -> int:
    count = struct.unpack_from(">H", data, 4)[0]
    for i in range(count):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, 12 + 16 * i)
        if tag == name:
            return int(offset)
    raise UnavailableError("print.bad_font", "打印字体 {got} 读不出字表", got=FONT.name)


def _groups(data: bytes, at: int) -> set[int]:
    """Code points of a sub-table of form 12: groups of first, last, first glyph."""
    count = struct.unpack_from(">I", data, at + 12)[0]
    out: set[int] = set()
    for i in range(count):
        first, last, _ = struct.unpack_from(">III", data, at + 16 + 12 * i)
        out |= set(range(first, last + 1))
    return out


def _segments(data: bytes, at: int) -> set[int]:
    """Code points of a sub-table of form 4: ends and starts of segments; glyph 0 is none."""
    twice = struct.unpack_from(">H", data, at + 6)[0]
    ends, starts = at + 14, at + 16 + twice
    deltas, offsets = starts + twice, starts + 2 * twice
    out: set[int] = set()
    for i in range(0, twice, 2):
        last, first = _short(data, ends + i), _short(data, starts + i)
        delta, offset = _short(data, deltas + i), _short(data, offsets + i)
        for code in range(first, last + 1):
            glyph = code
            if offset:
                glyph = _short(data, offsets + i + offset + 2 * (code - first))
            if code != 0xFFFF and (glyph or not offset) and (glyph + delta) & 0xFFFF:
                out.add(code)
    return out


def _short(data: bytes, at: int) -> int:
    return int(struct.unpack_from(">H", data, at)[0])


def printable(text: str) -> tuple[str, set[str]]:
    """`text` as it can be printed, and the characters that could not be.

    Control and format characters, among them those that turn the direction of writing, become
    blanks. What the font lacks is written by its compatible form where it has one (a subscript
    as a plain figure, a letter without its accent), else as `MISSING`.

    Examples
    --------
    >>> printable("CO₂ 路𠮷")
    ('CO2 路〓', {'𠮷'})
    """
    lacking: set[str] = set()
    return "".join(_written(char, lacking) for char in text), lacking


def _written(char: str, lacking: set[str]) -> str:
    kind = unicodedata.category(char)
    if ord(char) in characters() and kind not in ("Cc", "Cf"):
        return char
    if kind.startswith(("C", "Z")):
        return " "
    plain = unicodedata.normalize("NFKD", char)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    if plain and all(ord(c) in characters() for c in plain):
        return plain
    lacking.add(char)
    return MISSING
