"""Which alternative of an answer of ``hazard zone`` is gone by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cityops.services.hazards.requests import ALTERNATIVES
from cityops.services.hazards.run_json import TITLES
from gis.errors import InvalidError
from hazards.models import Caution


@dataclass(frozen=True)
class ZonesTaken:
    """The zones that were taken out of an answer.

    Attributes
    ----------
    zones
        As they stand in the answer.
    alternative
        ``low``, ``likely`` or ``high``; None where the answer has one quantity alone.
    amount, unit
        Its quantity; None where the answer does not tell.
    others
        Names of the alternatives that were not taken.
    """

    zones: list[dict[str, Any]]
    alternative: str | None = None
    amount: float | None = None
    unit: str | None = None
    others: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What was taken, as interfaces tell it."""
        return {
            "alternative": self.alternative,
            "amount": self.amount,
            "unit": self.unit,
            "others": list(self.others),
        }

    @property
    def told(self) -> str:
        """The alternative in words, such as 较大（2000 kg）; empty for a quantity alone."""
        if self.alternative is None:
            return ""
        amount = "" if self.amount is None else f"（{self.amount:g} {self.unit}）"
        return TITLES[self.alternative] + amount

    def cautions(self) -> list[Caution]:
        """That the quantity is unknown, which alternative was taken and how to take another."""
        if not self.others:
            return []
        left = "、".join(f"{TITLES[name]} {name}" for name in self.others)
        words = f"数量不确定：按{self.told}的影响范围计，没有按{left}；用 --alternative 另选"
        return [Caution("hazard.alternative", words)]


def zones_taken(run: Mapping[str, Any], wanted: str | None) -> ZonesTaken:
    """The zones of the wanted alternative; without a wish those of the largest quantity.

    Who plans for people while the quantity is unknown has to plan for the largest.

    Raises
    ------
    InvalidError
        ``hazard.no_alternative`` when the answer does not have it.

    Examples
    --------
    >>> run = {"zones": [], "alternatives": [
    ...     {"name": "low", "mass_kg": 1.0, "zones": []}, {"name": "high", "mass_kg": 9.0, "zones": []}]}
    >>> zones_taken(run, None).told
    '较大（9 kg）'
    """
    listed = run.get("alternatives")
    rows = listed if isinstance(listed, list) else []
    held = {
        one["name"]: one
        for one in rows
        if isinstance(one, dict) and isinstance(one.get("zones"), list)
        if one.get("name") in ALTERNATIVES
    }
    if wanted is not None and wanted not in held:
        raise no_alternative(wanted, list(held))
    if not held:
        return ZonesTaken(list(run["zones"]))
    name = wanted or next(n for n in reversed(ALTERNATIVES) if n in held)
    one = held[name]
    amount, unit = _amount(one)
    return ZonesTaken(one["zones"], name, amount, unit, tuple(n for n in held if n != name))


def no_alternative(wanted: str, held: list[str]) -> InvalidError:
    """The fault of an alternative that a file does not have."""
    return InvalidError(
        "hazard.no_alternative",
        "影响范围里没有 {got} 一种",
        field="alternative",
        got=wanted[:20],
        expected=held,
        hint="可选 " + "、".join(held) if held else "只有一种数量，不用 --alternative",
    )


def _amount(one: Mapping[str, Any]) -> tuple[float | None, str | None]:
    for name, unit in (("mass_kg", "kg"), ("rate_kg_s", "kg/s")):
        value = one.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value), unit
    return None, None
