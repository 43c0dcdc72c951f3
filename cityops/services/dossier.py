"""The place dossier: what is here, over every layer and record that a person may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import shapely

from cityops.services.areas import AreaService
from cityops.services.locate import (
    areas_json,
    border_distance,
    cells_at,
    checked_place,
    warnings_for,
    what_is_at,
)
from cityops.services.permissions import Action, Permission, permission_for, require
from cityops.services.places import Near, Place, features_near
from cityops.services.ports import Store
from cityops.services.roles import Person
from cityops.services.scenes import SCENE_KEY, layer_notices
from gis.errors import InvalidError
from gis.layers import FieldSpec, FieldType, LayerSpec
from grid.layers import DISTRICTS

DEFAULT_RADIUS_M = 50.0
LARGEST_RADIUS_M = 500.0
#: Features that one section lists; the count beside them is of all.
LISTED = 20
#: Shown in a block of their own, never as features near by.
_LEFT_OUT = frozenset({"districts", "streets", "communities", "cells", "coast"})
#: Order of the sections by group of layer.
_GROUPS = ("components", "underground", "hazards", "population", "user", "base")


@dataclass(frozen=True)
class RecordSection:
    """A section that comes from records instead of a layer: cases, permits, zones."""

    name: str
    title: str
    rows: Sequence[Mapping[str, Any]]
    count: int
    source: str
    notice: str | None = None


class RecordsNear(Protocol):
    """Something that knows records by place. What the person may not see it leaves out."""

    def near(self, person: Person, lon: float, lat: float, radius_m: float) -> RecordSection | None:
        """Records within a distance of a CGCS2000 position, None when there is no such section."""


class DossierService:
    """Puts the dossier of a place together."""

    def __init__(
        self, store: Store, areas: AreaService, records: Sequence[RecordsNear] = ()
    ) -> None:
        self._store = store
        self._areas = areas
        self._records = tuple(records)

    def dossier(
        self,
        person: Person,
        lon: float,
        lat: float,
        radius_m: float = DEFAULT_RADIUS_M,
        crs: str = "cgcs2000",
    ) -> dict[str, Any]:
        """Everything near a place that the person may see, nearest first, with its source.

        Parameters
        ----------
        lon, lat
            Position in `crs`, see `cityops.services.places.place_of`.
        radius_m
            How far around, over 0 and up to 500 m.

        Raises
        ------
        CrsError
            When the position is none of `crs`.
        ForbiddenError
            When the person may not see areas.
        InvalidError
            When the radius is out of bounds.
        """
        require(person, DISTRICTS, Action.VIEW)
        check_radius(radius_m)
        place = checked_place(lon, lat, crs)
        with self._store.reading() as tx:
            scene = tx.meta.get(SCENE_KEY) or {}
            where = self._where(tx, person, place, scene)
            sections = layer_sections(tx, person, place, radius_m, layer_notices(scene))
        sections += self._record_sections(person, place, radius_m)
        return {
            "lon": place.lon,
            "lat": place.lat,
            "input_crs": place.input_crs,
            "radius_m": radius_m,
            "where": where,
            "sections": sections,
            "notices": list(scene.get("notices", ())),
            "attributions": list(scene.get("attributions", ())),
        }

    def _where(
        self, tx: Any, person: Person, place: Place, scene: Mapping[str, Any]
    ) -> dict[str, Any]:
        lookup = self._areas.lookup(tx)
        cells = cells_at(tx, person, place)
        found = what_is_at(place, cells, lookup)
        cell = None
        if found.cell is not None:
            shown = [f for f in ("code", "area_m2", "responsible", "source") if f in cells.columns]
            cell = cells.properties(0, tuple(shown))
        return {
            "cell": cell,
            **areas_json(lookup, found.code),
            "boundary_distance_m": border_distance(found),
            "warnings": warnings_for(found, lookup, scene.get("district_accuracy_m")),
        }

    def _record_sections(
        self, person: Person, place: Place, radius_m: float
    ) -> list[dict[str, Any]]:
        asked = (r.near(person, place.lon, place.lat, radius_m) for r in self._records)
        return [
            {
                "name": s.name,
                "kind": "records",
                "title": s.title,
                "count": s.count,
                "rows": [dict(row) for row in s.rows],
                "source": s.source,
                "notice": s.notice,
            }
            for s in asked
            if s is not None
        ]


def check_radius(radius_m: float) -> None:
    """Refuse a radius out of bounds.

    Raises
    ------
    InvalidError
        When it is not over 0 and up to 500 m.
    """
    if not 0.0 < radius_m <= LARGEST_RADIUS_M:
        raise InvalidError(
            "dossier.radius",
            "范围应大于 0、不超过 {expected} m，得到 {got}",
            field="radius_m",
            got=radius_m if radius_m == radius_m else None,
            expected=LARGEST_RADIUS_M,
        )


def layer_sections(
    tx: Any,
    person: Person,
    place: Place,
    radius_m: float,
    notices: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """A section for every layer that the person may see and that has something near."""
    specs = [s for s in tx.layers.registry() if s.name not in _LEFT_OUT]
    sections = []
    for spec in sorted(specs, key=_place_in_order):
        permission = permission_for(person, spec, Action.VIEW)
        if not permission.allowed:
            continue
        near = features_near(tx.layers, spec, permission, place, radius_m)
        if len(near.batch):
            sections.append(_section(spec, permission, near, notices.get(spec.name, {})))
    return sections


def _place_in_order(spec: LayerSpec) -> tuple[int, int, str]:
    group = _GROUPS.index(spec.group) if spec.group in _GROUPS else len(_GROUPS)
    return group, -spec.order, spec.name


def _section(
    spec: LayerSpec, permission: Permission, near: Near, notice: Mapping[str, Any]
) -> dict[str, Any]:
    fields = [f for f in spec.fields if f.name in permission.fields]
    rows = [_row(spec, fields, near, i) for i in range(min(LISTED, len(near.batch)))]
    sources = {str(v) for v in near.batch.columns.get("source", ()) if v is not None}
    return {
        "name": spec.name,
        "kind": "layer",
        "title": spec.title.zh,
        "group": spec.group,
        "count": len(near.batch),
        "truncated": near.truncated,
        "rows": rows,
        "fields": [{"name": f.name, "title": f.title.zh, "unit": f.unit} for f in fields],
        "source": "；".join(sorted(sources)) or None,
        "synthetic": notice.get("synthetic"),
        "notice": notice.get("notice") or spec.notice,
    }


def _row(spec: LayerSpec, fields: list[FieldSpec], near: Near, i: int) -> dict[str, Any]:
    values = near.batch.properties(i, tuple(f.name for f in fields))
    out = {
        "key": values.get(spec.key),
        "label": _label(spec, values),
        "distance_m": round(float(near.distances_m[i]), 2),
        "position": _position(near.batch.geometry[i]),
        "values": {f.name: _plain(values[f.name]) for f in fields},
        "titles": _code_titles(fields, values),
    }
    if spec.surveyed:
        out["trust"] = trust_of(spec, values)
    return out


def _label(spec: LayerSpec, values: Mapping[str, Any]) -> str | None:
    """What a person calls the feature: its label, else the title of its class, else its key."""
    if spec.label_field and spec.label_field != spec.key and values.get(spec.label_field):
        return str(values[spec.label_field])
    for name in ("class_code", spec.category_field, "kind", "use", "road_class"):
        if name and values.get(name) is not None and spec.has_field(name):
            title = spec.field_named(name).code_title(str(values[name]))
            if title is not None:
                return title.zh
    key = values.get(spec.key)
    return None if key is None else str(key)


def _position(shape: Any) -> list[float]:
    point = shapely.point_on_surface(shape)
    return [float(point.x), float(point.y)]


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
