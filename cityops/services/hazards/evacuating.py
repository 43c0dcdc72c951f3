"""An evacuation out of files, as interfaces answer it. Nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from cityops.services.hazards.evacuation_files import places_in, read_layer, roads_in
from cityops.services.hazards.evacuation_inputs import EvacuationRequest, Pair, read_inputs
from cityops.services.hazards.evacuation_json import evacuation_json, routes_geojson
from cityops.services.hazards.service import now_utc
from gis.errors import InvalidError
from grid.clock.calendar import CITY_ZONE
from hazards.evacuation.people import Buildings
from hazards.evacuation.plan import plan_evacuation
from hazards.evacuation.rates import Mode
from hazards.evacuation.resources import arrivals

__all__ = ["EvacuationRequest", "evacuation_run"]


def evacuation_run(
    request: EvacuationRequest,
    clock: Callable[[], datetime] = now_utc,
) -> tuple[dict[str, Any], Callable[[], dict[str, Any]]]:
    """The plan in the fixed form, and what gives its routes as GeoJSON.

    Raises
    ------
    CityError
        What the files or the plan refuse, see `hazards.evacuation.plan.plan_evacuation`.
    """
    read = read_inputs(request)
    zone, frame, zone_m, rates, source = read.zone, read.frame, read.zone_m, read.rates, read.source
    wind = zone.wind_from if request.wind_from is None else request.wind_from
    roads, shelters = read.roads, read.shelters
    buildings = _chosen(read.buildings, request.who)
    plan = plan_evacuation(
        roads, buildings, shelters, zone_m, rates, wind_from=wind, source_m=source
    )
    found = {
        "at": clock().astimezone(CITY_ZONE).isoformat(timespec="milliseconds"),
        "kept": False,
        "inputs": _inputs(request),
        "wind_from": wind,
        "zone": None if zone.taken is None else zone.taken.as_dict(),
        "program": version("cityops"),
        **evacuation_json(plan, roads, buildings, shelters, rates, frame, wind, source, zone_m),
        "resources": None,
    }
    if zone.taken is not None:
        found["warnings"][:0] = [c.as_dict() for c in zone.taken.cautions()]
    if request.resources is not None:
        held = read.resources or read_layer(request.resources, "resources", request.crs)
        places, _ = places_in(held, frame, "resources")
        own = roads_in(read.road_layer, frame, Mode.VEHICLE, [])
        reached = arrivals(own, places, zone_m, read.driving, wind_from=wind, source_m=source)
        names, ids = held.column("name", "名称"), held.ids()
        found["resources"] = [
            {
                "id": ids[one.resource],
                "name": names[one.resource],
                "seconds_low": _timed(one.low_s, request),
                "seconds_high": _timed(one.high_s, request),
                "gate": None if one.gate_m is None else _lonlat(frame, one.gate_m),
                "downwind": one.downwind,
            }
            for one in reached
        ]
        if request.response_kmh is None:
            words = "没有给出救援车速：按路程远近排列，时间未知"
            found["warnings"].append({"code": "evacuation.no_response_speed", "message": words})
    return found, lambda: routes_geojson(plan, buildings, shelters, frame, roads)


def _timed(seconds: float | None, request: EvacuationRequest) -> float | None:
    return None if seconds is None or request.response_kmh is None else round(seconds, 1)


def _lonlat(frame: Any, place: Pair) -> list[float]:
    return [round(v, 9) for v in frame.unproject([place])[0].tolist()]


def _inputs(request: EvacuationRequest) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in asdict(request).items()
    }


def _chosen(buildings: Buildings, who: str) -> Buildings:
    if who not in ("zone", "all"):
        raise InvalidError("evacuation.who", "不认识疏散对象 {got}", field="who", got=who)
    kept = np.ones(len(buildings), bool) if who == "all" else buildings.in_zone
    # People without a place are nobody's to leave out silently.
    kept = kept | np.isnan(buildings.places_m).any(axis=1)
    return Buildings(
        *(
            getattr(buildings, name)[kept]
            for name in ("places_m", "in_zone", "people", "ids", "rows")
        )
    )
