"""BLEVE fireballs: published values, laws, refusals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.fireball import BUOYANT_KG, Form, fireball, heat_at

PROPANE = 46.35e6
masses = st.floats(1.0, 1e7)


def test_100_t_of_propane_as_published():
    ball = fireball(100_000.0, PROPANE, 0.3)
    found = (ball.diameter_m, ball.duration_s, ball.height_m, ball.emissive_w_m2 / 1000)
    assert found == pytest.approx((269.2, 17.7, 201.9, 345), rel=0.005)


@pytest.mark.parametrize(
    ("form", "diameter", "seconds"), [(Form.CCPS, 236.8, 16.6), (Form.TNO, 241.1, 15.4)]
)
def test_150_000_lb_against_the_printed_run_of_archie(form, diameter, seconds):
    ball = fireball(68_038.9, PROPANE, form=form)
    assert (ball.diameter_m, ball.duration_s) == pytest.approx((diameter, seconds), rel=0.005)
    assert (ball.diameter_m, ball.duration_s) == pytest.approx((258, 16.4), rel=0.1)


@given(a=masses, b=masses, form=st.sampled_from(Form))
def test_more_mass_is_a_larger_and_longer_ball(a, b, form):
    less, more = (fireball(m, PROPANE, form=form) for m in sorted((a, b)))
    assert less.diameter_m <= more.diameter_m
    assert less.duration_s <= more.duration_s


@given(mass=masses, share=st.floats(0.1, 0.5))
def test_what_leaves_the_ball_is_the_share_that_radiates(mass, share):
    ball = fireball(mass, PROPANE, share)
    radiated = ball.emissive_w_m2 * math.pi * ball.diameter_m**2 * ball.duration_s
    assert radiated == pytest.approx(share * mass * PROPANE, rel=1e-9)


@given(mass=masses, a=st.floats(0, 1e5), b=st.floats(0, 1e5))
def test_further_away_is_never_hotter_and_never_hotter_than_the_ball(mass, a, b):
    ball = fireball(mass, PROPANE)
    near, far = (heat_at(ball, x).w_m2 for x in sorted((a, b)))
    assert 0 <= far <= near * (1 + 1e-12)
    assert near <= ball.emissive_w_m2


def test_the_duration_jumps_up_by_under_4_percent_where_the_form_changes():
    below, at = (fireball(m, PROPANE).duration_s for m in (BUOYANT_KG - 1e-6, BUOYANT_KG))
    assert 0 < at / below - 1 < 0.04


def test_a_transmissivity_beyond_its_range_is_remarked_on():
    ball = fireball(1000.0, PROPANE)
    assert heat_at(ball, 60.0).cautions == ()
    assert heat_at(ball, 5000.0).cautions[0].code == "fireball.transmissivity"


@pytest.mark.parametrize("bad", [0.0, -1.0, math.inf, math.nan])
def test_bad_numbers_are_refused(bad):
    for given_ in ((bad, PROPANE, 0.3), (1000.0, bad, 0.3), (1000.0, PROPANE, bad)):
        with pytest.raises(InvalidError) as caught:
            fireball(*given_)
        assert caught.value.code == "fireball.bad_input"


@pytest.mark.parametrize("heat_j_kg", [46.35e12, 46.35e3, 46.35])
def test_a_heat_in_another_unit_is_refused_and_the_hint_says_so(heat_j_kg):
    with pytest.raises(InvalidError) as caught:
        fireball(1000.0, heat_j_kg)
    assert (caught.value.code, caught.value.field) == ("fireball.bad_heat", "heat_mj_kg")
    assert "单位" in caught.value.hint()


def test_a_share_above_one_a_mass_beyond_reason_and_a_negative_distance_are_refused():
    for act in (
        lambda: fireball(1000.0, PROPANE, 1.1),
        lambda: fireball(1e8, PROPANE),
        lambda: heat_at(fireball(1000.0, PROPANE), -1.0),
    ):
        with pytest.raises(InvalidError):
            act()
