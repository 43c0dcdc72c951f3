"""Sites and lifelines in the zones that ``hazard zone`` answered. Nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from cityops.services.hazards.escalating import sites_in, threshold_json
from cityops.services.hazards.evacuation_files import read_layer, read_run
from cityops.services.hazards.service import now_utc
from cityops.services.hazards.zone_answers import ZonesTaken, zones_taken
from cityops.services.locate import checked_place
from gis.errors import InvalidError
from gis.frame import LocalFrame
from gis.geometry import parse_geojson_geometry
from grid.clock.calendar import CITY_ZONE
from hazards import SCREENING_EN, SCREENING_ZH
from hazards.domino.escalation import Site
from hazards.domino.lifelines import Lifelines
from hazards.domino.thresholds import EscalationLoad
from hazards.domino.zones import LoadZone, ZoneHit, lengths_in, valves_in, zone_hits
from hazards.models import Caution

_LOADS = {
    "kPa": (EscalationLoad.OVERPRESSURE, 1e3),
    "Pa": (EscalationLoad.OVERPRESSURE, 1.0),
    "kW/m2": (EscalationLoad.HEAT, 1e3),
    "W/m2": (EscalationLoad.HEAT, 1.0),
}
_SI = {EscalationLoad.OVERPRESSURE: "Pa", EscalationLoad.HEAT: "W/m2"}


@dataclass(frozen=True)
class ZoneDominoRequest:
    """An answer of ``hazard zone``, sites, and how many minutes its heat lasts.

    ``alternative`` is that of a quantity that is not known; None takes the largest.
    """

    zone: Path
    sites: Path | None = None
    sites_crs: str | None = None
    minutes: float = 0.0
    alternative: str | None = None


def zone_domino_run(
    request: ZoneDominoRequest,
    lifelines: Lifelines | None = None,
    clock: Callable[[], datetime] = now_utc,
) -> dict[str, Any]:
    """Which sites and lifelines lie in the zones, and what the zones decide about the sites.

    Raises
    ------
    CityError
        What the files refuse; ``domino.no_zones`` when the answer has no zone with a place.
    """
    run, taken, zones, (lon, lat) = _zones(request.zone, request.alternative)
    frame = LocalFrame(lon, lat)
    shapes = frame.project_geometry(np.array([shape for _, shape in zones], object))
    held = [LoadZone(*_load(zone), shape) for (zone, _), shape in zip(zones, shapes, strict=True)]
    if len({one.load for one in held}) > 1:
        raise InvalidError("domino.mixed", "各个影响范围的等级不是同一种量", field="zone")
    rows: list[Site] = []
    names: list[str | None] = []
    if request.sites is not None:
        layer = read_layer(request.sites, "sites", request.sites_crs)
        rows, names = sites_in(layer, frame), layer.column("name", "名称").tolist()
    hits = zone_hits(held, rows, request.minutes)
    return {
        "at": clock().astimezone(CITY_ZONE).isoformat(timespec="milliseconds"),
        "kept": False,
        "zones_run_id": run.get("run_id"),
        "inputs": {
            "zone": str(request.zone),
            "sites": None if request.sites is None else str(request.sites),
            "minutes": request.minutes,
            "alternative": request.alternative,
        },
        "zone": taken.as_dict(),
        "estimate": {"zh": SCREENING_ZH, "en": SCREENING_EN},
        "model": run.get("model"),
        "source": run.get("source"),
        "program": version("cityops"),
        "place": {"lon": lon, "lat": lat},
        "zones": [{"level": zone.get("level"), "unit": zone.get("unit")} for zone, _ in zones],
        "warnings": [c.as_dict() for c in (*taken.cautions(), *_cautions(held, hits, rows))],
        "sites": [_hit(hit, held, rows, names, frame) for hit in hits],
        "lifelines": None if lifelines is None else _lifelines(lifelines, lon, lat, held),
    }


def _zones(
    path: Path, alternative: str | None
) -> tuple[dict[str, Any], ZonesTaken, list[tuple[dict[str, Any], Any]], tuple[float, float]]:
    run = read_run(path)
    taken = ZonesTaken([]) if run is None else zones_taken(run, alternative)
    zones = [z for z in taken.zones if isinstance(z, dict) and z.get("geometry")]
    at = None if run is None else run.get("place")
    good = isinstance(at, dict) and all(isinstance(at.get(k), int | float) for k in ("lon", "lat"))
    if run is None or not zones or not isinstance(at, dict) or not good:
        raise InvalidError(
            "domino.no_zones",
            "{got} 不是 hazard zone --json 的结果，或没有影响范围",
            field="zone",
            got=path.name,
        )
    place = checked_place(float(at["lon"]), float(at["lat"]), "cgcs2000")
    shapes = [(zone, parse_geojson_geometry(zone["geometry"])) for zone in zones]
    return run, taken, shapes, (place.lon, place.lat)


def _load(zone: dict[str, Any]) -> tuple[EscalationLoad | None, float]:
    load, scale = _LOADS.get(str(zone.get("unit")), (None, 1.0))
    level = zone.get("level")
    if isinstance(level, bool) or not isinstance(level, int | float):
        raise InvalidError("domino.no_level", "影响范围没有等级", field="zone")
    return load, float(level) * scale


def _cautions(zones: list[LoadZone], hits: list[ZoneHit], rows: list[Site]) -> list[Caution]:
    out = [Caution("domino.bounds", "只按影响范围判断：圈内至少达到其等级，圈外低于其等级")]
    load = zones[0].load
    if load is None:
        out.append(Caution("domino.no_load", "这种等级不损坏设备，只列出范围内的危险源"))
    if load is EscalationLoad.HEAT:
        out.append(
            Caution("domino.heat_time", "热辐射阈值针对持续 10 分钟以上的火灾，更短的不判断")
        )
    unknown = sum(site.equipment is None for site in rows)
    if unknown:
        out.append(Caution("domino.unknown_equipment", f"{unknown} 处设备类别未知，不能判断"))
    for row in dict.fromkeys(hit.threshold for hit in hits if hit.threshold is not None):
        unit = "kPa" if row.load is EscalationLoad.OVERPRESSURE else "kW/m2"
        words = f"{row.equipment.words.zh} {row.value / 1000:g} {unit}：{row.confidence.words.zh}"
        out.append(Caution("domino.threshold", words))
    return out


def _hit(
    hit: ZoneHit,
    zones: list[LoadZone],
    rows: list[Site],
    names: list[str | None],
    frame: LocalFrame,
) -> dict[str, Any]:
    site = rows[hit.site]
    load = zones[0].load
    lon, lat = frame.unproject([[site.x_m, site.y_m]])[0].round(9).tolist()
    return {
        "id": site.id,
        "name": names[hit.site],
        "position": [lon, lat],
        "equipment": None if site.equipment is None else site.equipment.value,
        "equipment_title": None if site.equipment is None else site.equipment.words.zh,
        "distance_m": round(hit.distance_m, 1),
        "zone": None if hit.zone < 0 else hit.zone,
        "at_least": hit.at_least,
        "below": None if np.isinf(hit.below) else hit.below,
        "unit": None if load is None else _SI[load],
        "threshold": None if hit.threshold is None else threshold_json(hit.threshold),
        "exceeded": hit.exceeded,
    }


def _lifelines(port: Lifelines, lon: float, lat: float, zones: list[LoadZone]) -> dict[str, Any]:
    shapes = [zone.shape for zone in zones]
    reach = max(float(np.abs(shape.bounds).max()) for shape in shapes)
    found = port.around(lon, lat, reach)
    valves = valves_in(found, shapely.union_all(shapes))
    return {
        "source": found.source,
        "sums": [
            {"zone": k, "kind": kind, "length_m": round(metres, 1)}
            for k, sums in enumerate(lengths_in(found, shapes))
            for kind, metres in sums.items()
        ],
        "valves": [{"id": name, "distance_m": round(metres, 1)} for name, metres in valves],
    }
