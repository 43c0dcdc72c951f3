"""Cases: report, look, list, move. The person comes first; what is out of scope is not there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from cityops.services.areas import AreaLookup, AreaService
from cityops.services.case_acts import Act
from cityops.services.case_classes import class_groups, offered_first
from cityops.services.case_engine import (
    filing_of,
    keep_facts,
    kin_around,
    routed,
    seen_of,
    with_deadline,
    with_photos,
)
from cityops.services.case_explain import explained
from cityops.services.case_filing import case_number, new_record
from cityops.services.case_json import (
    REPORT,
    actor_of,
    brief,
    condition_json,
    news_of,
    people_json,
    whole,
)
from cityops.services.case_people import check_named
from cityops.services.case_report import Report, check_report, find_where, source_for
from cityops.services.case_scope import not_found, require_scope, scope_of, waiting_for
from cityops.services.case_values import CaseFilter, CaseRecord, city_day
from cityops.services.grid.config import GridConfig, current_config
from cityops.services.hidden_looks import HiddenLooks
from cityops.services.ports import Box, Store
from cityops.services.roles import SYSTEM, Person
from gis.errors import CityError, ConflictError, StaleError
from grid.classes import ClassKey
from grid.clock.clock import ClockKind
from grid.flow.case import SYSTEM_ACTOR, Entry, Filing
from grid.flow.mover import move, refusal
from grid.flow.states import STATE_TITLES, CaseAction, CaseState

MAX_PAGE = 500
#: The program as one who acts by itself, not in anybody's name.
PROGRAM = replace(SYSTEM, roles=frozenset())
#: Over which the classes that a person used are counted.
LATELY = timedelta(days=30)


def now_utc() -> datetime:
    """The present time, aware."""
    return datetime.now(UTC)


class CaseService:
    """Cases of one store.

    Parameters
    ----------
    clock
        Gives the present time, aware.
    """

    def __init__(
        self, store: Store, areas: AreaService, clock: Callable[[], datetime] = now_utc
    ) -> None:
        self._store = store
        self._areas = areas
        self._clock = clock
        self._looks = HiddenLooks(store)

    def report(self, person: Person, given: Report) -> tuple[dict[str, Any], bool]:
        """Receive a report; gives the case, and whether it is new.

        The same report again gives the case as it is now. The server finds cell, area and
        suggested department itself.

        Raises
        ------
        ForbiddenError
            When the person may not report, or not there.
        InvalidError
            With every fault of the report.
        CrsError
            When the position is none of its reference system.
        ConflictError
            ``case.id_taken`` when the identity belongs to another report.
        """
        source = source_for(person, given.source)
        digest = given.digest(person.id)
        with self._store.reading() as tx:
            known = tx.cases.find(given.id)
        if known is not None:
            return self._again(person, known, digest), False
        with self._store.reading() as tx:
            config = current_config(tx)
            now = self._clock()
            check_report(given, config.schemes, city_day(now))
            where = find_where(tx, self._areas, person, given)
            decision = routed(tx, config, given.class_key, where, now)
        record, entry = new_record(person, given, source, where, decision, config, now)
        record = replace(record, digest=digest)
        with self._store.writing() as tx:
            known = tx.cases.find(given.id)
            if known is None:
                numbered = replace(record, number=case_number(tx, where.area, now))
                kept = tx.cases.add(numbered, entry)
                keep_facts(tx, kept, [entry], config.world(now))
                self._tell(tx, person, kept, REPORT, now)
                return self._whole(tx, kept, person, is_new=True), True
        return self._again(person, known, digest), False

    def _again(self, person: Person, known: CaseRecord, digest: str) -> dict[str, Any]:
        if known.digest != digest:
            raise ConflictError(
                "case.id_taken",
                "编号 {got} 已属于另一份上报",
                field="id",
                got=str(known.id),
                hint="内容改动后请作为新的上报发送",
            )
        with self._store.reading() as tx:
            return self._whole(tx, known, person)

    def get(self, person: Person, case_id: UUID) -> dict[str, Any]:
        """One case with history, photos and what may be done next.

        Raises
        ------
        NotFoundError
            When there is none, or none for this person; the latter is audited.
        """
        record = self.reach(person, case_id)
        with self._store.reading() as tx:
            return self._whole(tx, record, person)

    def reach(self, person: Person, case_id: UUID) -> CaseRecord:
        """The case as the store keeps it, when the person may see it.

        Raises
        ------
        NotFoundError
            When there is none, or none for this person; the latter is audited.
        """
        with self._store.reading() as tx:
            record: CaseRecord | None = tx.cases.find(case_id)
        if record is None or not scope_of(person).reaches(record):
            self._refuse_hidden(person, case_id, there=record is not None)
        return record

    def _refuse_hidden(self, person: Person, case_id: UUID, *, there: bool) -> NoReturn:
        """Answer as if there were no such case, and note the attempt when there is one.

        Raises
        ------
        NotFoundError
            Always.
        """
        if there:
            self._looks.note(person, "case.hidden", f"case:{case_id}")
        raise not_found(case_id)

    def page(
        self,
        person: Person,
        *,
        states: Sequence[CaseState] | None = None,
        class_code: str | None = None,
        domain: str | None = None,
        mine: bool = False,
        inbox: bool = False,
        area: str | None = None,
        box: Box | None = None,
        after: int | None = None,
        limit: int = 100,
    ) -> dict[str, Any]:
        """Cases newest first: ``{"cases", "total", "next"}``; `next` is None at the end.

        Raises
        ------
        ForbiddenError
            When the person has nothing to do with cases.
        """
        scope = require_scope(person)
        wanted = CaseFilter(
            states=None if states is None else tuple(states),
            class_code=class_code,
            domain=domain,
            reporter=person.id if mine else None,
            area=area,
            box=box,
            waiting=waiting_for(person) if inbox else None,
        )
        most = max(1, min(limit, MAX_PAGE))
        with self._store.reading() as tx:
            records, total = tx.cases.page(scope, wanted, after=after, limit=most)
            seqs = [r.seq for r in records]
            photos, steps = tx.cases.photos(seqs), tx.cases.last_steps(seqs)
            lookup = self._areas.lookup(tx)
            config, now = current_config(tx), self._clock()
        day, world, actor = city_day(now), config.world(now), actor_of(person)
        rows = [
            brief(
                with_photos(r, photos.get(r.seq, ())),
                photos.get(r.seq, ()),
                lookup,
                last=steps.get(r.seq),
                actor=actor,
                world=world,
                choices=len(config.schemes.conditions_of(r.class_key, day)),
            )
            for r in records
        ]
        more = records[-1].seq if len(records) == most and total > len(records) else None
        return {"cases": rows, "total": total, "next": more}

    def counts(self, person: Person) -> dict[str, Any]:
        """How many cases the person reaches: ``{"states": {state: n}, "inbox": n}``.

        Raises
        ------
        ForbiddenError
            When the person has nothing to do with cases.
        """
        scope = require_scope(person)
        waiting = CaseFilter(waiting=waiting_for(person))
        with self._store.reading() as tx:
            found = tx.cases.counts(scope)
            _, inbox = tx.cases.page(scope, waiting, after=None, limit=1)
        return {"states": {s.value: found.get(s, 0) for s in CaseState}, "inbox": inbox}

    def classes(self, person: Person) -> dict[str, Any]:
        """Classes that may be reported: ``{"recent": [...], "all": [{"title", "classes"}]}``.

        Those the person used last come first, with how often in the last 30 days; where there
        are fewer than six, common ones follow.

        Raises
        ------
        ForbiddenError
            When the person may not report.
        """
        source_for(person, None)
        with self._store.reading() as tx:
            used = tx.cases.recent_classes(person.id, 6, self._clock() - LATELY)
        return {"recent": offered_first(used), "all": list(class_groups())}

    def move(self, person: Person, case_id: UUID, act: Act) -> dict[str, Any]:
        """Do something to a case; gives the case after it.

        An act that was sent before under the same key is not done again.

        Raises
        ------
        NotFoundError
            When there is no such case for this person, or no such filing condition.
        StaleError
            When the case was changed since; names both versions and the present state.
        ConflictError
            ``case.key_taken`` when the key belongs to another act.
        CityError
            Whatever the workflow refuses: state, role, ownership, missing inputs, guards.
        """
        self.reach(person, case_id)
        now = self._clock()
        try:
            with self._store.writing() as tx:
                if act.key is not None and self._done_before(tx, case_id, act, person):
                    record = _current(tx, person, case_id, None)
                else:
                    record = self._moved(tx, person, case_id, act, now)
                return self._whole(tx, record, person)
        except CityError as refusal:
            self._note_refusal(person, case_id, act.action, refusal)
            raise

    def _done_before(self, tx: Any, case_id: UUID, act: Act, person: Person) -> bool:
        known = tx.cases.find_key(str(act.key))
        if known is None:
            return False
        if known != (case_id, act.digest(case_id, person.id)):
            raise ConflictError(
                "case.key_taken",
                "编号 {got} 已用于另一次办理",
                field="key",
                got=str(act.key),
                hint="内容改动后请换一个编号",
            )
        return True

    def _moved(self, tx: Any, person: Person, case_id: UUID, act: Act, now: datetime) -> CaseRecord:
        """Do an act in a transaction, and what follows from it without anybody's doing."""
        record = _current(tx, person, case_id, act.version)
        config = current_config(tx)
        record = self._step(tx, record, act, person, config, now)
        if act.key is not None:
            tx.cases.add_key(str(act.key), record.seq, act.digest(case_id, person.id), now)
        self._tell(tx, person, record, act.action.value, now)
        if record.flow.state is CaseState.TO_INSPECT and config.settings.auto_inspect:
            sent = Act(CaseAction.ASK_INSPECT, note="系统自动派发")
            record = self._step(tx, record, sent, PROGRAM, config, now)
            self._tell(tx, PROGRAM, record, sent.action.value, now)
        keep_facts(tx, record, tx.cases.history(record.seq), config.world(now))
        return record

    def check(self, person: Person, case_id: UUID, act: Act, *, with_photo: bool = False) -> None:
        """Refuse what `move` would refuse, and change nothing.

        Parameters
        ----------
        with_photo
            Whether a photo is sent before the act is done.

        Raises
        ------
        CityError
            As `move`.
        """
        self.reach(person, case_id)
        now = self._clock()
        with self._store.reading() as tx:
            if act.key is not None and self._done_before(tx, case_id, act, person):
                return
            record = _current(tx, person, case_id, act.version)
            more = int(with_photo)
            _stepped(tx, record, act, person, current_config(tx), now, more)

    def _step(
        self,
        tx: Any,
        record: CaseRecord,
        act: Act,
        person: Person,
        config: GridConfig,
        now: datetime,
    ) -> CaseRecord:
        changed, entry = _stepped(tx, record, act, person, config, now)
        kept: CaseRecord = tx.cases.change(changed, entry)
        return kept

    def resume_suspended(self) -> int:
        """Resume every suspended case whose day has come; gives how many."""
        with self._store.reading() as tx:
            now = self._clock()
            waiting = [i for i in tx.cases.suspended() if _is_over(tx.cases.find(i), now)]
        count = 0
        for case_id in waiting:
            with self._store.writing() as tx:
                record, now = tx.cases.find(case_id), self._clock()
                if not _is_over(record, now):
                    continue
                config = current_config(tx)
                act = Act(CaseAction.RESUME, note="挂账到期，系统恢复")
                record = self._step(tx, record, act, PROGRAM, config, now)
                self._tell(tx, PROGRAM, record, act.action.value, now)
                keep_facts(tx, record, tx.cases.history(record.seq), config.world(now))
                count += 1
        return count

    def duplicates(self, person: Person, case_id: UUID) -> list[dict[str, Any]]:
        """Cases that may be the same thing as a case, duplicates before recurrences.

        Raises
        ------
        NotFoundError
            When there is no such case for this person.
        """
        record = self.reach(person, case_id)
        with self._store.reading() as tx:
            return _kin(tx, current_config(tx), person, record)

    def explain(
        self, person: Person, case_id: UUID, kind: ClockKind | None = None
    ) -> dict[str, Any]:
        """Why a case is due when it is: ``{"due_at", "sentences", "periods"}``.

        That of its disposal, or of its stage before there is one, unless a `kind` is asked for.

        Raises
        ------
        NotFoundError
            When there is no such case for this person.
        """
        record = self.reach(person, case_id)
        with self._store.reading() as tx:
            moved = tx.cases.due_changes(record.seq)
            return explained(record, current_config(tx).book, self._clock(), moved, kind)

    def conditions(self, person: Person, key: ClassKey) -> dict[str, Any]:
        """Filing conditions of a class: ``{"conditions": [...]}``, none where no table holds any.

        Raises
        ------
        ForbiddenError
            When the person has nothing to do with cases.
        """
        require_scope(person)
        with self._store.reading() as tx:
            schemes, day = current_config(tx).schemes, city_day(self._clock())
        return {"conditions": [condition_json(c, None) for c in schemes.conditions_of(key, day)]}

    def _note_refusal(
        self, person: Person, case_id: UUID, action: CaseAction, refusal: CityError
    ) -> None:
        # The refusal is the answer even where it cannot be noted any more.
        with suppress(CityError), self._store.writing() as tx:
            tx.audit.add(
                person, f"case.{action.value}", f"case:{case_id}", result=refusal.code[:32]
            )

    def _tell(
        self, tx: Any, person: Person, record: CaseRecord, action: str, now: datetime
    ) -> None:
        """Audit and outbox of an act, in its transaction."""
        told = news_of(record)
        tx.audit.add(person, f"case.{action}", f"case:{record.id}", detail=told, at=now)
        tx.outbox.put(f"case.{action}", told)

    def _whole(
        self, tx: Any, record: CaseRecord, person: Person, *, is_new: bool = False
    ) -> dict[str, Any]:
        photos: Sequence[Any] = tx.cases.photos([record.seq]).get(record.seq, ())
        lookup: AreaLookup = self._areas.lookup(tx)
        history: list[Entry] = tx.cases.history(record.seq)
        config, now = current_config(tx), self._clock()
        conditions = config.schemes.conditions_of(record.class_key, city_day(now))
        record, world = with_photos(record, photos), config.world(now)
        told = whole(record, history, photos, lookup, person, world, conditions)
        acts = {act["action"] for act in told["actions"]}
        links = is_new or CaseAction.LINK in acts
        return told | {
            **people_json(tx, record, acts),
            "duplicates": _kin(tx, config, person, record) if links else [],
        }


