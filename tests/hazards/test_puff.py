"""The Gaussian puff: published values, laws, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.dispersion.briggs import Stability
from hazards.dispersion.puff import PuffSource, puff_kg_m3, puff_of_sigmas

BOOK = PuffSource(1.0, 2.0, Stability.F)
sources = st.builds(
    PuffSource,
    mass_kg=st.floats(0.01, 1e5),
    wind_m_s=st.floats(1, 20),
    stability=st.sampled_from(Stability),
    height_m=st.sampled_from([0.0, 20.0]),
)


def test_the_middle_of_the_cloud_passes_500_m_after_250_s_as_published():
    assert BOOK.arrival_s(500.0) == 250.0


def test_a_kilogram_in_class_f_as_published_and_with_the_misprint():
    assert puff_kg_m3(BOOK, 250.0, 500.0) == pytest.approx(2.250e-3, rel=0.001)
    assert BOOK.sigmas_m(500.0) == pytest.approx((5.048, 2.215), abs=0.001)
    assert puff_of_sigmas(1.0, 6.1, 2.2) == pytest.approx(1.55e-3, rel=0.005)


@given(source=sources, seconds=st.floats(60, 600))
def test_the_mass_of_the_cloud_is_what_was_let_go(source, seconds):
    middle = source.wind_m_s * seconds
    sy, sz = source.sigmas_m(middle)
    across = np.trapezoid if hasattr(np, "trapezoid") else np.trapz
    s = np.linspace(-7, 7, 141) * sy
    z = np.linspace(0, source.height_m + 7 * sz, 600)
    along_x = across([puff_kg_m3(source, seconds, middle + d) for d in s], s)
    along_y = across([puff_kg_m3(source, seconds, middle, d) for d in s], s)
    up = across([puff_kg_m3(source, seconds, middle, 0, h) for h in z], z)
    top = puff_kg_m3(source, seconds, middle)
    if top > 1e-30:
        assert along_x * along_y * up / top**2 == pytest.approx(source.mass_kg, rel=0.01)


@given(source=sources, t=st.floats(1, 1000), x=st.floats(-100, 5000), more=st.floats(1, 100))
def test_more_mass_is_in_proportion(source, t, x, more):
    larger = PuffSource(source.mass_kg * more, source.wind_m_s, source.stability, source.height_m)
    expected = more * puff_kg_m3(source, t, x)
    assert puff_kg_m3(larger, t, x) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@given(source=sources, a=st.floats(1, 1000), b=st.floats(1, 1000))
def test_the_middle_of_a_cloud_on_the_ground_only_thins(source, a, b):
    low = PuffSource(source.mass_kg, source.wind_m_s, source.stability)
    earlier, later = (puff_kg_m3(low, t, low.wind_m_s * t) for t in sorted((a, b)))
    assert later <= earlier


def test_before_the_release_there_is_nothing():
    assert puff_kg_m3(BOOK, 0.0, 0.0) == puff_kg_m3(BOOK, -5.0, 10.0) == 0.0


@pytest.mark.parametrize(
    ("mass", "wind", "height"),
    [(0, 2, 0), (-1, 2, 0), (math.inf, 2, 0), (1, 0.5, 0), (1, math.nan, 0), (1, 2, -1)],
)
def test_sources_outside_of_the_range_are_refused(mass, wind, height):
    with pytest.raises(InvalidError) as caught:
        PuffSource(mass, wind, Stability.D, height)
    assert caught.value.code == "puff.out_of_range"
