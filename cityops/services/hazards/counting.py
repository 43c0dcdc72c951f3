"""What each zone of each alternative holds, as JSON with figures rounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cityops.services.hazards.surroundings import (
    TIMES,
    People,
    Points,
    Roads,
    Surroundings,
    plain,
    visible_column,
)
from gis.layers import FieldType
from hazards.blast import BlastZones
from hazards.coverage import NEAR_M, covered_share
from hazards.exposure import Tally, bands, point_shares, within
from hazards.models import Caution
from hazards.rounding import rounded_count, rounded_metres

FloatArray = npt.NDArray[np.float64]
#: Sensitive places and roads that are named one by one; the counts are of all.
MOST_LISTED = 300
#: Below this share of ground with a building near, the people may be undercounted.
_POORLY_COVERED = 0.9
_BEYOND = 0.01


@dataclass(frozen=True)
class Exposure:
    """What the zones reach.

    Attributes
    ----------
    zones
        By alternative, one JSON object per zone.
    lists
        Sensitive places, roads and components by class, as JSON.
    cautions
        What the figures leave out.
    """

    zones: dict[str, list[dict[str, Any]]]
    lists: dict[str, Any]
    cautions: tuple[Caution, ...]


class _Slices:
    """Radii of all alternatives in one list, and where each alternative's lie in it."""

    def __init__(self, alternatives: Mapping[str, BlastZones]) -> None:
        self.radii: list[float] = []
        self.at: dict[str, slice] = {}
        for name, found in alternatives.items():
            start = len(self.radii)
            self.radii += [zone.radius_m for zone in found.zones]
            self.at[name] = slice(start, len(self.radii))


def exposure_of(around: Surroundings, alternatives: Mapping[str, BlastZones]) -> Exposure:
    """People, sensitive places, components and roads in every zone of every alternative.

    A kind that the person may not see, or of which there is no layer, is null.
    """
    slices = _Slices(alternatives)
    people, places = around.people(), around.points("sensitive_places")
    components, roads = around.points("components"), around.roads()
    counted = {
        "people": _people(people, slices),
        "places": _points(places, slices),
        "components": _points(components, slices),
        "roads": _roads(roads, slices),
    }
    zones = {
        name: [
            {kind: None if by is None else by[name][i] for kind, by in counted.items()}
            for i in range(len(found.zones))
        ]
        for name, found in alternatives.items()
    }
    lists = {
        "places": _place_list(places, slices),
        "roads": _road_list(roads, slices),
        "components": _classes(components, slices),
    }
    return Exposure(zones, lists, tuple(_cautions(around, people, max(slices.radii))))


# -- people -------------------------------------------------------------------------------------


def _people(people: People | None, slices: _Slices) -> dict[str, list[Any]] | None:
    if people is None:
        return None
    shares = people.shares(slices.radii)
    out: dict[str, list[Any]] = {}
    for name, at in slices.at.items():
        told: list[dict[str, Any]] = [{} for _ in range(at.stop - at.start)]
        for time in TIMES:
            amounts, counts = people.carried(time)
            held = shares[at][:, counts]
            discs, rings = within(held, amounts[counts]), bands(held, amounts[counts])
            for i, (disc, ring) in enumerate(zip(discs, rings, strict=True)):
                told[i][time] = {"within": told_people(disc), "band": told_people(ring)}
        out[name] = told
    return out


def told_people(tally: Tally) -> dict[str, Any]:
    """People as they may be told: rounded, with the bounds of the rule for cut buildings.

    ``rounded`` is null where something stands there and no figure is known of any of it.
    """
    nothing_known = tally.carriers > 0 and tally.unknown == tally.carriers
    return {
        "rounded": None if nothing_known else rounded_count(tally.expected),
        "low": None if nothing_known else rounded_count(tally.at_least),
        "high": None if nothing_known else rounded_count(tally.at_most),
        "under_ten": not nothing_known and 0 < tally.expected < 10,
        "carriers": tally.carriers,
        "unknown": tally.unknown,
    }


# -- points -------------------------------------------------------------------------------------


def _points(points: Points | None, slices: _Slices) -> dict[str, list[Any]] | None:
    if points is None:
        return None
    shares = point_shares(points.metres, slices.radii)
    one = np.ones(len(points.metres))
    return {
        name: [
            {"within": disc.carriers, "band": ring.carriers}
            for disc, ring in zip(within(shares[at], one), bands(shares[at], one), strict=True)
        ]
        for name, at in slices.at.items()
    }


def _place_list(places: Points | None, slices: _Slices) -> list[dict[str, Any]] | None:
    """Sensitive places nearest first, each with the number of its zone by alternative."""
    if places is None:
        return None
    inside = np.flatnonzero(places.metres <= max(slices.radii))
    order = inside[np.lexsort((places.seen.view.fids(places.rows[inside]), places.metres[inside]))]
    order = order[:MOST_LISTED]
    names = ("id", "name", "kind", "address", "people_day", "people_night")
    columns = {name: places.column(name)[order] for name in names}
    titles = _titles(places, "kind")
    at = places.seen.view.boxes(places.rows[order])
    return [
        {
            **{name: plain(columns[name][i]) for name in names[:4]},
            "kind_title": titles.get(columns["kind"][i]),
            "people": {t: _figure(columns[f"people_{t}"][i]) for t in TIMES},
            "lon": float(at[i, 0]),
            "lat": float(at[i, 1]),
            "distance_m": rounded_metres(float(places.metres[row])),
            "zone": _zone_of(float(places.metres[row]), slices),
        }
        for i, row in enumerate(order.tolist())
    ]


