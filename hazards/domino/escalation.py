"""Which equipment a load may damage so that the next event follows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gis.errors import InvalidError
from hazards.blast import check_mass
from hazards.curves import Curve, overpressure_pa, scaled_distance
from hazards.domino.thresholds import Equipment, EscalationLoad, Threshold, threshold_of, thresholds
from hazards.models import Caution
from hazards.probits import harm, probits

#: No chain is followed further.
MOST_GENERATIONS = 5
#: Slack of the quick test whether a source may reach a threshold.
_SLACK = 1e-6


@dataclass(frozen=True)
class Site:
    """Something that may be set off.

    Attributes
    ----------
    x_m, y_m
        Metres east and north of the first source.
    equipment
        Its class; None unknown.
    tnt_kg
        TNT equivalent of its own explosion; None unknown.
    """

    id: str
    x_m: float
    y_m: float
    equipment: Equipment | None
    tnt_kg: float | None


@dataclass(frozen=True)
class Hit:
    """What a source does to a site.

    Attributes
    ----------
    source
        Position of the site that explodes; -1 the first source.
    site
        Position of the site that is loaded.
    generation
        1 for the first source's hits, 2 for those of the sites that it sets off, ...
    pressure_pa
        Incident overpressure; where the site is nearer or farther than the curve reaches, that of
        the curve's end, and `bound` says which side the truth is on.
    bound
        ``at_least``, ``at_most`` or None.
    threshold
        The row of its class, None where none is known.
    exceeded
        Whether the threshold is reached; None where the class or its threshold is unknown.
    probability
        Of damage, by the probit of its class; None where the class is unknown or the pressure a bound.
    """

    source: int
    site: int
    generation: int
    distance_m: float
    pressure_pa: float
    bound: str | None
    threshold: Threshold | None
    exceeded: bool | None
    probability: float | None


def escalation_radii(mass_kg: float, curve: Curve) -> list[tuple[Threshold, float]]:
    """Radius of each threshold of overpressure around a charge of TNT, metres.

    Raises
    ------
    InvalidError
        ``blast.bad_mass``.

    Examples
    --------
    >>> from hazards.kingery_bulmash import KINGERY_BULMASH
    >>> [round(r) for _, r in escalation_radii(430_000.0, KINGERY_BULMASH)]
    [574, 716]
    """
    check_mass(mass_kg)
    return [
        (row, scaled_distance(row.value, curve).z * math.cbrt(mass_kg))
        for row in thresholds()
        if row.load is EscalationLoad.OVERPRESSURE
    ]


def blast_hits(
    mass_kg: float, sites: Sequence[Site], curve: Curve, generations: int = 1
) -> list[Hit]:
    """What a charge does to sites, and what those do that it sets off.

    A site is loaded once, by the first source that reaches its threshold in the earliest
    generation; pressures of several sources are not added. A site that is set off explodes with
    its own mass; one whose mass is unknown ends the chain there. Of sites that are not set off
    the hits of the first source are given.

    Raises
    ------
    InvalidError
        ``blast.bad_mass``, ``domino.generations``.
    """
    check_mass(mass_kg)
    check_generations(generations)
    hits = {i: _hit(-1, 0.0, 0.0, mass_kg, i, site, 1, curve) for i, site in enumerate(sites)}
    fresh = [i for i, hit in hits.items() if hit.exceeded]
    for generation in range(2, generations + 1):
        fresh = list(_next(fresh, hits, sites, generation, curve))
    return sorted(hits.values(), key=lambda hit: (hit.generation, hit.distance_m, hit.site))


def check_generations(generations: int) -> None:
    """Refuse a number of generations that no chain is followed for.

    Raises
    ------
    InvalidError
        ``domino.generations``.
    """
    if not 1 <= generations <= MOST_GENERATIONS:
        raise InvalidError(
            "domino.generations",
            "连锁级数应为 1 至 {expected}，得到 {got}",
            field="generations",
            got=generations,
            expected=MOST_GENERATIONS,
        )


def _next(
    fresh: list[int], hits: dict[int, Hit], sites: Sequence[Site], generation: int, curve: Curve
) -> Iterator[int]:
    """Sites that those set off last set off in turn; their hits are put in place."""
    loads = [(j, mass) for j in fresh if (mass := sites[j].tnt_kg) is not None]
    at = np.array([(sites[j].x_m, sites[j].y_m) for j, _ in loads]).reshape(-1, 2)
    size = np.cbrt([mass for _, mass in loads])
    for i in [i for i, hit in hits.items() if not hit.exceeded]:
        row = hits[i].threshold
        if row is None:
            continue
        # Only those so near that they may reach the threshold are looked at one by one.
        apart = np.hypot(at[:, 0] - sites[i].x_m, at[:, 1] - sites[i].y_m)
        near = apart <= (1.0 + _SLACK) * scaled_distance(row.value, curve).z * size
        for k in np.flatnonzero(near).tolist():
            j, mass = loads[k]
            hit = _hit(j, sites[j].x_m, sites[j].y_m, mass, i, sites[i], generation, curve)
            if hit.exceeded:
                hits[i] = hit
                yield i
                break


def _hit(
    source: int,
    x_m: float,
    y_m: float,
    mass_kg: float,
    number: int,
    site: Site,
    generation: int,
    curve: Curve,
) -> Hit:
    metres = math.hypot(site.x_m - x_m, site.y_m - y_m)
    scaled = metres / math.cbrt(mass_kg)
    inner, outer = scaled < curve.z_min, scaled > curve.z_max
    pressure = overpressure_pa(min(max(scaled, curve.z_min), curve.z_max), curve)
    row = threshold_of(EscalationLoad.OVERPRESSURE, site.equipment)
    exceeded = None if row is None else _reaches(pressure, row.value, inner, outer)
    probability = None
    if site.equipment is not None and not (inner or outer):
        probability = harm(probits()[site.equipment.probit], pressure).probability
    return Hit(
        source=source,
        site=number,
        generation=generation,
        distance_m=metres,
        pressure_pa=pressure,
        bound="at_least" if inner else "at_most" if outer else None,
        threshold=row,
        exceeded=exceeded,
        probability=probability,
    )


def _reaches(pressure: float, threshold: float, inner: bool, outer: bool) -> bool | None:
    """Whether a pressure, or one beyond the curve's end, reaches a threshold; None undecided."""
    if inner:
        return True if pressure >= threshold else None
    if outer:
        return False if pressure < threshold else None
    return pressure >= threshold


