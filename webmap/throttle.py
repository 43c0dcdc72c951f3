"""Who tried to sign in too often, and which one-time codes were used: shared by all processes.

Both lie in a small SQLite file of their own beside the data, so that a storm of wrong
passwords never asks for the write lock of the store.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gis.errors import UnavailableError

_TABLES = """
CREATE TABLE IF NOT EXISTS attempt (
    who TEXT PRIMARY KEY, failures INTEGER NOT NULL, since REAL NOT NULL, locked_until REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS code_used (who TEXT PRIMARY KEY, counter INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Limits:
    """How many failures within `window_s` seconds lock an account or an address, and for how long."""

    per_account: int = 5
    per_address: int = 60
    window_s: float = 900.0
    lock_s: float = 900.0


class SignInGuard:
    """Counts failures by account and by network address.

    Parameters
    ----------
    file
        SQLite file, made when it is missing.
    secret
        Key under which names are stored as digests: people type passwords into the wrong box.
    clock
        Seconds since the epoch.
    """

    def __init__(
        self,
        file: Path,
        secret: bytes,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._file = file
        self._secret = secret
        self._limits = limits or Limits()
        self._clock = clock
        file.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.executescript(_TABLES)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._file, timeout=5.0, isolation_level=None)) as db:
                db.execute("PRAGMA journal_mode=WAL")
                yield db
        except sqlite3.Error as error:
            # Who cannot be counted is not let in: guessing would be free of charge.
            raise UnavailableError(
                "signin.unavailable",
                "登录暂时不可用：计数文件不能读写",
                hint="检查数据文件夹的空间与权限",
            ) from error

    def _who(self, kind: str, name: str) -> str:
        text = f"{kind}:{name.strip().casefold()}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()

    def _subjects(self, account: str, address: str) -> tuple[tuple[str, int], ...]:
        return (
            (self._who("account", account), self._limits.per_account),
            (self._who("address", address), self._limits.per_address),
        )

    def is_locked(self, account: str, address: str) -> bool:
        """Whether the account or the address has to wait."""
        keys = [who for who, _ in self._subjects(account, address)]
        with self._open() as db:
            row = db.execute(
                "SELECT max(locked_until) FROM attempt WHERE who IN (?, ?)", keys
            ).fetchone()
        return (row[0] or 0.0) > self._clock()

    def note_failure(self, account: str, address: str) -> None:
        """Count a failure; the one that reaches the limit locks."""
        now = self._clock()
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            for who, limit in self._subjects(account, address):
                self._count(db, who, limit, now)
            db.execute("COMMIT")

    def _count(self, db: sqlite3.Connection, who: str, limit: int, now: float) -> None:
        row = db.execute("SELECT failures, since FROM attempt WHERE who = ?", (who,)).fetchone()
        failures, since = row if row and now - row[1] <= self._limits.window_s else (0, now)
        failures += 1
        locked = now + self._limits.lock_s if failures >= limit else 0.0
        db.execute(
            "INSERT INTO attempt VALUES (?, ?, ?, ?) ON CONFLICT (who) DO UPDATE SET "
            "failures = excluded.failures, since = excluded.since, "
            "locked_until = excluded.locked_until",
            (who, failures, since, locked),
        )

    def note_success(self, account: str) -> None:
        """Forget the failures of an account."""
        with self._open() as db:
            db.execute("DELETE FROM attempt WHERE who = ?", (self._who("account", account),))

    def last_code(self, account: str) -> int | None:
        """Counter of the newest one-time code that the account used."""
        with self._open() as db:
            row = db.execute(
                "SELECT counter FROM code_used WHERE who = ?", (self._who("code", account),)
            ).fetchone()
        return None if row is None else int(row[0])

    def use_code(self, account: str, counter: int) -> bool:
        """Take a one-time code; False when this one or a newer one was taken already."""
        with self._open() as db:
            done = db.execute(
                "INSERT INTO code_used VALUES (?, ?) ON CONFLICT (who) DO UPDATE SET "
                "counter = excluded.counter WHERE excluded.counter > counter",
                (self._who("code", account), counter),
            )
            return done.rowcount == 1
