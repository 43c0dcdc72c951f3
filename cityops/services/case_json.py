"""A case as JSON, for the person who asks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from cityops.services.case_clocks import deadlines_json, stage_deadline
from cityops.services.case_engine import CaseFile
from cityops.services.case_engine import deadline as deadline_of
from cityops.services.case_people import collectors_of, handlers_of
from cityops.services.case_values import CaseRecord, PhotoRecord, shown_time
from cityops.services.case_view import CaseView
from cityops.services.roles import ROLE_TITLES, Person, Role
from gis.errors import CityError
from grid.clock.clock import Clock, ClockKind, Light, light
from grid.duty import departments
from grid.flow.case import Entry, Pending
from grid.flow.states import (
    ACTION_TITLES,
    SOURCE_TITLES,
    STATE_TITLES,
    CaseAction,
    Post,
)
from grid.flow.world import World
from grid.schemes.values import AreaClass, FilingCondition

#: Roles that may know who reported; a handler may not.
_KNOW_REPORTER = frozenset(
    {
        Role.INSPECTOR,
        Role.ACCEPTOR,
        Role.SHIFT_LEADER,
        Role.DISPATCHER,
        Role.STREET_OFFICER,
        Role.DATA_MANAGER,
        Role.AUDITOR,
    }
)
#: Posts under which a collector is written down, now and before there were posts.
_COLLECTORS = (Post.COLLECTOR.value, Role.INSPECTOR.value)
REPORT = "report"
IMPORT = "import"
_FIRST = {
    REPORT: "上报",
    IMPORT: "导入",
    "organisation": "机构调整",
    "recompute": "时限重算",
    "return": "回退",
}
#: Details of an act that everybody may read who sees the case; people are named elsewhere.
_TOLD = ("condition", "department", "suggested", "proposed", "until", "target")
_ROLE_NAMES = {role.value: title.zh for role, title in ROLE_TITLES.items()}
#: Posts under the names of the roles that usually hold them.
_ROLE_NAMES |= {
    Post.COLLECTOR.value: ROLE_TITLES[Role.INSPECTOR].zh,
    Post.FILER.value: ROLE_TITLES[Role.SHIFT_LEADER].zh,
    Post.LEADER.value: ROLE_TITLES[Role.SHIFT_LEADER].zh,
    Post.SYSTEM.value: "系统",
}


def news_of(record: CaseRecord) -> dict[str, Any]:
    """What the outbox says of a case: identity, standing, and who may hear of it."""
    return {
        "id": str(record.id),
        "number": record.number,
        "state": record.flow.state.value,
        "area": record.area,
        "department": record.flow.department,
        "version": record.version,
    }


def brief(
    record: CaseRecord, photos: Sequence[PhotoRecord], view: CaseView, *, last: Entry | None
) -> dict[str, Any]:
    """A case as a row of a list.

    Parameters
    ----------
    last
        The newest entry of its history: since when it stands where it stands.
    """
    flow, world = record.flow, view.world
    suggested = record.suggested if record.suggested in world.departments else None
    deadline = stage_deadline(flow, world)
    return {
        "id": str(record.id),
        "number": record.number,
        "version": record.version,
        "domain": record.class_key.domain,
        "scheme": record.class_key.scheme,
        "class_code": record.class_key.code,
        "class_title": record.class_name,
        "state": flow.state.value,
        "state_title": STATE_TITLES[flow.state].zh,
        "ended": not flow.is_open,
        "source": flow.source.value,
        "source_title": SOURCE_TITLES[flow.source].zh,
        "description": record.description,
        "position": record.position,
        "accuracy_m": record.accuracy_m,
        "address": record.address,
        "place_title": view.place_title(record),
        "cell_code": record.cell,
        "area": record.area or None,
        "component": record.component,
        "department": flow.department,
        "department_title": _department_title(flow.department),
        "suggested_department": suggested,
        "suggested_department_title": _department_title(suggested),
        "reported_at": shown_time(record.reported_at),
        "moved_at": shown_time(record.reported_at if last is None else last.at),
        "due_at": shown_time(record.due_at),
        "light": _light(flow.clock(ClockKind.DISPOSE), deadline, world),
        "deadline": deadline,
        "closed_at": shown_time(flow.closed_at),
        "rework_count": flow.rework_count,
        "return_count": flow.return_count,
        "condition": None if flow.filing is None else flow.filing.condition or None,
        "self_disposal": flow.self_disposal,
        "merged_into": None if flow.merged_into is None else str(flow.merged_into),
        "flags": list(record.flags),
        "photos": [photo_json(record, photo) for photo in photos],
        "actions": view.actions(record),
    }


def whole(case: CaseFile, view: CaseView, person: Person) -> dict[str, Any]:
    """A case with its history and what the person may do next."""
    record, history, flow = case.record, case.history, case.record.flow
    knows = person.has(*_KNOW_REPORTER) or record.reporter_id == person.id
    row = brief(record, case.photos, view, last=history[-1] if history else None)
    accept = deadline_of(flow.clock(ClockKind.ACCEPT), view.world)
    return row | {
        "blocked": view.blocked(record),
        "reporter_title": record.reporter_name if knows else None,
        "device_time": shown_time(record.device_time),
        "device_offset_s": record.device_offset_s,
        "verified": flow.verified,
        "area_class": None if flow.area_class is None else flow.area_class.value,
        "areas": {
            level: None if name is None else name.as_dict()
            for level, name in view.lookup.levels_of(record.area).items()
        },
        "history": [_step_json(step, knows=knows) for step in history],
        "departments": _departments(record, view.world),
        **_suggestion(record),
        "accept_due_at": shown_time(accept),
        "deadlines": deadlines_json(flow, view.world),
        "conditions": [
            condition_json(c, flow.area_class) for c in view.conditions(record.class_key)
        ],
        "pending": [_pending_json(p) for p in flow.pending],
        "suspended_until": shown_time(flow.suspended_until),
        "was_late": flow.was_late,
        "exempt": flow.exempt,
    }


def _suggestion(record: CaseRecord) -> dict[str, Any]:
    """How the suggested department came about, and what the reporter thinks it is."""
    extra = record.extra
    return {
        "suggested_by": extra.get("suggested_by"),
        "reasons": extra.get("reasons", []),
        "runner_up": extra.get("runner_up"),
        "runner_up_m": extra.get("runner_up_m"),
        "wanted_condition": extra.get("condition"),
    }


def condition_json(condition: FilingCondition, area: AreaClass | None) -> dict[str, Any]:
    """A filing condition to choose, with what it allows here."""
    limit = condition.limit_for(area)
    return {
        "id": condition.id,
        "title": condition.trigger.zh,
        "closing": condition.closing.zh,
        "limit": None if limit is None else limit.told,
        "limits": [
            {
                "area": None if step.area is None else step.area.value,
                "action": step.action,
                "limit": step.limit.told,
            }
            for step in condition.limits
        ],
        "source": condition.origin.source,
        "confidence": condition.origin.confidence.value,
    }


def people_json(tx: Any, record: CaseRecord, acts: Collection[str]) -> dict[str, Any]:
    """Who has the case by name, and who may be chosen where an open act asks for somebody."""
    chosen = record.flow.handler
    account = None if chosen is None else tx.accounts.numbered(chosen)
    sends = {CaseAction.ASK_VERIFY, CaseAction.ASK_INSPECT} & set(acts)
    handlers = handlers_of(tx, record) if CaseAction.ASSIGN in acts else []
    collectors = collectors_of(tx, record) if sends else []
    return {
        "handler_title": None if account is None else account.name,
        "handlers": [{"id": one.id, "title": one.name} for one in handlers],
        "collectors": [{"id": one.id, "title": one.name} for one in collectors],
    }


def _pending_json(pending: Pending) -> dict[str, Any]:
    return {
        "kind": pending.kind.value,
        "note": pending.note,
        "endorsed": pending.endorsed,
        "proposed": pending.proposed,
        "until": shown_time(pending.until),
        "at": shown_time(pending.at),
    }


def _departments(record: CaseRecord, world: World) -> list[dict[str, str]]:
    """All departments, the suggested one first."""
    being = [d for d in departments().values() if d.code in world.departments]
    listed = sorted(being, key=lambda d: d.code != record.suggested)
    return [{"code": d.code, "title": d.title.zh} for d in listed]


def photo_json(record: CaseRecord, photo: PhotoRecord) -> dict[str, Any]:
    """A photo; addresses only once its copy without EXIF is there."""
    base = f"/api/v1/cases/{record.id}/photos/{photo.name}"
    ready = photo.state == "ready"
    return {
        "name": photo.name,
        "kind": photo.kind,
        "state": photo.state,
        "width": photo.width,
        "height": photo.height,
        "sha256": photo.original,
        "url": base if ready else None,
        "thumbnail_url": f"{base}?size=thumbnail" if ready else None,
        "uploaded_at": shown_time(photo.uploaded_at),
        "flags": list(photo.flags),
    }


def _department_title(code: str | None) -> str | None:
    if code is None:
        return None
    known = departments().get(code)
    return code if known is None else known.title.zh


def _step_json(step: Entry, *, knows: bool) -> dict[str, Any]:
    role = _ROLE_NAMES.get(step.post, step.post)
    hidden = not knows and (step.post in _COLLECTORS or step.action == REPORT)
    return {
        "number": step.number,
        "action": step.action,
        "title": _act_title(step.action),
        "before": None if step.before is None else step.before.value,
        "after": step.after.value,
        "at": shown_time(step.at),
        "actor_title": role if hidden or role == step.actor_name else f"{role} {step.actor_name}",
        "department": step.department,
        "department_title": _department_title(step.department),
        "note": step.note,
        "used_s": step.used_s,
        "late": step.late,
        "details": {k: v for k, v in step.details.items() if k in _TOLD},
    }


def _act_title(action: str) -> str:
    known = _FIRST.get(action)
    return known or (ACTION_TITLES[CaseAction(action)].zh if action in set(CaseAction) else action)


def _light(clock: Clock | None, told: dict[str, Any] | None, world: World) -> str:
    """The traffic light of the disposal; none without one, or where its calendar is not known."""
    if clock is None:
        return Light.NONE.value
    if told is not None and told["kind"] == ClockKind.DISPOSE.value:
        return str(told["light"])
    try:
        return light(clock, world.book, world.now).value
    except CityError:
        return Light.NONE.value
