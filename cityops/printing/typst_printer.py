"""PDF by typst: our templates, our font, and data that is never read as markup."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from cityops.printing.glyphs import printable
from gis.errors import UnavailableError

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
#: Keys whose text is a drawing of ours, not words.
_DRAWINGS = frozenset({"svg"})


class TypstPrinter:
    """Makes PDF of the templates in ``cityops/printing/templates``.

    A template gets its data as JSON through ``sys.inputs`` and sets texts of it as text; typst
    does not read them as markup or code. No font of the machine is used, no file besides the
    templates is read.
    """

    def pdf(self, template: str, data: Mapping[str, Any], made_at: datetime) -> bytes:
        """A document by ``<template>.typ``.

        The template is given `data` and ``missing``: the characters, if any, that the font
        lacks and that were printed as a geta mark.

        Raises
        ------
        UnavailableError
            When typst cannot make the document.
        """
        import typst

        lacking: set[str] = set()
        clean = _clean(data, lacking)
        clean["missing"] = " ".join(f"U+{ord(char):04X}" for char in sorted(lacking)[:20])
        try:
            made = typst.compile(
                TEMPLATES / f"{template}.typ",
                root=TEMPLATES,
                font_paths=[HERE],
                ignore_system_fonts=True,
                format="pdf",
                sys_inputs={"data": orjson.dumps(clean).decode()},
                timestamp=made_at.replace(microsecond=0),
            )
        except RuntimeError as fault:
            raise UnavailableError(
                "print.failed",
                "打印稿没有排成：{why}",
                params={"why": str(fault).splitlines()[0][:200]},
                hint="请把这段话告诉系统管理员",
            ) from fault
        return bytes(made)


def _clean(value: Any, lacking: set[str]) -> Any:
    """`value` with every text printable."""
    if isinstance(value, str):
        text, missing = printable(value)
        lacking |= missing
        return text
    if isinstance(value, Mapping):
        return {
            key: inner if key in _DRAWINGS else _clean(inner, lacking)
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_clean(inner, lacking) for inner in value]
    return value
