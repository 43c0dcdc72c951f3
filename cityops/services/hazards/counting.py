"""What each zone of each alternative holds, as JSON with figures rounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cityops.services.areas import AreaLookup
from cityops.services.hazards.surroundings import (
    Groups,
    Lines,
    People,
    Points,
    Surroundings,
    plain,
)
from gis.features import object_array
from gis.layers import FieldType
from gis.table import numbered
from hazards.aggregation import grouped
from hazards.classes import KINDS
from hazards.coverage import NEAR_M, covered_places
from hazards.exposure import Tally, bands, within
from hazards.extents import Discs, Extents, Outlines, nested
from hazards.hours import TIMES
from hazards.models import Caution
from hazards.rounding import rounded_count, rounded_metres

FloatArray = npt.NDArray[np.float64]
#: Places, roads, other sources and cells that are named one by one; counts are of all.
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
        Sensitive places, roads, other sources, shelters, rescue teams, pipes and components by
        class, people by area.
    cautions
        What the figures leave out.
    swept
        By alternative and zone the people on the ground that it sweeps while the wind turns; None
        where nothing turns, or where the people are not known.
    """

    zones: dict[str, list[dict[str, Any]]]
    lists: dict[str, Any]
    cautions: tuple[Caution, ...]
    swept: dict[str, list[dict[str, Any]]] | None = None


@dataclass(frozen=True)
class ZoneSet:
    """Zones of all alternatives in one list, each alternative's strongest first, and where its lie."""

    extents: Extents
    at: dict[str, slice]

    @classmethod
    def of_discs(cls, radii_m: Mapping[str, Sequence[float]]) -> ZoneSet:
        """Discs around the source by alternative."""
        every = tuple(radius for radii in radii_m.values() for radius in radii)
        return cls(Discs(every), _slices({name: len(radii) for name, radii in radii_m.items()}))

    @classmethod
    def of_outlines(cls, polygons: Mapping[str, Sequence[Any]]) -> ZoneSet:
        """Outlines in metres around the source by alternative, smallest alternative first."""
        every = tuple(p for some in polygons.values() for p in nested(some).polygons)
        return cls(Outlines(every), _slices({name: len(some) for name, some in polygons.items()}))


def _slices(counts: Mapping[str, int]) -> dict[str, slice]:
    out, start = {}, 0
    for name, count in counts.items():
        out[name] = slice(start, start + count)
        start += count
    return out


def exposure_of(
    around: Surroundings,
    zones: ZoneSet,
    lookup: AreaLookup | None = None,
    *,
    kinds: Sequence[str] = KINDS,
    own: str | None = None,
    swept: ZoneSet | None = None,
) -> Exposure:
    """People, sensitive places, lines, components, other sources and what helps in every zone.

    A kind that the person may not see, or of which there is no layer, is null; one that the hazard
    does not concern is not there.

    Parameters
    ----------
    lookup
        Names of areas; without it they are told by code.
    kinds
        Those that the hazard concerns.
    own
        Key of the hazard site that the zones are of: it is none of the others.
    swept
        What the zones sweep while the wind turns, in which people alone are counted.
    """
    people = around.people() if "people" in kinds else None
    points = {
        kind: around.points(layer) if kind in kinds else None
        for kind, layer in _POINT_LAYERS.items()
    }
    points["sources"] = _others(points["sources"], own)
    lines = {
        kind: around.lines(layer) if kind in kinds else None for kind, layer in _LINE_LAYERS.items()
    }
    carried = _carried(people, zones)
    lengths = {k: None if v is None else zones.extents.lengths(v.lines) for k, v in lines.items()}
    counted: dict[str, dict[str, list[Any]] | None] = {
        "people": _people(carried, zones),
        **{kind: _points(found, zones) for kind, found in points.items()},
        "roads": _line_counts(lines["roads"], lengths["roads"], zones, "name"),
        "pipes": _line_counts(lines["pipes"], lengths["pipes"], zones, "kind"),
    }
    told = {
        name: [
            {kind: _at(counted[kind], name, i) for kind in KINDS if kind in kinds}
            for i in range(at.stop - at.start)
        ]
        for name, at in zones.at.items()
    }
    lists = {
        "places": _place_list(points["places"], zones),
        "roads": _road_list(lines["roads"], lengths["roads"], zones),
        "components": _classes(points["components"], zones),
        "pipes": _pipe_list(lines["pipes"], lengths["pipes"], zones),
        **{kind: _named_list(points[kind], zones, names) for kind, names in _NAMED.items()},
        "areas": _areas(people, carried, zones, lookup),
    }
    cautions = tuple(_cautions(around, people, zones, kinds))
    return Exposure(told, lists, cautions, None if swept is None else _swept(people, swept))


