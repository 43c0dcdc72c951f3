"""Declarations of the hazards domain."""

import pytest

from cityops.services.permissions import GRANTS, Action
from cityops.services.roles import Role
from gis.layers import FieldType, GeometryKind
from hazards.layers import HAZARD_SITES, LAYERS, POWER_PLANTS, SITE_KINDS
from hazards.relief_layers import RESCUE_TEAMS, SHELTERS
from hazards.watch_layers import SENSOR_KINDS, SENSORS


def test_all_layers_but_shelters_are_of_the_group_of_hazards():
    assert {s.group for s in LAYERS if s is not SHELTERS} == {"hazards"}
    assert SHELTERS.group == "shelters"


def test_all_layers_are_points():
    assert {s.geometry for s in LAYERS} == {GeometryKind.POINT}


def test_shelters_may_be_looked_at_by_everybody_and_teams_by_few():
    assert all(Action.VIEW in granted[SHELTERS.group] for granted in GRANTS.values())
    may = {role for role, granted in GRANTS.items() if RESCUE_TEAMS.group in granted}
    assert may == {Role.EMERGENCY, Role.DATA_MANAGER}


def test_a_shelter_says_by_which_standard_it_is_classed_and_how_sure_that_is():
    assert "GB/T 44013-2024" in SHELTERS.note.zh
    assert "未与原文核对" in SHELTERS.note.zh


def test_every_kind_of_sensor_has_a_letter():
    assert len({k.mark for k in SENSOR_KINDS}) == len(SENSOR_KINDS)


def test_limits_of_a_sensor_are_in_the_unit_that_its_own_row_names():
    assert {f.name for f in SENSORS.fields if f.type is FieldType.REAL and not f.unit} == {
        "range_low", "range_high", "limit_low", "limit_high",
    }  # fmt: skip
    assert SENSORS.has_field("unit")


@pytest.mark.parametrize("spec", LAYERS, ids=lambda s: s.name)
def test_no_layer_of_hazards_is_public(spec):
    assert not spec.public


@pytest.mark.parametrize("spec", [s for s in LAYERS if s is not SENSORS], ids=lambda s: s.name)
def test_masses_and_powers_name_their_unit(spec):
    assert all(f.unit for f in spec.fields if f.type is FieldType.REAL)


def test_a_site_may_carry_three_masses_for_the_blast():
    masses = [HAZARD_SITES.field_named(f"tnt_{name}_kg") for name in ("low", "likely", "high")]
    assert {f.unit for f in masses} == {"kg"}


def test_every_kind_of_site_has_a_letter():
    assert len({k.mark for k in SITE_KINDS}) == len(SITE_KINDS)


def test_power_plants_name_their_licence():
    assert "CC BY 4.0" in (POWER_PLANTS.notice or "")
