"""PDF by typst: our templates, our font, and data that is never read as markup."""

from __future__ import annotations

import subprocess
import sys
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
#: Longest that a document may take, seconds.
_PATIENCE_S = 60


class TypstPrinter:
    """Makes PDF of the templates in ``cityops/printing/templates``, each in a child process.

    A template gets its data as JSON through ``sys.inputs`` and sets texts of it as text; typst
    does not read them as markup or code. No font of the machine is used, no file besides the
    templates is read.
    """

    def pdf(
        self, template: str, data: Mapping[str, Any], made_at: datetime, *, tagged: bool = True
    ) -> bytes:
        """A document by ``<template>.typ``.

        The template is given `data` and ``missing``: the characters, if any, that the font
        lacks and that were printed as a geta mark.

        Parameters
        ----------
        tagged
            Whether the PDF tells readers for the blind what is heading, table and cell.

        Raises
        ------
        UnavailableError
            When typst cannot make the document, or not in time.
        """
        lacking: set[str] = set()
        clean = _clean(data, lacking)
        clean["missing"] = " ".join(f"U+{ord(char):04X}" for char in sorted(lacking)[:20])
        asked = {
            "template": template,
            "templates": str(TEMPLATES),
            "fonts": str(HERE),
            "data": orjson.dumps(clean).decode(),
            "made_at": made_at.replace(microsecond=0).isoformat(),
            "tagged": tagged,
        }
        return _run(orjson.dumps(asked))


def _run(asked: bytes) -> bytes:
    command = [sys.executable, "-I", str(HERE / "child.py")]
    try:
        done = subprocess.run(
            command, input=asked, capture_output=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise _failed(type(fault).__name__) from fault
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _failed(lines[0][:200] if lines else f"exit {done.returncode}")
    return done.stdout


def _failed(why: str) -> UnavailableError:
    return UnavailableError(
        "print.failed",
        "打印稿没有排成：{why}",
        params={"why": why},
        hint="稍后再试；还不行就把这段话告诉系统管理员",
    )


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
