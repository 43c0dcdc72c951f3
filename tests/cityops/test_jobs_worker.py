"""The job process itself: a real process, really killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cityops.jobs.handlers import handler_for
from cityops.jobs.queue import QueueBell, open_queue
from cityops.jobs.worker import is_dead, process_name
from cityops.services.jobs import JobService, JobState
from cityops.services.roles import Person, Role
from gis.errors import NotFoundError

ANN = Person(7, "安", frozenset({Role.PLANNER}))

#: A worker with one handler, in a process of its own: it counts slowly and keeps what it counted.
WORKER = """
import json, sys, time
from pathlib import Path
from types import SimpleNamespace
from cityops.jobs.worker import Worker
from cityops.settings import Settings
from cityops.store.database import open_store
from gis.errors import InvalidError
from gis.layers import LayerRegistry

settings = Settings(data_dir=Path(sys.argv[1]), job_stale_s=int(sys.argv[2]), job_workers=2)
trace = settings.data_dir / "trace.jsonl"

def count(services, job, progress):
    for step in range(job.payload["to"]):
        with trace.open("a") as out:
            out.write(json.dumps({"attempt": job.attempts, "step": step}) + "\\n")
        progress.report(step + 1, job.payload["to"], f"第 {step + 1} 步")
        time.sleep(0.03)
    return {"counted": job.payload["to"]}

def refuse(services, job, progress):
    raise InvalidError("test.refused", "不行：{got}", got=job.payload["why"])

def crash(services, job, progress):
    return 1 // 0

services = SimpleNamespace(settings=settings, store=open_store(settings, LayerRegistry([])))
handlers = {"count": count, "refuse": refuse, "crash": crash}
Worker(services, handlers, sweep_every_s=float(sys.argv[3])).run()
"""


@pytest.fixture
def jobs(store, settings):
    return JobService(store, QueueBell(open_queue(settings)))


@pytest.fixture
def start(settings, store, tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    running = []

    def begin(stale_s: int = 30, sweep_s: float = 0.2) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, str(script), str(settings.data_dir), str(stale_s), str(sweep_s)],
            cwd=Path(__file__).resolve().parents[2],
            stderr=subprocess.DEVNULL,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.wait()


def wait_for(claim, timeout_s: float = 20.0):
    deadline = time.monotonic() + timeout_s
    while not (found := claim()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def ended(jobs, job_id):
    return lambda: jobs.get(ANN, job_id).finished_at and jobs.get(ANN, job_id)


def test_a_job_goes_on_after_its_worker_was_killed_and_ends_once(jobs, start, settings):
    job = jobs.submit(ANN, "count", {"to": 40})
    first = start()
    wait_for(lambda: jobs.get(ANN, job.id).done >= 3)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert jobs.get(ANN, job.id).state is JobState.RUNNING
    start()
    told = wait_for(ended(jobs, job.id))
    assert (told.state, told.result, told.attempts) == (JobState.DONE, {"counted": 40}, 2)
    trace = (settings.data_dir / "trace.jsonl").read_text()
    steps = [json.loads(line) for line in trace.splitlines()]
    assert [s["step"] for s in steps if s["attempt"] == 2] == list(range(40))
    assert {s["attempt"] for s in steps} == {1, 2}


def test_a_stopped_worker_gives_its_job_back_without_counting_the_attempt(jobs, start):
    job = jobs.submit(ANN, "count", {"to": 400})
    first = start()
    wait_for(lambda: jobs.get(ANN, job.id).done >= 2)
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=10) == 0
    told = jobs.get(ANN, job.id)
    assert (told.state, told.attempts) == (JobState.QUEUED, 0)


def test_a_running_job_stops_when_it_is_cancelled(jobs, start):
    job = jobs.submit(ANN, "count", {"to": 4000})
    start(stale_s=2)
    wait_for(lambda: jobs.get(ANN, job.id).done >= 1)
    jobs.cancel(ANN, job.id)
    assert wait_for(ended(jobs, job.id)).state is JobState.CANCELLED


def test_the_bell_of_another_process_is_heard_long_before_the_next_sweep(jobs, start):
    start(sweep_s=600)
    for _ in range(2):
        job = jobs.submit(ANN, "count", {"to": 2})
        assert wait_for(ended(jobs, job.id)).state is JobState.DONE


def test_a_job_whose_bell_was_lost_is_found_by_the_sweep(store, start):
    silent = JobService(store)
    job = silent.submit(ANN, "count", {"to": 1})
    start()
    assert wait_for(ended(silent, job.id)).state is JobState.DONE


@pytest.mark.parametrize(
    ("kind", "code"),
    [("refuse", "test.refused"), ("crash", "job.fault"), ("nothing", "job.unknown_kind")],
)
def test_a_failed_job_says_why(jobs, start, kind, code):
    job = jobs.submit(ANN, kind, {"why": "太大"})
    start()
    told = wait_for(ended(jobs, job.id))
    assert told.state is JobState.FAILED
    assert told.error["error"]["code"] == code
    assert "ZeroDivision" not in json.dumps(told.error)


def test_a_message_that_was_not_signed_with_the_secret_is_refused(settings, tmp_path):
    ours = open_queue(settings)
    other = open_queue(replace(settings, data_dir=tmp_path / "other"))
    forged = other.serializer.serialize({"task": "cityops.run"})
    with pytest.raises(ValueError, match=r"[Ss]ignature"):
        ours.serializer.deserialize(forged)


def test_a_process_that_lives_is_not_dead_and_one_that_is_gone_is():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    host = process_name().partition(":")[0]
    assert not is_dead(f"{host}:{os.getppid()}:x")
    assert is_dead(f"{host}:{gone.pid}:x")
    assert not is_dead(f"elsewhere:{gone.pid}:x")


def test_an_unknown_kind_is_named():
    with pytest.raises(NotFoundError, match="nothing"):
        handler_for("nothing", {})
