"""GCJ-02 and BD-09: against recorded positions, and there and back again."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.datum import (
    ACCURACY_M,
    OffsetDatum,
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    is_shifted_area,
    offset_to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
    wgs84_to_offset,
)
from gis.measure import length_m

ORACLES = Path(__file__).parent / "data" / "coordinate_oracles.csv"
#: A millimetre in degrees of latitude.
MM_DEG = 9e-9

in_china = st.tuples(st.floats(73.5, 135.0), st.floats(3.5, 53.5))


@pytest.fixture(scope="module")
def oracles() -> dict[str, np.ndarray]:
    with ORACLES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        name: np.array([[float(row[f"{name}_lng"]), float(row[f"{name}_lat"])] for row in rows])
        for name in ("wgs84", "gcj02", "bd09")
    }


@pytest.mark.parametrize(
    ("source", "target", "convert"),
    [
        ("wgs84", "gcj02", wgs84_to_gcj02),
        ("gcj02", "wgs84", gcj02_to_wgs84),
        ("gcj02", "bd09", gcj02_to_bd09),
        ("bd09", "gcj02", bd09_to_gcj02),
        ("wgs84", "bd09", wgs84_to_bd09),
        ("bd09", "wgs84", bd09_to_wgs84),
    ],
)
def test_conversions_meet_the_recorded_positions(oracles, source, target, convert):
    # The record has seven decimals: half of the last is 5e-8.
    assert np.abs(convert(oracles[source]) - oracles[target]).max() < 1.2e-7


@given(in_china)
def test_gcj02_there_and_back_is_the_same_to_a_millimetre(at):
    assert np.abs(gcj02_to_wgs84(wgs84_to_gcj02([at])) - at).max() < MM_DEG
    assert np.abs(wgs84_to_gcj02(gcj02_to_wgs84([at])) - at).max() < MM_DEG


@given(in_china)
def test_bd09_there_and_back_is_the_same_to_a_millimetre(at):
    assert np.abs(bd09_to_wgs84(wgs84_to_bd09([at])) - at).max() < MM_DEG
    assert np.abs(wgs84_to_bd09(bd09_to_wgs84([at])) - at).max() < MM_DEG


@given(st.lists(in_china, min_size=1, max_size=5))
def test_many_positions_convert_as_each_alone(positions):
    together = wgs84_to_bd09(positions)
    assert np.allclose(together, [wgs84_to_bd09([at])[0] for at in positions], atol=1e-12)


def test_the_shift_around_tianjin_is_505_to_593_metres():
    import shapely

    rng = np.random.default_rng(4)
    at = np.column_stack([rng.uniform(116.7, 118.06, 500), rng.uniform(38.6, 40.2, 500)])
    shifted = wgs84_to_gcj02(at)
    metres = length_m(shapely.linestrings(np.stack([at, shifted], axis=1)))
    assert 500.0 < metres.min() < metres.max() < 600.0


@pytest.mark.parametrize("at", [(24.94, 60.17), (-74.0, 40.7), (151.2, -33.9), (0.0, 0.0)])
@pytest.mark.parametrize("datum", list(OffsetDatum))
def test_nothing_changes_outside_of_china(at, datum):
    assert wgs84_to_offset([at], datum).tolist() == [list(at)]
    assert offset_to_wgs84([at], datum).tolist() == [list(at)]
    assert not is_shifted_area([at])[0]


def test_converting_twice_is_another_shift_and_not_the_same():
    once = gcj02_to_wgs84([[117.2, 39.1]])
    assert np.abs(gcj02_to_wgs84(once) - once).max() > 1e-3


def test_empty_and_not_finite_input_end():
    assert wgs84_to_gcj02(np.empty((0, 2))).shape == (0, 2)
    assert gcj02_to_wgs84([]).shape == (0, 2)
    assert np.isnan(gcj02_to_wgs84([[np.nan, 39.0]])[0, 0])


def test_each_datum_states_its_accuracy():
    assert set(ACCURACY_M) == set(OffsetDatum)
    assert all(1.0 <= metres <= 10.0 for metres in ACCURACY_M.values())
