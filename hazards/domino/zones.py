"""Sites within zones of overpressure or heat: what the zones say of the load on each, and no more.

A zone of a level holds what is loaded by at least that level, so a site in it is loaded by at least
that, and one outside of it by less. Where the threshold lies between the two nothing is decided.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hazards.domino.escalation import Site, heat_reaches
from hazards.domino.lifelines import LifelineSet
from hazards.domino.thresholds import EscalationLoad, Threshold, threshold_of


@dataclass(frozen=True)
class LoadZone:
    """A zone in metres around the source.

    Attributes
    ----------
    load
        None for a level that loads no equipment, such as a concentration.
    value
        Pa or W/m2; for other levels their own figure.
    """

    load: EscalationLoad | None
    value: float
    shape: BaseGeometry


@dataclass(frozen=True)
class ZoneHit:
    """What zones say of a site.

    Attributes
    ----------
    site
        Its position.
    zone
        Position of the strongest zone that holds it, -1 none.
    at_least, below
        Bounds of the load; 0 and infinity where no zone says more.
    exceeded
        Whether the threshold is reached; None where it is unknown or lies between the bounds.
    """

    site: int
    zone: int
    distance_m: float
    at_least: float
    below: float
    threshold: Threshold | None
    exceeded: bool | None


def zone_hits(
    zones: Sequence[LoadZone], sites: Sequence[Site], minutes: float = 0.0
) -> list[ZoneHit]:
    """What zones of one load say of sites, nearest first; the edge of a zone is in it.

    Parameters
    ----------
    minutes
        How long heat lasts; the rows of heat ask for a least time.

    Raises
    ------
    InvalidError
        ``domino.heat`` when the time is negative or not finite.

    Examples
    --------
    >>> from hazards.domino.thresholds import Equipment
    >>> zone = LoadZone(EscalationLoad.OVERPRESSURE, 30e3, shapely.Point(0, 0).buffer(100))
    >>> tank = Site("a", 50.0, 0.0, Equipment.ATMOSPHERIC, None)
    >>> zone_hits([zone], [tank])[0].exceeded
    True
    """
    heat_reaches(0.0, minutes, None)
    out = []
    for i, site in enumerate(sites):
        point = shapely.Point(site.x_m, site.y_m)
        holds = [bool(zone.shape.covers(point)) for zone in zones]
        inside = [k for k, held in enumerate(holds) if held]
        strongest = max(inside, key=lambda k: zones[k].value, default=-1)
        at_least = zones[strongest].value if inside else 0.0
        outside = [zone.value for zone, held in zip(zones, holds, strict=True) if not held]
        below = min(outside, default=math.inf)
        load = zones[0].load if zones else None
        row = None if load is None else threshold_of(load, site.equipment)
        exceeded = _decided(row, at_least, below, minutes, site)
        metres = math.hypot(site.x_m, site.y_m)
        out.append(ZoneHit(i, strongest, metres, at_least, below, row, exceeded))
    return sorted(out, key=lambda hit: (hit.distance_m, hit.site))


def _decided(
    row: Threshold | None, at_least: float, below: float, minutes: float, site: Site
) -> bool | None:
    if row is None:
        return None
    if below <= row.value:
        return False
    if at_least < row.value:
        return None
    if row.load is EscalationLoad.HEAT:
        return heat_reaches(at_least, minutes, site.equipment)[0]
    return True


def lengths_in(found: LifelineSet, shapes: Sequence[BaseGeometry]) -> list[dict[str, float]]:
    """For each zone the metres of lines in it, by kind; in plan."""
    out = []
    for shape in shapes:
        metres = shapely.length(shapely.intersection(found.lines, shape))
        kinds = found.kinds.tolist()
        sums: dict[str, float] = {}
        for kind, length in zip(kinds, metres.tolist(), strict=True):
            if length > 0:
                sums[kind] = sums.get(kind, 0.0) + length
        out.append(sums)
    return out


def valves_in(found: LifelineSet, shape: BaseGeometry) -> list[tuple[str, float]]:
    """Valves in a zone, its edge included, with metres from the source, nearest first."""
    if not len(found.valves_m):
        return []
    held = np.flatnonzero(shapely.covers(shape, shapely.points(found.valves_m)))
    metres = np.hypot(*found.valves_m.T)
    order = sorted(held.tolist(), key=lambda i: (metres[i], i))
    return [(str(found.valve_ids[i]), float(metres[i])) for i in order]
