"""Classes of a hazard as data: from which level on, and which kinds of things they concern.

The class of a zone is the highest one whose least level the zone reaches. For gases the levels are
those of the substance (AEGL for 60 minutes), so that a class needs its CAS number.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from io import StringIO

from gis.errors import InvalidError
from gis.layers import Title
from hazards.models import Confidence, ModelKind
from hazards.toxic_levels import levels_for

#: Every kind of thing that exposure knows.
KINDS = ("people", "places", "roads", "pipes", "components", "sources", "shelters", "teams")
#: Slack for levels that were rounded in print: 3.5 psi is 24.1 kPa.
_SLACK = 0.005


class Harm(StrEnum):
    """What a zone does harm by."""

    OVERPRESSURE = "overpressure"
    THERMAL = "thermal"
    TOXIC = "toxic"


#: What the zones of a kind of model do harm by.
HARM_OF = {
    ModelKind.BLAST: Harm.OVERPRESSURE,
    ModelKind.FIRE: Harm.THERMAL,
    ModelKind.DISPERSION: Harm.TOXIC,
}


@dataclass(frozen=True)
class HazardClass:
    """A class: high, medium or low.

    Attributes
    ----------
    least, unit
        From which level on; for gases the number of the AEGL.
    kinds
        Which of `KINDS` it concerns.
    """

    harm: Harm
    key: str
    title: Title
    least: float
    unit: str
    kinds: tuple[str, ...]
    source: str
    confidence: Confidence


@cache
def hazard_classes() -> tuple[HazardClass, ...]:
    """All rows of the shipped table, strongest first within a harm.

    Examples
    --------
    >>> [row.key for row in hazard_classes() if row.harm is Harm.THERMAL]
    ['high', 'medium', 'low']
    """
    text = (files("hazards") / "data" / "hazard_classes.csv").read_text(encoding="utf-8")
    return tuple(
        HazardClass(
            Harm(row["load"]),
            row["class"],
            Title(row["title_zh"], row["title_en"]),
            float(row["least"]),
            row["unit"],
            tuple(row["kinds"].split(";")),
            row["source"],
            Confidence(row["confidence"]),
        )
        for row in csv.DictReader(StringIO(text))
    )


def kinds_of(harm: Harm) -> tuple[str, ...]:
    """Kinds of things that any class of a harm concerns, in the order of `KINDS`.

    Examples
    --------
    >>> kinds_of(Harm.TOXIC)
    ('people', 'places', 'roads', 'shelters', 'teams')
    """
    own = {kind for row in hazard_classes() if row.harm is harm for kind in row.kinds}
    return tuple(kind for kind in KINDS if kind in own)


def class_of(harm: Harm, value: float, unit: str, cas: str | None = None) -> HazardClass | None:
    """The highest class whose least level a value reaches; None below all, or where none is known.

    Parameters
    ----------
    value, unit
        In the unit of the classes: kPa, kW/m2; ppm for a gas.
    cas
        Of the gas; without it no class is known.

    Examples
    --------
    >>> class_of(Harm.THERMAL, 7.0, "kW/m2").key, class_of(Harm.TOXIC, 2.0, "ppm", "7782-50-5").key
    ('medium', 'medium')
    """
    rows = [row for row in hazard_classes() if row.harm is harm]
    if harm is Harm.TOXIC:
        return _toxic_class(rows, value, unit, cas)
    reached = [row for row in rows if row.unit == unit and value >= row.least * (1.0 - _SLACK)]
    return max(reached, key=lambda row: row.least, default=None)


def _toxic_class(
    rows: list[HazardClass], value: float, unit: str, cas: str | None
) -> HazardClass | None:
    try:
        known = None if cas is None else levels_for(cas)
    except InvalidError:
        return None
    if known is None or unit != known.unit:
        return None
    reached = [
        row
        for row in rows
        if (least := known.levels[int(row.least) - 1]) is not None and value >= least * (1 - _SLACK)
    ]
    return max(reached, key=lambda row: row.least, default=None)
