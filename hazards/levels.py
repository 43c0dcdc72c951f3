"""Overpressure levels: what they do, who says so, and how sure that is."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO

from gis.errors import InvalidError
from gis.layers import Title

MAX_LEVELS = 8


@dataclass(frozen=True)
class BlastLevel:
    """An overpressure and its effect.

    ``confidence`` says whether the value was read in a text or is remembered; ``offered`` marks
    the levels that are drawn when nobody chooses.
    """

    level_pa: float
    name: str
    meaning: Title
    source: str
    confidence: str
    offered: bool


@cache
def blast_levels() -> tuple[BlastLevel, ...]:
    """All levels of the shipped table, strongest first.

    Examples
    --------
    >>> [level.level_pa for level in blast_levels() if level.offered]
    [20700.0, 6900.0, 2000.0]
    """
    text = (files("hazards") / "data" / "blast_levels.csv").read_text(encoding="utf-8")
    rows = [
        BlastLevel(
            level_pa=float(row["level_kpa"]) * 1000.0,
            name=row["name_zh"],
            meaning=Title(row["meaning_zh"], row["meaning_en"]),
            source=row["source"],
            confidence=row["confidence"],
            offered=row["offered"] == "yes",
        )
        for row in csv.DictReader(StringIO(text))
    ]
    return tuple(sorted(rows, key=lambda level: -level.level_pa))


def chosen_levels(levels_pa: tuple[float, ...] | None) -> tuple[BlastLevel, ...]:
    """The levels with these overpressures in Pa, strongest first; those offered when None.

    A level that the table does not hold is kept with its number alone.

    Raises
    ------
    InvalidError
        When there are none, more than `MAX_LEVELS`, or one is not positive.
    """
    if levels_pa is None:
        return tuple(level for level in blast_levels() if level.offered)
    wanted = sorted(set(levels_pa), reverse=True)
    if not 1 <= len(wanted) <= MAX_LEVELS or min(wanted) <= 0:
        raise InvalidError(
            "blast.bad_levels",
            "超压等级应为 1 至 {most} 个正数（Pa），得到 {got}",
            field="levels_pa",
            got=list(levels_pa)[:20],
            params={"most": MAX_LEVELS},
        )
    known = {level.level_pa: level for level in blast_levels()}
    return tuple(known.get(value) or _own(value) for value in wanted)


def _own(value: float) -> BlastLevel:
    words = f"{value / 1000:g} kPa"
    return BlastLevel(value, words, Title(words, words), "given by the user", "none", False)
