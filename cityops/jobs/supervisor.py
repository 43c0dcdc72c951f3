"""Start processes, watch them, start those that end anew, and stop them all together.

One loop, no threads. A process that ends is started again after a pause that doubles while it
keeps ending; before the service was ever ready, repeated ends of the web process end it all.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cityops.jobs.processes import STOP_WITHIN_S, ProcessSpec
from gis.errors import UnavailableError

log = logging.getLogger("cityops.serve")

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
#: A process that ran so long was well; its next end is paused for as the first one.
WELL_AFTER_S = 60.0
MOST_EARLY_ENDS = 3
_LOOK_EVERY_S = 0.1
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One watched process."""

    spec: ProcessSpec
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    ends: int = 0

    def pause_s(self) -> float:
        """How long to wait before the next start."""
        return min(FIRST_PAUSE_S * float(2 ** max(self.ends - 1, 0)), LONGEST_PAUSE_S)


class Supervisor:
    """Runs the processes of a deployment until it is told to stop.

    Parameters
    ----------
    state_file
        Where the ids of the processes are kept while they run.
    url
        Address of the service, for the state file.
    is_ready
        Whether the service answers; asked until it does.
    on_ready
        Called once, when it does.
    ready_within_s
        Give up when it does not within this time.
    """

    def __init__(
        self,
        specs: Sequence[ProcessSpec],
        *,
        state_file: Path,
        url: str,
        is_ready: Callable[[], bool],
        on_ready: Callable[[], None],
        ready_within_s: float = 120.0,
    ) -> None:
        self._children = [Child(spec) for spec in specs]
        self._state_file = state_file
        self._url = url
        self._is_ready = is_ready
        self._on_ready = on_ready
        self._ready_within_s = ready_within_s
        self._ready = False
        self._stop_asked = 0

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; a second signal stops at once.

        Raises
        ------
        UnavailableError
            When the service does not become ready.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_stop)
        began = time.monotonic()
        try:
            while not self._stop_asked:
                self._look_after_children()
                if not self._ready:
                    self._look_whether_ready(began)
                time.sleep(_LOOK_EVERY_S)
        finally:
            self._stop_all()

    def _ask_stop(self, *_: object) -> None:
        self._stop_asked += 1

    def _look_after_children(self) -> None:
        changed = False
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._note_end(child)
                changed = True
            if child.process is None and time.monotonic() >= child.start_again_at:
                self._start(child)
                changed = True
        if changed:
            self._write_state()

    def _note_end(self, child: Child) -> None:
        assert child.process is not None  # noqa: S101 - the caller looked
        lived_s = time.monotonic() - child.started_at
        child.ends = 1 if lived_s >= WELL_AFTER_S else child.ends + 1
        code = child.process.returncode
        _kill_group(child.process)
        child.process = None
        if not self._ready and child.spec.name == "web" and child.ends >= MOST_EARLY_ENDS:
            raise _not_ready(f"exit {code}")
        child.start_again_at = time.monotonic() + child.pause_s()
        how = signal.Signals(-code).name if code < 0 else f"exit {code}"
        log.warning(
            "%s ended (%s) after %.1f s; again in %.1f s",
            child.spec.name, how, lived_s, child.pause_s(),
        )  # fmt: skip

    def _start(self, child: Child) -> None:
        child.started_at = time.monotonic()
        child.process = subprocess.Popen(
            child.spec.command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            env={**os.environ, **child.spec.variables},
            pass_fds=child.spec.handles,
            start_new_session=True,
            preexec_fn=_end_with_parent if _libc is not None else None,
        )
        log.info("%s runs as process %d", child.spec.name, child.process.pid)

    def _look_whether_ready(self, began: float) -> None:
        if self._is_ready():
            self._ready = True
            self._on_ready()
        elif time.monotonic() - began > self._ready_within_s:
            raise _not_ready(f"{self._ready_within_s:.0f} s")

    def _write_state(self) -> None:
        state = {
            "pid": os.getpid(),
            "url": self._url,
            "processes": {
                child.spec.name: None if child.process is None else child.process.pid
                for child in self._children
            },
        }
        beside = self._state_file.with_suffix(".tmp")
        beside.write_text(json.dumps(state))
        beside.replace(self._state_file)

    def _stop_all(self) -> None:
        alive = [child.process for child in self._children if child.process is not None]
        for process in alive:
            process.terminate()
        deadline = time.monotonic() + STOP_WITHIN_S + 2
        while any(p.poll() is None for p in alive) and time.monotonic() < deadline:
            if self._stop_asked > 1:
                break
            time.sleep(0.05)
        for process in alive:
            _kill_group(process)
            process.wait()


def _not_ready(got: str) -> UnavailableError:
    return UnavailableError(
        "serve.not_ready",
        "网页服务没有起来（{got}）",
        got=got,
        hint="上面的日志说明了原因；也可运行 cityops doctor",
    )


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a process's session, such as workers whose master was killed."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _load_libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


_libc = _load_libc()


def _end_with_parent() -> None:
    """In the child: be told to end when the supervisor is gone, even if it was killed."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
