"""Overpressure curves against what was published, and the laws that hold between its values."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidError
from hazards.curves import Curve, Piece, jump_at, overpressure_pa, scaled_distance
from hazards.kingery_bulmash import KINGERY_BULMASH
from hazards.kinney_graham import KINNEY_GRAHAM, MODEL, kinney_graham_form
from hazards.registry import CURVES, curve_named, models
from hazards.tnt import tnt_equivalent_kg

DATA = Path(__file__).parent / "data"
#: The constant that textbooks print for charges on a flat surface; not offered by the program.
CROWL_1616 = Curve(MODEL, (Piece(0.05, 40.0, kinney_graham_form(1616.0)),))


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", _rows("kingery_1994.csv"), ids=lambda row: row["z_m_per_kg13"])
def test_the_printed_table_of_the_report_is_reproduced(row):
    kpa = overpressure_pa(float(row["z_m_per_kg13"]), KINGERY_BULMASH) / 1000
    printed = row["incident_kpa"]
    half_digit = 0.5 * 10.0 ** -len(printed.partition(".")[2])
    assert kpa == pytest.approx(float(printed), rel=1e-3, abs=half_digit)


#: case of blast_published.csv -> what the program gives for it, in the row's unit
PUBLISHED = {
    **{f"Z={z}": (KINGERY_BULMASH, z, 1) for z in (5, 10, 20, 50, 100)},
    "Z=2 m/kg^1/3": (KINGERY_BULMASH, 2, 1),
    "W=1 kg R=5 m": (KINNEY_GRAHAM, 5, 1),
    "W=0.1 kg R=1 m": (KINNEY_GRAHAM, 1, 0.1),
    "W=0.5 kg R=5 m": (KINNEY_GRAHAM, 5, 0.5),
    "1 kg TNT at 30 m": (CROWL_1616, 30, 1),
    "overpressure": (CROWL_1616, 50, 218.0),
}


@pytest.mark.parametrize("row", _rows("blast_published.csv"), ids=lambda row: row["case"])
def test_published_examples_are_reproduced(row):
    if row["unit"] == "kg":  # 1 000 kg of methane, 2 %
        got = tnt_equivalent_kg(1000.0, 818.7e3 / 0.016, 0.02)
    else:
        curve, metres, mass_kg = PUBLISHED[row["case"]]
        got = overpressure_pa(metres / mass_kg ** (1 / 3), curve) / 1000
    assert got == pytest.approx(float(row["expected"]), rel=float(row["rel_tol"]))


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_each_piece_of_a_curve_falls_all_the_way(curve):
    for piece in curve.pieces:
        log_z = np.linspace(math.log(piece.low), math.log(piece.high), 20_001)
        assert (np.diff([piece.log_kpa(z) for z in log_z]) < 0).all()


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
@given(share=st.floats(0.0, 1.0))
def test_pressure_at_the_distance_of_a_pressure_is_that_pressure(curve, share):
    z = curve.z_min * (curve.z_max / curve.z_min) ** share
    pressure = overpressure_pa(z, curve)
    found = scaled_distance(pressure, curve)
    if not found.cautions:
        assert found.z == pytest.approx(z, rel=1e-9)
    assert found.z >= z * (1 - 1e-9)


@given(a=st.floats(260.0, 1.7e7), b=st.floats(260.0, 1.7e7))
def test_a_weaker_level_never_lies_nearer(a, b):
    near, far = (scaled_distance(p, KINGERY_BULMASH).z for p in (max(a, b), min(a, b)))
    assert near <= far


@pytest.mark.parametrize(("joint", "percent"), [(2.9, 0.0), (23.8, 0.7)])
def test_the_jumps_are_as_small_as_the_documentation_says(joint, percent):
    assert 100 * jump_at(KINGERY_BULMASH, joint) == pytest.approx(percent, abs=0.05)


def test_at_23_8_a_pressure_with_two_radii_gets_the_larger_and_says_so():
    found = scaled_distance(4910.0, KINGERY_BULMASH)
    # 4.91 kPa lies between the ends of the pieces, 4.895 and 4.929; ln P = 6.0536 - 1.4066 ln Z
    assert found.z == pytest.approx(math.exp((6.0536 - math.log(4.91)) / 1.4066), rel=1e-9)
    assert [c.code for c in found.cautions] == ["blast.two_radii"]


def test_at_2_9_a_pressure_that_the_curve_jumps_over_gets_the_joint_and_says_so():
    found = scaled_distance(124_450.0, KINGERY_BULMASH)
    assert found.z == 2.9
    assert [c.code for c in found.cautions] == ["blast.no_radius"]


def test_near_a_joint_a_radius_is_marked():
    assert [c.code for c in scaled_distance(4850.0, KINGERY_BULMASH).cautions] == [
        "blast.near_joint"
    ]
    assert scaled_distance(6900.0, KINGERY_BULMASH).cautions == ()


@pytest.mark.parametrize("z", [0.19, 198.6, 0.0, -1.0, math.nan, math.inf])
def test_a_distance_outside_of_the_curve_is_refused(z):
    with pytest.raises(InvalidError) as refusal:
        overpressure_pa(z, KINGERY_BULMASH)
    assert refusal.value.code == "blast.outside_range"
    assert refusal.value.expected == [0.2, 198.5]


@pytest.mark.parametrize(
    ("pressure_pa", "code"),
    [
        (240.0, "blast.outside_range"),
        (1.8e7, "blast.outside_range"),
        (0.0, "blast.bad_level"),
        (-2000.0, "blast.bad_level"),
        (math.nan, "blast.bad_level"),
        (math.inf, "blast.bad_level"),
    ],
)
def test_a_pressure_that_the_curve_does_not_reach_is_refused(pressure_pa, code):
    with pytest.raises(InvalidError) as refusal:
        scaled_distance(pressure_pa, KINGERY_BULMASH)
    assert refusal.value.code == code


def test_kinney_graham_ends_above_the_pressures_that_break_glass():
    with pytest.raises(InvalidError):
        scaled_distance(2000.0, KINNEY_GRAHAM)
    assert scaled_distance(6895.0, KINNEY_GRAHAM).z == pytest.approx(13.45, abs=0.005)


def test_an_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(InvalidError) as refusal:
        curve_named("crowl-1616")
    assert refusal.value.code == "hazard.unknown_model"
    assert refusal.value.expected == ["kingery-bulmash", "kinney-graham"]


def test_every_model_names_source_edition_range_and_assumptions():
    for model in models():
        assert model.source
        assert model.edition
        assert model.formula
        assert model.ranges
        assert model.assumptions
    assert models()[0].name == "kingery-bulmash"
