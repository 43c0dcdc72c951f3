"""Zones of kept hazard runs that hold a place, for its dossier."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

import shapely

from cityops.services.dossier import RecordSection
from cityops.services.hazards.reach import may_read
from cityops.services.permissions import Action, permission_for
from cityops.services.places import Place
from cityops.services.ports import Store
from cityops.services.roles import Person
from gis.layers import Title
from hazards.layers import HAZARD_SITES

#: A run says something of what may happen; one that is older is asked for by itself.
LATELY = timedelta(days=7)
_LISTED = 5
#: The alternatives from what is held likely to what is held possible.
_ALTERNATIVES = ("likely", "high", "low")
_LABELS = {"blast": "爆炸影响", "dispersion": "气体扩散影响", "fire": "火球影响"}
_RANKS = {"red": "红区", "orange": "橙区", "yellow": "黄区", "blue": "蓝区"}


class ZonesNear:
    """The section of a dossier that tells in which zones of the last days' runs a place lies.

    Parameters
    ----------
    clock
        Gives the present time, aware.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def near(self, person: Person, place: Place, radius_m: float) -> RecordSection | None:
        """Zones that hold the place, newest run first; None where there is none for this person.

        Whatever the radius of the dossier, what counts is that a zone holds the place itself.
        """
        if not permission_for(person, HAZARD_SITES, Action.VIEW).allowed:
            return None
        with self._store.reading() as tx:
            registry = tx.layers.registry()
            runs = [
                run
                for run in takewhile(self._is_late_enough, tx.hazard_runs.newest())
                if may_read(person, registry, run["result"]["reach"])
            ]
        rows = [row for run in runs if (row := zone_row(run, place)) is not None]
        if not rows:
            return None
        title = Title("影响区计算", "Zones of hazard runs")
        source = "近 7 天的计算，初步估算"
        return RecordSection("zones", title, rows[:_LISTED], len(rows), source)

    def _is_late_enough(self, run: Mapping[str, Any]) -> bool:
        return self._clock() - datetime.fromisoformat(run["at"]) <= LATELY


def zone_row(run: Mapping[str, Any], place: Place) -> dict[str, Any] | None:
    """The innermost zone of a run that holds the place, None where none does.

    Of the alternatives the likely one goes before the larger one: what only the larger reaches
    says so.
    """
    result = run["result"]
    if not result.get("alternatives"):
        return None
    centre = result["place"]
    metres = distance_from(place, centre["lon"], centre["lat"])
    for alternative, zone in _zones(result):
        if _holds(zone, place, metres):
            site = result.get("site") or {}
            return {
                "key": str(run["id"]),
                "label": site.get("name") or _LABELS[result.get("kind", "blast")],
                "alternative": alternative["title"],
                "rank": zone["rank"],
                "rank_title": _RANKS.get(zone["rank"], zone["rank"]),
                "zone_radius_m": zone["radius_told_m"] or zone["length_told_m"],
                "at": run["at"],
                "distance_m": round(metres, 1),
                "position": [centre["lon"], centre["lat"]],
            }
    return None


def _zones(result: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    named = {a["name"]: a for a in result["alternatives"]}
    for name in _ALTERNATIVES:
        if name in named:
            for zone in sorted(named[name]["zones"], key=_reach_m):
                yield named[name], zone


def _reach_m(zone: Mapping[str, Any]) -> float:
    """How far a zone reaches: its radius, or its length where it is no disc."""
    radius = zone["radius_m"]
    return float(zone["length_m"] if radius is None else radius)


def _holds(zone: Mapping[str, Any], place: Place, metres: float) -> bool:
    """Whether a zone holds a place that lies so far from the source."""
    if zone["radius_m"] is not None:
        return metres <= float(zone["radius_m"])
    if zone["geometry"] is None or metres > 2.0 * _reach_m(zone) + 1000.0:
        return False
    return bool(shapely.geometry.shape(zone["geometry"]).covers(place.point))


def distance_from(place: Place, lon: float, lat: float) -> float:
    """Metres from a place to a position in CGCS2000 degrees."""
    east, north = place.frame.project([[lon, lat]])[0].tolist()
    return math.hypot(east, north)
