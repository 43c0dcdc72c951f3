"""Deliveries: which file came in, from whom, into which layer, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class DeliveryState(StrEnum):
    """What became of a delivery."""

    RECEIVED = "received"
    STORED = "stored"
    REFUSED = "refused"
    UNDONE = "undone"


@dataclass(frozen=True)
class Delivery:
    """One file that came in.

    ``id`` is 0 before it is kept. ``options`` say how it was or will be imported,
    ``report`` what came of it: of the last look at it, or of the import. ``job`` is the last
    job that was begun for it. ``at`` is ISO 8601 in UTC.
    """

    filename: str
    sha256: str
    size_bytes: int
    person_id: int
    at: str
    layer: str | None = None
    state: DeliveryState = DeliveryState.RECEIVED
    options: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] | None = None
    job: str | None = None
    id: int = 0


class DeliveryRepo(Protocol):
    """Deliveries of one transaction."""

    def add(self, delivery: Delivery) -> int:
        """Keep a delivery; gives its number, which is the ``source_id`` of its rows."""

    def update(self, number: int, **changed: Any) -> None:
        """Change ``layer``, ``state``, ``options``, ``report`` or ``job`` of a delivery."""

    def get(self, number: int) -> Delivery | None:
        """The delivery with this number."""

    def stored_before(self, layer: str, sha256: str) -> Delivery | None:
        """The delivery that brought the same bytes into the same layer, when there is one."""

    def stored_in(self, layer: str) -> list[Delivery]:
        """Deliveries whose rows were stored in a layer, oldest first."""

    def latest(self, person_id: int | None, limit: int = 50) -> list[Delivery]:
        """The newest deliveries, of one person or of all, without their reports."""
