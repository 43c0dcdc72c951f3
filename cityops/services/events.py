"""What changed, for people who look at the map now: versions of layers and moves of cases.

An event carries ids and versions, never content: who wants more asks the interface, which
applies the permission again. Even so a person hears only of what is in their scope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from cityops.services.case_scope import scope_of
from cityops.services.permissions import Action, permission_for
from cityops.services.ports import Store
from cityops.services.roles import Person
from gis.layers import LayerRegistry

#: So many missed messages are sent after; behind more of them a page had better load anew.
MOST_MISSED = 500
#: So many messages stay in the store: who is behind all of them finds more than `MOST_MISSED`,
#: also while some hundreds have come since the last look, and so is told to load anew.
KEPT_MESSAGES = 4 * MOST_MISSED
_TOLD_OF_A_CASE = ("id", "number", "state", "version")


class EventMessage(Protocol):
    """A message of the outbox."""

    @property
    def id(self) -> int:
        """Number, which orders the messages."""

    @property
    def topic(self) -> str:
        """What it is about, such as ``case.move``."""

    @property
    def body(self) -> Mapping[str, Any]:
        """Its JSON object."""


@dataclass(frozen=True)
class Audience:
    """What one person may hear of; a value that travels between processes as JSON.

    ``layers`` are names of layers the person may view. ``areas`` are division code prefixes of
    cases, None for everywhere; ``department`` limits to its cases; ``cases`` False: of none.
    """

    person_id: int
    layers: frozenset[str]
    cases: bool
    areas: tuple[str, ...] | None = None
    department: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The audience as JSON values."""
        return asdict(self) | {"layers": sorted(self.layers)}

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Audience:
        """The audience of `as_dict`."""
        areas = body["areas"]
        return cls(
            person_id=body["person_id"],
            layers=frozenset(body["layers"]),
            cases=body["cases"],
            areas=None if areas is None else tuple(areas),
            department=body["department"],
        )

    def versions(self, versions: Mapping[str, int]) -> dict[str, int]:
        """Of these layer versions, those that the person may hear of."""
        return {name: n for name, n in versions.items() if name in self.layers}

    def told(self, message: EventMessage) -> dict[str, Any] | None:
        """What the person hears of a message; None when it is out of scope."""
        if not self.cases or not message.topic.startswith("case."):
            return None
        body = message.body
        if self.areas is not None and not str(body.get("area") or "").startswith(self.areas):
            return None
        if self.department is not None and body.get("department") != self.department:
            return None
        return {"what": message.topic} | {name: body.get(name) for name in _TOLD_OF_A_CASE}


def audience_of(person: Person, registry: LayerRegistry) -> Audience:
    """What `person` may hear of."""
    scope = scope_of(person)
    seen = (spec.name for spec in registry if permission_for(person, spec, Action.VIEW).allowed)
    return Audience(person.id, frozenset(seen), scope.allowed, scope.areas, scope.department)


@dataclass(frozen=True)
class News:
    """What happened since a message number.

    ``last`` is the number to go on from; ``missed`` says that there was more than is told, so
    that a page had better load anew.
    """

    last: int
    layers: dict[str, int]
    cases: list[dict[str, Any]]
    missed: bool

    def as_dict(self) -> dict[str, Any]:
        """The news as JSON values."""
        return asdict(self)


class EventService:
    """Events for those who cannot keep a stream open."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def audience(self, person: Person) -> Audience:
        """What `person` may hear of, with the layers there are now."""
        with self._store.reading() as tx:
            return audience_of(person, tx.layers.registry())

    def news(self, person: Person, after: int | None) -> News:
        """Present versions of layers, and cases moved after message `after` (None: none)."""
        with self._store.reading() as tx:
            audience = audience_of(person, tx.layers.registry())
            versions: Mapping[str, int] = tx.layers.versions()
            messages: Sequence[EventMessage] = (
                () if after is None else tx.outbox.after(after, MOST_MISSED + 1)
            )
            newest: int = tx.outbox.newest()
        cases = [told for m in messages[:MOST_MISSED] if (told := audience.told(m)) is not None]
        return News(newest, audience.versions(versions), cases, len(messages) > MOST_MISSED)
