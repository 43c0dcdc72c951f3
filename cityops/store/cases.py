"""Cases in an SQL database: the port ``cityops.services.case_values.CaseRepo``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    false,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from cityops.services.case_values import (
    CaseFilter,
    CaseRecord,
    CaseScope,
    PhotoRecord,
    UsedClass,
    Waiting,
    read_time,
    stored_time,
)
from cityops.services.grid.recompute import ACTION as RECOMPUTE
from cityops.services.ports import Box
from cityops.store.models.cases import (
    CaseCounter,
    CaseFact,
    CaseKey,
    CasePhoto,
    CaseRow,
    CaseStep,
)
from grid.classes import ClassKey
from grid.evaluation.from_case import FactRow
from grid.flow.case import Entry
from grid.flow.states import END_STATES, CaseSource, CaseState
from grid.flow.stored import case_from, case_json
from grid.flow.turn import turn_name, turn_of

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_case = CaseRow.__table__
_step = CaseStep.__table__
_photo = CasePhoto.__table__
_counter = CaseCounter.__table__
_key = CaseKey.__table__
_fact = CaseFact.__table__
_CHUNK = 500
#: Statements of every act, built once.
_NEW_CASE, _NEW_STEP, _NEW_FACT, _NEW_KEY = (insert(t) for t in (_case, _step, _fact, _key))
_CHANGED_CASE = update(_case).where(_case.c.seq == bindparam("of_seq"))
_CHANGED_FACT = update(_fact).where(_fact.c.case_seq == bindparam("of_seq"))


class SqlCaseRepo:
    """Cases of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection

    def find(self, case_id: UUID) -> CaseRecord | None:
        """The case, or None."""
        row = self._connection.execute(select(_case).where(_case.c.id == str(case_id))).mappings()
        found = row.first()
        return None if found is None else _record(found)

    def add(self, record: CaseRecord, step: Entry) -> CaseRecord:
        """Store a new case with its first history entry; gives it with its ``seq``."""
        done = self._connection.execute(_NEW_CASE, _values(record))
        key = done.inserted_primary_key
        kept = replace(record, seq=int(key[0]) if key else 0)
        self._add_step(kept.seq, step)
        return kept

    def add_many(self, records: Sequence[CaseRecord], steps: Sequence[Entry]) -> int:
        """Store many new cases, one first entry each; gives how many."""
        if not records:
            return 0
        self._connection.execute(insert(_case), [_values(r) for r in records])
        seqs: dict[str, int] = {}
        ids = [str(r.id) for r in records]
        for at in range(0, len(ids), _CHUNK):
            some = select(_case.c.id, _case.c.seq).where(_case.c.id.in_(ids[at : at + _CHUNK]))
            seqs |= {row.id: row.seq for row in self._connection.execute(some)}
        self._connection.execute(
            insert(_step),
            [_step_values(seqs[i], step) for i, step in zip(ids, steps, strict=True)],
        )
        return len(records)

    def change(self, record: CaseRecord, step: Entry) -> CaseRecord:
        """Store what a move changed and its history entry; raises the version by one."""
        kept = replace(record, version=record.version + 1)
        self._connection.execute(_CHANGED_CASE, _values(kept) | {"of_seq": record.seq})
        self._add_step(record.seq, step)
        return kept

    def history(self, seq: int) -> list[Entry]:
        """All entries of a case, in order."""
        query = select(_step).where(_step.c.case_seq == seq).order_by(_step.c.number)
        return [_step_of(row) for row in self._connection.execute(query).mappings()]

    def page(
        self, scope: CaseScope, wanted: CaseFilter, *, after: int | None, limit: int
    ) -> tuple[list[CaseRecord], int]:
        """Cases in scope, newest first, with ``seq`` < `after`; and how many match in all."""
        match = and_(_in_scope(scope), _matching(wanted))
        total = self._connection.execute(select(func.count()).where(match)).scalar() or 0
        query = select(_case).where(match).order_by(_case.c.seq.desc()).limit(limit)
        if after is not None:
            query = query.where(_case.c.seq < after)
        rows = self._connection.execute(query).mappings()
        return [_record(row) for row in rows], int(total)

    def counts(self, scope: CaseScope) -> Mapping[CaseState, int]:
        """How many cases in scope stand in each state; states without one are left out."""
        query = select(_case.c.state, func.count()).where(_in_scope(scope)).group_by(_case.c.state)
        return {CaseState(state): int(n) for state, n in self._connection.execute(query)}

    def last_steps(self, seqs: Sequence[int]) -> Mapping[int, Entry]:
        """The newest history entry of each of some cases."""
        numbers = (
            select(_step.c.case_seq, func.max(_step.c.number).label("number"))
            .where(_step.c.case_seq.in_(list(seqs)))
            .group_by(_step.c.case_seq)
            .subquery()
        )
        same = and_(_step.c.case_seq == numbers.c.case_seq, _step.c.number == numbers.c.number)
        query = select(_step).join(numbers, same)
        return {r["case_seq"]: _step_of(r) for r in self._connection.execute(query).mappings()}

    def next_number(self, prefix: str) -> int:
        """The next running number of a prefix, from 1."""
        here = _counter.c.prefix == prefix
        done = self._connection.execute(
            update(_counter).where(here).values(last=_counter.c.last + 1)
        )
        if done.rowcount == 0:
            self._connection.execute(insert(_counter).values(prefix=prefix, last=1))
        return int(self._connection.execute(select(_counter.c.last).where(here)).scalar_one())

    def recent_classes(self, reporter_id: int, limit: int, since: datetime) -> list[UsedClass]:
        """Classes that a person reported last, newest first, each once; counted from `since` on."""
        c = _case.c
        names = (c.class_domain, c.class_scheme, c.class_code)
        lately = case((c.reported_at >= stored_time(since), 1), else_=0)
        query = (
            select(*names, func.max(c.class_name), func.sum(lately), func.max(c.reported_at))
            .where(c.reporter_id == reporter_id, c.source != CaseSource.IMPORT.value)
            .group_by(*names)
            .order_by(func.max(c.seq).desc())
            .limit(limit)
        )
        return [
            UsedClass(ClassKey(d, s, k), name, int(times), datetime.fromisoformat(last))
            for d, s, k, name, times, last in self._connection.execute(query)
        ]

    def existing(self, ids: Sequence[UUID]) -> set[UUID]:
        """Which of `ids` are stored."""
        found: set[UUID] = set()
        texts = [str(i) for i in ids]
        for at in range(0, len(texts), _CHUNK):
            query = select(_case.c.id).where(_case.c.id.in_(texts[at : at + _CHUNK]))
            found |= {UUID(i) for (i,) in self._connection.execute(query)}
        return found

    def photos(self, seqs: Sequence[int]) -> Mapping[int, list[PhotoRecord]]:
        """Photos by case, in the order of arrival."""
        out: defaultdict[int, list[PhotoRecord]] = defaultdict(list)
        query = select(_photo).where(_photo.c.case_seq.in_(list(seqs))).order_by(_photo.c.id)
        for row in self._connection.execute(query).mappings():
            out[row["case_seq"]].append(_photo_of(row))
        return out

    def photo(self, seq: int, name: str) -> PhotoRecord | None:
        """One photo, or None."""
        query = select(_photo).where(_photo.c.case_seq == seq, _photo.c.name == name)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _photo_of(row)

    def add_photo(self, seq: int, photo: PhotoRecord) -> None:
        """Store a new photo."""
        self._connection.execute(insert(_photo).values(case_seq=seq, **_photo_values(photo)))

    def change_photo(self, seq: int, photo: PhotoRecord) -> None:
        """Store what became of a photo."""
        here = and_(_photo.c.case_seq == seq, _photo.c.name == photo.name)
        self._connection.execute(update(_photo).where(here).values(**_photo_values(photo)))

    # -- what evaluation and clocks need ---------------------------------------------------------

    def put_facts(self, seq: int, row: FactRow, *, is_open: bool) -> None:
        """Keep what evaluation knows of a case, in place of what it knew."""
        values = _fact_values(row, is_open=is_open)
        done = self._connection.execute(_CHANGED_FACT, values | {"of_seq": seq})
        if done.rowcount == 0:
            self._connection.execute(_NEW_FACT, values | {"case_seq": seq})

    def find_key(self, key: str) -> tuple[UUID, str] | None:
        """Case and digest of an act that was sent under a key, or None."""
        same = _case.c.seq == _key.c.case_seq
        query = select(_case.c.id, _key.c.digest).join(_case, same).where(_key.c.key == key)
        found = self._connection.execute(query).first()
        return None if found is None else (UUID(found[0]), found[1])

    def add_key(self, key: str, seq: int, digest: str, at: datetime) -> None:
        """Remember under which key an act was sent."""
        row = {"key": key, "case_seq": seq, "digest": digest, "at": stored_time(at)}
        self._connection.execute(_NEW_KEY, row)

    def around(self, box: Box, since: datetime) -> list[CaseRecord]:
        """Cases in a box in degrees that are open, or were reported since a time, oldest first.

        Where there are too many, the newest are given.
        """
        west, south, east, north = box
        c = _case.c
        place = and_(c.lon.between(west, east), c.lat.between(south, north))
        lately = or_(c.closed_at.is_(None), c.reported_at >= stored_time(since))
        query = select(_case).where(place, lately).order_by(c.seq.desc()).limit(_AROUND)
        found = [_record(row) for row in self._connection.execute(query).mappings()]
        return found[::-1]

    def open_naming(self, named: str) -> list[CaseRecord]:
        """Cases that have not ended and in which a code or number stands, and perhaps others."""
        c, ended = _case.c, [state.value for state in END_STATES]
        stands = c.flow.contains(named, autoescape=True)
        query = select(_case).where(c.state.not_in(ended), stands).order_by(c.seq)
        return [_record(row) for row in self._connection.execute(query).mappings()]

    def due_changes(self, seq: int) -> list[tuple[str, str | None, str | None]]:
        """(when, before, after) of every deadline of a case that a calendar moved."""
        c = _step.c
        query = (
            select(c.at, c.details)
            .where(c.case_seq == seq, c.action == RECOMPUTE)
            .order_by(c.number)
        )
        told = [(at, orjson.loads(details)) for at, details in self._connection.execute(query)]
        return [(at, d["before"] or None, d["after"] or None) for at, d in told]

    def suspended(self) -> list[UUID]:
        """Cases that are suspended."""
        c = _case.c
        query = select(c.id).where(c.state == CaseState.SUSPENDED.value).order_by(c.seq)
        return [UUID(i) for (i,) in self._connection.execute(query)]

    def _add_step(self, seq: int, step: Entry) -> None:
        self._connection.execute(_NEW_STEP, _step_values(seq, step))


