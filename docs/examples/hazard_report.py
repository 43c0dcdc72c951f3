"""From an inventory and a place to grade, zones, figures, evacuation and sheets, without a server.

    python docs/examples/hazard_report.py UNIT.json 117.1933 39.1176 OUT --tnt-kg 100 500 2000 \
        --shelters SHELTERS.geojson --roads ROADS.geojson --buildings BUILDINGS.geojson

``--data`` names a folder with a city in it; without one the sample city is set up in OUT/data.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any
from uuid import UUID

from cityops.bootstrap import Services
from cityops.services.hazards.evacuating import EvacuationRequest, evacuation_run
from cityops.services.hazards.requests import BlastRequest
from cityops.services.roles import Person, Role
from cityops.services.scenes import SceneService, scenes_folder
from cityops.settings import Settings
from cityops.store.database import create_all
from hazards.gb18218.inventory import read_inventory
from hazards.rounding import rounded_metres

OFFICER = Person(0, "示例脚本", frozenset({Role.EMERGENCY}))
ALTERNATIVES = ("low", "likely", "high")


def city(folder: Path) -> Services:
    """The services of a data folder; the sample city where there is nothing in it."""
    settings = Settings(data_dir=folder)
    if not folder.exists():
        folder.mkdir(parents=True)
        store = create_all(settings)
        SceneService(store).set_up("tianjin")
        store.dispose()
    return Services(settings)


def evacuation(given: argparse.Namespace, zones: Path) -> dict[str, Any] | None:
    """Who goes where from the zones of the largest mass of a run; None without shelters."""
    if given.shelters is None:
        return None
    scene = scenes_folder() / "tianjin"
    found, _ = evacuation_run(
        EvacuationRequest(
            roads=given.roads or scene / "roads.geojson",
            buildings=given.buildings or scene / "buildings.geojson",
            shelters=given.shelters,
            zone=zones,
        )
    )
    return found


def report(given: argparse.Namespace) -> dict[str, Any]:
    """Compute everything, write it into the folder, give a summary."""
    out: Path = given.out
    out.mkdir(parents=True, exist_ok=True)
    services = city(given.data or out / "data")
    hazards = services.hazards
    grade = hazards.grade(OFFICER, read_inventory(given.unit.read_text("utf-8-sig")))
    masses = dict(zip(ALTERNATIVES, given.tnt_kg, strict=True))
    run = hazards.run(OFFICER, BlastRequest(lon=given.lon, lat=given.lat, masses_kg=masses))
    likely = next(a for a in run["alternatives"] if a["name"] == "likely")
    zones = out / "zones.json"
    _write(zones, run | {"zones": likely["zones"]})
    _write(out / "grade.json", grade)
    left = evacuation(given, zones)
    if left is not None:
        _write(out / "evacuation.json", left)
    sheet = services.situation_sheets.print(OFFICER, UUID(run["run_id"]), "likely", "night")
    (out / "situation.pdf").write_bytes(sheet.pdf)
    about = f"{given.unit.stem}，CGCS2000 {given.lon:.5f}, {given.lat:.5f}"
    brief = services.hazard_briefs.print(OFFICER, about, grade=grade, evacuation=left)
    (out / "brief.pdf").write_bytes(brief.pdf)
    services.store.dispose()  # type: ignore[attr-defined]
    return _summary(grade, run, left)


def _summary(
    grade: dict[str, Any], run: dict[str, Any], left: dict[str, Any] | None
) -> dict[str, Any]:
    by_name = {}
    for one in run["alternatives"]:
        outer = one["zones"][-1]
        people = outer["exposure"]["people"]["night"]["within"]
        by_name[one["name"]] = {
            "radius_m": rounded_metres(outer["radius_m"]),
            "people_by_night": people["rounded"],
        }
    parts = [grade, run] if left is None else [grade, run, left]
    warnings = [w["message"] for one in parts for w in one["warnings"]]
    return {
        "estimate": run["estimate"]["en"],
        "S": grade["S"],
        "grade": grade["grade"],
        "outermost": by_name,
        "evacuated": None if left is None else _moved(left),
        "warnings": list(dict.fromkeys(warnings)),
    }


def _moved(left: dict[str, Any]) -> dict[str, Any]:
    """How many go from the zones of which mass, how many cannot, and how long it takes."""
    people = {name: left["people"][name] for name in ("assigned", "no_route", "no_room")}
    return left["clearance"] | {"people": people, "zone": left["zone"]}


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("unit", type=Path, help="inventory of one unit, JSON")
    parser.add_argument("lon", type=float)
    parser.add_argument("lat", type=float)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tnt-kg", type=float, nargs=3, default=[100.0, 500.0, 2000.0])
    for name in ("data", "shelters", "roads", "buildings"):
        parser.add_argument(f"--{name}", type=Path)
    return parser.parse_args(words)


if __name__ == "__main__":
    print(json.dumps(report(arguments()), ensure_ascii=False, indent=1))
