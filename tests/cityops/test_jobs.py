"""Jobs: submitted once, held by one worker, finished once, never lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cityops.services.events import KEPT_MESSAGES, EventService
from cityops.services.jobs import (
    MAX_ATTEMPTS,
    Cancelled,
    JobDesk,
    JobService,
    JobState,
    LeaseLost,
)
from cityops.services.roles import Person, Role
from gis.errors import ConflictError, InvalidError, NotFoundError, error_body

ANN = Person(7, "安", frozenset({Role.PLANNER}))
BEN = Person(8, "本", frozenset({Role.PLANNER}))
CHIEF = Person(9, "管", frozenset({Role.SYSTEM_ADMIN}))


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class RecordingBell:
    def __init__(self) -> None:
        self.rung: list[str] = []

    def ring(self, job_id: str) -> None:
        self.rung.append(job_id)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def bell():
    return RecordingBell()


@pytest.fixture
def jobs(store, bell, clock):
    return JobService(store, bell, clock)


@pytest.fixture
def desk(store, clock):
    return JobDesk(store, "host:1:a", stale_s=30, now=clock)


def test_a_submitted_job_waits_and_the_bell_rings_once(jobs, bell):
    job = jobs.submit(ANN, "count", {"to": 3})
    assert jobs.get(ANN, job.id).state is JobState.QUEUED
    assert bell.rung == [job.id]


def test_the_bell_stays_silent_when_the_transaction_is_rolled_back(jobs, bell, store):
    def fails():
        with store.writing() as tx:
            jobs.submit_in(tx, ANN, "count", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert bell.rung == []
    assert jobs.list(ANN) == []


def test_the_same_key_gives_the_same_job(jobs, bell):
    first = jobs.submit(ANN, "count", {"to": 3}, idempotency_key="k1")
    again = jobs.submit(ANN, "count", {"to": 3}, idempotency_key="k1")
    assert again == first
    assert bell.rung == [first.id]


@pytest.mark.parametrize(
    ("person", "kind", "payload"),
    [(ANN, "count", {"to": 4}), (ANN, "other", {"to": 3}), (BEN, "count", {"to": 3})],
)
def test_a_key_of_another_job_is_refused(jobs, person, kind, payload):
    jobs.submit(ANN, "count", {"to": 3}, idempotency_key="k1")
    with pytest.raises(ConflictError, match="k1"):
        jobs.submit(person, kind, payload, idempotency_key="k1")


def test_others_do_not_see_a_job_and_overseers_do(jobs):
    job = jobs.submit(ANN, "count", {})
    with pytest.raises(NotFoundError):
        jobs.get(BEN, job.id)
    assert jobs.list(BEN) == []
    assert [j.id for j in jobs.list(CHIEF)] == [job.id]


@pytest.mark.parametrize("limits", [{"areas": ("120101",)}, {"categories": {"pipes": frozenset()}}])
def test_who_oversees_jobs_sees_how_one_went_but_not_the_rows_it_quotes(jobs, desk, limits):
    job = jobs.submit(ANN, "count", {})
    refusal = InvalidError("import.refused", "第 {row} 行：{got}", got="SECRET", row=3)
    desk.claim(job.id)
    desk.finish(job.id, JobState.FAILED, {"rows": "SECRET"}, error_body(refusal))
    limited = Person(11, "区", frozenset({Role.DATA_MANAGER}), **limits)
    for person in (CHIEF, limited):
        seen = [jobs.get(person, job.id), *jobs.list(person)]
        assert "SECRET" not in str([one.as_dict() for one in seen])
        assert seen[0].error["error"]["code"] == "import.refused"
    whole = Person(12, "市", frozenset({Role.DATA_MANAGER}))
    assert jobs.get(whole, job.id).result == jobs.get(ANN, job.id).result == {"rows": "SECRET"}


def test_the_list_is_newest_first_and_can_be_narrowed(jobs, clock, desk):
    ids = []
    for _ in range(3):
        ids.append(jobs.submit(ANN, "count", {}).id)
        clock.pass_s(1)
    desk.claim(ids[0])
    assert [j.id for j in jobs.list(ANN)] == ids[::-1]
    assert [j.id for j in jobs.list(ANN, states=[JobState.QUEUED])] == ids[:0:-1]
    with pytest.raises(InvalidError):
        jobs.list(ANN, limit=0)


def test_only_one_worker_gets_a_job(jobs, desk, store, clock):
    job = jobs.submit(ANN, "count", {})
    assert desk.claim(job.id).attempts == 1
    assert JobDesk(store, "host:2:b", now=clock).claim(job.id) is None


def test_a_finished_job_keeps_its_result_and_is_not_begun_again(jobs, desk):
    job = jobs.submit(ANN, "count", {})
    desk.claim(job.id)
    desk.beat(job.id, (2, 3, "第二步"))
    assert desk.finish(job.id, JobState.DONE, {"n": 3})
    told = jobs.get(ANN, job.id).as_dict()
    assert (told["state"], told["result"], told["progress"]["text"]) == ("done", {"n": 3}, "第二步")
    assert told["finished_at"] == "2026-05-01T16:00:00+08:00"
    assert desk.claim(job.id) is None


def test_a_waiting_job_is_cancelled_at_once(jobs, desk):
    job = jobs.submit(ANN, "count", {})
    assert jobs.cancel(ANN, job.id).state is JobState.CANCELLED
    assert desk.claim(job.id) is None
    with pytest.raises(ConflictError):
        jobs.cancel(ANN, job.id)


def test_a_running_job_hears_of_its_cancel_at_its_next_beat(jobs, desk):
    job = jobs.submit(ANN, "count", {})
    desk.claim(job.id)
    assert jobs.cancel(ANN, job.id).state is JobState.RUNNING
    with pytest.raises(Cancelled):
        desk.beat(job.id)


def test_others_cannot_cancel_a_job(jobs):
    job = jobs.submit(ANN, "count", {})
    with pytest.raises(NotFoundError):
        jobs.cancel(BEN, job.id)


def test_a_silent_job_is_taken_over_and_its_old_worker_cannot_end_it(jobs, desk, store, clock):
    job = jobs.submit(ANN, "count", {})
    desk.claim(job.id)
    clock.pass_s(29)
    other = JobDesk(store, "host:2:b", stale_s=30, now=clock)
    assert other.waiting() == []
    clock.pass_s(2)
    assert other.waiting() == [job.id]
    assert other.claim(job.id).attempts == 2
    with pytest.raises(LeaseLost):
        desk.beat(job.id)
    assert not desk.finish(job.id, JobState.DONE, {"by": "old"})
    assert other.finish(job.id, JobState.DONE, {"by": "new"})
    assert jobs.get(ANN, job.id).result == {"by": "new"}


def test_a_job_of_a_worker_known_to_be_dead_does_not_wait(jobs, desk, store, clock):
    job = jobs.submit(ANN, "count", {})
    desk.claim(job.id)
    other = JobDesk(store, "host:2:b", is_dead=lambda worker: worker == "host:1:a", now=clock)
    assert other.waiting() == [job.id]


def test_a_lost_job_that_was_to_be_cancelled_ends_cancelled(jobs, desk, clock):
    job = jobs.submit(ANN, "count", {})
    desk.claim(job.id)
    jobs.cancel(ANN, job.id)
    clock.pass_s(31)
    assert desk.waiting() == []
    assert jobs.get(ANN, job.id).state is JobState.CANCELLED


def test_a_job_that_kills_its_workers_is_given_up(jobs, desk, clock):
    job = jobs.submit(ANN, "count", {})
    for _ in range(MAX_ATTEMPTS):
        assert desk.claim(job.id) is not None
        clock.pass_s(31)
        assert desk.waiting() == [job.id]
    assert desk.claim(job.id) is None
    told = jobs.get(ANN, job.id)
    assert told.state is JobState.FAILED
    assert told.error["error"]["code"] == "job.given_up"


def test_an_interrupted_attempt_does_not_count(jobs, desk):
    job = jobs.submit(ANN, "count", {})
    desk.claim(job.id)
    assert desk.give_back(job.id)
    assert desk.claim(job.id).attempts == 1


def test_a_job_that_lacks_something_waits_longer_each_time_and_is_failed_at_last(jobs, desk, clock):
    job = jobs.submit(ANN, "count", {})
    for pause_s in (10, 60, 300, 1800):
        assert desk.try_later(desk.claim(job.id))
        clock.pass_s(pause_s - 1)
        assert desk.waiting() == []
        assert desk.claim(job.id) is None
        clock.pass_s(1)
        assert desk.waiting() == [job.id]
    assert not desk.try_later(desk.claim(job.id))


def test_ended_jobs_are_forgotten_after_their_time_and_waiting_ones_never(jobs, desk, clock):
    old, waits = jobs.submit(ANN, "count", {}), jobs.submit(ANN, "count", {})
    desk.claim(old.id)
    desk.finish(old.id, JobState.FAILED, None, {})
    clock.pass_s(30 * 86400 - 1)
    assert desk.forget(30) == 0
    clock.pass_s(2)
    assert desk.forget(30) == 1
    assert [j.id for j in jobs.list(ANN)] == [waits.id]


def test_who_is_behind_all_kept_messages_is_told_to_load_anew(desk, store):
    with store.writing() as tx:
        for number in range(KEPT_MESSAGES + 5):
            tx.outbox.put("case.move", {"n": number})
    desk.forget(30)
    with store.reading() as tx:
        left = tx.outbox.after(0, 10 * KEPT_MESSAGES)
    assert [m.id for m in left] == list(range(6, KEPT_MESSAGES + 6))
    news = EventService(store).news(ANN, 1)
    assert (news.missed, news.last) == (True, KEPT_MESSAGES + 5)