def _kin(tx: Any, config: GridConfig, person: Person, record: CaseRecord) -> list[dict[str, Any]]:
    scope = scope_of(person)
    return [
        {
            "case_id": str(other.id),
            "number": other.number,
            "kind": kin.kinship.value,
            "distance_m": round(kin.distance_m, 2),
            "state": other.flow.state.value,
            "state_title": STATE_TITLES[other.flow.state].zh,
        }
        for kin, other in kin_around(tx, config, seen_of(record))
        if scope.reaches(other)
    ]


def _is_over(record: CaseRecord | None, now: datetime) -> bool:
    """Whether a case is suspended until a time that has come."""
    until = None if record is None else record.flow.suspended_until
    return until is not None and now >= until


def _stepped(
    tx: Any,
    record: CaseRecord,
    act: Act,
    person: Person,
    config: GridConfig,
    now: datetime,
    more_photos: int = 0,
) -> tuple[CaseRecord, Entry]:
    """The case after an act with its history entry, nothing of it kept yet."""
    actor = SYSTEM_ACTOR if person is PROGRAM else actor_of(person)
    flow = with_photos(record, tx.cases.photos([record.seq]).get(record.seq, ())).flow
    flow = replace(
        flow, photos=flow.photos + more_photos, photos_after=flow.photos_after + more_photos
    )
    world, filing = config.world(now), None
    if act.action is CaseAction.FILE and flow.state is CaseState.TO_FILE:
        # Who may file at all, and whether, comes before what it is filed under.
        reason = refusal(flow, act.action, actor, act.request(Filing("", None)), world)
        if reason is not None:
            raise reason
        filing = filing_of(config, flow, act.condition or record.extra.get("condition"), now)
    moved, entry = move(flow, act.action, actor, act.request(filing), world)
    check_named(tx, person, record, act, world)
    return with_deadline(replace(record, flow=moved), world), _with_suggestion(entry, record)


def _with_suggestion(entry: Entry, record: CaseRecord) -> Entry:
    """A dispatch with what was suggested beside what was chosen."""
    if entry.action not in (CaseAction.DISPATCH, CaseAction.DESIGNATE) or not record.suggested:
        return entry
    return replace(entry, details={**entry.details, "suggested": record.suggested})


def _current(tx: Any, person: Person, case_id: UUID, version: int | None) -> CaseRecord:
    record: CaseRecord | None = tx.cases.find(case_id)
    if record is None or not scope_of(person).reaches(record):
        raise not_found(case_id)
    if version is not None and record.version != version:
        raise StaleError(
            "case.stale",
            "案件已被别人改动：您看到的是第 {got} 版，现在是第 {expected} 版，{state}",
            field="version",
            got=version,
            expected=record.version,
            params={"state": STATE_TITLES[record.flow.state].zh},
            hint="看过现在的情况再办，写好的意见还在",
        )
    return record
