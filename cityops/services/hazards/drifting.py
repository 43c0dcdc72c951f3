"""Zones of a plume as interfaces answer them. Nothing is counted in them, nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any
from uuid import UUID, uuid4

import numpy as np

from cityops.services.hazards.run_json import model_json, place_json
from cityops.services.hazards.service import now_utc
from cityops.services.locate import checked_place
from gis.errors import CityError, InvalidError
from grid.clock.calendar import CITY_ZONE
from hazards import SCREENING_EN, SCREENING_ZH
from hazards.dispersion.briggs import Stability, Terrain
from hazards.dispersion.levels import Air, Concentration, parse_concentration
from hazards.dispersion.plume import MODEL, PlumeSource, raise_faults
from hazards.dispersion.zones import PlumeZone, plume_zones, zone_ring
from hazards.models import Caution
from hazards.rounding import rounded_metres

MAX_LEVELS = 8
_NEEDED = ("rate_kg_s", "wind_m_s", "wind_from", "stability", "terrain")


@dataclass(frozen=True)
class PlumeRequest:
    """What is asked of the plume; None where nothing was given.

    ``wind_from`` is in degrees clockwise from north, ``crs`` as for any place.
    """

    lon: float
    lat: float
    levels: tuple[str, ...]
    crs: str = "cgcs2000"
    rate_kg_s: float | None = None
    molar_mass_g_mol: float | None = None
    wind_m_s: float | None = None
    wind_from: float | None = None
    stability: str | None = None
    terrain: str | None = None
    height_m: float = 0.0
    temperature_k: float = 298.15
    pressure_pa: float = 101_325.0
    averaging_min: float = 10.0
    receptor_m: float = 0.0


def plume_run(
    request: PlumeRequest,
    clock: Callable[[], datetime] = now_utc,
    new_id: Callable[[], UUID] = uuid4,
) -> dict[str, Any]:
    """Zones of a steady release in the fixed form.

    Raises
    ------
    CrsError
        When the place is none.
    InvalidError
        The fault, or ``plume.refused`` with every one of several.
    """
    faults: list[CityError] = []
    levels = _levels(request, faults)
    source = _source(request, faults)
    place = None
    try:
        place = checked_place(request.lon, request.lat, request.crs)
    except InvalidError as fault:
        faults.append(fault)
    raise_faults(faults)
    if source is None or place is None or request.wind_from is None:
        raise InvalidError("plume.refused", "请求不完整")
    air = Air(request.temperature_k, request.pressure_pa)
    found = plume_zones(source, levels, request.molar_mass_g_mol, air, request.receptor_m)
    rings = [
        zone_ring(zone, source, place.lon, place.lat, request.wind_from, request.receptor_m)
        for zone in found.zones
    ]
    kept = Caution("hazard.not_kept", "只算了影响范围，没有统计人数，这次计算没有保存")
    cautions = [kept, *found.cautions, *(c for zone in found.zones for c in zone.cautions)]
    return {
        "run_id": str(new_id()),
        "at": clock().astimezone(CITY_ZONE).isoformat(timespec="milliseconds"),
        "kept": False,
        "inputs": asdict(request),
        "estimate": {"zh": SCREENING_ZH, "en": SCREENING_EN},
        "model": MODEL.name,
        "model_info": model_json(MODEL),
        "source": MODEL.source,
        "program": version("cityops"),
        "place": place_json(place, None),
        "warnings": [caution.as_dict() for caution in dict.fromkeys(cautions)],
        "zones": [_zone(zone, ring) for zone, ring in zip(found.zones, rings, strict=True)],
    }


def _levels(request: PlumeRequest, faults: list[CityError]) -> list[Concentration]:
    if not 1 <= len(request.levels) <= MAX_LEVELS:
        faults.append(
            InvalidError(
                "plume.bad_levels",
                "浓度等级应有 1 至 {expected} 个，得到 {got} 个",
                field="level",
                got=len(request.levels),
                expected=MAX_LEVELS,
            )
        )
        return []
    levels: dict[Concentration, None] = {}
    for text in request.levels:
        try:
            level = parse_concentration(text)
        except InvalidError as fault:
            faults.append(fault)
            continue
        levels[level] = None
    if request.molar_mass_g_mol is None and any(level.is_by_volume for level in levels):
        faults.append(_missing("molar_mass_g_mol"))
    return list(levels)


def _missing(field: str) -> InvalidError:
    option = "--" + field.replace("_", "-")
    return InvalidError("plume.missing", "缺少 {option}", field=field, params={"option": option})


def _source(request: PlumeRequest, faults: list[CityError]) -> PlumeSource | None:
    missing = [name for name in _NEEDED if getattr(request, name) is None]
    faults += [_missing(name) for name in missing]
    if missing:
        return None
    try:
        return PlumeSource(
            rate_kg_s=float(request.rate_kg_s or 0.0),
            wind_m_s=float(request.wind_m_s or 0.0),
            stability=Stability(request.stability or ""),
            terrain=Terrain(request.terrain or ""),
            height_m=request.height_m,
            averaging_min=request.averaging_min,
        )
    except CityError as fault:
        faults.extend(fault.errors or (fault,))
    except ValueError as fault:
        faults.append(
            InvalidError(
                "plume.unknown_weather",
                "稳定度应为 A 至 F，下垫面应为 rural 或 urban：{given}",
                field="stability",
                params={"given": str(fault)[:80]},
            )
        )
    return None


def _zone(zone: PlumeZone, ring: np.ndarray[Any, np.dtype[np.float64]] | None) -> dict[str, Any]:
    found = zone.found
    geometry = None
    if ring is not None:
        geometry = {"type": "Polygon", "coordinates": [ring.round(9).tolist()]}
    value = zone.level.value
    return {
        "level": int(value) if value.is_integer() and value < 1e15 else value,
        "unit": zone.level.unit,
        "kg_m3": found.level_kg_m3,
        "start_m": found.start_m,
        "length_m": found.length_m,
        "length_told_m": rounded_metres(found.length_m),
        "half_width_m": found.half_width_m,
        "truncated": found.truncated,
        "geometry": geometry,
    }
