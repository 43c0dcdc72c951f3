"""Memory of the running demonstration after people have used it: one web worker, all processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.command import main
from benchmarks.contest import Finding, bounded
from benchmarks.made_store import PASSWORD
from benchmarks.plan import Plan
from benchmarks.service import Client

WORKER_AT_MOST_MB = 200.0
ALL_AT_MOST_MB = 1200.0
_MB = 1e6
#: What a web worker imports before it opens anything.
_IMPORTS = """
from importlib import import_module
from importlib.util import find_spec
import gunicorn.workers.gthread, webmap.wsgi
from webmap.app import BLUEPRINTS
for name in BLUEPRINTS:
    if find_spec(name) is not None:
        import_module(name)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")))
"""


@dataclass(frozen=True)
class Demo:
    """A running demonstration."""

    pid: int
    port: int


@contextmanager
def demonstration(scene: str = "tianjin") -> Iterator[Demo]:
    """``cityops demo`` with its usual settings on a free port and an empty folder.

    Raises
    ------
    RuntimeError
        When it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="cityops-bench-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "cityops", "demo", "--port", "0", "--scene", scene, "--json"],
            env={
                **os.environ,
                "CITYOPS_DATA_DIR": folder,
                "CITYOPS_DEMO_PASSWORD": PASSWORD,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError("the demonstration did not start")
            told = json.loads(line)
            found = re.search(r":(\d+)/", told["url"])
            yield Demo(process.pid, int(found.group(1)) if found else 0)
        finally:
            process.terminate()
            process.wait(30)
            if process.stdout:
                process.stdout.close()


def use(demo: Demo, rounds: int) -> int:
    """Look at every layer as three people do; gives the number of requests.

    Raises
    ------
    RuntimeError
        When the service refuses.
    """
    asked = 0
    for name in ("planner", "emergency", "inspector"):
        for _ in range(rounds):  # a new connection may meet another worker
            with closing(Client(demo.port)) as client:
                client.sign_in(name)
                asked += _look_around(client)
    return asked


def _look_around(client: Client) -> int:
    asked = 3
    catalogue = json.loads(_ask(client, "/api/v1/layers"))
    for layer in catalogue["layers"]:
        if layer["bounds"]:
            asked += _look_at(client, layer)
    _ask(client, "/map")
    _ask(client, "/api/v1/locate?lon=117.193&lat=39.1176")
    return asked


def _look_at(client: Client, layer: dict[str, Any]) -> int:
    west, south, east, north = layer["bounds"]
    middle = ((west + east) / 2, (south + north) / 2)
    for zoom in range(6, 18):
        x, y = _tile(*middle, zoom)
        for column in (x, x + 1):
            _ask(client, layer["tiles"].format(z=zoom, x=column, y=y))
    box = f"{west},{south},{east},{north}"
    _ask(client, f"/api/v1/layers/{layer['name']}/features?bbox={box}&limit=1000")
    return 25


def _tile(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    import numpy as np

    from gis.mvt_paths import mercator

    x, y = (mercator(np.array([[lon, lat]]))[0] * 2**zoom).astype(int)
    return int(x), int(y)


def _ask(client: Client, path: str) -> bytes:
    status, body = client.get(path)
    if status not in (200, 204):
        raise RuntimeError(f"{path} answered {status}: {body[:300]!r}")
    return body


def family(pid: int) -> list[int]:
    """A process and all that came from it and still runs."""
    out = [pid]
    for task in Path("/proc", str(pid), "task").glob("*"):
        with suppress(OSError):  # threads and processes come and go
            for child in (task / "children").read_text().split():
                out += family(int(child))
    return out


def workers_of(pids: list[int]) -> list[int]:
    """Those of the processes that answer: gunicorn's, but for the master."""
    named = [pid for pid in pids if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return [pid for pid in named if _parent(pid) in named]


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def memory_mb(pid: int, kind: str) -> float:
    """``Rss`` or ``Pss`` of a process."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(rf"^{kind}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found.group(1)) * 1024 / _MB if found else 0.0


def import_baseline_mb() -> float:
    """Resident memory of a process that has imported what a web worker imports at its start."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTS], capture_output=True, text=True, check=True
    )
    return int(done.stdout) * 1024 / _MB


def measure(plan: Plan) -> list[Finding]:
    """The demonstration of Tianjin with two web workers."""
    baseline = import_baseline_mb()
    with demonstration() as demo:
        asked = use(demo, plan.size(4, 1))
        pids = family(demo.pid)
        workers = workers_of(pids)
        biggest = max(memory_mb(pid, "Rss") for pid in workers)
        total = sum(memory_mb(pid, "Pss") for pid in pids)
    n = f"scene tianjin, {asked:,} requests of 3 people"
    name = f"{biggest:.0f} MB resident, {baseline:.0f} MB after the imports"
    everyone = f"proportional share of {len(pids)} processes, {len(workers)} of them web workers"
    return [
        bounded(
            "the bigger web worker over its imports",
            n,
            name,
            biggest - baseline,
            "MB",
            at_most=WORKER_AT_MOST_MB,
        ),
        bounded("all processes together", n, everyone, total, "MB", at_most=ALL_AT_MOST_MB),
    ]


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or ""))
