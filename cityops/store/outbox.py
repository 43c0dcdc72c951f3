"""The outbox in the store: messages are there only once the act that caused them is durable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, func, insert, select

from cityops.store.models.outbox import OutboxMessage

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_outbox = OutboxMessage.__table__
#: The statement of every act, built once.
_NEW = insert(_outbox)


@dataclass(frozen=True)
class Message:
    """A message that was put in."""

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
        row = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "topic": topic,
            "body": orjson.dumps(dict(body), default=str).decode(),
        }
        done = self._connection.execute(_NEW, row)
        key = done.inserted_primary_key
        return int(key[0]) if key else 0

    def keep_newest(self, count: int) -> int:
        """Delete all but the newest messages; gives how many went."""
        c = _outbox.c
        kept = select(c.id).order_by(c.id.desc()).offset(count - 1).limit(1).scalar_subquery()
        return int(self._connection.execute(delete(_outbox).where(c.id < kept)).rowcount)

    def after(self, number: int, limit: int) -> list[Message]:
        """Messages with a higher number, oldest first."""
        c = _outbox.c
        rows = self._connection.execute(
            select(c.id, c.at, c.topic, c.body).where(c.id > number).order_by(c.id).limit(limit)
        )
        return [Message(i, at, topic, orjson.loads(body)) for i, at, topic, body in rows]

    def newest(self) -> int:
        """Number of the newest message, 0 when there was none."""
        return int(self._connection.execute(select(func.max(_outbox.c.id))).scalar() or 0)
