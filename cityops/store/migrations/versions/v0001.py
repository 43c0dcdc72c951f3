"""The first schema."""

from __future__ import annotations

from alembic import op

from cityops.store.models import load_all

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    load_all().create_all(op.get_bind())


def downgrade() -> None:
    """Drop every table."""
    load_all().drop_all(op.get_bind())
