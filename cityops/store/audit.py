"""The audit trail in the store: append, verify, list, erase.

Each entry's hash covers the entry before it, so that a change or a gap shows at its row. What
the chain cannot show is the loss of its newest rows; the manifest of a backup, the log and
whoever verifies therefore keep its last hash, an anchor that a later verification compares.

The hash function is chosen by a setting. A change of it is an entry of the chain itself, so
that every entry says by its place how it was hashed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Select, insert, or_, select, text, update

from cityops.services.audit import Anchor, AuditQuery, ChainCheck
from cityops.services.roles import SYSTEM, Person
from cityops.settings import AUDIT_HASHES
from cityops.store.models.audit import AuditEntry
from gis.errors import InvalidError, UnavailableError

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_audit = AuditEntry.__table__
_START = "0" * 64
#: Action of the entry from which on another hash function holds; its subject names the function.
SWITCH = "audit.hash"
_FIRST_HASH = "sha256"
_HASHED = ("id", "at", "person_id", "action", "subject", "result", "digest", "before")
_SHOWN = ("id", "at", "person_id", "action", "subject", "result", "hash")
#: Statements of every act, built once.
_SWITCHED = (
    select(_audit.c.subject)
    .where(_audit.c.action == SWITCH)
    .order_by(_audit.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_NEWEST = select(_audit.c.id, _audit.c.hash, _SWITCHED).order_by(_audit.c.id.desc()).limit(1)
_NEW = insert(_audit)
#: Rows that a walk along the chain holds at a time.
_AT_A_TIME = 2000


class SqlAuditRepo:
    """Audit trail of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection
        self._wanted = unit.store.settings.audit_hash

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

        Raises
        ------
        InvalidError
            When the action is the chain's own.
        UnavailableError
            When this machine does not have the hash function that the settings ask for.
        """
        if action == SWITCH:
            raise InvalidError("audit.reserved", "审计动作 {got} 由程序自己使用", got=action)
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
        last = self._connection.execute(_NEWEST).first()
        number, before, current = last or (0, _START, None)
        current = current or _FIRST_HASH
        when = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds")
        if current != self._wanted:
            _hasher(self._wanted)
            told = {"before": current, "after": self._wanted}
            row = _row(number + 1, before, current, SYSTEM, (SWITCH, self._wanted, "ok"), told)
            before = self._put(row, when, current)
            number, current = number + 1, self._wanted
        row = _row(
            number + 1, before, current, person, (action[:64], subject[:200], result[:32]), detail
        )
        self._put(row, when, current)
        return int(number) + 1

    def _put(self, row: dict[str, Any], when: str, algorithm: str) -> str:
        row["at"] = when
        row["hash"] = _hash(row, algorithm)
        self._connection.execute(_NEW, row)
        return str(row["hash"])

    def verify(self, anchors: Iterable[Anchor] = ()) -> ChainCheck:
        """Walk the chain to the first entry that does not fit; erased bodies do not break it.

        Parameters
        ----------
        anchors
            Numbers and hashes that were noted before and must still be in the chain.
        """
        wanted = {anchor.number: anchor.hash for anchor in anchors}
        count, before, algorithm = 0, _START, _FIRST_HASH
        query = select(_audit).order_by(_audit.c.id)
        rows = self._connection.execute(query, execution_options={"yield_per": _AT_A_TIME})
        for row in rows.mappings():
            count += 1
            why = _fault(row, count, before, algorithm) or _unanchored(row, wanted)
            if why is not None:
                rows.close()
                return ChainCheck(count, before, count, why, algorithm)
            before = row["hash"]
            algorithm = row["subject"] if row["action"] == SWITCH else algorithm
        lost = min(wanted, default=None)
        if lost is not None:
            return ChainCheck(count, before, count + 1, "lost", algorithm)
        return ChainCheck(count, before, None, None, algorithm)

    def head(self) -> Anchor:
        """The newest entry; number 0 where there is none."""
        last = self._connection.execute(_NEWEST).first()
        return Anchor(0, _START) if last is None else Anchor(int(last[0]), str(last[1]))

    def erase(self, number: int) -> None:
        """Take the body of an entry away for good: a person's right to be forgotten."""
        self._erase(_audit.c.id == number)

    def erase_person(self, account_id: int) -> int:
        """Take away the bodies of all acts of an account and of all acts on it; gives how many."""
        return self._erase(
            or_(_audit.c.person_id == account_id, _audit.c.subject == f"account:{account_id}")
        )

    def _erase(self, condition: Any) -> int:
        change = update(_audit).where(condition, _audit.c.body.is_not(None))
        return int(self._connection.execute(change.values(body=None, salt=None)).rowcount)

    def latest(self, limit: int = 100) -> list[dict[str, Any]]:
        """Newest entries first, with their bodies."""
        return self.found(AuditQuery(limit=limit))

    def found(self, wanted: AuditQuery) -> list[dict[str, Any]]:
        """Entries that were asked for, newest first, with their bodies; null where erased."""
        return [
            {name: row[name] for name in _SHOWN}
            | {"body": None if row["body"] is None else orjson.loads(row["body"])}
            for row in self._connection.execute(_selected(wanted)).mappings()
        ]


