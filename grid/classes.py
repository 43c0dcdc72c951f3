"""Classes of components and events (部件、事件): code tables by scheme, read from shipped CSV files.

The same four digits mean different things in different schemes and for components and
events, so a class is named by domain, scheme and code together.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from io import StringIO

from gis.errors import InvalidError, NotFoundError

GB_SCHEME = "GB/T 30428.2-2013"
CJ_SCHEME = "CJ/T 214-2007"
#: Classes that the program adds where no sure national number is known.
OWN_SCHEME = "local-extension (CityOps)"


class Domain(StrEnum):
    """What a class is a class of."""

    COMPONENT = "component"
    EVENT = "event"


@dataclass(frozen=True)
class ClassKey:
    """A class named in full; the same four digits differ between domains and schemes.

    ``domain`` is ``event`` (事件) or ``component`` (部件).
    """

    domain: str
    scheme: str
    code: str


@dataclass(frozen=True)
class ClassRow:
    """One row of a class table, with where it was read and how sure that is.

    ``confidence`` is ``verified-secondary`` (read in a city's table), ``inferred``,
    ``uncertain``, ``local-verified`` or ``local``.
    """

    domain: Domain
    scheme: str
    code: str
    major: str
    level: str
    name_zh: str
    name_en: str
    source: str
    confidence: str


@cache
def class_table(domain: Domain) -> tuple[ClassRow, ...]:
    """All rows of a domain, every scheme, in file order.

    Examples
    --------
    >>> {row.scheme for row in class_table(Domain.EVENT)} >= {GB_SCHEME, CJ_SCHEME}
    True
    """
    table = files("grid") / "data" / f"{domain.value}_classes.csv"
    rows = csv.DictReader(StringIO(table.read_text(encoding="utf-8")))
    return tuple(
        ClassRow(
            domain=domain,
            scheme=row["scheme"],
            code=row["code"],
            major=row["major"],
            level=row["level"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            source=row["source"],
            confidence=row["confidence"],
        )
        for row in rows
    )


@cache
def _by_key(domain: Domain) -> dict[tuple[str, str], ClassRow]:
    return {(row.scheme, row.code): row for row in class_table(domain)}


def class_row(domain: Domain, code: str, scheme: str = GB_SCHEME) -> ClassRow:
    """The class with this code in this scheme.

    Raises
    ------
    NotFoundError
        When the scheme does not hold the code.

    Examples
    --------
    >>> class_row(Domain.COMPONENT, "0102").name_zh
    '污水井盖'
    >>> class_row(Domain.EVENT, "04").name_zh, class_row(Domain.EVENT, "04", CJ_SCHEME).name_zh
    ('街面秩序', '突发事件')
    """
    found = _by_key(domain).get((scheme, code))
    if found is None:
        raise NotFoundError(
            "grid.unknown_class",
            "分类方案 {scheme} 里没有代码 {got}",
            field="class_code",
            got=code,
            params={"scheme": scheme},
        )
    return found


def minor_classes(domain: Domain, *schemes: str) -> tuple[ClassRow, ...]:
    """Minor classes (小类) of the `schemes`, ordered by code; without any, of the GB scheme.

    Raises
    ------
    InvalidError
        When two of the schemes use one code, for codes alone would then be ambiguous.
    """
    wanted = schemes or (GB_SCHEME,)
    rows = [r for r in class_table(domain) if r.level == "minor" and r.scheme in wanted]
    codes = [r.code for r in rows]
    twice = sorted({c for c in codes if codes.count(c) > 1})
    if twice:
        raise InvalidError("grid.ambiguous_class", "代码 {got} 在多个方案里都有", got=twice)
    return tuple(sorted(rows, key=lambda r: r.code))


#: Drawing groups of components: what a map can tell apart. Codes not named here go by major.
_GROUP_CODES: dict[str, frozenset[str]] = {
    "manhole": frozenset(
        {*(f"01{n:02d}" for n in range(1, 13)), "0114", "0118", "0123", "0126", "0174"}
    ),
    "lamp": frozenset({"0137", "0138", "0139"}),
    "fire": frozenset({"0177"}),
    "camera": frozenset({"0150"}),
    "cabinet": frozenset({"0127", "0128", "0129", "0130", "0131", "0149", "0154", "0175", "0176"}),
    "tree": frozenset({"0401", "0402", "0403", "0404"}),
}
_GROUP_OF_MAJOR = {"01": "utility", "02": "traffic", "03": "sanitation", "04": "green"}


def drawing_group(code: str) -> str:
    """Drawing group of a component class, by its four digits.

    Examples
    --------
    >>> drawing_group("0102"), drawing_group("0210"), drawing_group("0599")
    ('manhole', 'traffic', 'other')
    """
    for group, codes in _GROUP_CODES.items():
        if code in codes:
            return group
    return _GROUP_OF_MAJOR.get(code[:2], "other")
