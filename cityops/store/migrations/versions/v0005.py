"""Indexes with which lists of cases are counted and sorted without their rows."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


_CASES = "case_record"
_NEW = {
    "by_class": ("class_code", "seq", "class_domain", "state", "area", "department"),
    "by_area": ("area", "state", "department", "class_domain", "class_code", "seq"),
    "by_state": ("state", "seq", "area", "department", "class_domain", "class_code"),
    "by_place": ("lon", "lat", "state", "area", "department", "seq"),
}
_WAITING = (
    *("waits_for", "area", "department", "assignee", "class_domain", "class_code"),
    *("state", "lon", "lat", "reporter_id", "seq"),
)
_WAITS = text("waits_for <> ''")
_OLD = (
    ("state", "seq"),
    ("area", "seq"),
    ("area", "state"),
    ("lon", "lat"),
    ("waits_for", "area", "department", "assignee"),
)


def upgrade() -> None:
    """Make the new ones; the first schema of a later program has them already."""
    for name, columns in _NEW.items():
        op.create_index(f"ix_{_CASES}_{name}", _CASES, list(columns), if_not_exists=True)
    op.create_index(
        f"ix_{_CASES}_waiting",
        _CASES,
        list(_WAITING),
        if_not_exists=True,
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )
    for columns in _OLD:
        op.drop_index(f"ix_{_CASES}_{'_'.join(columns)}", _CASES, if_exists=True)


def downgrade() -> None:
    """Indexes as they were."""
    for columns in _OLD:
        name = f"ix_{_CASES}_{'_'.join(columns)}"
        op.create_index(name, _CASES, list(columns), if_not_exists=True)
    for name in (*_NEW, "waiting"):
        op.drop_index(f"ix_{_CASES}_{name}", _CASES, if_exists=True)