#: More cases than this are never looked at around a place.
_AROUND = 500


def _fact_values(row: FactRow, *, is_open: bool) -> dict[str, Any]:
    plain = ("bits", "reworks", "extensions", "returns", "bodies", "overtime")
    return {name: getattr(row, name) for name in plain} | {
        "reported": int(row.reported_at.timestamp()),
        "deadline": None if row.deadline is None else int(row.deadline.timestamp()),
        "is_open": is_open,
        **row.keys,
    }


def _in_scope(scope: CaseScope) -> ColumnElement[bool]:
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


def _matching(wanted: CaseFilter) -> ColumnElement[bool]:
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


def _values(record: CaseRecord) -> dict[str, Any]:
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
        "flags": orjson.dumps(list(record.flags)).decode(),
        "extra": orjson.dumps(dict(record.extra), default=str).decode(),
    }


def _record(row: Mapping[Any, Any]) -> CaseRecord:
    flow = case_from(orjson.loads(row["flow"]))
    reported = read_time(row["reported_at"])
    if reported is None:
        raise ValueError("case without a time of report")
    return CaseRecord(
        flow=flow,
        class_key=ClassKey(row["class_domain"], row["class_scheme"], row["class_code"]),
        reported_at=reported,
        device_time=read_time(row["device_time"]),
        due_at=read_time(row["due_at"]),
        flags=tuple(orjson.loads(row["flags"])),
        extra=orjson.loads(row["extra"]),
        **{
            name: row[name]
            for name in (
                *("seq", "number", "digest", "version", "reporter_id", "reporter_name"),
                *("class_name", "description", "lon", "lat", "accuracy_m", "address", "cell"),
                *("area", "component", "device_offset_s", "suggested"),
            )
        },
    )


