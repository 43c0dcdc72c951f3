"""A run of a model that is no blast as the JSON object that is kept and answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from cityops.services.hazards.counting import Exposure, ZoneSet
from cityops.services.hazards.model_plans import Alternative, ModelPlan, kg_m3_of
from cityops.services.hazards.model_requests import BALL, ModelRequest
from cityops.services.hazards.run_json import RANKS, TITLES, class_json, model_json, place_json
from hazards import SCREENING_EN, SCREENING_ZH
from hazards.classes import HARM_OF, class_of
from hazards.dispersion.choice import Choice
from hazards.dispersion.levels import parse_concentration
from hazards.fire_zones import parse_heat
from hazards.ground import GroundZone, placed, wind_lines
from hazards.hours import hours_json
from hazards.models import Caution
from hazards.people import RULE_ZH
from hazards.rings import ring
from hazards.rounding import rounded_metres

_UNITS = {"mass_kg": "kg", "rate_kg_s": "kg/s"}


def zone_set(plan: ModelPlan) -> ZoneSet:
    """The zones of all alternatives in metres around the source, to count in.

    Discs stay discs and are counted in closed form.
    """
    zones = {name: one.zones for name, one in plan.alternatives.items()}
    if all(zone.radius_m is not None for some in zones.values() for zone in some):
        return ZoneSet.of_discs({n: [z.radius_m or 0.0 for z in some] for n, some in zones.items()})
    return ZoneSet.of_outlines(
        {name: [_polygon(plan, zone) for zone in some] for name, some in zones.items()}
    )


def swept_set(plan: ModelPlan) -> ZoneSet | None:
    """The ground that each zone sweeps while the wind turns, to count in; None of a fire."""
    if plan.spread_deg is None:
        return None
    project = plan.place.frame.project
    return ZoneSet.of_outlines(
        {
            name: [shapely.Polygon() if r is None else shapely.Polygon(project(r)) for r in rings]
            for name, rings in plan.swept.items()
        }
    )


def _polygon(plan: ModelPlan, zone: GroundZone) -> Any:
    found = _ring(plan, zone)
    return shapely.Polygon() if found is None else shapely.Polygon(plan.place.frame.project(found))


def _ring(plan: ModelPlan, zone: GroundZone) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    if zone.outline_m is None:
        return None
    if zone.radius_m is not None:
        return ring(plan.place.lon, plan.place.lat, zone.radius_m)
    return placed(zone.outline_m, plan.place.lon, plan.place.lat, plan.wind_from)


def result_of(
    plan: ModelPlan,
    exposure: Exposure | None,
    areas: Mapping[str, Any] | None,
    data: list[dict[str, Any]],
) -> dict[str, Any]:
    """The run without its identity: zones with figures, model, data, cautions."""
    model = plan.likely.model
    return {
        "kind": model.kind.value,
        "estimate": {"zh": SCREENING_ZH, "en": SCREENING_EN},
        "model": model.name,
        "model_info": model_json(model),
        "source": model.source,
        "choice": _choice(plan.likely.choice),
        "place": place_json(plan.place, areas),
        "site": None,
        "alternatives": [
            _alternative(plan, name, one, exposure) for name, one in plan.alternatives.items()
        ],
        "lists": None if exposure is None else exposure.lists,
        "rule": RULE_ZH,
        "hours": hours_json(),
        "data": data,
        "warnings": [caution.as_dict() for caution in _cautions(plan, exposure)],
    }


def _choice(choice: Choice | None) -> dict[str, Any] | None:
    if choice is None:
        return None
    return {
        "model": choice.model,
        "heaviness": choice.heaviness,
        "limit": choice.limit,
        "reason": choice.reason,
    }


def _cautions(plan: ModelPlan, exposure: Exposure | None) -> list[Caution]:
    """Every caution of a run once."""
    every = [*plan.cautions]
    for one in plan.alternatives.values():
        every += [*one.cautions, *(c for zone in one.zones for c in zone.cautions)]
    every += () if exposure is None else exposure.cautions
    return list(dict.fromkeys(every))


def _alternative(
    plan: ModelPlan, name: str, one: Alternative, exposure: Exposure | None
) -> dict[str, Any]:
    quantity = plan.request.quantity
    zones = [zone_json(plan, name, zone, i) for i, zone in enumerate(one.zones)]
    if exposure is not None:
        for i, zone in enumerate(zones):
            zone["exposure"] = exposure.zones[name][i]
            if zone["uncertainty"] is not None:
                swept = exposure.swept
                zone["uncertainty"]["people"] = None if swept is None else swept[name][i]
    return {
        "name": name,
        "title": TITLES[name],
        quantity: one.amount,
        "amount": one.amount,
        "unit": _UNITS[quantity],
        "model": one.model.name,
        "choice": _choice(one.choice),
        "facts": one.facts,
        "warnings": [c.as_dict() for c in one.cautions],
        "zones": zones,
    }


def zone_json(plan: ModelPlan, name: str, zone: GroundZone, number: int) -> dict[str, Any]:
    """A zone with its measures, outline and, for gas, what the wind may sweep."""
    found = _ring(plan, zone)
    value = zone.value
    return {
        "level": int(value) if value.is_integer() and value < 1e15 else value,
        "unit": zone.unit,
        "rank": RANKS[min(number, len(RANKS) - 1)],
        "class": class_json(
            class_of(HARM_OF[plan.likely.model.kind], value, zone.unit, plan.request.cas)
        ),
        "kg_m3": kg_m3_of(zone, plan.request),
        "start_m": zone.start_m,
        "length_m": zone.length_m,
        "length_told_m": rounded_metres(zone.length_m),
        "half_width_m": zone.half_width_m,
        "radius_m": zone.radius_m,
        "radius_told_m": None if zone.radius_m is None else rounded_metres(zone.radius_m),
        "truncated": zone.truncated,
        "warnings": [c.as_dict() for c in zone.cautions],
        "geometry": _geometry(found),
        "uncertainty": _uncertainty(plan, zone, plan.swept[name][number]),
    }


def _geometry(found: np.ndarray[Any, np.dtype[np.float64]] | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"type": "Polygon", "coordinates": [found.round(9).tolist()]}


def _uncertainty(
    plan: ModelPlan, zone: GroundZone, swept: np.ndarray[Any, np.dtype[np.float64]] | None
) -> dict[str, Any] | None:
    """Where the gas may be when the wind turns: the swept ground and its two lines."""
    spread = plan.spread_deg
    if spread is None or swept is None:
        return None
    at = (plan.place.lon, plan.place.lat, plan.wind_from)
    lines = [placed(line, *at) for line in wind_lines(zone.length_m, spread)]
    return {
        "spread_deg": spread,
        "given": plan.request.wind_spread_deg is not None,
        "geometry": _geometry(swept),
        "lines": {
            "type": "MultiLineString",
            "coordinates": [line.round(9).tolist() for line in lines],
        },
    }


def in_fixed_form(run: dict[str, Any], request: ModelRequest) -> dict[str, Any]:
    """The form of the command: the zones of the likely alternative in the order of the levels."""
    named = {one["name"]: one for one in run["alternatives"]}
    chosen = named.get("likely") or run["alternatives"][-1]
    zones = {(zone["level"], zone["unit"]): zone for zone in chosen["zones"]}
    shown = {name: value for name, value in run.items() if name != "lists"}
    if len(named) == 1:
        del shown["alternatives"]
    parse = parse_heat if request.model == BALL else parse_concentration
    asked = dict.fromkeys(parse(text) for text in request.levels)
    ordered = [zones[one.value, one.unit] for one in asked] or list(zones.values())
    own = {request.quantity: chosen["amount"], "facts": chosen["facts"], "zones": ordered}
    return shown | own
