"""Zones of a charge: radii, levels, rings, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from gis.errors import InvalidError
from hazards.blast import MAX_MASS_KG, blast_zones
from hazards.kinney_graham import KINNEY_GRAHAM
from hazards.levels import blast_levels, chosen_levels, level_of, parse_level
from hazards.models import Confidence
from hazards.rings import distances_m, ring
from hazards.tnt import tnt_equivalent_kg

TIANJIN_PORT = (117.736567, 39.039717)


def _radius(mass_kg: float, kpa: float) -> float:
    return blast_zones(mass_kg, [level_of(kpa)]).zones[0].radius_m


@pytest.mark.parametrize(
    ("kpa", "least_m", "most_m"),
    [(200, 150, 200), (2, 2500, 3600), (1, 5000, 6000), (0.3, 0, 13_500)],
)
def test_tianjin_port_2015_with_430_t(kpa, least_m, most_m):
    assert least_m <= _radius(430_000.0, kpa) <= most_m


@pytest.mark.parametrize(
    ("kpa", "metres"), [(69, 292), (20.7, 598), (6.895, 1369), (2, 3411), (1, 5583)]
)
def test_radii_of_430_t_are_those_that_were_computed_by_hand(kpa, metres):
    assert _radius(430_000.0, kpa) == pytest.approx(metres, abs=0.6)


def test_the_first_estimates_of_3_and_21_t_would_have_missed_most_of_the_zone():
    first, second, found = (_radius(m, 2.0) for m in (3_000.0, 21_000.0, 430_000.0))
    assert first < second < 0.4 * found


@given(mass=st.floats(0.001, MAX_MASS_KG), kpa=st.floats(0.3, 10_000.0))
def test_a_thousand_times_the_mass_is_ten_times_the_radius(mass, kpa):
    if mass * 1000 <= MAX_MASS_KG:
        assert _radius(mass * 1000, kpa) == pytest.approx(10 * _radius(mass, kpa), rel=1e-9)


@given(a=st.floats(0.001, MAX_MASS_KG), b=st.floats(0.001, MAX_MASS_KG))
def test_more_mass_never_has_a_smaller_radius(a, b):
    assert (_radius(a, 6.9) <= _radius(b, 6.9)) == (a <= b) or a == pytest.approx(b, rel=1e-12)


def test_zones_come_strongest_first_and_each_holds_the_one_before():
    zones = blast_zones(60_000.0, [parse_level(t) for t in ("2kPa", "20.7kPa", "6.9kPa")]).zones
    assert [z.level.value for z in zones] == [20.7, 6.9, 2]
    assert [z.radius_m for z in zones] == sorted(z.radius_m for z in zones)


@pytest.mark.parametrize("mass", [0.0, -1.0, math.nan, math.inf, -math.inf, 1e9, 0.0009])
def test_a_mass_that_is_none_is_refused(mass):
    with pytest.raises(InvalidError) as refusal:
        blast_zones(mass, [parse_level("2kPa")])
    assert refusal.value.code == "blast.bad_mass"


def test_all_faults_are_named_at_once():
    with pytest.raises(InvalidError) as refusal:
        blast_zones(-5.0, [level_of(0.1), level_of(6.9), level_of(1e6)])
    codes = [fault.code for fault in refusal.value.errors]
    assert codes == ["blast.bad_mass", "blast.outside_range", "blast.outside_range"]


@pytest.mark.parametrize(
    ("mass", "warned"), [(0.5, True), (1.0, False), (4e5, False), (4.3e5, True)]
)
def test_masses_beyond_the_test_charges_are_warned_of(mass, warned):
    cautions = blast_zones(mass, [parse_level("2kPa")]).cautions
    assert [c.code for c in cautions] == (["blast.mass_beyond_tests"] if warned else [])


def test_kinney_graham_gives_smaller_radii_than_a_surface_burst():
    level = parse_level("20.7kPa")
    free = blast_zones(430_000.0, [level], KINNEY_GRAHAM).zones[0].radius_m
    assert free == pytest.approx(460, abs=1)


# -- levels -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pascals"),
    [
        ("2kPa", 2000.0),
        (" 6.9 kPa ", 6900.0),
        ("2000Pa", 2000.0),
        ("1psi", 6894.75729),
        ("0.02bar", 2000.0),
        ("20mbar", 2000.0),
        ("2e-3MPa", 2000.0),
    ],
)
def test_levels_are_read_in_units_of_pressure(text, pascals):
    assert parse_level(text).level_pa == pascals


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("20ppm", "level.unit"),
        ("5kW/m2", "level.unit"),
        ("2kpa", "level.unit"),
        ("2", "level.syntax"),
        ("kPa", "level.syntax"),
        ("", "level.syntax"),
        ("nan kPa", "level.syntax"),
        ("inf kPa", "level.syntax"),
        ("２kPa", "level.syntax"),
        ("2" * 50 + "kPa", "level.syntax"),
        ("0kPa", "blast.bad_level"),
        ("-2kPa", "blast.bad_level"),
        ("1e400kPa", "blast.bad_level"),
        ("1e308kPa", "blast.bad_level"),
    ],
)
def test_what_is_no_level_is_refused(text, code):
    with pytest.raises(InvalidError) as refusal:
        parse_level(text)
    assert refusal.value.code == code


def test_a_level_of_the_table_keeps_its_source_in_any_unit():
    assert parse_level("2000Pa").source == parse_level("2kPa").source == "GB 6722 clause 13.3.3"
    assert parse_level("2000Pa").unit == "Pa"
    assert parse_level("3.3kPa").confidence is Confidence.GIVEN


def test_every_level_of_the_table_has_source_confidence_and_both_languages():
    assert len(blast_levels()) == 16
    for level in blast_levels():
        assert level.source
        assert level.meaning.zh
        assert level.meaning.en


def test_one_pressure_given_twice_is_one_level():
    levels = chosen_levels(tuple(parse_level(t) for t in ("2kPa", "2000Pa", "6.9kPa")))
    assert [level.level_pa for level in levels] == [6900.0, 2000.0]


@pytest.mark.parametrize("count", [0, 9])
def test_no_level_and_too_many_are_refused(count):
    with pytest.raises(InvalidError) as refusal:
        chosen_levels(tuple(level_of(1.0 + i) for i in range(count)))
    assert refusal.value.code == "blast.bad_levels"


# -- rings --------------------------------------------------------------------------------------


@given(
    lon=st.floats(-179.0, 179.0),
    lat=st.floats(-80.0, 80.0),
    metres=st.floats(1.0, 50_000.0),
)
def test_every_vertex_of_a_ring_lies_at_the_radius(lon, lat, metres):
    positions = ring(lon, lat, metres)
    one = np.ones(len(positions))
    _, _, found = Geod(ellps="WGS84").inv(lon * one, lat * one, *positions.T)
    assert np.abs(found - metres).max() <= 1e-6 * metres + 1e-4


def test_a_ring_is_closed_runs_counter_clockwise_and_has_128_vertices_or_more():
    positions = ring(*TIANJIN_PORT, 3411.0)
    x, y = positions.T
    assert len(positions) >= 129
    assert positions[0].tolist() == positions[-1].tolist()
    assert (x[:-1] * y[1:] - x[1:] * y[:-1]).sum() > 0


def test_the_sides_of_a_ring_come_within_a_thousandth_of_the_radius():
    positions = ring(*TIANJIN_PORT, 3411.0)
    middles = (positions[1:] + positions[:-1]) / 2
    assert distances_m(*TIANJIN_PORT, middles).min() >= 0.999 * 3411.0


@pytest.mark.parametrize(
    ("lon", "lat", "metres"),
    [(0.0, 88.99, 5000.0), (179.99, 10.0, 5000.0), (10.0, 10.0, 0.0), (10.0, 10.0, math.inf)],
)
def test_a_ring_that_cannot_be_drawn_is_refused(lon, lat, metres):
    with pytest.raises(InvalidError):
        ring(lon, lat, metres)


def test_a_coarse_ring_is_refused():
    with pytest.raises(InvalidError):
        ring(*TIANJIN_PORT, 100.0, vertices=64)


@pytest.mark.parametrize(
    "given", [(0.0, 1e6, 0.1), (1e3, -1.0, 0.1), (1e3, 1e6, 1.1), (math.nan, 1e6, 0.1)]
)
def test_a_tnt_equivalent_of_bad_numbers_is_refused(given):
    with pytest.raises(InvalidError):
        tnt_equivalent_kg(*given)
