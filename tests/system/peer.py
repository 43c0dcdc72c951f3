"""One process of a deployment that does what it is told, line by line: acts, and answers as the web does.

Started as ``python peer.py FOLDER``; each line in is ``{"do": name, ...}``, each line out its result.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import shapely

from cityops.bootstrap import Services
from cityops.services.case_acts import Act
from cityops.services.case_report import Report
from cityops.services.imports.service import ImportOptions
from cityops.services.roles import SYSTEM
from cityops.settings import Settings
from grid.classes import ClassKey
from grid.flow.states import CaseAction
from webmap.app import create_app

EVENT = ClassKey("event", "GB/T 30428.2-2013", "0401")


class Peer:
    """A process with services and a web application on one data folder."""

    def __init__(self, folder: Path) -> None:
        self.services = Services(Settings(data_dir=folder, web_threads=1))
        self.app = create_app(services=self.services)
        self.clients: dict[str, Any] = {}

    def sign_in(self, name: str, password: str) -> None:
        """Have a client for ``get``."""
        client = self.app.test_client()
        page = client.get("/login").text
        token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        form = {"username": name, "password": password, "csrf_token": token}
        assert client.post("/login", data=form).status_code == 302
        self.clients[name] = client

    def get(self, name: str, path: str) -> dict[str, Any]:
        """An answer of the web application; bytes as Latin-1 text."""
        answer = self.clients[name].get(path)
        return {"status": answer.status_code, "body": answer.data.decode("latin-1")}

    def create(self, layer: str, values: dict[str, Any], wkt: str) -> int:
        """A new feature; its row version."""
        made = self.services.layers.create(SYSTEM, layer, values, shapely.from_wkt(wkt))
        return int(made.batch.versions[0])

    def edit(self, layer: str, key: str, values: dict[str, Any], wkt: str | None = None) -> int:
        """A changed feature; its row version."""
        shape = None if wkt is None else shapely.from_wkt(wkt)
        made = self.services.layers.edit(SYSTEM, layer, key, values, shape, None)
        return int(made.batch.versions[0])

    def remove(self, layer: str, key: str) -> None:
        """A deleted feature."""
        self.services.layers.remove(SYSTEM, layer, key, None)

    def load(self, layer: str, file: str) -> dict[str, Any]:
        """An imported file; its report."""
        return self.services.imports.run(
            SYSTEM, Path(file), Path(file).name, ImportOptions(layer=layer, crs="EPSG:4490")
        )

    def report(self, case: str, lon: float, lat: float, description: str) -> dict[str, Any]:
        """A filed case."""
        sent = Report(UUID(case), EVENT, lon=lon, lat=lat, description=description)
        return self.services.cases.report(SYSTEM, sent)[0]

    def move(self, case: str, action: str, version: int) -> dict[str, Any]:
        """A case moved on."""
        condition = "YC-E0401-1" if action == "file" else None
        act = Act(CaseAction(action), version=version, note="试办", condition=condition)
        return self.services.cases.move(SYSTEM, UUID(case), act)


def main() -> None:
    """Do line after line until there are no more."""
    peer = Peer(Path(sys.argv[1]))
    for line in sys.stdin:
        told = json.loads(line)
        result = getattr(peer, told.pop("do"))(**told)
        print(json.dumps(result, default=str), flush=True)


if __name__ == "__main__":
    main()
