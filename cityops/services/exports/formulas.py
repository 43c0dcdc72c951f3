"""Texts in tables that a spreadsheet would take for formulas."""

from __future__ import annotations

import re

_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")


def guarded(text: str) -> str:
    """The text, with a quote in front where it begins like a formula and is no number.

    Examples
    --------
    >>> guarded("=1+1"), guarded("-1.5"), guarded("plain")
    ("'=1+1", '-1.5', 'plain')
    """
    return f"'{text}" if text.startswith(_BEGINNINGS) and not _NUMBER.match(text) else text
