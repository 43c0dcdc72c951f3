"""TNT equivalence: the mass of TNT that would release the energy that counts."""

from __future__ import annotations

import math

from gis.errors import InvalidError

#: Blast energy of TNT as Crowl & Louvar use it; EPA's Risk Management Program has 4.68, and 4.18
#: to 4.69 MJ/kg are in use.
TNT_ENERGY_J_KG = 4.686e6


def tnt_equivalent_kg(
    mass_kg: float, heat_j_kg: float, yield_share: float, tnt_j_kg: float = TNT_ENERGY_J_KG
) -> float:
    """TNT-equivalent mass in kg: yield_share * mass * heat of combustion / energy of TNT.

    Parameters
    ----------
    heat_j_kg
        Heat of combustion, J/kg.
    yield_share
        Part of the energy that goes into the blast; 0.02 to 0.10 for vapour clouds.

    Raises
    ------
    InvalidError
        When a number is not finite and positive, or the share is above 1.

    Examples
    --------
    1 000 kg of methane, 2 %: 218 kg (Crowl & Louvar, example 6-10).

    >>> round(tnt_equivalent_kg(1000.0, 818.7e3 / 0.016, 0.02), 1)
    218.4
    """
    given = {"mass_kg": mass_kg, "heat_j_kg": heat_j_kg, "yield": yield_share, "tnt": tnt_j_kg}
    for name, value in given.items():
        if not math.isfinite(value) or value <= 0 or (name == "yield" and value > 1):
            raise InvalidError(
                "tnt.bad_input",
                "{field} 的值不对：{given}",
                field=name,
                got=value if math.isfinite(value) else None,
                params={"given": f"{value:g}"},
            )
    return yield_share * mass_kg * heat_j_kg / tnt_j_kg
