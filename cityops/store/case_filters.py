"""What a list of cases is narrowed to, as conditions of SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    and_,
    false,
    literal_column,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.visitors import replacement_traverse

from cityops.services.case_values import CaseFilter, CaseScope, Waiting
from cityops.store.dialect import NotByIndex
from cityops.store.models.cases import CaseRow

_case = CaseRow.__table__
_NOBODY: ColumnElement[str] = literal_column("''")


def in_scope(scope: CaseScope) -> ColumnElement[bool]:
    """The same rule as ``CaseScope.reaches``."""
    return or_(false(), *parts_of(scope))


def newest_of(
    scope: CaseScope, wanted: CaseFilter, after: int | None, limit: int
) -> Select[tuple[int]]:
    """Numbers of at most `limit` cases of each part of a scope, the newest that match.

    Numbers alone are read from an index; rows are fetched for a page of them.
    """
    c, match = _case.c, matching(wanted)
    before = true() if after is None else c.seq < after
    parts = [
        select(c.seq)
        .where(narrowed(part, match, wanted), before)
        .order_by(c.seq.desc())
        .limit(limit)
        .subquery()
        for part in parts_of(scope)
    ]
    if not parts:
        return select(c.seq).where(false())
    together = union_all(*(select(part.c.seq) for part in parts)).subquery()
    return select(together.c.seq)


def narrowed(
    part: ColumnElement[bool], match: ColumnElement[bool], wanted: CaseFilter
) -> ColumnElement[bool]:
    """Both conditions, read on SQLite from the index of waiting cases where those are wanted.

    SQLite, which keeps no statistics here, would take the index of a department or class: it does
    not know that few of many cases wait.
    """
    both = and_(part, match)
    return replacement_traverse(both, {}, _plain) if wanted.waiting else both


def _plain(element: Any, **_: Any) -> Any:
    if isinstance(element, NotByIndex):
        return element
    is_other = isinstance(element, Column) and element.name != "waits_for"
    return NotByIndex(element, type_=element.type) if is_other else None


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
        turns = sorted({turn for waiting in wanted.waiting for turn in waiting.turns})
        # The first two say to the database that the index of waiting cases will do.
        parts += [c.waits_for != _NOBODY, c.waits_for.in_(turns)]
        parts.append(or_(false(), *(_waits(w) for w in wanted.waiting)))
    return and_(*parts)


def _waits(waiting: Waiting) -> ColumnElement[bool]:
    turn = NotByIndex(_case.c.waits_for, type_=_case.c.waits_for.type)
    parts = [turn.in_(sorted(waiting.turns))]
    if waiting.department is not None:
        parts.append(_case.c.department == waiting.department)
    if waiting.assignee is not None:
        nobody = _case.c.assignee.is_(None)
        parts.append(or_(nobody, _case.c.assignee == waiting.assignee))
    return and_(*parts)
