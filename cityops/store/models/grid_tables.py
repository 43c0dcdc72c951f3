"""Tables of a city's own: calendars, schemes, rules of duty, weights; each delivery is kept."""

from __future__ import annotations

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cityops.store.guards import keep_rows
from cityops.store.models import Base


class GridTable(Base):
    """One delivery of a table. The newest of a kind and name holds; earlier ones stay.

    ``content`` is a JSON text, ``sha256`` that of it.
    """

    __tablename__ = "grid_table"
    __table_args__ = (Index(None, "kind", "name"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(100))
    version: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[int]


keep_rows(GridTable.__table__, "tables are never changed")
