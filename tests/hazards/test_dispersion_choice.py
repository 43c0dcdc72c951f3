"""The choice between heavy gas and plume by Britter and McQuaid's criterion."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.dispersion.britter_mcquaid import HeavyRelease
from hazards.dispersion.choice import dispersion_model
from hazards.dispersion.levels import Air


@given(rate=st.floats(1e-4, 1e4), wind=st.floats(1, 50), mass=st.floats(2, 28.9))
def test_a_gas_lighter_than_air_is_never_heavy(rate, wind, mass):
    assert dispersion_model(rate, wind, mass).model == "gaussian-plume"


@given(a=st.floats(1e-4, 1e4), b=st.floats(1e-4, 1e4), wind=st.floats(1, 50))
def test_a_larger_release_is_never_less_heavy(a, b, wind):
    less, more = (dispersion_model(rate, wind, 70.906).heaviness for rate in sorted((a, b)))
    assert less <= more


def test_a_leak_of_chlorine_in_a_gale_is_a_plume_and_a_burst_in_a_breeze_is_heavy():
    assert dispersion_model(0.001, 10.0, 70.906).model == "gaussian-plume"
    assert dispersion_model(10.0, 2.0, 70.906).model == "britter-mcquaid"


def test_the_criterion_is_that_of_the_heavy_release():
    air = Air()
    density, still = air.kg_m3(70.906), air.kg_m3(28.96)
    release = HeavyRelease(10.0 / density, density, air.temperature_k, 3.0, still)
    found = dispersion_model(10.0, 3.0, 70.906).heaviness
    assert found == pytest.approx(release.heaviness, rel=1e-9)
    assert release.alpha == pytest.approx(1.2 * math.log10(found), abs=1e-9)


@pytest.mark.parametrize(("rate", "wind", "mass"), [(0, 3, 70), (1, 0.5, 70), (1, 3, math.nan)])
def test_bad_numbers_are_refused(rate, wind, mass):
    with pytest.raises(InvalidError):
        dispersion_model(rate, wind, mass)
