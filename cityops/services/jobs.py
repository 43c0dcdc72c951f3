"""Jobs: work that outlives a request, with progress, cancel, and no loss when a worker dies.

The table of jobs is the truth. A bell tells workers that something waits, but may be lost: a
sweep finds what was not heard, and what a dead worker left behind. A job may therefore be
begun more than once; it is *finished* once, because only the worker that holds it can finish
it, and every handler gives the same result when it runs again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from cityops.services.city_time import shown_time
from cityops.services.events import KEPT_MESSAGES
from cityops.services.ports import Store
from cityops.services.roles import Person, Role
from gis.errors import CityError, ConflictError, InvalidError, Kind, NotFoundError, error_body

#: How long a job waits after an attempt for which something was missing, in seconds; the n-th
#: entry after the n-th attempt. In all it outlasts a disk that is full for half an hour.
AGAIN_AFTER_S = (10.0, 60.0, 300.0, 1800.0)
#: A job that was begun this often and never finished is given up: it kills its workers.
MAX_ATTEMPTS = len(AGAIN_AFTER_S) + 1
#: Who sees and cancels jobs of others.
OVERSEERS = (Role.SYSTEM_ADMIN, Role.DATA_MANAGER)


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: States that a job never leaves.
FINAL = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True)
class Job:
    """One job. Times are aware and in UTC.

    ``heartbeat`` is None until it runs; a job that waits again is not begun before it.
    """

    id: str
    kind: str
    payload: Mapping[str, Any]
    state: JobState
    person_id: int
    person_name: str
    created_at: datetime
    done: int = 0
    total: int | None = None
    text: str = ""
    attempts: int = 0
    heartbeat: datetime | None = None
    worker: str | None = None
    cancel_asked: bool = False
    idempotency_key: str | None = None
    result: Any = None
    error: Mapping[str, Any] | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def person(self) -> Person:
        """Who asked for it, without roles: for records, not for permissions."""
        return Person(self.person_id, self.person_name, frozenset())

    def _progress(self) -> dict[str, Any]:
        """How far it is; what is finished is whole, whichever step was told of last."""
        if self.state is JobState.DONE and self.total is not None:
            return {"done": self.total, "total": self.total, "text": self.text}
        return {"done": self.done, "total": self.total, "text": self.text}

    def as_dict(self) -> dict[str, Any]:
        """The job as JSON values; times in +08:00. The payload is not shown."""
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state.value,
            "progress": self._progress(),
            "attempts": self.attempts,
            "cancel_asked": self.cancel_asked,
            "result": self.result,
            "error": self.error,
            "person": self.person_name,
            "created_at": _shown(self.created_at),
            "started_at": _shown(self.started_at),
            "finished_at": _shown(self.finished_at),
        }


def _shown(at: datetime | None) -> str | None:
    return None if at is None else shown_time(at)


class JobRepo(Protocol):
    """Jobs in the store."""

    def add(self, job: Job) -> None:
        """Store a new job."""

    def get(self, job_id: str) -> Job | None:
        """The job, or None."""

    def by_key(self, idempotency_key: str) -> Job | None:
        """The job that was submitted with this key, or None."""

    def page(
        self, *, person_id: int | None, states: Sequence[JobState], limit: int
    ) -> Sequence[Job]:
        """Newest jobs first; those of one person, or all when None; all states when none given."""

    def claim(self, job_id: str, worker: str, now: datetime) -> Job | None:
        """Make a queued job this worker's running one; None when it is not queued (any more)."""

    def beat(
        self, job_id: str, worker: str, now: datetime, progress: tuple[int, int | None, str] | None
    ) -> bool | None:
        """Note a sign of life. Gives whether cancel was asked; None when the job is not held."""

    def finish(
        self, job_id: str, worker: str, now: datetime, state: JobState, result: Any, error: Any
    ) -> bool:
        """End a job that this worker holds; whether it held it."""

    def requeue(
        self, job_id: str, worker: str | None, *, back: bool, not_before: datetime | None = None
    ) -> bool:
        """Queue a running job again; `back` takes this attempt back. Whether it was held so."""

    def ask_cancel(self, job_id: str, now: datetime) -> JobState | None:
        """Cancel a queued job, ask a running one to stop; its state then, None when unknown."""

    def running(self) -> Sequence[Job]:
        """Jobs that are running, as far as the store knows."""

    def queued_ids(self, limit: int, now: datetime) -> Sequence[str]:
        """Ids of queued jobs that may begin, oldest first."""

    def forget_before(self, moment: datetime) -> int:
        """Delete jobs that ended before `moment`; gives how many."""


class Bell(Protocol):
    """Tells workers, perhaps, that a job waits."""

    def ring(self, job_id: str) -> None:
        """Tell; never raises."""


