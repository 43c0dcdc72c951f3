"""Cases in an SQL database: the port ``cityops.services.case_values.CaseRepo``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import orjson
from sqlalchemy import and_, bindparam, case, func, insert, or_, select, update

from cityops.services.case_values import (
    CaseFilter,
    CaseRecord,
    CaseScope,
    PhotoRecord,
    UsedClass,
    read_time,
    stored_time,
)
from cityops.services.grid.recompute import ACTION as RECOMPUTE
from cityops.services.ports import Box
from cityops.store.case_filters import matching, narrowed, newest_of, parts_of
from cityops.store.case_rows import (
    case_of,
    case_values,
    fact_values,
    photo_of,
    photo_values,
    step_of,
    step_values,
)
from cityops.store.dialect import json_text
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

if TYPE_CHECKING:
    from cityops.store.unit import Unit

_case = CaseRow.__table__
_step = CaseStep.__table__
_photo = CasePhoto.__table__
_counter = CaseCounter.__table__
_key = CaseKey.__table__
_fact = CaseFact.__table__
_CHUNK = 500
#: More cases than this are never looked at around a place.
_AROUND = 500
#: Statements of every act, built once.
_NEW_CASE, _NEW_STEP, _NEW_FACT, _NEW_KEY = (insert(t) for t in (_case, _step, _fact, _key))
_CHANGED_CASE = update(_case).where(_case.c.seq == bindparam("of_seq"))
_CHANGED_FACT = update(_fact).where(_fact.c.case_seq == bindparam("of_seq"))
_ONE_CASE = select(_case).where(_case.c.id == bindparam("of_id"))
_HISTORY = select(_step).where(_step.c.case_seq == bindparam("of_seq")).order_by(_step.c.number)
_PHOTOS_OF_ONE = (
    select(_photo).where(_photo.c.case_seq == bindparam("of_seq")).order_by(_photo.c.id)
)
_ACT_OF_KEY = (
    select(_case.c.id, _key.c.digest)
    .join(_case, _case.c.seq == _key.c.case_seq)
    .where(_key.c.key == bindparam("of_key"))
)
_seqs = bindparam("seqs", expanding=True)
_PHOTOS = select(_photo).where(_photo.c.case_seq.in_(_seqs)).order_by(_photo.c.id)
_numbers = (
    select(_step.c.case_seq, func.max(_step.c.number).label("number"))
    .where(_step.c.case_seq.in_(_seqs))
    .group_by(_step.c.case_seq)
    .subquery()
)
_LAST_STEPS = select(_step).join(
    _numbers,
    and_(_step.c.case_seq == _numbers.c.case_seq, _step.c.number == _numbers.c.number),
)


class SqlCaseRepo:
    """Cases of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection

    def find(self, case_id: UUID) -> CaseRecord | None:
        """The case, or None."""
        found = self._connection.execute(_ONE_CASE, {"of_id": str(case_id)}).first()
        return None if found is None else case_of(found)

    def add(self, record: CaseRecord, step: Entry) -> CaseRecord:
        """Store a new case with its first history entry; gives it with its ``seq``."""
        done = self._connection.execute(_NEW_CASE, case_values(record))
        key = done.inserted_primary_key
        kept = replace(record, seq=int(key[0]) if key else 0)
        self._add_step(kept.seq, step)
        return kept

    def add_many(self, records: Sequence[CaseRecord], steps: Sequence[Entry]) -> int:
        """Store many new cases, one first entry each; gives how many."""
        if not records:
            return 0
        self._connection.execute(insert(_case), [case_values(r) for r in records])
        seqs: dict[str, int] = {}
        ids = [str(r.id) for r in records]
        for at in range(0, len(ids), _CHUNK):
            some = select(_case.c.id, _case.c.seq).where(_case.c.id.in_(ids[at : at + _CHUNK]))
            seqs |= {row.id: row.seq for row in self._connection.execute(some)}
        self._connection.execute(
            insert(_step),
            [step_values(seqs[i], step) for i, step in zip(ids, steps, strict=True)],
        )
        return len(records)

    def change(self, record: CaseRecord, step: Entry) -> CaseRecord:
        """Store what a move changed and its history entry; raises the version by one."""
        kept = replace(record, version=record.version + 1)
        self._connection.execute(_CHANGED_CASE, case_values(kept) | {"of_seq": record.seq})
        self._add_step(record.seq, step)
        return kept

    def history(self, seq: int) -> list[Entry]:
        """All entries of a case, in order."""
        return [step_of(row) for row in self._connection.execute(_HISTORY, {"of_seq": seq})]

    def page(
        self, scope: CaseScope, wanted: CaseFilter, *, after: int | None, limit: int
    ) -> tuple[list[CaseRecord], int]:
        """Cases in scope, newest first, with ``seq`` < `after`; and how many match in all."""
        newest = newest_of(scope, wanted, after, limit)
        query = select(_case).where(_case.c.seq.in_(newest)).order_by(_case.c.seq.desc())
        found = [case_of(row) for row in self._connection.execute(query.limit(limit))]
        return found, self.count(scope, wanted)

    def count(self, scope: CaseScope, wanted: CaseFilter) -> int:
        """How many cases in scope match."""
        match = matching(wanted)
        counted = [
            self._connection.execute(
                select(func.count()).select_from(_case).where(narrowed(part, match, wanted))
            ).scalar()
            for part in parts_of(scope)
        ]
        return sum(int(n or 0) for n in counted)

    def counts(self, scope: CaseScope) -> Mapping[CaseState, int]:
        """How many cases in scope stand in each state; states without one are left out."""
        found: Counter[CaseState] = Counter()
        for part in parts_of(scope):
            query = select(_case.c.state, func.count()).where(part).group_by(_case.c.state)
            for state, n in self._connection.execute(query):
                found[CaseState(state)] += int(n)
        return found

    def last_steps(self, seqs: Sequence[int]) -> Mapping[int, Entry]:
        """The newest history entry of each of some cases."""
        found = self._connection.execute(_LAST_STEPS, {"seqs": list(seqs)})
        return {row.case_seq: step_of(row) for row in found}

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
        one = len(seqs) == 1
        query, given = (_PHOTOS_OF_ONE, {"of_seq": seqs[0]}) if one else (_PHOTOS, {"seqs": seqs})
        for row in self._connection.execute(query, given):
            out[row.case_seq].append(photo_of(row))
        return out

    def photo(self, seq: int, name: str) -> PhotoRecord | None:
        """One photo, or None."""
        query = select(_photo).where(_photo.c.case_seq == seq, _photo.c.name == name)
        row = self._connection.execute(query).first()
        return None if row is None else photo_of(row)

    def add_photo(self, seq: int, photo: PhotoRecord) -> None:
        """Store a new photo."""
        self._connection.execute(insert(_photo).values(case_seq=seq, **photo_values(photo)))

    def change_photo(self, seq: int, photo: PhotoRecord) -> None:
        """Store what became of a photo."""
        here = and_(_photo.c.case_seq == seq, _photo.c.name == photo.name)
        self._connection.execute(update(_photo).where(here).values(**photo_values(photo)))

    # -- what evaluation and clocks need ---------------------------------------------------------

    def put_facts(self, seq: int, row: FactRow, *, is_open: bool) -> None:
        """Keep what evaluation knows of a case, in place of what it knew."""
        values = fact_values(row, is_open=is_open)
        done = self._connection.execute(_CHANGED_FACT, values | {"of_seq": seq})
        if done.rowcount == 0:
            self._connection.execute(_NEW_FACT, values | {"case_seq": seq})

    def find_key(self, key: str) -> tuple[UUID, str] | None:
        """Case and digest of an act that was sent under a key, or None."""
        found = self._connection.execute(_ACT_OF_KEY, {"of_key": key}).first()
        return None if found is None else (UUID(found[0]), found[1])

    def add_key(self, key: str, seq: int, digest: str, at: datetime) -> None:
        """Remember under which key an act was sent."""
        row = {"key": key, "case_seq": seq, "digest": digest, "at": stored_time(at)}
        self._connection.execute(_NEW_KEY, row)

    def around(self, box: Box, since: datetime) -> list[CaseRecord]:
        """Cases in a box in degrees that are open, or were reported or closed since a time.

        They stand in the order in which they came. Where there are too many, the newest are given.
        """
        west, south, east, north = box
        c = _case.c
        place = and_(c.lon.between(west, east), c.lat.between(south, north))
        begin = stored_time(since)
        lately = or_(c.closed_at.is_(None), c.reported_at >= begin, c.closed_at >= begin)
        query = select(_case).where(place, lately).order_by(c.seq.desc()).limit(_AROUND)
        found = [case_of(row) for row in self._connection.execute(query)]
        return found[::-1]

    def open_naming(self, named: str) -> list[CaseRecord]:
        """Cases that have not ended and in which a code or number stands, and perhaps others."""
        c, ended = _case.c, [state.value for state in END_STATES]
        stands = c.flow.contains(named, autoescape=True)
        query = select(_case).where(c.state.not_in(ended), stands).order_by(c.seq)
        return [case_of(row) for row in self._connection.execute(query)]

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

    def suspended(self) -> list[tuple[UUID, datetime | None]]:
        """Cases that are suspended, and until when."""
        c = _case.c
        until = json_text(c.flow, "suspended_until")
        query = select(c.id, until).where(c.state == CaseState.SUSPENDED.value).order_by(c.seq)
        return [(UUID(i), read_time(text)) for i, text in self._connection.execute(query)]

    def has_copies(self, case_id: UUID) -> bool:
        """Whether other cases are linked to a case."""
        query = select(_case.c.seq).where(_case.c.merged_into == str(case_id)).limit(1)
        return self._connection.execute(query).first() is not None

    def _add_step(self, seq: int, step: Entry) -> None:
        self._connection.execute(_NEW_STEP, step_values(seq, step))
