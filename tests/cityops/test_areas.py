"""Area codes by place."""

import numpy as np
import pytest
import shapely

from cityops.services.areas import AreaLookup, AreaService
from gis.features import FeatureBatch, object_array
from grid.layers import COMMUNITIES, DISTRICTS, STREETS

COLUMNS = ("code", "name", "parent", "source")


def batch(spec, rows):
    n = len(rows)
    columns = {name: np.full(n, None, dtype=object) for name in COLUMNS}
    columns["code"] = object_array(code for code, _ in rows)
    columns["name"] = object_array(f"名{code}" for code, _ in rows)
    shapes = object_array(shapely.box(*box) for _, box in rows)
    return FeatureBatch(spec, np.arange(n), shapes, columns, columns["code"])


@pytest.fixture
def lookup():
    """District 0..10, a street on its left half, two communities in that."""
    return AreaLookup(
        {
            "districts": batch(DISTRICTS, [("990101", (0, 0, 10, 10))]),
            "streets": batch(STREETS, [("990101001", (0, 0, 5, 10))]),
            "communities": batch(
                COMMUNITIES, [("990101001002", (0, 0, 2, 5)), ("990101001001", (2, 0, 4, 5))]
            ),
        }
    )


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [
        (1, 1, "990101001002"),
        (3, 1, "990101001001"),
        (2, 1, "990101001001"),
        (4.5, 1, "990101001"),
        (7, 7, "990101"),
        (11, 1, ""),
    ],
)
def test_a_point_gets_the_smallest_area_and_on_a_border_the_smaller_code(lookup, x, y, code):
    assert lookup.code_at(x, y) == code


def test_many_points_get_the_same_codes_as_one_by_one(lookup):
    xy = np.random.default_rng(1).uniform(-1, 11, (200, 2))
    bulk = lookup.codes_at(shapely.points(xy)).tolist()
    assert bulk == [lookup.code_at(x, y) for x, y in xy]


def test_the_levels_of_a_code_follow_from_the_code(lookup):
    levels = lookup.levels_of("990101001002003")
    assert [levels[k].code for k in ("community", "street", "district")] == [
        "990101001002", "990101001", "990101",
    ]  # fmt: skip
    assert levels["street"].name == "名990101001"


def test_a_name_that_no_layer_holds_comes_from_the_division_table(lookup):
    assert lookup.named("120101003").name == "五大道街道"
    assert lookup.named("888888").name is None


def test_without_layers_nothing_has_an_area():
    assert AreaLookup({}).code_at(1, 1) == ""


def test_the_lookup_is_kept_until_an_area_layer_changes():
    class Layers:
        number = 1
        loads = 0

        def versions(self):
            return {"districts": self.number}

        def load(self, spec):
            self.loads += 1
            return self.number, batch(spec, [("990101", (0, 0, 1, 1))])

    class Tx:
        layers = Layers()

    service = AreaService()
    first = service.lookup(Tx)
    assert service.lookup(Tx) is first
    Tx.layers.number = 2
    assert service.lookup(Tx) is not first
    assert Tx.layers.loads == 2
