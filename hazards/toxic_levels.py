"""Concentrations of concern for people, by chemical, scheme and time of exposure.

Rows that nobody has compared with the agency's own table say so; they are for orders of magnitude
and need a check before use. A level that a scheme does not set is None.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from io import StringIO

from gis.errors import InvalidError
from hazards.models import Confidence


class Scheme(StrEnum):
    """Who set the levels."""

    AEGL = "AEGL"
    ERPG = "ERPG"
    IDLH = "IDLH"


@dataclass(frozen=True)
class ToxicLevels:
    """Levels of one chemical for one time, weakest first, in ``unit``."""

    chemical: str
    name_zh: str
    cas: str
    molar_mass_g_mol: float
    scheme: Scheme
    minutes: int
    levels: tuple[float | None, float | None, float | None]
    unit: str
    source: str
    confidence: Confidence


@cache
def toxic_levels() -> tuple[ToxicLevels, ...]:
    """All rows of the shipped table.

    Examples
    --------
    >>> len({row.chemical for row in toxic_levels()})
    15
    """
    text = (files("hazards") / "data" / "toxic_levels.csv").read_text(encoding="utf-8")
    return tuple(_row(row) for row in csv.DictReader(StringIO(text)))


def levels_for(cas: str, scheme: Scheme = Scheme.AEGL, minutes: int = 60) -> ToxicLevels:
    """The levels of a chemical.

    Raises
    ------
    InvalidError
        ``toxic.unknown`` when the table has none; nothing is taken from another time or scheme.

    Examples
    --------
    >>> levels_for("7782-50-5").levels
    (0.5, 2.0, 20.0)
    """
    for row in toxic_levels():
        if (row.cas, row.scheme, row.minutes) == (cas, scheme, minutes):
            return row
    raise InvalidError(
        "toxic.unknown",
        "没有 {got} 的 {scheme} {minutes} min 浓度",
        field="cas",
        got=cas[:20],
        expected=sorted({row.cas for row in toxic_levels()}),
        params={"scheme": scheme.value, "minutes": minutes},
    )


def _row(row: dict[str, str]) -> ToxicLevels:
    one, two, three = (float(row[f"level{n}"]) if row[f"level{n}"] else None for n in (1, 2, 3))
    return ToxicLevels(
        chemical=row["chemical"],
        name_zh=row["name_zh"],
        cas=row["cas"],
        molar_mass_g_mol=float(row["molar_mass_g_mol"]),
        scheme=Scheme(row["scheme"]),
        minutes=int(row["minutes"]),
        levels=(one, two, three),
        unit=row["unit"],
        source=row["source"],
        confidence=Confidence(row["confidence"]),
    )
