"""Cases, history, photos and facts as rows of the database, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from cityops.services.case_values import CaseRecord, PhotoRecord, read_time, stored_time
from grid.classes import ClassKey
from grid.evaluation.from_case import FactRow
from grid.flow.case import Entry
from grid.flow.states import CaseState
from grid.flow.stored import case_from, case_json
from grid.flow.turn import turn_name, turn_of

_STATES = {state.value: state for state in CaseState}
_EMPTY: dict[str, Any] = {"[]": list, "{}": dict}


def case_values(record: CaseRecord) -> dict[str, Any]:
    """The row of a case, without its ``seq``."""
    flow = record.flow
    values = {
        name: getattr(record, name)
        for name in (
            *("number", "digest", "version", "reporter_id", "reporter_name", "class_name"),
            *("description", "lon", "lat", "accuracy_m", "address", "cell", "area", "component"),
            *("device_offset_s", "suggested"),
        )
    }
    times = {
        "device_time": record.device_time,
        "reported_at": record.reported_at,
        "due_at": record.due_at,
        "closed_at": flow.closed_at,
    }
    values |= {name: None if at is None else stored_time(at) for name, at in times.items()}
    return values | {
        "id": str(flow.id),
        "source": flow.source.value,
        "class_domain": record.class_key.domain,
        "class_scheme": record.class_key.scheme,
        "class_code": record.class_key.code,
        "state": flow.state.value,
        "department": flow.department,
        "assignee": flow.handler if flow.task is None else flow.task.assignee,
        "waits_for": turn_name(turn_of(flow)),
        "merged_into": None if flow.merged_into is None else str(flow.merged_into),
        "flow": orjson.dumps(case_json(flow)).decode(),
        "rework_count": flow.rework_count,
        "steps": flow.steps,
        "flags": orjson.dumps(record.flags).decode(),
        "extra": orjson.dumps(dict(record.extra), default=str).decode(),
    }


def case_of(row: Any) -> CaseRecord:
    """The case of a row of ``case_record``."""
    return CaseRecord(
        flow=case_from(orjson.loads(row.flow)),
        number=row.number,
        digest=row.digest,
        reporter_id=row.reporter_id,
        reporter_name=row.reporter_name,
        class_key=ClassKey(row.class_domain, row.class_scheme, row.class_code),
        class_name=row.class_name,
        description=row.description,
        reported_at=datetime.fromisoformat(row.reported_at),
        lon=row.lon,
        lat=row.lat,
        accuracy_m=row.accuracy_m,
        address=row.address,
        cell=row.cell,
        area=row.area,
        component=row.component,
        device_time=read_time(row.device_time),
        device_offset_s=row.device_offset_s,
        due_at=read_time(row.due_at),
        suggested=row.suggested,
        flags=tuple(_json(row.flags)),
        extra=_json(row.extra),
        version=row.version,
        seq=row.seq,
    )


def _json(text: str) -> Any:
    """What a small text of JSON holds; most of them are empty."""
    return _EMPTY[text]() if text in _EMPTY else orjson.loads(text)


def step_values(seq: int, step: Entry) -> dict[str, Any]:
    """The row of a history entry."""
    return {
        "case_seq": seq,
        "number": step.number,
        "action": step.action,
        "before": None if step.before is None else step.before.value,
        "after": step.after.value,
        "actor_id": step.actor_id,
        "actor_name": step.actor_name,
        "role": step.post,
        "at": stored_time(step.at),
        "note": step.note,
        "department": step.department,
        "receiver": step.receiver,
        "used_s": step.used_s,
        "late": step.late,
        "details": orjson.dumps(step.details).decode(),
    }


def step_of(row: Any) -> Entry:
    """The history entry of a row of ``case_step``."""
    return Entry(
        number=row.number,
        action=row.action,
        before=None if row.before is None else _STATES[row.before],
        after=_STATES[row.after],
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        post=row.role,
        at=datetime.fromisoformat(row.at),
        note=row.note,
        department=row.department,
        receiver=row.receiver,
        used_s=row.used_s,
        late=row.late,
        details=_json(row.details),
    )


_PHOTO_PLAIN = (
    *("name", "kind", "original", "media_type", "width", "height", "size", "copy"),
    *("thumbnail", "state", "uploaded_by"),
)


def photo_values(photo: PhotoRecord) -> dict[str, Any]:
    """The row of a photo, without its case."""
    return {name: getattr(photo, name) for name in _PHOTO_PLAIN} | {
        "flags": orjson.dumps(photo.flags).decode(),
        "uploaded_at": stored_time(photo.uploaded_at),
    }


def photo_of(row: Any) -> PhotoRecord:
    """The photo of a row of ``case_photo``."""
    return PhotoRecord(
        flags=tuple(_json(row.flags)),
        uploaded_at=datetime.fromisoformat(row.uploaded_at),
        **{name: getattr(row, name) for name in _PHOTO_PLAIN},
    )


def fact_values(row: FactRow, *, is_open: bool) -> dict[str, Any]:
    """The row of what evaluation knows of a case, without its case."""
    plain = ("bits", "reworks", "extensions", "returns", "bodies", "overtime")
    return {name: getattr(row, name) for name in plain} | {
        "reported": int(row.reported_at.timestamp()),
        "deadline": None if row.deadline is None else int(row.deadline.timestamp()),
        "is_open": is_open,
        **row.keys,
    }


def evidence_values(
    name: str, sha256: str, phash: int | None, alarms: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Columns of what is known of a photo; its hash as a signed number, as databases have them."""
    return {
        "name": name,
        "sha256": sha256,
        "phash": None if phash is None else phash - (2**64 if phash >= 2**63 else 0),
        "alarms": orjson.dumps(list(alarms)).decode(),
    }
