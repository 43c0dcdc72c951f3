"""A run of a hazard model as the JSON object that is kept, answered and drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cityops.services.hazards.counting import Exposure
from cityops.services.hazards.requests import BlastPlan
from cityops.services.hazards.surroundings import plain
from cityops.services.layers import Seen
from cityops.services.places import Place
from hazards import SCREENING_EN, SCREENING_ZH
from hazards.blast import BlastZone, BlastZones
from hazards.classes import Harm, HazardClass, class_of
from hazards.fire_zones import KnownHeat
from hazards.hours import hours_json
from hazards.levels import BlastLevel
from hazards.models import Caution, Confidence, HazardModel
from hazards.people import RULE_ZH
from hazards.rings import ring
from hazards.rounding import rounded_metres

#: Warning levels from the strongest zone outwards; further zones are blue.
RANKS = ("red", "orange", "yellow", "blue")
#: Fields of a hazard site that a run keeps.
_SITE_FIELDS = (
    "id",
    "name",
    "kind",
    "grade",
    "substance",
    "cas",
    "inventory_kg",
    "address",
    "source",
)
#: What the alternatives are called.
TITLES = {"low": "较小", "likely": "可能", "high": "较大"}


def zones_json(plan: BlastPlan) -> list[dict[str, Any]]:
    """The alternatives with their zones, smallest mass first, as GeoJSON polygons."""
    return [
        {
            "name": name,
            "title": TITLES[name],
            "mass_kg": found.mass_kg,
            "warnings": [c.as_dict() for c in found.cautions],
            "zones": [_zone(plan.place, zone, i) for i, zone in enumerate(found.zones)],
        }
        for name, found in plan.alternatives.items()
    ]


def _zone(place: Place, zone: BlastZone, number: int) -> dict[str, Any]:
    outline = ring(place.lon, place.lat, zone.radius_m).round(9)
    return {
        "level": _number(zone.level.value),
        "unit": zone.level.unit,
        "level_pa": zone.level.level_pa,
        "rank": RANKS[min(number, len(RANKS) - 1)],
        "class": class_json(class_of(Harm.OVERPRESSURE, zone.level.level_pa / 1e3, "kPa")),
        "radius_m": round(zone.radius_m, 1) if zone.radius_m >= 10 else round(zone.radius_m, 4),
        "radius_told_m": rounded_metres(zone.radius_m),
        "scaled_distance": round(zone.scaled, 4),
        "warnings": [c.as_dict() for c in zone.cautions],
        "geometry": {"type": "Polygon", "coordinates": [outline.tolist()]},
    }


def _number(value: float) -> float | int:
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def result_json(
    plan: BlastPlan,
    exposure: Exposure | None,
    areas: Mapping[str, Any] | None,
    data: list[dict[str, Any]],
) -> dict[str, Any]:
    """Everything that came out of a run, but for its identity."""
    alternatives = zones_json(plan)
    if exposure is not None:
        for alternative in alternatives:
            found = exposure.zones[alternative["name"]]
            for zone, held in zip(alternative["zones"], found, strict=True):
                zone["exposure"] = held
    return {
        "kind": plan.curve.model.kind.value,
        "estimate": {"zh": SCREENING_ZH, "en": SCREENING_EN},
        "model": plan.curve.model.name,
        "model_info": model_json(plan.curve.model),
        "source": plan.curve.model.source,
        "place": place_json(plan.place, areas),
        "site": None if plan.site is None else _site(plan.site),
        "masses_from": plan.masses_from,
        "levels": [level_json(level) for level in plan.levels],
        "alternatives": alternatives,
        "lists": None if exposure is None else exposure.lists,
        "rule": RULE_ZH,
        "hours": hours_json(),
        "data": data,
        "warnings": [c.as_dict() for c in cautions_of(plan, exposure)],
    }


def class_json(found: HazardClass | None) -> dict[str, Any] | None:
    """The class of a zone; None where it has none."""
    if found is None:
        return None
    return {
        "key": found.key,
        "title": {"zh": found.title.zh, "en": found.title.en},
        "least": found.least,
        "unit": found.unit,
        "source": found.source,
        "confidence": found.confidence.value,
    }


def cautions_of(plan: BlastPlan, exposure: Exposure | None) -> list[Caution]:
    """Every caution of a run once: place, masses, zones, figures."""
    every = [*plan.cautions]
    for found in plan.alternatives.values():
        every += _of_zones(found)
    every += () if exposure is None else exposure.cautions
    return list(dict.fromkeys(every))


def _of_zones(found: BlastZones) -> list[Caution]:
    return [*found.cautions, *(c for zone in found.zones for c in zone.cautions)]


def place_json(place: Place, areas: Mapping[str, Any] | None) -> dict[str, Any]:
    """Where, as given and as computed."""
    return {
        "lon": round(place.lon, 9),
        "lat": round(place.lat, 9),
        "input_crs": place.input_crs,
        "given": list(place.given),
        "accuracy_m": place.accuracy_m,
        "areas": None if areas is None else dict(areas),
    }


def _site(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(values[name]) for name in _SITE_FIELDS if name in values}


def level_json(level: BlastLevel) -> dict[str, Any]:
    """A level with its meaning, source and how sure that is."""
    return {
        "level": _number(level.value),
        "unit": level.unit,
        "level_pa": level.level_pa,
        "name": level.name,
        "meaning": {"zh": level.meaning.zh, "en": level.meaning.en},
        "source": level.source,
        "confidence": confidence_json(level.confidence),
        "offered": level.offered,
    }


def heat_json(heat: KnownHeat) -> dict[str, Any]:
    """A heat with its meaning, source and how sure that is."""
    return {
        "level": _number(heat.w_m2 / 1e3),
        "unit": "kW/m2",
        "meaning": {"zh": heat.meaning.zh, "en": heat.meaning.en},
        "source": heat.source,
        "confidence": confidence_json(heat.confidence),
        "offered": heat.offered,
    }


def model_json(model: HazardModel) -> dict[str, Any]:
    """A model with formula, edition, source, ranges and assumptions."""
    return {
        "name": model.name,
        "edition": model.edition,
        "kind": model.kind.value,
        "title": {"zh": model.title.zh, "en": model.title.en},
        "formula": model.formula,
        "source": model.source,
        "confidence": confidence_json(model.confidence),
        "ranges": [
            {
                "quantity": {"zh": r.quantity.zh, "en": r.quantity.en},
                "unit": r.unit,
                "low": r.low,
                "high": r.high,
                "beyond": r.beyond.value,
                "source": r.source,
                "confidence": confidence_json(r.confidence),
            }
            for r in model.ranges
        ],
        "assumptions": [{"zh": a.zh, "en": a.en} for a in model.assumptions],
    }


def confidence_json(confidence: Confidence) -> dict[str, str]:
    """The word of the tables, and words for people."""
    words = confidence.words
    return {"code": confidence.value, "zh": words.zh, "en": words.en}


def data_json(
    used: Iterable[Seen], notices: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Layers that the figures were counted from, with their versions and notices."""
    return [
        {
            "layer": seen.spec.name,
            "title": seen.spec.title.zh,
            "version": seen.view.version,
            "synthetic": notices.get(seen.spec.name, {}).get("synthetic"),
            "notice": notices.get(seen.spec.name, {}).get("notice") or seen.spec.notice,
        }
        for seen in used
    ]
