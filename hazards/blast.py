"""Blast zones of a charge: a radius for each level of concern, with every fault at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gis.errors import CityError, InvalidError
from hazards.curves import Curve, scaled_distance
from hazards.kingery_bulmash import KINGERY_BULMASH
from hazards.levels import BlastLevel
from hazards.models import Beyond, Caution

#: A gram, and 10 kt: more than any explosion of goods that has happened.
MIN_MASS_KG = 0.001
MAX_MASS_KG = 1e7


@dataclass(frozen=True)
class BlastZone:
    """Radius within which a charge gives at least a level.

    ``scaled`` is the scaled distance in m/kg^(1/3).
    """

    level: BlastLevel
    radius_m: float
    scaled: float
    cautions: tuple[Caution, ...]


@dataclass(frozen=True)
class BlastZones:
    """Zones of one charge, strongest level first, so that each holds the one before it."""

    mass_kg: float
    zones: tuple[BlastZone, ...]
    cautions: tuple[Caution, ...]


def blast_zones(
    mass_kg: float, levels: Sequence[BlastLevel], curve: Curve = KINGERY_BULMASH
) -> BlastZones:
    """Zones of a charge of TNT.

    Raises
    ------
    InvalidError
        For a bad mass or a level outside the curve; with several faults ``blast.refused`` and
        all of them.

    Examples
    --------
    >>> from hazards.levels import parse_level
    >>> [round(z.radius_m) for z in blast_zones(430_000.0, [parse_level("2kPa")]).zones]
    [3411]
    """
    faults = blast_faults(mass_kg, levels, curve)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InvalidError(
            "blast.refused",
            "有 {count} 处不对：{first}",
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )
    ordered = sorted(levels, key=lambda level: -level.level_pa)
    return BlastZones(
        mass_kg, tuple(_zone(mass_kg, level, curve) for level in ordered), _beyond(mass_kg, curve)
    )


def blast_faults(mass_kg: float, levels: Sequence[BlastLevel], curve: Curve) -> list[CityError]:
    """Everything for which `blast_zones` would refuse."""
    faults: list[CityError] = []
    try:
        check_mass(mass_kg)
    except InvalidError as fault:
        faults.append(fault)
    return faults + level_faults(levels, curve)


def level_faults(levels: Sequence[BlastLevel], curve: Curve) -> list[CityError]:
    """A fault for each level that the curve does not reach."""
    faults: list[CityError] = []
    for level in levels:
        try:
            scaled_distance(level.level_pa, curve)
        except InvalidError as fault:
            faults.append(fault)
    return faults


def check_mass(mass_kg: float, field: str = "mass_kg") -> None:
    """Refuse a charge that is none.

    Raises
    ------
    InvalidError
        ``blast.bad_mass`` when it is not finite or not within `MIN_MASS_KG` to `MAX_MASS_KG`.
    """
    if not (math.isfinite(mass_kg) and MIN_MASS_KG <= mass_kg <= MAX_MASS_KG):
        raise InvalidError(
            "blast.bad_mass",
            "TNT 当量应为 {low} 至 {high} kg，得到 {given}",
            field=field,
            got=mass_kg if math.isfinite(mass_kg) else None,
            expected=[MIN_MASS_KG, MAX_MASS_KG],
            params={
                "low": f"{MIN_MASS_KG:g}",
                "high": f"{MAX_MASS_KG:,.0f}",
                "given": f"{mass_kg:,.10g}",
            },
        )


def _zone(mass_kg: float, level: BlastLevel, curve: Curve) -> BlastZone:
    scaled = scaled_distance(level.level_pa, curve)
    return BlastZone(level, scaled.z * mass_kg ** (1.0 / 3.0), scaled.z, scaled.cautions)


def _beyond(mass_kg: float, curve: Curve) -> tuple[Caution, ...]:
    """Cautions for ranges of the model in mass, which warn and do not refuse."""
    return tuple(
        Caution(
            "blast.mass_beyond_tests",
            f"{mass_kg:g} kg 超出该模型试验装药的范围（{r.low:g} 至 {r.high:g} kg）",
        )
        for r in curve.model.ranges
        if r.unit == "kg" and r.beyond is Beyond.WARNED and not r.holds(mass_kg)
    )
