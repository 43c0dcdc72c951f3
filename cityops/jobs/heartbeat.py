"""Signs of life of a running job, and what its handler reports through them."""

from __future__ import annotations

import logging
import threading
import time

from cityops.services.jobs import Interrupted, JobDesk, JobStopped
from gis.errors import UnavailableError

log = logging.getLogger("cityops.jobs")
#: Progress is written at most this often, in seconds: a writer must not queue behind it.
REPORT_EVERY_S = 0.5


class JobProgress:
    """Progress of one running job.

    A thread of its own gives signs of life while the handler is busy and learns that the
    person cancelled or that another worker took over; the handler's next call then raises.

    Parameters
    ----------
    stopping
        Set when this process ends: the handler is interrupted and the job goes back.
    """

    def __init__(self, desk: JobDesk, job_id: str, stopping: threading.Event) -> None:
        self._desk = desk
        self._job_id = job_id
        self._stopping = stopping
        self._every_s = max(desk.stale_s / 5, 0.2)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._stop: JobStopped | None = None
        self._news: tuple[int, int | None, str] | None = None
        self._written = 0.0
        self._thread = threading.Thread(target=self._live, name=f"beat-{job_id}", daemon=True)

    def __enter__(self) -> JobProgress:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=10)

    def report(self, done: int, total: int | None = None, text: str = "") -> None:
        """Say how far the job is.

        Raises
        ------
        JobStopped
            When the job was cancelled, this process ends, or another worker has the job.
        """
        with self._lock:
            self._news = (int(done), None if total is None else int(total), text)
        self.check()
        if time.monotonic() - self._written >= REPORT_EVERY_S:
            self._beat()
            self.check()

    def check(self) -> None:
        """Only look whether to stop.

        Raises
        ------
        JobStopped
            As for `report`.
        """
        if self._stop is not None:
            raise self._stop
        if self._stopping.is_set():
            raise Interrupted

    def flush(self) -> None:
        """Write what was reported last."""
        if self._news is not None:
            self._beat()

    def _live(self) -> None:
        while not self._over.wait(self._every_s):
            self._beat()

    def _beat(self) -> None:
        with self._lock:
            news, self._news = self._news, None
            self._written = time.monotonic()
        try:
            self._desk.beat(self._job_id, news)
        except JobStopped as stop:
            self._stop = stop
        except UnavailableError as error:
            log.warning("job %s: no sign of life (%s)", self._job_id, error)
