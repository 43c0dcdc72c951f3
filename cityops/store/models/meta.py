"""Facts about the whole deployment, one JSON value for each name."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cityops.store.models import Base


class Meta(Base):
    """One fact: the scene that was set up, its notices."""

    __tablename__ = "meta"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
