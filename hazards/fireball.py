"""Fireball of a boiling liquid expanding vapour explosion (BLEVE): size, duration, heat.

CCPS: D = 5.8 M^(1/3), t = 0.45 M^(1/3) below 30 t and 2.6 M^(1/6) from there on, middle at 0.75 D.
TNO: D = 6.48 M^0.325, t = 0.852 M^0.26, middle at D. Surface emissive power E = R M Hc / (pi D^2 t);
heat received q = E F tau with F = D^2 / (4 X^2), X from the middle of the ball, and
tau = 2.02 (p_w X')^-0.09, X' from its surface. Fragments and blast are not in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from gis.errors import InvalidError
from gis.layers import Title
from hazards.models import Beyond, Caution, Confidence, HazardModel, ModelKind, Range
from hazards.numbers import check_positive

#: From this mass on the duration follows buoyancy, kg.
BUOYANT_KG = 30_000.0
#: Where Bagster's transmissivity holds, N/m.
TAU_RANGE = (1e4, 1e5)
_MOST_KG = 1e7
#: No fuel gives more than hydrogen's 142 MJ/kg, and none that burns as a ball less than the lower end:
#: a number outside is one in another unit, J/kg or kJ/kg.
HEAT_RANGE_J_KG = (1e6, 1.5e8)
_SOURCE = "CCPS, Guidelines for Chemical Process Quantitative Risk Analysis; TNO Yellow Book"

MODEL = HazardModel(
    name="bleve-fireball",
    edition="CCPS 1999",
    kind=ModelKind.FIRE,
    title=Title("沸腾液体扩展蒸气爆炸（BLEVE）火球", "BLEVE fireball"),
    formula=(
        "D = 5.8·M^(1/3)，t = 0.45·M^(1/3)（M < 30 t）或 2.6·M^(1/6)，E = R·M·Hc/(π·D²·t)，"
        "q = E·τ·D²/(4X²)，M 为 kg，D、X 为 m"
    ),
    source=_SOURCE,
    confidence=Confidence.KNOWN,
    ranges=(
        Range(
            Title("水蒸气分压与距离之积", "water vapour pressure times distance"),
            "N/m",
            *TAU_RANGE,
            Beyond.WARNED,
            "Bagster and Pitblado 1989",
            Confidence.READ,
        ),
    ),
    assumptions=(
        Title(
            "全部质量参与燃烧；不含碎片和冲击波", "all of the mass burns; no fragments, no blast"
        ),
        Title("受体面正对火球，无遮挡", "a receptor that faces the ball, nothing between"),
    ),
)


class Form(StrEnum):
    """Whose correlation of size and duration."""

    CCPS = "ccps"
    TNO = "tno"


@dataclass(frozen=True)
class Fireball:
    """A fireball.

    Attributes
    ----------
    diameter_m, duration_s, height_m
        Greatest diameter, duration, height of the middle above the ground.
    emissive_w_m2
        Power that leaves its surface.
    """

    mass_kg: float
    diameter_m: float
    duration_s: float
    height_m: float
    emissive_w_m2: float


@dataclass(frozen=True)
class Heat:
    """Heat at a receptor, W/m2, with the transmissivity of the air and cautions."""

    w_m2: float
    transmissivity: float
    cautions: tuple[Caution, ...]


def fireball(
    mass_kg: float, heat_j_kg: float, radiated_share: float = 0.3, form: Form = Form.CCPS
) -> Fireball:
    """The fireball of a mass of fuel.

    Parameters
    ----------
    heat_j_kg
        Heat of combustion, J/kg.
    radiated_share
        Part of the heat that is radiated; 0.3 to 0.4 are in use.

    Raises
    ------
    InvalidError
        ``fireball.bad_input`` when a number is not finite and positive, the share above 1 or the
        mass above 10 000 t; ``fireball.bad_heat`` for a heat that no fuel has.

    Examples
    --------
    100 t of propane.

    >>> ball = fireball(100_000.0, 46.35e6)
    >>> round(ball.diameter_m, 1), round(ball.duration_s, 1), round(ball.emissive_w_m2 / 1000)
    (269.2, 17.7, 345)
    """
    check_positive("fireball", mass_kg=mass_kg, heat_j_kg=heat_j_kg, radiated_share=radiated_share)
    for name, value, most in (
        ("mass_kg", mass_kg, _MOST_KG),
        ("radiated_share", radiated_share, 1),
    ):
        if value > most:
            raise InvalidError(
                "fireball.bad_input",
                "{field} 至多 {expected}",
                field=name,
                got=value,
                expected=most,
            )
    low, high = HEAT_RANGE_J_KG
    if not low <= heat_j_kg <= high:
        raise InvalidError(
            "fireball.bad_heat",
            "燃烧热应为 {low} 至 {high} MJ/kg，得到 {given} MJ/kg",
            field="heat_mj_kg",
            got=heat_j_kg / 1e6,
            expected=[low / 1e6, high / 1e6],
            params={
                "low": f"{low / 1e6:g}",
                "high": f"{high / 1e6:g}",
                "given": f"{heat_j_kg / 1e6:g}",
            },
            hint="检查单位：丙烷约 46 MJ/kg",
        )
    if form is Form.TNO:
        diameter = 6.48 * math.pow(mass_kg, 0.325)
        seconds, height = 0.852 * math.pow(mass_kg, 0.26), diameter
    else:
        diameter = 5.8 * math.cbrt(mass_kg)
        seconds = _ccps_duration(mass_kg)
        height = 0.75 * diameter
    emissive = radiated_share * mass_kg * heat_j_kg / (math.pi * diameter**2 * seconds)
    return Fireball(mass_kg, diameter, seconds, height, emissive)


def _ccps_duration(mass_kg: float) -> float:
    if mass_kg < BUOYANT_KG:
        return 0.45 * math.cbrt(mass_kg)
    return 2.6 * math.pow(mass_kg, 1.0 / 6.0)


def heat_at(ball: Fireball, ground_m: float, vapour_pa: float = 2000.0) -> Heat:
    """Heat on a receptor at a distance along the ground from the point below the ball.

    Parameters
    ----------
    vapour_pa
        Partial pressure of water vapour; 2 000 Pa is 20 degrees and 85 % humidity.

    Raises
    ------
    InvalidError
        ``fireball.bad_input`` when a number is negative or not finite.

    Examples
    --------
    >>> ball = fireball(100_000.0, 46.35e6)
    >>> round(heat_at(ball, 500.0).w_m2 / 1000, 1)
    12.8
    """
    check_positive("fireball", zero_ok=("ground_m",), ground_m=ground_m, vapour_pa=vapour_pa)
    middle = math.hypot(ground_m, ball.height_m)
    surface = middle - 0.5 * ball.diameter_m
    moist = vapour_pa * surface
    tau = min(1.0, 2.02 * math.pow(moist, -0.09))
    cautions: tuple[Caution, ...] = ()
    if not TAU_RANGE[0] <= moist <= TAU_RANGE[1]:
        words = f"大气透射率超出适用范围（水蒸气分压×距离 = {moist:.3g} N/m，应为 1e4 至 1e5）"
        cautions = (Caution("fireball.transmissivity", words),)
    heat = ball.emissive_w_m2 * tau * ball.diameter_m**2 / (4.0 * middle**2)
    return Heat(heat, tau, cautions)
