"""A permission is one value: role x action x area x category x fields.

The value compiles to a numpy mask here, to SQL in ``cityops.store.permission_sql``, and
to a list of fields; a generated test holds the three against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from cityops.services.roles import Person, Role
from gis.errors import ForbiddenError
from gis.layers import LayerSpec


class Action(StrEnum):
    """What may be done with the features of a layer."""

    VIEW = "view"
    EXPORT = "export"
    EDIT = "edit"
    IMPORT = "import"


#: What a refusal calls them.
ACTION_TITLES = {
    Action.VIEW: "查看",
    Action.EXPORT: "导出或打印",
    Action.EDIT: "编辑",
    Action.IMPORT: "导入",
}

_ALL = frozenset(Action)
_LOOK = frozenset({Action.VIEW})
_TAKE = frozenset({Action.VIEW, Action.EXPORT})

#: Groups of layers a role may use, and how; shelters are added for everybody.
_GRANTED: dict[Role, dict[str, frozenset[Action]]] = {
    Role.INSPECTOR: {"base": _LOOK, "areas": _LOOK, "grid": _LOOK, "components": _LOOK},
    Role.ACCEPTOR: {"base": _LOOK, "areas": _LOOK, "grid": _LOOK, "components": _LOOK},
    Role.SHIFT_LEADER: {"base": _LOOK, "areas": _LOOK, "grid": _LOOK, "components": _LOOK},
    Role.DISPATCHER: {"base": _LOOK, "areas": _LOOK, "grid": _LOOK, "components": _LOOK},
    Role.DEPARTMENT: {"base": _LOOK, "areas": _LOOK, "grid": _LOOK, "components": _LOOK},
    Role.STREET_OFFICER: {"base": _LOOK, "areas": _LOOK, "grid": _LOOK, "components": _LOOK},
    Role.PLANNER: {
        "base": _TAKE,
        "areas": _TAKE,
        "grid": _TAKE,
        "components": _TAKE,
        "underground": _TAKE,
        "shelters": _TAKE,
        "user": _TAKE,
    },
    Role.PIPELINE_OWNER: {"base": _LOOK, "areas": _LOOK, "underground": _TAKE},
    Role.BUILDER: {"base": _LOOK, "areas": _LOOK},
    Role.ENTERPRISE: {"base": _LOOK, "areas": _LOOK},
    Role.EMERGENCY: {
        "base": _TAKE,
        "areas": _TAKE,
        "grid": _LOOK,
        "components": _TAKE,
        "underground": _LOOK,
        "hazards": _TAKE,
        "population": _TAKE,
        "shelters": _TAKE,
    },
    Role.DATA_MANAGER: dict.fromkeys(
        (
            *("base", "areas", "grid", "components", "underground", "hazards"),
            *("population", "shelters", "user"),
        ),
        _ALL,
    ),
    Role.SYSTEM_ADMIN: {"base": _LOOK, "areas": _LOOK},
    Role.SECURITY_ADMIN: {"base": _LOOK, "areas": _LOOK},
    Role.AUDITOR: {"base": _LOOK, "areas": _LOOK},
    Role.CITIZEN: {},
}
#: Groups of layers a role may use, and how. What is not here is refused. Where people find shelter
#: everybody may know, citizens too.
GRANTS: dict[Role, dict[str, frozenset[Action]]] = {
    role: {"shelters": _LOOK} | granted for role, granted in _GRANTED.items()
}


@dataclass(frozen=True)
class Permission:
    """What one person may do with one layer.

    ``areas`` are code prefixes, None for everywhere; ``categories`` are codes of the
    layer's category field, None for all; ``fields`` are the fields that may be seen.
    ``allowed`` False means nothing at all. The value is hashable: caches are keyed by it.
    """

    layer: str
    action: Action
    allowed: bool
    areas: tuple[str, ...] | None
    categories: frozenset[str] | None
    fields: tuple[str, ...]

    def extent(self) -> dict[str, Any]:
        """How far the permission reaches, as JSON values, for `covers`."""
        categories = None if self.categories is None else sorted(self.categories)
        areas = None if self.areas is None else list(self.areas)
        return {"areas": areas, "categories": categories, "fields": list(self.fields)}

    def covers(self, extent: Mapping[str, Any]) -> bool:
        """Whether the permission reaches all that one of this `extent` reaches."""
        areas, categories = extent["areas"], extent["categories"]
        return (
            self.allowed
            and (
                self.areas is None
                or (areas is not None and all(a.startswith(self.areas) for a in areas))
            )
            and (
                self.categories is None
                or (categories is not None and self.categories.issuperset(categories))
            )
            and set(self.fields).issuperset(extent["fields"])
        )

    def mask(
        self,
        area_values: npt.NDArray[np.object_],
        area_codes: npt.NDArray[np.integer],
        category_values: npt.NDArray[np.object_] | None,
        category_codes: npt.NDArray[np.integer] | None,
    ) -> npt.NDArray[np.bool_]:
        """Which rows the permission reaches.

        Parameters
        ----------
        area_values, category_values
            (k,) distinct values of the column.
        area_codes, category_codes
            (n,) position of each row's value; -1 where the value is unknown.

        Returns
        -------
        ndarray of bool
            (n,). An unknown area is reached only by a permission for everywhere, an
            unknown category only by one for all categories.
        """
        n = len(area_codes)
        if not self.allowed:
            return np.zeros(n, bool)
        out = np.ones(n, bool)
        if self.areas is not None:
            fits = np.array([str(v).startswith(self.areas) for v in area_values] + [False], bool)
            out &= fits[area_codes]
        if self.categories is not None:
            if category_values is None or category_codes is None:
                return np.zeros(n, bool)
            fits = np.array([v in self.categories for v in category_values] + [False], bool)
            out &= fits[category_codes]
        return out


def permission_for(person: Person, spec: LayerSpec, action: Action) -> Permission:
    """What `person` may do with a layer."""
    granting = [r for r in person.roles if action in GRANTS[r].get(spec.group, frozenset())]
    if not granting:
        return Permission(spec.name, action, False, (), frozenset(), ())
    roles = {r.value for r in granting}
    fields = tuple(
        f.name for f in spec.fields if f.seen_by is None or not roles.isdisjoint(f.seen_by)
    )
    return Permission(
        layer=spec.name,
        action=action,
        allowed=True,
        areas=tuple(sorted(person.areas)) or None,
        # Also where the layer has no category (any more): such a limit then reaches nothing.
        categories=person.categories.get(spec.name),
        fields=fields,
    )


def require(person: Person, spec: LayerSpec, action: Action) -> Permission:
    """The permission, when there is one.

    Raises
    ------
    ForbiddenError
        When none of the person's roles grants the action.
    """
    permission = permission_for(person, spec, action)
    if not permission.allowed:
        raise ForbiddenError(
            "permission.layer",
            "{person} 没有{action}图层“{layer}”的权限",
            got=action.value,
            params={
                "person": person.name,
                "layer": spec.title.zh,
                "action": ACTION_TITLES[action],
            },
            hint="请向安全管理员申请",
        )
    return permission
