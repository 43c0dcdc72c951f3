"""Kingery-Bulmash: hemispherical surface burst of TNT, simplified by Swisdak (1994).

ln(P / kPa) is a polynomial of ln Z in three stretches. They do not meet: at Z 2.9 the farther one
is 0.04 % lower, at 23.8 it is 0.7 % higher. The default curve of the program, because it alone
reaches the low pressures at which glass breaks.
"""

from __future__ import annotations

from gis.layers import Title
from hazards.curves import Curve, Piece, polynomial
from hazards.models import Beyond, Confidence, HazardModel, ModelKind, Range

_REPORT = "M. M. Swisdak, Simplified Kingery Airblast Calculations, 1994 (ADA526744)"

MODEL = HazardModel(
    name="kingery-bulmash",
    edition="Swisdak 1994",
    kind=ModelKind.BLAST,
    title=Title("Kingery-Bulmash 超压曲线（半球形地面爆炸）", "Kingery-Bulmash, surface burst"),
    formula="ln(P/kPa) = A + B·lnZ + C·lnZ² + D·lnZ³ + E·lnZ⁴，Z = R/W^(1/3)，R 为 m，W 为 kg TNT",
    source=_REPORT,
    confidence=Confidence.READ,
    ranges=(
        Range(
            Title("比例距离 Z", "scaled distance Z"),
            "m/kg^(1/3)",
            0.2,
            198.5,
            Beyond.REFUSED,
            _REPORT,
            Confidence.READ,
        ),
        Range(
            Title("TNT 当量", "TNT-equivalent mass"),
            "kg",
            1.0,
            400_000.0,
            Beyond.WARNED,
            "mass range of the test charges",
            Confidence.KNOWN,
        ),
    ),
    assumptions=(
        Title(
            "装药贴地，平坦开阔；不计建筑遮挡、聚焦和地形",
            "charge on flat open ground; no shielding, channelling or terrain",
        ),
        Title(
            "入射峰值超压；不含反射、碎片、热辐射和地震动",
            "incident peak overpressure; no reflection, fragments, heat or ground shock",
        ),
        Title(
            "TNT 当量由使用者给出；蒸气云爆炸的近场会被高估",
            "the user gives the TNT mass; vapour clouds are overestimated near by",
        ),
    ),
)

KINGERY_BULMASH = Curve(
    model=MODEL,
    pieces=(
        Piece(0.2, 2.9, polynomial(7.2106, -2.1069, -0.3229, 0.1117, 0.0685)),
        Piece(2.9, 23.8, polynomial(7.5938, -3.0523, 0.40977, 0.0261, -0.01267)),
        Piece(23.8, 198.5, polynomial(6.0536, -1.4066)),
    ),
)
