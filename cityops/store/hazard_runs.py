"""Runs of hazard models in an SQL database: kept once, never changed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import insert, select

from cityops.store.models.hazard_runs import HazardRun
from gis.errors import UnavailableError

if TYPE_CHECKING:
    from cityops.store.unit import Unit

log = logging.getLogger("cityops.store")
_AT_ONCE = 20
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
        """Keep a run.

        Parameters
        ----------
        at
            ISO 8601 with offset; runs are ordered by it.
        request, result
            JSON values.
        """
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
                sha256=_digest(asked, came),
            )
        )

    def find(self, run_id: str) -> dict[str, Any] | None:
        """A run with its request and result, or None.

        Raises
        ------
        UnavailableError
            ``hazard.run_damaged`` when its texts are not those that were kept.
        """
        row = self._connection.execute(select(_run).where(_run.c.id == run_id)).mappings().first()
        return None if row is None else _read(row)

    def newest(self) -> Iterator[dict[str, Any]]:
        """All runs, newest first, read as they are asked for.

        A run whose texts are not those that were kept is left out and logged.
        """
        query = select(_run).order_by(_run.c.at.desc(), _run.c.id)
        rows = self._connection.execute(query, execution_options={"yield_per": _AT_ONCE})
        for row in rows.mappings():
            try:
                yield _read(row)
            except UnavailableError as fault:
                log.warning("%s", fault)


def _digest(asked: bytes, came: bytes) -> str:
    return hashlib.sha256(asked + b"\n" + came).hexdigest()


def _read(row: Mapping[Any, Any]) -> dict[str, Any]:
    asked, came = row["request"].encode(), row["result"].encode()
    if _digest(asked, came) != row["sha256"]:
        raise UnavailableError(
            "hazard.run_damaged",
            "计算记录 {got} 与保存时不一致，不能使用",
            got=row["id"],
            hint="从备份恢复，或重新计算",
        )
    return dict(row) | {"request": orjson.loads(asked), "result": orjson.loads(came)}
