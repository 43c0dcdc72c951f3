"""Deliveries in an SQL database: the port ``cityops.services.deliveries.DeliveryRepo``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Row, insert, null, select, update

from cityops.services.deliveries import Delivery, DeliveryState
from cityops.store.models.deliveries import DeliveryRow
from gis.errors import NotFoundError

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_table = DeliveryRow.__table__
_JSON = ("options", "report")


class SqlDeliveryRepo:
    """Deliveries of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection

    def add(self, delivery: Delivery) -> int:
        """Keep a delivery; gives its number, which is the ``source_id`` of its rows."""
        values = {k: v for k, v in delivery.__dict__.items() if k != "id"}
        done = self._connection.execute(insert(_table).values(**_encoded(values)))
        key = done.inserted_primary_key
        return int(key[0]) if key else 0

    def update(self, number: int, **changed: Any) -> None:
        """Change ``layer``, ``state``, ``options``, ``report`` or ``job`` of a delivery.

        Raises
        ------
        NotFoundError
            When there is no such delivery.
        """
        act = update(_table).where(_table.c.id == number).values(**_encoded(changed))
        if not self._connection.execute(act).rowcount:
            raise NotFoundError("delivery.unknown", "没有交付 {got}", got=number)

    def get(self, number: int) -> Delivery | None:
        """The delivery with this number."""
        found = self._connection.execute(select(_table).where(_table.c.id == number)).first()
        return None if found is None else _decoded(found)

    def stored_before(self, layer: str, sha256: str) -> Delivery | None:
        """The delivery that brought the same bytes into the same layer, when there is one."""
        c = _table.c
        query = (
            select(_table)
            .where(c.layer == layer, c.sha256 == sha256, c.state == DeliveryState.STORED.value)
            .order_by(c.id)
            .limit(1)
        )
        found = self._connection.execute(query).first()
        return None if found is None else _decoded(found)

    def stored_in(self, layer: str) -> list[Delivery]:
        """Deliveries whose rows were stored in a layer, oldest first."""
        c = _table.c
        stored = c.state == DeliveryState.STORED.value
        query = select(_table).where(c.layer == layer, stored).order_by(c.id)
        return [_decoded(row) for row in self._connection.execute(query)]

    def latest(self, person_id: int | None, limit: int = 50) -> list[Delivery]:
        """The newest deliveries, of one person or of all, without their reports."""
        columns = [c for c in _table.c if c.name != "report"]
        query = select(*columns, null().label("report")).order_by(_table.c.id.desc()).limit(limit)
        if person_id is not None:
            query = query.where(_table.c.person_id == person_id)
        return [_decoded(row) for row in self._connection.execute(query)]


def _encoded(values: dict[str, Any]) -> dict[str, Any]:
    out = dict(values)
    for name in _JSON:
        if out.get(name) is not None:
            out[name] = orjson.dumps(out[name], default=str).decode()
    if "state" in out:
        out["state"] = DeliveryState(out["state"]).value
    return out


def _decoded(row: Row[Any]) -> Delivery:
    values = dict(row._mapping)
    for name in _JSON:
        if values[name] is not None:
            values[name] = orjson.loads(values[name])
    values["state"] = DeliveryState(values["state"])
    return Delivery(**values)
