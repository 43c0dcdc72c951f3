"""Which dispersion model a steady release calls for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gis.errors import InvalidError
from hazards.dispersion import britter_mcquaid, plume
from hazards.dispersion.heavy_zones import AIR_G_MOL, heavy_release
from hazards.dispersion.levels import Air
from hazards.dispersion.zones import check_gas
from hazards.models import Caution
from hazards.numbers import check_positive


@dataclass(frozen=True)
class Choice:
    """The model's name, with the number that decided and the limit it was held against.

    ``cautions`` say where the criterion asked for a model that cannot be used.
    """

    model: str
    heaviness: float
    limit: float
    reason: str
    cautions: tuple[Caution, ...] = ()


def dispersion_model(
    rate_kg_s: float,
    wind_m_s: float,
    molar_mass_g_mol: float,
    air: Air | None = None,
    *,
    release_k: float | None = None,
    height_m: float = 0.0,
) -> Choice:
    """Heavy gas where Britter and McQuaid's (g0 q0 / (u^3 D))^(1/3) is at least 0.15, else plume.

    The gas is taken pure and at the temperature of the air, or at `release_k`; one that carries
    droplets is heavier than this sees. A heavy release from above the ground, or one beyond the
    curves of the heavy model, is left to the plume with a caution.

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
    plume.check_ranges(rate_kg_s=rate_kg_s, wind_m_s=wind_m_s, height_m=height_m)
    check_gas(molar_mass_g_mol, state)
    found = release_heaviness(rate_kg_s, wind_m_s, molar_mass_g_mol, state, release_k)
    limit = britter_mcquaid.HEAVY_FROM
    sign = "≥" if found >= limit else "<"
    reason = f"Britter-McQuaid 判据 {found:.3g} {sign} {limit:g}"
    if found < limit:
        return Choice(plume.MODEL.name, found, limit, f"{reason}：不属重气，用高斯烟羽")
    if height_m > 0:
        words = f"{reason}：属重气，但释放高于地面，Britter-McQuaid 不适用，用高斯烟羽，只供参考"
        return _left_to_plume(found, limit, words)
    try:
        heavy_release(rate_kg_s, wind_m_s, molar_mass_g_mol, state, release_k)
    except InvalidError as fault:
        if fault.code != "heavy.outside_range":
            raise
        return _left_to_plume(found, limit, f"{reason}：属重气，但 {fault}，用高斯烟羽，只供参考")
    return Choice(britter_mcquaid.MODEL.name, found, limit, f"{reason}：属重气，用 Britter-McQuaid")


def release_heaviness(
    rate_kg_s: float,
    wind_m_s: float,
    molar_mass_g_mol: float,
    air: Air,
    release_k: float | None = None,
) -> float:
    """(g0 q0 / (u^3 D))^(1/3) with D = sqrt(q0 / u); 0 for a gas lighter than air.

    Raises
    ------
    InvalidError
        ``heavy.bad_input`` for a temperature that is not finite and positive.

    Examples
    --------
    Methane at 111 K is heavy, at the temperature of the air it is light.

    >>> round(release_heaviness(50.0, 3.0, 16.04, Air(), 111.7), 2)
    1.17
    >>> release_heaviness(50.0, 3.0, 16.04, Air())
    0.0
    """
    if release_k is not None:
        check_positive("heavy", release_k=release_k)
    released = Air(air.temperature_k if release_k is None else release_k, air.pressure_pa)
    density = released.kg_m3(molar_mass_g_mol)
    relative = density / air.kg_m3(AIR_G_MOL) - 1.0
    if relative <= 0:
        return 0.0
    volume = rate_kg_s / density
    size = math.sqrt(volume / wind_m_s)
    return math.cbrt(britter_mcquaid.GRAVITY * relative * volume / (wind_m_s**3 * size))


def _left_to_plume(heaviness: float, limit: float, words: str) -> Choice:
    caution = Caution("choice.heavy_by_plume", words)
    return Choice(plume.MODEL.name, heaviness, limit, words, (caution,))
