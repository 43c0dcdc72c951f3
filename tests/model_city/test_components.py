"""Components of the model city: dense, each with its id, its cell, three bodies and a label."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from generate.components import (
    Covers,
    component_rows,
    components_of,
    label_rows,
    spots_by_class,
)
from generate.frame import Settings, in_degrees

from grid.codes import COMPONENT_DIGITS
from grid.layers import COMPONENTS


@pytest.fixture(scope="module")
def found(quarter):
    return components_of(Settings(scale=0.25), *quarter)


def test_there_are_at_least_three_thousand_on_a_square_kilometre(found, quarter):
    plan, _ = quarter
    assert len(found) / (plan.outline.area / 1e6) >= 3000


def test_ids_have_sixteen_digits_and_none_stands_twice(found):
    assert len(set(found.id.tolist())) == len(found)
    for identity, code, cell in zip(found.id, found.code, found.cell, strict=True):
        assert len(identity) == COMPONENT_DIGITS
        assert identity[:6] == cell[:6]
        assert identity[6:10] == code


def test_each_lies_in_the_cell_that_it_names(found, quarter):
    _, cells = quarter
    shapes = dict(zip(cells.code.tolist(), in_degrees(cells.shape), strict=True))
    for point, values in component_rows(found)[::37]:
        assert shapely.distance(shapes[values["cell"]], point) < 1e-8


def test_rows_fit_the_layer_and_say_that_they_are_synthetic(found):
    known = {field.name for field in COMPONENTS.fields}
    for _, values in component_rows(found)[::211]:
        assert set(values) <= known
        assert values["source"].startswith("合成数据")
        assert all(values[f"dept{k}"].endswith("（示例）") for k in (1, 2, 3))


def test_covers_over_surveyed_points_name_the_point_and_others_none(quarter):
    plan, cells = quarter
    at = shapely.get_coordinates(shapely.centroid(plan.blocks.shape[:1]))
    covers = Covers(at, np.array(["0102"], object), np.array(["WS1"], object))
    rows = component_rows(components_of(Settings(scale=0.25), plan, cells, covers))
    named = [v for _, v in rows if v["survey_point"] is not None]
    assert [(v["class_code"], v["survey_point"]) for v in named] == [("0102", "WS1")]


def test_labels_hold_the_id_and_the_name_of_the_class(found):
    labels = list(label_rows(found))
    assert [label["qr"][-16:] for label in labels] == found.id.tolist()
    assert {label["class"] for label in labels if label["id"][6:10] == "0102"} == {"污水井盖"}


def test_no_component_stands_in_the_river_or_in_a_house(found, quarter):
    plan, _ = quarter
    points = shapely.points(found.xy)
    for shapes in (plan.waters.shape, plan.buildings.shape):
        assert len(shapely.STRtree(shapes).query(points, predicate="intersects")[0]) == 0


def test_covers_of_pipes_take_the_place_of_usual_ones(quarter):
    plan, cells = quarter
    at = shapely.get_coordinates(shapely.centroid(plan.blocks.shape[:2]))
    covers = Covers(at, np.array(["0102", "0111"], object), np.array(["WS1", "RQ1"], object))
    found = components_of(Settings(scale=0.25), plan, cells, covers)
    assert sorted(p for p in found.survey_point if p) == ["RQ1", "WS1"]
    assert len(spots_by_class(found)["0102"]) == 1


def test_the_same_seed_gives_the_same_components(found, quarter):
    again = components_of(Settings(scale=0.25), *quarter)
    assert again.id.tolist() == found.id.tolist()
    assert np.array_equal(again.xy, found.xy)
