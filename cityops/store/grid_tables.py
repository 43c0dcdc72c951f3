"""Tables of a city's own in an SQL database: the port ``cityops.services.grid.config.TableRepo``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import func, insert, select

from cityops.services.case_values import stored_time
from cityops.services.grid.config import StoredTable
from cityops.store.models.grid_tables import GridTable

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_table = GridTable.__table__
#: The statement of every request, built once.
_NEWEST = select(func.max(_table.c.id))


class SqlGridTableRepo:
    """Tables of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection

    def newest(self) -> int:
        """Id of the newest delivery, 0 without any."""
        return int(self._connection.execute(_NEWEST).scalar() or 0)

    def in_force(self) -> list[StoredTable]:
        """The newest delivery of each kind and name, in order of delivery."""
        last = select(func.max(_table.c.id)).group_by(_table.c.kind, _table.c.name)
        query = select(_table).where(_table.c.id.in_(last)).order_by(_table.c.id)
        return [
            StoredTable(
                row["id"],
                row["kind"],
                row["name"],
                row["version"],
                row["source"],
                orjson.loads(row["content"]),
            )
            for row in self._connection.execute(query).mappings()
        ]

    def add(
        self,
        kind: str,
        name: str,
        version: str,
        source: str,
        content: Mapping[str, Any],
        at: datetime,
        person_id: int,
    ) -> int:
        """Keep a delivery; gives its id."""
        text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        done = self._connection.execute(
            insert(_table).values(
                kind=kind,
                name=name,
                version=version,
                source=source,
                content=text.decode(),
                sha256=hashlib.sha256(text).hexdigest(),
                at=stored_time(at),
                person_id=person_id,
            )
        )
        key = done.inserted_primary_key
        return int(key[0]) if key else 0
