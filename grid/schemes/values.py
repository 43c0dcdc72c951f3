"""What a scheme is made of: its head, its classes, its filing conditions with their limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gis.layers import Title
from grid.classes import ClassKey
from grid.clock.limit import Limit
from grid.origin import Origin


class AreaClass(StrEnum):
    """Kind of place on which a limit depends: A the core of the city, B and C general areas.

    It is a property of the place; urgency is in the unit of the limit.
    """

    A = "A"
    B = "B"
    C = "C"


@dataclass(frozen=True)
class SchemeInfo:
    """Head of a scheme of one domain.

    ``code_pattern`` is a regular expression that a whole code matches. ``valid_to`` is the first
    day on which the scheme no longer holds.
    """

    domain: str
    scheme: str
    version: str
    edition: str
    title: Title
    code_pattern: str
    origin: Origin
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class SchemeClass:
    """A class of a scheme; ``level`` is major or minor, ``major`` the code of its major.

    A class that is no longer used is switched off by ``valid_to``; its code is not used again.
    """

    key: ClassKey
    level: str
    major: str
    title: Title
    origin: Origin
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class ConditionLimit:
    """What a condition allows in a kind of area (None: everywhere), and for what, such as 制止."""

    area: AreaClass | None
    limit: Limit
    action: str = ""


@dataclass(frozen=True)
class FilingCondition:
    """When a case of some classes is filed, when it may be closed, and how long disposal may take.

    ``limits`` may hold several steps for one area (stop at once, restore within days); the last
    one bounds the disposal. ``same_period`` asks for an inspection at the same time of day.
    """

    id: str
    keys: tuple[ClassKey, ...]
    trigger: Title
    closing: Title
    limits: tuple[ConditionLimit, ...]
    origin: Origin
    same_period: bool = False
    valid_from: date | None = None
    valid_to: date | None = None

    def steps_for(self, area: AreaClass | None) -> tuple[ConditionLimit, ...]:
        """Limits in an area, in order; those of everywhere where the area has none of its own."""
        own = tuple(step for step in self.limits if step.area is area and area is not None)
        return own or tuple(step for step in self.limits if step.area is None)

    def limit_for(self, area: AreaClass | None) -> Limit | None:
        """What bounds the disposal in an area; None where the table does not say."""
        steps = self.steps_for(area)
        return steps[-1].limit if steps else None


def holds_on(valid_from: date | None, valid_to: date | None, day: date | None) -> bool:
    """Whether a row is in force on a day; any row is when no day is asked for.

    Examples
    --------
    >>> holds_on(date(2026, 1, 1), date(2027, 1, 1), date(2027, 1, 1))
    False
    """
    if day is None:
        return True
    return (valid_from is None or valid_from <= day) and (valid_to is None or day < valid_to)
