"""Which dispersion model a steady release at the ground calls for."""

from __future__ import annotations

from dataclasses import dataclass

from hazards.dispersion import britter_mcquaid, plume
from hazards.dispersion.levels import Air
from hazards.dispersion.zones import check_gas, heaviness


@dataclass(frozen=True)
class Choice:
    """The model's name, with the number that decided and the limit it was held against."""

    model: str
    heaviness: float
    limit: float
    reason: str


def dispersion_model(
    rate_kg_s: float, wind_m_s: float, molar_mass_g_mol: float, air: Air | None = None
) -> Choice:
    """Heavy gas where Britter and McQuaid's (g0 q0 / (u^3 D))^(1/3) is at least 0.15, else plume.

    The gas is taken pure and at the temperature of the air; one that is cold or carries droplets
    is heavier than this sees.

    Raises
    ------
    InvalidError
        ``plume.out_of_range`` for a rate, a wind or a gas outside of the plume's ranges.

    Examples
    --------
    >>> dispersion_model(1.0, 3.0, 70.906).model, dispersion_model(1.0, 3.0, 17.03).model
    ('britter-mcquaid', 'gaussian-plume')
    """
    state = air or Air()
    plume.check_ranges(rate_kg_s=rate_kg_s, wind_m_s=wind_m_s)
    check_gas(molar_mass_g_mol, state)
    found = heaviness(rate_kg_s, wind_m_s, molar_mass_g_mol, state)
    is_heavy = found >= britter_mcquaid.HEAVY_FROM
    name = britter_mcquaid.MODEL.name if is_heavy else plume.MODEL.name
    sign = "≥" if is_heavy else "<"
    reason = f"Britter-McQuaid 判据 {found:.3g} {sign} {britter_mcquaid.HEAVY_FROM:g}"
    return Choice(name, found, britter_mcquaid.HEAVY_FROM, reason)
