"""The audit trail: rows that are added and never changed, but for the erasure of a body."""

from __future__ import annotations

from sqlalchemy import DDL, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from cityops.store.models import Base


class AuditEntry(Base):
    """One act.

    ``body`` is JSON text with the person's name and details. The chain holds only its salted
    ``digest``, so a body and its salt can be erased and the chain still verifies.
    """

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int]
    action: Mapped[str] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(String(200), index=True)
    result: Mapped[str] = mapped_column(String(32))
    body: Mapped[str | None] = mapped_column(Text)
    salt: Mapped[str | None] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))
    before: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


_NO_DELETE = """
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END
"""
_NO_UPDATE = """
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
WHEN new.body IS NOT NULL OR new.salt IS NOT NULL OR new.id <> old.id OR new.at <> old.at
  OR new.person_id <> old.person_id OR new.action <> old.action OR new.subject <> old.subject
  OR new.result <> old.result OR new.digest <> old.digest OR new.before <> old.before
  OR new.hash <> old.hash
BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END
"""
TRIGGERS = {"audit_no_delete": _NO_DELETE, "audit_no_update": _NO_UPDATE}
for _statement in TRIGGERS.values():
    event.listen(
        AuditEntry.__table__,
        "after_create",
        DDL(_statement.strip()).execute_if(dialect="sqlite"),
    )
