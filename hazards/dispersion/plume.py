"""Gaussian plume: a steady release of a gas as heavy as air, reflected at the ground.

C = Q / (2 pi u sy sz) exp(-y^2 / 2 sy^2) [exp(-(z-H)^2 / 2 sz^2) + exp(-(z+H)^2 / 2 sz^2)]
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gis.errors import CityError, InvalidError
from gis.layers import Title
from hazards.dispersion.briggs import (
    AVERAGE_MIN,
    FARTHEST_M,
    NEAREST_M,
    SOURCE,
    Stability,
    Terrain,
    sigma_y_m,
    sigma_z_m,
)
from hazards.models import Beyond, Confidence, HazardModel, ModelKind, Range

#: sigma_y grows with this power of the averaging time (TNO Yellow Book).
_AVERAGING_POWER = 0.2
_CHOICE = "screening practice of this program"


def _range(zh: str, en: str, unit: str, low: float, high: float) -> Range:
    return Range(Title(zh, en), unit, low, high, Beyond.REFUSED, _CHOICE, Confidence.KNOWN)


#: Quantity -> range; outside of it the model refuses.
RANGES: dict[str, Range] = {
    "rate_kg_s": _range("泄放速率", "release rate", "kg/s", 1e-6, 1e5),
    "wind_m_s": _range("风速", "wind", "m/s", 1.0, 50.0),
    "height_m": _range("释放高度", "height of release", "m", 0.0, 300.0),
    "receptor_m": _range("受体高度", "height of receptor", "m", 0.0, 300.0),
    "averaging_min": _range("平均时间", "averaging time", "min", 1.0, 60.0),
}

MODEL = HazardModel(
    name="gaussian-plume",
    edition="Briggs 1973",
    kind=ModelKind.DISPERSION,
    title=Title("高斯烟羽（连续释放，中性浮力）", "Gaussian plume"),
    formula=(
        "C = Q/(2π·u·σy·σz)·exp(−y²/2σy²)·[exp(−(z−H)²/2σz²) + exp(−(z+H)²/2σz²)]，"
        "Q 为 kg/s，u 为 m/s，C 为 kg/m³；σ 按 Briggs"
    ),
    source=SOURCE,
    confidence=Confidence.READ,
    ranges=(
        Range(
            Title("下风向距离", "distance downwind"),
            "m",
            NEAREST_M,
            FARTHEST_M,
            Beyond.WARNED,
            SOURCE,
            Confidence.READ,
        ),
        *RANGES.values(),
    ),
    assumptions=(
        Title(
            "释放稳定、连续；风速风向不变，地面平坦，烟羽在地面全反射",
            "steady release and wind, flat ground that reflects the plume",
        ),
        Title(
            "气体与空气一样重；重气贴地扩散，近处会更宽、稀释后会更短",
            "a gas as heavy as air; a heavy one spreads along the ground",
        ),
        Title("风速按给定值使用，不随高度换算", "the wind is taken as given, at every height"),
        Title(
            "与 ALOHA 相比：D、F 类中性气体偏短 12 至 30 %，稀释的氯偏长",
            "against ALOHA 12 to 30 % short for neutral gas in classes D and F, long for chlorine",
        ),
    ),
)


@dataclass(frozen=True)
class PlumeSource:
    """A steady release and its weather.

    Attributes
    ----------
    rate_kg_s, wind_m_s, height_m
        Release, wind at the height that matters, effective height of the release.
    averaging_min
        sigma_y is taken (t / 10 min)^0.2 times as large.

    Raises
    ------
    InvalidError
        ``plume.out_of_range``, or ``plume.refused`` with every one of several.
    """

    rate_kg_s: float
    wind_m_s: float
    stability: Stability
    terrain: Terrain
    height_m: float = 0.0
    averaging_min: float = AVERAGE_MIN

    def __post_init__(self) -> None:
        check_ranges(
            rate_kg_s=self.rate_kg_s,
            wind_m_s=self.wind_m_s,
            height_m=self.height_m,
            averaging_min=self.averaging_min,
        )

    def sigma_y(self, x_m: float) -> float:
        """Standard deviation across the wind, metres."""
        broader = math.pow(self.averaging_min / AVERAGE_MIN, _AVERAGING_POWER)
        return broader * sigma_y_m(x_m, self.stability, self.terrain)

    def sigma_z(self, x_m: float) -> float:
        """Standard deviation upwards, metres."""
        return sigma_z_m(x_m, self.stability, self.terrain)


def check_ranges(**given: float) -> None:
    """Refuse numbers outside of `RANGES`, all at once.

    Raises
    ------
    InvalidError
        ``plume.out_of_range``, or ``plume.refused`` with every one of several.
    """
    faults: list[CityError] = []
    for name, value in given.items():
        allowed = RANGES[name]
        if not (math.isfinite(value) and allowed.holds(value)):
            faults.append(
                InvalidError(
                    "plume.out_of_range",
                    "{what}应为 {low} 至 {high} {unit}，得到 {given}",
                    field=name,
                    got=value if math.isfinite(value) else None,
                    expected=[allowed.low, allowed.high],
                    params={
                        "what": allowed.quantity.zh,
                        "low": f"{allowed.low:g}",
                        "high": f"{allowed.high:g}",
                        "unit": allowed.unit,
                        "given": f"{value:g}",
                    },
                )
            )
    raise_faults(faults)


def raise_faults(faults: list[CityError]) -> None:
    """Refuse with the one fault, or with ``plume.refused`` and all of them.

    Raises
    ------
    InvalidError
        When there is any.
    """
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InvalidError(
            "plume.refused",
            "有 {count} 处不对：{first}",
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )


def concentration_kg_m3(
    source: PlumeSource, x_m: float, y_m: float = 0.0, z_m: float = 0.0
) -> float:
    """Concentration at a place downwind (x), across (y) and above the ground (z), kg/m3.

    Upwind of the source it is nought.

    Examples
    --------
    Crowl and Louvar, example 5-1: 80 g/s of sulphur dioxide from 60 m.

    >>> source = PlumeSource(0.08, 6.0, Stability.D, Terrain.RURAL, 60.0)
    >>> f"{concentration_kg_m3(source, 500.0) * 1000:.3g}"
    '0.000145'
    """
    if x_m <= 0:
        return 0.0
    sy, sz = source.sigma_y(x_m), source.sigma_z(x_m)
    if sy == 0 or sz == 0:
        return 0.0
    across = math.exp(-0.5 * (y_m / sy) ** 2)
    direct = math.exp(-0.5 * ((z_m - source.height_m) / sz) ** 2)
    reflected = math.exp(-0.5 * ((z_m + source.height_m) / sz) ** 2)
    return (
        source.rate_kg_s
        / (2.0 * math.pi * source.wind_m_s * sy * sz)
        * across
        * (direct + reflected)
    )
