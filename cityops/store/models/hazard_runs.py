"""Runs of hazard models: what was asked and what came out; never changed."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cityops.store.guards import keep_rows
from cityops.store.models import Base


class HazardRun(Base):
    """One run. ``request`` and ``result`` are JSON texts, ``sha256`` covers both."""

    __tablename__ = "hazard_run"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[str] = mapped_column(String(32), index=True)
    person_id: Mapped[int]
    person_name: Mapped[str] = mapped_column(String(100))
    model: Mapped[str] = mapped_column(String(64))
    request: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))


keep_rows(HazardRun.__table__, "runs are never changed")
