"""Worlds, people and cases for the tests of the workflow."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from grid.classes import ClassKey
from grid.clock.clock import ClockKind, start_clock, stop
from grid.clock.limit import limit_of
from grid.clock.shipped import shipped_calendars
from grid.clock.stages import shipped_stage_limits
from grid.flow.case import Actor, Case, Filing, Pending, Request, Task
from grid.flow.settings import shipped_flow_settings
from grid.flow.states import (
    AppealState,
    CaseAction,
    CaseSource,
    CaseState,
    PendingKind,
    Post,
    TaskKind,
)
from grid.flow.world import World

NOW = datetime.fromisoformat("2026-11-24T10:00:00+08:00")
ID = UUID("7a5f0f1e-6a44-4f5e-9f43-0d7f9a3c1e55")
OTHER = UUID("0b0e4d3c-1111-4222-8333-444455556666")
KEY = ClassKey("event", "GB/T 30428.2-2013", "0401")
FILING = Filing("YC-E0401-1", limit_of(2, "work_day"))
#: Inputs of every kind at once, so that no refusal is for want of one.
FULL = Request(
    note="说明",
    department="urban",
    handler=7,
    filing=FILING,
    proposed="traffic",
    until=NOW + timedelta(days=30),
    photos=1,
    target=OTHER,
)


def full(action: CaseAction) -> Request:
    """Inputs of every kind; a case is forwarded to a centre, not to a department."""
    return replace(FULL, department="lower") if action is CaseAction.FORWARD else FULL


ROLE_OF = {
    Post.COLLECTOR: "inspector",
    Post.ACCEPTOR: "acceptor",
    Post.FILER: "shift_leader",
    Post.DISPATCHER: "dispatcher",
    Post.DEPARTMENT: "department",
    Post.LEADER: "chief",
    Post.SYSTEM: "system",
}
SETTINGS = replace(
    shipped_flow_settings(),
    posts=tuple((post, frozenset({role})) for post, role in ROLE_OF.items()),
)
OWN, FOREIGN = 7, 8


def world(now: datetime = NOW, **more) -> World:
    parts = {
        "now": now,
        "book": shipped_calendars(),
        "stages": shipped_stage_limits(),
        "settings": SETTINGS,
        "departments": frozenset({"urban", "traffic", "drainage"}),
        "centres": frozenset({"district", "lower"}),
    }
    return World(**(parts | more))


def person(post: Post, *, owner: bool = True, identity: int | None = None, **more) -> Actor:
    """Somebody who holds a post; with `owner` the case is theirs in every sense."""
    department = "urban" if owner else "traffic"
    if post is Post.DISPATCHER:
        department = "district" if owner else "elsewhere"
    who = identity if identity is not None else (OWN if owner else FOREIGN)
    if post is Post.SYSTEM:
        who = 0
    return Actor(who, "某人", frozenset({ROLE_OF[post]}), more.get("department", department))


def ready(state: CaseState, action: CaseAction | None = None) -> Case:
    """A case in a state, such that no guard of `action` speaks against it."""
    case = Case(
        id=ID,
        state=state,
        source=CaseSource.PATROL,
        key=KEY,
        reported_at=NOW,
        last_at=NOW,
        reporter=1,
        photos=1,
        photos_after=1,
        self_disposal=True,
        accepted_by=101,
        filed_by=102,
        filing=FILING,
        centre="district",
        inspection="passed",
        clocks=(start_clock(ClockKind.DISPOSE, FILING.limit, NOW),),
    )
    if state in (CaseState.VERIFYING, CaseState.INSPECTING):
        kind = TaskKind.VERIFY if state is CaseState.VERIFYING else TaskKind.INSPECT
        case = replace(case, task=Task(kind, OWN, NOW))
    if state in _IN_HAND:
        case = replace(case, department="urban", departments=("urban",))
    if state is CaseState.DISPOSING:
        case = replace(case, handler=OWN)
    if state is CaseState.CLOSED:
        case = replace(case, was_late=True, clocks=(stop(case.clocks[0], NOW),))
    return _for_action(case, action)


_IN_HAND = (
    CaseState.TO_DISPOSE,
    CaseState.DISPOSING,
    CaseState.SUSPENDED,
    CaseState.TO_INSPECT,
    CaseState.INSPECTING,
    CaseState.TO_CLOSE,
    CaseState.CLOSED,
)
_ASKED = {
    "void": PendingKind.VOID,
    "return": PendingKind.RETURN,
    "extension": PendingKind.EXTENSION,
    "suspension": PendingKind.SUSPENSION,
}


def _for_action(case: Case, action: CaseAction | None) -> Case:
    if action is None:
        return case
    verb, _, kind = action.value.partition("_")
    if verb in ("grant", "deny", "endorse") and kind in _ASKED:
        until = NOW + timedelta(days=9)
        asked = Pending(_ASKED[kind], OWN, "申请", verb != "endorse", NOW, "traffic", until)
        case = replace(case, pending=(asked,))
    if (
        action in (CaseAction.HAND_BACK, CaseAction.REJECT_WORK)
        and case.state is CaseState.DISPOSING
    ):
        case = replace(case, submitted=True)
    if action is CaseAction.DESIGNATE:
        case = replace(case, return_count=3)
    if action is CaseAction.UNLINK:
        case = replace(case, merged_into=OTHER)
    appeal = {
        CaseAction.PASS_APPEAL: AppealState.ASKED,
        CaseAction.GRANT_APPEAL: AppealState.PASSED,
        CaseAction.DENY_APPEAL: AppealState.ASKED,
    }
    return replace(case, appeal=appeal.get(action, case.appeal))
