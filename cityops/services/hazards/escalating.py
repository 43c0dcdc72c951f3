"""Domino effects of an explosion out of files, as interfaces answer them. Nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from cityops.services.hazards.evacuation_files import Layer, places_in, read_layer
from cityops.services.hazards.refusals import Refusals
from cityops.services.hazards.run_json import model_json, place_json
from cityops.services.hazards.service import now_utc
from cityops.services.locate import checked_place
from gis.errors import CityError, InvalidError
from gis.frame import LocalFrame
from grid.clock.calendar import CITY_ZONE
from hazards import SCREENING_EN, SCREENING_ZH
from hazards.blast import check_mass
from hazards.domino.escalation import (
    Hit,
    Site,
    blast_hits,
    check_generations,
    escalation_radii,
    hit_cautions,
)
from hazards.domino.lifelines import Lifelines, lifelines_within
from hazards.domino.thresholds import Threshold, equipment_named
from hazards.evacuation.roads import raise_all
from hazards.registry import DEFAULT_CURVE, curve_named
from hazards.rounding import rounded_metres


@dataclass(frozen=True)
class DominoRequest:
    """What is asked of the domino effects of one charge.

    ``sites`` is a file of points or areas with ``equipment`` and ``tnt_kg`` where known.
    """

    lon: float
    lat: float
    mass_kg: float
    sites: Path | None = None
    crs: str = "cgcs2000"
    sites_crs: str | None = None
    model: str = DEFAULT_CURVE
    generations: int = 1


def domino_run(
    request: DominoRequest,
    lifelines: Lifelines | None = None,
    clock: Callable[[], datetime] = now_utc,
) -> dict[str, Any]:
    """Which sites a charge may set off, and which lifelines lie in the rings of the thresholds.

    Parameters
    ----------
    lifelines
        What knows pipes; None: the answer has none, and says null.

    Raises
    ------
    CityError
        What the place, the mass or the files refuse; ``domino.refused`` with every fault of several.
    """
    told = Refusals()
    curve = told.tried(lambda: curve_named(request.model))
    told.tried(lambda: check_mass(request.mass_kg))
    told.tried(lambda: check_generations(request.generations))
    place = told.tried(lambda: checked_place(request.lon, request.lat, request.crs))
    layer = None
    if (sites := request.sites) is not None:
        layer = told.tried(lambda: read_layer(sites, "sites", request.sites_crs))
    rows: list[Site] = []
    names: list[str | None] = []
    frame = LocalFrame(0.0, 0.0) if place is None else LocalFrame(place.lon, place.lat)
    if layer is not None and place is not None:
        rows = told.tried(partial(sites_in, layer, frame)) or []
        names = layer.column("name", "名称").tolist()
    told.raise_all("domino.refused")
    if curve is None or place is None:
        raise InvalidError("domino.refused", "请求不完整")
    hits = blast_hits(request.mass_kg, rows, curve, request.generations)
    rings = escalation_radii(request.mass_kg, curve)
    radii = [radius for _, radius in rings]
    return {
        "at": clock().astimezone(CITY_ZONE).isoformat(timespec="milliseconds"),
        "kept": False,
        "inputs": asdict(request)
        | {"sites": None if request.sites is None else str(request.sites)},
        "estimate": {"zh": SCREENING_ZH, "en": SCREENING_EN},
        "model": curve.model.name,
        "model_info": model_json(curve.model),
        "source": curve.model.source,
        "program": version("cityops"),
        "place": place_json(place, None),
        "rings": [
            threshold_json(row) | {"radius_m": radius, "radius_told_m": rounded_metres(radius)}
            for row, radius in rings
        ],
        "warnings": [caution.as_dict() for caution in hit_cautions(hits, rows)],
        "sites": [_hit(hit, rows, names, frame) for hit in hits],
        "lifelines": None if lifelines is None else _lifelines(lifelines, place, radii),
    }


def sites_in(layer: Layer, frame: LocalFrame) -> list[Site]:
    """Sites of a file in metres of a plane.

    Raises
    ------
    InvalidError
        The fault of a row, or ``domino.bad_sites`` with every one of several.
    """
    places, _ = places_in(layer, frame, "sites")
    masses = layer.numbers("tnt_kg", "tnt_likely_kg", "TNT 当量（可能）")
    classes = layer.column("equipment", "设备类别").tolist()
    faults: list[CityError] = []
    out = []
    for i, name in enumerate(layer.ids().tolist()):
        try:
            if np.isnan(places[i]).any():
                raise InvalidError("domino.no_place", "没有位置", field="geometry")
            mass = None if np.isnan(masses[i]) else float(masses[i])
            if mass is not None:
                check_mass(mass, "tnt_kg")
            kind = equipment_named(classes[i])
        except InvalidError as fault:
            fault.row = int(layer.rows[i])
            faults.append(fault)
            continue
        out.append(Site(name, float(places[i, 0]), float(places[i, 1]), kind, mass))
    raise_all(faults, "domino.bad_sites", "危险源有 {count} 处错误：{first}")
    return out


def _hit(hit: Hit, rows: list[Site], names: list[str | None], frame: LocalFrame) -> dict[str, Any]:
    site = rows[hit.site]
    lon, lat = frame.unproject([[site.x_m, site.y_m]])[0].round(9).tolist()
    return {
        "id": site.id,
        "name": names[hit.site],
        "position": [lon, lat],
        "equipment": None if site.equipment is None else site.equipment.value,
        "equipment_title": None if site.equipment is None else site.equipment.words.zh,
        "tnt_kg": site.tnt_kg,
        "by": None if hit.source < 0 else rows[hit.source].id,
        "generation": hit.generation,
        "distance_m": round(hit.distance_m, 1),
        "pressure_kpa": round(hit.pressure_pa / 1000, 4),
        "bound": hit.bound,
        "threshold": None if hit.threshold is None else threshold_json(hit.threshold),
        "exceeded": hit.exceeded,
        "damage_probability": hit.probability,
    }


def threshold_json(row: Threshold) -> dict[str, Any]:
    """A row of the thresholds as JSON."""
    return {
        "load": row.load.value,
        "equipment": row.equipment.value,
        "equipment_title": row.equipment.words.zh,
        "value": row.value / 1000,
        "unit": "kPa" if row.load.value == "overpressure" else "kW/m2",
        "source": row.source,
        "confidence": row.confidence.value,
    }


def _lifelines(port: Lifelines, place: Any, radii: list[float]) -> dict[str, Any]:
    found = port.around(place.lon, place.lat, max(radii))
    report = lifelines_within(found, radii)
    return {
        "source": found.source,
        "sums": [
            {
                "radius_m": round(one.radius_m, 1),
                "kind": one.kind,
                "lines": one.lines,
                "length_m": round(one.length_m, 1),
                "owners": list(one.owners),
            }
            for one in report.sums
        ],
        "lines": [
            {"id": name, "ring_m": round(ring, 1), "length_m": round(metres, 1)}
            for name, ring, metres in report.lines
        ],
        "valves": [{"id": name, "distance_m": round(metres, 1)} for name, metres in report.valves],
    }
