"""Jobs in an SQL database: the port ``cityops.services.jobs.JobRepo``.

Every change names the state and the worker it expects, so that two workers can never both
hold or both finish a job; it is the row count that tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Table, func, insert, or_, select, update

from cityops.services.jobs import FINAL, Job, JobState
from cityops.store.models.jobs import JobRow

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Row, Update

    from cityops.store.unit import Unit

_job = cast(Table, JobRow.__table__)
_c = _job.c


class SqlJobRepo:
    """Jobs of one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._connection = unit.connection

    def add(self, job: Job) -> None:
        """Store a new job."""
        self._connection.execute(
            insert(_job).values(
                id=job.id,
                kind=job.kind,
                payload=dict(job.payload),
                state=job.state.value,
                done=job.done,
                text=job.text,
                attempts=0,
                cancel_asked=False,
                idempotency_key=job.idempotency_key,
                person_id=job.person_id,
                person_name=job.person_name,
                created_at=_stored(job.created_at),
            )
        )

    def get(self, job_id: str) -> Job | None:
        """The job, or None."""
        return self._one(_c.id == job_id)

    def by_key(self, idempotency_key: str) -> Job | None:
        """The job that was submitted with this key, or None."""
        return self._one(_c.idempotency_key == idempotency_key)

    def page(
        self, *, person_id: int | None, states: Sequence[JobState], limit: int
    ) -> Sequence[Job]:
        """Newest jobs first; those of one person, or all when None; all states when none given."""
        query = select(_job).order_by(_c.created_at.desc(), _c.id).limit(limit)
        if person_id is not None:
            query = query.where(_c.person_id == person_id)
        if states:
            query = query.where(_c.state.in_([state.value for state in states]))
        return [_job_of(row) for row in self._connection.execute(query)]

    def claim(self, job_id: str, worker: str, now: datetime) -> Job | None:
        """Make a queued job this worker's running one; None when it is not queued (any more)."""
        change = (
            update(_job)
            .where(_c.id == job_id, *_may_begin(now))
            .values(
                state=JobState.RUNNING.value,
                worker=worker,
                attempts=_c.attempts + 1,
                heartbeat=_stored(now),
                started_at=_stored(now),
            )
        )
        return self.get(job_id) if self._changes(change) else None

    def beat(
        self, job_id: str, worker: str, now: datetime, progress: tuple[int, int | None, str] | None
    ) -> bool | None:
        """Note a sign of life. Gives whether cancel was asked; None when the job is not held."""
        values: dict[str, Any] = {"heartbeat": _stored(now)}
        if progress is not None:
            values |= dict(zip(("done", "total", "text"), progress, strict=True))
        if not self._changes(update(_job).where(*_held(job_id, worker)).values(**values)):
            return None
        return bool(
            self._connection.execute(select(_c.cancel_asked).where(_c.id == job_id)).scalar()
        )

    def finish(
        self, job_id: str, worker: str, now: datetime, state: JobState, result: Any, error: Any
    ) -> bool:
        """End a job that this worker holds; whether it held it."""
        values: dict[str, Any] = {
            "state": state.value,
            "finished_at": _stored(now),
            "result": result,
            "error": error,
        }
        return self._changes(update(_job).where(*_held(job_id, worker)).values(**values))

    def requeue(
        self, job_id: str, worker: str | None, *, back: bool, not_before: datetime | None = None
    ) -> bool:
        """Queue a running job again; `back` takes this attempt back. Whether it was held so."""
        values: dict[str, Any] = {"state": JobState.QUEUED.value, "worker": None}
        values["heartbeat"] = None if not_before is None else _stored(not_before)
        if back:
            values["attempts"] = _c.attempts - 1
        return self._changes(update(_job).where(*_held(job_id, worker)).values(**values))

    def ask_cancel(self, job_id: str, now: datetime) -> JobState | None:
        """Cancel a queued job, ask a running one to stop; its state then, None when unknown."""
        self._changes(
            update(_job)
            .where(_c.id == job_id, _c.state == JobState.QUEUED.value)
            .values(state=JobState.CANCELLED.value, finished_at=_stored(now), cancel_asked=True)
        )
        self._changes(
            update(_job)
            .where(_c.id == job_id, _c.state == JobState.RUNNING.value)
            .values(cancel_asked=True)
        )
        job = self.get(job_id)
        return None if job is None else job.state

    def counts(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        query = select(_c.state, func.count()).group_by(_c.state)
        return {state: int(count) for state, count in self._connection.execute(query)}

    def running(self) -> Sequence[Job]:
        """Jobs that are running, as far as the store knows."""
        query = select(_job).where(_c.state == JobState.RUNNING.value).order_by(_c.created_at)
        return [_job_of(row) for row in self._connection.execute(query)]

    def queued_ids(self, limit: int, now: datetime) -> Sequence[str]:
        """Ids of queued jobs that may begin, oldest first."""
        query = select(_c.id).where(*_may_begin(now)).order_by(_c.created_at, _c.id).limit(limit)
        return list(self._connection.execute(query).scalars())

    def forget_before(self, moment: datetime) -> int:
        """Delete jobs that ended before `moment`; gives how many."""
        gone = self._connection.execute(
            _job.delete().where(
                _c.state.in_([state.value for state in FINAL]), _c.finished_at < _stored(moment)
            )
        )
        return int(gone.rowcount)

    def _one(self, condition: ColumnElement[bool]) -> Job | None:
        row = self._connection.execute(select(_job).where(condition)).first()
        return None if row is None else _job_of(row)

    def _changes(self, statement: Update) -> bool:
        return self._connection.execute(statement).rowcount == 1


def _held(job_id: str, worker: str | None) -> tuple[ColumnElement[bool], ...]:
    return (_c.id == job_id, _c.state == JobState.RUNNING.value, _c.worker == worker)


def _may_begin(now: datetime) -> tuple[ColumnElement[bool], ...]:
    due = or_(_c.heartbeat.is_(None), _c.heartbeat <= _stored(now))
    return (_c.state == JobState.QUEUED.value, due)


def _stored(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _aware(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)


def _job_of(row: Row[Any]) -> Job:
    values = dict(row._mapping)
    times = ("created_at", "started_at", "finished_at", "heartbeat")
    values |= {name: _aware(values[name]) for name in times}
    return Job(**values | {"state": JobState(values["state"])})
