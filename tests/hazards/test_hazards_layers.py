"""Declarations of the hazards domain."""

import pytest

from gis.layers import FieldType, GeometryKind
from hazards.layers import HAZARD_SITES, LAYERS, POWER_PLANTS, SITE_KINDS


def test_the_domain_declares_three_layers_of_points_for_its_own_group():
    assert {s.name for s in LAYERS} == {"hazard_sites", "power_plants", "sensitive_places"}
    assert {s.group for s in LAYERS} == {"hazards"}
    assert {s.geometry for s in LAYERS} == {GeometryKind.POINT}


@pytest.mark.parametrize("spec", LAYERS, ids=lambda s: s.name)
def test_no_layer_of_hazards_is_public(spec):
    assert not spec.public


@pytest.mark.parametrize("spec", LAYERS, ids=lambda s: s.name)
def test_masses_and_powers_name_their_unit(spec):
    assert all(f.unit for f in spec.fields if f.type is FieldType.REAL)


def test_a_site_may_carry_three_masses_for_the_blast():
    masses = [HAZARD_SITES.field_named(f"tnt_{name}_kg") for name in ("low", "likely", "high")]
    assert {f.unit for f in masses} == {"kg"}


def test_every_kind_of_site_has_a_letter():
    assert len({k.mark for k in SITE_KINDS}) == len(SITE_KINDS)


def test_power_plants_name_their_licence():
    assert "CC BY 4.0" in (POWER_PLANTS.notice or "")
