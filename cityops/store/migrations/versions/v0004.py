"""Photos as evidence: hash of each file, hash of its picture, alarms; indexes that cover counts.

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


_CASES = "case_record"
#: Columns of the indexes of a case: those that came, those that went.
_NEW = (
    ("area", "state"),
    ("department", "state", "area"),
    ("waits_for", "area", "department", "assignee"),
    ("merged_into",),
)
_OLD = (("department", "state"), ("waits_for", "seq"))


def _name(columns: tuple[str, ...]) -> str:
    return f"ix_{_CASES}_{'_'.join(columns)}"


def upgrade() -> None:
    """Make table and indexes; the first schema of a later program has them already."""
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
    for columns in _NEW:
        op.create_index(_name(columns), _CASES, list(columns), if_not_exists=True)
    for columns in _OLD:
        op.drop_index(_name(columns), _CASES, if_exists=True)


def downgrade() -> None:
    """Drop the table; indexes as they were."""
    for columns in _OLD:
        op.create_index(_name(columns), _CASES, list(columns), if_not_exists=True)
    for columns in _NEW:
        op.drop_index(_name(columns), _CASES, if_exists=True)
    CaseEvidence.__table__.drop(op.get_bind(), checkfirst=True)  # type: ignore[attr-defined]
