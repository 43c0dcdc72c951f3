"""The Gaussian plume: published values, laws, footprints, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from gis.errors import InvalidError
from hazards.dispersion.briggs import Stability, Terrain, sigma_y_m, sigma_z_m, wind_at
from hazards.dispersion.footprint import LEAST_M, footprint, half_width_m, outline
from hazards.dispersion.levels import Air, Concentration, in_kg_m3, parse_concentration
from hazards.dispersion.plume import PlumeSource, concentration_kg_m3
from hazards.dispersion.zones import heaviness, plume_zones, zone_ring

SO2 = PlumeSource(0.08, 6.0, Stability.D, Terrain.RURAL, 60.0)
CHLORINE = PlumeSource(1.0, 3.0, Stability.D, Terrain.RURAL)
sources = st.builds(
    PlumeSource,
    rate_kg_s=st.floats(1e-3, 100),
    wind_m_s=st.floats(1, 20),
    stability=st.sampled_from(Stability),
    terrain=st.sampled_from(Terrain),
    height_m=st.sampled_from([0.0, 5.0, 60.0]),
)
levels = st.floats(1e-8, 1e-2)


def ppm(value, molar_mass=70.906):
    return in_kg_m3(Concentration(value, "ppm"), molar_mass, Air())


@pytest.mark.parametrize(("y", "g_m3"), [(0, 1.45e-4), (50, 6.37e-5)])
def test_sulphur_dioxide_from_60_m_as_published(y, g_m3):
    assert concentration_kg_m3(SO2, 500.0, y) * 1000 == pytest.approx(g_m3, rel=0.01)


def test_the_highest_concentration_on_the_ground_as_published():
    assert footprint(SO2, 1e-9).peak_kg_m3 * 1000 == pytest.approx(4.18e-4, rel=0.02)


def test_sigmas_at_500_m_as_published():
    assert sigma_y_m(500, Stability.D, Terrain.RURAL) == pytest.approx(39.0, rel=0.005)
    assert sigma_z_m(500, Stability.D, Terrain.RURAL) == pytest.approx(22.7, rel=0.005)


def test_the_example_of_ccps_in_ppm_as_published():
    source = PlumeSource(0.1, 2.0, Stability.F, Terrain.RURAL)
    found = concentration_kg_m3(source, 500.0) / Air(298.0).kg_m3(30.0) * 1e6
    assert found == pytest.approx(95.4, rel=0.005)


@pytest.mark.parametrize(
    ("level", "length", "half_width"), [(20, 761, 48), (2, 3266, 178), (0.5, 8920, 408)]
)
def test_footprints_of_a_kilogram_of_chlorine_a_second(level, length, half_width):
    found = footprint(CHLORINE, ppm(level))
    assert found.length_m == pytest.approx(length, abs=0.6)
    assert found.half_width_m == pytest.approx(half_width, abs=0.6)


@pytest.mark.parametrize(("level", "metres"), [(300, 251), (160, 353), (30, 924)])
def test_ammonia_against_lengths_that_were_computed_by_hand(level, metres):
    source = PlumeSource(0.5, 3.0, Stability.D, Terrain.RURAL)
    assert footprint(source, ppm(level, 17.031)).length_m == pytest.approx(metres, abs=0.6)


@given(source=sources, level=levels)
def test_the_footprint_equals_a_search_on_a_fine_grid(source, level):
    found = footprint(source, level)
    x = np.geomspace(LEAST_M, 10_000.0, 4000)
    reached = np.array([concentration_kg_m3(source, one) >= level for one in x])
    if not reached.any():
        assert found.length_m - found.start_m <= 0.01 * found.length_m
        return
    assert found.length_m == pytest.approx(x[reached][-1], rel=0.004)
    width = max(half_width_m(source, level, one) for one in x)
    missed = 0.01 * source.sigma_y(found.length_m) + 0.01  # the peak between two places of the grid
    assert width <= found.half_width_m + 1e-6
    assert found.half_width_m == pytest.approx(width, rel=0.01, abs=missed)


@given(source=sources, level=levels, more=st.floats(1, 100))
def test_a_larger_release_never_has_a_smaller_footprint(source, level, more):
    larger = PlumeSource(
        source.rate_kg_s * more, source.wind_m_s, source.stability, source.terrain, source.height_m
    )
    small, large = footprint(source, level), footprint(larger, level)
    assert small.length_m <= large.length_m * (1 + 1e-9)
    assert small.half_width_m <= large.half_width_m * (1 + 1e-6)


@given(source=sources, a=levels, b=levels)
def test_a_stronger_level_lies_within_the_weaker_one(source, a, b):
    weak, strong = (footprint(source, level) for level in sorted((a, b)))
    assert strong.length_m <= weak.length_m * (1 + 1e-9)
    assert strong.is_empty or weak.start_m <= strong.start_m * (1 + 1e-9)


@given(source=sources, x=st.floats(1, 10_000), y=st.floats(-2000, 2000))
def test_the_plume_is_even_to_both_sides_and_thins_outwards(source, x, y):
    here = concentration_kg_m3(source, x, y)
    assert here == concentration_kg_m3(source, x, -y)
    assert concentration_kg_m3(source, x, 2 * y) <= here <= concentration_kg_m3(source, x)


@given(source=sources, x=st.floats(200, 2000))
def test_what_drifts_past_is_what_is_released(source, x):
    """The flux through a plane across the wind is the rate of release."""
    sy, sz = source.sigma_y(x), source.sigma_z(x)
    y, z = np.linspace(-6 * sy, 6 * sy, 61), np.linspace(0, source.height_m + 6 * sz, 400)
    held = [[concentration_kg_m3(source, x, a, b) for b in z] for a in y[30:]]
    inner = (
        np.trapezoid(np.array(held), z, axis=1) if hasattr(np, "trapezoid") else np.trapz(held, z)
    )
    flux = 2 * np.sum(0.5 * (inner[1:] + inner[:-1]) * np.diff(y[30:])) * source.wind_m_s
    assert flux == pytest.approx(source.rate_kg_s, rel=0.005)


def test_beyond_10_km_it_ends_and_says_so():
    zone = plume_zones(
        PlumeSource(50.0, 1.0, Stability.F, Terrain.RURAL), [Concentration(1, "ppm")], 70.9
    )
    assert (zone.zones[0].found.length_m, zone.zones[0].found.truncated) == (10_000, True)
    assert {c.code for c in zone.zones[0].cautions} == {"plume.truncated"}


def test_a_level_that_is_nowhere_reached_has_no_zone():
    zone = plume_zones(SO2, [Concentration(1000.0, "ppm")], 64.0).zones[0]
    assert zone.found.is_empty
    assert zone_ring(zone, SO2, 117.2, 39.1, 0.0) is None
    assert [c.code for c in zone.cautions] == ["plume.not_reached"]


@pytest.mark.parametrize(
    "source", [CHLORINE, PlumeSource(50.0, 1.0, Stability.F, Terrain.RURAL, 60.0)]
)
def test_every_vertex_of_the_outline_has_the_concentration(source):
    found = footprint(source, ppm(20))
    ring = outline(source, found)
    assert len(ring) >= 129
    assert shapely.Polygon(ring).is_valid
    inside = ring[(ring[:, 1] != 0) & (np.abs(ring[:, 1]) > 1.0)]
    held = [concentration_kg_m3(source, x, y) for x, y in inside]
    np.testing.assert_allclose(held, found.level_kg_m3, rtol=1e-6)


@pytest.mark.parametrize(("wind_from", "heading"), [(0, 180), (270, 90), (45, 225), (360, 180)])
def test_the_zone_lies_downwind_of_the_place(wind_from, heading):
    zone = plume_zones(CHLORINE, [Concentration(20.0, "ppm")], 70.906).zones[0]
    ring = zone_ring(zone, CHLORINE, 117.2, 39.1, wind_from)
    azimuth, _, metres = Geod(ellps="GRS80").inv(
        np.full(len(ring), 117.2), np.full(len(ring), 39.1), ring[:, 0], ring[:, 1]
    )
    farthest = int(np.argmax(metres))
    assert metres[farthest] == pytest.approx(zone.found.length_m, rel=1e-3)
    assert azimuth[farthest] % 360 == pytest.approx(heading, abs=0.05)


def test_a_longer_average_makes_the_plume_broader_and_shorter():
    def averaged(minutes):
        return PlumeSource(1.0, 3.0, Stability.D, Terrain.RURAL, averaging_min=minutes)

    assert averaged(60.0).sigma_y(500) == pytest.approx(6**0.2 * CHLORINE.sigma_y(500))
    assert footprint(averaged(60.0), ppm(20)).length_m < footprint(CHLORINE, ppm(20)).length_m


def test_the_wind_grows_with_height():
    assert wind_at(10.0, 4.0, Stability.F, Terrain.URBAN) == 4.0
    assert wind_at(40.0, 4.0, Stability.F, Terrain.URBAN) == pytest.approx(4 * 4**0.6)


def test_a_heavy_gas_and_an_unlikely_weather_are_remarked_on():
    found = plume_zones(
        PlumeSource(1.0, 8.0, Stability.F, Terrain.RURAL), [Concentration(20.0, "ppm")], 70.906
    )
    assert {"plume.heavy_gas", "plume.stability_wind", "plume.screening"} <= {
        c.code for c in found.cautions
    }
    assert heaviness(1.0, 3.0, 17.03, Air()) == 0.0


@pytest.mark.parametrize(
    ("name", "value"),
    [("wind_m_s", 0.99), ("wind_m_s", math.nan), ("rate_kg_s", 0.0), ("rate_kg_s", -1.0),
     ("rate_kg_s", math.inf), ("height_m", -1.0), ("averaging_min", 0.5)],
)  # fmt: skip
def test_sources_outside_of_the_range_are_refused(name, value):
    good = {"rate_kg_s": 1.0, "wind_m_s": 3.0, "stability": Stability.D, "terrain": Terrain.RURAL}
    with pytest.raises(InvalidError) as caught:
        PlumeSource(**(good | {name: value}))
    assert (caught.value.code, caught.value.field) == ("plume.out_of_range", name)


@pytest.mark.parametrize(
    "text", ["20", "ppm", "20kPa", "-1ppm", "0ppm", "nanppm", "101%", "1e400ppm"]
)
def test_levels_that_are_no_concentration_are_refused(text):
    with pytest.raises(InvalidError):
        parse_concentration(text)


def test_volumes_and_masses_mean_the_same_air():
    by_mass = in_kg_m3(parse_concentration("58 mg/m3"), None, Air())
    assert by_mass == pytest.approx(ppm(20), rel=0.001)
    assert in_kg_m3(parse_concentration("0.002%"), 70.906, Air()) == pytest.approx(ppm(20))
    with pytest.raises(InvalidError, match="摩尔质量"):
        in_kg_m3(parse_concentration("20ppm"), None, Air())
