"""Overpressure curves: pressure at a scaled distance, and the farthest distance of a pressure.

Scaled distance Z = R / W^(1/3) in m/kg^(1/3), R in metres, W in kg of TNT (Hopkinson-Cranz);
overpressure is the incident peak in Pa. Outside the range for which a curve was published it
refuses.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from gis.errors import InvalidError
from hazards.models import Caution, HazardModel

LogCurve = Callable[[float], float]
#: Closer to a joint than this share, a radius may lie on either side of the jump.
_NEAR_JOINT = 0.02


@dataclass(frozen=True)
class Piece:
    """A stretch of a curve: ln(P / kPa) as a function of ln Z, from ``low`` to ``high``.

    The pressure falls all the way; a test holds each shipped piece to it.
    """

    low: float
    high: float
    log_kpa: LogCurve


@dataclass(frozen=True)
class Curve:
    """A model's overpressure against scaled distance, in pieces from the charge outwards."""

    model: HazardModel
    pieces: tuple[Piece, ...]

    @property
    def z_min(self) -> float:
        """Smallest scaled distance of the curve, m/kg^(1/3)."""
        return self.pieces[0].low

    @property
    def z_max(self) -> float:
        """Largest scaled distance of the curve, m/kg^(1/3)."""
        return self.pieces[-1].high

    @property
    def joints(self) -> tuple[float, ...]:
        """Scaled distances at which two pieces meet, not quite at one pressure."""
        return tuple(piece.high for piece in self.pieces[:-1])


@dataclass(frozen=True)
class Scaled:
    """The scaled distance of a pressure, m/kg^(1/3), with what to bear in mind."""

    z: float
    cautions: tuple[Caution, ...]


def polynomial(*coefficients: float) -> LogCurve:
    """The curve ln P = a + b ln Z + c (ln Z)^2 + ... of coefficients a, b, c, ..."""

    def log_kpa(log_z: float) -> float:
        value = 0.0
        for coefficient in reversed(coefficients):
            value = value * log_z + coefficient
        return value

    return log_kpa


def overpressure_pa(scaled: float, curve: Curve) -> float:
    """Incident peak overpressure in Pa at a scaled distance in m/kg^(1/3).

    At a joint of two pieces the farther piece holds.

    Raises
    ------
    InvalidError
        ``blast.outside_range`` when the distance is outside the curve; it is never extrapolated.

    Examples
    --------
    >>> from hazards.kingery_bulmash import KINGERY_BULMASH
    >>> round(overpressure_pa(10.0, KINGERY_BULMASH) / 1000, 2)
    14.89
    """
    if not (math.isfinite(scaled) and curve.z_min <= scaled <= curve.z_max):
        raise InvalidError(
            "blast.outside_range",
            "比例距离 {got} 超出 {model} 的适用范围 {expected} m/kg^(1/3)",
            field="scaled_distance",
            got=scaled if math.isfinite(scaled) else None,
            expected=[curve.z_min, curve.z_max],
            params={"model": curve.model.name},
        )
    piece = next(p for p in reversed(curve.pieces) if scaled >= p.low)
    return math.exp(piece.log_kpa(math.log(scaled))) * 1000.0


def scaled_distance(pressure_pa: float, curve: Curve) -> Scaled:
    """Farthest scaled distance at which a charge still gives a pressure.

    Where two pieces reach it near a joint, the larger distance is taken; where neither does
    because the curve jumps over it, the joint. Both are said.

    Raises
    ------
    InvalidError
        ``blast.outside_range`` when the curve does not reach the pressure;
        ``blast.bad_level`` when it is not finite and positive.

    Examples
    --------
    >>> from hazards.kingery_bulmash import KINGERY_BULMASH
    >>> round(scaled_distance(6895.0, KINGERY_BULMASH).z, 2)
    18.14
    """
    if not (math.isfinite(pressure_pa) and pressure_pa > 0):
        raise InvalidError(
            "blast.bad_level",
            "超压应为正数，得到 {given} Pa",
            field="levels",
            got=pressure_pa if math.isfinite(pressure_pa) else None,
            params={"given": f"{pressure_pa:g}"},
        )
    log_kpa = math.log(pressure_pa / 1000.0)
    roots = [z for z in (_root(piece, log_kpa) for piece in curve.pieces) if z is not None]
    z = max(roots) if roots else _over_gap(curve, log_kpa, pressure_pa)
    return Scaled(z, tuple(_cautions(curve, z, len(roots))))


def _cautions(curve: Curve, z: float, roots: int) -> list[Caution]:
    joint = next((j for j in curve.joints if abs(z - j) < _NEAR_JOINT * j), None)
    if joint is None:
        return []
    where = f"模型在比例距离 {joint:g} 处分段"
    if roots > 1:
        return [Caution("blast.two_radii", f"{where}，此超压有两个半径，取较大者")]
    if roots == 0:
        return [Caution("blast.no_radius", f"{where}，此超压落在间断处，取分段点（较大的半径）")]
    jump = jump_at(curve, joint)
    return [
        Caution(
            "blast.near_joint", f"接近模型的分段点（{where}，两段的超压相差 {100 * jump:.1f} %）"
        )
    ]


def jump_at(curve: Curve, joint: float) -> float:
    """By what share of the pressure two pieces differ where they meet.

    Raises
    ------
    StopIteration
        Never for one of ``curve.joints``.
    """
    nearer = next(p for p in curve.pieces if p.high == joint)
    farther = next(p for p in curve.pieces if p.low == joint)
    at = math.log(joint)
    return abs(math.expm1(farther.log_kpa(at) - nearer.log_kpa(at)))


def _root(piece: Piece, log_kpa: float) -> float | None:
    """Scaled distance of a piece at a pressure, None when the piece does not reach it.

    Each piece falls all the way, so that halving finds its only root; to 1e-12 in ln Z.
    """
    low, high = math.log(piece.low), math.log(piece.high)
    if not piece.log_kpa(high) <= log_kpa <= piece.log_kpa(low):
        return None
    while high - low > 1e-12:
        middle = 0.5 * (low + high)
        if piece.log_kpa(middle) > log_kpa:
            low = middle
        else:
            high = middle
    return math.exp(0.5 * (low + high))


def _over_gap(curve: Curve, log_kpa: float, pressure_pa: float) -> float:
    for nearer, farther in zip(curve.pieces, curve.pieces[1:], strict=False):
        at = math.log(nearer.high)
        if farther.log_kpa(at) <= log_kpa <= nearer.log_kpa(at):
            return nearer.high
    raise InvalidError(
        "blast.outside_range",
        "超压 {got} Pa 超出 {model} 的适用范围 {expected} Pa",
        field="levels",
        got=pressure_pa,
        expected=[
            round(overpressure_pa(curve.z_max, curve), 1),
            round(overpressure_pa(curve.z_min, curve), 1),
        ],
        params={"model": curve.model.name},
        hint="换一个等级：模型不外推",
    )
