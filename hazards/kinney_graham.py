"""Kinney-Graham: TNT in free air, in one closed form.

The literature prints two constants that differ by a factor of two: 808 for a burst in free air,
1616 for one on a flat surface. Only 808 is offered; 1616 reproduces textbook answers in tests.
"""

from __future__ import annotations

import math

from gis.layers import Title
from hazards.curves import Curve, LogCurve, Piece
from hazards.models import Beyond, Confidence, HazardModel, ModelKind, Range

#: Standard atmosphere, kPa.
AMBIENT_KPA = 101.325
_BOOK = "G. F. Kinney, K. J. Graham, Explosive Shocks in Air, 2nd ed., 1985"


def kinney_graham_form(constant: float) -> LogCurve:
    """ln(P / kPa) of ln Z with the constant 808 or 1616."""

    def log_kpa(log_z: float) -> float:
        z = math.exp(log_z)
        over = constant * (1.0 + (z / 4.5) ** 2)
        under = (1.0 + (z / 0.048) ** 2) * (1.0 + (z / 0.32) ** 2) * (1.0 + (z / 1.35) ** 2)
        return math.log(AMBIENT_KPA * over / math.sqrt(under))

    return log_kpa


MODEL = HazardModel(
    name="kinney-graham",
    edition="constant 808",
    kind=ModelKind.BLAST,
    title=Title("Kinney-Graham 超压曲线（常数 808，自由空中爆炸）", "Kinney-Graham 808, free air"),
    formula=(
        "P/Pa = 808·(1+(Z/4.5)²) / √((1+(Z/0.048)²)(1+(Z/0.32)²)(1+(Z/1.35)²))，"
        "Pa = 101.325 kPa，Z = R/W^(1/3)"
    ),
    source=_BOOK,
    confidence=Confidence.READ,
    ranges=(
        Range(
            Title("比例距离 Z", "scaled distance Z"),
            "m/kg^(1/3)",
            0.05,
            40.0,
            Beyond.REFUSED,
            "range not printed with the formula; borrowed",
            Confidence.UNCERTAIN,
        ),
    ),
    assumptions=(
        Title("装药在自由空气中，无地面反射", "charge in free air, no ground reflection"),
        Title(
            "入射峰值超压；不含反射、碎片、热辐射和地震动",
            "incident peak overpressure; no reflection, fragments, heat or ground shock",
        ),
    ),
)

KINNEY_GRAHAM = Curve(model=MODEL, pieces=(Piece(0.05, 40.0, kinney_graham_form(808.0)),))
