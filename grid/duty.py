"""Departments that dispose of cases. Which of them a case goes to is said by `grid.routing`.

The shipped table is a sample; a city replaces it by its own.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO

from gis.layers import Title


@dataclass(frozen=True)
class Department:
    """A body that disposes of cases."""

    code: str
    title: Title


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("grid") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(StringIO(text)))


@cache
def departments() -> dict[str, Department]:
    """All departments by code, in the order of the table.

    Examples
    --------
    >>> departments()["drainage"].title.zh
    '排水管理部门（示例）'
    """
    return {
        row["code"]: Department(row["code"], Title(row["name_zh"], row["name_en"]))
        for row in _rows("departments.csv")
    }


def department_named(name: str | None) -> Department | None:
    """The department with this Chinese name, or None."""
    return next((d for d in departments().values() if name and d.title.zh == name), None)
