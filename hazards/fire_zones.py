"""Zones of a fireball: a disc for each heat, or for each dose of heat over its duration."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO

from gis.errors import InvalidError
from gis.layers import Title
from hazards.fireball import Fireball, heat_at
from hazards.ground import GroundZone, disc_outline
from hazards.level_text import number_and_unit
from hazards.models import Caution, Confidence

#: W/m2 of one unit.
HEAT = {"W/m2": 1.0, "kW/m2": 1e3}
#: Thermal dose unit, (kW/m2)^(4/3) s.
DOSE = "tdu"
UNITS = (*HEAT, DOSE)
#: Weaker than a tenth of the sun is no level of concern.
LEAST_W_M2 = 100.0
LEAST_TDU = 1.0
_FARTHEST_M = 50_000.0
_BEYOND_TAU = "有的等级处大气透射率超出适用范围（水蒸气分压×距离应为 1e4 至 1e5 N/m）"


@dataclass(frozen=True)
class HeatLevel:
    """A level of heat as it was asked for."""

    value: float
    unit: str

    @property
    def is_dose(self) -> bool:
        """Whether it is a dose, which takes the duration of the ball."""
        return self.unit == DOSE


@dataclass(frozen=True)
class KnownHeat:
    """A heat with its effect; ``offered`` marks those drawn when nobody chooses."""

    w_m2: float
    meaning: Title
    source: str
    confidence: Confidence
    offered: bool


@cache
def known_heats() -> tuple[KnownHeat, ...]:
    """All rows of the shipped table, strongest first.

    Examples
    --------
    >>> [heat.w_m2 for heat in known_heats() if heat.offered]
    [10000.0, 5000.0, 2000.0]
    """
    text = (files("hazards") / "data" / "heat_levels.csv").read_text(encoding="utf-8")
    rows = [
        KnownHeat(
            float(row["level_kw_m2"]) * 1e3,
            Title(row["meaning_zh"], row["meaning_en"]),
            row["source"],
            Confidence(row["confidence"]),
            row["offered"] == "yes",
        )
        for row in csv.DictReader(StringIO(text))
    ]
    return tuple(sorted(rows, key=lambda row: -row.w_m2))


def parse_heat(text: str) -> HeatLevel:
    """The level that ``5kW/m2`` or ``1000tdu`` means.

    Raises
    ------
    InvalidError
        ``level.syntax``, ``level.unit`` when it is no heat, ``fireball.bad_level`` when it is
        not finite or weaker than 0.1 kW/m2 or 1 tdu.

    Examples
    --------
    >>> parse_heat("5kW/m2")
    HeatLevel(value=5.0, unit='kW/m2')
    """
    value, unit = number_and_unit(text, "热辐射", UNITS, "5kW/m2")
    least = LEAST_TDU if unit == DOSE else LEAST_W_M2 / HEAT[unit]
    if not (math.isfinite(value) and value >= least):
        raise InvalidError(
            "fireball.bad_level",
            "热辐射等级至少 {least} {unit}，得到 {given}",
            field="level",
            got=value if math.isfinite(value) else None,
            params={"least": f"{least:g}", "unit": unit, "given": f"{value:g}"},
        )
    return HeatLevel(value, unit)


def offered_heats() -> tuple[HeatLevel, ...]:
    """The levels that are taken when nobody chooses, strongest first."""
    return tuple(HeatLevel(heat.w_m2 / 1e3, "kW/m2") for heat in known_heats() if heat.offered)


def heat_zones(
    ball: Fireball, levels: Sequence[HeatLevel], vapour_pa: float = 2000.0
) -> tuple[GroundZone, ...]:
    """A disc around the point below the ball for each level, in the order of the levels.

    Raises
    ------
    InvalidError
        ``fireball.bad_input`` for a pressure that is not finite and positive.

    Examples
    --------
    >>> from hazards.fireball import fireball
    >>> ball = fireball(100_000.0, 46.35e6)
    >>> [round(zone.length_m) for zone in heat_zones(ball, [HeatLevel(5.0, "kW/m2")])]
    [815]
    """
    return tuple(_zone(ball, level, vapour_pa) for level in levels)


def received(ball: Fireball, level: HeatLevel, ground_m: float, vapour_pa: float) -> float:
    """What a receptor gets at a distance, in the unit of the level."""
    heat = heat_at(ball, ground_m, vapour_pa).w_m2
    if level.is_dose:
        return ball.duration_s * math.pow(heat / 1e3, 4.0 / 3.0)
    return heat / HEAT[level.unit]


def _zone(ball: Fireball, level: HeatLevel, vapour_pa: float) -> GroundZone:
    name = f"{level.value:g} {level.unit}"

    def felt(ground_m: float) -> float:
        return received(ball, level, ground_m, vapour_pa)

    if felt(0.0) < level.value:
        missed = Caution("fireball.not_reached", f"{name} 在地面处达不到")
        return GroundZone(
            level.value, level.unit, 0.0, 0.0, 0.0, None, False, None, (missed,)
        )  # fmt: skip
    truncated = felt(_FARTHEST_M) >= level.value
    radius = _FARTHEST_M if truncated else _radius(felt, level.value)
    cautions: tuple[Caution, ...] = ()
    if heat_at(ball, radius, vapour_pa).cautions:
        cautions = (Caution("fireball.transmissivity", _BEYOND_TAU),)
    if radius < 0.5 * ball.diameter_m:
        words = f"{name} 的半径小于火球半径 {0.5 * ball.diameter_m:.0f} m：圈内地面也可能在火球之下"
        cautions = (*cautions, Caution("fireball.below_ball", words))
    return GroundZone(
        level.value,
        level.unit,
        -radius,
        radius,
        radius,
        radius,
        truncated,
        disc_outline(radius),
        cautions,
    )


def _radius(felt: Callable[[float], float], value: float) -> float:
    """Where heat that falls with distance goes through a value, to 1e-9 of the range."""
    low, high = 0.0, _FARTHEST_M
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if felt(middle) >= value else (low, middle)
    return 0.5 * (low + high)
