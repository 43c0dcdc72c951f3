"""Declarations of layers as JSON text, for layers that users made from files."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from gis.layers import CodeItem, FieldSpec, FieldType, GeometryKind, LayerSpec, Style, Title


def spec_to_json(spec: LayerSpec) -> str:
    """JSON text of a declaration, from which `spec_from_json` makes an equal one."""
    return json.dumps(_plain(spec), ensure_ascii=False, sort_keys=True)


def spec_from_json(text: str) -> LayerSpec:
    """The declaration that `spec_to_json` wrote.

    Raises
    ------
    InvalidError
        When the declaration could not work, see ``gis.layers.check_spec``.
    """
    body = json.loads(text)
    return LayerSpec(
        **body
        | {
            "title": Title(**body["title"]),
            "note": Title(**body["note"]) if body.get("note") else None,
            "geometry": GeometryKind(body["geometry"]),
            "style": Style(**_tuples(body["style"], "dash")),
            "fields": tuple(_field(f) for f in body["fields"]),
        }
    )


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.init}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _tuples(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return body | {name: tuple(body[name]) for name in names}


def _field(body: dict[str, Any]) -> FieldSpec:
    seen_by = body["seen_by"]
    return FieldSpec(
        **_tuples(body, "aliases")
        | {
            "title": Title(**body["title"]),
            "type": FieldType(body["type"]),
            "codes": tuple(_code(c) for c in body["codes"]),
            "seen_by": None if seen_by is None else frozenset(seen_by),
        }
    )


def _code(body: dict[str, Any]) -> CodeItem:
    return CodeItem(**_tuples(body, "dash") | {"title": Title(**body["title"])})
