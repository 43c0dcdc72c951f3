"""Conditions and order of layer lists: allow-listed fields, bound parameters only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, or_, select

from cityops.services.layer_values import (
    ascii_lower,
    check_text,
    codes_titled,
    filter_value,
    visible_field,
)
from cityops.services.permissions import Permission
from cityops.store.dialect import AsciiLower
from cityops.store.permission_sql import permission_condition
from gis.errors import InvalidError
from gis.layers import FieldType, LayerSpec

MAX_VALUES = 200


def equal_condition(
    table: Table,
    spec: LayerSpec,
    permission: Permission,
    equal: Mapping[str, Sequence[Any]] | None,
) -> ColumnElement[bool]:
    """Condition that each field named has one of its values; None or '' means unknown.

    Raises
    ------
    InvalidError
        For a field that may not be seen, a value of another type, an unknown code, or too many values.
    """
    parts: list[ColumnElement[bool]] = []
    for name, values in (equal or {}).items():
        field = visible_field(spec, permission, name)
        if len(values) > MAX_VALUES:
            raise InvalidError(
                "layer.too_many_values",
                "字段 {field} 的筛选值多于 {expected} 个",
                field=name,
                expected=MAX_VALUES,
            )
        parsed = [filter_value(field, v) for v in values]
        column = table.c[field.name]
        either = column.in_([v for v in parsed if v is not None])
        parts.append(or_(either, column.is_(None)) if None in parsed else either)
    return and_(*parts) if parts else and_(True)


def text_condition(
    table: Table, spec: LayerSpec, permission: Permission, text: str
) -> ColumnElement[bool]:
    """Condition that a visible text field holds `text`, or a code field a code so titled.

    Raises
    ------
    InvalidError
        When the text is longer than `MAX_TEXT` characters.
    """
    check_text(text)
    parts: list[ColumnElement[bool]] = []
    for name in permission.fields:
        field = spec.field_named(name)
        column = table.c[name]
        if field.type in (FieldType.TEXT, FieldType.CODE):
            parts.append(AsciiLower(column).contains(ascii_lower(text), autoescape=True))
        if field.type is FieldType.CODE:
            parts.append(column.in_(codes_titled(field, text)))
    return or_(*parts) if parts else and_(False)


def ordered_after(
    query: Select[Any], table: Table, spec: LayerSpec, permission: Permission, sort: str, after: int
) -> Select[Any]:
    """`query` in the order of a field, unknown values last, ties by fid, from behind `after` on.

    Parameters
    ----------
    sort
        Name of a field, with ``-`` in front for descending.
    after
        fid of the last row of the page before; 0 for the first page.

    Raises
    ------
    InvalidError
        When the field may not be seen.
    """
    falling = sort.startswith("-")
    field = visible_field(spec, permission, sort.removeprefix("-"))
    column, fid = table.c[field.name], table.c.fid
    if after:
        query = query.where(_behind(table, spec, permission, column, after, falling=falling))
    return query.order_by(column.is_(None), column.desc() if falling else column, fid)


def _behind(
    table: Table,
    spec: LayerSpec,
    permission: Permission,
    column: ColumnElement[Any],
    after: int,
    *,
    falling: bool,
) -> ColumnElement[bool]:
    twin = table.alias("last")
    # A row out of reach has no place in the order: from where it stood its value could be told.
    reached = permission_condition(twin, spec, permission)
    last = select(twin.c[column.key]).where(twin.c.fid == after, reached).scalar_subquery()
    fid = table.c.fid
    beyond = column < last if falling else column > last
    known = or_(beyond, and_(column == last, fid > after), column.is_(None))
    unknown = and_(column.is_(None), fid > after)
    return or_(and_(last.is_not(None), known), and_(last.is_(None), unknown))
