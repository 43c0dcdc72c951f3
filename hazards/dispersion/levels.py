"""Concentrations of concern: parts by volume, or mass in a volume of air."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gis.errors import InvalidError
from hazards.level_text import LONGEST, number_and_unit

#: Molar gas constant, J/(mol K).
GAS_CONSTANT = 8.314462618
#: Share by volume, or kg/m3, of one unit.
BY_VOLUME = {"ppm": 1e-6, "ppb": 1e-9, "%": 1e-2}
BY_MASS = {"kg/m3": 1.0, "g/m3": 1e-3, "mg/m3": 1e-6, "ug/m3": 1e-9}
UNITS = (*BY_VOLUME, *BY_MASS)


@dataclass(frozen=True)
class Concentration:
    """A level of concern as it was asked for."""

    value: float
    unit: str

    @property
    def is_by_volume(self) -> bool:
        """Whether it takes the molar mass of the gas to turn it into kg/m3."""
        return self.unit in BY_VOLUME


@dataclass(frozen=True)
class Air:
    """State of the air in which a share by volume is told."""

    temperature_k: float = 298.15
    pressure_pa: float = 101_325.0

    def kg_m3(self, molar_mass_g_mol: float) -> float:
        """Density of a pure ideal gas in this state.

        Examples
        --------
        >>> round(Air().kg_m3(70.906), 3)
        2.898
        """
        return self.pressure_pa * molar_mass_g_mol / 1000.0 / (GAS_CONSTANT * self.temperature_k)


def parse_concentration(text: str) -> Concentration:
    """The level that ``20ppm``, ``0.5 %`` or ``58mg/m3`` means.

    Raises
    ------
    InvalidError
        ``level.syntax``, ``level.unit`` when it is no concentration, ``plume.bad_level`` when it
        is not finite and positive, or above the whole volume.

    Examples
    --------
    >>> parse_concentration("20ppm")
    Concentration(value=20.0, unit='ppm')
    """
    value, unit = number_and_unit(text, "浓度", UNITS, "20ppm")
    most = 1.0 / BY_VOLUME[unit] if unit in BY_VOLUME else math.inf
    if not (math.isfinite(value) and 0 < value <= most * (1 + 1e-12)):
        raise InvalidError(
            "plume.bad_level",
            "浓度等级应为正数且不超过 100 %，得到 {given}",
            field="level",
            got=value if math.isfinite(value) else None,
            params={"given": text[:LONGEST]},
        )
    return Concentration(value, unit)


def in_kg_m3(level: Concentration, molar_mass_g_mol: float | None, air: Air) -> float:
    """The level as mass in a volume of air.

    Raises
    ------
    InvalidError
        ``plume.no_molar_mass`` for a share by volume of a gas whose molar mass is not given.

    Examples
    --------
    >>> round(in_kg_m3(Concentration(20.0, "ppm"), 70.906, Air()) * 1e6, 1)
    58.0
    """
    if not level.is_by_volume:
        return level.value * BY_MASS[level.unit]
    if molar_mass_g_mol is None:
        raise InvalidError(
            "plume.no_molar_mass",
            "等级以体积分数给出时须有摩尔质量",
            field="molar_mass_g_mol",
            hint="给出 --molar-mass-g-mol，或用 mg/m3",
        )
    return level.value * BY_VOLUME[level.unit] * air.kg_m3(molar_mass_g_mol)
