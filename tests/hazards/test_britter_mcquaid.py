"""Heavy gas by Britter and McQuaid: published values, laws, refusals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.dispersion.britter_mcquaid import HeavyRelease, concentration_share, distance_m

#: CCPS 1999, page 122: 0.23 m3/s of liquid LNG of 425.6 kg/m3.
LNG = HeavyRelease(0.23 * 425.6 / 1.76, 1.76, 111.15, 10.9, 1.1845, 298.0)


@st.composite
def releases(draw):
    """Releases within the curves, isothermal or cold."""
    try:
        return HeavyRelease(
            volume_m3_s=draw(st.floats(0.01, 500)),
            density_kg_m3=draw(st.floats(1.3, 6.0)),
            temperature_k=draw(st.floats(110, 298.15)),
            wind_m_s=draw(st.floats(1, 20)),
        )
    except InvalidError as fault:
        assume(fault.code != "heavy.outside_range")
        raise


def test_lng_reaches_5_percent_at_the_published_distance():
    assert distance_m(LNG, 0.05) == pytest.approx(367, rel=0.015)


def test_lng_near_the_source_as_published():
    assert concentration_share(LNG, 45.2) == pytest.approx(0.6720, rel=1e-4)


def test_lng_far_away_as_published():
    assert concentration_share(LNG, 1200.0) == pytest.approx(0.00492, rel=0.015)


@given(release=releases())
def test_the_concentration_never_rises_downwind(release):
    x = np.geomspace(0.1, 1000, 150) * release.size_m
    held = np.array([concentration_share(release, one) for one in x])
    assert (np.diff(held) <= 1e-12).all()
    assert concentration_share(release, 0.0) == 1.0
    assert (held > 0).all()


@given(release=releases(), share=st.floats(1e-5, 0.9))
def test_the_distance_of_a_share_has_that_share(release, share):
    found = distance_m(release, share)
    assert concentration_share(release, found * 0.999) >= share
    assert concentration_share(release, found * 1.001) <= share


@given(release=releases(), a=st.floats(1e-4, 0.5), b=st.floats(1e-4, 0.5))
def test_a_weaker_share_carries_further(release, a, b):
    weak, strong = (distance_m(release, share) for share in sorted((a, b)))
    assert strong <= weak * (1 + 1e-9)


def test_far_away_it_falls_with_the_square_of_the_distance():
    warm = replace(LNG, temperature_k=298.0)
    assert concentration_share(warm, 8000.0) == pytest.approx(
        concentration_share(warm, 4000.0) / 4, rel=1e-6
    )


def test_what_is_not_heavy_or_not_steady_is_remarked_on():
    codes = {c.code for c in LNG.cautions(367.0, duration_s=60.0)}
    assert codes == {"heavy.not_steady"}
    barely = replace(LNG, volume_m3_s=LNG.volume_m3_s * (0.149 / LNG.heaviness) ** 6)
    assert barely.heaviness == pytest.approx(0.149)
    assert "heavy.passive" in {c.code for c in barely.cautions(10.0)}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"volume_m3_s": 0.0}, "heavy.bad_input"),
        ({"density_kg_m3": math.inf}, "heavy.bad_input"),
        ({"temperature_k": -1.0}, "heavy.bad_input"),
        ({"wind_m_s": 0.9}, "heavy.low_wind"),
        ({"density_kg_m3": 1.0}, "heavy.light_gas"),
        ({"wind_m_s": 1.0, "volume_m3_s": 1e5}, "heavy.outside_range"),
        ({"volume_m3_s": 0.01}, "heavy.outside_range"),
    ],
)
def test_releases_that_the_curves_do_not_know_are_refused(changed, code):
    with pytest.raises(InvalidError) as caught:
        replace(LNG, **changed)
    assert caught.value.code == code


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, math.nan])
def test_shares_and_distances_that_are_none_are_refused(bad):
    with pytest.raises(InvalidError):
        distance_m(LNG, bad)
    with pytest.raises(InvalidError):
        concentration_share(LNG, -1.0)
