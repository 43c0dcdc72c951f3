"""Declarations that could not work are refused, with all of their faults at once."""

from __future__ import annotations

import importlib.metadata
from dataclasses import replace

import pytest

from gis import layers
from gis.errors import InvalidError, NotFoundError
from gis.layers import (
    CodeItem,
    FieldSpec,
    FieldType,
    GeometryKind,
    LayerRegistry,
    LayerSpec,
    Style,
    Title,
    installed_layers,
)

T = Title("名", "Name")
KEY = FieldSpec("code", T, FieldType.TEXT)
KIND = FieldSpec("kind", T, FieldType.CODE, codes=(CodeItem("a", Title("甲", "A")),))


def _spec(name="things", fields=(KEY, KIND), key="code", **more):
    return LayerSpec(name, T, "base", GeometryKind.POINT, fields, key, **more)


def test_a_sound_declaration_knows_its_fields():
    spec = _spec(fields=(KEY, replace(KIND, in_tiles=True)), category_field="kind")
    assert spec.field_names == ("code", "kind")
    assert [f.name for f in spec.tile_fields] == ["kind"]
    assert spec.field_named("kind").code_title("a") == Title("甲", "A")
    assert spec.field_named("kind").code_title("z") is None
    assert spec.has_field("code")
    assert not spec.has_field("other")
    with pytest.raises(NotFoundError):
        spec.field_named("other")


@pytest.mark.parametrize(
    "faulty",
    [
        lambda: _spec(name="Things"),
        lambda: _spec(name="a" * 41),
        lambda: _spec(name="dro;p"),
        lambda: _spec(fields=(KEY, KEY)),
        lambda: _spec(fields=(KEY, FieldSpec("Kind", T, FieldType.TEXT))),
        lambda: _spec(fields=(KEY, FieldSpec("geom", T, FieldType.TEXT))),
        lambda: _spec(fields=(KEY, FieldSpec("kind", T, FieldType.CODE))),
        lambda: _spec(key="other"),
        lambda: _spec(category_field="other"),
        lambda: _spec(category_field="code"),
        lambda: _spec(label_field="other"),
        lambda: _spec(style=Style(class_field="other")),
    ],
)
def test_each_fault_alone_is_refused(faulty):
    with pytest.raises(InvalidError) as refused:
        faulty()
    assert len(refused.value.errors) == 1


def test_all_faults_of_a_declaration_are_told_together():
    with pytest.raises(InvalidError) as refused:
        _spec(name="9", fields=(KEY, KEY, FieldSpec("fid", T, FieldType.TEXT)), label_field="x")
    assert len(refused.value.errors) == 4
    assert "4" in str(refused.value)


def test_no_reserved_name_may_be_a_field():
    for name in layers.RESERVED:
        with pytest.raises(InvalidError):
            _spec(fields=(KEY, FieldSpec(name, T, FieldType.TEXT)))


def test_a_registry_lists_in_drawing_order_and_refuses_two_under_one_name():
    low, high = _spec(name="low", order=5), _spec(name="high", order=50)
    also = _spec(name="also", order=50)
    registry = LayerRegistry([high, low, also, low])
    assert [s.name for s in registry] == ["low", "also", "high"]
    assert len(registry) == 3
    assert "high" in registry
    assert registry.get("high") is high
    with pytest.raises(NotFoundError) as missing:
        registry.get("middle")
    assert missing.value.expected == ["low", "also", "high"]
    with pytest.raises(InvalidError):
        registry.add(_spec(name="low", order=6))


def _installed(monkeypatch, *loaded):
    class Point:
        def __init__(self, number, value):
            self.name, self._value = f"p{number}", value

        def load(self):
            return self._value

    points = [Point(i, value) for i, value in enumerate(loaded)]
    monkeypatch.setattr(layers, "entry_points", lambda group: points)


def test_layers_of_installed_packages_are_gathered_and_bad_entry_points_named(monkeypatch):
    _installed(monkeypatch, [_spec(name="one")], (_spec(name="two"),))
    assert sorted(s.name for s in installed_layers()) == ["one", "two"]
    _installed(monkeypatch, [_spec(name="one")], ["no layer"])
    with pytest.raises(InvalidError, match="p1"):
        installed_layers()
    _installed(monkeypatch, [_spec(name="one")], [_spec(name="one", order=1)])
    with pytest.raises(InvalidError):
        installed_layers()


def test_the_packages_of_this_program_declare_their_layers_by_entry_point():
    names = {p.name for p in importlib.metadata.entry_points(group=layers.ENTRY_POINT_GROUP)}
    assert {"grid", "underground", "hazards"} <= names
    assert {"cells", "pipes", "power_plants"} <= {s.name for s in installed_layers()}
