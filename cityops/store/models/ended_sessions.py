"""Web sessions that people signed out of, until their cookies would have run out anyway."""

from __future__ import annotations

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from cityops.store.models import Base


class EndedSession(Base):
    """One session. ``until`` is in seconds since the epoch: later no cookie of it is taken."""

    __tablename__ = "ended_session"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    until: Mapped[int] = mapped_column(BigInteger)