_POINT_LAYERS = {
    "places": "sensitive_places",
    "components": "components",
    "sources": "hazard_sites",
    "shelters": "shelters",
    "teams": "rescue_teams",
}
#: Kinds that are named one by one, and what is told of each.
_NAMED = {
    "sources": ("id", "name", "kind", "grade", "substance"),
    "shelters": ("id", "name", "kind", "capacity"),
    "teams": ("id", "name", "kind", "people", "vehicles"),
}
_LINE_LAYERS = {"roads": "roads", "pipes": "pipes"}


def _at(by: Mapping[str, list[Any]] | None, name: str, zone: int) -> Any:
    return None if by is None else by[name][zone]


# -- people -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Carried:
    """The carriers that count at a time of day: which, their shares in every zone, their people."""

    counts: npt.NDArray[np.bool_]
    shares: FloatArray
    amounts: FloatArray


def _carried(people: People | None, zones: ZoneSet) -> dict[str, _Carried] | None:
    """By time of day; None without people."""
    if people is None:
        return None
    shares, out = people.shares(zones.extents), {}
    for time in TIMES:
        amounts, counts = people.carried(time)
        held = shares if counts.all() else shares[:, counts]
        out[time] = _Carried(counts, held, amounts[counts])
    return out


def _people(carried: Mapping[str, _Carried] | None, zones: ZoneSet) -> dict[str, list[Any]] | None:
    if carried is None:
        return None
    out: dict[str, list[Any]] = {}
    for name, at in zones.at.items():
        told: list[dict[str, Any]] = [{} for _ in range(at.stop - at.start)]
        for time in TIMES:
            held, amounts = carried[time].shares[at], carried[time].amounts
            discs, rings = within(held, amounts), bands(held, amounts)
            for i, (disc, ring) in enumerate(zip(discs, rings, strict=True)):
                told[i][time] = {"within": told_people(disc), "band": told_people(ring)}
        out[name] = told
    return out


def _swept(people: People | None, swept: ZoneSet) -> dict[str, list[dict[str, Any]]] | None:
    """People by day and night on the ground that each zone sweeps."""
    found = _people(_carried(people, swept), swept)
    if found is None:
        return None
    return {
        name: [{time: zone[time]["within"] for time in TIMES} for zone in zones]
        for name, zones in found.items()
    }


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


# -- people by area -----------------------------------------------------------------------------


def _areas(
    people: People | None,
    carried: Mapping[str, _Carried] | None,
    zones: ZoneSet,
    lookup: AreaLookup | None,
) -> dict[str, list[dict[str, Any]]] | None:
    """People by street, community and cell in every zone, most by day first.

    A carrier counts in the area it is filed in, and a cell by the middle of its box: each in one.
    """
    if people is None or carried is None:
        return None
    return {groups.level: _area_rows(carried, zones, groups, lookup) for groups in people.areas}


def _area_rows(
    carried: Mapping[str, _Carried],
    zones: ZoneSet,
    groups: Groups,
    lookup: AreaLookup | None,
) -> list[dict[str, Any]]:
    found = {}
    for time in TIMES:
        one = carried[time]
        own = groups.numbers[one.counts]
        found[time] = grouped(one.shares, one.amounts, own, len(groups.codes))
    touched = np.flatnonzero(np.any([one.carriers.any(axis=0) for one in found.values()], axis=0))
    most = np.max([one.expected.max(axis=0) for one in found.values()], axis=0)
    order = sorted(touched.tolist(), key=lambda g: (-most[g], groups.codes[g]))[:MOST_LISTED]
    return [
        {
            "code": groups.codes[g],
            "name": None if lookup is None else lookup.named(groups.codes[g]).name,
            "people": {
                name: [
                    {time: told_people(found[time].tally(zone, g)) for time in TIMES}
                    for zone in range(at.start, at.stop)
                ]
                for name, at in zones.at.items()
            },
        }
        for g in order
    ]


