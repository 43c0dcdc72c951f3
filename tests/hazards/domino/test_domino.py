"""Which sites a charge may set off, and which lifelines lie in its rings."""

from __future__ import annotations

import time
from statistics import NormalDist

import numpy as np
import pytest
import shapely

from gis.errors import InvalidError
from hazards.curves import scaled_distance
from hazards.domino.escalation import (
    Site,
    blast_hits,
    escalation_radii,
    heat_reaches,
    hit_cautions,
)
from hazards.domino.lifelines import LifelineSet, lifelines_within
from hazards.domino.thresholds import (
    Equipment,
    EscalationLoad,
    equipment_named,
    threshold_of,
    thresholds,
)
from hazards.domino.zones import LoadZone, lengths_in, valves_in, zone_hits
from hazards.kingery_bulmash import KINGERY_BULMASH as CURVE
from hazards.models import Confidence

ATM, PRESS = Equipment.ATMOSPHERIC, Equipment.PRESSURISED


def site(name, x, kind=ATM, mass=None):
    return Site(name, float(x), 0.0, kind, mass)


def test_the_rows_are_those_of_the_sources_with_their_confidence():
    told = [(t.load.value, t.equipment.value, t.value, t.confidence) for t in thresholds()]
    assert told == [
        ("overpressure", "atmospheric", 22e3, Confidence.KNOWN),
        ("overpressure", "pressurised", 16e3, Confidence.UNCERTAIN),
        ("heat", "atmospheric", 15e3, Confidence.KNOWN),
        ("heat", "pressurised", 45e3, Confidence.KNOWN),
    ]
    assert all(t.source for t in thresholds())


def test_equipment_without_a_row_is_unknown_and_keeps_its_probability():
    (hit,) = blast_hits(1000.0, [site("a", 60, Equipment.ELONGATED)], CURVE)
    assert (hit.threshold, hit.exceeded) == (None, None)
    # Probit -28.07 + 3.16 ln p of Cozzani and Salzano, worked with the hit's own pressure.
    y = -28.07 + 3.16 * np.log(hit.pressure_pa)
    assert hit.probability == pytest.approx(NormalDist().cdf(y - 5))


def test_a_site_at_the_radius_is_set_off_and_one_beyond_is_not():
    (row, radius), _ = escalation_radii(1000.0, CURVE)
    assert row.equipment is ATM
    near, far = blast_hits(1000.0, [site("in", radius * 0.999), site("out", radius * 1.001)], CURVE)
    assert (near.exceeded, far.exceeded) == (True, False)


def test_unknown_equipment_decides_nothing_and_is_told():
    sites = [site("a", 10, None)]
    hits = blast_hits(1000.0, sites, CURVE)
    assert (hits[0].exceeded, hits[0].probability) == (None, None)
    assert "domino.unknown_equipment" in {c.code for c in hit_cautions(hits, sites)}


def test_a_chain_goes_on_from_what_was_set_off():
    # The radius to 22 kPa of 1 000 kg is 76 m.
    sites = [site("a", 70, ATM, 1000.0), site("b", 140, ATM, 1000.0), site("c", 210, ATM)]
    once = {h.site: h for h in blast_hits(1000.0, sites, CURVE)}
    assert [once[i].exceeded for i in range(3)] == [True, False, False]
    hits = {h.site: h for h in blast_hits(1000.0, sites, CURVE, 3)}
    assert [(h.source, h.generation, h.exceeded) for h in (hits[0], hits[1], hits[2])] == [
        (-1, 1, True), (0, 2, True), (1, 3, True),
    ]  # fmt: skip
    assert hits[2].pressure_pa == pytest.approx(hits[0].pressure_pa)


def test_a_chain_ends_where_the_mass_is_unknown():
    sites = [site("a", 40, ATM, None), site("b", 80, ATM, 1.0), site("c", 110, ATM, 1.0)]
    hits = blast_hits(500.0, sites, CURVE, 5)
    assert [h.generation for h in hits] == [1, 1, 1]
    assert "domino.mass_unknown" in {c.code for c in hit_cautions(hits, sites)}


def test_a_chain_among_thousands_of_sites_costs_little():
    rng = np.random.default_rng(2)
    places = rng.uniform(-4000, 4000, (4000, 2)).tolist()
    sites = [Site(str(i), x, y, Equipment.ATMOSPHERIC, 20.0) for i, (x, y) in enumerate(places)]
    start = time.process_time()
    hits = blast_hits(1e7, sites, CURVE, 3)
    assert time.process_time() - start < 2.0
    first = {hit.site for hit in hits if hit.exceeded and hit.generation == 1}
    reach = scaled_distance(22_000.0, CURVE).z * 20.0 ** (1 / 3)
    at = np.array(places)
    for hit in hits:
        if hit.generation == 2:
            assert np.hypot(*(at[sorted(first)] - at[hit.site]).T).min() <= reach
    assert len(first) > 300


