"""One transaction: a connection, an ORM session on it, and a repository per kind of record."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from cityops.store.database import SqlStore
    from cityops.store.layer_repo import SqlLayerRepo

#: attribute of a transaction -> "module:Class"; the class is made with the transaction alone.
REPOSITORIES: dict[str, str] = {
    "accounts": "cityops.store.accounts:SqlAccountRepo",
    "audit": "cityops.store.audit:SqlAuditRepo",
    "case_bulk": "cityops.store.case_bulk:SqlCaseBulkRepo",
    "cases": "cityops.store.cases:SqlCaseRepo",
    "grid_tables": "cityops.store.grid_tables:SqlGridTableRepo",
    "hazard_runs": "cityops.store.hazard_runs:SqlHazardRunRepo",
    "jobs": "cityops.store.jobs:SqlJobRepo",
    "deadlines": "cityops.store.case_deadlines:SqlDeadlineRepo",
    "deliveries": "cityops.store.deliveries:SqlDeliveryRepo",
    "evidence": "cityops.store.case_evidence:SqlEvidenceRepo",
    "facts": "cityops.store.case_facts:SqlFactRepo",
    "meta": "cityops.store.meta:SqlMetaRepo",
    "outbox": "cityops.store.outbox:SqlOutboxRepo",
}


class Unit:
    """A transaction of a :class:`~cityops.store.database.SqlStore`.

    Repositories named in `REPOSITORIES` are attributes, imported and made when first used.
    """

    def __init__(self, store: SqlStore, connection: Connection, *, writes: bool) -> None:
        self.store = store
        self.connection = connection
        self.writes = writes
        self._after: list[Callable[[], object]] = []

    @cached_property
    def session(self) -> Session:
        """ORM session on this transaction's connection; the store flushes it and commits."""
        return Session(bind=self.connection, autoflush=True, join_transaction_mode="rollback_only")

    @cached_property
    def layers(self) -> SqlLayerRepo:
        """Layers."""
        from cityops.store.layer_repo import SqlLayerRepo

        return SqlLayerRepo(self)

    def __getattr__(self, name: str) -> Any:
        target = REPOSITORIES.get(name)
        if target is None:
            raise AttributeError(name)
        module, _, kind = target.partition(":")
        repository = getattr(import_module(module), kind)(self)
        setattr(self, name, repository)
        return repository

    def after_commit(self, act: Callable[[], object]) -> None:
        """Call `act` once this transaction is durable; not called when it is rolled back."""
        self._after.append(act)

    def flush(self) -> None:
        """Send pending ORM changes to the database."""
        if "session" in self.__dict__:
            self.session.flush()

    def close(self, *, committed: bool) -> None:
        """Let the session go and, when committed, do what waited for the commit."""
        if "session" in self.__dict__:
            self.session.close()
        if committed:
            for act in self._after:
                act()
