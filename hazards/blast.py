"""Blast overpressure of a TNT charge against distance, both ways.

Scaled distance Z = R / W^(1/3) in m/kg^(1/3), R in metres, W in kg of TNT; overpressure is the
incident peak in Pa. Outside the range for which a curve was published it refuses.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from gis.errors import InvalidError
from hazards.levels import BlastLevel

MIN_MASS_KG = 0.001
MAX_MASS_KG = 1e9
#: Vertices of a ring; the polygon's sides come within 1 - cos(pi/256) = 0.0075 % of the radius.
RING_VERTICES = 256
#: CGCS2000 and GRS 80 differ by 0.1 mm in the semi-minor axis.
_GEOD = Geod(ellps="GRS80")
_PSI_PA = 6894.757


@dataclass(frozen=True)
class Curve:
    """An overpressure curve. ``pieces`` are (from, to, ln P/kPa of ln Z), first to last."""

    name: str
    title: str
    source: str
    burst: str
    pieces: tuple[tuple[float, float, Callable[[float], float]], ...]

    @property
    def z_min(self) -> float:
        """Smallest scaled distance of the curve, m/kg^(1/3)."""
        return self.pieces[0][0]

    @property
    def z_max(self) -> float:
        """Largest scaled distance of the curve, m/kg^(1/3)."""
        return self.pieces[-1][1]

    @property
    def joints(self) -> tuple[float, ...]:
        """Scaled distances at which two pieces meet, not quite at one pressure."""
        return tuple(upper for _, upper, _ in self.pieces[:-1])


def _polynomial(*coefficients: float) -> Callable[[float], float]:
    def log_kpa(log_z: float) -> float:
        value = 0.0
        for coefficient in reversed(coefficients):
            value = value * log_z + coefficient
        return value

    return log_kpa


def _kinney_graham(log_z: float) -> float:
    z = math.exp(log_z)
    over = 808.0 * (1.0 + (z / 4.5) ** 2)
    under = (1.0 + (z / 0.048) ** 2) * (1.0 + (z / 0.32) ** 2) * (1.0 + (z / 1.35) ** 2)
    return math.log(101.325 * over / math.sqrt(under))


KINGERY_BULMASH = Curve(
    name="kingery-bulmash-1994",
    title="Kingery-Bulmash（Swisdak 1994 简化式，半球形地面爆炸）",
    source="M. M. Swisdak, Simplified Kingery Airblast Calculations, 1994 (ADA526744)",
    burst="hemispherical surface burst",
    pieces=(
        (0.2, 2.9, _polynomial(7.2106, -2.1069, -0.3229, 0.1117, 0.0685)),
        (2.9, 23.8, _polynomial(7.5938, -3.0523, 0.40977, 0.0261, -0.01267)),
        (23.8, 198.5, _polynomial(6.0536, -1.4066)),
    ),
)
KINNEY_GRAHAM = Curve(
    name="kinney-graham-808",
    title="Kinney-Graham（常数 808，自由空中爆炸）",
    source="G. F. Kinney, K. J. Graham, Explosive Shocks in Air, 1985; constant 808",
    burst="free-air burst",
    pieces=((0.05, 40.0, _kinney_graham),),
)
CURVES: dict[str, Curve] = {c.name: c for c in (KINGERY_BULMASH, KINNEY_GRAHAM)}


@dataclass(frozen=True)
class Radius:
    """Distance at which a charge gives a level. ``warnings`` are codes with their words."""

    level: BlastLevel
    metres: float
    scaled: float
    warnings: tuple[tuple[str, str], ...] = ()


def curve_named(name: str) -> Curve:
    """The curve called `name`.

    Raises
    ------
    InvalidError
        When there is none.
    """
    found = CURVES.get(name)
    if found is None:
        raise InvalidError(
            "blast.unknown_model",
            "没有爆炸模型 {got}",
            field="model",
            got=name[:60],
            expected=sorted(CURVES),
        )
    return found


def overpressure_pa(scaled: float, curve: Curve = KINGERY_BULMASH) -> float:
    """Incident peak overpressure in Pa at a scaled distance in m/kg^(1/3).

    At a joint of two pieces the farther piece holds.

    Raises
    ------
    InvalidError
        When the distance is outside the curve's range; it is never extrapolated.

    Examples
    --------
    >>> round(overpressure_pa(10.0) / 1000, 2)
    14.89
    """
    if not math.isfinite(scaled) or not curve.z_min <= scaled <= curve.z_max:
        raise InvalidError(
            "blast.outside_range",
            "比例距离 {got} 超出 {model} 的适用范围 {expected} m/kg^(1/3)",
            field="scaled_distance",
            got=scaled if math.isfinite(scaled) else None,
            expected=[curve.z_min, curve.z_max],
            params={"model": curve.name},
        )
    piece = next(p for p in reversed(curve.pieces) if scaled >= p[0])
    return math.exp(piece[2](math.log(scaled))) * 1000.0


def radius_for(mass_kg: float, level: BlastLevel, curve: Curve = KINGERY_BULMASH) -> Radius:
    """Farthest distance in metres at which a charge still gives a level.

    Where two pieces of the curve overlap near a joint, the larger root is taken; where they
    leave a gap, the joint itself.

    Raises
    ------
    InvalidError
        ``blast.bad_mass``; ``blast.outside_range`` when the level lies outside the curve.
    """
    check_mass(mass_kg)
    log_kpa = math.log(level.level_pa / 1000.0)
    roots = [z for z in (_root(piece, log_kpa) for piece in curve.pieces) if z is not None]
    warnings: list[tuple[str, str]] = []
    if roots:
        scaled = max(roots)
        if len(roots) > 1:
            warnings.append(("blast.two_roots", "模型分段处有两个解，取较远者"))
    else:
        scaled = _gap(curve, log_kpa, level)
        warnings.append(("blast.gap", "超压落在模型分段处的间隙，取分段点"))
    if any(abs(scaled - joint) < 0.02 * joint for joint in curve.joints):
        warnings.append(("blast.near_joint", "接近模型分段点，误差可达 1 % 左右"))
    return Radius(level, scaled * mass_kg ** (1.0 / 3.0), scaled, tuple(warnings))


def check_mass(mass_kg: float) -> None:
    """Refuse a charge that is none.

    Raises
    ------
    InvalidError
        When it is not finite or not within `MIN_MASS_KG` to `MAX_MASS_KG`.
    """
    if not math.isfinite(mass_kg) or not MIN_MASS_KG <= mass_kg <= MAX_MASS_KG:
        raise InvalidError(
            "blast.bad_mass",
            "TNT 当量应为 {low} 至 {high} kg，得到 {got}",
            field="masses_kg",
            got=mass_kg if math.isfinite(mass_kg) else None,
            params={"low": MIN_MASS_KG, "high": f"{MAX_MASS_KG:g}"},
        )


def _root(piece: tuple[float, float, Callable[[float], float]], log_kpa: float) -> float | None:
    """Scaled distance of a piece at a pressure, None when the piece does not reach it.

    Each piece falls all the way, so that halving finds its only root; to 1e-12 in ln Z.
    """
    low, high = math.log(piece[0]), math.log(piece[1])
    if not piece[2](high) <= log_kpa <= piece[2](low):
        return None
    while high - low > 1e-12:
        middle = 0.5 * (low + high)
        if piece[2](middle) > log_kpa:
            low = middle
        else:
            high = middle
    return math.exp(0.5 * (low + high))


def _gap(curve: Curve, log_kpa: float, level: BlastLevel) -> float:
    for (_, joint, nearer), (_, _, farther) in zip(curve.pieces, curve.pieces[1:], strict=False):
        ends = sorted((nearer(math.log(joint)), farther(math.log(joint))))
        if ends[0] <= log_kpa <= ends[1]:
            return joint
    raise InvalidError(
        "blast.outside_range",
        "超压 {got} Pa 超出 {model} 的适用范围 {expected} Pa",
        field="levels_pa",
        got=level.level_pa,
        expected=[
            round(overpressure_pa(curve.z_max, curve), 1),
            round(overpressure_pa(curve.z_min, curve), 1),
        ],
        params={"model": curve.name},
    )


def ring(
    lon: float, lat: float, metres: float, vertices: int = RING_VERTICES
) -> npt.NDArray[np.float64]:
    """(vertices + 1, 2) closed ring of positions at `metres` from a place, counter-clockwise.

    Geodesic on the ellipsoid: each vertex lies at the distance to 0.1 mm.

    Raises
    ------
    InvalidError
        When the ring would hold a pole or cross the antimeridian, or has under 128 vertices.
    """
    if vertices < 128:
        raise InvalidError("blast.coarse_ring", "环至少 128 个顶点，得到 {got}", got=vertices)
    bearings = -np.arange(vertices) * (360.0 / vertices)
    at = np.full(vertices, 1.0)
    x, y, _ = _GEOD.fwd(lon * at, lat * at, bearings, metres * at)
    out = np.column_stack([x, y])
    if abs(lat) + metres / 110_000.0 >= 89.0 or np.ptp(out[:, 0]) > 180.0:
        raise InvalidError(
            "blast.ring_crosses", "影响范围跨越极点或 180° 经线，无法绘制", got=metres
        )
    return np.vstack([out, out[:1]])


def distances_m(
    lon: float, lat: float, positions: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(n,) geodesic metres from a place to (n, 2) positions in degrees."""
    n = len(positions)
    if n == 0:
        return np.empty(0)
    at = np.ones(n)
    _, _, metres = _GEOD.inv(lon * at, lat * at, positions[:, 0], positions[:, 1])
    return np.asarray(metres, np.float64)
