"""Acts on cases: each in one transaction with its history, its facts, its audit and its news."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from cityops.services.areas import AreaService
from cityops.services.case_acts import Act
from cityops.services.case_answer import answer, tell
from cityops.services.case_engine import (
    CaseFile,
    file_of,
    filing_of,
    keep_facts,
    placed,
    with_deadline,
    with_photos,
)
from cityops.services.case_people import check_named
from cityops.services.case_scope import check_acting, not_found, scope_of
from cityops.services.case_values import CaseRecord, PhotoRecord
from cityops.services.case_view import actor_of
from cityops.services.grid.config import GridConfig, current_config
from cityops.services.ports import Store
from cityops.services.roles import SYSTEM, Person
from gis.errors import CityError, ConflictError, NotFoundError, StaleError
from grid.flow.case import SYSTEM_ACTOR, Entry, Filing
from grid.flow.mover import move, refusal
from grid.flow.states import STATE_TITLES, CaseAction, CaseState

_LOG = logging.getLogger(__name__)
#: The program as one who acts by itself, not in anybody's name.
PROGRAM = replace(SYSTEM, roles=frozenset())


class CaseMoves:
    """Moves the cases of one store.

    Parameters
    ----------
    clock
        Gives the present time, aware.
    """

    def __init__(self, store: Store, areas: AreaService, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._areas = areas
        self._clock = clock

    def move(self, person: Person, case_id: UUID, act: Act) -> dict[str, Any]:
        """Do something to a case; gives the case after it.

        An act that was sent before under the same key is not done again.

        Raises
        ------
        NotFoundError
            ``case.unknown`` when there is no such case for this person; no such filing condition.
        StaleError
            When the case was changed since; names both versions and the present state.
        ConflictError
            ``case.key_taken`` when the key belongs to another act.
        CityError
            Whatever the workflow refuses: state, role, ownership, missing inputs, guards.
        """
        try:
            with self._store.writing() as tx:
                # Only now, for whoever waited for another act comes after it.
                now = self._clock()
                config = current_config(tx)
                record = _current(tx, person, case_id)
                if act.key is not None and _done_before(tx, case_id, act, person):
                    case = file_of(tx, record)
                else:
                    _check_version(record, act.version)
                    case = self._moved(tx, record, act, person, config, now)
                return answer(tx, case, person, self._areas.lookup(tx), config, now)
        except CityError as refused:
            if not _is_unknown(refused):
                self._note_refusal(person, case_id, act.action, refused)
            raise

    def _moved(
        self,
        tx: Any,
        record: CaseRecord,
        act: Act,
        person: Person,
        config: GridConfig,
        now: datetime,
    ) -> CaseFile:
        """Do an act in a transaction, and what follows from it without anybody's doing."""
        photos = tx.cases.photos([record.seq]).get(record.seq, ())
        record = _step(tx, record, photos, act, person, config, now)
        if act.key is not None:
            digest = act.digest(record.id, person.id)
            tx.cases.add_key(str(act.key), record.seq, digest, now)
        tell(tx, person, record, act.action.value, now)
        # Once only: whoever recalls a collector, or finds that none can tell, decides what follows.
        back = act.action is CaseAction.HAND_BACK and record.flow.state is CaseState.TO_INSPECT
        if back and config.settings.auto_inspect:
            sent = Act(CaseAction.ASK_INSPECT, note="系统自动派发")
            record = _step(tx, record, photos, sent, PROGRAM, config, now)
            tell(tx, PROGRAM, record, sent.action.value, now)
        history = tx.cases.history(record.seq)
        keep_facts(tx, record, history, config.world(now))
        return CaseFile(with_photos(record, photos), history, photos)

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
        now = self._clock()
        with self._store.reading() as tx:
            record = _current(tx, person, case_id)
            if act.key is not None and _done_before(tx, case_id, act, person):
                return
            _check_version(record, act.version)
            photos = tx.cases.photos([record.seq]).get(record.seq, ())
            more = int(with_photo)
            _stepped(tx, record, photos, act, person, current_config(tx), now, more)

    def resume_suspended(self) -> int:
        """Resume every suspended case whose day has come; gives how many.

        One that cannot be resumed is logged and keeps none of the others.
        """
        with self._store.reading() as tx:
            now = self._clock()
            waiting = [i for i, until in tx.cases.suspended() if until is not None and now >= until]
        count = 0
        for case_id in waiting:
            try:
                count += self._resumed(case_id)
            except CityError as refused:
                _LOG.warning("case %s is not resumed: %s", case_id, refused)
        return count

    def _resumed(self, case_id: UUID) -> bool:
        with self._store.writing() as tx:
            record, now = tx.cases.find(case_id), self._clock()
            if not _is_over(record, now):
                return False
            act = Act(CaseAction.RESUME, note="挂账到期，系统恢复")
            self._moved(tx, record, act, PROGRAM, current_config(tx), now)
            return True

    def _note_refusal(
        self, person: Person, case_id: UUID, action: CaseAction, refused: CityError
    ) -> None:
        # The refusal is the answer even where it cannot be noted any more.
        with suppress(CityError), self._store.writing() as tx:
            tx.audit.add(
                person, f"case.{action.value}", f"case:{case_id}", result=refused.code[:32]
            )


