"""What an evacuation is asked with and the files it reads, every fault of all of them at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from shapely.geometry.base import BaseGeometry

from cityops.services.hazards.evacuation_files import (
    Layer,
    ZoneGiven,
    buildings_in,
    frame_of,
    open_layer,
    read_zone,
    roads_in,
    shelters_in,
    source_in,
)
from cityops.services.hazards.refusals import Refusals
from gis.errors import CityError, InvalidError
from gis.frame import LocalFrame
from hazards.evacuation.people import (
    Buildings,
    Shelters,
    buildings_of,
    check_people,
    shelters_of,
)
from hazards.evacuation.rates import Mode, Rates, Span, foot_rates, given_span, vehicle_rates
from hazards.evacuation.roads import Roads, check_roads
from hazards.evacuation.wind import check_wind

_KMH, _HOUR, _MINUTE = 3.6, 3600.0, 60.0
Pair = tuple[float, float]
T = TypeVar("T")
#: Option -> what one of its units is in the unit of the plan, that unit, and its own.
_UNITS = {
    "speed_kmh": (1 / _KMH, "m/s", "km/h"),
    "response_kmh": (1 / _KMH, "m/s", "km/h"),
    "departure_min": (_MINUTE, "s", "min"),
    "width_m": (1.0, "m", "m"),
    "lanes": (1.0, "lane", "条"),
    "lane_people_h": (1 / _HOUR, "p/(s lane)", "人/h"),
}


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


@dataclass(frozen=True)
class Inputs:
    """What was read, in metres of the plane around the zone.

    ``driving`` are the speeds of resources, of which ``resources`` is the file.
    """

    zone: ZoneGiven
    frame: LocalFrame
    zone_m: BaseGeometry
    rates: Rates
    driving: Rates
    source: Pair | None
    road_layer: Layer
    roads: Roads
    buildings: Buildings
    shelters: Shelters
    resources: Layer | None


def read_inputs(request: EvacuationRequest) -> Inputs:
    """Read everything.

    Raises
    ------
    CityError
        The refusal, or ``evacuation.refused`` with every fault of options and files.
    """
    told, mode = Refusals(), Mode(request.mode)
    rates, driving = _rates(request, mode, told), _response(request, told)
    told.tried(lambda: check_wind(request.wind_from))
    zone = told.tried(lambda: read_zone(request.zone, request.crs, request.alternative))
    layers = {
        role: told.tried(partial(open_layer, path, role, request.crs))
        for role in ("roads", "buildings", "shelters", "resources")
        if (path := getattr(request, role)) is not None
    }
    told.given += [one.refusal for one in layers.values() if one is not None and one.refusal]
    if zone is None:
        told.raise_all("evacuation.refused")
        raise InvalidError("evacuation.no_zone", "没有影响范围", field="zone")
    frame = frame_of(zone.shape)
    (zone_m,) = frame.project_geometry(np.array([zone.shape], object))
    source = told.tried(lambda: source_in(request.source or zone.source, frame))
    faults: list[CityError] = []
    roads = _of(layers["roads"], told, lambda one: roads_in(one, frame, mode, faults))
    buildings = _of(
        layers["buildings"],
        told,
        lambda one: buildings_in(one, frame, zone_m, request.time, faults),
    )
    shelters = _of(layers["shelters"], told, lambda one: shelters_in(one, frame, zone_m, faults))
    told.given += faults
    if roads is not None:
        told.tried(partial(check_roads, roads))
    _people(buildings, shelters, layers, told)
    told.raise_all("evacuation.refused")
    road_layer = layers["roads"]
    if (
        rates is None
        or roads is None
        or road_layer is None
        or buildings is None
        or shelters is None
    ):
        raise InvalidError("evacuation.refused", "请求不完整")
    return Inputs(
        zone, frame, zone_m, rates, driving, source, road_layer, roads, buildings, shelters,
        layers.get("resources"),
    )  # fmt: skip


def _of(layer: Layer | None, told: Refusals, act: Callable[[Layer], T]) -> T | None:
    """What `act` makes of a layer; None without one, or when it refuses."""
    return None if layer is None else told.tried(partial(act, layer))


def _people(
    buildings: Buildings | None,
    shelters: Shelters | None,
    layers: dict[str, Layer | None],
    told: Refusals,
) -> None:
    """Note persons and room that are none; a row whose shape is at fault is told once."""
    held = {"people": layers["buildings"], "capacity": layers["shelters"]}
    lost = {f: frozenset() if one is None else one.bad_rows for f, one in held.items()}
    try:
        check_people(buildings or buildings_of([], []), shelters or shelters_of([], []))
    except InvalidError as refusal:
        for fault in refusal.errors or (refusal,):
            is_told = fault.code == "evacuation.no_place" and fault.row in lost[fault.field or ""]
            if not is_told:
                told.given.append(fault)


def _rates(request: EvacuationRequest, mode: Mode, told: Refusals) -> Rates | None:
    speed, departure = _span(request, "speed_kmh", told), _span(request, "departure_min", told)
    width, lanes = _span(request, "width_m", told), _span(request, "lanes", told)
    flow = _span(request, "lane_people_h", told)
    if mode is Mode.FOOT:
        _unused(request, told, "lanes", "lane_people_h")
        return foot_rates(speed, None, width, departure)
    _unused(request, told, "width_m")
    if speed is None and request.speed_kmh is not None:
        return None
    return told.tried(lambda: vehicle_rates(speed, flow, lanes, departure))


def _response(request: EvacuationRequest, told: Refusals) -> Rates:
    """Speeds of resources; without any, one that ranks by distance and is not shown."""
    given = _span(request, "response_kmh", told)
    return vehicle_rates(given or given_span((1.0, 1.0), "m/s"))


def _span(request: EvacuationRequest, name: str, told: Refusals) -> Span | None:
    """A range of an option in the unit of the plan; a fault names the option and its own unit."""
    pair: Pair | None = getattr(request, name)
    if pair is None:
        return None
    scale, unit, own = _UNITS[name]
    try:
        return given_span((pair[0] * scale, pair[1] * scale), unit)
    except InvalidError:
        fault = InvalidError(
            "evacuation.bad_range",
            "{option} 应为两个正数，先小后大（{unit}），得到 {given}",
            field=name,
            got=[v if math.isfinite(v) else None for v in pair],
            params={
                "option": _option(name),
                "unit": own,
                "given": f"{pair[0]:g}, {pair[1]:g}",
            },
        )
        told.given.append(fault)
        return None


def _unused(request: EvacuationRequest, told: Refusals, *names: str) -> None:
    for name in names:
        if getattr(request, name) is not None:
            fault = InvalidError(
                "hazard.wrong_option",
                "方式 {mode} 不用 {options}",
                field=name,
                params={"mode": request.mode, "options": _option(name)},
            )
            told.given.append(fault)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
