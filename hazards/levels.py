"""Overpressure levels: what they do, who says so, and how sure that is."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from io import StringIO

from gis.errors import CityError, InvalidError
from gis.layers import Title
from hazards.level_text import number_and_unit
from hazards.models import Confidence

MAX_LEVELS = 8
#: Pascals of one unit. Only overpressures: other levels of concern belong to other models.
PASCALS = {
    "Pa": 1.0,
    "kPa": 1e3,
    "MPa": 1e6,
    "mbar": 1e2,
    "bar": 1e5,
    "psi": 6894.757293168361,
}


@dataclass(frozen=True)
class BlastLevel:
    """An overpressure and its effect.

    ``value`` and ``unit`` are as it was asked for; ``offered`` marks the levels that are drawn
    when nobody chooses.
    """

    level_pa: float
    name: str
    meaning: Title
    source: str
    confidence: Confidence
    offered: bool
    value: float
    unit: str = "kPa"


@cache
def blast_levels() -> tuple[BlastLevel, ...]:
    """All levels of the shipped table, strongest first.

    Examples
    --------
    >>> [level.level_pa for level in blast_levels() if level.offered]
    [20700.0, 6900.0, 2000.0]
    """
    text = (files("hazards") / "data" / "blast_levels.csv").read_text(encoding="utf-8")
    rows = [_level_of(row) for row in csv.DictReader(StringIO(text))]
    return tuple(sorted(rows, key=lambda level: -level.level_pa))


def _level_of(row: dict[str, str]) -> BlastLevel:
    kpa = float(row["level_kpa"])
    return BlastLevel(
        level_pa=in_pascals(kpa, "kPa"),
        name=row["name_zh"],
        meaning=Title(row["meaning_zh"], row["meaning_en"]),
        source=row["source"],
        confidence=Confidence(row["confidence"]),
        offered=row["offered"] == "yes",
        value=kpa,
    )


def in_pascals(value: float, unit: str) -> float:
    """An overpressure in Pa, to 9 significant digits so that equal levels are equal numbers.

    Raises
    ------
    KeyError
        When the unit is none of `PASCALS`.
    """
    return float(f"{value * PASCALS[unit]:.9g}")


def parse_level(text: str) -> BlastLevel:
    """The level that ``2kPa``, ``6.9 kPa`` or ``1psi`` means.

    A level of the shipped table keeps its meaning and source, whatever its unit.

    Raises
    ------
    InvalidError
        ``level.syntax``, ``level.unit`` when it is no pressure, ``blast.bad_level`` when it is
        not finite and positive.

    Examples
    --------
    >>> parse_level("2kPa").level_pa, parse_level("1psi").level_pa
    (2000.0, 6894.75729)
    """
    hint = "大小写有别：kPa，不是 kpa"
    value, unit = number_and_unit(text, "超压", PASCALS, "2kPa", hint)
    return level_of(value, unit)


def level_of(value: float, unit: str = "kPa") -> BlastLevel:
    """The level of a pressure in a unit of `PASCALS`; one of one's own where no table has it.

    Raises
    ------
    InvalidError
        ``blast.bad_level`` when it is not finite and positive.
    """
    pascals = in_pascals(value, unit)
    if not (math.isfinite(pascals) and pascals > 0):
        raise InvalidError(
            "blast.bad_level",
            "超压等级应为正数，得到 {given} {unit}",
            field="level",
            got=value if math.isfinite(value) else None,
            params={"given": f"{value:g}", "unit": unit},
        )
    known = next((level for level in blast_levels() if level.level_pa == pascals), None)
    if known is not None:
        return replace(known, value=value, unit=unit)
    words = f"{value:g} {unit}"
    meaning = Title("使用者自定的等级", "level given by the user")
    return BlastLevel(pascals, words, meaning, "user", Confidence.GIVEN, False, value, unit)


def chosen_levels(levels: tuple[BlastLevel, ...] | None) -> tuple[BlastLevel, ...]:
    """Levels strongest first, each pressure once; those offered when None.

    Raises
    ------
    InvalidError
        ``blast.bad_levels`` when there are none or more than `MAX_LEVELS`.
    """
    if levels is None:
        return tuple(level for level in blast_levels() if level.offered)
    once: dict[float, BlastLevel] = {}
    for level in levels:
        once.setdefault(level.level_pa, level)
    if not 1 <= len(once) <= MAX_LEVELS:
        raise InvalidError(
            "blast.bad_levels",
            "超压等级应有 1 至 {expected} 个，得到 {got} 个",
            field="levels",
            got=len(once),
            expected=MAX_LEVELS,
        )
    return tuple(sorted(once.values(), key=lambda level: -level.level_pa))


def parsed_levels(texts: tuple[str, ...]) -> tuple[list[BlastLevel], list[CityError]]:
    """The levels that can be read, and a fault for each that cannot."""
    levels: list[BlastLevel] = []
    faults: list[CityError] = []
    for text in texts:
        try:
            levels.append(parse_level(text))
        except InvalidError as fault:
            faults.append(fault)
    return levels, faults