def _selected(wanted: AuditQuery) -> Select[Any]:
    query = select(_audit).order_by(_audit.c.id.desc()).limit(wanted.limit)
    conditions = (
        (wanted.before, _audit.c.id < (wanted.before or 0)),
        (wanted.action, _audit.c.action == wanted.action),
        (wanted.person, _audit.c.person_id == wanted.person),
        (wanted.subject, _audit.c.subject == wanted.subject),
        (wanted.since, _audit.c.at >= (wanted.since or "")),
        (wanted.until, _audit.c.at < (wanted.until or "")),
    )
    for value, condition in conditions:
        if value is not None:
            query = query.where(condition)
    return query


def _row(
    number: int,
    before: str,
    algorithm: str,
    person: Person,
    act: tuple[str, str, str],
    detail: Mapping[str, Any] | None,
) -> dict[str, Any]:
    salt = secrets.token_hex(16)
    body = orjson.dumps({"person": person.name, "detail": dict(detail or {})}, default=str).decode()
    action, subject, result = act
    return {
        "id": number,
        "person_id": person.id,
        "action": action,
        "subject": subject,
        "result": result,
        "digest": _digest(salt, body, algorithm),
        "before": before,
        "body": body,
        "salt": salt,
    }


def _fault(row: Mapping[Any, Any], number: int, before: str, algorithm: str) -> str | None:
    """What does not fit in an entry, None where all does."""
    if row["id"] != number:
        return "gap"
    if row["before"] != before:
        return "before"
    if row["hash"] != _hash(row, algorithm):
        return "hash"
    if row["body"] is not None and row["digest"] != _digest(
        row["salt"] or "", row["body"], algorithm
    ):
        return "body"
    if row["action"] == SWITCH and row["subject"] not in AUDIT_HASHES:
        return "algorithm"
    return None


def _unanchored(row: Mapping[Any, Any], wanted: dict[int, str]) -> str | None:
    noted = wanted.pop(row["id"], None)
    return None if noted in (None, row["hash"]) else "anchor"


def _hasher(algorithm: str) -> Any:
    try:
        return hashlib.new(algorithm, usedforsecurity=True)
    except ValueError as error:
        raise UnavailableError(
            "audit.no_hash",
            "这台机器上没有杂凑算法 {got}",
            got=algorithm,
            expected=", ".join(AUDIT_HASHES),
            hint="sm3 需要带 SM3 的 OpenSSL；没有时请设 CITYOPS_AUDIT_HASH=sha256",
        ) from error


def _hex(data: bytes, algorithm: str) -> str:
    if algorithm == _FIRST_HASH:
        return hashlib.sha256(data).hexdigest()
    hasher = _hasher(algorithm)
    hasher.update(data)
    return str(hasher.hexdigest())


def _digest(salt: str, body: str, algorithm: str) -> str:
    return _hex(f"{salt}\n{body}".encode(), algorithm)


def _hash(row: Mapping[Any, Any], algorithm: str) -> str:
    return _hex(orjson.dumps([row[name] for name in _HASHED]), algorithm)
