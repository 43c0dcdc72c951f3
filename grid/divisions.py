"""Division codes (区划代码) of Tianjin down to the community, from the shipped table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO


@dataclass(frozen=True)
class Division:
    """One area of the code list.

    ``kind`` is municipality, city_level, district, street, functional_zone or community.
    ``source`` is a key of the table's README, ``confidence`` how sure the row is.
    """

    code: str
    name: str
    parent: str
    kind: str
    source: str
    confidence: str


@cache
def divisions() -> dict[str, Division]:
    """Every division by its code, parents before children.

    Examples
    --------
    >>> divisions()["120101003"].name
    '五大道街道'
    """
    table = files("grid") / "data" / "divisions.csv"
    rows = csv.DictReader(StringIO(table.read_text(encoding="utf-8")))
    return {
        row["code"]: Division(
            code=row["code"],
            name=row["name"],
            parent=row["parent_code"],
            kind=row["kind"],
            source=row["source"],
            confidence=row["confidence"],
        )
        for row in rows
    }


def full_name(code: str) -> str:
    """Names from the district down to `code`, joined; what the table lacks is left out.

    Examples
    --------
    >>> full_name("120101003001")
    '和平区五大道街道育文坊社区居委会'
    """
    parts = [divisions().get(code[:n]) for n in (6, 9, 12) if n <= len(code)]
    return "".join(p.name for p in parts if p is not None)


def search_divisions(text: str, limit: int = 20) -> list[Division]:
    """Divisions whose code starts with `text`, or whose name holds it; short codes first.

    Spaces do not count. A name that starts with the text comes before one that only holds it.

    Examples
    --------
    >>> [d.code for d in search_divisions("五大道")]
    ['120101003']
    """
    wanted = "".join(text.split())
    if not wanted:
        return []
    if wanted.isascii() and wanted.isdigit():
        found = [d for d in divisions().values() if d.code.startswith(wanted)]
        return sorted(found, key=lambda d: (len(d.code), d.code))[:limit]
    found = [d for d in divisions().values() if wanted in d.name]
    return sorted(found, key=lambda d: (not d.name.startswith(wanted), len(d.code), d.code))[:limit]
