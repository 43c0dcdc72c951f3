"""Facts about the deployment in an SQL database: the port ``cityops.services.scene_kept.MetaRepo``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, insert, select

from cityops.store.models.meta import Meta

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_meta = Meta.__table__


class SqlMetaRepo:
    """Named JSON values of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection

    def get(self, name: str) -> Any:
        """The value called `name`, or None."""
        text = self._connection.execute(select(_meta.c.value).where(_meta.c.name == name)).scalar()
        return None if text is None else orjson.loads(text)

    def put(self, name: str, value: Any) -> None:
        """Keep `value`, any JSON value, in place of what was there."""
        self._connection.execute(delete(_meta).where(_meta.c.name == name))
        self._connection.execute(
            insert(_meta).values(name=name, value=orjson.dumps(value).decode())
        )
