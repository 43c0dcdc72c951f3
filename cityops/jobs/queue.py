"""The bell: huey on an SQLite file of its own tells workers that a job waits.

Only the job's id travels, in a signed message: huey's messages are pickles, so whoever could
write one would run code. A lost message costs time, never a job.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable

from huey import SqliteHuey
from huey.serializer import SignedSerializer

from cityops.secret_key import derived, secret_key
from cityops.settings import Settings

log = logging.getLogger("cityops.jobs")
TASK = "cityops.run"


def open_queue(settings: Settings) -> SqliteHuey:
    """The queue of a deployment; its file is made when it is missing.

    Raises
    ------
    UnavailableError
        When the secret that signs messages cannot be had.
    """
    signing = derived(secret_key(settings), "queue")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return SqliteHuey(
        "cityops",
        filename=str(settings.data_dir / "huey.db"),
        serializer=SignedSerializer(secret=signing, salt="cityops-queue"),
        results=False,
        fsync=False,
        timeout=5,
    )


class QueueBell:
    """Rings by putting a job's id into the queue."""

    def __init__(self, queue: SqliteHuey, run: Callable[[str], None] | None = None) -> None:
        act = run or _not_here

        # Messages name their task by the module of its function: the same here for whoever
        # rings and whoever hears, whatever does the work.
        def hear(job_id: str) -> None:
            act(job_id)

        self._queue = queue
        self._task = queue.task(name=TASK)(hear)

    def ring(self, job_id: str) -> None:
        """Tell the workers; when the queue does not answer, their sweep finds the job."""
        try:
            self._task(job_id)
        except sqlite3.Error as error:
            log.warning("job %s: the bell is out of order (%s)", job_id, error)

    def unheard(self) -> int:
        """How many messages wait."""
        return int(self._queue.pending_count())


def _not_here(job_id: str) -> None:
    raise RuntimeError(f"job {job_id}: this process runs no jobs")
