"""What every row of an answer about cases needs: who asks, when, and what is found once for all."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cityops.services.areas import AreaLookup
from cityops.services.case_scope import acting_scope
from cityops.services.case_values import CaseRecord, city_day
from cityops.services.grid.config import GridConfig
from cityops.services.roles import Person
from grid.classes import ClassKey
from grid.flow.case import Actor
from grid.flow.choices import Choices, needs_of
from grid.flow.states import ACTION_TITLES, CaseAction
from grid.flow.world import World
from grid.schemes.values import FilingCondition

#: Inputs of the workflow under the names of the interface, in the order in which they are asked.
_NEEDS = {
    "photo": "photo",
    "filing": "condition",
    "department": "department",
    "handler": "handler",
    "proposed": "proposed",
    "until": "until",
    "target": "target",
    "note": "reason",
}


def actor_of(person: Person) -> Actor:
    """The person as the workflow knows them."""
    roles = frozenset(role.value for role in person.roles)
    return Actor(person.id, person.name, roles, person.department)


class CaseView:
    """One request's look at cases; made anew for each request, for it knows what a person may do.

    Parameters
    ----------
    lookup
        Names of areas.
    world
        The surroundings as of now.
    """

    def __init__(
        self, lookup: AreaLookup, config: GridConfig, person: Person, world: World
    ) -> None:
        self.lookup, self.world = lookup, world
        self._scope = acting_scope(person)
        self._schemes, self._day = config.schemes, city_day(world.now)
        self._choices = Choices(actor_of(person), world)
        self._conditions: dict[ClassKey, tuple[FilingCondition, ...]] = {}
        self._places: dict[str, str] = {}

    def conditions(self, key: ClassKey) -> tuple[FilingCondition, ...]:
        """Filing conditions of a class that are in force."""
        found = self._conditions.get(key)
        if found is None:
            found = self._conditions[key] = self._schemes.conditions_of(key, self._day)
        return found

    def actions(self, record: CaseRecord) -> list[dict[str, Any]]:
        """What may be done next; ``needs`` names inputs, ``reason`` a note that must be.

        The only condition of a class needs not be chosen.
        """
        if not self._scope.reaches(record):
            return []
        flow = record.flow
        one = len(self.conditions(record.class_key)) < 2
        return [
            {"action": action.value, "title": _title(action), "needs": list(asked)}
            for action in self._choices.open(flow)
            for asked in (_asked(needs_of(flow, action), one),)
        ]

    def blocked(self, record: CaseRecord) -> list[dict[str, str]]:
        """What the person might do but for something that a guard asks for."""
        if not self._scope.reaches(record):
            return []
        return [
            {
                "action": action.value,
                "title": _title(action),
                "code": reason.code,
                "why": str(reason),
            }
            for action, reason in self._choices.hindered(record.flow)
        ]

    def place_title(self, record: CaseRecord) -> str:
        """The address, then community and street, or the district where there is neither."""
        area = self._places.get(record.area)
        if area is None:
            area = self._places[record.area] = self._area_title(record.area)
        return "，".join(part for part in (record.address, area) if part)

    def _area_title(self, code: str) -> str:
        levels = self.lookup.levels_of(code)
        named = [levels[level] for level in ("community", "street") if levels.get(level)]
        if not named and levels.get("district"):
            named = [levels["district"]]
        return "，".join(area.name or area.code for area in named if area is not None)


def _title(action: CaseAction) -> str:
    return ACTION_TITLES[action].zh


@lru_cache(maxsize=256)
def _asked(needs: frozenset[str], one_condition: bool) -> tuple[str, ...]:
    left_out = {"filing"} if one_condition else set()
    return tuple(said for name, said in _NEEDS.items() if name in needs - left_out)
