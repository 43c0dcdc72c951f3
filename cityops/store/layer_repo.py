"""Layers in an SQL database: the port ``cityops.services.ports.LayerRepo``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from sqlalchemy import Select, Table, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from cityops.services.permissions import Permission
from cityops.store.copying import copy_rows
from cityops.store.declarations import spec_from_json, spec_to_json
from cityops.store.geometry import hex_ewkb
from cityops.store.layer_queries import equal_condition, ordered_after, text_condition
from cityops.store.layer_rows import (
    check_geometry,
    decode_rows,
    encode_batch,
    encode_value,
    row_columns,
)
from cityops.store.layer_tables import (
    Box,
    IndexCheck,
    check_index,
    check_server_index,
    drop_table,
    drop_triggers,
    fill_index,
    fingerprint,
    in_box,
    layer_table,
    make_index,
    make_table,
    make_triggers,
    trigger_statements,
    triggers_there,
)
from cityops.store.models.layers import LayerChange, LayerDeclaration, LayerState
from cityops.store.permission_sql import permission_condition
from gis.errors import ConflictError, InvalidError, NotFoundError, StaleError
from gis.features import FeatureBatch, IntArray, LayerChanges, ObjectArray, object_array
from gis.layers import USER_GROUP, LayerRegistry, LayerSpec

if TYPE_CHECKING:
    from cityops.store.unit import Unit

#: From this many rows on an append goes without triggers and fills the R*Tree in one statement.
BULK_ROWS = 1000
#: Writes of more rows than this are not logged row by row; readers take the layer afresh.
MAX_LOGGED = 5000
#: Log rows of a layer that are kept; older ones go.
KEEP_LOGGED = 20_000
_CHUNK = 5000
_spec_from_json = lru_cache(maxsize=256)(spec_from_json)
_state = LayerState.__table__
_change = LayerChange.__table__
_declared = LayerDeclaration.__table__
#: Stands for the digest of a declaration that is no more.
_WITHDRAWN = ""
_THERE = _state.c.fingerprint != _WITHDRAWN
_VERSIONS = select(_state.c.name, _state.c.version).where(_THERE)


class SqlLayerRepo:
    """Layers of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._connection = unit.connection
        self._dialect = unit.connection.dialect.name

    # --- declarations and tables -------------------------------------------------------------

    def registry(self) -> LayerRegistry:
        """Installed layers and those that users declared."""
        registry = LayerRegistry(self._unit.store.installed)
        for (body,) in self._connection.execute(select(_declared.c.body)):
            registry.add(_spec_from_json(body))
        return registry

    def declare(self, spec: LayerSpec) -> None:
        """Keep the declaration of a layer that a user made from a file, and make its table.

        Raises
        ------
        ConflictError
            When another layer has the name.
        InvalidError
            When the layer is not in the group ``user``.
        """
        if spec.group != USER_GROUP:
            raise InvalidError(
                "layer.not_user", "用户图层的组应为 user", field="group", got=spec.group
            )
        known = {s.name: s for s in self.registry()}
        if spec.name in known and known[spec.name] != spec:
            raise ConflictError("layer.exists", "已有名为 {got} 的图层", got=spec.name)
        if spec.name not in known:
            body = spec_to_json(spec)
            self._connection.execute(insert(_declared).values(name=spec.name, body=body))
        self.ensure(spec)

    def withdraw(self, spec: LayerSpec) -> None:
        """Forget the declaration of an empty layer that a user made, and drop its table.

        Its version is kept and raised: should the name be declared anew, no process and no
        browser takes what it kept of the old layer for the new one.

        Raises
        ------
        ConflictError
            When the layer has rows.
        NotFoundError
            When no user declared it.
        """
        mine = _declared.c.name == spec.name
        if self._connection.execute(select(_declared.c.name).where(mine)).first() is None:
            raise NotFoundError("layer.not_declared", "没有用户图层 {got}", got=spec.name)
        if self.counts().get(spec.name):
            raise ConflictError("layer.not_empty", "图层 {got} 里还有要素", got=spec.name)
        self._raise_version(spec, None, 0)
        self._connection.execute(
            update(_state).where(_state.c.name == spec.name).values(fingerprint=_WITHDRAWN)
        )
        self._connection.execute(delete(_declared).where(mine))
        drop_table(self._connection, spec)

    def ensure(self, spec: LayerSpec) -> None:
        """Make the layer's table, R-tree and triggers when they are missing; add new columns."""
        widened = make_table(self._connection, spec)
        if self._dialect == "sqlite" and not self._has_triggers(spec.name):
            make_index(self._connection, spec.name)
        digest = fingerprint(spec)
        there = self._connection.execute(
            select(_state.c.fingerprint).where(_state.c.name == spec.name)
        ).scalar()
        if there is None:
            counted = select(func.count()).select_from(layer_table(spec))
            rows = self._connection.execute(counted).scalar_one()
            self._connection.execute(
                insert(_state).values(
                    name=spec.name, version=1, row_count=rows, logged_from=1, fingerprint=digest
                )
            )
        elif there != digest or widened:
            self._connection.execute(
                update(_state).where(_state.c.name == spec.name).values(fingerprint=digest)
            )
            self._raise_version(spec, None, 0)

    def lacking(self) -> list[LayerSpec]:
        """Layers of the registry whose table is missing, outdated or without its triggers."""
        rows = self._connection.execute(select(_state.c.name, _state.c.fingerprint))
        digests = dict(rows.all())
        triggers = triggers_there(self._connection) if self._dialect == "sqlite" else None
        return [
            spec
            for spec in self.registry()
            if digests.get(spec.name) != fingerprint(spec)
            or (triggers is not None and not _agree(triggers, spec.name))
        ]

    def check_indexes(self, *, deep: bool = False) -> list[IndexCheck]:
        """Compare the spatial index of every layer with its rows."""
        check = check_index if self._dialect == "sqlite" else check_server_index
        return [check(self._connection, s.name, deep=deep) for s in self.registry()]

    def _has_triggers(self, layer: str) -> bool:
        return _agree(triggers_there(self._connection), layer)

    # --- versions ----------------------------------------------------------------------------

    def versions(self) -> Mapping[str, int]:
        """Version of every layer; one indexed read."""
        return dict(self._connection.execute(_VERSIONS).all())

    def counts(self) -> Mapping[str, int]:
        """Rows of every layer."""
        rows = self._connection.execute(select(_state.c.name, _state.c.row_count).where(_THERE))
        return dict(rows.all())

    def _version(self, spec: LayerSpec) -> tuple[int, int]:
        """Version and the version from which changes are logged."""
        row = self._connection.execute(
            select(_state.c.version, _state.c.logged_from).where(_state.c.name == spec.name)
        ).first()
        if row is None:
            raise NotFoundError(
                "layer.no_table", "图层 {got} 还没有表", got=spec.name, hint="运行 cityops doctor"
            )
        return int(row[0]), int(row[1])

    def _raise_version(self, spec: LayerSpec, fids: IntArray | None, added: int) -> int:
        """Raise the version and log which rows the write touched; None means too many to say."""
        version = self._version(spec)[0] + 1
        state: dict[str, Any] = {"version": version, "row_count": _state.c.row_count + added}
        if fids is None or len(fids) > MAX_LOGGED:
            self._connection.execute(delete(_change).where(_change.c.layer == spec.name))
            state["logged_from"] = version
        elif len(fids):
            rows = [{"layer": spec.name, "version": version, "fid": f} for f in fids.tolist()]
            self._connection.execute(insert(_change), rows)
            self._forget_old(spec, state)
        self._connection.execute(update(_state).where(_state.c.name == spec.name).values(**state))
        return version

    def _forget_old(self, spec: LayerSpec, state: dict[str, Any]) -> None:
        mine = _change.c.layer == spec.name
        logged = self._connection.execute(
            select(func.count(), func.max(_change.c.version)).where(mine)
        ).one()
        if logged[0] <= KEEP_LOGGED:
            return
        old = (
            select(_change.c.version)
            .where(mine)
            .order_by(_change.c.version.desc(), _change.c.id.desc())
            .offset(KEEP_LOGGED // 2)
            .limit(1)
        )
        horizon = self._connection.execute(old).scalar_one()
        self._connection.execute(delete(_change).where(and_(mine, _change.c.version <= horizon)))
        state["logged_from"] = horizon

    def load(self, spec: LayerSpec) -> tuple[int, FeatureBatch]:
        """Version and all rows, ordered by fid; without delivered geometry and extra columns."""
        version = self._version(spec)[0]
        table = layer_table(spec)
        return version, self._batch(spec, self._query(spec, table).order_by(table.c.fid))

    def changes(self, spec: LayerSpec, since: int, most: int) -> LayerChanges | None:
        """Rows changed after version `since`; None when they are more than `most` or unknown."""
        version, logged_from = self._version(spec)
        if since > version or since < logged_from:
            return None
        touched = (
            select(_change.c.fid)
            .where(_change.c.layer == spec.name, _change.c.version > since)
            .distinct()
        )
        fids = self._connection.execute(touched.limit(most + 1)).scalars().all()
        if len(fids) > most:
            return None
        table = layer_table(spec)
        query = self._query(spec, table).where(table.c.fid.in_(touched)).order_by(table.c.fid)
        put = self._batch(spec, query)
        removed = np.setdiff1d(np.array(fids, np.int64), put.fids)
        return LayerChanges(version, put, removed)

    # --- writing -----------------------------------------------------------------------------

    def append(
        self,
        spec: LayerSpec,
        batch: FeatureBatch,
        source_id: int | None,
        accuracy_m: float | None = None,
    ) -> IntArray:
        """Store new rows; gives their fids in the order of `batch`.

        Raises
        ------
        ConflictError
            When a key is there already or twice in the batch.
        GeometryError
            When a geometry is missing, empty or of another kind.
        InvalidError
            When a key is missing.
        """
        n = len(batch)
        if n == 0:
            return np.empty(0, np.int64)
        check_keys(spec, batch.keys)
        fids = self._reserve(spec, n)
        names, rows = encode_batch(
            spec, batch, fids, source_id, accuracy_m, partial(self._to_geom, srid=spec.crs)
        )
        try:
            with self._connection.begin_nested():
                self._insert(spec, names, rows, first=int(fids[0]))
        except IntegrityError as error:
            taken = sorted(self.existing_keys(spec, batch.keys))
            if not taken:
                raise
            raise ConflictError(
                "layer.duplicate_key",
                "图层 {layer} 已有 {count} 个相同的编号，如 {first}",
                field=spec.key,
                got=taken[:20],
                params={"layer": spec.name, "count": len(taken), "first": taken[0]},
                hint="换编号，或先删除原有要素",
            ) from error
        self._raise_version(spec, fids, n)
        return fids

    def _reserve(self, spec: LayerSpec, count: int) -> IntArray:
        """`count` fids never used before in the layer."""
        table = layer_table(spec)
        if self._dialect == "postgresql":
            drawn = self._connection.exec_driver_sql(
                "SELECT nextval(pg_get_serial_sequence(%s, 'fid')) FROM generate_series(1, %s)",
                (table.name, count),
            )
            return np.sort(np.array(drawn.scalars().all(), np.int64))
        last = self._connection.exec_driver_sql(
            "SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)
        ).scalar()
        return np.arange(count, dtype=np.int64) + int(last or 0) + 1

    def _to_geom(self, geometry: ObjectArray, srid: int) -> list[Any]:
        """Geometries in the form the driver takes, in bulk."""
        if self._dialect == "sqlite":
            listed: list[Any] = shapely.to_wkb(geometry).tolist()
            return listed
        return hex_ewkb(geometry, srid)

    def _insert(
        self, spec: LayerSpec, names: list[str], rows: list[tuple[Any, ...]], first: int
    ) -> None:
        table = layer_table(spec)
        if self._dialect != "sqlite":
            copy_rows(self._connection, table.name, names, rows)
            return
        bulk = len(rows) >= BULK_ROWS
        if bulk:
            drop_triggers(self._connection, spec.name)
        quoted = ", ".join(f'"{name}"' for name in names)
        marks = ", ".join("?" * len(names))
        self._connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({quoted}) VALUES ({marks})",  # noqa: S608
            rows,
        )
        if bulk:
            fill_index(self._connection, spec.name, after=first - 1)
            make_triggers(self._connection, spec.name)
            found = check_index(self._connection, spec.name)
            if found.faults:
                raise RuntimeError(f"index of {spec.name}: {found.faults}")

    def put(
        self,
        spec: LayerSpec,
        fid: int,
        values: Mapping[str, Any],
        geometry: Any | None,
        area: str | None,
        expected_version: int | None,
    ) -> int:
        """Change one row; gives its new row version.

        A new geometry takes the delivered one away: it is no longer what was delivered.

        Raises
        ------
        NotFoundError
            When there is no such row or field.
        StaleError
            When the row version is not the expected one.
        ConflictError
            When the new key belongs to another row.
        """
        table = layer_table(spec)
        found = self._connection.execute(
            select(table.c.row_version).where(table.c.fid == fid)
        ).scalar()
        if found is None:
            raise NotFoundError("layer.no_feature", "图层中没有这个要素", got=fid)
        if expected_version is not None and found != expected_version:
            raise StaleError(
                "layer.stale",
                "要素已被他人修改：现为第 {got} 版，您看到的是第 {expected} 版",
                got=found,
                expected=expected_version,
                hint="刷新后重做",
            )
        changed = self._changed(spec, values, geometry) | {"row_version": found + 1}
        if area is not None:
            changed["area"] = area
        try:
            with self._connection.begin_nested():
                self._connection.execute(update(table).where(table.c.fid == fid).values(**changed))
        except IntegrityError as error:
            raise ConflictError(
                "layer.duplicate_key",
                "编号 {got} 已属于另一个要素",
                field=spec.key,
                got=values.get(spec.key),
            ) from error
        self._raise_version(spec, np.array([fid], np.int64), 0)
        return int(found) + 1

    def _changed(
        self, spec: LayerSpec, values: Mapping[str, Any], geometry: Any | None
    ) -> dict[str, Any]:
        changed = {
            name: encode_value(spec.field_named(name).type, value) for name, value in values.items()
        }
        if spec.key in changed:
            check_keys(spec, object_array([changed[spec.key]]))
        if geometry is not None:
            box = check_geometry(spec, object_array([geometry]))[0].tolist()
            changed |= dict(zip(("minx", "miny", "maxx", "maxy"), box, strict=True))
            changed |= {"geom": geometry, "delivered": None, "delivered_crs": None}
        return changed

    def remove(self, spec: LayerSpec, fids: Sequence[int]) -> int:
        """Delete rows; gives how many there were."""
        table = layer_table(spec)
        gone: list[int] = []
        for chunk in _chunks(np.unique(np.asarray(fids, np.int64)).tolist()):
            there = select(table.c.fid).where(table.c.fid.in_(chunk))
            found = list(self._connection.execute(there).scalars())
            self._connection.execute(delete(table).where(table.c.fid.in_(found)))
            gone += found
        if gone:
            self._raise_version(spec, np.array(gone, np.int64), -len(gone))
        return len(gone)

    def clear(self, spec: LayerSpec) -> int:
        """Delete all rows of a layer; gives how many there were."""
        gone = int(self._connection.execute(delete(layer_table(spec))).rowcount)
        if gone:
            self._raise_version(spec, None, -gone)
        return gone

    # --- reading -----------------------------------------------------------------------------

    def by_key(self, spec: LayerSpec, key: str, permission: Permission) -> FeatureBatch:
        """The row with this key, or a batch of none; permission applied in SQL."""
        table = layer_table(spec)
        try:
            wanted = encode_value(spec.field_named(spec.key).type, key)
        except (TypeError, ValueError, OverflowError):
            return self._batch(spec, self._allowed(spec, table, permission).limit(0), permission)
        query = self._allowed(spec, table, permission).where(table.c[spec.key] == wanted)
        return self._batch(spec, query, permission)

    def by_fids(self, spec: LayerSpec, fids: Sequence[int], permission: Permission) -> FeatureBatch:
        """Rows by fid that the permission reaches, ordered by fid."""
        table = layer_table(spec)
        rows: list[Any] = []
        for chunk in _chunks(np.unique(np.asarray(fids, np.int64)).tolist()):
            query = self._allowed(spec, table, permission).where(table.c.fid.in_(chunk))
            rows += self._connection.execute(query.order_by(table.c.fid)).all()
        return decode_rows(spec, permission.fields, rows, whole=True)

    def brought_by(self, spec: LayerSpec, source_id: int) -> dict[int, int]:
        """Rows that a delivery brought: fid -> row version."""
        c = layer_table(spec).c
        rows = self._connection.execute(
            select(c.fid, c.row_version).where(c.source_id == source_id).order_by(c.fid)
        )
        return {int(fid): int(version) for fid, version in rows}

    def origin(self, spec: LayerSpec, fid: int) -> dict[str, Any]:
        """Where a row comes from: source_id, accuracy_m, delivered_crs, row_version.

        Raises
        ------
        NotFoundError
            When there is no such row.
        """
        c = layer_table(spec).c
        row = self._connection.execute(
            select(c.source_id, c.accuracy_m, c.delivered_crs, c.row_version).where(c.fid == fid)
        ).first()
        if row is None:
            raise NotFoundError("layer.no_feature", "图层中没有这个要素", got=fid)
        return dict(row._mapping)

    def page(
        self,
        spec: LayerSpec,
        permission: Permission,
        *,
        box: Box | None = None,
        equal: Mapping[str, Sequence[Any]] | None = None,
        text: str | None = None,
        sort: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> FeatureBatch:
        """A page of rows in the order of `sort` (default fid) behind the row `after`.

        Raises
        ------
        InvalidError
            For a field that may not be seen or a value that does not fit it.
        """
        table = layer_table(spec)
        query = self._filtered(spec, table, permission, box, equal, text)
        if sort is None:
            query = query.where(table.c.fid > after).order_by(table.c.fid)
        else:
            query = ordered_after(query, table, spec, permission, sort, after)
        return self._batch(spec, query.limit(limit), permission)

    def count(
        self,
        spec: LayerSpec,
        permission: Permission,
        *,
        box: Box | None = None,
        equal: Mapping[str, Sequence[Any]] | None = None,
        text: str | None = None,
    ) -> int:
        """How many rows `page` would give over all its pages.

        Raises
        ------
        InvalidError
            As `page`.
        """
        query = self._filtered(spec, layer_table(spec), permission, box, equal, text)
        counted = query.with_only_columns(func.count(), maintain_column_froms=True)
        return int(self._connection.execute(counted).scalar_one())

    def batches(
        self,
        spec: LayerSpec,
        permission: Permission,
        *,
        box: Box | None = None,
        equal: Mapping[str, Sequence[Any]] | None = None,
        size: int = 5000,
    ) -> Iterator[FeatureBatch]:
        """All rows that the permission reaches, by fid, in batches of at most `size`.

        Every batch holds delivered geometry of one CRS only, or none.
        """
        table = layer_table(spec)
        base = self._filtered(spec, table, permission, box, equal, None).order_by(table.c.fid)
        after = 0
        while rows := self._connection.execute(base.where(table.c.fid > after).limit(size)).all():
            after = int(rows[-1].fid)
            for run in _runs(rows):
                yield decode_rows(spec, permission.fields, run, whole=True)

    def existing_keys(self, spec: LayerSpec, keys: ObjectArray) -> set[str]:
        """Which of `keys` the layer holds already, as text."""
        column = layer_table(spec).c[spec.key]
        kind = spec.field_named(spec.key).type
        found: set[str] = set()
        for chunk in _chunks([encode_value(kind, k) for k in keys.tolist() if k is not None]):
            rows = self._connection.execute(select(column).where(column.in_(chunk)))
            found.update(str(k) for k in rows.scalars())
        return found

    def _query(self, spec: LayerSpec, table: Table) -> Select[Any]:
        return select(*row_columns(table, spec.field_names, self._dialect, whole=False))

    def _allowed(self, spec: LayerSpec, table: Table, permission: Permission) -> Select[Any]:
        columns = row_columns(table, permission.fields, self._dialect, whole=True)
        return select(*columns).where(permission_condition(table, spec, permission))

    def _filtered(
        self,
        spec: LayerSpec,
        table: Table,
        permission: Permission,
        box: Box | None,
        equal: Mapping[str, Sequence[Any]] | None,
        text: str | None,
    ) -> Select[Any]:
        query = self._allowed(spec, table, permission)
        if equal:
            query = query.where(equal_condition(table, spec, permission, equal))
        if text:
            query = query.where(text_condition(table, spec, permission, text))
        return query if box is None else query.where(in_box(table, box, self._dialect))

    def _batch(
        self, spec: LayerSpec, query: Select[Any], permission: Permission | None = None
    ) -> FeatureBatch:
        rows = self._connection.execute(query).all()
        if permission is None:
            return decode_rows(spec, spec.field_names, rows, whole=False)
        return decode_rows(spec, permission.fields, rows, whole=True)


def check_keys(spec: LayerSpec, keys: ObjectArray) -> None:
    """Refuse missing keys and keys that come twice.

    Raises
    ------
    InvalidError
        When a key is missing or empty.
    ConflictError
        When a key comes twice.
    """
    listed = keys.tolist()
    missing = [i + 1 for i, k in enumerate(listed) if k is None or k == ""]
    if missing:
        raise InvalidError(
            "layer.no_key",
            "{count} 行没有编号（{field}），如第 {first} 行",
            field=spec.key,
            row=missing[0],
            params={"count": len(missing), "first": missing[0]},
        )
    seen: set[Any] = set()
    twice = sorted({str(k) for k in listed if k in seen or seen.add(k)})
    if twice:
        raise ConflictError(
            "layer.duplicate_key",
            "{count} 个编号在同一批中出现多次，如 {first}",
            field=spec.key,
            got=twice[:20],
            params={"count": len(twice), "first": twice[0]},
        )


def _agree(triggers: Mapping[str, str], layer: str) -> bool:
    return all(triggers.get(n) == s for n, s in trigger_statements(layer).items())


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _runs(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Runs of rows whose delivered geometry has the same CRS, in order."""
    start = 0
    for at in range(1, len(rows) + 1):
        if at == len(rows) or rows[at].delivered_crs != rows[start].delivered_crs:
            yield rows[start:at]
            start = at
