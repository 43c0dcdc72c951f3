"""Sessions that were signed out of."""

from __future__ import annotations

from alembic import op

from cityops.store.models.ended_sessions import EndedSession

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; the first schema of a later program has it already."""
    EndedSession.__table__.create(op.get_bind(), checkfirst=True)  # type: ignore[attr-defined]


def downgrade() -> None:
    """Drop the table."""
    EndedSession.__table__.drop(op.get_bind(), checkfirst=True)  # type: ignore[attr-defined]
