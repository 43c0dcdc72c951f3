"""What the mover needs to know beside the case: the time, calendars, limits, settings, bodies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grid.clock.book import CalendarBook
from grid.clock.stages import StageLimits
from grid.flow.settings import FlowSettings
from grid.flow.states import Post


@dataclass(frozen=True)
class World:
    """The surroundings of an act.

    Attributes
    ----------
    departments, centres
        Codes of departments that dispose and of dispatching centres, those in being now.
    """

    now: datetime
    book: CalendarBook
    stages: StageLimits
    settings: FlowSettings
    departments: frozenset[str]
    centres: frozenset[str] = frozenset()

    def calendar_of(self, post: Post) -> str:
        """Name of the calendar by which the roles of a post work."""
        roles = sorted(self.settings.roles_of(post))
        return self.book.name_for(roles[0]) if roles else self.book.name_for("")
