"""Declarations of the grid domain."""

import pytest

from gis.layers import FieldType, GeometryKind, installed_layers
from grid.layers import BUILDINGS, CELLS, COMPONENTS, DUTY_GRIDS, GOVERNANCE_GRIDS, LAYERS

NAMES = {
    "districts", "streets", "communities", "cells", "components", "roads", "buildings", "water",
    "coast", "green", "places", "duty_grids", "governance_grids",
}  # fmt: skip


def test_the_domain_declares_its_layers():
    assert {s.name for s in LAYERS} == NAMES


def test_the_layers_are_installed_by_entry_point():
    assert {s.name for s in installed_layers()} >= NAMES


@pytest.mark.parametrize("spec", LAYERS, ids=lambda s: s.name)
def test_every_layer_and_field_has_both_titles_and_a_source(spec):
    assert spec.title.zh
    assert spec.title.en
    assert all(f.title.zh and f.title.en for f in spec.fields)
    assert spec.has_field("source")
    assert spec.field_named(spec.key).required


@pytest.mark.parametrize("spec", LAYERS, ids=lambda s: s.name)
def test_lengths_and_areas_name_their_unit(spec):
    for f in spec.fields:
        if f.type is FieldType.REAL:
            assert f.unit
            assert f.name.endswith(("_m", "_m2", "_mm"))


def test_people_in_buildings_are_for_emergency_and_data_managers_only():
    for name in ("people_day", "people_night"):
        assert BUILDINGS.field_named(name).seen_by == {"emergency", "data_manager"}


def test_components_are_points_drawn_by_group_with_a_letter_each():
    assert COMPONENTS.geometry is GeometryKind.POINT
    groups = COMPONENTS.field_named("class_group").codes
    assert COMPONENTS.style.class_field == "class_group"
    assert all(item.mark and item.colour for item in groups)
    assert len({item.mark for item in groups}) == len(groups)


def test_delivered_column_names_are_known():
    assert "ObjID" in COMPONENTS.field_named("id").aliases
    assert "BGCode" in CELLS.field_named("code").aliases


def test_kinds_of_grids_stand_side_by_side_and_are_told_apart_by_more_than_colour():
    grids = [CELLS, DUTY_GRIDS, GOVERNANCE_GRIDS]
    assert {s.group for s in grids} == {"grid"}
    assert len({(s.style.dash, s.style.width) for s in grids}) == len(grids)
    kinds = [item.code for s in grids[1:] for item in s.field_named("kind").codes]
    assert kinds == ["duty", "governance", "community_service"]
