"""Does a delivery lie where it says? Asked of real streets, moved to where GCJ-02 shifts."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from gis.datum import OffsetDatum, wgs84_to_offset
from gis.errors import InvalidError
from gis.suspicion import Hypothesis, ReferenceLayer, Verdict, suspect_datum

DATA = Path(__file__).parent / "data"


def in_china(shapes):
    """The centre of Helsinki laid upon Tianjin, lengths kept: only there the datums differ."""
    stretch = np.cos(np.radians(60.17)) / np.cos(np.radians(39.12))

    def move(xy):
        return np.column_stack([117.2 + (xy[:, 0] - 24.944) * stretch, 39.12 + xy[:, 1] - 60.17])

    return shapely.transform(shapes, move)


def real(name):
    body = json.loads((DATA / f"helsinki_{name}.geojson").read_text())
    return in_china(shapely.from_geojson([json.dumps(g) for g in body["geometries"]]))


@pytest.fixture(scope="module")
def components():
    return real("components")


@pytest.fixture(scope="module")
def roads():
    return ReferenceLayer(real("roads"), accuracy_m=5.0)


@pytest.fixture(scope="module")
def blocks():
    return ReferenceLayer(real("buildings"), accuracy_m=5.0)


def subsets(shapes, count, seed=1):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield shapes[rng.choice(len(shapes), int(rng.integers(30, 300)), replace=False)]


def verdicts(shapes, reference, count, declared="EPSG:4326"):
    return Counter(
        suspect_datum(some, declared, reference).verdict for some in subsets(shapes, count)
    )


def shifted(shapes, datum):
    return shapely.transform(shapes, lambda xy: wgs84_to_offset(xy, datum))


@pytest.mark.slow
def test_of_200_right_deliveries_at_most_two_are_suspected(components, roads):
    found = verdicts(components, roads, 200)
    assert found[Verdict.SUSPICIOUS] <= 2  # 1 %; measured: 0
    assert found[Verdict.AS_DECLARED] >= 160  # measured: 174


def test_nor_are_they_against_buildings(components, blocks):
    assert verdicts(components, blocks, 20)[Verdict.SUSPICIOUS] == 0  # of 200 measured: 0


@pytest.mark.parametrize("datum", OffsetDatum)
def test_deliveries_in_an_offset_datum_are_suspected_of_it(components, roads, datum):
    answers = [
        suspect_datum(shifted(some, datum), "EPSG:4326", roads) for some in subsets(components, 12)
    ]
    hit = [a for a in answers if a.verdict is Verdict.SUSPICIOUS]
    assert len(hit) >= 9  # of 200 measured: 174; the others cannot tell
    assert {a.best.crs for a in hit} == {datum.value}
    assert all(a.verdict is not Verdict.AS_DECLARED for a in answers)


def test_what_is_declared_as_gcj02_and_is_not_is_suspected(components, roads):
    answer = suspect_datum(components[::9], "gcj02", roads)
    assert answer.verdict is Verdict.SUSPICIOUS
    assert answer.best.hypothesis is Hypothesis.WGS84


def test_swapped_axes_are_suspected(components, roads):
    turned = shapely.transform(components[::9], lambda xy: xy[:, ::-1])
    answer = suspect_datum(turned, "EPSG:3857", roads)
    assert answer.verdict is Verdict.CANNOT_TELL  # these numbers are no metres at all
    way = Transformer.from_crs(4490, 4548, always_xy=True)
    plane = shapely.transform(components[::9], lambda xy: np.column_stack(way.transform(*xy.T)))
    turned = shapely.transform(plane, lambda xy: xy[:, ::-1])
    assert suspect_datum(turned, 4548, roads).best.hypothesis is Hypothesis.SWAPPED


def test_another_zone_is_suspected_and_named(components, roads):
    way = Transformer.from_crs(4490, 4549, always_xy=True)  # meridian 120 instead of 117
    plane = shapely.transform(components[::9], lambda xy: np.column_stack(way.transform(*xy.T)))
    answer = suspect_datum(plane, 4548, roads)
    assert answer.verdict is Verdict.SUSPICIOUS
    assert (answer.best.hypothesis, answer.best.crs) == (Hypothesis.OTHER_ZONE, "EPSG:4549")


def test_feet_taken_for_metres_are_suspected(components, roads):
    way = Transformer.from_crs(4490, 4548, always_xy=True)
    feet = shapely.transform(
        components[::9], lambda xy: np.column_stack(way.transform(*xy.T)) / 0.3048
    )
    answer = suspect_datum(feet, 4548, roads)
    assert answer.verdict is Verdict.SUSPICIOUS
    assert answer.best.hypothesis is Hypothesis.FEET


def test_below_thirty_features_nothing_is_said(components, roads):
    some = shifted(components[:29], OffsetDatum.GCJ02)
    answer = suspect_datum(some, "EPSG:4326", roads)
    assert (answer.verdict, answer.n) == (Verdict.CANNOT_TELL, 29)


def test_features_that_have_nothing_to_do_with_the_reference_say_nothing(roads):
    rng = np.random.default_rng(3)
    x, y = rng.uniform(117.195, 117.205, 200), rng.uniform(39.113, 39.127, 200)
    assert suspect_datum(shapely.points(x, y), "EPSG:4326", roads).verdict is Verdict.CANNOT_TELL


def test_a_delivery_of_another_place_says_nothing(components, roads):
    far = shapely.transform(components[::9], lambda xy: xy + np.array([3.0, 1.0]))
    assert suspect_datum(far, "EPSG:4326", roads).verdict is Verdict.CANNOT_TELL


def test_missing_and_empty_shapes_are_left_out(components, roads):
    some = np.append(components[::9], [None, shapely.Point()])
    assert suspect_datum(some, "EPSG:4326", roads).n == len(components[::9])


@pytest.mark.parametrize("accuracy_m", [None, 300.0, float("nan"), -1.0])
def test_a_coarse_layer_may_not_be_the_reference(accuracy_m):
    with pytest.raises(InvalidError) as refusal:
        ReferenceLayer([shapely.box(117, 39, 118, 40)], accuracy_m)
    assert refusal.value.code == "suspicion.reference_too_coarse"


def test_an_empty_layer_may_not_be_the_reference():
    with pytest.raises(InvalidError) as refusal:
        ReferenceLayer([None], 5.0)
    assert refusal.value.code == "suspicion.empty_reference"
