"""Pool fire as a solid flame: a tilted cylinder that radiates from its surface (TNO Yellow Book 6.5.4).

Burning m'' = m_inf (1 - exp(-k D)); length L/D = 55 (m'' / (rho sqrt(g D)))^0.67 u*^-0.21 (Thomas) with
u* = u / (g m'' D / rho)^(1/3), not below 1; tilt tan(t)/cos(t) = 0.666 Fr^0.333 Re^0.117; surface power
SEP_max = F m'' Hc / (1 + 4 L/D), of which soot hides a share s: SEP = SEP_max (1 - s) + 20 kW/m2 s. View
factor of Mudan for a receptor on the ground downwind; heat q = SEP sqrt(Fv^2 + Fh^2) tau.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gis.errors import InvalidError
from gis.layers import Title
from hazards.models import Beyond, Confidence, HazardModel, ModelKind, Range
from hazards.numbers import check_positive

GRAVITY = 9.81
SOOT_W_M2 = 20e3
#: Fuel -> greatest burning rate, kg/(m2 s), and how it is reached with the diameter, 1/m.
FUELS = {"gasoline": (0.055, 2.1), "lng": (0.078, 1.1), "benzene": (0.085, 2.7)}
_SOURCE = "TNO Yellow Book (CPR 14E) 6.5.4, burning rates of its table 6.5"
_MOST_M = 500.0

MODEL = HazardModel(
    name="pool-fire",
    edition="Yellow Book 1997",
    kind=ModelKind.FIRE,
    title=Title("池火（固体火焰）", "Pool fire, solid flame"),
    formula=(
        "L/D = 55·(m″/(ρ·√(gD)))^0.67·u*^-0.21，tanθ/cosθ = 0.666·Fr^0.333·Re^0.117，"
        "SEP = F·m″·Hc/(1+4L/D)·(1−s) + 20 kW/m²·s，q = SEP·√(Fv²+Fh²)·τ"
    ),
    source=_SOURCE,
    confidence=Confidence.READ,
    ranges=(
        Range(
            Title("液池直径", "diameter of the pool"),
            "m",
            1.0,
            _MOST_M,
            Beyond.REFUSED,
            "screening practice of this program",
            Confidence.KNOWN,
        ),
    ),
    assumptions=(
        Title("圆形液池，稳定燃烧，火焰为倾斜圆柱", "round pool, steady fire, a tilted cylinder"),
        Title("受体在地面、下风向，无遮挡", "a receptor on the ground downwind"),
    ),
)


@dataclass(frozen=True)
class PoolFire:
    """A burning pool and its weather.

    Attributes
    ----------
    burning_kg_m2_s
        `burning_rate` gives it for some fuels.
    radiated_share, soot_share
        F, part of the heat that would be radiated from a clear flame, and s, hidden by soot.
    viscosity_m2_s
        Kinematic, of the air.

    Raises
    ------
    InvalidError
        ``poolfire.bad_input``.
    """

    diameter_m: float
    burning_kg_m2_s: float
    heat_j_kg: float
    wind_m_s: float
    radiated_share: float = 0.4
    soot_share: float = 0.8
    air_kg_m3: float = 1.204
    viscosity_m2_s: float = 1.51e-5

    def __post_init__(self) -> None:
        check_positive("poolfire", zero_ok=("wind_m_s", "soot_share"), **vars(self))
        for name in ("radiated_share", "soot_share"):
            if getattr(self, name) > 1.0:
                raise InvalidError(
                    "poolfire.bad_input", "{field} 至多为 1", field=name, got=getattr(self, name)
                )
        if not 1.0 <= self.diameter_m <= _MOST_M:
            raise InvalidError(
                "poolfire.bad_input",
                "液池直径应为 1 至 {most} m，得到 {got}",
                field="diameter_m",
                got=self.diameter_m,
                expected=[1.0, _MOST_M],
                params={"most": f"{_MOST_M:g}"},
            )


@dataclass(frozen=True)
class Flame:
    """The cylinder: length over diameter, tilt from the vertical in radians, power of its surface."""

    diameter_m: float
    length_to_diameter: float
    tilt_rad: float
    emissive_w_m2: float


def burning_rate(fuel: str, diameter_m: float) -> float:
    """Burning rate of a fuel of `FUELS`, kg/(m2 s).

    Raises
    ------
    InvalidError
        ``poolfire.unknown_fuel``; ``poolfire.bad_input`` for a bad diameter.

    Examples
    --------
    >>> round(burning_rate("lng", 2.0), 4)
    0.0694
    """
    check_positive("poolfire", diameter_m=diameter_m)
    if fuel not in FUELS:
        raise InvalidError(
            "poolfire.unknown_fuel",
            "没有燃料 {got} 的燃烧速率",
            field="fuel",
            got=fuel[:40],
            expected=sorted(FUELS),
        )
    most, k = FUELS[fuel]
    return most * -math.expm1(-k * diameter_m)


def flame_of(fire: PoolFire) -> Flame:
    """The flame of a burning pool.

    Examples
    --------
    Benzene on 42.4 m.

    >>> flame = flame_of(PoolFire(42.445, 0.085, 40.15e6, 5.0))
    >>> round(flame.length_to_diameter, 2), round(flame.emissive_w_m2 / 1000, 1)
    (1.12, 66.0)
    """
    d, rho, burning = fire.diameter_m, fire.air_kg_m3, fire.burning_kg_m2_s
    scale = math.cbrt(GRAVITY * burning * d / rho)
    wind = max(1.0, fire.wind_m_s / scale)
    slender = 55.0 * math.pow(burning / (rho * math.sqrt(GRAVITY * d)), 0.67)
    slender *= math.pow(wind, -0.21)
    most = fire.radiated_share * burning * fire.heat_j_kg / (1.0 + 4.0 * slender)
    emissive = most * (1.0 - fire.soot_share) + SOOT_W_M2 * fire.soot_share
    return Flame(d, slender, _tilt(fire), emissive)


def _tilt(fire: PoolFire) -> float:
    """Angle of tan(t)/cos(t) = c: sin(t) = (sqrt(1 + 4 c^2) - 1) / (2 c)."""
    froude = fire.wind_m_s**2 / (GRAVITY * fire.diameter_m)
    reynolds = fire.wind_m_s * fire.diameter_m / fire.viscosity_m2_s
    c = 0.666 * math.pow(froude, 0.333) * math.pow(reynolds, 0.117)
    return 0.0 if c == 0 else math.asin((math.sqrt(1.0 + 4.0 * c * c) - 1.0) / (2.0 * c))


def view_factors(flame: Flame, from_middle_m: float) -> tuple[float, float]:
    """View factors of an upright and of a flat surface on the ground downwind.

    Raises
    ------
    InvalidError
        ``poolfire.under_flame`` when the receptor stands in the pool or under the tilted flame.

    Examples
    --------
    >>> [round(f, 4) for f in view_factors(Flame(20.0, 1.5, 0.0, 5e4), 40.0)]
    [0.1, 0.038]
    """
    b = 2.0 * from_middle_m / flame.diameter_m
    a, sin, cos = 2.0 * flame.length_to_diameter, math.sin(flame.tilt_rad), math.cos(flame.tilt_rad)
    if not (math.isfinite(b) and b > max(1.0, a * sin)):
        raise InvalidError(
            "poolfire.under_flame",
            "受体在液池内或火焰之下：距中心应大于 {least} m",
            field="from_middle_m",
            got=from_middle_m if math.isfinite(from_middle_m) else None,
            params={"least": f"{0.5 * flame.diameter_m * max(1.0, a * sin):.1f}"},
        )
    near = a * a + (b - 1.0) ** 2 - 2.0 * a * (b - 1.0) * sin
    far = a * a + (b + 1.0) ** 2 - 2.0 * a * (b + 1.0) * sin
    c = math.sqrt(1.0 + (b * b - 1.0) * cos * cos)
    d = math.sqrt((b - 1.0) / (b + 1.0))
    e = a * cos / (b - a * sin)
    f = math.sqrt(b * b - 1.0)
    angles = math.atan((a * b - f * f * sin) / (f * c)) + math.atan(f * sin / c)
    both, root = math.atan(math.sqrt(far / near) * d), math.sqrt(far * near)
    upright = -e * math.atan(d) + cos / c * angles
    upright += e * (a * a + (b + 1.0) ** 2 - 2.0 * b * (1.0 + a * sin)) / root * both
    flat = math.atan(1.0 / d) + sin / c * angles
    flat -= (a * a + (b + 1.0) ** 2 - 2.0 * (b + 1.0 + a * b * sin)) / root * both
    return upright / math.pi, flat / math.pi


def heat_w_m2(flame: Flame, from_middle_m: float, transmissivity: float = 1.0) -> float:
    """Heat on the surface that is turned to get most of it, W/m2.

    Raises
    ------
    InvalidError
        ``poolfire.under_flame``; ``poolfire.bad_input`` for a transmissivity not above 0 and at
        most 1.

    Examples
    --------
    >>> round(heat_w_m2(Flame(20.0, 1.5, 0.0, 5e4), 40.0))
    5350
    """
    check_positive("poolfire", transmissivity=transmissivity)
    if transmissivity > 1.0:
        raise InvalidError(
            "poolfire.bad_input", "透射率至多为 1", field="transmissivity", got=transmissivity
        )
    return flame.emissive_w_m2 * math.hypot(*view_factors(flame, from_middle_m)) * transmissivity
