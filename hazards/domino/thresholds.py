"""Loads from which equipment may fail and set off the next event: rows, each with its source."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from io import StringIO

from gis.errors import InvalidError
from gis.layers import Title
from hazards.models import Confidence

_SI = {"kPa": 1000.0, "kW/m2": 1000.0}


class EscalationLoad(StrEnum):
    """What loads the equipment: overpressure in Pa, heat in W/m2."""

    OVERPRESSURE = "overpressure"
    HEAT = "heat"


class Equipment(StrEnum):
    """Classes of equipment, as the thresholds and probits tell them apart."""

    ATMOSPHERIC = "atmospheric"
    PRESSURISED = "pressurised"
    ELONGATED = "elongated"
    SMALL = "small"

    @property
    def words(self) -> Title:
        """The class in words for people."""
        return _WORDS[self]

    @property
    def probit(self) -> str:
        """Name of the probit of damage by overpressure."""
        return f"domino-{self.value}"


_WORDS = {
    Equipment.ATMOSPHERIC: Title("常压容器", "atmospheric vessel"),
    Equipment.PRESSURISED: Title("压力容器", "pressurised vessel"),
    Equipment.ELONGATED: Title("细长设备", "elongated equipment"),
    Equipment.SMALL: Title("小型设备", "small equipment"),
}


@dataclass(frozen=True)
class Threshold:
    """One row.

    Attributes
    ----------
    value
        Pa or W/m2.
    least_minutes
        How long the load must last; None where it does not matter.
    """

    load: EscalationLoad
    equipment: Equipment
    value: float
    condition: Title
    least_minutes: float | None
    source: str
    confidence: Confidence


@cache
def thresholds() -> tuple[Threshold, ...]:
    """All rows, in the order of the table.

    Examples
    --------
    >>> [t.value for t in thresholds() if t.load is EscalationLoad.OVERPRESSURE]
    [22000.0, 16000.0]
    """
    text = (files("hazards") / "data" / "escalation.csv").read_text(encoding="utf-8")
    return tuple(
        Threshold(
            EscalationLoad(row["load"]),
            Equipment(row["equipment"]),
            float(row["value"]) * _SI[row["unit"]],
            Title(row["condition_zh"], row["condition_en"]),
            float(row["least_minutes"]) if row["least_minutes"] else None,
            row["source"],
            Confidence(row["confidence"]),
        )
        for row in csv.DictReader(StringIO(text))
    )


def threshold_of(load: EscalationLoad, equipment: Equipment | None) -> Threshold | None:
    """The row of a class of equipment; None where none is known.

    Examples
    --------
    >>> threshold_of(EscalationLoad.HEAT, Equipment.SMALL) is None
    True
    """
    found = (t for t in thresholds() if t.load is load and t.equipment is equipment)
    return next(found, None)


def equipment_named(text: str | None) -> Equipment | None:
    """The class of a code or of its Chinese words; None stays None, unknown.

    Raises
    ------
    InvalidError
        ``domino.equipment`` when there is no such class.

    Examples
    --------
    >>> equipment_named("压力容器").value
    'pressurised'
    """
    if text is None or not str(text).strip():
        return None
    wanted = str(text).strip().lower()
    for one in Equipment:
        if wanted in (one.value, one.words.zh):
            return one
    raise InvalidError(
        "domino.equipment",
        "不认识设备类别 {got}",
        field="equipment",
        got=str(text)[:60],
        expected=[one.value for one in Equipment],
    )
