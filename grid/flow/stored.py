"""A case as JSON and back, without loss: what a store keeps of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from grid.classes import ClassKey
from grid.clock.clock import clock_from, clock_json, limit_from, limit_json
from grid.clock.stages import Urgency
from grid.flow.case import Case, Filing, Pending, Returned, Task
from grid.flow.states import (
    AppealState,
    CaseSource,
    CaseState,
    ClosedKind,
    PendingKind,
    TaskKind,
)
from grid.schemes.values import AreaClass

_PLAIN = (
    *("reporter", "located", "photos", "photos_after", "self_disposal", "verified"),
    *("accepted_by", "filed_by", "centre", "department", "handler", "submitted", "designated"),
    *("return_count", "rework_count", "extension_count", "suspension_count", "inspection"),
    *("was_late", "exempt", "steps"),
)
_TIMES = ("reported_at", "last_at", "suspended_until", "closed_at")
_IDS = ("open_duplicate", "merged_into")
_TUPLES = ("returned_by", "departments")
_ENUMS: dict[str, Any] = {
    "state": CaseState,
    "source": CaseSource,
    "urgency": Urgency,
    "area_class": AreaClass,
    "suspended_from": CaseState,
    "appeal": AppealState,
    "closed_kind": ClosedKind,
}
#: What plain values usually are.
_USUAL = {f.name: f.default for f in fields(Case) if f.name in _PLAIN}


def case_json(case: Case) -> dict[str, Any]:
    """The case as JSON; values that are the usual ones are left out."""
    out: dict[str, Any] = {
        "id": str(case.id),
        "key": [case.key.domain, case.key.scheme, case.key.code],
    }
    out |= {name: getattr(case, name) for name in _PLAIN}
    out |= {name: list(getattr(case, name)) for name in _TUPLES}
    for name in _ENUMS:
        value = getattr(case, name)
        out[name] = None if value is None else value.value
    for name in _TIMES:
        value = getattr(case, name)
        out[name] = None if value is None else value.isoformat()
    for name in _IDS:
        value = getattr(case, name)
        out[name] = None if value is None else str(value)
    out["task"] = None if case.task is None else _task_json(case.task)
    out["filing"] = None if case.filing is None else _filing_json(case.filing)
    out["pending"] = [_pending_json(p) for p in case.pending]
    out["returned"] = None if case.returned is None else _returned_json(case.returned)
    out["clocks"] = [clock_json(clock) for clock in case.clocks]
    return {
        name: value
        for name, value in out.items()
        if value is not None and value != [] and not (name in _USUAL and value == _USUAL[name])
    }


def case_from(value: Mapping[str, Any]) -> Case:
    """The case of `case_json`."""
    parts: dict[str, Any] = {
        name: read(value[name]) for name, read in _READ.items() if name in value
    }
    parts |= {name: part for name, part in value.items() if name in _AS_IT_IS}
    return Case(**parts)


def _task_json(task: Task) -> list[Any]:
    return [task.kind.value, task.assignee, task.sent_at.isoformat()]


def _filing_json(filing: Filing) -> list[Any]:
    return [filing.condition, limit_json(filing.limit), filing.same_period]


def _returned_json(returned: Returned) -> list[Any]:
    return [returned.to, returned.by, returned.came_from.value, returned.note]


def _pending_json(pending: Pending) -> list[Any]:
    until = None if pending.until is None else pending.until.isoformat()
    return [
        *(pending.kind.value, pending.asked_by, pending.note, pending.endorsed),
        *(pending.at.isoformat(), pending.proposed, until),
    ]


def _pending_from(value: list[Any]) -> Pending:
    kind, asked_by, note, endorsed, at, proposed, until = value
    return Pending(
        PendingKind(kind),
        asked_by,
        note,
        endorsed,
        datetime.fromisoformat(at),
        proposed,
        None if until is None else datetime.fromisoformat(until),
    )


def _task_from(value: list[Any]) -> Task:
    kind, assignee, at = value
    return Task(TaskKind(kind), assignee, datetime.fromisoformat(at))


def _filing_from(value: list[Any]) -> Filing:
    condition, limit, same = value
    return Filing(condition, limit_from(limit), same)


def _returned_from(value: list[Any]) -> Returned:
    to, by, state, note = value
    return Returned(to, by, CaseState(state), note)


_AS_IT_IS = frozenset(_PLAIN)
#: How the parts that are no plain values are read; members by a table, for that is quicker.
_READ: dict[str, Callable[[Any], Any]] = {
    "id": UUID,
    "key": lambda parts: ClassKey(*parts),
    **{name: {e.value: e for e in kind}.__getitem__ for name, kind in _ENUMS.items()},
    **dict.fromkeys(_TIMES, datetime.fromisoformat),
    **dict.fromkeys(_IDS, UUID),
    **dict.fromkeys(_TUPLES, tuple),
    "task": _task_from,
    "filing": _filing_from,
    "returned": _returned_from,
    "pending": lambda all_: tuple([_pending_from(p) for p in all_]),
    "clocks": lambda all_: tuple([clock_from(c) for c in all_]),
}
