"""One error, its leaves, and the JSON that every interface answers with."""

from __future__ import annotations

import json

import pytest

from gis import errors
from gis.errors import CityError, InvalidError, Kind, error_body

LEAVES = {
    errors.InvalidError: (Kind.INVALID, ValueError),
    errors.CrsError: (Kind.INVALID, ValueError),
    errors.GeometryError: (Kind.INVALID, ValueError),
    errors.FileError: (Kind.INVALID, ValueError),
    errors.NotFoundError: (Kind.NOT_FOUND, LookupError),
    errors.ConflictError: (Kind.CONFLICT, CityError),
    errors.StaleError: (Kind.STALE, CityError),
    errors.ForbiddenError: (Kind.FORBIDDEN, PermissionError),
    errors.UnavailableError: (Kind.UNAVAILABLE, RuntimeError),
}


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_has_its_kind_and_is_caught_as_the_builtin_it_is_too(leaf):
    kind, builtin = LEAVES[leaf]
    made = leaf("a.b", "坏了：{got}", got=3, row=7)
    assert made.kind is kind
    assert str(made) == "坏了：3"
    assert made.as_dict()["row"] == 7
    with pytest.raises(builtin):
        raise made
    with pytest.raises(CityError):
        raise made


def test_every_leaf_of_the_module_is_looked_at_here():
    there = {v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, CityError)}
    assert there - {CityError} == set(LEAVES)


def test_a_message_is_translated_before_its_parts_are_filled_in():
    made = InvalidError("a.b", "{layer} 缺少 {field}", field="kind", params={"layer": "管线"})
    words = {"{layer} 缺少 {field}": "{field} of {layer} is missing"}
    assert made.message(words.__getitem__) == "kind of 管线 is missing"
    assert made.as_dict(words.__getitem__)["message"] == "kind of 管线 is missing"


def test_parts_with_braces_are_not_filled_in_again():
    made = InvalidError("a.b", "得到 {got}", got="{secret} {0} {got.__class__}")
    assert str(made) == "得到 {secret} {0} {got.__class__}"


@pytest.mark.parametrize("template", ["{other} 坏了", "{", "{0}", "{got.size}", "{got!z}"])
def test_a_template_that_does_not_fit_its_parts_is_shown_as_it_is(template):
    assert str(InvalidError("a.b", template, got=1)) == template


def test_a_hint_is_optional_and_single_faults_come_with_the_body():
    inner = [InvalidError("a.c", "第一处", row=1), InvalidError("a.d", "第二处", hint="改 {field}")]
    inner[1].field = "x"
    body = error_body(InvalidError("a.b", "两处", errors=inner))
    assert body["error"]["hint"] is None
    assert [e["code"] for e in body["errors"]] == ["a.c", "a.d"]
    assert body["errors"][1]["hint"] == "改 x"
    assert "row" not in body["errors"][1]
    assert json.loads(json.dumps(body)) == body
