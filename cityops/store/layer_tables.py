"""Layer tables made from their declarations, with R*Tree and triggers on SQLite."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    and_,
    func,
    inspect,
    literal_column,
    select,
    text,
)
from sqlalchemy.types import TypeEngine

from cityops.store.geometry import Geom
from gis.layers import FieldSpec, FieldType, GeometryKind, LayerSpec

Box = tuple[float, float, float, float]
_TYPES: dict[FieldType, type[TypeEngine[Any]]] = {
    FieldType.TEXT: Text,
    FieldType.CODE: Text,
    FieldType.DATE: Text,
    FieldType.INTEGER: BigInteger,
    FieldType.REAL: Float,
    FieldType.BOOLEAN: Boolean,
}
_OGC = {
    GeometryKind.POINT: "POINT",
    GeometryKind.LINE: "GEOMETRY",
    GeometryKind.POLYGON: "GEOMETRY",
}


def table_name(layer: str) -> str:
    """Name of a layer's table."""
    return f"lyr_{layer}"


def rtree_name(layer: str) -> str:
    """Name of a layer's R*Tree."""
    return f"lyr_{layer}_rtree"


def fingerprint(spec: LayerSpec) -> str:
    """Digest of what in a declaration shapes the table."""
    parts = [spec.name, spec.geometry.value, str(spec.crs), spec.key, str(spec.category_field)]
    parts += [f"{f.name}:{f.type.value}" for f in spec.fields]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def layer_table(spec: LayerSpec) -> Table:
    """The table of a layer; the same object for equal declarations."""
    return _layer_table(_Shape.of(spec))


@dataclass(frozen=True)
class _Shape:
    """What of a declaration its table depends on; hashable."""

    name: str
    geometry: GeometryKind
    crs: int
    key: str
    category: str | None
    fields: tuple[tuple[str, FieldType], ...]

    @classmethod
    def of(cls, spec: LayerSpec) -> _Shape:
        fields = tuple((f.name, f.type) for f in spec.fields)
        return cls(spec.name, spec.geometry, spec.crs, spec.key, spec.category_field, fields)