def heat_reaches(
    heat_w_m2: float, minutes: float, equipment: Equipment | None
) -> tuple[bool | None, Threshold | None]:
    """Whether steady heat on equipment reaches its threshold, and the row.

    None where the class or its threshold is unknown, or the fire is shorter than the row asks for:
    of shorter fires it says nothing.

    Raises
    ------
    InvalidError
        ``domino.heat`` when a number is not finite or negative.

    Examples
    --------
    >>> heat_reaches(20_000.0, 15.0, Equipment.ATMOSPHERIC)[0]
    True
    >>> heat_reaches(20_000.0, 0.3, Equipment.ATMOSPHERIC)[0] is None
    True
    """
    if not all(math.isfinite(value) and value >= 0 for value in (heat_w_m2, minutes)):
        raise InvalidError("domino.heat", "热辐射和时间应为非负数", field="heat")
    row = threshold_of(EscalationLoad.HEAT, equipment)
    if row is None or (row.least_minutes is not None and minutes < row.least_minutes):
        return None, row
    return heat_w_m2 >= row.value, row


def hit_cautions(hits: Sequence[Hit], sites: Sequence[Site]) -> list[Caution]:
    """What to bear in mind about hits."""
    out = [
        Caution("domino.screening", "多米诺阈值是筛查值：只比较入射超压，不计碎片、防护和设备状况")
    ]
    unknown = sum(site.equipment is None for site in sites)
    if unknown:
        out.append(Caution("domino.unknown_equipment", f"{unknown} 处设备类别未知，不能判断"))
    rowless = {h.site for h in hits if h.threshold is None and sites[h.site].equipment is not None}
    if rowless:
        out.append(
            Caution("domino.no_threshold", f"{len(rowless)} 处的设备类别没有阈值，只给出损坏概率")
        )
    ends = [h for h in hits if h.exceeded and sites[h.site].tnt_kg is None]
    if ends:
        out.append(
            Caution("domino.mass_unknown", f"{len(ends)} 处会被引发，但 TNT 当量未知，连锁到此为止")
        )
    for row in dict.fromkeys(h.threshold for h in hits if h.threshold is not None):
        words = f"{row.equipment.words.zh} {row.value / 1000:g} kPa：{row.confidence.words.zh}"
        out.append(Caution("domino.threshold", words))
    return out
