"""Outflow through holes and evaporation of pools: published values, laws, refusals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.release.outflow import AIR_PA, Hole, gas_kg_s, liquid_kg_s
from hazards.release.pool import evaporation_kg_s

HOLE = Hole(0.01, 0.85)
pressures = st.floats(AIR_PA, 1e8)


def test_acrylonitrile_of_the_yellow_book_as_published():
    assert liquid_kg_s(Hole(0.1, 0.62), 812.5, 0.0, 11.12) == pytest.approx(58.44, rel=0.0005)


def test_the_liquid_jet_of_ccps_as_published():
    found = liquid_kg_s(Hole(0.01, 0.63), 490.0, 120_935.0 - AIR_PA)
    assert found == pytest.approx(0.2169, rel=0.001)


def test_the_gas_jet_of_ccps_as_published():
    found = gas_kg_s(HOLE, 8.90, 1.15, 501e3)
    assert found.kg_s == pytest.approx(0.0900, rel=0.001)
    assert found.is_choked


@given(a=st.floats(0, 1e7), b=st.floats(0, 1e7), head=st.floats(0, 50))
def test_more_pressure_never_lets_less_liquid_out(a, b, head):
    less, more = (liquid_kg_s(HOLE, 800.0, p, head) for p in sorted((a, b)))
    assert less <= more


@given(a=pressures, b=pressures, k=st.floats(1.05, 1.67))
def test_more_pressure_never_lets_less_gas_out(a, b, k):
    less, more = (gas_kg_s(HOLE, 5.0, k, p).kg_s for p in sorted((a, b)))
    assert less <= more * (1 + 1e-9)


@given(k=st.floats(1.05, 1.67), inside=pressures)
def test_gas_changes_to_choked_flow_at_the_pressure_of_the_rule_without_a_jump(k, inside):
    critical = AIR_PA * ((k + 1) / 2) ** (k / (k - 1))
    assert gas_kg_s(HOLE, 5.0, k, inside).is_choked == (inside >= critical) or math.isclose(
        inside, critical, rel_tol=1e-9
    )
    below, above = (gas_kg_s(HOLE, 5.0, k, critical * f).kg_s for f in (1 - 1e-7, 1 + 1e-7))
    assert below == pytest.approx(above, rel=1e-6)


@given(k=st.floats(1.05, 1.67), inside=st.floats(1e6, 1e7))
def test_choked_flow_equals_the_formula_of_the_books(k, inside):
    expected = HOLE.factor_m2 * math.sqrt(k * inside * 5.0 * (2 / (k + 1)) ** ((k + 1) / (k - 1)))
    assert gas_kg_s(HOLE, 5.0, k, inside).kg_s == pytest.approx(expected, rel=1e-9)


def test_without_a_difference_nothing_flows():
    assert liquid_kg_s(HOLE, 800.0, 0.0, 0.0) == 0.0
    assert gas_kg_s(HOLE, 1.2, 1.4, AIR_PA).kg_s == pytest.approx(0.0, abs=1e-9)


@given(d=st.floats(0.1, 100), u=st.floats(0.1, 20), p=st.floats(1, 1e5))
def test_a_pool_evaporates_by_its_vapour_pressure_and_more_in_the_wind(d, u, p):
    found = evaporation_kg_s(d, u, p, 78.1)
    assert evaporation_kg_s(d, u, p / 2, 78.1) == pytest.approx(found / 2, rel=1e-9)
    assert evaporation_kg_s(d, 2 * u, p, 78.1) > found
    assert evaporation_kg_s(2 * d, u, p, 78.1) == pytest.approx(found * 2**1.89, rel=1e-9)


@pytest.mark.parametrize("bad", [-1.0, math.inf, math.nan])
def test_bad_numbers_are_refused(bad):
    for act in (
        lambda: Hole(bad, 0.6),
        lambda: Hole(0.1, bad),
        lambda: liquid_kg_s(HOLE, bad, 0.0, 1.0),
        lambda: liquid_kg_s(HOLE, 800.0, bad, 1.0),
        lambda: gas_kg_s(HOLE, 5.0, 1.4, bad),
        lambda: evaporation_kg_s(bad, 1.0, 100.0, 78.0),
    ):
        with pytest.raises(InvalidError):
            act()


def test_a_ratio_of_one_a_vacuum_a_hole_that_adds_and_a_boiling_pool_are_refused():
    for act in (
        lambda: gas_kg_s(HOLE, 5.0, 1.0, 5e5),
        lambda: gas_kg_s(HOLE, 5.0, 1.4, 5e4),
        lambda: Hole(0.1, 1.2),
        lambda: evaporation_kg_s(10.0, 3.0, 101_325.0, 78.0),
    ):
        with pytest.raises(InvalidError):
            act()
