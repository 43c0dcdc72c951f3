"""Distances of EPA's Risk Management Program: a vapour cloud to 1 psi, a fireball to burns.

Formulas of EPA's offsite consequence guidance, recalled and not compared with its text.
"""

from __future__ import annotations

import math

from gis.errors import InvalidError
from hazards.fireball import fireball
from hazards.models import Confidence
from hazards.numbers import check_positive

SOURCE = "US EPA, Risk Management Program Guidance for Offsite Consequence Analysis"
CONFIDENCE = Confidence.KNOWN
#: Overpressure that the distance of a vapour cloud belongs to, Pa.
ENDPOINT_PA = 6894.757
_TNT_J_KG = 4.68e6
_DOSE = 3.42e6
_FACTOR = 2.2
_MOST_KG = 1e7


def vapour_cloud_m(mass_kg: float, heat_j_kg: float, yield_share: float = 0.1) -> float:
    """Distance to 1 psi of a vapour cloud explosion, metres: 17 (y W Hc / E_TNT)^(1/3).

    Raises
    ------
    InvalidError
        ``rmp.bad_input`` when a number is not finite and positive, the share above 1 or the mass
        above 10 000 t.

    Examples
    --------
    20 000 lb of propane.

    >>> round(vapour_cloud_m(9071.85, 46.333e6))
    353
    """
    _check(mass_kg, heat_j_kg, yield_share)
    return 17.0 * math.cbrt(yield_share * mass_kg * heat_j_kg / _TNT_J_KG)


def fireball_m(
    mass_kg: float, heat_j_kg: float, radiated_share: float = 0.4, transmissivity: float = 1.0
) -> float:
    """Distance to second-degree burns by a fireball, metres.

    sqrt(2.2 tau R Hc M^0.67 / (4 pi (3.42e6 / t)^(3/4))), t in seconds as `hazards.fireball` has it.

    Raises
    ------
    InvalidError
        ``rmp.bad_input`` as for `vapour_cloud_m`.

    Examples
    --------
    20 000 lb of propane.

    >>> round(fireball_m(9071.85, 46.333e6))
    313
    """
    _check(mass_kg, heat_j_kg, radiated_share)
    _check(mass_kg, heat_j_kg, transmissivity)
    seconds = fireball(mass_kg, heat_j_kg).duration_s
    power = _FACTOR * transmissivity * radiated_share * heat_j_kg * math.pow(mass_kg, 0.67)
    return math.sqrt(power / (4.0 * math.pi * math.pow(_DOSE / seconds, 0.75)))


def _check(mass_kg: float, heat_j_kg: float, share: float) -> None:
    check_positive("rmp", mass_kg=mass_kg, heat_j_kg=heat_j_kg, share=share)
    if share > 1.0 or mass_kg > _MOST_KG:
        raise InvalidError(
            "rmp.bad_input",
            "份额至多为 1，质量至多为 1e7 kg",
            field="share" if share > 1.0 else "mass_kg",
            got=share if share > 1.0 else mass_kg,
        )
