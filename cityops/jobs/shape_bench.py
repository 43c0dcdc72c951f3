"""Work on shapes in a killable child process with bounds on memory and time: the port ``Bench``."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

from cityops.jobs.shape_child import receive, send
from cityops.jobs.walls import Limits
from cityops.services.reading.table import fault_from
from cityops.services.shape_work import Unbounded, is_cheap_to_cut, is_cheap_to_read
from gis.errors import GeometryError, UnavailableError
from gis.features import ObjectArray, object_array

log = logging.getLogger("cityops.shapes")
#: What one child may use: a gigabyte of addresses, ten seconds of processor.
BOUNDS = Limits(memory_bytes=1 << 30, file_bytes=0, cpu_seconds=10, open_files=64)
WALL_CLOCK_S = 20.0
#: Children at once, of all processes of a deployment, and how long one waits for a place.
PLACES = 2
WAIT_S = 5.0
_POLL_S = 0.05
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")


class BoundedBench:
    """Does cheap work on the spot and everything else in a child of its own.

    Parameters
    ----------
    folder
        Where the places are kept that all processes share.
    limits, wall_clock_s
        What one child may use.
    wait_s
        Seconds to wait for a place.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits = BOUNDS,
        wall_clock_s: float = WALL_CLOCK_S,
        wait_s: float = WAIT_S,
    ) -> None:
        self._folder = folder
        self._limits = limits
        self._wall_clock_s = wall_clock_s
        self._wait_s = wait_s
        self._here = Unbounded()

    def drawn(self, value: Any) -> BaseGeometry:
        """As `Bench.drawn`."""
        if is_cheap_to_read(value):
            return self._here.drawn(value)
        found: BaseGeometry = self._run({"task": "drawn", "value": value}, object_array([]))[0]
        return found

    def overlay(self, shapes: ObjectArray, polygon: BaseGeometry) -> ObjectArray:
        """As `Bench.overlay`."""
        if is_cheap_to_cut(shapes, polygon):
            return self._here.overlay(shapes, polygon)
        return self._run({"task": "overlay"}, np.append(shapes, object_array([polygon])))

    def _run(self, head: dict[str, Any], shapes: ObjectArray) -> ObjectArray:
        request = io.BytesIO()
        send(request, head | {"limits": asdict(self._limits)}, shapes)
        with _place(self._folder, self._wait_s):
            child = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "cityops.jobs.shape_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(),
                start_new_session=True,
            )
            with child:
                try:
                    out, told = child.communicate(request.getvalue(), self._wall_clock_s)
                except subprocess.TimeoutExpired:
                    raise _too_expensive() from None
                finally:
                    child.kill()
        return _answer(child.returncode, out, told)


def _answer(status: int, out: bytes, told: bytes) -> ObjectArray:
    if status < 0 or b"MemoryError" in told or b"bad_alloc" in told:
        log.warning("a shape was given up: status %s", status)
        raise _too_expensive()
    try:
        head, shapes = receive(out)
    except (ValueError, KeyError) as fault:
        log.error("the child for shapes failed: %s", told[-2000:].decode("utf-8", "replace"))
        raise UnavailableError(
            "shapes.failed", "图形没有算成，请稍后再试", hint="仍不行时请告诉管理员"
        ) from fault
    if "error" in head:
        raise fault_from(head["error"])
    if head.get("too_much"):
        raise _too_expensive()
    return shapes


def _too_expensive() -> GeometryError:
    return GeometryError(
        "geometry.too_expensive",
        "图形太复杂，在允许的时间和内存内算不完",
        field="polygon",
        hint="请简化边线，或画小一些",
    )


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return kept | alone | {"LANG": "C.UTF-8"}


@contextlib.contextmanager
def _place(folder: Path, wait_s: float) -> Iterator[None]:
    """Hold one of the places; they are locks on files, so that a killed process holds none."""
    until = time.monotonic() + wait_s
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        for number in range(PLACES):
            with (folder / f"place{number}").open("a") as file:
                if _taken(file.fileno()):
                    yield
                    return
        if time.monotonic() >= until:
            raise UnavailableError(
                "shapes.busy", "正在算的复杂图形太多", hint="过一会儿再试，或简化边线"
            )
        time.sleep(_POLL_S)


def _taken(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows, for trying out: nothing is shared between processes there
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
