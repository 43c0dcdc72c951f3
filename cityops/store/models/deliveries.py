"""Deliveries in the store."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cityops.store.models import NAMES_A_FILE, Base


class DeliveryRow(Base):
    """One file that came in; its bytes lie in the file store under ``sha256``.

    ``options`` and ``report`` are JSON text.
    """

    __tablename__ = "delivery"
    __table_args__ = (Index(None, "layer", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int] = mapped_column(index=True)
    filename: Mapped[str] = mapped_column(String(300))
    sha256: Mapped[str] = mapped_column(String(64), info=NAMES_A_FILE)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    layer: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16))
    options: Mapped[str] = mapped_column(Text, default="{}")
    report: Mapped[str | None] = mapped_column(Text)
    job: Mapped[str | None] = mapped_column(String(64))
