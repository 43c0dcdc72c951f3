"""Cases: report, look, list, move. The person comes first; what is out of scope is not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from cityops.services.areas import AreaLookup, AreaService
from cityops.services.case_acts import Act
from cityops.services.case_classes import class_groups, class_name, offered_first
from cityops.services.case_engine import (
    filing_of,
    keep_facts,
    kin_around,
    routed,
    seen_of,
    with_deadline,
    with_photos,
)
from cityops.services.case_json import REPORT, actor_of, brief, news_of, whole
from cityops.services.case_report import (
    Report,
    Where,
    check_report,
    clock_check,
    find_where,
    reporting_role,
    source_for,
)
from cityops.services.case_scope import not_found, require_scope, scope_of, waiting_for
from cityops.services.case_values import CITY_TIME, CaseFilter, CaseRecord
from cityops.services.grid.config import GridConfig, current_config
from cityops.services.hidden_looks import HiddenLooks
from cityops.services.ports import Box, Store
from cityops.services.roles import SYSTEM, Person
from gis.errors import CityError, ConflictError, StaleError
from grid.flow.case import SYSTEM_ACTOR, Actor, Case, Entry
from grid.flow.mover import move, posts_of, report
from grid.flow.states import STATE_TITLES, CaseAction, CaseSource, CaseState
from grid.flow.world import World
from grid.routing.decide import Decision

MAX_PAGE = 500
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
        check_report(given)
        with self._store.reading() as tx:
            config = current_config(tx)
            where = find_where(tx, self._areas, person, given)
            now = self._clock()
            decision = routed(tx, config, given.class_key, where, now)
        record, entry = new_record(person, given, source, where, decision, config.world(now))
        record = replace(record, digest=digest)
        with self._store.writing() as tx:
            known = tx.cases.find(given.id)
            if known is None:
                numbered = replace(record, number=case_number(tx, where.area, now))
                kept = tx.cases.add(numbered, entry)
                keep_facts(tx, kept, [entry], config.world(now))
                self._tell(tx, person, kept, REPORT, now)
                return self._whole(tx, kept, person), True
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
            world = current_config(tx).world(self._clock())
        actor = actor_of(person)
        rows = [
            brief(r, photos.get(r.seq, ()), lookup, last=steps.get(r.seq), actor=actor, world=world)
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
        record = self._step(tx, record, act, actor_of(person), config, now)
        if act.key is not None:
            tx.cases.add_key(str(act.key), record.seq, act.digest(case_id, person.id), now)
        self._tell(tx, person, record, act.action.value, now)
        if record.flow.state is CaseState.TO_INSPECT and config.settings.auto_inspect:
            sent = Act(CaseAction.ASK_INSPECT, note="系统自动派发")
            record = self._step(tx, record, sent, SYSTEM_ACTOR, config, now)
            self._tell(tx, SYSTEM, record, sent.action.value, now)
        keep_facts(tx, record, tx.cases.history(record.seq), config.world(now))
        return record

    def _step(
        self, tx: Any, record: CaseRecord, act: Act, actor: Actor, config: GridConfig, now: datetime
    ) -> CaseRecord:
        photos = tx.cases.photos([record.seq]).get(record.seq, ())
        flow = with_photos(record.flow, photos)
        filing = None
        if act.action is CaseAction.FILE and flow.state is CaseState.TO_FILE:
            wanted = act.condition or record.extra.get("condition")
            filing = filing_of(config, flow, wanted, now)
        world = config.world(now)
        moved, entry = move(flow, act.action, actor, act.request(filing), world)
        entry = _with_suggestion(entry, record)
        kept: CaseRecord = tx.cases.change(with_deadline(replace(record, flow=moved), world), entry)
        return kept

    def resume_suspended(self) -> int:
        """Resume every suspended case whose day has come; gives how many."""
        with self._store.reading() as tx:
            waiting = tx.cases.suspended()
        count = 0
        for case_id in waiting:
            now = self._clock()
            with self._store.writing() as tx:
                record = tx.cases.find(case_id)
                until = None if record is None else record.flow.suspended_until
                if record is None or until is None or now < until:
                    continue
                config = current_config(tx)
                act = Act(CaseAction.RESUME, note="挂账到期，系统恢复")
                record = self._step(tx, record, act, SYSTEM_ACTOR, config, now)
                self._tell(tx, SYSTEM, record, act.action.value, now)
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
        scope = scope_of(person)
        with self._store.reading() as tx:
            found = kin_around(tx, current_config(tx), seen_of(record))
        return [
            {
                "case_id": str(other.id),
                "number": other.number,
                "kind": kin.kinship.value,
                "distance_m": round(kin.distance_m, 2),
                "state": other.flow.state.value,
            }
            for kin, other in found
            if scope.reaches(other)
        ]

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

    def _whole(self, tx: Any, record: CaseRecord, person: Person) -> dict[str, Any]:
        photos: Mapping[int, Any] = tx.cases.photos([record.seq])
        lookup: AreaLookup = self._areas.lookup(tx)
        history: list[Entry] = tx.cases.history(record.seq)
        config, now = current_config(tx), self._clock()
        conditions = config.schemes.conditions_of(record.class_key, now.date())
        world = config.world(now)
        return whole(record, history, photos.get(record.seq, ()), lookup, person, world, conditions)


def new_record(
    person: Person,
    given: Report,
    source: CaseSource,
    where: Where,
    decision: Decision,
    world: World,
) -> tuple[CaseRecord, Entry]:
    """The case that a checked report makes, with its first history entry; its number is to come."""
    now = world.now
    checked = clock_check(given, now)
    flow = Case(
        id=given.id,
        state=CaseState.REPORTED,
        source=source,
        key=given.class_key,
        reported_at=now,
        last_at=now,
        reporter=person.id,
        urgency=given.urgency,
        located=where.cell is not None,
        self_disposal=given.self_disposal,
    )
    role = reporting_role(person, source)
    actor = actor_of(person)
    post = next(iter(sorted(posts_of({role.value}, world.settings))), None)
    flow, entry = report(flow, actor, world, post=role.value if post is None else post.value)
    record = CaseRecord(
        flow=flow,
        number="",
        digest="",
        reporter_id=person.id,
        reporter_name=person.name,
        class_key=given.class_key,
        class_name=class_name(given.class_key),
        description=given.description.strip(),
        reported_at=now,
        lon=None if where.place is None else round(where.place.lon, 9),
        lat=None if where.place is None else round(where.place.lat, 9),
        accuracy_m=given.accuracy_m,
        address=given.address.strip() or where.address,
        cell=where.cell,
        area=where.area,
        component=given.component,
        device_time=given.device_time,
        device_offset_s=checked.offset_s,
        suggested=decision.body,
        flags=(*where.flags, *checked.flags),
        extra=_suggestion(decision, where) | _wanted(given),
    )
    return record, entry


def _wanted(given: Report) -> dict[str, Any]:
    return {} if given.condition is None else {"condition": given.condition}


def _suggestion(decision: Decision, where: Where) -> dict[str, Any]:
    """How the suggestion came about, for the person who dispatches."""
    if decision.body is None:
        return {}
    found: dict[str, Any] = {
        "suggested_by": "class" if decision.rule is not None else "component",
        "reasons": list(decision.reasons),
    }
    if decision.runner_up is not None and decision.runner_up_m is not None:
        found["runner_up"] = decision.runner_up
        found["runner_up_m"] = round(decision.runner_up_m, 1)
    return found


def _with_suggestion(entry: Entry, record: CaseRecord) -> Entry:
    """A dispatch with what was suggested beside what was chosen."""
    if entry.action not in (CaseAction.DISPATCH, CaseAction.DESIGNATE) or not record.suggested:
        return entry
    return replace(entry, details={**entry.details, "suggested": record.suggested})


def case_number(tx: Any, area: str, now: datetime) -> str:
    """A new case number: city code (6 digits), day, running number of that day (5 digits).

    The day is the city's. Without an area the city code is 000000.
    """
    city = f"{area[:4]}00" if len(area) >= 4 else "000000"
    prefix = f"{city}{now.astimezone(CITY_TIME):%Y%m%d}"
    return f"{prefix}{tx.cases.next_number(prefix):05d}"


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
