"""Cases on the whole workflow: the case as one value, whose turn it is, keys, facts, tables.

A case in hand goes on where it stood. No clock ran before, so none is invented: the clock of a
stage starts when the case comes into the next one. History is kept as it was written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from alembic import op
from sqlalchemy import Boolean, Column, Float, Integer, String, Text, inspect, text

from cityops.store.models.cases import CaseFact, CaseKey
from cityops.store.models.grid_tables import GridTable

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NEW_TABLES = (CaseKey, CaseFact, GridTable)
#: Whose turn it was, by state.
_TURN = {
    "reported": "acceptor",
    "verifying": "collector",
    "to_file": "filer",
    "to_dispatch": "dispatcher",
    "to_dispose": "department",
    "inspecting": "collector",
    "to_close": "filer",
}
_TASK = {"verifying": "verify_before_filing", "inspecting": "inspect_after_disposal"}


def _record_columns() -> list[Column[Any]]:
    """New columns of a case; a column belongs to one table, so that they are made each time."""
    return [
        Column("assignee", Integer),
        Column("waits_for", String(60), nullable=False, server_default=""),
        Column("merged_into", String(36)),
        Column("flow", Text, nullable=False, server_default=""),
    ]


def _step_columns() -> list[Column[Any]]:
    """New columns of a history entry."""
    return [
        Column("receiver", String(60)),
        Column("used_s", Float),
        Column("late", Boolean),
        Column("details", Text, nullable=False, server_default="{}"),
    ]


def upgrade() -> None:
    """Bring cases over; the first schema of a later program has everything already."""
    connection = op.get_bind()
    for model in _NEW_TABLES:
        model.__table__.create(connection, checkfirst=True)  # type: ignore[attr-defined]
    there = {column["name"] for column in inspect(connection).get_columns("case_record")}
    if "flow" in there:
        return
    for column in _record_columns():
        op.add_column("case_record", column)
    for column in _step_columns():
        op.add_column("case_step", column)
    for row in connection.execute(text("SELECT * FROM case_record ORDER BY seq")).mappings():
        _bring(connection, dict(row))
    op.create_index("ix_case_record_waits_for_seq", "case_record", ["waits_for", "seq"])
    for name in ("verified", "returned_by"):
        op.drop_column("case_record", name)


def _bring(connection: Any, row: dict[str, Any]) -> None:
    found = connection.execute(
        text("SELECT * FROM case_step WHERE case_seq = :seq ORDER BY number"), {"seq": row["seq"]}
    )
    steps = [dict(step) for step in found.mappings()]
    if row["state"] == "to_inspect":
        # Inspectors acted in this state; now they are sent, by the program itself.
        steps.append(_sent(connection, row, steps))
        row |= {"state": "inspecting", "steps": row["steps"] + 1, "version": row["version"] + 1}
    connection.execute(
        text(
            "UPDATE case_record SET flow = :flow, waits_for = :turn, state = :state,"
            " steps = :steps, version = :version WHERE seq = :seq"
        ),
        {
            "flow": orjson.dumps(_flow(row, steps)).decode(),
            "turn": _TURN.get(row["state"], ""),
            **{name: row[name] for name in ("state", "steps", "version", "seq")},
        },
    )


def _sent(connection: Any, row: dict[str, Any], steps: list[dict[str, Any]]) -> dict[str, Any]:
    last = steps[-1]["at"] if steps else row["reported_at"]
    step = {
        "case_seq": row["seq"],
        "number": row["steps"] + 1,
        "action": "ask_inspect",
        "before": "to_inspect",
        "after": "inspecting",
        "actor_id": 0,
        "actor_name": "系统",
        "role": "system",
        "at": last,
        "note": "程序升级，系统派发",
        "department": row["department"],
    }
    names = ", ".join(step)
    values = ", ".join(f":{name}" for name in step)
    connection.execute(text(f"INSERT INTO case_step ({names}) VALUES ({values})"), step)  # noqa: S608
    return step


def _flow(row: dict[str, Any], steps: list[dict[str, Any]]) -> dict[str, Any]:
    """The case as the workflow keeps it; what nobody wrote down is left out."""
    last = steps[-1]["at"] if steps else row["reported_at"]
    flow = {
        "id": row["id"],
        "key": [row["class_domain"], row["class_scheme"], row["class_code"]],
        "state": row["state"],
        "source": row["source"],
        "reported_at": row["reported_at"],
        "last_at": max(last, row["reported_at"]),
        "reporter": row["reporter_id"],
        "located": row["cell"] is not None,
        "verified": None if row["verified"] is None else bool(row["verified"]),
        "accepted_by": _last(steps, "accept"),
        "filed_by": _last(steps, "file"),
        "department": row["department"],
        "departments": _in_a_row(s["department"] for s in steps if s["action"] == "dispatch"),
        "returned_by": orjson.loads(row["returned_by"]),
        "return_count": sum(s["action"] in ("return", "send_back") for s in steps),
        "rework_count": row["rework_count"],
        "steps": row["steps"],
        "closed_at": row["closed_at"],
        "closed_kind": "normal" if row["state"] == "closed" else None,
        "inspection": "passed" if row["state"] in ("to_close", "closed") else None,
    }
    if row["state"] in _TASK:
        flow["task"] = [_TASK[row["state"]], None, last]
    return {name: value for name, value in flow.items() if value is not None and value != []}


def _last(steps: list[dict[str, Any]], action: str) -> int | None:
    return next((s["actor_id"] for s in reversed(steps) if s["action"] == action), None)


def _in_a_row(names: Iterable[str | None]) -> list[str]:
    out: list[str] = []
    for name in names:
        if name is not None and out[-1:] != [name]:
            out.append(name)
    return out


def downgrade() -> None:
    """Back to the columns of before; what they cannot say is lost."""
    connection = op.get_bind()
    op.drop_index("ix_case_record_waits_for_seq", "case_record")
    op.add_column("case_record", Column("verified", Boolean))
    op.add_column("case_record", Column("returned_by", Text, nullable=False, server_default="[]"))
    for column in _record_columns():
        op.drop_column("case_record", column.name)
    for column in _step_columns():
        op.drop_column("case_step", column.name)
    for model in reversed(_NEW_TABLES):
        model.__table__.drop(connection, checkfirst=True)  # type: ignore[attr-defined]
