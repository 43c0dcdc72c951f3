"""A case as the engine sees it: one value, changed only by the mover."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from grid.classes import ClassKey
from grid.clock.clock import Clock, ClockKind, stop
from grid.clock.limit import Limit
from grid.clock.stages import Urgency
from grid.flow.states import (
    END_STATES,
    AppealState,
    CaseSource,
    CaseState,
    ClosedKind,
    PendingKind,
    Post,
    TaskKind,
)
from grid.schemes.values import AreaClass


@dataclass(frozen=True)
class Filing:
    """The filing condition chosen: its id, its limit at the place, whether time of day matters."""

    condition: str
    limit: Limit | None
    same_period: bool = False


@dataclass(frozen=True)
class Task:
    """A collector's errand; without an assignee any collector of the area may do it."""

    kind: TaskKind
    assignee: int | None
    sent_at: datetime


@dataclass(frozen=True)
class Pending:
    """Something asked for that waits: who asked, why, what with; endorsed by the department or not."""

    kind: PendingKind
    asked_by: int
    note: str
    endorsed: bool
    at: datetime
    proposed: str | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Returned:
    """A case that came back: to which person, from where; that person may not just pass it on."""

    to: int | None
    by: int
    came_from: CaseState
    note: str


@dataclass(frozen=True)
class Case:
    """A case. Everything the table of transitions asks about is here.

    Attributes
    ----------
    key, area_class
        Class of what was reported, and kind of the place.
    located, photos, photos_after
        Whether the place lies in a cell; photos of the report and of the disposal.
    open_duplicate
        Another open case that was found to be the same.
    centre
        Dispatching centre in a city with two levels; None is the city's.
    department, handler, submitted
        Who has it in hand, the person assigned, and whether that person reports it done.
    returned_by
        Departments that gave it back since it was filed, in order.
    designated
        Whether it was assigned for good, after too many returns.
    departments
        Every department that ever had it, in order, without repetition in a row.
    clocks
        All clocks ever started, in order; at most one of a kind is open.
    merged_into
        The case that it repeats; a copy is not moved any more.
    last_at
        Time of the last act; nothing happens before it.
    """

    id: UUID
    state: CaseState
    source: CaseSource
    key: ClassKey
    reported_at: datetime
    last_at: datetime
    reporter: int | None = None
    urgency: Urgency | None = None
    area_class: AreaClass | None = None
    located: bool = True
    photos: int = 0
    photos_after: int = 0
    self_disposal: bool = False
    verified: bool | None = None
    open_duplicate: UUID | None = None
    task: Task | None = None
    accepted_by: int | None = None
    filed_by: int | None = None
    filing: Filing | None = None
    centre: str | None = None
    department: str | None = None
    handler: int | None = None
    submitted: bool = False
    pending: tuple[Pending, ...] = ()
    returned: Returned | None = None
    returned_by: tuple[str, ...] = ()
    designated: bool = False
    departments: tuple[str, ...] = ()
    return_count: int = 0
    rework_count: int = 0
    extension_count: int = 0
    suspension_count: int = 0
    suspended_from: CaseState | None = None
    suspended_until: datetime | None = None
    inspection: str | None = None
    was_late: bool | None = None
    exempt: bool = False
    appeal: AppealState = AppealState.NONE
    closed_at: datetime | None = None
    closed_kind: ClosedKind | None = None
    merged_into: UUID | None = None
    clocks: tuple[Clock, ...] = ()
    steps: int = 0

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done with it."""
        return self.state not in END_STATES and self.merged_into is None

    def clock(self, kind: ClockKind) -> Clock | None:
        """The last clock of a kind, None when none was started."""
        for clock in reversed(self.clocks):
            if clock.kind is kind:
                return clock
        return None

    def last_clocks(self) -> list[Clock]:
        """The last clock of each kind that was started, in the order of the kinds."""
        found = {clock.kind: clock for clock in self.clocks}
        return [found[kind] for kind in ClockKind if kind in found]

    def started(self, clock: Clock) -> Case:
        """The case with one more clock; an open one of that kind is stopped first."""
        last = self.clock(clock.kind)
        case = self
        if last is not None and last.is_open:
            case = self.changed(stop(last, clock.started_at))
        return replace(case, clocks=(*case.clocks, clock))

    def changed(self, clock: Clock) -> Case:
        """The case with the last clock of that kind replaced."""
        last = self.clock(clock.kind)
        return replace(self, clocks=tuple(clock if c is last else c for c in self.clocks))

    def waiting(self, kind: PendingKind) -> Pending | None:
        """What is asked for of a kind, or None."""
        return next((p for p in self.pending if p.kind is kind), None)

    def without(self, *kinds: PendingKind) -> Case:
        """The case without requests of these kinds."""
        return replace(self, pending=tuple(p for p in self.pending if p.kind not in kinds))


@dataclass(frozen=True)
class Actor:
    """Who acts: identity, names of the roles held, and the department or centre they belong to."""

    id: int
    name: str
    roles: frozenset[str]
    department: str | None = None


SYSTEM_ACTOR = Actor(0, "系统", frozenset({Post.SYSTEM.value}))


@dataclass(frozen=True)
class Request:
    """What an actor gives beside the action; which of it must be there the table says."""

    note: str = ""
    department: str | None = None
    handler: int | None = None
    assignee: int | None = None
    filing: Filing | None = None
    proposed: str | None = None
    until: datetime | None = None
    photos: int = 0
    target: UUID | None = None


@dataclass(frozen=True)
class Entry:
    """One entry of a case's history; entries are only ever added.

    Attributes
    ----------
    number
        From 1.
    post
        The post under which the actor was allowed to act.
    receiver
        Who has to do with the case next: a department, a person or a post.
    used_s, late
        Time that the stage's clock had counted, and whether that was too much; None without one.
    details
        Further values of the act: condition, proposed body, end date, former department.
    """

    number: int
    action: str
    before: CaseState | None
    after: CaseState
    actor_id: int
    actor_name: str
    post: str
    at: datetime
    note: str = ""
    department: str | None = None
    receiver: str | None = None
    used_s: float | None = None
    late: bool | None = None
    details: dict[str, str] = field(default_factory=dict, hash=False)
