"""Photos of cases: received at once, kept whole, shown only as a copy without EXIF."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from cityops.services.case_evidence import Exposure, keep_evidence
from cityops.services.case_json import news_of
from cityops.services.case_report import SOURCES
from cityops.services.case_values import CaseRecord, PhotoRecord
from cityops.services.cases import CaseService, now_utc
from cityops.services.jobs import FINAL, Job, JobService
from cityops.services.photo_copy import photo_copy
from cityops.services.photo_head import PhotoHead, photo_head
from cityops.services.ports import FileStore, Store
from cityops.services.roles import Person, Role
from gis.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from grid.flow.states import CaseState

MAX_PHOTOS = 20
#: How often the copy of a photo is begun, when the photo is sent again after each.
MOST_TRIES = 5
JOB_KIND = "photo"
#: What a photo may show.
KIND_TITLES = {"report": "上报", "verify": "核实", "after": "处置后", "inspection": "核查"}
KINDS = tuple(KIND_TITLES)
#: What it shows when nobody says so, by the state in which it comes and who sends it.
_USUAL = {
    (CaseState.VERIFYING, Role.INSPECTOR): "verify",
    (CaseState.TO_DISPOSE, Role.DEPARTMENT): "after",
    (CaseState.DISPOSING, Role.DEPARTMENT): "after",
    (CaseState.TO_INSPECT, Role.INSPECTOR): "inspection",
    (CaseState.INSPECTING, Role.INSPECTOR): "inspection",
}
#: Who may send what.
_SENDERS: dict[str, tuple[Role, ...]] = {
    "report": tuple(SOURCES),
    "verify": (Role.INSPECTOR,),
    "inspection": (Role.INSPECTOR,),
}
_DISPOSAL = (CaseState.TO_DISPOSE, CaseState.DISPOSING)
_MAY_ADD = (
    *(Role.INSPECTOR, Role.ACCEPTOR, Role.SHIFT_LEADER, Role.DISPATCHER),
    *(Role.DEPARTMENT, Role.STREET_OFFICER),
)
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")


class PhotoService:
    """Receives photos, has their copies made, gives them out."""

    def __init__(
        self,
        store: Store,
        files: FileStore,
        cases: CaseService,
        jobs: JobService,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self._store = store
        self._files = files
        self._cases = cases
        self._jobs = jobs
        self._clock = clock

    def add(
        self, person: Person, case_id: UUID, name: str, data: bytes, kind: str | None = None
    ) -> tuple[dict[str, Any], bool]:
        """Receive a photo; gives the case, and whether the photo is new.

        The bytes are kept before the row that names them; the copy is made by a job. The same
        photo again begins that anew where it was cancelled or given up.

        Parameters
        ----------
        kind
            What it shows: report, verify, after or inspection; by default what fits the person
            and the state of the case. A photo of a report may come late.

        Raises
        ------
        NotFoundError
            When there is no such case for this person.
        ForbiddenError
            When the person may not add photos, or none that shows this.
        InvalidError
            When it is no photo that may be taken, or the name is none.
        ConflictError
            ``photo.name_taken``: another photo has the name; ``photo.case_ended``,
            ``photo.too_many``.
        """
        record = self._cases.reach(person, case_id)
        check_may_add(person)
        check_name(name)
        digest = hashlib.sha256(data).hexdigest()
        is_new = False
        if self._is_known(record, name, digest):
            self._copy_again(person, record, name)
        else:
            shows = kind_of(person, record, kind)
            check_kind(person, record, shows)
            head = photo_head(data)
            is_new = self._keep(person, record, name, data, head, shows)
        return self._cases.get(person, case_id), is_new

    def _is_known(self, record: CaseRecord, name: str, digest: str) -> bool:
        with self._store.reading() as tx:
            return _is_there(tx, record, name, digest)

    def _keep(
        self,
        person: Person,
        record: CaseRecord,
        name: str,
        data: bytes,
        head: PhotoHead,
        kind: str,
    ) -> bool:
        """Keep a photo; gives whether it was not there yet, for another may have been quicker."""
        photo = PhotoRecord(
            name=name,
            original=self._files.put(data),
            media_type=head.media_type,
            width=head.width,
            height=head.height,
            size=len(data),
            uploaded_by=person.id,
            uploaded_at=self._clock(),
            kind=kind,
        )
        with self._store.writing() as tx:
            if _is_there(tx, record, name, photo.original):
                return False
            tx.cases.add_photo(record.seq, photo)
            detail = {"photo": name, "sha256": photo.original}
            tx.audit.add(person, "case.photo", f"case:{record.id}", detail=detail)
            self._queue_copy(tx, person, record, name)
        return True

    def _queue_copy(self, tx: Any, person: Person, record: CaseRecord, name: str) -> None:
        """Have the copy made by a job, unless one waits or runs; one that ended is followed by
        another, `MOST_TRIES` in all.
        """
        payload = {"case_id": str(record.id), "name": name}
        for number in range(MOST_TRIES):
            key = f"photo:{record.id}:{name}" + (f":{number}" if number else "")
            there: Job | None = tx.jobs.by_key(key)
            if there is None:
                self._jobs.submit_in(tx, person, JOB_KIND, payload, idempotency_key=key)
                return
            if there.state not in FINAL:
                return

    def _copy_again(self, person: Person, record: CaseRecord, name: str) -> None:
        """Have the copy of a photo made whose job was cancelled or given up."""
        with self._store.writing() as tx:
            photo: PhotoRecord | None = tx.cases.photo(record.seq, name)
            if photo is not None and photo.state == "received":
                self._queue_copy(tx, person, record, name)

    def make_copy(self, case_id: UUID, name: str) -> str:
        """Make copy and thumbnail of a photo that was received; gives its state after it.

        May run again: the same bytes give the same files.

        Raises
        ------
        NotFoundError
            When there is no such case or photo.
        UnavailableError
            When the original cannot be read or the copy cannot be kept.
        """
        with self._store.reading() as tx:
            record: CaseRecord | None = tx.cases.find(case_id)
            photo = None if record is None else tx.cases.photo(record.seq, name)
        if record is None or photo is None:
            raise NotFoundError("photo.unknown", "没有照片 {got}", got=name)
        if photo.state == "ready":
            return "ready"
        done, seen = self._copied(record, photo)
        with self._store.writing() as tx:
            tx.cases.change_photo(record.seq, done)
            keep_evidence(tx, record, done, seen)
            now = tx.cases.find(case_id)
            if now is not None:
                tx.outbox.put("case.photo", news_of(now))
        return done.state

    def _copied(self, record: CaseRecord, photo: PhotoRecord) -> tuple[PhotoRecord, Exposure]:
        data = self._files.open(photo.original)
        try:
            made = photo_copy(data, position=record.position, received=photo.uploaded_at)
        except InvalidError as fault:
            return replace(photo, state="failed", flags=(fault.code,)), Exposure()
        ready = replace(
            photo,
            state="ready",
            copy=self._files.put(made.copy),
            thumbnail=self._files.put(made.thumbnail),
            flags=made.flags,
        )
        return ready, made.seen

    def read(self, person: Person, case_id: UUID, name: str, *, small: bool = False) -> bytes:
        """JPEG bytes of the copy, or of the thumbnail. The original is never given out here.

        Raises
        ------
        NotFoundError
            When there is no such photo for this person, or no copy of it yet.
        """
        record = self._cases.reach(person, case_id)
        with self._store.reading() as tx:
            photo: PhotoRecord | None = tx.cases.photo(record.seq, name)
        wanted = None if photo is None else (photo.thumbnail if small else photo.copy)
        if wanted is None:
            raise NotFoundError(
                "photo.unknown", "没有照片 {got}，或还在处理", field="name", got=name[:100]
            )
        return self._files.open(wanted)


def _is_there(tx: Any, seen: CaseRecord, name: str, digest: str) -> bool:
    """Whether a case has this photo already, as the case stands in this transaction.

    Raises
    ------
    ConflictError
        When another photo has the name, or the case takes no new one (any more).
    """
    known: PhotoRecord | None = tx.cases.photo(seen.seq, name)
    if known is not None:
        _check_same(known, digest)
        return True
    now: CaseRecord = tx.cases.find(seen.id) or seen
    if not now.flow.is_open:
        raise ConflictError(
            "photo.case_ended", "案件已结束，不能再加照片", got=now.flow.state.value
        )
    count = len(tx.cases.photos([seen.seq]).get(seen.seq, ()))
    if count >= MAX_PHOTOS:
        raise ConflictError(
            "photo.too_many", "一个案件最多 {expected} 张照片", got=count, expected=MAX_PHOTOS
        )
    return False


def _check_same(known: PhotoRecord, digest: str) -> None:
    if known.original != digest:
        raise ConflictError(
            "photo.name_taken",
            "案件里已有另一张名为 {got} 的照片",
            field="name",
            got=known.name,
        )


def kind_of(person: Person, record: CaseRecord, asked: str | None) -> str:
    """What a photo shows: as asked, else what fits the person and the state of the case.

    Raises
    ------
    InvalidError
        When it is none of `KINDS`.
    """
    if asked is None:
        usual = (
            kind
            for (state, role), kind in _USUAL.items()
            if state is record.flow.state and person.has(role)
        )
        return next(usual, KINDS[0])
    if asked in KINDS:
        return asked
    raise InvalidError(
        "photo.unknown_kind",
        "{field} 应为 {expected} 之一",
        field="kind",
        got=asked[:40],
        expected=list(KINDS),
    )


def check_kind(person: Person, record: CaseRecord, kind: str) -> None:
    """Refuse a photo of what is not the person's to show.

    Disposal is shown by who disposes: the department that has the case in hand, or the collector
    who put it right. Verification and inspection are a collector's.

    Raises
    ------
    ForbiddenError
        ``photo.not_yours_to_show``.
    """
    flow = record.flow
    if kind == "after":
        in_hand = flow.state in _DISPOSAL and person.department == flow.department
        put_right = flow.self_disposal and record.reporter_id == person.id
        may = (person.has(Role.DEPARTMENT) and in_hand) or (
            person.has(Role.INSPECTOR) and put_right
        )
    else:
        may = person.has(*_SENDERS[kind])
    if not may:
        raise ForbiddenError(
            "photo.not_yours_to_show",
            "{person} 此时不能上传“{what}”照片",
            field="kind",
            got=kind,
            params={"person": person.name, "what": KIND_TITLES[kind]},
        )


def check_may_add(person: Person) -> None:
    """Refuse who only looks at cases.

    Raises
    ------
    ForbiddenError
        When none of the person's roles works on cases.
    """
    if not person.has(*_MAY_ADD):
        raise ForbiddenError(
            "photo.forbidden", "{person} 不能给案件加照片", params={"person": person.name}
        )


def check_name(name: str) -> None:
    """Refuse a name that is none of ours: the sender makes it, letters and digits only.

    Raises
    ------
    InvalidError
        When it has other characters or more than 100.
    """
    if not _NAME.match(name):
        raise InvalidError(
            "photo.bad_name",
            "照片名用字母、数字和 . _ -，最多 100 个字符",
            field="name",
            got=name[:100],
        )


def run_job(services: Any, job: Any, progress: Any) -> dict[str, Any]:
    """The job ``photo``: copy and thumbnail of one photo."""
    progress.check()
    payload = job.payload
    state = services.photos.make_copy(UUID(str(payload["case_id"])), str(payload["name"]))
    return {"state": state}
