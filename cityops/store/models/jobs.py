"""The table of jobs: the truth about work outside of requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cityops.store.models import Base


class JobRow(Base):
    """One job. Times are UTC without a zone; ``worker`` names the process that holds it.

    ``heartbeat`` is the last sign of life of a running job; of one that waits it is when it may
    begin again.
    """

    __tablename__ = "job"
    __table_args__ = (Index(None, "state", "created_at"), Index(None, "person_id", "created_at"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    heartbeat: Mapped[datetime | None] = mapped_column(DateTime)
    worker: Mapped[str | None] = mapped_column(String(120))
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    idempotency_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    result: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    person_id: Mapped[int]
    person_name: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(DateTime)
    started_at: Mapped[datetime | None] = mapped_column(DateTime)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime)
