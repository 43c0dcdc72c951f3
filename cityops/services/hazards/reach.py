"""Who may read a run: those who may see everything that it was counted from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cityops.services.layers import Seen
from cityops.services.permissions import Action, Permission, permission_for
from cityops.services.roles import Person
from gis.layers import LayerRegistry

#: Fields that figures and lists of a run come from, by layer.
FIELDS_USED: dict[str, tuple[str, ...]] = {
    "hazard_sites": (
        *("id", "name", "kind", "grade", "substance", "cas", "inventory_kg", "address", "source"),
        *("tnt_low_kg", "tnt_likely_kg", "tnt_high_kg"),
    ),
    "buildings": ("use", "people_day", "people_night"),
    "sensitive_places": ("id", "name", "kind", "address", "people_day", "people_night"),
    "components": ("class_code",),
    "roads": ("name", "road_class"),
    "pipes": ("kind",),
    "shelters": ("id", "name", "kind", "capacity"),
    "rescue_teams": ("id", "name", "kind", "people", "vehicles"),
}


def reach_of(used: Iterable[Seen]) -> dict[str, Any]:
    """What a run was counted from, as JSON: by layer areas, categories and fields."""
    return {seen.spec.name: _limits(seen.permission) for seen in used}


def _limits(permission: Permission) -> dict[str, Any]:
    wanted = FIELDS_USED.get(permission.layer, ())
    return {
        "areas": None if permission.areas is None else list(permission.areas),
        "categories": None if permission.categories is None else sorted(permission.categories),
        "fields": [name for name in wanted if name in permission.fields],
    }


def may_read(person: Person, registry: LayerRegistry, reach: Mapping[str, Any]) -> bool:
    """Whether a person may see all that a run was counted from.

    A layer that is gone since has no more to say.
    """
    return all(
        _covers(permission_for(person, registry.get(layer), Action.VIEW), limits)
        for layer, limits in reach.items()
        if layer in registry
    )


def _covers(permission: Permission, limits: Mapping[str, Any]) -> bool:
    if not permission.allowed or not set(limits["fields"]) <= set(permission.fields):
        return False
    if permission.areas is not None:
        inside = limits["areas"]
        if inside is None or not all(str(a).startswith(permission.areas) for a in inside):
            return False
    if permission.categories is not None:
        wanted = limits["categories"]
        if wanted is None or not set(wanted) <= permission.categories:
            return False
    return True
