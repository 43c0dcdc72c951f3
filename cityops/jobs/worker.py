"""The job process: hears the bell, does jobs, sweeps for what was lost.

It imports no store and no service of the program; it is handed them (``cityops jobs work``).
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from huey.consumer import Consumer

from cityops.jobs.handlers import HANDLERS, handler_for
from cityops.jobs.heartbeat import JobProgress
from cityops.jobs.leftovers import OLD_AFTER_S, remove_leftovers
from cityops.jobs.queue import QueueBell, open_queue
from cityops.services.jobs import (
    Cancelled,
    Handler,
    Interrupted,
    Job,
    JobDesk,
    JobState,
    LeaseLost,
)
from cityops.services.ports import Store
from cityops.settings import Settings
from gis.errors import CityError, Kind, UnavailableError, error_body

log = logging.getLogger("cityops.jobs")
#: How often the table is searched for jobs that nobody heard of, in seconds.
SWEEP_EVERY_S = 10.0
#: How often what the time of day brings with it is done, in seconds.
CHORES_EVERY_S = 60.0
#: How often the data folder is searched for what killed processes left, in seconds.
CLEAR_EVERY_S = 3600.0


class Deployment(Protocol):
    """What the worker needs of the composition root; handlers get the whole of it."""

    settings: Settings

    @property
    def store(self) -> Store:
        """Store of this deployment."""


class Worker:
    """Does jobs, one per thread, until it is told to stop.

    Parameters
    ----------
    chores
        By name what is done every minute because time went by; each gives how much it did.
    """

    def __init__(
        self,
        services: Deployment,
        handlers: Mapping[str, str | Handler] = HANDLERS,
        sweep_every_s: float = SWEEP_EVERY_S,
        chores: Mapping[str, Callable[[], int]] = MappingProxyType({}),
    ) -> None:
        settings = services.settings
        self._services = services
        self._handlers = handlers
        self._threads = settings.job_workers
        self._sweep_every_s = sweep_every_s
        self._stopping = threading.Event()
        self._queue = open_queue(settings)
        self._bell = QueueBell(self._queue, self.do)
        self._data_dir = settings.data_dir
        self._cleared = time.monotonic() - CLEAR_EVERY_S
        self._chores = chores
        self._chored = time.monotonic() - CHORES_EVERY_S
        self._desk = JobDesk(
            services.store, process_name(), stale_s=settings.job_stale_s, is_dead=is_dead
        )

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; jobs in hand are interrupted and go back to the table."""
        consumer = _Ears(
            self._queue,
            workers=self._threads,
            worker_type="thread",
            periodic=False,
            initial_delay=0.05,
            max_delay=0.5,
            check_worker_health=True,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        consumer.start()
        while True:
            self.sweep()
            if self._stopping.wait(self._sweep_every_s):
                break
        consumer.stop(graceful=True)

    def sweep(self) -> None:
        """Ring for jobs that wait unheard, queue again those whose worker is gone, clear up."""
        if time.monotonic() - self._cleared >= CLEAR_EVERY_S:
            self._cleared = time.monotonic()
            remove_leftovers(self._data_dir)
            self._remove_unnamed_files()
            self._forget_old_jobs()
            self._tell_anchor()
        if time.monotonic() - self._chored >= CHORES_EVERY_S:
            self._chored = time.monotonic()
            self._do_chores()
        try:
            waiting = self._desk.waiting()
            if waiting and self._bell.unheard() == 0:
                for job_id in waiting:
                    self._bell.ring(job_id)
        except UnavailableError as error:
            log.warning("sweep: %s", error)

    def _do_chores(self) -> None:
        for name, chore in self._chores.items():
            try:
                count = chore()
            except CityError as error:
                log.warning("%s: %s", name, error)
                continue
            if count:
                log.info("%s: %d", name, count)

    def _remove_unnamed_files(self) -> None:
        try:
            gone = self._services.store.remove_unnamed_files(OLD_AFTER_S)
        except UnavailableError as error:
            log.warning("clearing up: %s", error)
            return
        if gone:
            log.info("removed %d files that no row names", gone)

    def _forget_old_jobs(self) -> None:
        try:
            gone = self._desk.forget(self._services.settings.job_keep_days)
        except UnavailableError as error:
            log.warning("forgetting old jobs: %s", error)
            return
        if gone:
            log.info("forgot %d jobs that ended long ago", gone)

    def _tell_anchor(self) -> None:
        """Put the head of the audit chain into the log, which may lie on another machine."""
        try:
            with self._services.store.reading() as tx:
                log.info("audit anchor %s", tx.audit.head())
        except UnavailableError as error:
            log.warning("audit anchor: %s", error)

    def do(self, job_id: str) -> None:
        """Do one job, if it still waits."""
        try:
            job = None if self._stopping.is_set() else self._desk.claim(job_id)
            if job is not None:
                self._do(job)
        except UnavailableError as error:
            # The store does not answer; the job's row will tell the next sweep what to do.
            log.warning("job %s: %s", job_id, error)

    def _do(self, job: Job) -> None:
        log.info("job %s (%s): attempt %d", job.id, job.kind, job.attempts)
        try:
            with JobProgress(self._desk, job.id, self._stopping) as progress:
                result = handler_for(job.kind, self._handlers)(self._services, job, progress)
                progress.flush()
            self._desk.finish(job.id, JobState.DONE, result)
        except Cancelled:
            self._desk.finish(job.id, JobState.CANCELLED)
        except Interrupted:
            self._desk.give_back(job.id)
        except LeaseLost:
            log.warning("job %s: another worker has it", job.id)
        except UnavailableError as error:
            self._again(job, error)
        except CityError as error:
            self._desk.finish(job.id, JobState.FAILED, None, error_body(error))
        except Exception:
            log.exception("job %s (%s) failed", job.id, job.kind)
            self._desk.finish(job.id, JobState.FAILED, None, error_body(_fault()))

    def _again(self, job: Job, error: UnavailableError) -> None:
        if self._desk.try_later(job):
            log.warning("job %s: %s; it is tried again later", job.id, error)
        else:
            self._desk.finish(job.id, JobState.FAILED, None, error_body(error))


class _Ears(Consumer):  # type: ignore[misc]
    """huey's consumer without its signal handlers: this process has its own."""

    def _set_signal_handlers(self) -> None:
        """Leave the signals to `Worker.run`."""


def _fault() -> CityError:
    return CityError(
        "job.fault",
        Kind.UNAVAILABLE,
        "任务因程序内部错误而失败",
        hint="请把任务编号告诉系统管理员，日志中有详细记录",
    )


def process_name() -> str:
    """Name of this process, unique among all that may share a store."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}"


def is_dead(worker: str) -> bool:
    """Whether the named process was one of this machine's and is gone."""
    host, _, rest = worker.partition(":")
    number = rest.partition(":")[0]
    if host != socket.gethostname()[:80] or not number.isdigit():
        return False
    if int(number) == os.getpid():
        return True  # an earlier process had this number
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
