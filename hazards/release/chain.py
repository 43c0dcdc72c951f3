"""From a hole to the rate at which gas enters the air: what a dispersion model starts with.

A gas goes straight into the air. A liquid below its boiling point makes a pool, as wide as its bund
or as the spilled volume at a least depth, and evaporates; no more evaporates than has run out. A
liquid that flashes has no formula here (`hazards.release.outflow`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hazards.models import Caution
from hazards.numbers import check_positive
from hazards.release.outflow import AIR_PA, Hole, gas_kg_s, liquid_kg_s
from hazards.release.pool import evaporation_kg_s

#: Depth of a pool that nothing holds, metres (EPA, RMP guidance: 1 cm; recalled).
POOL_DEPTH_M = 0.01
#: What is spilled in this time counts towards the size of the pool, seconds.
SPILL_S = 600.0


@dataclass(frozen=True)
class SourceTerm:
    """A steady source at the ground.

    Attributes
    ----------
    rate_kg_s
        Of gas into the air.
    outflow_kg_s
        Through the hole.
    pool_m
        Diameter of the pool; None for a gas.
    steps
        How the rate came about, in sentences.
    """

    rate_kg_s: float
    outflow_kg_s: float
    pool_m: float | None
    steps: tuple[str, ...]
    cautions: tuple[Caution, ...]


@dataclass(frozen=True)
class Liquid:
    """A liquid in its tank: density, vapour pressure at its temperature, molar mass.

    ``over_pa`` is the pressure above it less that of the air, ``head_m`` its height over the hole.
    """

    density_kg_m3: float
    vapour_pa: float
    molar_mass_g_mol: float
    head_m: float
    over_pa: float = 0.0
    temperature_k: float = 298.15


def gas_source(
    hole: Hole,
    density_kg_m3: float,
    heat_ratio: float,
    inside_pa: float,
    outside_pa: float = AIR_PA,
) -> SourceTerm:
    """The source that a gas under pressure is.

    Raises
    ------
    InvalidError
        ``outflow.bad_input``.

    Examples
    --------
    >>> round(gas_source(Hole(0.01, 0.85), 8.90, 1.15, 501e3).rate_kg_s, 4)
    0.09
    """
    flow = gas_kg_s(hole, density_kg_m3, heat_ratio, inside_pa, outside_pa)
    words = f"气体由孔口流出 {flow.kg_s:.3g} kg/s（{'临界' if flow.is_choked else '亚临界'}流）"
    falling = Caution("chain.initial_rate", "按初始压力的流量当作恒定：容器压力下降后实际更小")
    return SourceTerm(flow.kg_s, flow.kg_s, None, (words,), (falling,))


def pool_source(
    hole: Hole,
    liquid: Liquid,
    wind_m_s: float,
    bund_m2: float | None = None,
    spill_s: float = SPILL_S,
) -> SourceTerm:
    """The source that a liquid is which runs out, spreads and evaporates.

    Parameters
    ----------
    bund_m2
        Area that holds the pool; None where nothing does.
    spill_s
        Time until the leak is stopped, seconds.

    Raises
    ------
    InvalidError
        ``outflow.bad_input``, ``pool.bad_input``, ``chain.bad_input``.

    Examples
    --------
    Benzene from a 10 cm hole under 5 m of liquid into a bund of 200 m2.

    >>> benzene = Liquid(876.0, 12_700.0, 78.11, 5.0)
    >>> found = pool_source(Hole(0.1, 0.62), benzene, 3.0, bund_m2=200.0)
    >>> round(found.outflow_kg_s, 1), round(found.pool_m, 1), round(found.rate_kg_s, 2)
    (42.2, 16.0, 0.77)
    """
    check_positive("chain", spill_s=spill_s, bund_m2=1.0 if bund_m2 is None else bund_m2)
    outflow = liquid_kg_s(hole, liquid.density_kg_m3, liquid.over_pa, liquid.head_m)
    check_positive("chain", outflow_kg_s=outflow)
    area = outflow * spill_s / liquid.density_kg_m3 / POOL_DEPTH_M
    held = bund_m2 is not None and bund_m2 < area
    area = min(area, math.inf if bund_m2 is None else bund_m2)
    across = math.sqrt(4.0 * area / math.pi)
    evaporated = evaporation_kg_s(
        across, wind_m_s, liquid.vapour_pa, liquid.molar_mass_g_mol, liquid.temperature_k
    )
    rate = min(evaporated, outflow)
    where = "围堰" if held else f"深 {100 * POOL_DEPTH_M:g} cm 的"
    steps = (
        f"液体由孔口流出 {outflow:.3g} kg/s，{spill_s:g} s 后堵住",
        f"{where}液池直径 {across:.3g} m",
        f"蒸发 {rate:.3g} kg/s" + ("（以流出量为限）" if evaporated > outflow else ""),
    )
    falling = Caution("chain.initial_rate", "按最大液池的蒸发当作恒定，液池不降温：偏大")
    return SourceTerm(rate, outflow, across, steps, (falling,))