def test_more_mass_never_sets_off_less():
    sites = [site(str(x), x, kind) for x in (20, 50, 90, 140, 300) for kind in (ATM, PRESS)]
    counts = [
        sum(bool(h.exceeded) for h in blast_hits(m, sites, CURVE)) for m in (10, 100, 1e3, 1e4)
    ]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_beyond_the_curve_a_bound_is_told_and_decides_where_it_can():
    near, far = blast_hits(1e6, [site("n", 1), site("f", 60_000)], CURVE)
    assert (near.bound, near.exceeded, near.probability) == ("at_least", True, None)
    assert (far.bound, far.exceeded) == ("at_most", False)


@pytest.mark.parametrize(
    ("heat", "minutes", "kind", "expected"),
    [
        (15e3, 10, ATM, True), (14.9e3, 60, ATM, False), (45e3, 10, PRESS, True),
        (44e3, 10, PRESS, False), (99e3, 9.9, PRESS, None), (99e3, 60, Equipment.SMALL, None),
        (99e3, 60, None, None),
    ],
)  # fmt: skip
def test_heat_counts_when_it_lasts_as_long_as_its_row_asks(heat, minutes, kind, expected):
    assert heat_reaches(heat, minutes, kind)[0] is expected


@pytest.mark.parametrize(
    ("mass", "generations"), [(-1.0, 1), (float("nan"), 1), (10.0, 0), (10.0, 6)]
)
def test_masses_and_generations_that_are_none_are_refused(mass, generations):
    with pytest.raises(InvalidError):
        blast_hits(mass, [], CURVE, generations)


def test_names_of_equipment_are_read_in_both_languages():
    assert [equipment_named(t) for t in ("常压容器", "Pressurised", " ", None)] == [
        ATM,
        PRESS,
        None,
        None,
    ]
    with pytest.raises(InvalidError):
        equipment_named("rocket")
    assert threshold_of(EscalationLoad.OVERPRESSURE, None) is None


def lifelines():
    lines = [
        shapely.LineString([(-200, 0), (200, 0)]),
        shapely.LineString([(0, 60), (0, 90)]),
        shapely.LineString([(500, 0), (600, 0)]),
    ]
    text = lambda *words: np.array(words, object)  # noqa: E731
    return LifelineSet(
        np.array(lines, object), text("w", "g", "x"), text("给水", "燃气", "燃气"),
        text("甲", None, "乙"), text("v1", "v2", "v3"), np.array([[30.0, 40], [0, 50.1], [3, 4]]), "file",
    )  # fmt: skip


def test_lines_are_measured_ring_by_ring_and_kind_by_kind():
    report = lifelines_within(lifelines(), [100.0, 50.0])
    told = [(s.radius_m, s.kind, s.lines, round(s.length_m, 6), s.owners) for s in report.sums]
    assert told == [
        (50.0, "给水", 1, 100.0, ("甲",)),
        (100.0, "给水", 1, 200.0, ("甲",)),
        (100.0, "燃气", 1, 30.0, ()),
    ]
    assert [(name, ring) for name, ring, _ in report.lines] == [("w", 50.0), ("g", 100.0)]


def test_valves_come_by_distance_and_the_edge_is_in():
    assert lifelines_within(lifelines(), [50.0]).valves == (("v3", 5.0), ("v1", 50.0))


def rings(load, *levels):
    return [LoadZone(load, value, shapely.Point(0, 0).buffer(radius)) for value, radius in levels]


@pytest.mark.parametrize(
    ("x", "expected", "at_least"), [(40, True, 30e3), (90, None, 10e3), (150, False, 0.0)]
)
def test_a_zone_says_at_least_inside_and_less_outside(x, expected, at_least):
    zones = rings(EscalationLoad.OVERPRESSURE, (30e3, 50), (10e3, 100))
    (hit,) = zone_hits(zones, [site("a", x)])
    assert (hit.exceeded, hit.at_least) == (expected, at_least)


def test_heat_of_a_zone_decides_only_when_it_lasts():
    zones = rings(EscalationLoad.HEAT, (20e3, 50))
    assert zone_hits(zones, [site("a", 10)], minutes=30)[0].exceeded is True
    assert zone_hits(zones, [site("a", 10)], minutes=0.2)[0].exceeded is None
    assert zone_hits(zones, [site("a", 10, None)], minutes=30)[0].exceeded is None


def test_concentrations_load_nothing_and_zones_still_tell_who_is_inside():
    hits = zone_hits(rings(None, (20.0, 50)), [site("in", 50 * 0.99), site("out", 51)])
    assert [(h.zone, h.exceeded) for h in hits] == [(0, None), (-1, None)]


def test_lines_and_valves_of_any_shape():
    box = shapely.box(-100, -1, 50, 55)
    (sums,) = lengths_in(lifelines(), [box])
    assert sums == {"给水": pytest.approx(150.0)}
    assert valves_in(lifelines(), box) == [("v3", 5.0), ("v1", 50.0), ("v2", 50.1)]
