"""What is asked of a blast model, checked whole: every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cityops.services.layers import Reading
from cityops.services.locate import checked_place
from cityops.services.permissions import Action, require
from cityops.services.places import Place
from cityops.services.roles import Person
from gis.errors import CityError, InvalidError
from gis.features import FeatureBatch, empty_batch
from grid.layers import DISTRICTS
from hazards.blast import BlastZones, blast_zones, check_mass, level_faults
from hazards.curves import Curve
from hazards.layers import HAZARD_SITES
from hazards.levels import BlastLevel, chosen_levels, parsed_levels
from hazards.models import Caution
from hazards.registry import DEFAULT_CURVE, curve_named
from hazards.rings import distances_m

#: The alternatives of a quantity that is not known, smallest first.
ALTERNATIVES = ("low", "likely", "high")
#: A place converted from another datum that moved further than this is remarked on, metres.
_MOVED_M = 50.0
_DATUMS = {"gcj02": "GCJ-02", "bd09": "BD-09"}


@dataclass(frozen=True)
class BlastRequest:
    """What is asked: a site or a place, masses, levels, a model.

    Attributes
    ----------
    lon, lat, crs
        Place in a system as `cityops.services.places.place_of` reads it; None with a site.
    site
        Key of a hazard site; its place, and its masses where none are given.
    masses_kg
        TNT-equivalent by alternative (low, likely, high); None takes those of the site.
    levels
        Overpressures such as ``2kPa``; None takes those offered.
    anywhere
        Zones alone: a place outside of the city is a caution and not a fault.
    """

    lon: float | None = None
    lat: float | None = None
    crs: str = "cgcs2000"
    site: str | None = None
    masses_kg: Mapping[str, float | None] | None = None
    levels: tuple[str, ...] | None = None
    model: str = DEFAULT_CURVE
    anywhere: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The request as JSON, as it is kept with the run."""
        return {
            "model": self.model,
            "lon": self.lon,
            "lat": self.lat,
            "crs": self.crs,
            "site": self.site,
            "masses_kg": None if self.masses_kg is None else dict(self.masses_kg),
            "levels": None if self.levels is None else list(self.levels),
        }


@dataclass(frozen=True)
class BlastPlan:
    """A request that can be computed.

    ``alternatives`` are the zones of each given mass, smallest mass first; ``site`` the values
    of the hazard site that the person may see.
    """

    curve: Curve
    place: Place
    site: dict[str, Any] | None
    masses_from: str
    levels: tuple[BlastLevel, ...]
    alternatives: dict[str, BlastZones]
    cautions: tuple[Caution, ...]

    @property
    def largest_m(self) -> float:
        """Radius of the largest zone of all alternatives."""
        return max(found.zones[-1].radius_m for found in self.alternatives.values())


def planned(
    now: Reading | None, person: Person, request: BlastRequest, accuracy_m: float
) -> BlastPlan:
    """The request checked against models, levels, sites and the city.

    Parameters
    ----------
    now
        The city's layers; None where there is no store, and then neither sites nor borders.
    accuracy_m
        How far the city's borders may be off; a place so near outside counts as inside.

    Raises
    ------
    ForbiddenError
        When the person may not see hazard sites.
    InvalidError
        The fault, or ``hazard.invalid`` with every one of several.
    """
    require(person, HAZARD_SITES, Action.VIEW)
    faults: list[CityError] = []
    curve = _tried(faults, lambda: curve_named(request.model))
    cautions: list[Caution] = []
    levels = _levels(request, curve, faults, cautions)
    site = _tried(faults, lambda: site_values(now, person, request.site))
    place = _tried(faults, lambda: _place(request, site))
    masses = _masses(request, site, faults)
    if place is not None:
        cautions += moved(place)
        outside = _tried(faults, lambda: in_city(now, place, accuracy_m, anywhere=request.anywhere))
        cautions += outside or []
    if len(faults) == 1:
        raise faults[0]
    if faults or curve is None or place is None:
        raise InvalidError(
            "hazard.invalid",
            "请求有 {count} 处不对：{first}",
            field=faults[0].field,
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )
    return BlastPlan(
        curve=curve,
        place=place,
        site=None if site is None else site[0],
        masses_from="given" if request.masses_kg is not None else "site",
        levels=levels,
        alternatives={name: blast_zones(kg, levels, curve) for name, kg in masses.items()},
        cautions=tuple(cautions),
    )


def _tried(faults: list[CityError], act: Any) -> Any:
    """What `act` gives; None and its fault noted when it refuses."""
    try:
        return act()
    except InvalidError as fault:
        faults.append(fault)
        return None


def _levels(
    request: BlastRequest, curve: Curve | None, faults: list[CityError], cautions: list[Caution]
) -> tuple[BlastLevel, ...]:
    if request.levels is None:
        return _offered(curve, cautions)
    read, bad = parsed_levels(request.levels)
    faults += bad
    if bad and not read:
        return ()
    levels: tuple[BlastLevel, ...] = _tried(faults, lambda: chosen_levels(tuple(read))) or ()
    cautions += repeated(len(read) - len(levels) if levels else 0)
    if curve is not None:
        faults += level_faults(levels, curve)
    return levels


