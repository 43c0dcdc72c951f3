"""The audit trail: rows that are added and never changed, but for the erasure of a body."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cityops.store.guards import guard
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


#: What a change of a row may not touch; body and salt may go, and never come back.
_CHANGED = " OR ".join(
    [
        "new.body IS NOT NULL OR new.salt IS NOT NULL OR new.id <> old.id OR new.at <> old.at",
        *(
            f"new.{name} <> old.{name}"
            for name in ("person_id", "action", "subject", "result", "digest", "before", "hash")
        ),
    ]
)
#: Names of the triggers.
TRIGGERS = ("audit_no_delete", "audit_no_update")
guard(AuditEntry.__table__, "DELETE", "audit rows are never deleted")
guard(AuditEntry.__table__, "UPDATE", "audit rows are never changed", _CHANGED)
