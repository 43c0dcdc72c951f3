"""Cases: report, look, list. The person comes first; what is out of scope is not there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cityops.services.areas import AreaService
from cityops.services.case_acts import Act
from cityops.services.case_answer import answer, kin_json, tell
from cityops.services.case_classes import class_groups, offered_first
from cityops.services.case_engine import CaseFile, file_of, keep_facts, routed, with_photos
from cityops.services.case_explain import explained
from cityops.services.case_filing import case_number, new_record
from cityops.services.case_json import REPORT, brief, condition_json
from cityops.services.case_moves import CaseMoves
from cityops.services.case_report import Report, check_report, find_where, source_for
from cityops.services.case_scope import (
    acting_scope,
    not_found,
    require_scope,
    scope_of,
    waiting_for,
)
from cityops.services.case_values import CaseFilter, CaseRecord, city_day
from cityops.services.case_view import CaseView
from cityops.services.grid.config import current_config
from cityops.services.hidden_looks import HiddenLooks
from cityops.services.ports import Box, Store
from cityops.services.roles import Person
from gis.errors import ConflictError, NotFoundError
from grid.classes import ClassKey
from grid.clock.clock import ClockKind
from grid.flow.states import CaseState

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
        self._moves = CaseMoves(store, areas, clock)

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
                return self._again(tx, person, known, digest), False
            config = current_config(tx)
            now = self._clock()
            check_report(given, source, config.schemes, city_day(now))
            where = find_where(tx, self._areas, person, given)
            decision = routed(tx, config, given.class_key, where, now)
        record, entry = new_record(person, given, source, where, decision, config, now)
        record = replace(record, digest=digest)
        with self._store.writing() as tx:
            known = tx.cases.find(given.id)
            if known is not None:
                return self._again(tx, person, known, digest), False
            numbered = replace(record, number=case_number(tx, where.area, now))
            kept = tx.cases.add(numbered, entry)
            keep_facts(tx, kept, [entry], config.world(now))
            tell(tx, person, kept, REPORT, now)
            lookup = self._areas.lookup(tx)
            told = answer(tx, CaseFile(kept, [entry], ()), person, lookup, config, now)
            return told | {"duplicates": kin_json(tx, config, person, kept)}, True

    def _again(self, tx: Any, person: Person, known: CaseRecord, digest: str) -> dict[str, Any]:
        if known.digest != digest:
            raise ConflictError(
                "case.id_taken",
                "编号 {got} 已属于另一份上报",
                field="id",
                got=str(known.id),
                hint="内容改动后请作为新的上报发送",
            )
        return self._told(tx, person, known)

    def _told(self, tx: Any, person: Person, record: CaseRecord) -> dict[str, Any]:
        lookup, config = self._areas.lookup(tx), current_config(tx)
        return answer(tx, file_of(tx, record), person, lookup, config, self._clock())

    def get(self, person: Person, case_id: UUID) -> dict[str, Any]:
        """One case with history, photos and what may be done next.

        Raises
        ------
        NotFoundError
            When there is none, or none for this person; the latter is audited.
        """
        with self._store.reading() as tx:
            record = tx.cases.find(case_id)
            if record is not None and scope_of(person).reaches(record):
                return self._told(tx, person, record)
        raise self._hidden(person, case_id, there=record is not None)

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
            raise self._hidden(person, case_id, there=record is not None)
        return record

    def _hidden(self, person: Person, case_id: UUID, *, there: bool) -> NotFoundError:
        """The answer as if there were no such case; the look is noted when there is one."""
        if there:
            self._looks.note(person, "case.hidden", f"case:{case_id}")
        return not_found(case_id)

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
        scope = replace(require_scope(person), acting=inbox)
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
            lookup, config = self._areas.lookup(tx), current_config(tx)
        view = CaseView(lookup, config, person, config.world(self._clock()))
        rows = [
            brief(with_photos(r, taken), taken, view, last=steps.get(r.seq))
            for r in records
            for taken in (photos.get(r.seq, ()),)
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
            inbox = tx.cases.count(acting_scope(person), waiting)
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
            now = self._clock()
            used = tx.cases.recent_classes(person.id, 6, now - LATELY)
            schemes = current_config(tx).schemes
        return {"recent": offered_first(used), "all": list(class_groups(schemes, city_day(now)))}

    def duplicates(self, person: Person, case_id: UUID) -> list[dict[str, Any]]:
        """Cases that may be the same thing as a case, duplicates before recurrences.

        Raises
        ------
        NotFoundError
            When there is no such case for this person.
        """
        record = self.reach(person, case_id)
        with self._store.reading() as tx:
            return kin_json(tx, current_config(tx), person, record)

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

    def move(self, person: Person, case_id: UUID, act: Act) -> dict[str, Any]:
        """Do something to a case; gives the case after it. See `CaseMoves.move`."""
        try:
            return self._moves.move(person, case_id, act)
        except NotFoundError:
            self.reach(person, case_id)
            raise

    def check(self, person: Person, case_id: UUID, act: Act, *, with_photo: bool = False) -> None:
        """Refuse what `move` would refuse, and change nothing. See `CaseMoves.check`."""
        self.reach(person, case_id)
        self._moves.check(person, case_id, act, with_photo=with_photo)

    def resume_suspended(self) -> int:
        """Resume every suspended case whose day has come; gives how many."""
        return self._moves.resume_suspended()
