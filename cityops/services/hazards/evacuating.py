"""An evacuation out of files, as interfaces answer it. Nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from cityops.services.hazards.evacuation_files import (
    buildings_in,
    frame_of,
    places_in,
    read_layer,
    read_zone,
    roads_in,
    shelters_in,
    source_in,
)
from cityops.services.hazards.evacuation_json import evacuation_json, routes_geojson
from cityops.services.hazards.service import now_utc
from gis.errors import InvalidError
from grid.clock.calendar import CITY_ZONE
from hazards.evacuation.people import Buildings
from hazards.evacuation.plan import plan_evacuation
from hazards.evacuation.rates import Mode, Rates, foot_rates, given_span, vehicle_rates
from hazards.evacuation.resources import arrivals

_KMH, _HOUR, _MINUTE = 3.6, 3600.0, 60.0
Pair = tuple[float, float]


@dataclass(frozen=True)
class EvacuationRequest:
    """What is asked; ranges are (low, high), None where nothing was given.

    Attributes
    ----------
    who
        ``zone``: buildings that the zone holds or cuts; ``all``: every building of the file.
    time
        ``day`` or ``night``: which column of people.
    speed_kmh, departure_min
        Of the people; minutes until the last have left.
    width_m, lanes, lane_people_h
        Of roads that do not state them: metres on foot, lanes and persons per hour and lane by
        vehicle.
    response_kmh
        Of resources; without it their times are unknown.
    alternative
        Of an answer of ``hazard zone``: low, likely or high; None takes the largest quantity.
    """

    roads: Path
    buildings: Path
    shelters: Path
    zone: Path
    resources: Path | None = None
    crs: str | None = None
    mode: str = "foot"
    who: str = "zone"
    time: str = "night"
    wind_from: float | None = None
    source: Pair | None = None
    speed_kmh: Pair | None = None
    width_m: Pair | None = None
    lanes: Pair | None = None
    lane_people_h: Pair | None = None
    departure_min: Pair | None = None
    response_kmh: Pair | None = None
    alternative: str | None = None


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
    zone = read_zone(request.zone, request.crs, request.alternative)
    frame = frame_of(zone.shape)
    (zone_m,) = frame.project_geometry(np.array([zone.shape], object))
    mode = Mode(request.mode)
    rates = _rates(request, mode)
    wind = zone.wind_from if request.wind_from is None else request.wind_from
    source = source_in(request.source or zone.source, frame)
    road_layer = read_layer(request.roads, "roads", request.crs)
    roads = roads_in(road_layer, frame, mode)
    layer = read_layer(request.buildings, "buildings", request.crs)
    buildings = _chosen(buildings_in(layer, frame, zone_m, request.time), request.who)
    shelters = shelters_in(read_layer(request.shelters, "shelters", request.crs), frame, zone_m)
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
        held = read_layer(request.resources, "resources", request.crs)
        places, _ = places_in(held, frame, "resources")
        driving = _response(request)
        own = roads_in(road_layer, frame, Mode.VEHICLE)
        reached = arrivals(own, places, zone_m, driving, wind_from=wind, source_m=source)
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


def _scaled(pair: Pair | None, by: float) -> Pair | None:
    return None if pair is None else (pair[0] * by, pair[1] * by)


def _rates(request: EvacuationRequest, mode: Mode) -> Rates:
    speed = given_span(_scaled(request.speed_kmh, 1 / _KMH), "m/s")
    departure = given_span(_scaled(request.departure_min, _MINUTE), "s")
    if mode is Mode.FOOT:
        _unused(request, "lanes", "lane_people_h")
        return foot_rates(speed, None, given_span(request.width_m, "m"), departure)
    _unused(request, "width_m")
    flow = given_span(_scaled(request.lane_people_h, 1 / _HOUR), "p/(s lane)")
    return vehicle_rates(speed, flow, given_span(request.lanes, "lane"), departure)


def _unused(request: EvacuationRequest, *names: str) -> None:
    for name in names:
        if getattr(request, name) is not None:
            option = "--" + name.replace("_", "-")
            raise InvalidError(
                "hazard.wrong_option",
                "方式 {mode} 不用 {options}",
                field=name,
                params={"mode": request.mode, "options": option},
            )


def _response(request: EvacuationRequest) -> Rates:
    """Speeds of resources; without any, one that ranks by distance and is not shown."""
    given = given_span(_scaled(request.response_kmh, 1 / _KMH), "m/s")
    return vehicle_rates(given or given_span((1.0, 1.0), "m/s"))
