"""From a click to numbers: a million people around a blast and a plume, over HTTP, signed in.

The first click goes to a web process that has just started and opens its layers for it.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

from benchmarks.command import main
from benchmarks.contest import Finding, bounded, check_equal
from benchmarks.made_people import OFFICER, SOURCE, boxes_of, people_folder, people_of
from benchmarks.made_store import settings_of
from benchmarks.plan import Plan
from benchmarks.service import Client, WebWorker, web_worker
from hazards.rounding import rounded_count

WARM_S, FIRST_S = 1.0, 5.0
_API = "/api/v1/hazards"
_FRAME = f"+proj=aeqd +lon_0={SOURCE[0]} +lat_0={SOURCE[1]} +ellps=GRS80 +units=m"
_AT = {"lon": SOURCE[0], "lat": SOURCE[1]}
BLAST = _AT | {
    "masses_kg": {"low": 3_000.0, "likely": 21_000.0, "high": 430_000.0},
    "levels": ["20kPa", "7kPa", "2kPa", "0.6kPa"],
}
PLUME = _AT | {
    "model": "gaussian-plume",
    "rate_kg_s": {"low": 0.5, "likely": 1.0, "high": 5.0},
    "cas": "7782-50-5",
    "wind_m_s": 3.0,
    "wind_from": 250.0,
    "stability": "D",
    "terrain": "rural",
}
Counts = dict[str, list[list[int]]]


def ours_answer(run: Mapping[str, Any]) -> Counts:
    """By alternative and zone the people of the day and of the night."""
    return {
        one["name"]: [
            [zone["exposure"]["people"][t]["within"]["rounded"] for t in ("day", "night")]
            for zone in one["zones"]
        ]
        for one in run["alternatives"]
    }


def peer_answer(run: Mapping[str, Any], buildings: int, people: int) -> Counts:
    """The same by shapely alone: every building held against every zone, without an index."""
    flat = Transformer.from_crs("EPSG:4490", _FRAME, always_xy=True)
    boxes = shapely.transform(
        shapely.box(*boxes_of(buildings).T),
        lambda xy: np.column_stack(flat.transform(xy[:, 0], xy[:, 1])),
    )
    whole, held = shapely.area(boxes), people_of(buildings, people)
    out: Counts = {}
    for one in run["alternatives"]:
        out[one["name"]] = []
        wider = shapely.Polygon()
        for zone in one["zones"]:
            wider = shapely.union(wider, _shape(zone, flat))
            shapely.prepare(wider)
            share = shapely.contains_properly(wider, boxes).astype(float)
            cut = np.flatnonzero((share == 0) & shapely.intersects(wider, boxes))
            share[cut] = shapely.area(shapely.intersection(boxes[cut], wider)) / whole[cut]
            told = [rounded_count(float(share @ held[t])) for t in ("day", "night")]
            out[one["name"]].append(told)
    return out


def _shape(zone: Mapping[str, Any], flat: Transformer) -> Any:
    """A zone in metres; a disc with so many corners that a person more or less is none."""
    if zone.get("radius_m") is not None:
        return shapely.Point(0, 0).buffer(zone["radius_m"], quad_segs=1024)
    ring = np.array(zone["geometry"]["coordinates"][0])
    return shapely.Polygon(np.column_stack(flat.transform(ring[:, 0], ring[:, 1])))


def measure(plan: Plan) -> list[Finding]:
    """The first click of a process and those that follow, each in a blast and a plume."""
    buildings, people = plan.size(200_000, 400), plan.size(1_000_000, 2000)
    out: list[Finding] = []
    with people_folder(plan, buildings, people) as folder:
        for what, path, asked in (("blast", "/runs", BLAST), ("plume", "/zones", PLUME)):
            with web_worker(settings_of(folder)) as worker:
                found = _clicks(plan, worker, what, _API + path, asked, (buildings, people))
            out += found
    return out


def _clicks(
    plan: Plan,
    worker: WebWorker,
    what: str,
    path: str,
    asked: Mapping[str, Any],
    size: tuple[int, int],
) -> list[Finding]:
    client = worker.client(OFFICER)
    client.get("/map")
    begin, cpu = time.monotonic(), worker.cpu_s()
    run = _run(client, path, asked)
    first_s, first_cpu = time.monotonic() - begin, worker.cpu_s() - cpu
    check_equal(f"people in the zones of a {what}", ours_answer(run), peer_answer(run, *size))
    client, warm = worker.client(OFFICER), []
    for _ in range(plan.rounds):
        cpu = worker.cpu_s()
        _run(client, path, asked)
        warm.append(worker.cpu_s() - cpu)
    zones = sum(len(one["zones"]) for one in run["alternatives"])
    n = f"{size[1]:,} people in {size[0]:,} buildings, {zones} zones"
    name = f"the route, {first_cpu:.2f} CPU s"
    return [
        bounded(
            f"from click to numbers of a {what}, layers loaded", n, "the route",
            statistics.median(warm), "CPU s", at_most=WARM_S, rounds=len(warm),
        ),
        bounded(
            "the same, first of a process just started", n, name, first_s,
            "s by the clock", at_most=FIRST_S,
        ),
    ]  # fmt: skip


def _run(client: Client, path: str, asked: Mapping[str, Any]) -> Any:
    status, body = client.post(path, asked)
    if status != 201:
        raise RuntimeError(f"{path} answered {status}: {body[:300]!r}")
    return json.loads(body)


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("shapely", "pyproj")))
