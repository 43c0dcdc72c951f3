"""What a list of cases is narrowed to, as conditions of SQL."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, func, or_, true

from cityops.services.case_values import CaseFilter, CaseScope, Waiting
from cityops.store.models.cases import CaseRow

_case = CaseRow.__table__


def in_scope(scope: CaseScope) -> ColumnElement[bool]:
    """The same rule as ``CaseScope.reaches``."""
    if not scope.allowed:
        return false()
    parts: list[ColumnElement[bool]] = [true()]
    if scope.areas is not None:
        heads = [func.substr(_case.c.area, 1, len(p)) == p for p in scope.areas]
        parts.append(or_(false(), *heads))
    if scope.department is not None:
        parts.append(_case.c.department == scope.department)
    reach = and_(*parts)
    return reach if scope.reporter is None else or_(reach, _case.c.reporter_id == scope.reporter)


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
        parts.append(func.substr(c.area, 1, len(wanted.area)) == wanted.area)
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
