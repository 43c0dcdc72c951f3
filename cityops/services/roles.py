"""Who people are: roles, and the person behind a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gis.layers import Title


class Role(StrEnum):
    """The sixteen roles of the program; citizen is also what an anonymous visitor is."""

    INSPECTOR = "inspector"
    ACCEPTOR = "acceptor"
    SHIFT_LEADER = "shift_leader"
    DISPATCHER = "dispatcher"
    DEPARTMENT = "department"
    STREET_OFFICER = "street_officer"
    PLANNER = "planner"
    PIPELINE_OWNER = "pipeline_owner"
    BUILDER = "builder"
    ENTERPRISE = "enterprise"
    EMERGENCY = "emergency"
    DATA_MANAGER = "data_manager"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDITOR = "auditor"
    CITIZEN = "citizen"


ROLE_TITLES: dict[Role, Title] = {
    Role.INSPECTOR: Title("网格监督员", "Grid inspector"),
    Role.ACCEPTOR: Title("受理员", "Acceptor"),
    Role.SHIFT_LEADER: Title("值班长", "Shift leader"),
    Role.DISPATCHER: Title("派遣员", "Dispatcher"),
    Role.DEPARTMENT: Title("专业部门", "Department"),
    Role.STREET_OFFICER: Title("街道社区人员", "Street and community officer"),
    Role.PLANNER: Title("规划员", "Planner"),
    Role.PIPELINE_OWNER: Title("管线权属单位", "Pipeline owner"),
    Role.BUILDER: Title("建设单位", "Builder"),
    Role.ENTERPRISE: Title("企业", "Enterprise"),
    Role.EMERGENCY: Title("应急人员", "Emergency officer"),
    Role.DATA_MANAGER: Title("数据管理员", "Data manager"),
    Role.SYSTEM_ADMIN: Title("系统管理员", "System administrator"),
    Role.SECURITY_ADMIN: Title("安全管理员", "Security administrator"),
    Role.AUDITOR: Title("审计员", "Auditor"),
    Role.CITIZEN: Title("市民", "Citizen"),
}


@dataclass(frozen=True)
class Person:
    """Who asks: identity, roles, and what they are limited to.

    ``areas`` are division code prefixes (``120101`` a district, 9 digits a street,
    12 a community); empty means the whole city. ``categories`` limits by layer the
    category codes a person may see, for instance ``{"pipes": {"gas"}}``; a layer
    that is missing is not limited.
    """

    id: int
    name: str
    roles: frozenset[Role]
    areas: tuple[str, ...] = ()
    categories: dict[str, frozenset[str]] = field(default_factory=dict, hash=False)
    department: str | None = None

    def has(self, *roles: Role) -> bool:
        """Whether the person has one of `roles`."""
        return not self.roles.isdisjoint(roles)

    @property
    def manages_all_data(self) -> bool:
        """Whether the person is a data manager without any limit."""
        return self.has(Role.DATA_MANAGER) and not (self.areas or self.categories)


#: The program itself: scene set-up, command line of the machine's owner, jobs.
SYSTEM = Person(0, "系统", frozenset(Role) - {Role.CITIZEN})
ANONYMOUS = Person(-1, "访客", frozenset({Role.CITIZEN}))
