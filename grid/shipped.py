"""Tables that ship with the package: rows of ``grid/data`` as texts, and how their cells are read."""

from __future__ import annotations

import csv
from datetime import date
from importlib.resources import files
from io import StringIO

from grid.origin import Confidence, Origin


def shipped_text(name: str) -> str:
    """Text of a file in ``grid/data``."""
    return (files("grid") / "data" / name).read_text(encoding="utf-8")


def rows_of(text: str) -> list[dict[str, str]]:
    r"""Rows of a CSV text with a head line, cells stripped; a missing cell is ''.

    Examples
    --------
    >>> rows_of("a,b\n1, x \n")
    [{'a': '1', 'b': 'x'}]
    """
    reader = csv.DictReader(StringIO(text.lstrip("\ufeff")))
    return [{k: (v or "").strip() for k, v in row.items() if k is not None} for row in reader]


def shipped_rows(name: str) -> list[dict[str, str]]:
    """Rows of a shipped CSV file.

    Examples
    --------
    >>> shipped_rows("departments.csv")[0]["code"]
    'urban'
    """
    return rows_of(shipped_text(name))


def origin_of(row: dict[str, str]) -> Origin:
    """Source and confidence of a row; a row that says nothing of its confidence is uncertain."""
    stated = row.get("confidence") or Confidence.UNCERTAIN.value
    return Origin(row.get("source", ""), Confidence(stated))


def day_of(text: str) -> date | None:
    """The date of a cell in ISO form, None for an empty one."""
    return date.fromisoformat(text) if text else None
