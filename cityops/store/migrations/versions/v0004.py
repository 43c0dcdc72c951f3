"""Photos as evidence: hash of each file, hash of its picture, alarms.

Photos that are there already are known by their files alone: of their pictures nothing was kept.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import insert, literal, select

from cityops.store.models.cases import CaseEvidence, CasePhoto

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; the first schema of a later program has it already."""
    connection = op.get_bind()
    table, photos = CaseEvidence.__table__, CasePhoto.__table__
    table.create(connection, checkfirst=True)  # type: ignore[attr-defined]
    known = select(table.c.id).where(
        table.c.case_seq == photos.c.case_seq, table.c.name == photos.c.name
    )
    rows = select(
        photos.c.case_seq, photos.c.name, photos.c.original, literal("[]", literal_execute=True)
    ).where(~known.exists())
    connection.execute(insert(table).from_select(["case_seq", "name", "sha256", "alarms"], rows))


def downgrade() -> None:
    """Drop the table."""
    CaseEvidence.__table__.drop(op.get_bind(), checkfirst=True)  # type: ignore[attr-defined]
