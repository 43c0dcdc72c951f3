"""Every published worked value of a model that is built, by its row of data/published.csv."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from hazards.curves import overpressure_pa
from hazards.dispersion.briggs import Stability, Terrain
from hazards.dispersion.britter_mcquaid import HeavyRelease, concentration_share, distance_m
from hazards.dispersion.footprint import footprint
from hazards.dispersion.levels import Air
from hazards.dispersion.plume import PlumeSource, concentration_kg_m3
from hazards.dispersion.puff import PuffSource, puff_kg_m3, puff_of_sigmas
from hazards.fireball import fireball, heat_at
from hazards.gb18218.grade import grade_unit
from hazards.gb18218.inventory import read_inventory
from hazards.kingery_bulmash import KINGERY_BULMASH
from hazards.kinney_graham import KINNEY_GRAHAM
from hazards.poolfire import PoolFire, burning_rate, flame_of, heat_w_m2, view_factors
from hazards.probits import probits, value_at
from hazards.release.outflow import AIR_PA, Hole, gas_kg_s, liquid_kg_s
from hazards.rmp import fireball_m, vapour_cloud_m
from hazards.tnt import tnt_equivalent_kg

_TABLE = (Path(__file__).parent / "data" / "published.csv").read_text(encoding="utf-8")
ROWS = list(csv.DictReader(StringIO(_TABLE)))
FOOT, POUND = 0.3048, 0.45359237
CROWL = PlumeSource(0.08, 6.0, Stability.D, Terrain.RURAL, 60.0)
CCPS = PlumeSource(0.1, 2.0, Stability.F, Terrain.RURAL)
PUFF = PuffSource(1.0, 2.0, Stability.F)
LNG = HeavyRelease(0.23 * 425.6 / 1.76, 1.76, 111.15, 10.9, 1.1845, 298.0)
PROPANE = fireball(100_000.0, 46.35e6, 0.3)
ARCHIE = fireball(150_000 * POUND, 46.35e6, 0.3)
UNIT = (
    '{"substances": [{"row": 1, "quantity_t": 20}, {"cas": "7782-50-5", "quantity_t": 10}],'
    ' "people_500m": 120}'
)


def _kb(z):
    return overpressure_pa(z, KINGERY_BULMASH) / 1e3


def _kg(kg, metres, factor=1.0):
    return factor * overpressure_pa(metres / kg ** (1 / 3), KINNEY_GRAHAM) / 1e3


def _within(share):
    """Ground distance at which Eisenberg's share dies, by halving."""
    low, high = 0.0, 5000.0
    wanted = value_at(probits()["eisenberg"], share, ARCHIE.duration_s / 60) * 1e3
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if heat_at(ARCHIE, middle).w_m2 > wanted else (low, middle)
    return low / FOOT


def _benzene():
    """The Yellow Book's benzene: its air is that of 15 degrees; the tilt is as printed, for it
    comes of a viscosity that is half the real one."""
    pool = PoolFire(42.445, burning_rate("benzene", 42.445), 40.15e6, 5.0, air_kg_m3=1.2243)
    return replace(flame_of(pool), tilt_rad=math.radians(50.8286))


#: Row (1 is the first) -> what this program computes for it, in the row's unit.
COMPUTED = {
    **{i: lambda z=z: [_kb(z)] for i, z in enumerate((2, 5, 10, 20, 50, 100), 1)},
    7: lambda: [_kg(1.0, 5.0)],
    8: lambda: [_kg(0.1, 1.0)],
    9: lambda: [_kg(0.5, 5.0)],
    # The textbook doubles the curve of 808 for charges on the ground.
    10: lambda: [_kg(1.0, 30.0, 2.0)],
    11: lambda: [tnt_equivalent_kg(1000.0, 818.7e3 / 0.016, 0.02)],
    12: lambda: [_kg(218.0, 50.0, 2.0)],
    13: lambda: [concentration_kg_m3(CROWL, 500.0) * 1e3],
    14: lambda: [concentration_kg_m3(CROWL, 500.0, 50.0) * 1e3],
    15: lambda: [footprint(CROWL, 1e-9).peak_kg_m3 * 1e3],
    16: lambda: [CROWL.sigma_y(500.0), CROWL.sigma_z(500.0)],
    17: lambda: [concentration_kg_m3(CCPS, 500.0) / Air(298.0).kg_m3(30.0) * 1e6],
    18: lambda: [PUFF.arrival_s(500.0)],
    19: lambda: [puff_of_sigmas(1.0, 6.1, 2.2)],
    20: lambda: [puff_kg_m3(PUFF, 250.0, 500.0)],
    21: lambda: [distance_m(LNG, 0.05)],
    22: lambda: [concentration_share(LNG, 45.2)],
    23: lambda: [_benzene().length_to_diameter],
    24: lambda: [_benzene().emissive_w_m2],
    25: lambda: [*view_factors(_benzene(), 100.0)],
    26: lambda: [heat_w_m2(_benzene(), 100.0, transmissivity=0.71474)],
    27: lambda: [liquid_kg_s(Hole(0.1, 0.62), 812.5, 0.0, 11.12)],
    28: lambda: [liquid_kg_s(Hole(0.01, 0.63), 490.0, 120_935.0 - AIR_PA)],
    29: lambda: [gas_kg_s(Hole(0.01, 0.85), 8.90, 1.15, 501e3).kg_s],
    30: lambda: [PROPANE.diameter_m, PROPANE.duration_s, PROPANE.height_m],
    31: lambda: [PROPANE.emissive_w_m2 / 1e3],
    32: lambda: [ARCHIE.diameter_m / FOOT, ARCHIE.duration_s],
    # Its criteria are not printed: 1 % dead by Eisenberg, and the burns of EPA's dose form.
    33: lambda: [_within(0.01), fireball_m(150_000 * POUND, 46.35e6) / FOOT],
    34: lambda: [value_at(probits()["chlorine"], 0.5, 30.0)],
    35: lambda: [value_at(probits()["ammonia"], 0.5, 30.0)],
    36: lambda: [value_at(probits()["eisenberg-w"], 0.5, 1.0)],
    37: lambda: [value_at(probits()["hsc"], 0.5)],
    38: lambda: [vapour_cloud_m(20_000 * POUND, 46.333e6)],
    39: lambda: [fireball_m(20_000 * POUND, 46.333e6)],
    40: lambda: _graded(),
}
#: Rows whose expected figures stand among words.
FIGURES = {32: [847.0, 16.4], 33: [1172.0, 2227.0], 38: [353.0], 39: [313.0], 40: [4.0, 24.0, 3.0]}


def _graded():
    found = grade_unit(read_inventory(UNIT))
    return [float(found.s), float(found.r), found.grade]


def _expected(number):
    return FIGURES.get(number) or [float(part) for part in ROWS[number - 1]["expected"].split(",")]


def test_the_printed_tilt_comes_of_half_the_viscosity_of_air():
    pool = PoolFire(42.445, 0.085, 40.15e6, 5.0, viscosity_m2_s=7.5e-6)
    assert math.degrees(flame_of(pool).tilt_rad) == pytest.approx(50.8286, rel=0.001)


def test_every_row_is_computed():
    assert sorted(COMPUTED) == list(range(1, len(ROWS) + 1))


@pytest.mark.parametrize("number", COMPUTED, ids=lambda n: f"{n}-{ROWS[n - 1]['model']}")
def test_the_published_value_is_reproduced_within_its_tolerance(number):
    tolerance = float(ROWS[number - 1]["rel_tol"])
    assert COMPUTED[number]() == pytest.approx(_expected(number), rel=max(tolerance, 1e-9))
