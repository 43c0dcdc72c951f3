"""Distances of EPA's Risk Management Program: worked values, laws, refusals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.rmp import fireball_m, vapour_cloud_m

PROPANE = 46.333e6
POUND_KG = 0.45359237
masses = st.floats(1.0, 1e7)


@pytest.mark.parametrize(
    ("pounds", "metres"), [(10_000, 280), (20_000, 353), (100_000, 604), (500_000, 1033)]
)
def test_vapour_clouds_of_propane(pounds, metres):
    assert vapour_cloud_m(pounds * POUND_KG, PROPANE) == pytest.approx(metres, rel=0.01)


@pytest.mark.parametrize(("pounds", "metres"), [(20_000, 313), (100_000, 649)])
def test_fireballs_of_propane(pounds, metres):
    assert fireball_m(pounds * POUND_KG, PROPANE) == pytest.approx(metres, rel=0.02)


@given(a=masses, b=masses)
def test_more_mass_reaches_further(a, b):
    for reach in (vapour_cloud_m, fireball_m):
        less, more = (reach(m, PROPANE) for m in sorted((a, b)))
        assert less <= more


@given(mass=st.floats(1.0, 1e6))
def test_eight_times_the_mass_is_twice_the_distance_of_a_cloud(mass):
    once, eightfold = vapour_cloud_m(mass, PROPANE), vapour_cloud_m(8 * mass, PROPANE)
    assert eightfold == pytest.approx(2 * once, rel=1e-9)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.inf, math.nan, 1e8])
def test_bad_masses_are_refused(bad):
    for reach in (vapour_cloud_m, fireball_m):
        with pytest.raises(InvalidError):
            reach(bad, PROPANE)


def test_shares_above_one_are_refused():
    for act in (
        lambda: vapour_cloud_m(1.0, PROPANE, 1.1),
        lambda: fireball_m(1.0, PROPANE, 1.1),
        lambda: fireball_m(1.0, PROPANE, 0.4, 1.1),
    ):
        with pytest.raises(InvalidError):
            act()