def _step_values(seq: int, step: Entry) -> dict[str, Any]:
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


def _step_of(row: Mapping[Any, Any]) -> Entry:
    at = read_time(row["at"])
    if at is None:
        raise ValueError("history entry without a time")
    return Entry(
        number=row["number"],
        action=row["action"],
        before=None if row["before"] is None else CaseState(row["before"]),
        after=CaseState(row["after"]),
        actor_id=row["actor_id"],
        actor_name=row["actor_name"],
        post=row["role"],
        at=at,
        note=row["note"],
        department=row["department"],
        receiver=row["receiver"],
        used_s=row["used_s"],
        late=row["late"],
        details=orjson.loads(row["details"]),
    )


_PHOTO_PLAIN = (
    *("name", "kind", "original", "media_type", "width", "height", "size", "copy"),
    *("thumbnail", "state", "uploaded_by"),
)


def _photo_values(photo: PhotoRecord) -> dict[str, Any]:
    return {name: getattr(photo, name) for name in _PHOTO_PLAIN} | {
        "flags": orjson.dumps(list(photo.flags)).decode(),
        "uploaded_at": stored_time(photo.uploaded_at),
    }


def _photo_of(row: Mapping[Any, Any]) -> PhotoRecord:
    at = read_time(row["uploaded_at"])
    if at is None:
        raise ValueError("photo without a time")
    return PhotoRecord(
        flags=tuple(orjson.loads(row["flags"])),
        uploaded_at=at,
        **{name: row[name] for name in _PHOTO_PLAIN},
    )
