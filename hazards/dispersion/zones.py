"""Zones of a plume: a footprint for each concentration of concern, placed on the ground."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gis.errors import CityError, InvalidError
from hazards.dispersion.briggs import NEAREST_M, Stability
from hazards.dispersion.britter_mcquaid import GRAVITY, HEAVY_FROM
from hazards.dispersion.footprint import Footprint, footprint, outline
from hazards.dispersion.levels import Air, Concentration, in_kg_m3
from hazards.dispersion.plume import PlumeSource, check_ranges, raise_faults
from hazards.ground import GroundZone
from hazards.models import Caution
from hazards.rings import places_at

#: Highest wind in m/s at which Pasquill's table knows a class.
_WINDIEST = {Stability.A: 3.0, Stability.B: 5.0, Stability.E: 5.0, Stability.F: 3.0}
_AIR_G_MOL = 28.96


@dataclass(frozen=True)
class PlumeZone:
    """Footprint of one level."""

    level: Concentration
    found: Footprint
    cautions: tuple[Caution, ...]


@dataclass(frozen=True)
class PlumeZones:
    """Zones in the order of the levels, with cautions that hold for all."""

    zones: tuple[PlumeZone, ...]
    cautions: tuple[Caution, ...]


def plume_zones(
    source: PlumeSource,
    levels: Sequence[Concentration],
    molar_mass_g_mol: float | None = None,
    air: Air | None = None,
    receptor_m: float = 0.0,
) -> PlumeZones:
    """Zones of a release.

    Parameters
    ----------
    molar_mass_g_mol
        Of the gas; needed for levels by volume and to see whether it is heavy.
    receptor_m
        Height above the ground at which people breathe, metres.

    Raises
    ------
    InvalidError
        For a state or a height outside of the range, or a molar mass that is missing.
    """
    state = air or Air()
    check_ranges(receptor_m=receptor_m)
    check_gas(molar_mass_g_mol, state)
    zones = []
    for level in levels:
        found = footprint(source, in_kg_m3(level, molar_mass_g_mol, state), receptor_m)
        zones.append(PlumeZone(level, found, _of_zone(level, found)))
    return PlumeZones(tuple(zones), tuple(_of_source(source, molar_mass_g_mol, state)))


def zone_ring(
    zone: PlumeZone,
    source: PlumeSource,
    lon: float,
    lat: float,
    wind_from_deg: float,
    receptor_m: float = 0.0,
) -> npt.NDArray[np.float64] | None:
    """(n, 2) closed ring of CGCS2000 positions; None where the level is nowhere reached.

    Raises
    ------
    InvalidError
        ``plume.bad_wind_from`` when the direction is not 0 to 360 degrees.
    """
    if not (math.isfinite(wind_from_deg) and 0.0 <= wind_from_deg <= 360.0):
        raise InvalidError(
            "plume.bad_wind_from",
            "风向（来向）应为 0 至 360 度，得到 {given}",
            field="wind_from",
            got=wind_from_deg if math.isfinite(wind_from_deg) else None,
            params={"given": f"{wind_from_deg:g}"},
        )
    if zone.found.is_empty:
        return None
    bearing = (wind_from_deg + 180.0) % 360.0
    return places_at(lon, lat, bearing, outline(source, zone.found, receptor_m))


def heaviness(rate_kg_s: float, wind_m_s: float, molar_mass_g_mol: float, air: Air) -> float:
    """Britter and McQuaid's (g0 q0 / (u^3 D))^(1/3) with D = sqrt(q0 / u); 0 for a light gas.

    The gas is taken pure at the temperature of the air, which a cold gas or an aerosol is not.

    Examples
    --------
    >>> round(heaviness(1.0, 3.0, 70.906, Air()), 2)
    0.81
    """
    relative = molar_mass_g_mol / _AIR_G_MOL - 1.0
    if relative <= 0:
        return 0.0
    volume = rate_kg_s / air.kg_m3(molar_mass_g_mol)
    size = math.sqrt(volume / wind_m_s)
    return math.cbrt(GRAVITY * relative * volume / (wind_m_s**3 * size))


def check_gas(molar_mass_g_mol: float | None, air: Air) -> None:
    """Refuse a gas or an air that is none.

    Raises
    ------
    InvalidError
        ``plume.out_of_range``, or ``plume.refused`` with every one of several.
    """
    faults: list[CityError] = []
    given = {
        "molar_mass_g_mol": (molar_mass_g_mol, 2.0, 1000.0, "摩尔质量", "g/mol"),
        "temperature_k": (air.temperature_k, 220.0, 340.0, "气温", "K"),
        "pressure_pa": (air.pressure_pa, 50_000.0, 110_000.0, "气压", "Pa"),
    }
    for name, (value, low, high, what, unit) in given.items():
        if value is not None and not (math.isfinite(value) and low <= value <= high):
            fault = InvalidError(
                "plume.out_of_range",
                "{what}应为 {low} 至 {high} {unit}，得到 {given}",
                field=name,
                got=value if math.isfinite(value) else None,
                expected=[low, high],
                params={
                    "what": what,
                    "low": f"{low:g}",
                    "high": f"{high:g}",
                    "unit": unit,
                    "given": f"{value:g}",
                },
            )
            faults.append(fault)
    raise_faults(faults)


def _of_source(source: PlumeSource, molar_mass_g_mol: float | None, air: Air) -> list[Caution]:
    found = [
        Caution(
            "plume.screening", "高斯烟羽为筛查估算：D、F 类稳定度下中性气体比 ALOHA 短 12 至 30 %"
        )
    ]
    windiest = _WINDIEST.get(source.stability)
    if windiest is not None and source.wind_m_s > windiest:
        words = f"风速 {source.wind_m_s:g} m/s 时一般不出现 {source.stability} 类稳定度"
        found.append(Caution("plume.stability_wind", words))
    if source.averaging_min != 10.0:
        words = "平均时间不是 10 min：σy 按 (t/10)^0.2 换算"
        found.append(Caution("plume.averaging", words))
    if molar_mass_g_mol is None:
        found.append(Caution("plume.weight_unknown", "未给摩尔质量，无法判断是否重气"))
    elif heaviness(source.rate_kg_s, source.wind_m_s, molar_mass_g_mol, air) >= HEAVY_FROM:
        words = "按 Britter-McQuaid 判据属重气：近源处实际更宽、更贴地，高斯烟羽只供参考"
        found.append(Caution("plume.heavy_gas", words))
    return found


def _of_zone(level: Concentration, found: Footprint) -> tuple[Caution, ...]:
    name = f"{level.value:g} {level.unit}"
    if found.is_empty:
        return (Caution("plume.not_reached", f"{name} 在该高度处达不到"),)
    if found.truncated:
        return (Caution("plume.truncated", f"{name} 超过 10 km：模型到此为止，只给 10 km"),)
    if found.length_m < NEAREST_M:
        return (Caution("plume.near", f"{name} 不到 100 m：小于 Briggs 系数的适用距离，只供参考"),)
    return ()


def as_ground(zone: PlumeZone, source: PlumeSource, receptor_m: float = 0.0) -> GroundZone:
    """A plume's zone in the form that all models share."""
    found = zone.found
    return GroundZone(
        value=zone.level.value,
        unit=zone.level.unit,
        start_m=found.start_m,
        length_m=found.length_m,
        half_width_m=found.half_width_m,
        radius_m=None,
        truncated=found.truncated,
        outline_m=None if found.is_empty else outline(source, found, receptor_m),
        cautions=zone.cautions,
    )
