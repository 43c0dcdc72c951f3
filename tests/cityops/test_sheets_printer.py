"""The print itself: which characters there are, and what happens when a document cannot be made."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime

import pytest
from PIL import ImageFont

from cityops.printing.glyphs import FONT, characters, printable
from cityops.printing.typst_printer import TypstPrinter
from gis.errors import UnavailableError

AT = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)


def test_the_characters_told_are_those_that_the_font_draws():
    font = ImageFont.truetype(FONT, 24, layout_engine=ImageFont.Layout.BASIC)
    nothing = bytes(font.getmask("\ufffe"))  # the box that stands for a missing glyph
    told = characters()
    for code in [*range(0x21, 0x3000, 3), *range(0x4E00, 0x9FA6, 23)]:
        if chr(code).isprintable():
            drawn = bytes(font.getmask(chr(code))) != nothing
            assert drawn == (code in told), hex(code)


def test_every_character_of_gb_2312_can_be_printed():
    text = "天津市和平区地下管线图给水雨水污水燃气热力电力通信再生水〓①Ⅳ㎡℃±×°′″"
    assert printable(text) == (text, set())
    level_two = bytes(range(0xA1, 0xFF))
    for high in range(0xB0, 0xF8):
        words = b"".join(bytes((high, low)) for low in level_two).decode("gb2312", "ignore")
        assert printable(words) == (words, set())


@pytest.mark.parametrize(
    ("given", "written", "lacking"),
    [
        ("H₂O²", "H2O²", set()),
        ("Škoda", "Skoda", set()),
        ("a\u202eb\x00c\n", "a b c ", set()),
        ("𠮷野", "〓野", {"𠮷"}),
        ("\ud800", " ", set()),
    ],
)
def test_what_cannot_be_printed_has_a_stand_in(given, written, lacking):
    assert printable(given) == (written, lacking)


def test_a_document_that_cannot_be_made_is_refused_in_words():
    with pytest.raises(UnavailableError) as caught:
        TypstPrinter().pdf("sheet", {"title": "x"}, AT)
    assert caught.value.code == "print.failed"
    assert "没有排成" in str(caught.value)


def test_a_document_that_takes_too_long_is_given_up(monkeypatch):
    def hang(*args, **more):
        raise subprocess.TimeoutExpired("typst", more["timeout"])

    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(UnavailableError):
        TypstPrinter().pdf("sheet", {}, AT)
