"""Sections of a dossier that come from layers: what of each layer lies near, and how sure it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import shapely

from cityops.services.permissions import Action, Permission, permission_for
from cityops.services.places import Near, Place, features_near
from cityops.services.roles import Person
from gis.layers import FieldSpec, FieldType, LayerSpec

#: Features that one section lists when nobody asks for more; the count beside them is of all.
LISTED = 20
#: Danger reaches further than what lies under one's feet.
HAZARD_RADIUS_M = 1000.0
#: Shown in a block of their own, never as features near by.
_LEFT_OUT = frozenset(
    {
        *("districts", "streets", "communities", "coast"),
        *("cells", "duty_grids", "governance_grids"),
    }
)
#: Order of the sections by group of layer.
_GROUPS = ("underground", "components", "hazards", "shelters", "population", "user", "base")
#: Groups that are looked for as far as danger reaches.
_FAR_GROUPS = frozenset({"hazards", "shelters"})
#: Fields by which the features of a layer are told apart, first found first.
_CLASSED_BY = ("class_code", "kind", "use", "road_class", "fuel")


def layer_sections(
    tx: Any,
    person: Person,
    place: Place,
    radius_m: float,
    notices: Mapping[str, Mapping[str, Any]],
    listed: int = LISTED,
) -> list[dict[str, Any]]:
    """A section for every layer that the person may see and that has something near."""
    specs = [s for s in tx.layers.registry() if s.name not in _LEFT_OUT]
    sections = []
    for spec in sorted(specs, key=_place_in_order):
        permission = permission_for(person, spec, Action.VIEW)
        if not permission.allowed:
            continue
        reach = max(radius_m, HAZARD_RADIUS_M) if spec.group in _FAR_GROUPS else radius_m
        near = features_near(tx.layers, spec, permission, place, reach)
        if len(near.batch):
            notice = notices.get(spec.name, {})
            sections.append(_section(spec, permission, near, reach, notice, listed))
    return sections


def _place_in_order(spec: LayerSpec) -> tuple[int, int, str]:
    group = _GROUPS.index(spec.group) if spec.group in _GROUPS else len(_GROUPS)
    return group, -spec.order, spec.name


def _section(
    spec: LayerSpec,
    permission: Permission,
    near: Near,
    radius_m: float,
    notice: Mapping[str, Any],
    listed: int,
) -> dict[str, Any]:
    fields = [f for f in spec.fields if f.name in permission.fields]
    rows = [_row(spec, fields, near, i) for i in range(min(listed, len(near.batch)))]
    sources = {str(v) for v in near.batch.columns.get("source", ()) if v is not None}
    out = {
        "name": spec.name,
        "kind": "layer",
        "title": {"zh": spec.title.zh, "en": spec.title.en},
        "group": spec.group,
        "count": len(near.batch),
        "truncated": near.truncated,
        "radius_m": radius_m,
        "classes": _classes(spec, near),
        "rows": rows,
        "fields": [{"name": f.name, "title": f.title.zh, "unit": f.unit} for f in fields],
        "source": "；".join(sorted(sources)) or None,
        "synthetic": notice.get("synthetic"),
        "notice": notice.get("notice") or spec.notice,
    }
    return out | {"unmeasured": _unmeasured(spec, near)} if spec.surveyed else out


def class_field(spec: LayerSpec) -> FieldSpec | None:
    """The CODE field by which people tell the layer's features apart, or None."""
    for name in (*_CLASSED_BY, spec.category_field, spec.style.class_field):
        if name and spec.has_field(name) and spec.field_named(name).type is FieldType.CODE:
            return spec.field_named(name)
    return None


def _classes(spec: LayerSpec, near: Near) -> list[dict[str, Any]]:
    """How many of each class there are, and the nearest of each, most frequent class first."""
    field = class_field(spec)
    if field is None or field.name not in near.batch.columns:
        return []
    codes = [None if v is None else str(v) for v in near.batch.columns[field.name]]
    nearest: dict[str | None, int] = {}
    for row, code in enumerate(codes):
        nearest.setdefault(code, row)
    out = []
    for code, count in Counter(codes).most_common():
        title = None if code is None else field.code_title(code)
        named = code if title is None else title.zh
        out.append({"code": code, "title": named, "count": count} | _nearest(near, nearest[code]))
    return out


def _nearest(near: Near, row: int) -> dict[str, Any]:
    key = near.batch.columns[near.batch.spec.key][row]
    return {"key": key, "nearest_m": round(float(near.distances_m[row]), 2)}


def _unmeasured(spec: LayerSpec, near: Near) -> dict[str, Any] | None:
    """How many features of a surveyed layer have no measured depth, and the nearest of them."""
    names = tuple(f for f in _TRUST_FIELDS if f in near.batch.columns)
    rows = [
        i
        for i in range(len(near.batch))
        if not trust_of(spec, near.batch.properties(i, names))["depth_measured"]
    ]
    return {"count": len(rows)} | _nearest(near, rows[0]) if rows else None


def _row(spec: LayerSpec, fields: list[FieldSpec], near: Near, i: int) -> dict[str, Any]:
    values = near.batch.properties(i, tuple(f.name for f in fields))
    out = {
        "key": values.get(spec.key),
        "label": label_of(spec, values),
        "distance_m": round(float(near.distances_m[i]), 2),
        "position": _position(near.batch.geometry[i]),
        "values": {f.name: _plain(values[f.name]) for f in fields},
        "titles": _code_titles(fields, values),
    }
    if spec.surveyed:
        out["trust"] = trust_of(spec, values)
    return out


def label_of(spec: LayerSpec, values: Mapping[str, Any]) -> str | None:
    """What a person calls the feature: its label, else the title of its class, else its key."""
    if spec.label_field and spec.label_field != spec.key and values.get(spec.label_field):
        return str(values[spec.label_field])
    field = class_field(spec)
    if field is not None and values.get(field.name) is not None:
        title = field.code_title(str(values[field.name]))
        if title is not None:
            return title.zh
    key = values.get(spec.key)
    return None if key is None else str(key)


def _position(shape: Any) -> list[float]:
    point = shapely.point_on_surface(shape)
    return [round(float(point.x), 9), round(float(point.y), 9)]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _code_titles(fields: list[FieldSpec], values: Mapping[str, Any]) -> dict[str, str]:
    out = {}
    for f in fields:
        if f.type is FieldType.CODE and values[f.name] is not None:
            title = f.code_title(str(values[f.name]))
            if title is not None:
                out[f.name] = title.zh
    return out


#: Levels whose depth was measured; the others give a plan position only.
_MEASURED = frozenset({"A", "B"})
_TRUST_FIELDS = ("quality_level", "depth_start_m", "depth_end_m")


def trust_of(spec: LayerSpec, values: Mapping[str, Any]) -> dict[str, Any]:
    """How far a surveyed feature can be relied on: level, method, standard errors, a sentence.

    A depth is only ever called measured when the level says so and both ends have one.
    """
    level = values.get("quality_level")
    depths = [values.get("depth_start_m"), values.get("depth_end_m")]
    measured = level in _MEASURED and all(d is not None for d in depths)
    title = None
    if level is not None and spec.has_field("quality_level"):
        found = spec.field_named("quality_level").code_title(str(level))
        title = None if found is None else found.zh
    return {
        "quality_level": level,
        "title": title,
        "survey_method": values.get("survey_method"),
        "sigma_xy_m": values.get("sigma_xy_m"),
        "sigma_z_m": values.get("sigma_z_m"),
        "depth_measured": measured,
        "warning": None if measured else "埋深未实测，开挖前须现场探查",
    }
