"""Counts of requests, shared by all web processes of a data folder through small mapped files.

Each process adds into a file of its own, so that nothing is locked; a reader sums over the files.
Files of ended processes stay until the service starts anew, because their requests did happen.
"""

from __future__ import annotations

import mmap
import os
import struct
import threading
import time
from pathlib import Path

from flask import Flask, Response, g, request

FOLDER = "metrics"
#: Kinds of addresses, told apart by their beginning; what begins otherwise is a page.
AREAS = ("api", "tiles", "static", "page")
CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
#: Upper ends of the buckets of time, in seconds; the last has none.
BUCKETS_S = (0.005, 0.02, 0.1, 0.3, 1.0, 3.0, 10.0, float("inf"))
_SLOTS = len(AREAS) * (len(CLASSES) + len(BUCKETS_S) + 1)
_BYTES = _SLOTS * 8


class Counter:
    """Counts of this process, in a file that others can read.

    Parameters
    ----------
    folder
        Folder of the files, made when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._pid = 0
        self._values = [0.0] * _SLOTS
        self._map: mmap.mmap | None = None

    def add(self, area: str, status: int, seconds: float) -> None:
        """Count a request. A full disk stops no request: it is not counted then."""
        row = AREAS.index(area) * (len(CLASSES) + len(BUCKETS_S) + 1)
        bucket = next(i for i, most in enumerate(BUCKETS_S) if seconds <= most)
        with self._lock:
            self._open()
            for slot, more in (
                (row + min(max(status // 100, 1), 5) - 1, 1.0),
                (row + len(CLASSES) + bucket, 1.0),
                (row + len(CLASSES) + len(BUCKETS_S), seconds),
            ):
                self._values[slot] += more
                if self._map is not None:
                    struct.pack_into("<d", self._map, slot * 8, self._values[slot])

    def _open(self) -> None:
        if self._pid == os.getpid():
            return
        self._pid, self._map, self._values = os.getpid(), None, [0.0] * _SLOTS
        try:
            self._folder.mkdir(exist_ok=True)
            with (self._folder / f"{self._pid}-{time.time_ns()}").open("x+b") as file:
                file.write(bytes(_BYTES))
                file.flush()
                self._map = mmap.mmap(file.fileno(), _BYTES)
        except OSError:
            return

    def totals(self) -> list[float]:
        """Sums over all processes."""
        sums = [0.0] * _SLOTS
        for path in self._folder.glob("*-*") if self._folder.is_dir() else ():
            data = path.read_bytes()
            if len(data) == _BYTES:
                sums = [
                    a + b for a, b in zip(sums, struct.unpack(f"<{_SLOTS}d", data), strict=True)
                ]
        return sums

    def lines(self) -> list[str]:
        """The sums in the text form that Prometheus reads."""
        sums, width = self.totals(), len(CLASSES) + len(BUCKETS_S) + 1
        out = ["# TYPE cityops_http_requests_total counter"]
        for i, area in enumerate(AREAS):
            for j, kind in enumerate(CLASSES):
                label = f'{{area="{area}",status="{kind}"}}'
                out.append(f"cityops_http_requests_total{label} {sums[i * width + j]:.0f}")
        out.append("# TYPE cityops_http_request_seconds histogram")
        for i, area in enumerate(AREAS):
            row = i * width + len(CLASSES)
            count = 0.0
            for j, most in enumerate(BUCKETS_S):
                count += sums[row + j]
                end = "+Inf" if most == float("inf") else f"{most:g}"
                label = f'{{area="{area}",le="{end}"}}'
                out.append(f"cityops_http_request_seconds_bucket{label} {count:.0f}")
            seconds = sums[row + len(BUCKETS_S)]
            out.append(f'cityops_http_request_seconds_sum{{area="{area}"}} {seconds:.6f}')
            out.append(f'cityops_http_request_seconds_count{{area="{area}"}} {count:.0f}')
        return out


def init_app(app: Flask, folder: Path) -> None:
    """Count every request of this application."""
    counter = app.extensions["request_counter"] = Counter(folder)

    def begin() -> None:
        g.began = time.perf_counter()

    def end(response: Response) -> Response:
        if "began" in g:
            counter.add(area_of(request.path), response.status_code, time.perf_counter() - g.began)
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request(end)


def area_of(path: str) -> str:
    """Kind of an address.

    Examples
    --------
    >>> area_of("/tiles/pipes/0/0/0.mvt"), area_of("/map")
    ('tiles', 'page')
    """
    first = path.lstrip("/").partition("/")[0]
    return first if first in AREAS[:-1] else "page"