def _offered(curve: Curve | None, cautions: list[Caution]) -> tuple[BlastLevel, ...]:
    """The levels that are drawn when nobody chooses, those that the curve reaches."""
    levels = chosen_levels(None)
    if curve is None:
        return levels
    held = tuple(level for level in levels if not level_faults([level], curve))
    left = "、".join(f"{level.value:g} {level.unit}" for level in levels if level not in held)
    if left:
        words = f"常用的等级中 {left} 超出 {curve.model.name} 的适用范围，没有算"
        cautions.append(Caution("hazard.level_left", words))
    return held


def repeated(times: int) -> list[Caution]:
    """That levels were asked for more than once and are answered once."""
    if times <= 0:
        return []
    return [Caution("hazard.level_repeated", f"有 {times} 个等级与前面的相同，只算一次")]


Site = tuple[dict[str, Any], tuple[float, float]]


def site_values(now: Reading | None, person: Person, key: str | None) -> Site | None:
    """What the person may see of a hazard site, and its position; None without a key.

    Raises
    ------
    InvalidError
        ``hazard.unknown_site`` when there is none within the person's permission.
    """
    if key is None:
        return None
    permission = require(person, HAZARD_SITES, Action.VIEW)
    batch: FeatureBatch = (
        empty_batch(HAZARD_SITES)
        if now is None
        else now.tx.layers.by_key(HAZARD_SITES, key, permission)
    )
    if not len(batch):
        raise InvalidError(
            "hazard.unknown_site",
            "没有危险源 {got}",
            field="site",
            got=key[:80],
            hint="从列表里选，或在地图上点位置",
        )
    point = batch.geometry[0]
    return batch.properties(0, permission.fields), (float(point.x), float(point.y))


def _place(request: BlastRequest, site: Site | None) -> Place | None:
    given = request.lon is not None or request.lat is not None
    if request.site is not None:
        if given:
            raise InvalidError(
                "hazard.two_places",
                "危险源与坐标只能给一个",
                field="site",
                got=request.site[:80],
                hint="换位置请去掉 site",
            )
        return None if site is None else checked_place(*site[1], "cgcs2000")
    if request.lon is None or request.lat is None:
        raise InvalidError(
            "hazard.no_place", "没有位置：给 lon 与 lat，或给 site", field="lon,lat", got=None
        )
    return checked_place(request.lon, request.lat, request.crs)


def _masses(request: BlastRequest, site: Site | None, faults: list[CityError]) -> dict[str, float]:
    """Masses by alternative, smallest first; faults are noted."""
    given = request.masses_kg
    if given is None and site is not None:
        given = {name: site[0].get(f"tnt_{name}_kg") for name in ALTERNATIVES}
    masses: dict[str, float] = {}
    for name in ALTERNATIVES:
        value = (given or {}).get(name)
        if value is not None:
            masses[name] = float(value)
            _tried(faults, lambda name=name: check_mass(masses[name], f"masses_kg.{name}"))
    if not masses and (request.site is None or site is not None):
        faults.append(
            InvalidError(
                "hazard.no_mass",
                "没有 TNT 当量",
                field="masses_kg",
                expected=list(ALTERNATIVES),
                hint="至少给一个：low、likely 或 high，单位 kg",
            )
        )
    order = list(masses.values())
    if all(map(np.isfinite, order)) and order != sorted(order):
        faults.append(
            InvalidError(
                "hazard.mass_order",
                "TNT 当量应由小到大：low ≤ likely ≤ high，得到 {got}",
                field="masses_kg",
                got=order,
            )
        )
    return masses


def moved(place: Place) -> list[Caution]:
    """That a datum was converted, and how far the place moved."""
    if not place.accuracy_m:
        return []
    metres = float(distances_m(place.lon, place.lat, np.array([place.given]))[0])
    if metres < _MOVED_M:
        return []
    words = f"坐标按 {_DATUMS[place.input_crs]} 换算，移动了 {metres:.0f} m，误差约 {place.accuracy_m:g} m"
    return [Caution("hazard.converted_datum", words)]


def in_city(
    now: Reading | None, place: Place, accuracy_m: float, *, anywhere: bool
) -> list[Caution]:
    """Nothing when the place lies in the city; else a caution, or a refusal.

    Raises
    ------
    InvalidError
        ``hazard.outside_city``.
    """
    known = now is not None and DISTRICTS.name in now.registry
    view = now.view(DISTRICTS) if now is not None and known else None
    if view is None or not len(view):
        return [Caution("hazard.no_districts", "没有区划资料，无法判断位置是否在本市")]
    if len(view.within(place.lon, place.lat, accuracy_m)[0]):
        return []
    if anywhere:
        return [Caution("hazard.outside_city", "位置不在本市范围内，没有本市资料可对照")]
    raise InvalidError(
        "hazard.outside_city",
        "位置不在本市范围内：{got}",
        field="lon,lat",
        got=[place.lon, place.lat],
        hint="检查坐标系与经纬度次序，或在地图上重新点位置",
    )