@lru_cache(maxsize=512)
def _layer_table(shape: _Shape) -> Table:
    name = table_name(shape.name)
    fields = [
        Column(
            f_name,
            _TYPES[f_type](),
            nullable=f_name != shape.key,
            unique=f_name == shape.key,
            index=f_name == shape.category or None,
        )
        for f_name, f_type in shape.fields
    ]
    return Table(
        name,
        MetaData(),  # of its own: migrations do not manage layer tables
        # BIGINT would not be an alias of SQLite's rowid.
        Column("fid", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
        Column("geom", Geom(_OGC[shape.geometry], shape.crs), nullable=False),
        *(Column(c, Float(53), nullable=False) for c in ("minx", "miny", "maxx", "maxy")),
        Column("area", String(12), nullable=False, server_default="", index=True),
        *fields,
        Column("extra", Text),
        Column("delivered", LargeBinary),
        Column("delivered_crs", Text),
        Column("accuracy_m", Float(53)),
        Column("source_id", BigInteger, index=True),
        Column("row_version", Integer, nullable=False, server_default="1"),
        Index(f"ix_{name}_gist", "geom", postgresql_using="gist").ddl_if(dialect="postgresql"),
        sqlite_autoincrement=True,
    )


def field_column_type(field: FieldSpec) -> TypeEngine[Any]:
    """Column type of a field."""
    return _TYPES[field.type]()


def trigger_statements(layer: str) -> dict[str, str]:
    """The three triggers that keep a layer's R*Tree: name -> statement.

    They call no function of the program, so another program may write the table too.
    """
    table, tree = table_name(layer), rtree_name(layer)
    insert = f"INSERT INTO {tree} VALUES (new.fid, new.minx, new.maxx, new.miny, new.maxy);"  # noqa: S608
    delete = f"DELETE FROM {tree} WHERE id = old.fid;"  # noqa: S608
    return {
        f"{table}_ai": f"CREATE TRIGGER {table}_ai AFTER INSERT ON {table} BEGIN {insert} END",
        f"{table}_au": f"CREATE TRIGGER {table}_au AFTER UPDATE OF fid, minx, miny, maxx, maxy"
        f" ON {table} BEGIN {delete} {insert} END",
        f"{table}_ad": f"CREATE TRIGGER {table}_ad AFTER DELETE ON {table} BEGIN {delete} END",
    }


def make_table(connection: Connection, spec: LayerSpec) -> bool:
    """Make a layer's table, index and triggers where missing, and add columns it lacks.

    Returns
    -------
    bool
        Whether columns were added to a table that was there already.
    """
    table = layer_table(spec)
    there = inspect(connection)
    if not there.has_table(table.name):
        table.create(connection)
        if connection.dialect.name == "sqlite":
            make_index(connection, spec.name)
        return False
    known = {c["name"] for c in there.get_columns(table.name)}
    missing = [f for f in spec.fields if f.name not in known]
    for field in missing:
        kind = field_column_type(field).compile(connection.dialect)
        connection.exec_driver_sql(f'ALTER TABLE {table.name} ADD COLUMN "{field.name}" {kind}')
    return bool(missing)


def make_index(connection: Connection, layer: str) -> None:
    """Make a layer's R*Tree afresh from its rows, and its triggers. SQLite only."""
    tree = rtree_name(layer)
    drop_triggers(connection, layer)
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {tree}")
    connection.exec_driver_sql(
        f"CREATE VIRTUAL TABLE {tree} USING rtree(id, minx, maxx, miny, maxy)"
    )
    fill_index(connection, layer, after=-1)
    make_triggers(connection, layer)


def drop_table(connection: Connection, spec: LayerSpec) -> None:
    """Drop a layer's table with its R*Tree and triggers."""
    if connection.dialect.name == "sqlite":
        drop_triggers(connection, spec.name)
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {rtree_name(spec.name)}")
    layer_table(spec).drop(connection, checkfirst=True)


def fill_index(connection: Connection, layer: str, after: int) -> None:
    """Put the boxes of rows with fid > `after` into the R*Tree in one statement."""
    connection.exec_driver_sql(
        f"INSERT INTO {rtree_name(layer)} SELECT fid, minx, maxx, miny, maxy"  # noqa: S608
        f" FROM {table_name(layer)} WHERE fid > ?",
        (after,),
    )


def drop_triggers(connection: Connection, layer: str) -> None:
    """Take the three triggers away, for a bulk load in the same transaction."""
    for name in trigger_statements(layer):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")


def make_triggers(connection: Connection, layer: str) -> None:
    """Make the three triggers."""
    for statement in trigger_statements(layer).values():
        connection.exec_driver_sql(statement)


def triggers_there(connection: Connection) -> dict[str, str]:
    """Triggers of the database: name -> statement. SQLite only."""
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return dict(rows.all())


@dataclass(frozen=True)
class IndexCheck:
    """What `check_index` found for a layer; ``faults`` is empty when all is well."""

    layer: str
    rows: int
    indexed: int
    faults: tuple[str, ...]


def check_index(connection: Connection, layer: str, *, deep: bool = False) -> IndexCheck:
    """Compare a layer's R*Tree with its rows. SQLite only; on PostGIS the index is the server's.

    Parameters
    ----------
    deep
        Also run SQLite's own ``rtreecheck`` and compare every box within float32 rounding.
    """
    table, tree = table_name(layer), rtree_name(layer)
    faults: list[str] = []
    there = triggers_there(connection)
    for name, statement in trigger_statements(layer).items():
        if there.get(name) != statement:
            faults.append(f"触发器 {name} 缺失或被改")
    count = "SELECT count(*) FROM "
    rows = int(connection.exec_driver_sql(count + table).scalar_one())
    has_tree = connection.exec_driver_sql(
        "SELECT count(*) FROM sqlite_master WHERE name = ?", (tree,)
    ).scalar_one()
    if not has_tree:
        return IndexCheck(layer, rows, 0, (*faults, f"缺少索引表 {tree}"))
    indexed = int(connection.exec_driver_sql(count + tree).scalar_one())
    if rows != indexed:
        faults.append(f"有 {rows} 行，索引里有 {indexed} 行")
    if deep:
        faults += _deep_faults(connection, table, tree)
    return IndexCheck(layer, rows, indexed, tuple(faults))


def check_server_index(connection: Connection, layer: str, *, deep: bool = False) -> IndexCheck:
    """See that a layer's GiST index on PostGIS is there and in use. The server keeps it.

    Parameters
    ----------
    deep
        Also compare the four columns of every row with its geometry.
    """
    table = table_name(layer)
    rows = int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608
    state = connection.exec_driver_sql(
        "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE i.indrelid = to_regclass(%s) AND c.relname = %s",
        (table, f"ix_{table}_gist"),
    ).scalar()
    if state is None:
        return IndexCheck(layer, rows, 0, (f"缺少空间索引 ix_{table}_gist",))
    faults = [] if state else [f"空间索引 ix_{table}_gist 无效"]
    if deep:
        outside = connection.exec_driver_sql(
            f"SELECT count(*) FROM {table} WHERE minx <> ST_XMin(geom)"  # noqa: S608
            " OR maxx <> ST_XMax(geom) OR miny <> ST_YMin(geom) OR maxy <> ST_YMax(geom)"
        ).scalar_one()
        faults += [f"{outside} 行的范围与图形不符"] if outside else []
    return IndexCheck(layer, rows, rows, tuple(faults))


def _deep_faults(connection: Connection, table: str, tree: str) -> list[str]:
    faults: list[str] = []
    verdict = connection.exec_driver_sql("SELECT rtreecheck(?)", (tree,)).scalar_one()
    if verdict != "ok":
        faults.append(f"索引自检（rtreecheck）：{verdict}")
    # R*Tree boxes are float32 rounded outwards, so a row's box always lies inside its entry.
    outside = connection.exec_driver_sql(
        f"SELECT count(*) FROM {table} t LEFT JOIN {tree} r ON r.id = t.fid"  # noqa: S608
        " WHERE r.id IS NULL OR t.minx < r.minx OR t.maxx > r.maxx"
        " OR t.miny < r.miny OR t.maxy > r.maxy"
    ).scalar_one()
    if outside:
        faults.append(f"{outside} 行的范围不在索引里")
    return faults


def in_box(table: Table, box: Box, dialect: str) -> ColumnElement[bool]:
    """Condition that a row's bounding box meets `box`, edges included, exactly.

    Both databases keep float32 boxes in their indexes, so what the index offers is compared
    again with the four columns.
    """
    x0, y0, x1, y1 = (float(v) for v in box)
    c = table.c
    exact = and_(c.maxx >= x0, c.minx <= x1, c.maxy >= y0, c.miny <= y1)
    if dialect == "postgresql":
        envelope = func.ST_MakeEnvelope(x0, y0, x1, y1, c.geom.type.srid)
        return and_(c.geom.op("&&")(envelope), exact)
    found = (
        select(literal_column("id", Integer))
        .select_from(text(f"{table.name}_rtree"))
        .where(
            text("maxx >= :bx0 AND minx <= :bx1 AND maxy >= :by0 AND miny <= :by1").bindparams(
                bx0=x0, bx1=x1, by0=y0, by1=y1
            )
        )
    )
    return and_(c.fid.in_(found), exact)
