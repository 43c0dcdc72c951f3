"""Cut the print font out of Noto Sans CJK SC: every character of GB 2312, Latin, signs of maps.

Run by hand when the font is renewed, never at run time: it needs ``fonttools`` and the font
collection of Debian's ``fonts-noto-cjk``::

    python cityops/printing/make_font.py /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc

Characters that GB 2312 lacks and places or people need are listed in ``extra_characters.txt``.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE / "NotoSansSC-print.otf"
#: Latin with accents, Greek, punctuation, arrows, mathematics, circled numbers, box and block
#: signs, CJK punctuation, full-width forms: first and last code point.
RANGES = (
    (0x20, 0x7E),
    (0xA0, 0x17F),
    (0x391, 0x3C9),
    (0x2010, 0x2044),
    (0x2070, 0x209C),
    (0x2103, 0x2122),
    (0x2160, 0x217B),
    (0x2190, 0x2199),
    (0x2200, 0x22A5),
    (0x2460, 0x2473),
    (0x2500, 0x2503),
    (0x25A0, 0x25CF),
    (0x3000, 0x301F),
    (0x338E, 0x33D5),
    (0xFF01, 0xFF5E),
    (0xFFE5, 0xFFE5),
)


def gb2312_characters() -> set[int]:
    """Code points of all characters of GB 2312-1980."""
    found: set[int] = set()
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes((high, low)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


def characters() -> set[int]:
    """Code points that the print font holds."""
    wanted = gb2312_characters()
    for first, last in RANGES:
        wanted |= set(range(first, last + 1))
    extra = (HERE / "extra_characters.txt").read_text(encoding="utf-8")
    return wanted | {ord(c) for c in extra if not c.isspace()}


def cut(source: Path, target: Path, number: int) -> None:
    """Write the subset of font `number` of the collection `source` to `target`."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    font = TTFont(source, fontNumber=number, lazy=True)
    options = subset.Options(
        layout_features=["kern", "mark", "mkmk", "locl"],
        name_IDs=["*"],
        hinting=False,
        desubroutinize=False,
        notdef_outline=True,
    )
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters())
    cutter.subset(font)
    font.save(target)


def simplified_chinese(source: Path) -> int:
    """Position of Noto Sans CJK SC in the collection."""
    from fontTools.ttLib import TTCollection

    names = [font["name"].getDebugName(1) for font in TTCollection(source, lazy=True).fonts]
    return names.index("Noto Sans CJK SC")


if __name__ == "__main__":
    collection = Path(sys.argv[1])
    cut(collection, TARGET, simplified_chinese(collection))
    print(f"{TARGET}: {TARGET.stat().st_size} bytes, {len(characters())} characters")
