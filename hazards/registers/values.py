"""What the register holds: enterprises, units, equipment, substances, cards, dangers, key places.

The key of an enterprise is its unified social credit code (GB 32100); everything else belongs to
one. None is unknown. Positions are degrees, CGCS2000.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from functools import cached_property

from gis.layers import Title


class UnitKind(StrEnum):
    """What a unit is in the sense of GB 18218: S and R are for one of them, never for all."""

    PRODUCTION = "production"
    STORAGE = "storage"


UNIT_KINDS: dict[str, Title] = {
    UnitKind.PRODUCTION: Title("生产单元", "Production unit"),
    UnitKind.STORAGE: Title("储存单元", "Storage unit"),
}


#: A unit of which no grade was filed with the authority.
NOT_FILED = "none"
FILED_GRADES: dict[str, Title] = {
    "1": Title("一级", "Grade 1"),
    "2": Title("二级", "Grade 2"),
    "3": Title("三级", "Grade 3"),
    "4": Title("四级", "Grade 4"),
    NOT_FILED: Title("未备案", "Not filed"),
}


@dataclass(frozen=True)
class Enterprise:
    """An enterprise."""

    credit_code: str
    name: str
    address: str | None = None
    industry: str | None = None
    legal_person: str | None = None
    safety_manager: str | None = None
    duty_phone: str | None = None
    employees: int | None = None
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True)
class Unit:
    """A production or storage unit.

    Attributes
    ----------
    people_500m
        Residents within 500 m of the fence.
    filed_grade
        Grade of the major hazard source as filed with the authority, a key of `FILED_GRADES`.
    """

    credit_code: str
    unit_no: str
    name: str
    kind: str
    people_500m: int | None = None
    lon: float | None = None
    lat: float | None = None
    filed_grade: str | None = None


@dataclass(frozen=True)
class Equipment:
    """A tank, vessel or machine of a unit."""

    credit_code: str
    unit_no: str
    equipment_no: str
    name: str
    medium: str | None = None
    volume_m3: float | None = None
    design_pressure_mpa: float | None = None
    design_temperature_c: float | None = None
    commissioned_on: date | None = None
    next_inspection_on: date | None = None


@dataclass(frozen=True)
class Holding:
    """A substance in a unit, or in one piece of its equipment.

    Attributes
    ----------
    cas, row, symbol, form
        What it is for GB 18218: CAS number, row of table 1, category symbol set by a person, form.
    design_max_t, licensed_t
        Design maximum, and what the licence allows of it; tonnes.
    """

    credit_code: str
    unit_no: str
    name: str
    design_max_t: float
    equipment_no: str | None = None
    cas: str | None = None
    row: str | None = None
    symbol: str | None = None
    form: str | None = None
    licensed_t: float | None = None


@dataclass(frozen=True)
class ResponseCard:
    """What to do about a substance, as an imported table says it. None is unknown."""

    cas: str
    name: str | None = None
    un_no: str | None = None
    dangers: str | None = None
    protection: str | None = None
    fire: str | None = None
    leak: str | None = None
    first_aid: str | None = None
    isolation_m: float | None = None
    source: str | None = None
    edition: str | None = None
    confidence: str | None = None


@dataclass(frozen=True)
class HiddenDanger:
    """A major hidden danger of accidents (重大事故隐患) and the plan to rectify it.

    ``basis`` is the standard by which it was judged major.
    """

    danger_no: str
    credit_code: str
    found_on: date
    description: str
    unit_no: str | None = None
    found_by: str | None = None
    basis: str | None = None
    goal: str | None = None
    measures: str | None = None
    funds_yuan: float | None = None
    responsible: str | None = None
    deadline: date | None = None
    precautions: str | None = None


@dataclass(frozen=True)
class KeyPlace:
    """A key location of an enterprise: control room, loading bay, fire pump house."""

    credit_code: str
    place_no: str
    name: str
    kind: str | None = None
    risk: str | None = None
    responsible: str | None = None
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True)
class Register:
    """Everything of one import, each kind in the order of the file."""

    enterprises: tuple[Enterprise, ...] = ()
    units: tuple[Unit, ...] = ()
    equipment: tuple[Equipment, ...] = ()
    holdings: tuple[Holding, ...] = ()
    cards: tuple[ResponseCard, ...] = ()
    dangers: tuple[HiddenDanger, ...] = ()
    places: tuple[KeyPlace, ...] = ()

    def card_of(self, holding: Holding) -> ResponseCard:
        """The card of a substance; where there is none, one on which everything is unknown.

        Examples
        --------
        >>> held = Holding("91110000802100433B", "1", "氨", 20.0, cas="7664-41-7")
        >>> Register().card_of(held).leak is None
        True
        """
        cas = holding.cas or ""
        found = self._cards.get(cas)
        if found is None:
            return ResponseCard(cas, holding.name)
        return found if found.name else replace(found, name=holding.name)

    def held_in(self, unit: Unit) -> tuple[Holding, ...]:
        """Substances of a unit, in the order of the file."""
        return tuple(self._held.get((unit.credit_code, unit.unit_no), ()))

    @cached_property
    def _cards(self) -> dict[str, ResponseCard]:
        return {card.cas: card for card in self.cards}

    @cached_property
    def _held(self) -> dict[tuple[str, str], list[Holding]]:
        found: dict[tuple[str, str], list[Holding]] = {}
        for one in self.holdings:
            found.setdefault((one.credit_code, one.unit_no), []).append(one)
        return found


def unknown_of(value: object) -> tuple[str, ...]:
    """Names of what is not known of a value.

    Examples
    --------
    >>> unknown_of(ResponseCard("7664-41-7", "氨", leak="堵漏"))[:3]
    ('un_no', 'dangers', 'protection')
    """
    return tuple(f.name for f in fields(value) if getattr(value, f.name) is None)  # type: ignore[arg-type]
