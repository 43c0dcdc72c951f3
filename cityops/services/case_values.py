"""What the case services and the store hand each other: records, photos, scopes, filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol
from uuid import UUID

from cityops.services.ports import Box
from grid.classes import ClassKey
from grid.clock.calendar import CITY_ZONE
from grid.evaluation.from_case import FactRow
from grid.flow.case import Case, Entry
from grid.flow.states import CaseSource, CaseState

#: The time that people of the city read.
CITY_TIME = CITY_ZONE


def stored_time(at: datetime) -> str:
    """An aware time as the store keeps it: UTC, milliseconds; sorts as text.

    Examples
    --------
    >>> stored_time(datetime(2026, 11, 24, 8, 0, tzinfo=CITY_TIME))
    '2026-11-24T00:00:00.000Z'
    """
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def city_day(at: datetime) -> date:
    """The day that people of the city write.

    Examples
    --------
    >>> city_day(datetime(2026, 11, 24, 20, 0, tzinfo=UTC)).isoformat()
    '2026-11-25'
    """
    return at.astimezone(CITY_TIME).date()


def read_time(text: str | None) -> datetime | None:
    """The aware time of a stored text, None for None."""
    return None if text is None else datetime.fromisoformat(text)


def shown_time(at: datetime | None) -> str | None:
    """A time as JSON carries it: ISO 8601 with the city's offset, whole seconds."""
    return None if at is None else at.astimezone(CITY_TIME).isoformat(timespec="seconds")


@dataclass(frozen=True)
class CaseRecord:
    """A case as the store keeps it.

    ``flow`` is what the workflow acts on; ``area`` the code of the smallest area around the
    position, '' unknown; ``suggested`` the department that the duty table names; ``flags``
    what the checks found (codes).
    """

    flow: Case
    number: str
    digest: str
    reporter_id: int
    reporter_name: str
    class_key: ClassKey
    class_name: str
    description: str
    reported_at: datetime
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    address: str = ""
    cell: str | None = None
    area: str = ""
    component: str | None = None
    device_time: datetime | None = None
    device_offset_s: float | None = None
    due_at: datetime | None = None
    suggested: str | None = None
    flags: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    seq: int = 0

    @property
    def id(self) -> UUID:
        """Identity made by the device."""
        return self.flow.id

    @property
    def position(self) -> list[float] | None:
        """[lon, lat] in CGCS2000, or None."""
        if self.lon is None or self.lat is None:
            return None
        return [self.lon, self.lat]


@dataclass(frozen=True)
class PhotoRecord:
    """A photo of a case; ``state`` is received, ready or failed."""

    name: str
    original: str
    media_type: str
    width: int
    height: int
    size: int
    uploaded_by: int
    uploaded_at: datetime
    kind: str = "report"
    copy: str | None = None
    thumbnail: str | None = None
    state: str = "received"
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class UsedClass:
    """A class that a person reported under: its name then, how often lately, when last."""

    key: ClassKey
    name: str
    times: int
    last_at: datetime


@dataclass(frozen=True)
class CaseScope:
    """Which cases a person may see: a value that the store turns into a condition.

    A case is in scope when its area has one of the prefixes (None: everywhere) and its
    department is `department` (None: any), or when `reporter` reported it. Where it is about
    `acting`, the latter holds for cases without an area alone: who left an area sees the own
    reports there, and acts on them no more.
    """

    allowed: bool
    areas: tuple[str, ...] | None = None
    department: str | None = None
    reporter: int | None = None
    acting: bool = False

    def reaches(self, record: CaseRecord) -> bool:
        """Whether a case is in scope."""
        if not self.allowed:
            return False
        own = self.reporter is not None and record.reporter_id == self.reporter
        if own and not (self.acting and record.area):
            return True
        if self.areas is not None and not record.area.startswith(self.areas):
            return False
        return self.department is None or record.flow.department == self.department


@dataclass(frozen=True)
class Waiting:
    """Whose turn it is, as texts of ``grid.flow.turn.turns_with``.

    For a department only what it has in hand; ``assignee`` leaves out what waits for somebody
    else by name.
    """

    turns: frozenset[str]
    department: str | None = None
    assignee: int | None = None


@dataclass(frozen=True)
class CaseFilter:
    """What a list is narrowed to; None does not narrow. ``waiting`` is any of its entries."""

    states: tuple[CaseState, ...] | None = None
    class_code: str | None = None
    domain: str | None = None
    reporter: int | None = None
    area: str | None = None
    box: Box | None = None
    waiting: tuple[Waiting, ...] | None = None
    source: CaseSource | None = None


class CaseRepo(Protocol):
    """Cases in the store."""

    def find(self, case_id: UUID) -> CaseRecord | None:
        """The case, or None."""

    def add(self, record: CaseRecord, step: Entry) -> CaseRecord:
        """Store a new case with its first history entry; gives it with its ``seq``."""

    def add_many(self, records: Sequence[CaseRecord], steps: Sequence[Entry]) -> int:
        """Store many new cases, one first entry each; gives how many."""

    def change(self, record: CaseRecord, step: Entry) -> CaseRecord:
        """Store what a move changed and its history entry; raises the version by one."""

    def history(self, seq: int) -> list[Entry]:
        """All entries of a case, in order."""

    def page(
        self, scope: CaseScope, wanted: CaseFilter, *, after: int | None, limit: int
    ) -> tuple[list[CaseRecord], int]:
        """Cases in scope, newest first, with ``seq`` < `after`; and how many match in all."""

    def count(self, scope: CaseScope, wanted: CaseFilter) -> int:
        """How many cases in scope match."""

    def counts(self, scope: CaseScope) -> Mapping[CaseState, int]:
        """How many cases in scope stand in each state; states without one are left out."""

    def last_steps(self, seqs: Sequence[int]) -> Mapping[int, Entry]:
        """The newest history entry of each of some cases."""

    def next_number(self, prefix: str) -> int:
        """The next running number of a prefix, from 1."""

    def recent_classes(self, reporter_id: int, limit: int, since: datetime) -> list[UsedClass]:
        """Classes that a person reported last, newest first, each once; counted from `since` on."""

    def existing(self, ids: Sequence[UUID]) -> set[UUID]:
        """Which of `ids` are stored."""

    def put_facts(self, seq: int, row: FactRow, *, is_open: bool) -> None:
        """Keep what evaluation knows of a case, in place of what it knew."""

    def has_copies(self, case_id: UUID) -> bool:
        """Whether other cases are linked to a case."""

    def suspended(self) -> list[tuple[UUID, datetime | None]]:
        """Cases that are suspended, and until when."""

    def find_key(self, key: str) -> tuple[UUID, str] | None:
        """Case and digest of an act that was sent under a key, or None."""

    def add_key(self, key: str, seq: int, digest: str, at: datetime) -> None:
        """Remember under which key an act was sent."""

    def around(self, box: Box, since: datetime) -> list[CaseRecord]:
        """Cases in a box in degrees that are open, or were reported since a time, oldest first."""

    def open_naming(self, named: str) -> list[CaseRecord]:
        """Cases that have not ended and in which a code or number stands, and perhaps others."""

    def photos(self, seqs: Sequence[int]) -> Mapping[int, list[PhotoRecord]]:
        """Photos by case, in the order of arrival."""

    def photo(self, seq: int, name: str) -> PhotoRecord | None:
        """One photo, or None."""

    def add_photo(self, seq: int, photo: PhotoRecord) -> None:
        """Store a new photo."""

    def change_photo(self, seq: int, photo: PhotoRecord) -> None:
        """Store what became of a photo."""
