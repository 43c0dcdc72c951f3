"""Pool fires as solid flames: laws and refusals; published values are in test_published."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.poolfire import Flame, PoolFire, burning_rate, flame_of, heat_w_m2, view_factors


def test_the_view_of_an_upright_flame_is_that_of_adding_up_its_surface():
    """Little pieces of the cylinder that face the receptor, each by cos cos / (pi r^2)."""
    radius, height, away = 10.0, 20.0, 30.0
    n = 800
    angle = (np.arange(n) + 0.5) / n * 2 * np.pi
    z = (np.arange(n) + 0.5) / n * height
    t, h = np.meshgrid(angle, z)
    x, y = radius * np.cos(t), radius * np.sin(t)
    to = np.stack([away - x, -y, -h])
    r2 = (to**2).sum(axis=0)
    out = np.maximum(to[0] * np.cos(t) + to[1] * np.sin(t), 0.0) / np.sqrt(r2)
    piece = radius * 2 * np.pi / n * height / n
    upright = (out * np.abs(to[0]) / np.sqrt(r2) / (np.pi * r2)).sum() * piece
    flat = (out * np.abs(to[2]) / np.sqrt(r2) / (np.pi * r2)).sum() * piece
    found = view_factors(Flame(20.0, 1.0, 0.0, 5e4), away)
    assert found == pytest.approx((upright, flat), rel=0.002)


@settings(deadline=None)
@given(a=st.floats(60, 1000), b=st.floats(60, 1000), tilt=st.floats(0, 1.0))
def test_further_away_is_never_hotter(a, b, tilt):
    flame = Flame(40.0, 1.2, tilt, 6e4)
    near, far = (heat_w_m2(flame, x) for x in sorted((a, b)))
    assert 0 <= far <= near * (1 + 1e-9)


@settings(deadline=None)
@given(calm=st.floats(0, 20), more=st.floats(0, 20))
def test_more_wind_tilts_and_never_lengthens(calm, more):
    less, windy = sorted((calm, more))
    a, b = (flame_of(PoolFire(30.0, 0.055, 44e6, u)) for u in (less, windy))
    assert a.tilt_rad <= b.tilt_rad + 1e-12
    assert a.length_to_diameter >= b.length_to_diameter - 1e-12


def test_a_wide_pool_burns_at_its_greatest_rate():
    assert burning_rate("gasoline", 100.0) == pytest.approx(0.055)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.inf, math.nan])
def test_bad_numbers_are_refused(bad):
    for act in (
        lambda: PoolFire(bad, 0.05, 44e6, 3.0),
        lambda: PoolFire(10.0, bad, 44e6, 3.0),
        lambda: burning_rate("lng", bad),
        lambda: heat_w_m2(Flame(20.0, 1.0, 0.0, 5e4), 40.0, bad),
        lambda: view_factors(Flame(20.0, 1.0, 0.0, 5e4), bad),
    ):
        with pytest.raises(InvalidError):
            act()


def test_a_receptor_under_the_flame_an_unknown_fuel_and_a_share_above_one_are_refused():
    for act in (
        lambda: view_factors(Flame(20.0, 2.0, 1.0, 5e4), 15.0),
        lambda: burning_rate("wood", 10.0),
        lambda: PoolFire(10.0, 0.05, 44e6, 3.0, radiated_share=1.2),
        lambda: PoolFire(600.0, 0.05, 44e6, 3.0),
    ):
        with pytest.raises(InvalidError):
            act()
