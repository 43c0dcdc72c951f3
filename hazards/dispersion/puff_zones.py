"""Zones of a puff: all ground over which its cloud passes at a concentration or more.

When the middle has drifted d, the level is reached within r(d) = sy sqrt(2 ln(C0(d) / C*)) of it, sx = sy.
The zone is what these discs sweep: its half-width at x is the greatest sqrt(r^2 - (x - d)^2), its end
the greatest d + r.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hazards.dispersion.briggs import FARTHEST_M
from hazards.dispersion.britter_mcquaid import GRAVITY
from hazards.dispersion.heavy_zones import AIR_G_MOL
from hazards.dispersion.levels import Air, Concentration, in_kg_m3
from hazards.dispersion.plume import check_ranges
from hazards.dispersion.puff import PuffSource, puff_kg_m3
from hazards.dispersion.zones import check_gas
from hazards.ground import GroundZone
from hazards.models import Caution

FloatArray = npt.NDArray[np.float64]
#: From here on a release at once is heavy: sqrt(g0 V0) / (u V0^(1/3)) (Britter and McQuaid 1988).
HEAVY_PUFF_FROM = 0.2
_NEAREST_M = 0.1
_SAMPLES = 8000
_STEPS = 128


def puff_zones(
    source: PuffSource,
    levels: Sequence[Concentration],
    molar_mass_g_mol: float | None = None,
    air: Air | None = None,
    receptor_m: float = 0.0,
) -> tuple[GroundZone, ...]:
    """A zone for each level, in the order of the levels.

    Raises
    ------
    InvalidError
        For a state or a height outside of the range, or a molar mass that is missing.
    """
    state = air or Air()
    check_ranges(receptor_m=receptor_m)
    check_gas(molar_mass_g_mol, state)
    return tuple(
        _zone(source, level, in_kg_m3(level, molar_mass_g_mol, state), receptor_m)
        for level in levels
    )


def puff_cautions(
    source: PuffSource, molar_mass_g_mol: float | None, air: Air
) -> tuple[Caution, ...]:
    """What to bear in mind about a puff whatever the level."""
    words = "高斯烟团为筛查估算：系数没有公布适用距离，10 km 以外不算"
    found = [Caution("puff.screening", words)]
    if molar_mass_g_mol is None:
        found.append(Caution("plume.weight_unknown", "未给摩尔质量，无法判断是否重气"))
    elif puff_heaviness(source.mass_kg, source.wind_m_s, molar_mass_g_mol, air) >= HEAVY_PUFF_FROM:
        words = "按 Britter-McQuaid 瞬时判据属重气：近源处实际更宽、更贴地，高斯烟团只供参考"
        found.append(Caution("puff.heavy_gas", words))
    return tuple(found)


def puff_heaviness(mass_kg: float, wind_m_s: float, molar_mass_g_mol: float, air: Air) -> float:
    """sqrt(g0 V0) / (u V0^(1/3)) of a pure gas at the temperature of the air; 0 for a light one.

    Examples
    --------
    >>> round(puff_heaviness(1000.0, 3.0, 70.906, Air()), 1)
    3.3
    """
    relative = molar_mass_g_mol / AIR_G_MOL - 1.0
    if relative <= 0:
        return 0.0
    volume = mass_kg / air.kg_m3(molar_mass_g_mol)
    return math.sqrt(GRAVITY * relative * volume) / (wind_m_s * math.cbrt(volume))


def _zone(
    source: PuffSource, level: Concentration, level_kg_m3: float, receptor_m: float
) -> GroundZone:
    drifted = np.geomspace(_NEAREST_M, FARTHEST_M, _SAMPLES)
    reach = _reaches(source, drifted, level_kg_m3, receptor_m)
    name = f"{level.value:g} {level.unit}"
    if not (reach > 0).any():
        missed = Caution("puff.not_reached", f"{name} 在该高度处达不到")
        return GroundZone(
            level.value, level.unit, 0.0, 0.0, 0.0, None, False, None, (missed,)
        )  # fmt: skip
    at, held = drifted[reach > 0], reach[reach > 0]
    farthest = float((at + held).max())
    # Also of a cloud that ends before 10 km, the edge may reach over them.
    truncated = farthest > FARTHEST_M
    end = min(farthest, FARTHEST_M)
    start = float((at - held).min())
    cautions: tuple[Caution, ...] = ()
    if truncated:
        cautions = (Caution("puff.truncated", f"{name} 超过 10 km：只给 10 km"),)
    return GroundZone(
        value=level.value,
        unit=level.unit,
        start_m=start,
        length_m=end,
        half_width_m=float(held.max()),
        radius_m=None,
        truncated=truncated,
        outline_m=_outline(at, held, start, end, truncated=truncated),
        cautions=cautions,
    )


def _reaches(
    source: PuffSource, drifted: FloatArray, level_kg_m3: float, receptor_m: float
) -> FloatArray:
    """(n,) metres around the middle within which the level is reached; 0 where it is not."""
    out = np.zeros(len(drifted))
    for i, d in enumerate(drifted.tolist()):
        middle = puff_kg_m3(source, source.arrival_s(d), d, 0.0, receptor_m)
        if middle > level_kg_m3:
            out[i] = source.sigmas_m(d)[0] * math.sqrt(2.0 * math.log(middle / level_kg_m3))
    return out


def _outline(
    at: FloatArray, held: FloatArray, start: float, end: float, *, truncated: bool
) -> FloatArray:
    along = start + (end - start) * 0.5 * (1.0 - np.cos(np.pi * np.arange(_STEPS + 1) / _STEPS))
    inside = held[None, :] ** 2 - (along[:, None] - at[None, :]) ** 2
    across = np.sqrt(np.maximum(inside.max(axis=1), 0.0))
    across[0] = 0.0
    right = np.column_stack([along, -across])
    left = np.column_stack([along, across])[::-1]
    if not truncated:
        right[-1, 1] = 0.0
        left = left[1:]
    return np.vstack([right, left[:-1], right[:1]])
