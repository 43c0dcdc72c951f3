"""A request to a model that is no blast, checked whole and computed: every fault at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, TypeVar

from cityops.services.hazards.model_parts import number_faults
from cityops.services.hazards.model_requests import (
    AUTOMATIC,
    BALL,
    HEAVY,
    MAX_LEVELS,
    OPTIONS,
    PUFF,
    ModelRequest,
    check_options,
    missing_faults,
    option,
    order_faults,
)
from cityops.services.hazards.requests import in_city, moved, repeated
from cityops.services.layers import Reading
from cityops.services.locate import checked_place
from cityops.services.permissions import Action, require
from cityops.services.places import Place
from cityops.services.roles import Person
from gis.errors import CityError, InvalidError
from hazards.classes import HARM_OF, Harm
from hazards.dispersion import britter_mcquaid, plume, puff
from hazards.dispersion.briggs import Stability, Terrain
from hazards.dispersion.choice import Choice, dispersion_model
from hazards.dispersion.heavy_zones import heavy_release, heavy_zones
from hazards.dispersion.levels import Air, Concentration, in_kg_m3, parse_concentration
from hazards.dispersion.plume import PlumeSource, check_ranges, raise_faults
from hazards.dispersion.puff import PuffSource
from hazards.dispersion.puff_zones import puff_cautions, puff_zones
from hazards.dispersion.zones import as_ground, check_gas, plume_zones
from hazards.fire_zones import HeatLevel, heat_zones, offered_heats, parse_heat
from hazards.fireball import MODEL as FIREBALL
from hazards.fireball import Form, fireball
from hazards.ground import (
    FloatArray,
    GroundZone,
    check_spread,
    check_wind_from,
    placed,
    swept,
)
from hazards.layers import HAZARD_SITES
from hazards.models import Caution, HazardModel
from hazards.toxic_levels import levels_for

T = TypeVar("T")
Level = Concentration | HeatLevel


@dataclass(frozen=True)
class Alternative:
    """What one quantity gives: the model that was taken, and its zones, strongest first."""

    amount: float
    model: HazardModel
    zones: tuple[GroundZone, ...]
    cautions: tuple[Caution, ...]
    choice: Choice | None = None
    facts: dict[str, float] | None = None


@dataclass(frozen=True)
class ModelPlan:
    """A request that was computed.

    ``levels`` are in the order they were asked for.
    """

    request: ModelRequest
    place: Place
    levels: tuple[Level, ...]
    alternatives: dict[str, Alternative]
    cautions: tuple[Caution, ...]

    @property
    def likely(self) -> Alternative:
        """The likely alternative, else the largest."""
        return self.alternatives.get("likely") or list(self.alternatives.values())[-1]

    @property
    def harm(self) -> Harm:
        """What the zones do harm by."""
        return HARM_OF[self.likely.model.kind]

    @property
    def spread_deg(self) -> float | None:
        """By how much the wind may turn; None for a fire."""
        return None if self.request.model == BALL else self.request.spread_deg

    @cached_property
    def swept(self) -> dict[str, tuple[FloatArray | None, ...]]:
        """By alternative (n, 2) closed ring of CGCS2000 positions that each zone sweeps while the
        wind turns; None of a fire, and where a level is nowhere reached.
        """
        return {
            name: tuple(self._swept(zone) for zone in one.zones)
            for name, one in self.alternatives.items()
        }

    def _swept(self, zone: GroundZone) -> FloatArray | None:
        if self.spread_deg is None or zone.outline_m is None:
            return None
        ground = swept(zone.outline_m, self.spread_deg)
        return placed(ground, self.place.lon, self.place.lat, self.wind_from)

    @property
    def wind_from(self) -> float:
        """Where the wind comes from; any direction for a fire, whose zones are discs."""
        return self.request.wind_from or 0.0


def model_plan(
    now: Reading | None, person: Person, request: ModelRequest, accuracy_m: float
) -> ModelPlan:
    """Check and compute.

    Parameters
    ----------
    now
        The city's layers; None where there is no store.
    accuracy_m
        How far the city's borders may be off.

    Raises
    ------
    ForbiddenError
        When the person may not see hazards.
    InvalidError
        The fault, or ``plume.refused`` with every one of several.
    """
    require(person, HAZARD_SITES, Action.VIEW)
    check_options(request)
    faults: list[CityError] = []
    asked = _tried(faults, lambda: _with_substance(request)) or request
    levels = _levels(asked, faults)
    cautions = [] if faults else repeated(len(asked.levels) - len(levels))
    by_volume = any(isinstance(one, Concentration) and one.is_by_volume for one in levels)
    faults += missing_faults(asked, by_volume=by_volume) + order_faults(asked)
    _check_wind(asked, faults)
    faults += number_faults(asked, _air(asked))
    place = _tried(faults, lambda: checked_place(asked.lon, asked.lat, asked.crs))
    if place is not None:
        cautions += moved(place)
        outside = _tried(faults, lambda: in_city(now, place, accuracy_m, anywhere=asked.anywhere))
        cautions += outside or []
    alternatives = {} if faults else _alternatives(asked, levels, faults)
    raise_faults(list({str(fault) + str(fault.field): fault for fault in faults}.values()))
    if place is None:
        raise InvalidError("plume.refused", "请求不完整")
    return ModelPlan(asked, place, tuple(levels), alternatives, tuple(cautions))


def _tried(faults: list[CityError], act: Callable[[], T]) -> T | None:
    """What `act` gives; None and its faults noted when it refuses."""
    try:
        return act()
    except InvalidError as fault:
        faults.extend(fault.errors or (fault,))
        return None


def _with_substance(request: ModelRequest) -> ModelRequest:
    """The request with what the CAS number tells: molar mass and, without levels, AEGL."""
    if request.cas is None:
        return request
    known = levels_for(request.cas)
    molar = request.molar_mass_g_mol
    levels = request.levels or tuple(
        f"{value:g}{known.unit}" for value in reversed(known.levels) if value is not None
    )
    return replace(
        request,
        molar_mass_g_mol=known.molar_mass_g_mol if molar is None else molar,
        levels=levels,
    )


def _levels(request: ModelRequest, faults: list[CityError]) -> list[Level]:
    if request.model == BALL and not request.levels:
        return list(offered_heats())
    if not 1 <= len(request.levels) <= MAX_LEVELS:
        faults.append(
            InvalidError(
                "plume.bad_levels",
                "等级应有 1 至 {expected} 个，得到 {got} 个",
                field="level",
                got=len(request.levels),
                expected=MAX_LEVELS,
            )
        )
        return []
    parse: Callable[[str], Level] = parse_heat if request.model == BALL else parse_concentration
    read = [_tried(faults, partial(parse, text)) for text in request.levels]
    return list(dict.fromkeys(level for level in read if level is not None))


def _check_wind(request: ModelRequest, faults: list[CityError]) -> None:
    if request.wind_from is not None:
        degrees = request.wind_from
        _tried(faults, lambda: check_wind_from(degrees))
    _tried(faults, lambda: check_spread(request.spread_deg))
    words = {"stability": (request.stability, Stability), "terrain": (request.terrain, Terrain)}
    for name, (given, kind) in words.items():
        if given is not None and given not in list(kind):
            faults.append(
                InvalidError(
                    "plume.unknown_weather",
                    "{field} 应为 {expected} 之一，得到 {got}",
                    field=name,
                    got=given[:20],
                    expected=[one.value for one in kind],
                )
            )


def _alternatives(
    request: ModelRequest, levels: Sequence[Level], faults: list[CityError]
) -> dict[str, Alternative]:
    act = {BALL: _ball, PUFF: _puff, HEAVY: _heavy, AUTOMATIC: _chosen}.get(request.model, _plume)
    found: dict[str, Alternative] = {}
    for name, amount in request.amounts().items():
        one = _tried(faults, partial(act, request, amount, levels))
        if one is not None:
            # The smallest first: zones of one quantity lie in each other.
            order = sorted(one.zones, key=lambda zone: (zone.length_m, zone.half_width_m))
            found[name] = replace(one, zones=tuple(order))
    return found


def _air(request: ModelRequest) -> Air:
    default = Air()
    return Air(
        default.temperature_k if request.temperature_k is None else request.temperature_k,
        default.pressure_pa if request.pressure_pa is None else request.pressure_pa,
    )


def _gases(levels: Sequence[Level]) -> list[Concentration]:
    return [level for level in levels if isinstance(level, Concentration)]


def _plume(request: ModelRequest, rate: float, levels: Sequence[Level]) -> Alternative:
    source = PlumeSource(
        rate_kg_s=rate,
        wind_m_s=float(request.wind_m_s or 0.0),
        stability=Stability(request.stability or ""),
        terrain=Terrain(request.terrain or ""),
        height_m=request.height_m or 0.0,
        averaging_min=10.0 if request.averaging_min is None else request.averaging_min,
    )
    receptor = request.receptor_m or 0.0
    found = plume_zones(source, _gases(levels), request.molar_mass_g_mol, _air(request), receptor)
    zones = tuple(as_ground(zone, source, receptor) for zone in found.zones)
    return Alternative(rate, plume.MODEL, zones, found.cautions)


def _heavy(request: ModelRequest, rate: float, levels: Sequence[Level]) -> Alternative:
    check_ranges(rate_kg_s=rate, wind_m_s=float(request.wind_m_s or 0.0))
    air, molar = _air(request), float(request.molar_mass_g_mol or 0.0)
    release = heavy_release(rate, float(request.wind_m_s or 0.0), molar, air, request.release_k)
    lasts = math.inf if request.duration_s is None else request.duration_s
    zones = heavy_zones(release, _gases(levels), molar, air, lasts)
    words = "重气云横向按等浓度计，宽度偏安全；气体按纯气、理想气体计，含液滴的更重"
    facts = {"heaviness": release.heaviness, "alpha": release.alpha}
    cautions = (Caution("heavy.screening", words),)
    return Alternative(rate, britter_mcquaid.MODEL, zones, cautions, facts=facts)


def _chosen(request: ModelRequest, rate: float, levels: Sequence[Level]) -> Alternative:
    choice = dispersion_model(
        rate,
        float(request.wind_m_s or 0.0),
        float(request.molar_mass_g_mol or 0.0),
        _air(request),
        release_k=request.release_k,
        height_m=request.height_m or 0.0,
    )
    act = _heavy if choice.model == HEAVY else _plume
    found = act(request, rate, levels)
    said = Caution("choice.model", choice.reason)
    cautions = (*(choice.cautions or (said,)), *_unused(request, choice.model), *found.cautions)
    return replace(found, choice=choice, cautions=cautions)


def _unused(request: ModelRequest, model: str) -> tuple[Caution, ...]:
    """What was given for the other model and plays no part now."""
    # Height, class, terrain and the temperature of the release are asked for the choice itself.
    names = ("receptor_m", "averaging_min", "duration_s")
    left = [n for n in names if getattr(request, n) is not None and n not in OPTIONS[model]]
    if not left:
        return ()
    words = f"所选的模型 {model} 不用 {'、'.join(map(option, left))}"
    return (Caution("choice.unused_option", words),)


def _puff(request: ModelRequest, mass: float, levels: Sequence[Level]) -> Alternative:
    source = PuffSource(
        mass, float(request.wind_m_s or 0.0), Stability(request.stability or ""),
        request.height_m or 0.0,
    )  # fmt: skip
    air, molar = _air(request), request.molar_mass_g_mol
    check_gas(molar, air)
    zones = puff_zones(source, _gases(levels), molar, air, request.receptor_m or 0.0)
    return Alternative(mass, puff.MODEL, zones, puff_cautions(source, molar, air))


def _ball(request: ModelRequest, mass: float, levels: Sequence[Level]) -> Alternative:
    share = 0.3 if request.radiated_share is None else request.radiated_share
    given = request.form or Form.CCPS.value
    if given not in list(Form):
        raise InvalidError(
            "fireball.bad_form", "{field} 应为 {expected} 之一，得到 {got}", field="form",
            got=given[:20], expected=[form.value for form in Form],
        )  # fmt: skip
    ball = fireball(mass, float(request.heat_mj_kg or 0.0) * 1e6, share, Form(given))
    vapour = 2000.0 if request.vapour_pa is None else request.vapour_pa
    heats = [level for level in levels if isinstance(level, HeatLevel)]
    zones = heat_zones(ball, heats, vapour)
    facts: dict[str, Any] = {
        "diameter_m": ball.diameter_m,
        "duration_s": ball.duration_s,
        "height_m": ball.height_m,
        "emissive_w_m2": ball.emissive_w_m2,
    }
    words = "热辐射按火球最大时持续全程计，无遮挡；不含冲击波和碎片"
    cautions = (Caution("fireball.screening", words),)
    return Alternative(mass, FIREBALL, zones, cautions, facts=facts)


def kg_m3_of(zone: GroundZone, request: ModelRequest) -> float | None:
    """The level of a zone as mass in a volume of air; None for heat."""
    if request.model == BALL:
        return None
    level = Concentration(zone.value, zone.unit)
    return in_kg_m3(level, request.molar_mass_g_mol, _air(request))