def _is_unknown(refused: CityError) -> bool:
    return isinstance(refused, NotFoundError) and refused.code == "case.unknown"


def _is_over(record: CaseRecord | None, now: datetime) -> bool:
    """Whether a case is suspended until a time that has come."""
    until = None if record is None else record.flow.suspended_until
    return until is not None and now >= until


def _done_before(tx: Any, case_id: UUID, act: Act, person: Person) -> bool:
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


def _step(
    tx: Any,
    record: CaseRecord,
    photos: Sequence[PhotoRecord],
    act: Act,
    person: Person,
    config: GridConfig,
    now: datetime,
) -> CaseRecord:
    changed, entry = _stepped(tx, record, photos, act, person, config, now)
    kept: CaseRecord = tx.cases.change(changed, entry)
    return kept


def _stepped(
    tx: Any,
    record: CaseRecord,
    photos: Sequence[PhotoRecord],
    act: Act,
    person: Person,
    config: GridConfig,
    now: datetime,
    more_photos: int = 0,
) -> tuple[CaseRecord, Entry]:
    """The case after an act with its history entry, nothing of it kept yet."""
    actor = SYSTEM_ACTOR if person is PROGRAM else actor_of(person)
    flow = with_photos(record, photos).flow
    if more_photos:
        flow = replace(
            flow, photos=flow.photos + more_photos, photos_after=flow.photos_after + more_photos
        )
    world, filing = config.world(now), None
    if act.action is CaseAction.FILE and flow.state is CaseState.TO_FILE:
        # Who may file at all, and whether, comes before what it is filed under.
        reason = refusal(flow, act.action, actor, act.request(Filing("", None)), world)
        if reason is not None:
            raise reason
        flow = placed(tx, record, flow)
        filing = filing_of(config, flow, act.condition or record.extra.get("condition"), now)
    moved, entry = move(flow, act.action, actor, act.request(filing), world)
    check_named(tx, person, record, act, world)
    return with_deadline(replace(record, flow=moved), world), _with_suggestion(entry, record)


def _with_suggestion(entry: Entry, record: CaseRecord) -> Entry:
    """A dispatch with what was suggested beside what was chosen."""
    if entry.action not in (CaseAction.DISPATCH, CaseAction.DESIGNATE) or not record.suggested:
        return entry
    return replace(entry, details={**entry.details, "suggested": record.suggested})


def _current(tx: Any, person: Person, case_id: UUID) -> CaseRecord:
    record: CaseRecord | None = tx.cases.find(case_id)
    if record is None or not scope_of(person).reaches(record):
        raise not_found(case_id)
    check_acting(person, record)
    return record


def _check_version(record: CaseRecord, version: int | None) -> None:
    if version is None or record.version == version:
        return
    raise StaleError(
        "case.stale",
        "案件已被别人改动：您看到的是第 {got} 版，现在是第 {expected} 版，{state}",
        field="version",
        got=version,
        expected=record.version,
        params={"state": STATE_TITLES[record.flow.state].zh},
        hint="看过现在的情况再办，写好的意见还在",
    )
