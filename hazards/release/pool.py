"""Evaporation of a pool below its boiling point (Mackay and Matsugu 1973).

k = 0.004786 u^0.78 D^-0.11 Sc^-0.67 in m/s, E = k A p M / (R T). The pool keeps its temperature.
No published worked value was found to hold it to; it is known by its laws alone.
"""

from __future__ import annotations

import math

from gis.errors import InvalidError
from hazards.dispersion.levels import GAS_CONSTANT
from hazards.numbers import check_positive

SOURCE = "Mackay and Matsugu 1973, coefficient as in ALOHA"


def evaporation_kg_s(
    diameter_m: float,
    wind_m_s: float,
    vapour_pa: float,
    molar_mass_g_mol: float,
    temperature_k: float = 298.15,
    schmidt: float = 0.8,
) -> float:
    """Evaporation from a round pool, kg/s.

    Parameters
    ----------
    vapour_pa
        Saturation pressure of the liquid at the temperature of the pool.
    schmidt
        Schmidt number of the vapour in air.

    Raises
    ------
    InvalidError
        ``pool.bad_input`` when a number is not finite and positive, or the vapour pressure reaches
        that of the air: a pool that boils is governed by heat, which this is not.

    Examples
    --------
    >>> round(evaporation_kg_s(10.0, 3.0, 12_700.0, 78.11), 3)
    0.319
    """
    check_positive(
        "pool",
        diameter_m=diameter_m,
        wind_m_s=wind_m_s,
        vapour_pa=vapour_pa,
        molar_mass_g_mol=molar_mass_g_mol,
        temperature_k=temperature_k,
        schmidt=schmidt,
    )
    if vapour_pa >= 101_325.0:
        raise InvalidError(
            "pool.bad_input",
            "饱和蒸气压达到大气压：沸腾的液池不适用",
            field="vapour_pa",
            got=vapour_pa,
            expected=101_325.0,
        )
    speed = 0.004786 * math.pow(wind_m_s, 0.78) * math.pow(diameter_m, -0.11)
    speed *= math.pow(schmidt, -0.67)
    density = vapour_pa * molar_mass_g_mol / 1000.0 / (GAS_CONSTANT * temperature_k)
    return speed * 0.25 * math.pi * diameter_m**2 * density
