"""Outflow of a liquid or a gas through a hole.

Liquid: q = Cd A sqrt(2 rho (P - Pa + rho g h)). Gas: choked where P / Pa reaches
((k+1)/2)^(k/(k-1)), then q = Cd A sqrt(k P rho (2/(k+1))^((k+1)/(k-1))), otherwise
q = Cd A sqrt(2 P rho k/(k-1) (r^(2/k) - r^((k+1)/k))) with r = Pa / P. A liquid that flashes on its
way out (LPG, chlorine or ammonia under pressure) is none of both and is not computed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gis.errors import InvalidError
from hazards.numbers import check_positive

SOURCE = "TNO Yellow Book (CPR 14E) chapter 2; CCPS, Guidelines for Consequence Analysis, 1999"
AIR_PA = 101_325.0
GRAVITY = 9.80665


@dataclass(frozen=True)
class Hole:
    """A round hole: diameter in metres, coefficient of discharge (0 to 1).

    Raises
    ------
    InvalidError
        ``outflow.bad_input``.
    """

    diameter_m: float
    discharge: float

    def __post_init__(self) -> None:
        check_positive("outflow", diameter_m=self.diameter_m, discharge=self.discharge)
        if self.discharge > 1.0:
            raise InvalidError(
                "outflow.bad_input", "流量系数至多为 1", field="discharge", got=self.discharge
            )

    @property
    def factor_m2(self) -> float:
        """Coefficient times area."""
        return self.discharge * 0.25 * math.pi * self.diameter_m**2


@dataclass(frozen=True)
class GasFlow:
    """Outflow of a gas, kg/s, and whether it is choked."""

    kg_s: float
    is_choked: bool


def liquid_kg_s(hole: Hole, density_kg_m3: float, over_pa: float, head_m: float = 0.0) -> float:
    """Outflow of a liquid that stays liquid, kg/s.

    Parameters
    ----------
    over_pa
        Pressure above the liquid less that of the air; nought in an open tank.
    head_m
        Height of the liquid over the hole.

    Raises
    ------
    InvalidError
        ``outflow.bad_input`` when a number is negative or not finite.

    Examples
    --------
    Acrylonitrile of the Yellow Book, 2.6.4.1.

    >>> round(liquid_kg_s(Hole(0.1, 0.62), 812.5, 0.0, 11.12), 2)
    58.43
    """
    check_positive(
        "outflow",
        zero_ok=("over_pa", "head_m"),
        density_kg_m3=density_kg_m3,
        over_pa=over_pa,
        head_m=head_m,
    )
    driving = over_pa + density_kg_m3 * GRAVITY * head_m
    return hole.factor_m2 * math.sqrt(2.0 * density_kg_m3 * driving)


def gas_kg_s(
    hole: Hole,
    density_kg_m3: float,
    heat_ratio: float,
    inside_pa: float,
    outside_pa: float = AIR_PA,
) -> GasFlow:
    """Outflow of an ideal gas, kg/s.

    Parameters
    ----------
    density_kg_m3
        Of the gas in the vessel.
    heat_ratio
        Cp / Cv, above 1.
    inside_pa, outside_pa
        Absolute.

    Raises
    ------
    InvalidError
        ``outflow.bad_input`` when a number is not finite and positive, the ratio not above 1, or
        the pressure inside below that outside.

    Examples
    --------
    The gas jet of CCPS 1999, page 47.

    >>> round(gas_kg_s(Hole(0.01, 0.85), 8.90, 1.15, 501e3).kg_s, 4)
    0.09
    """
    check_positive(
        "outflow",
        density_kg_m3=density_kg_m3,
        heat_ratio=heat_ratio,
        inside_pa=inside_pa,
        outside_pa=outside_pa,
    )
    if heat_ratio <= 1.0 or inside_pa < outside_pa:
        raise InvalidError(
            "outflow.bad_input",
            "绝热指数应大于 1，内压不低于外压",
            field="heat_ratio" if heat_ratio <= 1.0 else "inside_pa",
            got=heat_ratio if heat_ratio <= 1.0 else inside_pa,
        )
    k = heat_ratio
    choked_at = math.pow(2.0 / (k + 1.0), k / (k - 1.0))
    ratio = outside_pa / inside_pa
    is_choked = ratio <= choked_at
    r = choked_at if is_choked else ratio
    flow = 2.0 * k / (k - 1.0) * (math.pow(r, 2.0 / k) - math.pow(r, (k + 1.0) / k))
    rate = hole.factor_m2 * math.sqrt(inside_pa * density_kg_m3 * max(flow, 0.0))
    return GasFlow(rate, is_choked)
