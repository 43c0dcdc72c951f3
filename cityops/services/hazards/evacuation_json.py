"""An evacuation as JSON, and its routes as GeoJSON."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from gis.frame import LocalFrame
from hazards import SCREENING_EN, SCREENING_ZH
from hazards.evacuation import model
from hazards.evacuation.people import Buildings, Shelters
from hazards.evacuation.pieces import NEAR_M
from hazards.evacuation.plan import NoRoute, Plan
from hazards.evacuation.rates import Rates
from hazards.evacuation.reach import route
from hazards.evacuation.roads import Roads
from hazards.evacuation.transport import NO_WAY
from hazards.evacuation.ways import TICKS_PER_S
from hazards.evacuation.wind import sectors

Place = tuple[float, float]


def evacuation_json(
    plan: Plan,
    roads: Roads,
    buildings: Buildings,
    shelters: Shelters,
    rates: Rates,
    frame: LocalFrame,
    wind_from: float | None,
    source_m: Place | None,
    zone_m: BaseGeometry,
) -> dict[str, Any]:
    """The plan in the fixed form, but for what the request itself says."""
    centre = np.array(source_m or (zone_m.centroid.x, zone_m.centroid.y))
    return {
        "model": model.NAME,
        "edition": model.EDITION,
        "estimate": {"zh": SCREENING_ZH, "en": SCREENING_EN},
        "formula": model.FORMULA,
        "source": model.SOURCE,
        "assumptions": model.assumptions(rates),
        "rules": model.rules(rates),
        "warnings": [caution.as_dict() for caution in plan.cautions],
        "people": _people(plan, buildings),
        "clearance": _clearance(plan, frame, rates),
        "shelters": _shelters(plan, shelters, centre, wind_from),
        "buildings": _buildings(plan, buildings, shelters, frame, centre, wind_from),
        "close": [
            {
                "road": roads.ids[one.road],
                "name": roads.names[one.road],
                "position": lonlat(frame, one.place_m),
                "leads_in": one.leads_in,
            }
            for one in plan.closures
        ],
    }


def lonlat(frame: LocalFrame, place_m: Place) -> list[float]:
    """A place in metres as CGCS2000 degrees."""
    return [round(v, 9) for v in frame.unproject([place_m])[0].tolist()]


def _people(plan: Plan, buildings: Buildings) -> dict[str, Any]:
    known = np.nan_to_num(buildings.people)
    routeless = np.array([r not in (None, NoRoute.NO_ROOM) for r in plan.reasons], bool)
    return {
        "buildings": len(buildings),
        "buildings_unknown": int(np.isnan(buildings.people).sum()),
        "known": int(known.sum()),
        "assigned": int(plan.flows.units.sum()),
        "downwind": int(plan.flows.units[plan.flow_downwind].sum()),
        "no_route": int(known[routeless].sum()),
        "no_room": int(plan.flows.unserved[~routeless].sum()),
    }


def _clearance(plan: Plan, frame: LocalFrame, rates: Rates) -> dict[str, Any]:
    found, leaving = plan.clearance, rates.departure
    out: dict[str, Any] = {
        "low_s": round(found.low_s, 1),
        "high_s": None if found.high_s is None else round(found.high_s, 1),
        "walk_s": [round(found.walk_low_s, 1), round(found.walk_high_s, 1)],
        "queue_s": [
            round(found.queue_low_s, 1),
            None if found.queue_high_s is None else round(found.queue_high_s, 1),
        ],
        "departure_s": None if leaving is None else [leaving.low, leaving.high],
        "roads_without_capacity": found.unknown,
        "bottleneck": None,
    }
    if found.bottleneck >= 0:
        edge = found.bottleneck
        middle = shapely.line_interpolate_point(plan.network.lines[edge], 0.5, normalized=True)
        out["bottleneck"] = {
            "road": plan.roads.ids[plan.network.road[edge]],
            "name": plan.roads.names[plan.network.road[edge]],
            "people": int(plan.walk.load[:, edge].sum()),
            "position": lonlat(frame, (middle.x, middle.y)),
        }
    return out


def _shelters(
    plan: Plan, shelters: Shelters, centre: Any, wind_from: float | None
) -> list[dict[str, Any]]:
    taken = np.bincount(plan.flows.sink, plan.flows.units, minlength=len(plan.open_rows))
    number = {int(row): k for k, row in enumerate(plan.open_rows.tolist())}
    quarter = sectors(shelters.places_m - centre, wind_from)
    return [
        {
            "id": shelters.ids[i],
            "name": shelters.names[i],
            "capacity": None if np.isnan(shelters.capacity[i]) else int(shelters.capacity[i]),
            "used": i in number,
            "in_zone": bool(shelters.in_zone[i]),
            "people": int(taken[number[i]]) if i in number else 0,
            "sector": quarter[i],
        }
        for i in range(len(shelters))
    ]


def _buildings(
    plan: Plan,
    buildings: Buildings,
    shelters: Shelters,
    frame: LocalFrame,
    centre: Any,
    wind_from: float | None,
) -> list[dict[str, Any]]:
    flows: list[list[dict[str, Any]]] = [[] for _ in range(len(buildings))]
    gates = plan.walk.gate
    quarter = (
        sectors(plan.network.xy[np.maximum(gates, 0)] - centre, wind_from) if len(gates) else []
    )
    places = frame.unproject(plan.network.xy[np.maximum(gates, 0)]) if len(gates) else gates
    for f, (i, k) in enumerate(
        zip(plan.flows.source.tolist(), plan.flows.sink.tolist(), strict=True)
    ):
        flows[i].append(
            {
                "shelter": shelters.ids[plan.open_rows[k]],
                "people": int(plan.flows.units[f]),
                "seconds_low": round(float(plan.fast_s[f]), 1),
                "seconds_high": round(float(plan.slow_s[f]), 1),
                "seconds_in_zone_high": round(float(plan.reach.zone_ticks[i, k]) / TICKS_PER_S, 1),
                "gate": None if gates[f] < 0 else [round(v, 9) for v in places[f].tolist()],
                "gate_sector": None if gates[f] < 0 else quarter[f],
                "downwind": bool(plan.flow_downwind[f]),
            }
        )
    return [
        {
            "id": buildings.ids[i],
            "people": None if np.isnan(buildings.people[i]) else int(buildings.people[i]),
            "in_zone": bool(buildings.in_zone[i]),
            "to": flows[i],
            "left": int(plan.flows.unserved[i]),
            "nearest": _nearest(plan, shelters, i),
            "no_route": _reason(plan.reasons[i]),
        }
        for i in range(len(buildings))
    ]


def _nearest(plan: Plan, shelters: Shelters, i: int) -> dict[str, Any] | None:
    """The shelter that is nearest in time, whatever its room and side."""
    ticks = plan.reach.ticks[i]
    open_ = np.flatnonzero(ticks != NO_WAY)
    if not len(open_):
        return None
    k = int(open_[ticks[open_].argmin()])
    return {
        "shelter": shelters.ids[plan.open_rows[k]],
        "seconds_high": round(float(ticks[k]) / TICKS_PER_S, 1),
    }


def _reason(reason: NoRoute | None) -> dict[str, str] | None:
    return None if reason is None else {"code": reason.value, "message": reason.words}


def routes_geojson(
    plan: Plan, buildings: Buildings, shelters: Shelters, frame: LocalFrame, roads: Roads
) -> dict[str, Any]:
    """Routes from where buildings join the road to the shelters, and places to close, as features."""
    features = []
    for f, (i, k) in enumerate(
        zip(plan.flows.source.tolist(), plan.flows.sink.tolist(), strict=True)
    ):
        edges = route(plan.graph, plan.ways, int(plan.reach.start[i, k]), k)
        lines = [*_begun(plan, i, k), *plan.network.lines[edges].tolist()]
        shape = shapely.multilinestrings(lines) if lines else None
        properties = {
            "kind": "route",
            "building": buildings.ids[i],
            "shelter": shelters.ids[plan.open_rows[k]],
            "people": int(plan.flows.units[f]),
            "downwind": bool(plan.flow_downwind[f]),
        }
        features.append(_feature(shape, properties, frame))
    for one in plan.closures:
        properties = {"kind": "close", "road": roads.ids[one.road], "leads_in": one.leads_in}
        features.append(_feature(shapely.Point(one.place_m), properties, frame))
    return {"type": "FeatureCollection", "features": features}


def _begun(plan: Plan, i: int, k: int) -> list[shapely.LineString]:
    """The part of its own edge that a building's way to a shelter passes, if any."""
    edge, along = int(plan.access.edge[i]), float(plan.access.along_m[i])
    line = plan.network.lines[edge]
    to_tail = plan.graph.originals[plan.reach.start[i, k]] == plan.network.tail[edge]
    part = substring(line, along, 0.0 if to_tail else line.length)
    return [part] if part.length > NEAR_M else []


def _feature(
    shape: BaseGeometry | None, properties: dict[str, Any], frame: LocalFrame
) -> dict[str, Any]:
    geometry = None
    if shape is not None:
        (turned,) = frame.unproject_geometry(np.array([shape], object))
        geometry = shapely.geometry.mapping(shapely.set_precision(turned, 1e-9, mode="pointwise"))
    return {"type": "Feature", "properties": properties, "geometry": geometry}
