"""What the left rail offers, as one list. An entry shows when it exists and the person may use it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from cityops.services.permissions import GRANTS, Action
from cityops.services.roles import Person, Role
from webmap.assets import STATIC

_CASE_ROLES = frozenset(
    {
        Role.INSPECTOR,
        Role.ACCEPTOR,
        Role.SHIFT_LEADER,
        Role.DISPATCHER,
        Role.DEPARTMENT,
        Role.STREET_OFFICER,
    }
)
#: Who brings files in or takes layers out.
_FILE_ROLES = frozenset({Role.DATA_MANAGER, Role.PLANNER, Role.PIPELINE_OWNER, Role.EMERGENCY})


@dataclass(frozen=True)
class RailItem:
    """One entry: a tool of the map page (``static/js/tools/<tool>.js``) or a page of its own.

    ``group`` asks for a layer group that the person may see, ``roles`` for one of some roles;
    an entry with neither is for everyone.
    """

    name: str
    title: str
    icon: str
    tool: str | None = None
    endpoint: str | None = None
    group: str | None = None
    roles: frozenset[Role] | None = None

    def exists(self) -> bool:
        """Whether its module or its page is there."""
        if self.tool is not None:
            return (STATIC / "js" / "tools" / f"{self.tool}.js").is_file()
        return self.endpoint is None or self.endpoint in current_app.view_functions

    def is_for(self, person: Person) -> bool:
        """Whether `person` may use it."""
        if self.roles is not None and not person.has(*self.roles):
            return False
        return self.group is None or may_see_group(person, self.group)


#: The rail, top to bottom. To add a tool: its module and a line here.
RAIL: tuple[RailItem, ...] = (
    RailItem("map", "地图", "map"),
    RailItem("cases", "案件", "case", tool="cases", roles=_CASE_ROLES),
    RailItem("field", "外勤", "cam", endpoint="field.page", roles=frozenset({Role.INSPECTOR})),
    RailItem("underground", "地下", "pipe", tool="underground", group="underground"),
    RailItem("emergency", "应急", "siren", tool="emergency", group="hazards"),
    RailItem("data", "数据", "data", endpoint="imports.page", roles=_FILE_ROLES),
)
#: Tools that are always loaded beside the chosen one, where they exist.
ALWAYS = ("dossier",)


def may_see_group(person: Person, group: str) -> bool:
    """Whether one of the person's roles may look at layers of `group`."""
    return any(Action.VIEW in GRANTS[role].get(group, frozenset()) for role in person.roles)


def rail_for(person: Person) -> list[RailItem]:
    """The entries that `person` sees, in order."""
    return [item for item in RAIL if item.is_for(person) and item.exists()]


def tools_for(person: Person) -> dict[str, str]:
    """Tools that `person` may open: name -> module to import."""
    offered = [item.tool for item in rail_for(person) if item.tool is not None]
    always = [name for name in ALWAYS if (STATIC / "js" / "tools" / f"{name}.js").is_file()]
    return {name: f"cityops/tools/{name}" for name in [*offered, *always]}
