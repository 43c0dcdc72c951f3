"""Geometry columns: WKB bytes on SQLite, PostGIS ``geometry`` on PostgreSQL."""

from __future__ import annotations

from typing import Any

import shapely
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


class Geom(TypeDecorator[Any]):
    """A column of shapely geometries.

    Parameters
    ----------
    kind
        OGC type name such as ``POINT`` or ``GEOMETRY``; PostGIS checks it.
    srid
        EPSG code of the coordinates.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, kind: str = "GEOMETRY", srid: int = 4490) -> None:
        super().__init__()
        self.kind = kind
        self.srid = srid
        # GeoAlchemy2 listens to every table's DDL and reads this off each geometry column.
        self.spatial_index = False

    def load_dialect_impl(self, dialect: Dialect | None) -> TypeEngine[Any]:
        """The column type of the database; GeoAlchemy2's listeners ask with None."""
        if dialect is None:
            return LargeBinary()
        if dialect.name == "postgresql":
            from geoalchemy2 import Geometry

            return dialect.type_descriptor(Geometry(self.kind, self.srid, spatial_index=False))
        return dialect.type_descriptor(LargeBinary())

    def bind_expression(self, bindvalue: Any) -> Any:
        """The value alone: PostgreSQL reads hexadecimal EWKB without a function."""
        return bindvalue

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """EWKB in hexadecimal on PostgreSQL, WKB elsewhere."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            return shapely.to_wkb(shapely.set_srid(value, self.srid), hex=True, include_srid=True)
        return shapely.to_wkb(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The shapely geometry."""
        if value is None:
            return None
        data = getattr(value, "data", value)
        return shapely.from_wkb(bytes(data) if isinstance(data, memoryview) else data)


def hex_ewkb(geometry: Any, srid: int) -> list[str]:
    """Geometries as PostGIS takes them, in bulk: EWKB in hexadecimal."""
    marked = shapely.set_srid(geometry, srid)
    listed: list[str] = shapely.to_wkb(marked, hex=True, include_srid=True).tolist()
    return listed
