"""What a list of cases is narrowed to, as conditions of SQL."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from cityops.services.case_values import CaseFilter, CaseScope, Waiting
from cityops.store.models.cases import CaseRow

_case = CaseRow.__table__


def in_scope(scope: CaseScope) -> ColumnElement[bool]:
    """The same rule as ``CaseScope.reaches``."""
    return or_(false(), *parts_of(scope))


def parts_of(scope: CaseScope) -> list[ColumnElement[bool]]:
    """The scope in parts: a case in it meets one of them and no other.

    Counted apart, each part is read from an index alone; an OR of them is not.
    """
    if not scope.allowed:
        return []
    c = _case.c
    body = true() if scope.department is None else c.department == scope.department
    areas = [true()] if scope.areas is None else [_below(p) for p in _apart(scope.areas)]
    parts: list[ColumnElement[bool]] = [and_(area, body) for area in areas]
    everything = scope.areas is None and scope.department is None
    if scope.reporter is not None and not everything:
        own = and_(c.reporter_id == scope.reporter, not_(or_(false(), *parts)))
        parts.append(and_(own, c.area == "") if scope.acting else own)
    return parts


def _apart(prefixes: Sequence[str]) -> list[str]:
    """Prefixes without those that lie in another one."""
    kept: list[str] = []
    for prefix in sorted(prefixes):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return kept


def _below(prefix: str) -> ColumnElement[bool]:
    """Areas that begin with a prefix, as a range of an index; a colon follows the digits."""
    return and_(_case.c.area >= prefix, _case.c.area < f"{prefix}:")


def matching(wanted: CaseFilter) -> ColumnElement[bool]:
    """What a list is narrowed to."""
    c = _case.c
    parts: list[ColumnElement[bool]] = [true()]
    if wanted.states is not None:
        parts.append(c.state.in_([s.value for s in wanted.states]))
    if wanted.class_code is not None:
        parts.append(c.class_code == wanted.class_code)
    if wanted.domain is not None:
        parts.append(c.class_domain == wanted.domain)
    if wanted.reporter is not None:
        parts.append(c.reporter_id == wanted.reporter)
    if wanted.source is not None:
        parts.append(c.source == wanted.source.value)
    if wanted.area is not None:
        parts.append(_below(wanted.area))
    if wanted.box is not None:
        west, south, east, north = wanted.box
        parts.append(and_(c.lon.between(west, east), c.lat.between(south, north)))
    if wanted.waiting is not None:
        parts.append(or_(false(), *(_waits(w) for w in wanted.waiting)))
    return and_(*parts)


def _waits(waiting: Waiting) -> ColumnElement[bool]:
    parts = [_case.c.waits_for.in_(sorted(waiting.turns))]
    if waiting.department is not None:
        parts.append(_case.c.department == waiting.department)
    if waiting.assignee is not None:
        nobody = _case.c.assignee.is_(None)
        parts.append(or_(nobody, _case.c.assignee == waiting.assignee))
    return and_(*parts)
