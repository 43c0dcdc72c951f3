"""Whose business is it? Departments, and the one a case of some class is suggested to.

The shipped tables are samples; a city replaces them by its own.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO

from gis.layers import Title
from grid.case import ClassKey


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


@cache
def _duties() -> dict[tuple[str, str, str], str]:
    return {
        (row["domain"], row["scheme"], row["class_prefix"]): row["department"]
        for row in _rows("duties.csv")
    }


def department_named(name: str | None) -> Department | None:
    """The department with this Chinese name, or None."""
    return next((d for d in departments().values() if name and d.title.zh == name), None)


def suggested_department(key: ClassKey, supervising_body: str | None = None) -> Department | None:
    """The department a case is suggested to, or None when no table knows.

    Parameters
    ----------
    supervising_body
        Name of the component's own supervising body (主管部门), which goes before the class.

    Examples
    --------
    >>> gb = "GB/T 30428.2-2013"
    >>> suggested_department(ClassKey("component", gb, "0102")).code
    'drainage'
    >>> suggested_department(ClassKey("event", gb, "0102")).code
    'urban'
    >>> suggested_department(ClassKey("event", gb, "0102"), "园林管理部门（示例）").code
    'greening'
    >>> suggested_department(ClassKey("event", "NYC 311", "Noise")) is None
    True
    """
    own = department_named(supervising_body)
    if own is not None:
        return own
    for length in range(len(key.code), 0, -1):
        code = _duties().get((key.domain, key.scheme, key.code[:length]))
        if code is not None:
            return departments()[code]
    return None
