"""The audit trail in the store: append, verify, erase.

Each entry's hash covers the entry before it, so that a change or a gap shows at its row. What
the chain cannot show is the loss of its newest rows; a backup's manifest therefore keeps the
last hash.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import insert, select, text, update

from cityops.services.roles import Person
from cityops.store.models.audit import AuditEntry

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_audit = AuditEntry.__table__
_START = "0" * 64
#: Statements of every act, built once.
_NEWEST = select(_audit.c.id, _audit.c.hash).order_by(_audit.c.id.desc()).limit(1)
_NEW = insert(_audit)


@dataclass(frozen=True)
class ChainCheck:
    """What `verify` found: how many rows, the last hash, and the first row that does not fit."""

    entries: int
    head: str
    broken_at: int | None


class SqlAuditRepo:
    """Audit trail of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection

    def add(
        self,
        person: Person,
        action: str,
        subject: str,
        *,
        result: str = "ok",
        detail: Mapping[str, Any] | None = None,
        at: datetime | None = None,
    ) -> int:
        """Append an act; gives its number.

        Parameters
        ----------
        action, subject
            What was done, ``user.add``, and to what, ``user:17``.
        result
            ``ok``, ``refused`` or an error code.
        detail
            JSON values; no passwords, no secrets.
        at
            Aware time, default now.
        """
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
        last = self._connection.execute(_NEWEST).first()
        number, before = (last[0] + 1, last[1]) if last else (1, _START)
        salt = secrets.token_hex(16)
        body = orjson.dumps(
            {"person": person.name, "detail": dict(detail or {})}, default=str
        ).decode()
        row = {
            "id": number,
            "at": (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds"),
            "person_id": person.id,
            "action": action[:64],
            "subject": subject[:200],
            "result": result[:32],
            "digest": _digest(salt, body),
            "before": before,
        }
        row |= {"hash": _hash(row), "body": body, "salt": salt}
        self._connection.execute(_NEW, row)
        return int(number)

    def verify(self) -> ChainCheck:
        """Walk the chain; erased bodies do not break it."""
        before, count = _START, 0
        rows = self._connection.execute(select(_audit).order_by(_audit.c.id))
        for row in rows.mappings():
            count += 1
            whole = row["id"] == count and row["before"] == before and row["hash"] == _hash(row)
            if whole and row["body"] is not None:
                whole = row["digest"] == _digest(row["salt"] or "", row["body"])
            if not whole:
                return ChainCheck(count, before, count)
            before = row["hash"]
        return ChainCheck(count, before, None)

    def erase(self, number: int) -> None:
        """Take the body of an entry away for good: a person's right to be forgotten."""
        self._connection.execute(
            update(_audit).where(_audit.c.id == number).values(body=None, salt=None)
        )

    def latest(self, limit: int = 100) -> list[dict[str, Any]]:
        """Newest entries first, with their bodies."""
        query = select(_audit).order_by(_audit.c.id.desc()).limit(limit)
        return [
            {name: row[name] for name in ("id", "at", "person_id", "action", "subject", "result")}
            | {"body": None if row["body"] is None else orjson.loads(row["body"])}
            for row in self._connection.execute(query).mappings()
        ]


def _digest(salt: str, body: str) -> str:
    return hashlib.sha256(f"{salt}\n{body}".encode()).hexdigest()


def _hash(row: Mapping[Any, Any]) -> str:
    names = ("id", "at", "person_id", "action", "subject", "result", "digest", "before")
    return hashlib.sha256(orjson.dumps([row[name] for name in names])).hexdigest()
