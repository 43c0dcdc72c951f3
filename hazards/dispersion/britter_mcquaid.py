"""Heavy gas by Britter and McQuaid (1988): how far a steady release at the ground carries.

alpha = 0.2 log10(g0^2 q0 / u^5) chooses the distances beta = log10(x / D), D = sqrt(q0 / u), at which
the greatest concentration has fallen to 0.1, 0.05, 0.02, 0.01, 0.005 and 0.002 of the release.
Between them ln C runs straight over beta; nearer than 30 D C = 306 / (306 + (x/D)^2); beyond the
last C falls with the square of the distance. A release at another temperature than the air's is
brought to the isothermal curves by C' = C / (C + (1 - C) Ta / T0).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from gis.errors import InvalidError
from gis.layers import Title
from hazards.models import Beyond, Caution, Confidence, HazardModel, ModelKind, Range
from hazards.numbers import check_positive

GRAVITY = 9.80665
#: The correlation holds for heavy releases from here on: (g0 q0 / (u^3 D))^(1/3).
HEAVY_FROM = 0.15
#: A release is steady when u t / x reaches this.
STEADY_FROM = 2.5
ALPHA_RANGE = (-1.0, 1.0)
_NEAR = 30.0
_NEAR_POWER = 306.0
_SOURCE = (
    "R. E. Britter and J. McQuaid, Workbook on the Dispersion of Dense Gases, HSE 1988, "
    "as digitised in EPA-454/B-94-023 (TSCREEN)"
)

#: Concentration -> (alpha, beta) of the corners of its line; level before the first corner.
_CORNERS: dict[float, tuple[tuple[float, float], ...]] = {
    0.100: ((-0.55, 1.75), (-0.14, 1.85), (1.0, 1.28)),
    0.050: ((-0.68, 1.92), (-0.29, 2.06), (-0.18, 2.06), (1.0, 1.40)),
    0.020: ((-0.69, 2.08), (-0.31, 2.25), (-0.16, 2.25), (1.0, 1.62)),
    0.010: ((-0.70, 2.25), (-0.29, 2.45), (-0.20, 2.45), (1.0, 1.83)),
    0.005: ((-0.67, 2.40), (-0.28, 2.63), (-0.15, 2.63), (1.0, 2.07)),
    0.002: ((-0.69, 2.60), (-0.25, 2.77), (-0.13, 2.77), (1.0, 2.21)),
}

MODEL = HazardModel(
    name="britter-mcquaid",
    edition="TSCREEN 1994",
    kind=ModelKind.DISPERSION,
    title=Title("Britter-McQuaid 重气扩散（连续释放）", "Britter-McQuaid, heavy gas"),
    formula="α = 0.2·log10(g0²·q0/u⁵)，β = log10(x/D)，D = (q0/u)^½，q0 为 m³/s，u 为 10 m 高风速",
    source=_SOURCE,
    confidence=Confidence.READ,
    ranges=(
        Range(Title("α", "alpha"), "1", *ALPHA_RANGE, Beyond.REFUSED, _SOURCE, Confidence.READ),
        Range(
            Title("等温体积分数", "isothermal share by volume"),
            "1",
            0.002,
            1.0,
            Beyond.WARNED,
            _SOURCE,
            Confidence.READ,
        ),
    ),
    assumptions=(
        Title("地面连续释放，地面平坦无障碍", "steady release at the ground, flat and open"),
        Title("只给最大浓度，约 10 min 平均", "greatest concentration, averaged over some minutes"),
    ),
)


@dataclass(frozen=True)
class HeavyRelease:
    """A steady release of heavy gas at the ground.

    Attributes
    ----------
    volume_m3_s
        Of the gas as it is released, not of the liquid.
    density_kg_m3, temperature_k
        Of the gas as it is released.
    wind_m_s
        At 10 m.
    air_kg_m3, air_k
        Density and temperature of the air.

    Raises
    ------
    InvalidError
        ``heavy.bad_input``; ``heavy.light_gas`` when the gas is no heavier than air;
        ``heavy.low_wind`` below 1 m/s; ``heavy.outside_range`` when alpha is beyond the curves.
    """

    volume_m3_s: float
    density_kg_m3: float
    temperature_k: float
    wind_m_s: float
    air_kg_m3: float = 1.184
    air_k: float = 298.15

    def __post_init__(self) -> None:
        check_positive(
            "heavy",
            volume_m3_s=self.volume_m3_s,
            density_kg_m3=self.density_kg_m3,
            temperature_k=self.temperature_k,
            wind_m_s=self.wind_m_s,
            air_kg_m3=self.air_kg_m3,
            air_k=self.air_k,
        )
        if self.wind_m_s < 1.0:
            raise InvalidError(
                "heavy.low_wind", "风速低于 1 m/s 时不适用", field="wind_m_s", got=self.wind_m_s
            )
        if self.density_kg_m3 <= self.air_kg_m3:
            raise InvalidError(
                "heavy.light_gas",
                "气体不比空气重，用高斯烟羽",
                field="density_kg_m3",
                got=self.density_kg_m3,
                expected=self.air_kg_m3,
            )
        if not ALPHA_RANGE[0] <= self.alpha <= ALPHA_RANGE[1]:
            raise InvalidError(
                "heavy.outside_range",
                "α = {given} 超出 Britter-McQuaid 曲线的范围 −1 至 1",
                field="alpha",
                got=self.alpha,
                expected=list(ALPHA_RANGE),
                params={"given": f"{self.alpha:.2f}"},
                hint="α 低于 −1 时不属重气，用高斯烟羽" if self.alpha < 0 else None,
            )

    @property
    def reduced_gravity(self) -> float:
        """g0 = g (rho0 - rho_a) / rho_a, m/s2."""
        return GRAVITY * (self.density_kg_m3 - self.air_kg_m3) / self.air_kg_m3

    @property
    def size_m(self) -> float:
        """D = sqrt(q0 / u), metres."""
        return math.sqrt(self.volume_m3_s / self.wind_m_s)

    @property
    def alpha(self) -> float:
        """0.2 log10(g0^2 q0 / u^5)."""
        powers = self.reduced_gravity**2 * self.volume_m3_s / self.wind_m_s**5
        return 0.2 * math.log10(powers)

    @property
    def heaviness(self) -> float:
        """(g0 q0 / (u^3 D))^(1/3) = 10^(alpha / 1.2); the correlation is for `HEAVY_FROM` and above."""
        return math.cbrt(self.reduced_gravity * self.volume_m3_s / (self.wind_m_s**3 * self.size_m))

    def cautions(self, x_m: float, duration_s: float = math.inf) -> tuple[Caution, ...]:
        """What to bear in mind at a distance, for a release that lasts `duration_s`."""
        found = []
        if self.heaviness < HEAVY_FROM:
            found.append(Caution("heavy.passive", "按判据不属重气，宜用高斯烟羽"))
        if x_m > curves_end_m(self):
            words = "超出已发表的曲线（等温体积分数低于 0.2 %），按浓度随距离平方下降外推，只供参考"
            found.append(Caution("heavy.beyond_curves", words))
        if self.wind_m_s * duration_s < STEADY_FROM * x_m:
            found.append(Caution("heavy.not_steady", "释放时间相对该距离太短，不能当作连续释放"))
        return tuple(found)


def concentration_share(release: HeavyRelease, x_m: float) -> float:
    """Greatest share by volume at a distance downwind; 1 at the source.

    Raises
    ------
    InvalidError
        ``heavy.bad_input`` when the distance is negative or not finite.

    Examples
    --------
    LNG of CCPS 1999, page 122.

    >>> lng = HeavyRelease(0.23 * 425.6 / 1.76, 1.76, 111.15, 10.9, 1.1845, 298.0)
    >>> round(concentration_share(lng, 45.2), 3)
    0.672
    """
    check_positive("heavy", zero_ok=("x_m",), x_m=x_m)
    isothermal = _isothermal(release, x_m / release.size_m)
    warming = release.temperature_k / release.air_k
    return isothermal / (isothermal + (1.0 - isothermal) * warming)


def curves_end_m(release: HeavyRelease) -> float:
    """How far downwind the published curves go, metres; farther C falls with the distance squared.

    Examples
    --------
    >>> lng = HeavyRelease(0.23 * 425.6 / 1.76, 1.76, 111.15, 10.9, 1.1845, 298.0)
    >>> round(concentration_share(lng, curves_end_m(lng)), 4)
    0.0053
    """
    return release.size_m * math.pow(10.0, _points(release.alpha)[-1][0])


def distance_m(release: HeavyRelease, share: float) -> float:
    """Farthest distance downwind at which the share by volume is reached.

    Raises
    ------
    InvalidError
        ``heavy.bad_share`` when the share is not above 0 and below 1.

    Examples
    --------
    >>> lng = HeavyRelease(0.23 * 425.6 / 1.76, 1.76, 111.15, 10.9, 1.1845, 298.0)
    >>> 361 < distance_m(lng, 0.05) < 373
    True
    """
    if not 0.0 < share < 1.0:
        raise InvalidError(
            "heavy.bad_share", "体积分数应在 0 与 1 之间，得到 {given}", field="share",
            got=share if math.isfinite(share) else None, params={"given": f"{share:g}"},
        )  # fmt: skip
    low, high = 0.0, release.size_m
    while concentration_share(release, high) >= share:
        low, high = high, 2.0 * high
    for _ in range(100):
        middle = 0.5 * (low + high)
        if concentration_share(release, middle) >= share:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _isothermal(release: HeavyRelease, scaled: float) -> float:
    """C' at x / D."""
    points = _points(release.alpha)
    first = points[0][0]
    if scaled <= 10.0**first:
        return _NEAR_POWER / (_NEAR_POWER + scaled * scaled)
    beta = math.log10(scaled)
    last_beta, last_log = points[-1]
    if beta >= last_beta:
        return math.exp(last_log) * math.pow(10.0, 2.0 * (last_beta - beta))
    for (b0, l0), (b1, l1) in pairwise(points):
        if beta <= b1:
            return math.exp(l0 + (l1 - l0) * (beta - b0) / (b1 - b0))
    return math.exp(last_log)


def _points(alpha: float) -> list[tuple[float, float]]:
    """(beta, ln C) from near to far: the end of the near field, then the curves beyond it.

    At large alpha the curve of 0.1 comes nearer than 30 D; the near field then ends where its
    formula still gives more than that curve, so that the concentration never rises downwind.
    """
    curves = [(_beta(alpha, corners), math.log(share)) for share, corners in _CORNERS.items()]
    nearest = min(math.log10(_NEAR), curves[0][0] - 0.05)
    scaled = math.pow(10.0, nearest)
    return [(nearest, math.log(_NEAR_POWER / (_NEAR_POWER + scaled * scaled))), *curves]


def _beta(alpha: float, corners: tuple[tuple[float, float], ...]) -> float:
    if alpha <= corners[0][0]:
        return corners[0][1]
    for (a0, b0), (a1, b1) in pairwise(corners):
        if alpha <= a1:
            return b0 + (b1 - b0) * (alpha - a0) / (a1 - a0)
    return corners[-1][1]
