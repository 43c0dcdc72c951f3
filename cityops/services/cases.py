"""Cases: report, look, list, move. The person comes first; what is out of scope is not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from cityops.services.areas import AreaLookup, AreaService
from cityops.services.case_classes import class_groups, class_name, offered_first
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
from cityops.services.hidden_looks import HiddenLooks
from cityops.services.ports import Box, Store
from cityops.services.roles import Person
from gis.errors import CityError, ConflictError, InvalidError, StaleError
from grid.case import (
    STATE_TITLES,
    CaseAction,
    CaseFlow,
    CaseSource,
    CaseState,
    Step,
)
from grid.duty import department_named, departments, suggested_department
from grid.workflow import Request, move

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

    def report(self, person: Person, report: Report) -> tuple[dict[str, Any], bool]:
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
        source = source_for(person, report.source)
        digest = report.digest(person.id)
        with self._store.reading() as tx:
            known = tx.cases.find(report.id)
        if known is not None:
            return self._again(person, known, digest), False
        check_report(report)
        with self._store.reading() as tx:
            where = find_where(tx, self._areas, person, report)
        now = self._clock()
        record = new_record(person, report, source, where, digest, now)
        with self._store.writing() as tx:
            known = tx.cases.find(report.id)
            if known is None:
                numbered = replace(record, number=case_number(tx, where.area, now))
                kept = tx.cases.add(numbered, _first_step(person, record, now))
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
        actor = actor_of(person)
        rows = [
            brief(r, photos.get(r.seq, ()), lookup, last=steps.get(r.seq), actor=actor)
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

    def move(
        self,
        person: Person,
        case_id: UUID,
        action: CaseAction,
        *,
        version: int,
        note: str = "",
        department: str | None = None,
    ) -> dict[str, Any]:
        """Do `action` to a case that the person saw at `version`; gives the case after it.

        Raises
        ------
        NotFoundError
            When there is no such case for this person.
        StaleError
            When the case was changed since; names both versions and the present state.
        CityError
            Whatever the workflow refuses: wrong state, wrong role, missing note or department.
        """
        self.reach(person, case_id)
        _check_department(department)
        now = self._clock()
        try:
            with self._store.writing() as tx:
                record = _current(tx, person, case_id, version)
                request = Request(note=note, department=department)
                flow, step = move(record.flow, action, actor_of(person), now, request)
                kept = tx.cases.change(replace(record, flow=flow), step)
                self._tell(tx, person, kept, action.value, now)
                return self._whole(tx, kept, person)
        except CityError as refusal:
            self._note_refusal(person, case_id, action, refusal)
            raise

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
        history: list[Step] = tx.cases.history(record.seq)
        return whole(record, history, photos.get(record.seq, ()), lookup, person)


def new_record(
    person: Person,
    report: Report,
    source: CaseSource,
    where: Where,
    digest: str,
    now: datetime,
) -> CaseRecord:
    """The case that a checked report makes; its number is still to be given."""
    clock = clock_check(report, now)
    suggested = (
        None if where.is_vague else suggested_department(report.class_key, where.supervising_body)
    )
    by = "component" if department_named(where.supervising_body) is not None else "class"
    return CaseRecord(
        flow=CaseFlow(id=report.id, state=CaseState.REPORTED, source=source, steps=1),
        number="",
        digest=digest,
        reporter_id=person.id,
        reporter_name=person.name,
        class_key=report.class_key,
        class_name=class_name(report.class_key),
        description=report.description.strip(),
        reported_at=now,
        lon=None if where.place is None else round(where.place.lon, 9),
        lat=None if where.place is None else round(where.place.lat, 9),
        accuracy_m=report.accuracy_m,
        address=report.address.strip() or where.address,
        cell=where.cell,
        area=where.area,
        component=report.component,
        device_time=report.device_time,
        device_offset_s=clock.offset_s,
        suggested=None if suggested is None else suggested.code,
        flags=(*where.flags, *clock.flags),
        extra={} if suggested is None else {"suggested_by": by},
    )


def case_number(tx: Any, area: str, now: datetime) -> str:
    """A new case number: city code (6 digits), day, running number of that day (5 digits).

    The day is the city's. Without an area the city code is 000000.
    """
    city = f"{area[:4]}00" if len(area) >= 4 else "000000"
    prefix = f"{city}{now.astimezone(CITY_TIME):%Y%m%d}"
    return f"{prefix}{tx.cases.next_number(prefix):05d}"


def _first_step(person: Person, record: CaseRecord, now: datetime) -> Step:
    return Step(
        number=1,
        action=REPORT,
        before=None,
        after=record.flow.state,
        actor_id=person.id,
        actor_name=person.name,
        role=reporting_role(person, record.flow.source).value,
        at=now,
    )


def _check_department(code: str | None) -> None:
    if code is not None and code not in departments():
        raise InvalidError(
            "case.unknown_department",
            "没有部门 {got}",
            field="department",
            got=code[:80],
            expected=list(departments()),
        )


def _current(tx: Any, person: Person, case_id: UUID, version: int) -> CaseRecord:
    record: CaseRecord | None = tx.cases.find(case_id)
    if record is None or not scope_of(person).reaches(record):
        raise not_found(case_id)
    if record.version != version:
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