class SilentBell:
    """A bell where no worker listens: the sweep finds the job."""

    def ring(self, job_id: str) -> None:
        """Tell nobody."""


class JobStopped(Exception):
    """Raised inside a handler, at its next report, when it must stop."""


class Cancelled(JobStopped):
    """The person no longer wants the job."""


class Interrupted(JobStopped):
    """The worker ends; the job goes on in another one."""


class LeaseLost(JobStopped):
    """Another worker holds the job by now."""


class Progress(Protocol):
    """What a handler reports to; each call may raise `JobStopped`."""

    def report(self, done: int, total: int | None = None, text: str = "") -> None:
        """Say how far the job is."""

    def check(self) -> None:
        """Only look whether to stop."""


Handler = Callable[[Any, Job, Progress], Any]


class JobService:
    """Submit, look at and cancel jobs."""

    def __init__(
        self,
        store: Store,
        bell: Bell | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._bell: Bell = bell or SilentBell()
        self._now = now

    def submit(
        self,
        person: Person,
        kind: str,
        payload: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
    ) -> Job:
        """Queue a job; gives it. The same key again gives the job of the first time.

        Parameters
        ----------
        kind
            Name under which the handler is registered.
        payload
            JSON object for the handler: ids and choices, never file contents.

        Raises
        ------
        ConflictError
            When the key belongs to a job of another kind, payload or person.
        """
        with self._store.writing() as tx:
            return self.submit_in(tx, person, kind, payload, idempotency_key=idempotency_key)

    def submit_in(
        self,
        tx: Any,
        person: Person,
        kind: str,
        payload: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
    ) -> Job:
        """Queue a job in a writing transaction that is open; workers hear of it after its commit.

        Raises
        ------
        ConflictError
            When the key belongs to a job of another kind, payload or person.
        """
        if idempotency_key is not None:
            there: Job | None = tx.jobs.by_key(idempotency_key)
            if there is not None:
                return _same(there, person, kind, payload)
        job = Job(
            id=str(uuid.uuid4()),
            kind=kind,
            payload=dict(payload),
            state=JobState.QUEUED,
            person_id=person.id,
            person_name=person.name,
            created_at=self._now(),
            idempotency_key=idempotency_key,
        )
        tx.jobs.add(job)
        tx.after_commit(lambda: self._bell.ring(job.id))
        return job

    def get(self, person: Person, job_id: str) -> Job:
        """A job of the person, or any job for those who oversee them; see `told`.

        Raises
        ------
        NotFoundError
            When there is none, or none for this person.
        """
        with self._store.reading() as tx:
            return told(_visible(tx, person, job_id), person)

    def list(
        self, person: Person, *, states: Sequence[JobState] = (), limit: int = 50
    ) -> list[Job]:
        """Newest jobs first: the person's own, or all for those who oversee them; see `told`.

        Raises
        ------
        InvalidError
            When `limit` is not 1 to 500.
        """
        if not 1 <= limit <= 500:
            raise InvalidError(
                "query.limit", "limit 应为 {expected}，得到 {got}", field="limit", got=limit,
                expected="1–500",
            )  # fmt: skip
        owner = None if person.has(*OVERSEERS) else person.id
        with self._store.reading() as tx:
            found = tx.jobs.page(person_id=owner, states=states, limit=limit)
            return [told(job, person) for job in found]

    def cancel(self, person: Person, job_id: str) -> Job:
        """Cancel a job that waits, ask one that runs to stop; gives it as it is then.

        Raises
        ------
        NotFoundError
            When there is none, or none for this person.
        ConflictError
            When it has ended already.
        """
        with self._store.writing() as tx:
            job = _visible(tx, person, job_id)
            if job.state in FINAL:
                raise ConflictError(
                    "job.ended", "任务已结束（{got}），不能取消", field="id", got=job.state.value
                )
            tx.jobs.ask_cancel(job_id, self._now())
            tx.audit.add(person, "job.cancel", f"job:{job_id}", detail={"kind": job.kind})
            return told(_visible(tx, person, job_id), person)


def told(job: Job, person: Person) -> Job:
    """A job as the person may see it.

    Results and refusals quote rows of files and layers. They are for who asked for the job, and
    for data managers without any limit; others who oversee jobs see how it went, not with what.
    """
    if job.person_id == person.id or person.manages_all_data:
        return job
    return replace(job, result=None, error=None if job.error is None else _bare(job.error))


def _bare(error: Mapping[str, Any]) -> dict[str, Any]:
    """A refusal without what it quotes."""
    said = error["error"]
    return error_body(
        CityError(said["code"], Kind(said["kind"]), "任务没有完成，原因只给提交任务的人看")
    )


def _same(there: Job, person: Person, kind: str, payload: Mapping[str, Any]) -> Job:
    if (there.kind, there.payload, there.person_id) != (kind, dict(payload), person.id):
        raise ConflictError(
            "job.key_taken",
            "幂等键 {got} 已用于另一个任务",
            field="idempotency_key",
            got=there.idempotency_key,
        )
    return there


def _visible(tx: Any, person: Person, job_id: str) -> Job:
    job: Job | None = tx.jobs.get(job_id)
    if job is None or not (job.person_id == person.id or person.has(*OVERSEERS)):
        raise NotFoundError("job.unknown", "没有任务 {got}", field="id", got=job_id)
    return job


@dataclass
class JobDesk:
    """The worker's side: take a job, report on it, end it, and find those that were lost.

    Attributes
    ----------
    worker
        Name of this process, unique among all that work on the store.
    stale_s
        A running job without a sign of life for this long, in seconds, has lost its worker.
    is_dead
        Whether the named worker is known to be gone, so that its jobs need not wait.
    """

    store: Store
    worker: str
    stale_s: float = 30.0
    is_dead: Callable[[str], bool] = lambda _worker: False
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def claim(self, job_id: str) -> Job | None:
        """The job, now this worker's; None when there is nothing to do. A job that has been
        begun too often is failed instead.
        """
        with self.store.writing() as tx:
            job: Job | None = tx.jobs.claim(job_id, self.worker, self.now())
            if job is None or job.attempts <= MAX_ATTEMPTS:
                return job
            error = CityError(
                "job.given_up",
                Kind.UNAVAILABLE,
                "任务开始了 {got} 次都没有完成，已放弃",
                got=job.attempts - 1,
                hint="查看日志中这个任务的记录",
            )
            tx.jobs.finish(
                job_id, self.worker, self.now(), JobState.FAILED, None, error_body(error)
            )
        return None

    def beat(self, job_id: str, progress: tuple[int, int | None, str] | None = None) -> None:
        """Sign of life, with the progress if there is news.

        Raises
        ------
        Cancelled
            When the person asked to stop.
        LeaseLost
            When another worker holds the job by now, or it has ended.
        """
        with self.store.writing() as tx:
            asked = tx.jobs.beat(job_id, self.worker, self.now(), progress)
        if asked is None:
            raise LeaseLost
        if asked:
            raise Cancelled

    def finish(self, job_id: str, state: JobState, result: Any = None, error: Any = None) -> bool:
        """End a job; False when this worker no longer held it, and nothing was changed."""
        with self.store.writing() as tx:
            return bool(tx.jobs.finish(job_id, self.worker, self.now(), state, result, error))

    def give_back(self, job_id: str) -> bool:
        """Queue a job of this worker again; this attempt does not count."""
        with self.store.writing() as tx:
            return bool(tx.jobs.requeue(job_id, self.worker, back=True))

    def try_later(self, job: Job) -> bool:
        """Queue a job again, to begin after a while; False when it was tried often enough."""
        if job.attempts >= MAX_ATTEMPTS:
            return False
        then = self.now() + timedelta(seconds=AGAIN_AFTER_S[job.attempts - 1])
        with self.store.writing() as tx:
            tx.jobs.requeue(job.id, self.worker, back=False, not_before=then)
        return True

    def forget(self, keep_days: int) -> int:
        """Delete what ended `keep_days` ago, and messages no page asks for; gives how many jobs.

        A job's result and refusal quote rows, so they are not kept longer than they serve.
        """
        with self.store.writing() as tx:
            tx.outbox.keep_newest(KEPT_MESSAGES)
            return int(tx.jobs.forget_before(self.now() - timedelta(days=keep_days)))

    def waiting(self, limit: int = 1000) -> list[str]:
        """Ids of queued jobs that may begin, after queueing again those whose worker is gone."""
        with self.store.reading() as tx:
            lost = [job for job in tx.jobs.running() if self._is_lost(job)]
        if lost:
            with self.store.writing() as tx:
                for job in lost:
                    self._recover(tx, job)
        with self.store.reading() as tx:
            return list(tx.jobs.queued_ids(limit, self.now()))

    def _is_lost(self, job: Job) -> bool:
        if job.worker is not None and job.worker != self.worker and self.is_dead(job.worker):
            return True
        seen = job.heartbeat or job.created_at
        return self.now() - seen > timedelta(seconds=self.stale_s)

    def _recover(self, tx: Any, job: Job) -> None:
        if job.cancel_asked:
            tx.jobs.finish(job.id, job.worker, self.now(), JobState.CANCELLED, None, None)
        else:
            tx.jobs.requeue(job.id, job.worker, back=False)
