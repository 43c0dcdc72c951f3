"""A permission as a SQL condition; the same rule as ``Permission.mask`` and held against it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, false, func, or_, true

from cityops.services.permissions import Permission
from gis.layers import LayerSpec


def permission_condition(
    table: FromClause, spec: LayerSpec, permission: Permission
) -> ColumnElement[bool]:
    """Condition on `table`, or an alias of it, that holds for the rows `permission` reaches.

    An unknown area ('') is reached only by a permission for everywhere, an unknown category
    only by one for all categories. A permission for another layer reaches nothing.
    """
    if not permission.allowed or permission.layer != spec.name:
        return false()
    parts: list[ColumnElement[bool]] = []
    if permission.areas is not None:
        # Not LIKE: SQLite folds case there, and a prefix may hold its wild cards.
        parts.append(
            or_(false(), *(func.substr(table.c.area, 1, len(p)) == p for p in permission.areas))
        )
    if permission.categories is not None:
        if spec.category_field is None:
            return false()
        parts.append(table.c[spec.category_field].in_(sorted(permission.categories)))
    return and_(true(), *parts)
