"""The outbox in the store: messages leave only after the act that caused them is durable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import func, insert, select, update

from cityops.store.models.outbox import OutboxMessage

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_outbox = OutboxMessage.__table__


@dataclass(frozen=True)
class Message:
    """A message that waits to be sent."""

    id: int
    at: str
    topic: str
    body: dict[str, Any]


class SqlOutboxRepo:
    """Outbox of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection

    def put(self, topic: str, body: Mapping[str, Any]) -> int:
        """Add a message; gives its number, which also orders the messages."""
        done = self._connection.execute(
            insert(_outbox).values(
                at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                topic=topic,
                body=orjson.dumps(dict(body), default=str).decode(),
            )
        )
        key = done.inserted_primary_key
        return int(key[0]) if key else 0

    def pending(self, limit: int = 100) -> list[Message]:
        """Messages that have not left, oldest first."""
        c = _outbox.c
        rows = self._connection.execute(
            select(c.id, c.at, c.topic, c.body)
            .where(c.sent_at.is_(None))
            .order_by(c.id)
            .limit(limit)
        )
        return [Message(i, at, topic, orjson.loads(body)) for i, at, topic, body in rows]

    def sent(self, numbers: Sequence[int]) -> None:
        """Note that messages have left."""
        self._connection.execute(
            update(_outbox)
            .where(_outbox.c.id.in_(list(numbers)))
            .values(sent_at=datetime.now(UTC).isoformat(timespec="milliseconds"))
        )

    def after(self, number: int, limit: int) -> list[Message]:
        """Messages with a higher number, sent or not, oldest first."""
        c = _outbox.c
        rows = self._connection.execute(
            select(c.id, c.at, c.topic, c.body).where(c.id > number).order_by(c.id).limit(limit)
        )
        return [Message(i, at, topic, orjson.loads(body)) for i, at, topic, body in rows]

    def newest(self) -> int:
        """Number of the newest message, 0 when there was none."""
        return int(self._connection.execute(select(func.max(_outbox.c.id))).scalar() or 0)
