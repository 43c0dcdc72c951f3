"""Zones of a steady heavy gas by Britter and McQuaid: length by their curves, width by their cloud.

The cloud reaches L_u = D/2 + 2 l_b upwind, is L_H0 = D + 8 l_b to either side at the source and
L_H = L_H0 + 2.5 (l_b x^2)^(1/3) at x downwind, with the buoyancy length l_b = g0 q0 / u^3. Across the
cloud the concentration is taken as that of the axis, so that a zone is the cloud up to the distance
of its level: on the safe side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hazards.dispersion.briggs import FARTHEST_M
from hazards.dispersion.britter_mcquaid import HeavyRelease, distance_m
from hazards.dispersion.levels import Air, Concentration, in_kg_m3
from hazards.dispersion.zones import check_gas
from hazards.ground import GroundZone
from hazards.models import Caution
from hazards.numbers import check_positive

FloatArray = npt.NDArray[np.float64]
#: Mean molar mass of dry air, g/mol.
AIR_G_MOL = 28.96
_UPWIND_STEPS = 32
_DOWNWIND_STEPS = 96


def heavy_release(
    rate_kg_s: float,
    wind_m_s: float,
    molar_mass_g_mol: float,
    air: Air,
    release_k: float | None = None,
) -> HeavyRelease:
    """The release of a pure ideal gas at a temperature, that of the air where none is given.

    Raises
    ------
    InvalidError
        As `HeavyRelease` and `check_gas`.

    Examples
    --------
    >>> round(heavy_release(1.0, 3.0, 70.906, Air()).heaviness, 2)
    0.81
    """
    check_gas(molar_mass_g_mol, air)
    temperature = air.temperature_k if release_k is None else release_k
    check_positive("heavy", release_k=temperature)
    density = Air(temperature, air.pressure_pa).kg_m3(molar_mass_g_mol)
    return HeavyRelease(
        volume_m3_s=rate_kg_s / density,
        density_kg_m3=density,
        temperature_k=temperature,
        wind_m_s=wind_m_s,
        air_kg_m3=air.kg_m3(AIR_G_MOL),
        air_k=air.temperature_k,
    )


def buoyancy_length_m(release: HeavyRelease) -> float:
    """l_b = g0 q0 / u^3, metres."""
    return release.reduced_gravity * release.volume_m3_s / release.wind_m_s**3


def upwind_m(release: HeavyRelease) -> float:
    """How far the cloud reaches upwind of the source, metres."""
    return 0.5 * release.size_m + 2.0 * buoyancy_length_m(release)


def cloud_half_width_m(release: HeavyRelease, x_m: float) -> float:
    """Half the width of the cloud at x metres downwind; upwind it closes as an ellipse.

    Examples
    --------
    >>> release = heavy_release(1.0, 3.0, 70.906, Air())
    >>> round(cloud_half_width_m(release, 0.0), 1), round(cloud_half_width_m(release, 1000.0))
    (1.8, 143)
    """
    length = buoyancy_length_m(release)
    at_source = release.size_m + 8.0 * length
    if x_m < 0.0:
        return at_source * math.sqrt(max(0.0, 1.0 - (x_m / upwind_m(release)) ** 2))
    return at_source + 2.5 * math.cbrt(length * x_m * x_m)


def heavy_zones(
    release: HeavyRelease,
    levels: Sequence[Concentration],
    molar_mass_g_mol: float,
    air: Air,
    duration_s: float = math.inf,
) -> tuple[GroundZone, ...]:
    """A zone for each level, in the order of the levels.

    Raises
    ------
    InvalidError
        ``heavy.bad_share`` when a level by mass is no less than the pure gas.
    """
    return tuple(_zone(release, level, molar_mass_g_mol, air, duration_s) for level in levels)


def _zone(
    release: HeavyRelease,
    level: Concentration,
    molar_mass_g_mol: float,
    air: Air,
    duration_s: float,
) -> GroundZone:
    share = in_kg_m3(level, molar_mass_g_mol, air) / air.kg_m3(molar_mass_g_mol)
    reached = distance_m(release, share)
    truncated = reached > FARTHEST_M
    length = min(reached, FARTHEST_M)
    name = f"{level.value:g} {level.unit}"
    cautions = [*release.cautions(length, duration_s)]
    if truncated:
        words = f"{name} 超过 10 km：模型到此为止，只给 10 km"
        cautions.append(Caution("heavy.truncated", words))
    return GroundZone(
        value=level.value,
        unit=level.unit,
        start_m=-upwind_m(release),
        length_m=length,
        half_width_m=cloud_half_width_m(release, length),
        radius_m=None,
        truncated=truncated,
        outline_m=_outline(release, length),
        cautions=tuple(cautions),
    )


def _outline(release: HeavyRelease, length_m: float) -> FloatArray:
    """The cloud from its upwind end to a distance downwind, counter-clockwise."""
    up = upwind_m(release)
    # Closer together at the upwind end, where the outline turns.
    upwind = -up * np.cos(0.5 * np.pi * np.arange(_UPWIND_STEPS) / _UPWIND_STEPS)
    # By cubes: the width grows with x^(2/3), so that it grows evenly.
    downwind = length_m * (np.arange(_DOWNWIND_STEPS + 1) / _DOWNWIND_STEPS) ** 3
    along = np.concatenate([upwind, downwind])
    across = np.array([cloud_half_width_m(release, x) for x in along])
    across[0] = 0.0
    right = np.column_stack([along, -across])
    left = np.column_stack([along, across])[::-1]
    return np.vstack([right, left[:-1], right[:1]])