# -- points -------------------------------------------------------------------------------------


def _others(points: Points | None, own: str | None) -> Points | None:
    if points is None or own is None:
        return points
    other = points.column("id") != own
    return Points(points.seen, points.rows[other], points.at_m[other])


def _points(points: Points | None, zones: ZoneSet) -> dict[str, list[Any]] | None:
    if points is None:
        return None
    shares = zones.extents.holds(points.at_m)
    one = np.ones(len(points.rows))
    return {
        name: [
            {"within": disc.carriers, "band": ring.carriers}
            for disc, ring in zip(within(shares[at], one), bands(shares[at], one), strict=True)
        ]
        for name, at in zones.at.items()
    }


def _nearest_inside(points: Points, zones: ZoneSet) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Numbers of points within any zone, nearest first, and (k, n) which zones hold them."""
    held = zones.extents.holds(points.at_m)
    inside = np.flatnonzero(held.any(axis=0))
    fids = points.seen.view.fids(points.rows[inside])
    order = inside[np.lexsort((fids, points.metres[inside]))]
    return order[:MOST_LISTED], held


def _place_list(places: Points | None, zones: ZoneSet) -> list[dict[str, Any]] | None:
    """Sensitive places nearest first, each with the number of its zone by alternative."""
    if places is None:
        return None
    order, held = _nearest_inside(places, zones)
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
            "zone": _zone_of(held[:, row], zones),
        }
        for i, row in enumerate(order.tolist())
    ]


def _named_list(
    points: Points | None, zones: ZoneSet, names: Sequence[str]
) -> list[dict[str, Any]] | None:
    """Points in the zones with some of their fields, nearest first."""
    if points is None:
        return None
    order, held = _nearest_inside(points, zones)
    columns = {name: points.column(name)[order] for name in names}
    titles = _titles(points, "kind")
    return [
        {
            **{name: plain(columns[name][i]) for name in names},
            "kind_title": titles.get(columns["kind"][i]),
            "distance_m": rounded_metres(float(points.metres[row])),
            "zone": _zone_of(held[:, row], zones),
        }
        for i, row in enumerate(order.tolist())
    ]


def _zone_of(held: FloatArray, zones: ZoneSet) -> dict[str, int | None]:
    """By alternative the number of the innermost zone that holds a point; None outside."""
    return {
        name: next((i for i, inside in enumerate(held[at].tolist()) if inside), None)
        for name, at in zones.at.items()
    }


def _figure(value: Any) -> int | None:
    return None if value is None else rounded_count(float(value))


def _titles(points: Points | Lines, name: str) -> dict[Any, str]:
    field = points.seen.spec.field_named(name)
    return (
        {item.code: item.title.zh for item in field.codes} if field.type is FieldType.CODE else {}
    )


def _classes(components: Points | None, zones: ZoneSet) -> list[dict[str, Any]] | None:
    """Components by class, most first: how many in each zone of each alternative."""
    if components is None:
        return None
    codes = components.column("class_code")
    names = sorted({str(code) for code in codes.tolist() if code is not None})
    titles, held = _titles(components, "class_code"), zones.extents.holds(components.at_m)
    rows = []
    for code in [*names, None]:
        counts = held[:, codes == code].sum(axis=1).astype(int)
        if counts.any():
            by = {name: counts[at].tolist() for name, at in zones.at.items()}
            rows.append({"class": code, "title": titles.get(code), "within": by})
    return sorted(rows, key=lambda row: -max(max(n) for n in row["within"].values()))


# -- lines --------------------------------------------------------------------------------------


def _line_counts(
    lines: Lines | None, lengths: FloatArray | None, zones: ZoneSet, by: str
) -> dict[str, list[Any]] | None:
    if lines is None or lengths is None:
        return None
    names = lines.column(by)
    return {
        name: [_line_count(names, metres) for metres in lengths[at]]
        for name, at in zones.at.items()
    }


def _line_count(names: npt.NDArray[np.object_], metres: FloatArray) -> dict[str, Any]:
    """Distinct names (or kinds), stretches without one apart, and how long they are together."""
    touched = names[metres > 0].tolist()
    return {
        "named": len({name for name in touched if name}),
        "unnamed": sum(1 for name in touched if not name),
        "length_m": rounded_metres(float(metres.sum())),
    }


def _road_list(
    roads: Lines | None, lengths: FloatArray | None, zones: ZoneSet
) -> list[dict[str, Any]] | None:
    """Named roads, longest first: metres within the outermost zone of each alternative."""
    if roads is None or lengths is None:
        return None
    outermost = {name: lengths[at.stop - 1] for name, at in zones.at.items()}
    names, classes = roads.column("name"), roads.column("road_class")
    titles = _titles(roads, "road_class")
    found = numbered(object_array([name or None for name in names.tolist()]))
    named = np.flatnonzero(found.codes >= 0)
    own = found.codes[named]
    rank: dict[int, Any] = {}
    for number, value in zip(own.tolist(), classes[named].tolist(), strict=True):
        if value is not None:
            rank.setdefault(number, value)
    sums = {
        a: np.bincount(own, weights=one[named], minlength=len(found.values))
        for a, one in outermost.items()
    }
    rows = []
    for name, number in sorted((name, i) for i, name in enumerate(found.values)):
        metres = {a: rounded_metres(float(one[number])) for a, one in sums.items()}
        if any(metres.values()):
            title = titles.get(str(rank.get(number)))
            rows.append({"name": name, "class_title": title, "length_m": metres})
    rows.sort(key=lambda row: -max(row["length_m"].values()))
    return rows[:MOST_LISTED]


def _pipe_list(
    pipes: Lines | None, lengths: FloatArray | None, zones: ZoneSet
) -> list[dict[str, Any]] | None:
    """Pipes by kind, longest first: metres and pieces within each zone of each alternative."""
    if pipes is None or lengths is None:
        return None
    kinds, titles = pipes.column("kind"), _titles(pipes, "kind")
    rows = []
    for kind in sorted({str(k) for k in kinds.tolist() if k is not None}):
        own = lengths[:, kinds == kind]
        if not own.any():
            continue
        metres = [rounded_metres(float(row.sum())) for row in own]
        pieces = (own > 0).sum(axis=1).tolist()
        rows.append(
            {
                "kind": kind,
                "title": titles.get(kind),
                "length_m": {name: metres[at] for name, at in zones.at.items()},
                "pieces": {name: pieces[at] for name, at in zones.at.items()},
            }
        )
    return sorted(rows, key=lambda row: -max(max(m) for m in row["length_m"].values()))


# -- what the figures leave out -----------------------------------------------------------------


def _cautions(
    around: Surroundings, people: People | None, zones: ZoneSet, kinds: Sequence[str]
) -> list[Caution]:
    out = _beyond_city(around, zones)
    out += [
        Caution("exposure.limited", f"“{seen.spec.title.zh}”只计您责任区内的数据")
        for seen in around.used.values()
        if seen.permission.areas is not None or seen.permission.categories is not None
    ]
    if people is None:
        missing = [Caution("exposure.no_buildings", "没有建筑物资料，人数未知")]
        return [*out, *(missing if "people" in kinds else [])]
    share = covered_places(people.footprints.centres_m, zones.extents.samples())
    if share < _POORLY_COVERED:
        words = (
            f"{_LARGEST}约 {100 * (1 - share):.0f} % 的地面 {NEAR_M:g} m 之内没有建筑物资料："
            "可能无人，也可能没有录入，人数可能偏低"
        )
        out.append(Caution("exposure.poor_coverage", words))
    return out


_LARGEST = "最大一档的最外圈内"


def _beyond_city(around: Surroundings, zones: ZoneSet) -> list[Caution]:
    """That part of a zone lies outside of every district, where there are no data."""
    share = around.district_share(zones.extents)
    if share is None or share > 1.0 - _BEYOND:
        return []
    words = f"{_LARGEST}约 {100 * (1 - share):.0f} % 的面积在本市区划以外（含海域）：界外没有资料"
    return [Caution("exposure.beyond_city", words)]
