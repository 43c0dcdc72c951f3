"""Forks processes that file cases and import files until they are killed.

Started as ``python nest.py FOLDER``. Each line in, ``{"seed": n, "work": name}``, forks one
process; it writes a line for each act that was acknowledged to it. Forking saves the second that
a fresh interpreter needs to import everything, and the killed process is a real one all the same.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import shapely
from PIL import Image

from cityops.bootstrap import Services
from cityops.jobs.sandbox import ConfinedReader
from cityops.services.case_acts import Act
from cityops.services.case_report import Report
from cityops.services.imports.service import ImportOptions, ImportService
from cityops.services.reading.dispatch import read_file
from cityops.services.roles import SYSTEM
from cityops.settings import Settings
from grid.classes import ClassKey
from grid.flow.states import CaseAction

EVENT = ClassKey("event", "GB/T 30428.2-2013", "0401")
CONDITION = "YC-E0401-1"
LON, LAT = 117.1933, 39.1176


class HereReader:
    """Reads a delivery in this process: the killed moments then lie where rows are stored."""

    def read(self, path: Path, filename: str, options: Any, check: Any = None) -> Any:
        """The rows of the file."""
        return read_file(path, filename, options)


def say(act: str, **told: Any) -> None:
    """One line that is written whole or not at all."""
    os.write(1, (json.dumps({"act": act} | told) + "\n").encode())


def picture(rng: random.Random) -> bytes:
    """A small photo like no other."""
    out = io.BytesIO()
    Image.frombytes("RGB", (24, 16), rng.randbytes(24 * 16 * 3)).save(out, "JPEG")
    return out.getvalue()


def delivery(folder: Path, seed: int, number: int, rows: int) -> Path:
    """A GeoJSON file of pipes that no other delivery has."""
    features = [
        {
            "type": "Feature",
            "properties": {"id": f"K{seed}-{number}-{i}", "kind": "gas"},
            "geometry": {
                "type": "LineString",
                "coordinates": [[LON + i * 1e-6, LAT], [LON + i * 1e-6, LAT + 1e-4]],
            },
        }
        for i in range(rows)
    ]
    path = folder / f"{seed}-{number}.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def filing(services: Services, seed: int, most: int = 10_000) -> None:
    """Report cases, give them photos, move them on."""
    rng = random.Random(seed)
    for _ in range(most):
        identity = UUID(int=rng.getrandbits(128), version=4)
        report = Report(identity, EVENT, lon=LON, lat=LAT, description=f"seed {seed}")
        case = services.cases.report(SYSTEM, report)[0]
        say("case", id=case["id"], version=case["version"])
        data = picture(rng)
        case = services.photos.add(SYSTEM, identity, "one", data)[0]
        say("photo", id=case["id"], sha256=case["photos"][0]["sha256"])
        for action in (CaseAction.ACCEPT, CaseAction.FILE):
            act = Act(action, version=case["version"], condition=CONDITION)
            case = services.cases.move(SYSTEM, identity, act)
            say("case", id=case["id"], version=case["version"])


def importing(services: Services, seed: int, reader: Any, most: int = 10_000) -> None:
    """Import files of few and of many rows, and edit and delete what came in."""
    rng = random.Random(seed)
    files = services.store.files  # type: ignore[attr-defined]
    imports = ImportService(
        services.store, files, reader, services.areas, now=lambda: datetime.now(UTC)
    )
    inbox = services.settings.data_dir.parent / "inbox"
    inbox.mkdir(exist_ok=True)
    for number in range(most):
        rows = rng.choice((20, 20, 60, 1500))
        path = delivery(inbox, seed, number, rows)
        options = ImportOptions(layer="pipes", crs="EPSG:4490")
        report = imports.run(SYSTEM, path, path.name, options)
        say("import", delivery=report["delivery"], rows=report["stored"])
        key = f"K{seed}-{number}-0"
        line = shapely.LineString([(LON, LAT + 0.01), (LON, LAT + 0.011)])
        services.layers.edit(SYSTEM, "pipes", key, {"diameter_mm": 77.0}, line, None)
        say("edit", key=key)
        services.layers.remove(SYSTEM, "pipes", f"K{seed}-{number}-1", None)
        say("remove", key=f"K{seed}-{number}-1", delivery=report["delivery"])


def works(folder: Path) -> dict[str, Callable[[Services, int], None]]:
    """What a forked process may be told to do."""
    confined = ConfinedReader(folder / "reading")
    return {
        "filing": filing,
        "importing": lambda services, seed: importing(services, seed, HereReader()),
        "confined": lambda services, seed: importing(services, seed, confined),
    }


def warm_up(folder: Path) -> None:
    """Do everything once elsewhere, so that what is forked has imported all it needs."""
    global say
    spoken, say = say, lambda act, **told: None
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "data"
        shutil.copytree(folder, copy)
        services = Services(Settings(data_dir=copy))
        filing(services, 0, most=1)
        importing(services, 0, HereReader(), most=1)
        services.store.dispose()  # type: ignore[attr-defined]
    say = spoken


def main() -> None:
    """Fork a process per line, and say when it is gone."""
    folder = Path(sys.argv[1])
    warm_up(folder)
    for line in sys.stdin:
        told = json.loads(line)
        for work in told["works"]:
            pid = os.fork()
            if pid == 0:
                try:
                    works(folder)[work](Services(Settings(data_dir=folder)), told["seed"])
                finally:
                    os._exit(1)
            say("started", pid=pid, work=work)
        for _ in told["works"]:
            pid, status = os.wait()
            say("ended", pid=pid, signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else None)
        say("over")


if __name__ == "__main__":
    main()