def _zone_of(metres: float, slices: _Slices) -> dict[str, int | None]:
    """By alternative the number of the innermost zone that holds a distance; None outside."""
    return {
        name: next((i for i, r in enumerate(slices.radii[at]) if metres <= r), None)
        for name, at in slices.at.items()
    }


def _figure(value: Any) -> int | None:
    return None if value is None else rounded_count(float(value))


def _titles(points: Points, name: str) -> dict[Any, str]:
    field = points.seen.spec.field_named(name)
    return (
        {item.code: item.title.zh for item in field.codes} if field.type is FieldType.CODE else {}
    )


def _classes(components: Points | None, slices: _Slices) -> list[dict[str, Any]] | None:
    """Components by class, most first: how many in each zone of each alternative."""
    if components is None:
        return None
    codes = components.column("class_code")
    names = sorted({str(code) for code in codes.tolist() if code is not None})
    titles, shares = (
        _titles(components, "class_code"),
        point_shares(components.metres, slices.radii),
    )
    rows = []
    for code in [*names, None]:
        counts = shares[:, codes == code].sum(axis=1).astype(int)
        if counts.any():
            by = {name: counts[at].tolist() for name, at in slices.at.items()}
            rows.append({"class": code, "title": titles.get(code), "within": by})
    return sorted(rows, key=lambda row: -max(max(n) for n in row["within"].values()))


# -- roads --------------------------------------------------------------------------------------


def _roads(roads: Roads | None, slices: _Slices) -> dict[str, list[Any]] | None:
    if roads is None:
        return None
    lengths = roads.lengths(slices.radii)
    names = visible_column(roads.seen, "name", roads.rows)
    return {
        name: [_road_count(names, metres) for metres in lengths[at]]
        for name, at in slices.at.items()
    }


def _road_count(names: npt.NDArray[np.object_], metres: FloatArray) -> dict[str, Any]:
    """Roads by name, stretches without one apart, and how long they are together."""
    touched = names[metres > 0].tolist()
    return {
        "named": len({name for name in touched if name}),
        "unnamed": sum(1 for name in touched if not name),
        "length_m": rounded_metres(float(metres.sum())),
    }


def _road_list(roads: Roads | None, slices: _Slices) -> list[dict[str, Any]] | None:
    """Named roads, longest first: metres within the outermost zone of each alternative."""
    if roads is None:
        return None
    outermost = {
        name: roads.lengths([slices.radii[at.stop - 1]])[0] for name, at in slices.at.items()
    }
    names = visible_column(roads.seen, "name", roads.rows)
    classes = visible_column(roads.seen, "road_class", roads.rows)
    field = roads.seen.spec.field_named("road_class")
    titles = {item.code: item.title.zh for item in field.codes}
    rows = []
    for name in sorted({name for name in names.tolist() if name}):
        own = names == name
        metres = {a: rounded_metres(float(lengths[own].sum())) for a, lengths in outermost.items()}
        if any(metres.values()):
            rank = next((c for c in classes[own].tolist() if c is not None), None)
            rows.append({"name": name, "class_title": titles.get(str(rank)), "length_m": metres})
    rows.sort(key=lambda row: -max(row["length_m"].values()))
    return rows[:MOST_LISTED]


# -- what the figures leave out -----------------------------------------------------------------


def _cautions(around: Surroundings, people: People | None, radius_m: float) -> list[Caution]:
    out = _beyond_city(around, radius_m)
    out += [
        Caution("exposure.limited", f"“{seen.spec.title.zh}”只计您责任区内的数据")
        for seen in around.used.values()
        if seen.permission.areas is not None or seen.permission.categories is not None
    ]
    if people is None:
        return [*out, Caution("exposure.no_buildings", "没有建筑物资料，人数未知")]
    share = covered_share(people.footprints.centres_m, radius_m)
    if share < _POORLY_COVERED:
        words = (
            f"最大当量的最外圈内约 {100 * (1 - share):.0f} % 的地面 {NEAR_M:g} m 之内没有建筑物资料："
            "可能无人，也可能没有录入，人数可能偏低"
        )
        out.append(Caution("exposure.poor_coverage", words))
    return out


def _beyond_city(around: Surroundings, radius_m: float) -> list[Caution]:
    """That part of a disc lies outside of every district, where there are no data."""
    share = around.district_share(radius_m)
    if share is None or share > 1.0 - _BEYOND:
        return []
    words = (
        f"最大当量的最外圈内约 {100 * (1 - share):.0f} % 的面积在本市区划以外（含海域），没有资料"
    )
    return [Caution("exposure.beyond_city", words)]
