"""Zones of heavy gas, puffs and fireballs, the turning wind, and chains of sources: laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.classes import Harm, class_of, hazard_classes
from hazards.dispersion.briggs import Stability, Terrain
from hazards.dispersion.britter_mcquaid import concentration_share, curves_end_m
from hazards.dispersion.choice import dispersion_model
from hazards.dispersion.footprint import half_width_m
from hazards.dispersion.heavy_zones import cloud_half_width_m, heavy_release, heavy_zones, upwind_m
from hazards.dispersion.levels import Air, Concentration, in_kg_m3
from hazards.dispersion.plume import PlumeSource
from hazards.dispersion.puff import PuffSource, puff_kg_m3
from hazards.dispersion.puff_zones import _reaches, puff_zones
from hazards.dispersion.zones import as_ground, plume_zones
from hazards.fire_zones import HeatLevel, heat_zones, offered_heats, parse_heat, received
from hazards.fireball import fireball, heat_at
from hazards.ground import placed, swept, wind_lines
from hazards.release.chain import Liquid, gas_source, pool_source
from hazards.release.outflow import Hole
from hazards.rings import distances_m

CHLORINE = 70.906
LEVELS = [Concentration(v, "ppm") for v in (20.0, 2.0)]
BALL = fireball(100_000.0, 46.35e6)


def heavy(rate=1.0, wind=3.0):
    release = heavy_release(rate, wind, CHLORINE, Air())
    return release, heavy_zones(release, LEVELS, CHLORINE, Air())


# -- heavy gas ----------------------------------------------------------------------------------


def test_a_heavy_zone_ends_where_the_curve_has_its_level_and_is_as_wide_as_the_cloud():
    release, (zone, _) = heavy()
    assert concentration_share(release, zone.length_m) == pytest.approx(20e-6, rel=1e-6)
    lb = release.reduced_gravity * release.volume_m3_s / 27.0
    wide = release.size_m + 8 * lb + 2.5 * (lb * zone.length_m**2) ** (1 / 3)
    assert zone.half_width_m == pytest.approx(wide, rel=1e-9)
    assert zone.start_m == pytest.approx(-(release.size_m / 2 + 2 * lb), rel=1e-9)


def test_a_level_beyond_the_published_curves_of_heavy_gas_says_so():
    release, _ = heavy()
    levels = [Concentration(v, "%") for v in (0.25, 0.15)]
    within, beyond = heavy_zones(release, levels, CHLORINE, Air())
    assert within.length_m < curves_end_m(release) < beyond.length_m
    assert within.cautions == ()
    assert [c.code for c in beyond.cautions] == ["heavy.beyond_curves"]


def test_the_outline_of_a_heavy_zone_is_a_valid_ring_around_its_source():
    _, zones = heavy()
    inner, outer = (shapely.Polygon(zone.outline_m) for zone in zones)
    assert inner.is_valid
    assert len(inner.exterior.coords) >= 129
    assert inner.contains(shapely.Point(0, 0))
    assert outer.buffer(0.1).covers(inner)


@settings(max_examples=30, deadline=None)
@given(a=st.floats(0.5, 50), b=st.floats(0.5, 50))
def test_more_heavy_gas_reaches_further(a, b):
    (less, _), (more, _) = (heavy(rate)[1] for rate in sorted((a, b)))
    assert less.length_m <= more.length_m * (1 + 1e-9)


def test_the_cloud_closes_upwind():
    release, _ = heavy()
    assert cloud_half_width_m(release, -upwind_m(release)) == 0.0


def test_a_release_too_short_to_be_steady_is_remarked_on():
    release = heavy_release(1.0, 3.0, CHLORINE, Air())
    (zone,) = heavy_zones(release, LEVELS[:1], CHLORINE, Air(), duration_s=60.0)
    assert "heavy.not_steady" in {c.code for c in zone.cautions}


# -- the choice ---------------------------------------------------------------------------------


def test_a_heavy_release_from_above_is_left_to_the_plume_and_it_is_said():
    found = dispersion_model(1.0, 3.0, CHLORINE, height_m=20.0)
    assert found.model == "gaussian-plume"
    assert found.cautions[0].code == "choice.heavy_by_plume"


def test_a_cold_light_gas_is_heavy():
    assert dispersion_model(50.0, 3.0, 16.04).model == "gaussian-plume"
    assert dispersion_model(50.0, 3.0, 16.04, release_k=111.7).model == "britter-mcquaid"


def test_beyond_the_curves_the_plume_is_taken_and_it_is_said():
    found = dispersion_model(1e5, 1.0, CHLORINE)
    assert (found.model, found.cautions[0].code) == ("gaussian-plume", "choice.heavy_by_plume")


# -- puffs --------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(mass=st.floats(0.1, 1000), stability=st.sampled_from(Stability), height=st.floats(0, 30))
def test_a_puff_zone_is_where_the_passing_cloud_has_the_level(mass, stability, height):
    source = PuffSource(mass, 2.0, stability, height)
    level = in_kg_m3(LEVELS[0], CHLORINE, Air())
    (zone,) = puff_zones(source, LEVELS[:1], CHLORINE)
    if zone.is_empty or zone.truncated:
        return
    shape = shapely.Polygon(zone.outline_m)
    times = np.geomspace(0.05, 5000.0, 4000)

    def most(x, y):
        return max(puff_kg_m3(source, t, x, y) for t in times)

    x0, _, x1, y1 = shape.bounds
    for x, y in (
        (0.5 * (x0 + x1), 0.8 * y1),
        (0.97 * x1, 0.0),
        (0.5 * x1, 1.1 * y1),
        (1.02 * x1, 0.0),
    ):
        inside = shape.contains(shapely.Point(x, y))
        near = abs(shape.exterior.distance(shapely.Point(x, y))) < 0.01 * zone.half_width_m
        assert near or inside == (most(x, y) >= level * 0.999)


def test_a_level_that_a_puff_never_reaches_has_no_outline():
    (zone,) = puff_zones(PuffSource(0.001, 5.0, Stability.A, 100.0), LEVELS[:1], CHLORINE)
    assert (zone.is_empty, zone.length_m) == (True, 0.0)


# -- fireballs ----------------------------------------------------------------------------------


@settings(deadline=None)
@given(value=st.floats(0.2, 300))
def test_the_radius_of_a_heat_has_that_heat(value):
    (zone,) = heat_zones(BALL, [HeatLevel(value, "kW/m2")])
    if zone.is_empty:
        assert heat_at(BALL, 0.0).w_m2 < value * 1e3
    else:
        assert heat_at(BALL, zone.radius_m).w_m2 == pytest.approx(value * 1e3, rel=1e-6)


def test_a_dose_is_heat_to_the_four_thirds_over_the_duration():
    (zone,) = heat_zones(BALL, [HeatLevel(1000.0, "tdu")])
    heat = heat_at(BALL, zone.radius_m).w_m2 / 1e3
    assert BALL.duration_s * heat ** (4 / 3) == pytest.approx(1000.0, rel=1e-6)
    assert received(BALL, HeatLevel(1.0, "tdu"), zone.radius_m, 2000.0) == pytest.approx(1000.0)


@pytest.mark.parametrize("text", ["5kPa", "20ppm", "0kW/m2", "-5kW/m2", "5", "1e999kW/m2"])
def test_what_is_no_heat_is_refused(text):
    with pytest.raises(InvalidError):
        parse_heat(text)


def test_the_offered_heats_are_the_classes_of_the_table():
    thermal = [row.least for row in hazard_classes() if row.harm is Harm.THERMAL]
    assert [heat.value for heat in offered_heats()] == thermal


# -- classes ------------------------------------------------------------------------------------


def test_a_class_is_the_highest_whose_least_level_is_reached():
    keys = [getattr(class_of(Harm.OVERPRESSURE, kpa, "kPa"), "key", None) for kpa in (60, 30, 7, 2)]
    assert keys == ["high", "medium", "low", None]


def test_a_gas_has_a_class_by_its_own_levels_only():
    assert class_of(Harm.TOXIC, 20.0, "ppm", "7782-50-5").key == "high"
    assert class_of(Harm.TOXIC, 20.0, "ppm") is None
    assert class_of(Harm.TOXIC, 20.0, "ppm", "7664-41-7") is None


# -- the wind -----------------------------------------------------------------------------------


def test_the_swept_ground_holds_every_turned_zone_and_little_more():
    _, (zone, _) = heavy()
    whole = shapely.Polygon(swept(zone.outline_m, 30.0))
    one = shapely.Polygon(zone.outline_m)
    for degrees in (-30.0, -12.3, 0.0, 29.9):
        turned = shapely.affinity.rotate(one, degrees, origin=(0, 0))
        assert turned.difference(whole).area < 1e-3 * one.area
    assert np.hypot(*np.asarray(whole.exterior.coords).T).max() <= np.hypot(
        *zone.outline_m.T
    ).max() * (1 + 1e-6)


def test_the_lines_of_the_wind_are_as_long_as_the_zone_and_as_far_apart_as_the_angle():
    right, left = wind_lines(1000.0, 30.0)[:, 1]
    assert np.hypot(*left) == pytest.approx(1000.0)
    assert math.degrees(math.atan2(left[1], left[0])) == pytest.approx(30.0)
    assert right.tolist() == pytest.approx([left[0], -left[1]])


def test_a_zone_is_placed_down_the_wind_at_its_distance():
    source = PlumeSource(1.0, 3.0, Stability.D, Terrain.RURAL)
    (found,) = plume_zones(source, LEVELS[:1], CHLORINE).zones
    zone = as_ground(found, source)
    ring = placed(zone.outline_m, 117.2, 39.1, 270.0)
    assert distances_m(117.2, 39.1, ring).max() == pytest.approx(zone.length_m, rel=1e-3)
    assert ring[:, 0].min() >= 117.2 - 1e-6


@pytest.mark.parametrize("bad", [0.0, -5.0, 91.0, math.nan, math.inf])
def test_an_angle_that_is_none_is_refused(bad):
    with pytest.raises(InvalidError):
        swept(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]), bad)


# -- chains -------------------------------------------------------------------------------------


def test_a_hole_in_a_tank_leads_to_the_zone_of_a_plume():
    benzene = Liquid(876.0, 12_700.0, 78.11, 5.0)
    term = pool_source(Hole(0.1, 0.62), benzene, 3.0, bund_m2=200.0)
    source = PlumeSource(term.rate_kg_s, 3.0, Stability.D, Terrain.RURAL)
    (zone,) = plume_zones(source, [Concentration(150.0, "ppm")], 78.11).zones
    assert 100.0 < zone.found.length_m < 400.0
    assert term.pool_m == pytest.approx(math.sqrt(800.0 / math.pi))


@settings(deadline=None)
@given(bund=st.floats(1.0, 1e5), head=st.floats(0.5, 20))
def test_no_more_evaporates_than_runs_out(bund, head):
    term = pool_source(Hole(0.005, 0.62), Liquid(876.0, 12_700.0, 78.11, head), 10.0, bund)
    assert 0 < term.rate_kg_s <= term.outflow_kg_s


def test_a_gas_goes_straight_into_the_air():
    term = gas_source(Hole(0.01, 0.85), 8.90, 1.15, 501e3)
    assert term.rate_kg_s == term.outflow_kg_s == pytest.approx(0.09, rel=0.001)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.inf])
def test_a_chain_of_bad_numbers_is_refused(bad):
    with pytest.raises(InvalidError):
        pool_source(Hole(0.1, 0.62), Liquid(876.0, 12_700.0, 78.11, 5.0), 3.0, bund_m2=bad)


@pytest.mark.parametrize("share", [0.99, 1.0005, 1.002, 1.1])
def test_a_puff_whose_zone_ends_at_10_km_says_that_it_goes_on(share):
    source = PuffSource(1000.0, 3.0, Stability.D)
    level = share * puff_kg_m3(source, source.arrival_s(1e4), 1e4)
    (zone,) = puff_zones(source, [Concentration(level, "kg/m3")])
    assert zone.truncated == (zone.length_m == 1e4)
    assert zone.truncated == (share < 1.01)
    assert bool(zone.cautions) == zone.truncated


# -- outlines -----------------------------------------------------------------------------------


def _radial_error(outline, half_width):
    """Greatest distance of the middle of a side from the true outline, of that from the zone's middle."""
    middle, step = 0.5 * (outline[:-1] + outline[1:]), np.diff(outline, axis=0)
    lean = np.abs(step[:, 0]) / np.hypot(*step.T)
    true = np.array([half_width(x) for x in middle[:, 0]])
    off = np.abs(true - np.abs(middle[:, 1])) * lean
    centre = 0.5 * (outline[:, 0].min() + outline[:, 0].max())
    return (off / np.hypot(middle[:, 0] - centre, middle[:, 1])).max()


@pytest.mark.parametrize("rate", [0.1, 1.0, 10.0])
def test_an_outline_is_radially_within_a_thousandth_of_the_true_one_from_the_middle_of_the_zone(
    rate,
):
    source = PlumeSource(rate, 3.0, Stability.D, Terrain.RURAL)
    (found,) = plume_zones(source, LEVELS[:1], CHLORINE).zones
    level = found.found.level_kg_m3
    outline = as_ground(found, source).outline_m
    assert len(outline) >= 129
    assert _radial_error(outline, lambda x: half_width_m(source, level, x)) < 1e-3
    release, (zone, _) = heavy(rate)
    assert _radial_error(zone.outline_m, lambda x: cloud_half_width_m(release, x)) < 1e-3
    puff = PuffSource(10 * rate, 3.0, Stability.F)
    (zone,) = puff_zones(puff, LEVELS[:1], CHLORINE)
    drifted = np.geomspace(0.1, 1e4, 30_000)
    held = _reaches(puff, drifted, level, 0.0) ** 2

    def swept_half(x):
        return math.sqrt(max(0.0, np.where(held > 0, held - (x - drifted) ** 2, -1.0).max()))

    assert _radial_error(zone.outline_m, swept_half) < 1e-3
