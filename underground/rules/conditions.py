"""Conditions of a rule's row and what is known of a pipe: each is met, not met, or not known."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from enum import StrEnum

#: Pressure classes of gas: code of the tables -> code of `underground.kinds.PRESSURE_CLASSES`.
GAS_CLASSES = {
    "low": "gas_low",
    "mid_b": "gas_medium_b",
    "mid_a": "gas_medium_a",
    "subhigh_b": "gas_subhigh_b",
    "subhigh_a": "gas_subhigh_a",
    ">1.6MPa": "gas_high",
}
_SIZE = re.compile(r"^(?:d|DN)(<=|>)(\d+)(?:mm)?$")
_VOLTAGE = re.compile(r"^(<|>=|<=|>)(\d+)kV$")
#: Upper limits of gas pressure classes in MPa: a gas regulation quotes them.
_GAS_LIMITS = (
    (0.01, "gas_low"), (0.2, "gas_medium_b"), (0.4, "gas_medium_a"),
    (0.8, "gas_subhigh_b"), (1.6, "gas_subhigh_a"), (float("inf"), "gas_high"),
)  # fmt: skip
_PRESSURE_WORDS = {
    "低压": "gas_low", "中压B": "gas_medium_b", "中压A": "gas_medium_a",
    "次高压B": "gas_subhigh_b", "次高压A": "gas_subhigh_a", "高压": "gas_high",
    "高压A": "gas_high", "高压B": "gas_high",
}  # fmt: skip
_KILOVOLT_WORDS = {
    "lv": 0.4,
    "mv": 10.0,
    "hv": 35.0,
    "低压电力": 0.4,
    "低压": 0.4,
    "220V": 0.22,
    "380V": 0.38,
}
_MPA = re.compile(r"^(\d+(?:\.\d+)?)\s*MPa$", re.IGNORECASE)
_KV = re.compile(r"^(\d+(?:\.\d+)?)\s*kV$", re.IGNORECASE)


class Attribute(StrEnum):
    """What of a pipe a condition asks for."""

    SIZE = "size"
    PRESSURE = "pressure"
    LAYING = "laying"
    VOLTAGE = "voltage"
    MATERIAL = "material"
    VARIANT = "variant"


@dataclass(frozen=True)
class Profile:
    """What rules may ask of a pipe or structure; None is unknown.

    Attributes
    ----------
    kind
        Row and column of the tables: water, sewer_storm, gas, trench, building ...
    size_m
        Recorded size.
    laying
        ``direct`` or ``duct``.
    pressure
        One of the gas classes.
    voltage_kv
        Of power.
    variant
        Of structures: the words of the table, such as "base edge <=35kV".
    """

    kind: str
    size_m: float | None = None
    laying: str | None = None
    pressure: str | None = None
    voltage_kv: float | None = None
    material: str | None = None
    variant: str | None = None


@dataclass(frozen=True)
class Condition:
    """One condition: what it asks for, how it compares, with what."""

    attribute: Attribute
    operator: str
    value: str | float
    text: str

    def met_by(self, profile: Profile) -> bool | None:
        """Whether a profile meets it; None where it is not known."""
        own = {
            Attribute.SIZE: profile.size_m,
            Attribute.PRESSURE: profile.pressure,
            Attribute.LAYING: profile.laying,
            Attribute.VOLTAGE: profile.voltage_kv,
            Attribute.MATERIAL: profile.material,
            Attribute.VARIANT: profile.variant,
        }[self.attribute]
        if own is None:
            return None
        if isinstance(self.value, str):
            return bool(own == self.value)
        return bool(_COMPARE[self.operator](float(own), self.value))


_COMPARE = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b + 1e-9,
    ">": lambda a, b: a > b + 1e-9,
    ">=": lambda a, b: a >= b,
}


def share_a_value(some: tuple[Condition, ...], others: tuple[Condition, ...]) -> bool:
    """Whether two sets of conditions ask for the same attributes, and one pipe can meet both.

    Examples
    --------
    >>> share_a_value(parse_conditions("d>200mm"), parse_conditions("d<=300mm"))
    True
    >>> share_a_value(parse_conditions("d>200mm"), parse_conditions("d<=200mm"))
    False
    """
    if sorted(c.attribute for c in some) != sorted(c.attribute for c in others):
        return False
    every = (*some, *others)
    words = {(c.attribute, c.value) for c in every if isinstance(c.value, str)}
    if len(words) != len({attribute for attribute, _ in words}):
        return False
    return all(
        any(all(_meets(c, at) for c in own) for at in _between(own))
        for own in ([c for c in every if c.attribute == a] for a in {c.attribute for c in every})
        if not any(isinstance(c.value, str) for c in own)
    )


def _between(conditions: list[Condition]) -> list[float]:
    """A number at, below, above and between the bounds of conditions on one attribute."""
    bounds = sorted({float(c.value) for c in conditions})
    middles = [(a + b) / 2 for a, b in itertools.pairwise(bounds)]
    return [bounds[0] / 2, *bounds, *middles, bounds[-1] * 2 + 1]


def _meets(condition: Condition, at: float) -> bool:
    return bool(_COMPARE[condition.operator](at, float(condition.value)))


def parse_conditions(text: str) -> tuple[Condition, ...]:
    """Conditions of a cell, separated by commas; "any" and nothing are none.

    Words that name no attribute are kept as the variant of a structure.

    Examples
    --------
    >>> [c.text for c in parse_conditions("direct, <35kV")]
    ['direct', '<35kV']
    >>> parse_conditions("any, DN<=300")[0].met_by(Profile("gas", size_m=0.3))
    True
    """
    words = [word.strip() for word in text.split(",")]
    read = [(word, _condition(word)) for word in words if word and word != "any"]
    if all(found is not None for _, found in read):
        return tuple(found for _, found in read if found is not None)
    return (Condition(Attribute.VARIANT, "=", text.strip(), text.strip()),)


def _condition(word: str) -> Condition | None:
    if word in GAS_CLASSES:
        return Condition(Attribute.PRESSURE, "=", GAS_CLASSES[word], word)
    if word in ("direct", "duct"):
        return Condition(Attribute.LAYING, "=", word, word)
    if word in ("PE", "steel"):
        return Condition(Attribute.MATERIAL, "=", {"PE": "PE", "steel": "G"}[word], word)
    size = _SIZE.match(word)
    if size:
        return Condition(Attribute.SIZE, size[1], float(size[2]) / 1000, word)
    voltage = _VOLTAGE.match(word)
    if voltage:
        return Condition(Attribute.VOLTAGE, voltage[1], float(voltage[2]), word)
    return None


def gas_class(text: str | None) -> str | None:
    """Pressure class of gas meant by a text: a code, a Chinese name, or a pressure in MPa.

    Examples
    --------
    >>> gas_class("中压A"), gas_class("0.2MPa"), gas_class("gas_low"), gas_class("?")
    ('gas_medium_a', 'gas_medium_b', 'gas_low', None)
    """
    if text is None:
        return None
    plain = text.strip().replace("燃气", "").replace(" ", "")
    if plain in GAS_CLASSES.values():
        return plain
    if plain in _PRESSURE_WORDS:
        return _PRESSURE_WORDS[plain]
    pressure = _MPA.match(text.strip())
    if pressure:
        return next(name for limit, name in _GAS_LIMITS if float(pressure[1]) <= limit)
    return None


def kilovolts(text: str | None) -> float | None:
    """Voltage meant by a text, in kV.

    Examples
    --------
    >>> kilovolts("10kV"), kilovolts("hv"), kilovolts(None)
    (10.0, 35.0, None)
    """
    if text is None:
        return None
    voltage = _KV.match(text.strip())
    return float(voltage[1]) if voltage else _KILOVOLT_WORDS.get(text.strip())
