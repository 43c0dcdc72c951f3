"""What the store keeps about layers beside their rows: versions, changes, declarations."""

from __future__ import annotations

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cityops.store.models import Base


class LayerState(Base):
    """Version and row count of a layer.

    ``logged_from`` is the version from which `LayerChange` is complete; ``fingerprint`` is that
    of the declaration the table was made from.
    """

    __tablename__ = "layer_state"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(default=0)
    row_count: Mapped[int] = mapped_column(default=0)
    logged_from: Mapped[int] = mapped_column(default=0)
    fingerprint: Mapped[str] = mapped_column(String(64), default="")


class LayerChange(Base):
    """One row of a layer that was put or removed by the write that made `version`."""

    __tablename__ = "layer_change"
    __table_args__ = (Index(None, "layer", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    layer: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    fid: Mapped[int]


class LayerDeclaration(Base):
    """A layer that a user made from a file."""

    __tablename__ = "layer_declaration"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
