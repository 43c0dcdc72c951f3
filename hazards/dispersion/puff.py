"""Gaussian puff: a gas as heavy as air that is let go at once and drifts with the wind.

C = m / (sqrt(2) pi^1.5 sx sy sz) exp(-(x-ut)^2 / 2 sx^2) exp(-y^2 / 2 sy^2) at the ground below a
release there; a release from above is reflected at the ground as in the plume. sigma = a x^b by
CCPS with the distance the middle of the cloud has drifted, sx = sy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gis.errors import InvalidError
from gis.layers import Title
from hazards.dispersion.briggs import Stability
from hazards.dispersion.plume import RANGES, raise_faults
from hazards.models import Beyond, Confidence, HazardModel, ModelKind, Range

_SOURCE = "CCPS, Guidelines for Chemical Process Quantitative Risk Analysis, puff coefficients"
#: Class -> (a, b) across and along the wind, (a, b) upwards; metres.
_SIGMAS: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "A": ((0.18, 0.92), (0.60, 0.75)),
    "B": ((0.14, 0.92), (0.53, 0.73)),
    "C": ((0.10, 0.92), (0.34, 0.71)),
    "D": ((0.06, 0.92), (0.15, 0.70)),
    "E": ((0.04, 0.92), (0.10, 0.65)),
    "F": ((0.02, 0.89), (0.05, 0.61)),
}

#: Quantity -> range; outside of it the model refuses.
PUFF_RANGES: dict[str, Range] = {
    "mass_kg": Range(
        Title("一次释放的质量", "mass let go"),
        "kg",
        1e-6,
        1e7,
        Beyond.REFUSED,
        "screening practice of this program",
        Confidence.KNOWN,
    ),
    "wind_m_s": RANGES["wind_m_s"],
    "height_m": RANGES["height_m"],
}

MODEL = HazardModel(
    name="gaussian-puff",
    edition="CCPS 1999",
    kind=ModelKind.DISPERSION,
    title=Title("高斯烟团（瞬时释放，中性浮力）", "Gaussian puff"),
    formula=(
        "C = m/((2π)^1.5·σx·σy·σz)·exp(−(x−ut)²/2σx²)·exp(−y²/2σy²)"
        "·[exp(−(z−H)²/2σz²) + exp(−(z+H)²/2σz²)]，m 为 kg，C 为 kg/m³，σ = a·(ut)^b"
    ),
    source=_SOURCE,
    confidence=Confidence.READ,
    ranges=tuple(PUFF_RANGES.values()),
    assumptions=(
        Title(
            "全部质量在同一时刻释放，随风漂移，地面全反射", "all at once, reflected at the ground"
        ),
        Title("气体与空气一样重", "a gas as heavy as air"),
        Title("没有公布 σ 的适用距离", "no range of distances was published"),
    ),
)


@dataclass(frozen=True)
class PuffSource:
    """A release at once and its weather.

    Raises
    ------
    InvalidError
        ``puff.out_of_range``, or ``plume.refused`` with every one of several.
    """

    mass_kg: float
    wind_m_s: float
    stability: Stability
    height_m: float = 0.0

    def __post_init__(self) -> None:
        given = {"mass_kg": self.mass_kg, "wind_m_s": self.wind_m_s, "height_m": self.height_m}
        raise_faults(
            [
                InvalidError(
                    "puff.out_of_range",
                    "{field} 应为 {low} 至 {high}，得到 {given}",
                    field=name,
                    got=value if math.isfinite(value) else None,
                    expected=[PUFF_RANGES[name].low, PUFF_RANGES[name].high],
                    params={
                        "low": f"{PUFF_RANGES[name].low:g}",
                        "high": f"{PUFF_RANGES[name].high:g}",
                        "given": f"{value:g}",
                    },
                )
                for name, value in given.items()
                if not (math.isfinite(value) and PUFF_RANGES[name].holds(value))
            ]
        )

    def arrival_s(self, x_m: float) -> float:
        """When the middle of the cloud passes a distance downwind, seconds after the release."""
        return x_m / self.wind_m_s

    def sigmas_m(self, drifted_m: float) -> tuple[float, float]:
        """Standard deviations across (and along) the wind and upwards, metres."""
        (ay, by), (az, bz) = _SIGMAS[self.stability]
        return ay * math.pow(drifted_m, by), az * math.pow(drifted_m, bz)


def puff_kg_m3(
    source: PuffSource, seconds: float, x_m: float, y_m: float = 0.0, z_m: float = 0.0
) -> float:
    """Concentration at a time after the release, kg/m3; before it and at once nought.

    Examples
    --------
    1 kg, class F, 2 m/s, 500 m downwind as the middle of the cloud passes.

    >>> source = PuffSource(1.0, 2.0, Stability.F)
    >>> f"{puff_kg_m3(source, source.arrival_s(500.0), 500.0):.2e}"
    '2.25e-03'
    """
    drifted = source.wind_m_s * seconds
    if drifted <= 0:
        return 0.0
    sy, sz = source.sigmas_m(drifted)
    around = math.exp(-0.5 * (((x_m - drifted) ** 2 + y_m**2) / sy**2))
    direct = math.exp(-0.5 * ((z_m - source.height_m) / sz) ** 2)
    reflected = math.exp(-0.5 * ((z_m + source.height_m) / sz) ** 2)
    middle = puff_of_sigmas(source.mass_kg, sy, sz)
    return middle * around * 0.5 * (direct + reflected)


def puff_of_sigmas(mass_kg: float, sigma_y_m: float, sigma_z_m: float) -> float:
    """Concentration in the middle of a cloud on the ground: m / (sqrt(2) pi^1.5 sy^2 sz), kg/m3.

    Examples
    --------
    The printed example with its misprinted sigma_y of 6.1 m.

    >>> f"{puff_of_sigmas(1.0, 6.1, 2.2):.2e}"
    '1.55e-03'
    """
    return mass_kg / (math.sqrt(2.0) * math.pow(math.pi, 1.5) * sigma_y_m * sigma_y_m * sigma_z_m)
