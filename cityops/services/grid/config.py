"""What a city has set: its calendars, schemes, rules and weights over those that ship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from grid.clock.book import CalendarBook
from grid.clock.calendar import DaySet
from grid.clock.shipped import day_sets_of, shipped_calendars
from grid.clock.stages import StageLimits, shipped_stage_limits
from grid.duplicates.rules import DuplicateRules, shipped_duplicate_rules
from grid.duty import departments
from grid.evaluation.composites import Composites, composites_of, shipped_composites
from grid.flow.settings import FlowSettings, shipped_flow_settings
from grid.flow.world import World
from grid.routing.rules import RuleBook, rules_of, shipped_rules
from grid.schemes.book import SchemeBook
from grid.schemes.shipped import shipped_schemes
from grid.schemes.stored import book_from
from grid.shipped import shipped_rows

#: Kind of the table of departments that were merged into others (or into none).
DEPARTMENTS = "departments"


@dataclass(frozen=True)
class StoredTable:
    """A delivery of a table: kind is days, scheme, duties, composites or departments."""

    id: int
    kind: str
    name: str
    version: str
    source: str
    content: Mapping[str, Any]


class TableRepo(Protocol):
    """Tables of a city's own in the store."""

    def newest(self) -> int:
        """Id of the newest delivery, 0 without any."""

    def in_force(self) -> list[StoredTable]:
        """The newest delivery of each kind and name, in order of delivery."""

    def add(
        self,
        kind: str,
        name: str,
        version: str,
        source: str,
        content: Mapping[str, Any],
        at: datetime,
        person_id: int,
    ) -> int:
        """Keep a delivery; gives its id."""


@dataclass(frozen=True)
class GridConfig:
    """Everything that is set, as of the delivery ``version``.

    ``ended`` names departments that are no longer in being, with their successors.
    """

    version: int
    book: CalendarBook
    stages: StageLimits
    settings: FlowSettings
    schemes: SchemeBook
    rules: RuleBook
    duplicates: DuplicateRules
    composites: Composites
    ended: Mapping[str, str | None] = field(default_factory=dict)

    def world(self, now: datetime) -> World:
        """The surroundings of an act at `now`."""
        being = frozenset(departments()) - self.ended.keys()
        return World(now, self.book, self.stages, self.settings, being)

    def body(self, code: str | None) -> str | None:
        """The department that does the work of one now: itself, or its successor; None without."""
        while code is not None and code in self.ended:
            code = self.ended[code]
        return code


def shipped_config() -> GridConfig:
    """What ships, without any table of a city."""
    return GridConfig(
        0,
        shipped_calendars(),
        shipped_stage_limits(),
        shipped_flow_settings(),
        shipped_schemes(),
        shipped_rules(),
        shipped_duplicate_rules(),
        shipped_composites(),
    )


def config_of(tables: Sequence[StoredTable], version: int) -> GridConfig:
    """What is set once tables of a city lie over those that ship.

    Raises
    ------
    InvalidError
        When a table does not fit the others; it is checked before it is stored, too.
    """
    made = replace(shipped_config(), version=version)
    for table in tables:
        content = table.content
        if table.kind == "days":
            made = replace(made, book=with_days(made.book, table.name, content))
        elif table.kind == "scheme":
            made = replace(made, schemes=made.schemes.merged(book_from(content)))
        elif table.kind == "duties":
            made = replace(made, rules=rules_of(content["rows"], departments()))
        elif table.kind == DEPARTMENTS:
            made = replace(made, ended=content["ended"])
        elif table.kind == "composites":
            bands, grades = shipped_rows("score_bands.csv"), shipped_rows("grades.csv")
            rows = content["rows"]
            made = replace(
                made,
                composites=composites_of(
                    rows, content.get("bands") or bands, content.get("grades") or grades
                ),
            )
    return made


def with_days(book: CalendarBook, name: str, content: Mapping[str, Any]) -> CalendarBook:
    """A book whose set of special days `name` has years of a table in place of its own.

    Raises
    ------
    InvalidError
        ``calendar.bad_days`` with every fault by row.
    """
    given = day_sets_of(content["days"], content["years"]).get(name)
    if given is None:
        return book

    def merged(days: DaySet | None) -> DaySet | None:
        if days is None or days.name != name:
            return days
        kept = {day: kind for day, kind in days.days.items() if day.year not in given.years}
        return DaySet(name, days.years | given.years, {**kept, **given.days})

    return CalendarBook([replace(c, days=merged(c.days)) for c in book.calendars.values()])


@lru_cache(maxsize=4)
def _kept(version: int, tables: _Frozen) -> GridConfig:
    return config_of(tables.tables, version)


class _Frozen:
    """Tables as one argument of a cache: equal when read at the same version of the same store.

    The store itself is held, not its ``id``: another one may get that later.
    """

    def __init__(self, store: object, version: int, tables: Sequence[StoredTable]) -> None:
        self.key, self.tables = (store, version), tables

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Frozen) and self.key == other.key


def current_config(tx: Any) -> GridConfig:
    """What is set, as of the state that `tx` reads; made once for each delivery."""
    version = tx.grid_tables.newest()
    if version == 0:
        return _shipped()
    tables = tx.grid_tables.in_force()
    return _kept(version, _Frozen(tx.store, version, tables))


@lru_cache(maxsize=1)
def _shipped() -> GridConfig:
    return shipped_config()
