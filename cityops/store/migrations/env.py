"""Alembic's entry point: runs on the connection that ``cityops.store.migrate`` hands over."""

from __future__ import annotations

from typing import Any

from alembic import context

from cityops.store.migrations.support import is_ours
from cityops.store.models import load_all


def run() -> None:
    """Run the migrations within the caller's transaction.

    Raises
    ------
    RuntimeError
        When no connection was handed over: ``alembic`` is not meant to be called by itself.
    """
    connection: Any = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("run cityops migrate")
    context.configure(
        connection=connection,
        target_metadata=load_all(),
        include_object=is_ours,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    context.run_migrations()


run()
