"""Probits: published values, laws, refusals."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.probits import harm, probit_named, probits, value_at

NAMES = st.sampled_from(sorted(probits()))


@pytest.mark.parametrize(("name", "ppm"), [("chlorine", 250), ("ammonia", 11539)])
def test_lethal_concentrations_of_30_minutes_as_published(name, ppm):
    assert value_at(probits()[name], 0.5, 30.0) == pytest.approx(ppm, rel=0.01)


def test_the_heat_that_kills_half_in_a_minute_as_published():
    assert value_at(probits()["eisenberg-w"], 0.5, 1.0) == pytest.approx(15796.170691, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "dose", "share"),
    [("eisenberg", 960, 0.01), ("eisenberg", 2380, 0.5), ("tsao-perry", 420, 0.01),
     ("tsao-perry", 1046, 0.5), ("lees-thermal", 828, 0.01), ("lees-thermal", 2670, 0.5)],
)  # fmt: skip
def test_doses_of_heat_as_published(name, dose, share):
    per_second = value_at(probits()[name], share, 1 / 60) ** (4 / 3)
    assert per_second == pytest.approx(dose, rel=0.01)


@pytest.mark.parametrize(("psig", "share"), [(2.4, 0.01), (13.1, 0.5), (43.5, 0.95)])
def test_overpressures_of_people_in_the_open_as_published(psig, share):
    assert value_at(probits()["hsc"], share) == pytest.approx(psig, rel=0.01)


def test_lung_damage_as_published():
    assert harm(probits()["hse-lung"], 1.0).probit == 5.13
    half = value_at(probits()["eisenberg-lung"], 0.5)
    assert half == pytest.approx(144542.867547, rel=1e-9)


def test_carbon_monoxide_of_the_purple_book_as_published():
    assert harm(probits()["carbon-monoxide-tno"], 21300, 30).probit == pytest.approx(5.97, abs=0.01)


def test_eisenberg_and_tsao_perry_differ_by_two_units():
    one, other = (harm(probits()[n], 15.8, 1.0).probit for n in ("eisenberg", "tsao-perry"))
    assert other - one == pytest.approx(2.1)


@given(name=NAMES, a=st.floats(0, 1e6), b=st.floats(0, 1e6), minutes=st.floats(0, 1e4))
def test_more_is_never_less_harm(name, a, b, minutes):
    less, more = (harm(probits()[name], v, minutes).probability for v in sorted((a, b)))
    assert 0.0 <= less <= more <= 1.0


@given(name=NAMES, value=st.floats(1e-3, 1e6), a=st.floats(0, 1e4), b=st.floats(0, 1e4))
def test_longer_is_never_less_harm(name, value, a, b):
    shorter, longer = (harm(probits()[name], value, t).probability for t in sorted((a, b)))
    assert shorter <= longer


@given(name=NAMES, share=st.floats(0.001, 0.999), minutes=st.floats(0.1, 600))
def test_the_value_of_a_share_has_that_share(name, share, minutes):
    gas = probits()[name].unit == "ppm"
    assume(not gas or harm(probits()[name], 1e6, minutes).probability > share)
    value = value_at(probits()[name], share, minutes)
    assert harm(probits()[name], value, minutes).probability == pytest.approx(share, rel=1e-6)


def test_a_share_that_not_even_the_pure_gas_harms_has_no_concentration():
    toluene = probits()["toluene"]
    assert harm(toluene, 1e6, 0.1).probability < 0.999
    with pytest.raises(InvalidError) as refused:
        value_at(toluene, 0.999, 0.1)
    assert refused.value.code == "probit.not_reached"


@given(name=NAMES)
def test_nothing_harms_nobody(name):
    assert harm(probits()[name], 0.0, 30.0).probability == 0.0
    assert harm(probits()[name], 0.0, 30.0).probit is None


def test_a_gas_for_no_time_harms_nobody_and_a_blast_needs_no_time():
    assert harm(probits()["chlorine"], 1000.0, 0.0).probability == 0.0
    assert harm(probits()["hsc"], 13.1).probability == harm(probits()["hsc"], 13.1, 5).probability


def test_tails_and_figures_that_nobody_checked_are_remarked_on():
    tail = harm(probits()["chlorine"], 1.0, 1.0)
    assert [c.code for c in tail.cautions] == ["probit.tail"]
    assert "probit.unverified" in {c.code for c in harm(probits()["domino-small"], 2e4).cautions}


@pytest.mark.parametrize(
    "name", ["Chlorine", "hydrogen chloride", "TSAO & PERRY", "hydrogen_cyanide"]
)
def test_names_are_read_generously(name):
    assert probit_named(name).source


@pytest.mark.parametrize("value", [-1.0, math.inf, math.nan])
def test_bad_values_and_times_are_refused(value):
    chlorine = probits()["chlorine"]
    for given_value, minutes in ((value, 1.0), (1.0, value)):
        with pytest.raises(InvalidError):
            harm(chlorine, given_value, minutes)


def test_no_gas_is_more_than_the_whole_volume():
    assert harm(probits()["chlorine"], 1e6, 30.0).probability == 1.0
    with pytest.raises(InvalidError):
        harm(probits()["chlorine"], 1.000001e6, 30.0)


def test_a_gas_without_a_time_an_unknown_name_and_shares_that_are_none_are_refused():
    for act, code in (
        (lambda: harm(probits()["chlorine"], 1.0), "probit.no_minutes"),
        (lambda: probit_named("氯"), "probit.unknown"),
        (lambda: value_at(probits()["hsc"], 1.0), "probit.bad_probability"),
        (lambda: value_at(probits()["chlorine"], 0.5, 0.0), "probit.bad_minutes"),
    ):
        with pytest.raises(InvalidError) as caught:
            act()
        assert caught.value.code == code
