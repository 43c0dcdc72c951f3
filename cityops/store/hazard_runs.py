"""Runs of hazard models in an SQL database: kept once, never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import insert, select

from cityops.store.models.hazard_runs import HazardRun

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_run = HazardRun.__table__


class SqlHazardRunRepo:
    """Hazard runs of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection

    def add(
        self,
        run_id: str,
        at: str,
        person_id: int,
        person_name: str,
        model: str,
        request: Mapping[str, Any],
        result: Mapping[str, Any],
    ) -> None:
        """Keep a run."""
        asked, came = orjson.dumps(dict(request)), orjson.dumps(dict(result))
        self._connection.execute(
            insert(_run).values(
                id=run_id,
                at=at,
                person_id=person_id,
                person_name=person_name,
                model=model,
                request=asked.decode(),
                result=came.decode(),
                sha256=hashlib.sha256(asked + b"\n" + came).hexdigest(),
            )
        )

    def find(self, run_id: str) -> dict[str, Any] | None:
        """A run with its request and result, or None."""
        row = self._connection.execute(select(_run).where(_run.c.id == run_id)).mappings().first()
        if row is None:
            return None
        return dict(row) | {
            "request": orjson.loads(row["request"]),
            "result": orjson.loads(row["result"]),
        }
