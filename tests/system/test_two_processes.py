"""What one process acknowledged is in every next answer of another one, in both directions."""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

pytestmark = pytest.mark.slow

PASSWORD = "open-sesame-7"
LON, LAT = 117.19501, 39.11701
BOX = f"{LON - 0.001},{LAT - 0.001},{LON + 0.003},{LAT + 0.003}"


class Other:
    """A process that does what it is told."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "peer.py"), str(folder)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("data", "dispatcher"):
            self.do("sign_in", name=name, password=PASSWORD)

    def do(self, act: str, **values):
        """The result of an act, acknowledged by the process."""
        self._process.stdin.write(json.dumps({"do": act} | values) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the process ended at {act} {values}"
        return json.loads(line)

    def get(self, path: str, name: str = "data") -> str:
        """The body of a good answer of its web application."""
        answer = self.do("get", name=name, path=path)
        assert answer["status"] in (200, 204), answer
        return answer["body"]

    def end(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    # What people look at, each a different way to the data.

    def window(self) -> list[str]:
        told = json.loads(self.get(f"/api/v1/layers/pipes/features?bbox={BOX}&limit=1000"))
        return sorted(f["id"] for f in told["features"])

    def listed(self) -> list[str]:
        path = f"/api/v1/layers/pipes/features?bbox={BOX}&sort=-id&limit=1000"
        return sorted(f["id"] for f in json.loads(self.get(path))["features"])

    def tile(self) -> str:
        x, y = tile_of(LON, LAT)
        return self.get(f"/tiles/pipes/15/{x}/{y}.mvt")

    def near(self) -> list[str]:
        told = json.loads(self.get(f"/api/v1/dossier?lon={LON}&lat={LAT}&radius_m=300"))
        rows = [s["rows"] for s in told["sections"] if s["name"] == "pipes"]
        return sorted(row["key"] for row in rows[0]) if rows else []

    def counted(self) -> int:
        layers = json.loads(self.get("/api/v1/layers"))["layers"]
        return next(layer["count"] for layer in layers if layer["name"] == "pipes")


def tile_of(lon: float, lat: float, zoom: int = 15) -> tuple[int, int]:
    n = 2**zoom
    x = int((lon + 180) / 360 * n)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)
    return x, y


@pytest.fixture(scope="module")
def two(template, tmp_path_factory, machine):
    """Two processes on one data folder, whose pipes are those of these tests alone."""
    folder = tmp_path_factory.mktemp("two") / "data"
    shutil.copytree(template, folder)
    environment = machine.environment(folder)
    pair = (Other(folder, environment), Other(folder, environment))
    yield pair
    for other in pair:
        other.end()


@pytest.fixture(params=["from the first", "from the second"])
def acting_and_looking(two, request):
    """(who acts, who looks); the one who looks has looked before and holds what it saw."""
    acting, looking = two if request.param == "from the first" else two[::-1]
    for look in (looking.window, looking.listed, looking.tile, looking.near, looking.counted):
        look()
    return acting, looking


def pipe(at: float = 0.0, length: float = 0.0005) -> str:
    return f"LINESTRING ({LON + at} {LAT}, {LON + at + length} {LAT + 0.0001})"


def name() -> str:
    return f"P-{uuid4().hex[:10]}"


def seen_everywhere(looking: Other, key: str) -> list[bool]:
    """Whether window, list, tile and single feature have the pipe."""
    single = looking.do("get", name="data", path=f"/api/v1/layers/pipes/features/{key}")
    return [
        key in looking.window(),
        key in looking.listed(),
        key in looking.tile(),
        single["status"] == 200,
    ]


def test_a_new_feature_is_seen(acting_and_looking):
    acting, looking = acting_and_looking
    before = looking.counted()
    key = name()
    acting.do("create", layer="pipes", values={"id": key, "kind": "gas"}, wkt=pipe())
    assert seen_everywhere(looking, key) == [True] * 4
    assert looking.counted() == before + 1


def test_a_changed_value_is_seen(acting_and_looking):
    acting, looking = acting_and_looking
    key = name()
    acting.do("create", layer="pipes", values={"id": key, "kind": "gas"}, wkt=pipe())
    looking.window()
    acting.do("edit", layer="pipes", key=key, values={"diameter_mm": 345.0})
    for path in (f"features?bbox={BOX}&limit=1000", "features?diameter_mm=345", f"features/{key}"):
        assert '"diameter_mm":345.0' in looking.get(f"/api/v1/layers/pipes/{path}")


def test_a_moved_feature_is_seen_where_it_is_and_nowhere_else(acting_and_looking):
    acting, looking = acting_and_looking
    key = name()
    acting.do("create", layer="pipes", values={"id": key, "kind": "gas"}, wkt=pipe())
    assert seen_everywhere(looking, key) == [True] * 4
    away = f"LINESTRING ({LON + 0.1} {LAT}, {LON + 0.1005} {LAT})"
    acting.do("edit", layer="pipes", key=key, values={}, wkt=away)
    assert seen_everywhere(looking, key) == [False, False, False, True]
    assert key not in looking.near()


def test_a_deleted_feature_is_gone(acting_and_looking):
    acting, looking = acting_and_looking
    key = name()
    acting.do("create", layer="pipes", values={"id": key, "kind": "gas"}, wkt=pipe())
    assert seen_everywhere(looking, key) == [True] * 4
    acting.do("remove", layer="pipes", key=key)
    assert seen_everywhere(looking, key) == [False] * 4


def test_the_dossier_of_a_place_follows(acting_and_looking):
    acting, looking = acting_and_looking
    key = name()
    at = f"POINT ({LON} {LAT})"
    path = f"/api/v1/dossier?lon={LON}&lat={LAT}&radius_m=5"
    assert key not in looking.get(path)
    values = {"id": key, "class_code": "0101", "class_group": "manhole"}
    acting.do("create", layer="components", values=values, wkt=at)
    assert key in looking.get(path)
    assert key in looking.get(f"/api/v1/locate?lon={LON}&lat={LAT}")
    assert key in looking.get(f"/api/v1/search?q={key}")
    acting.do("remove", layer="components", key=key)
    assert key not in looking.get(path)


@pytest.mark.parametrize("count", [3, 6000])
def test_an_imported_file_is_seen_whole(acting_and_looking, tmp_path, count):
    """Also one of more rows than the log of changes takes: readers load the layer anew then."""
    acting, looking = acting_and_looking
    before, keys = looking.counted(), [name() for _ in range(count)]
    features = [
        {
            "type": "Feature",
            "properties": {"id": key, "kind": "water"},
            "geometry": {
                "type": "LineString",
                "coordinates": [
                    [LON + 0.05 + i * 1e-6, LAT],
                    [LON + 0.05 + i * 1e-6, LAT + 1e-4],
                ],
            },
        }
        for i, key in enumerate(keys)
    ]
    file = tmp_path / "pipes.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    report = acting.do("load", layer="pipes", file=str(file))
    assert report["stored"] == count
    assert looking.counted() == before + count
    listed = looking.get("/api/v1/layers/pipes/features?sort=id&limit=1")
    assert json.loads(listed)["total"] == before + count
    assert keys[-1] in looking.get(f"/api/v1/layers/pipes/features/{keys[-1]}")
    x, y = tile_of(LON + 0.05, LAT)
    assert keys[0] in looking.get(f"/tiles/pipes/15/{x}/{y}.mvt")


def test_a_filed_case_and_its_moves_are_seen(acting_and_looking):
    acting, looking = acting_and_looking
    case, text = str(uuid4()), f"manhole {uuid4()}"
    acting.do("report", case=case, lon=117.1933, lat=39.1176, description=text)
    kept = json.loads(looking.get(f"/api/v1/cases/{case}", "dispatcher"))
    assert kept["description"] == text
    page = json.loads(looking.get("/api/v1/cases?limit=5", "dispatcher"))
    assert page["cases"][0]["id"] == case
    steps = {"ask_verify": "verifying", "confirm": "reported"}
    steps |= {"accept": "to_file", "file": "to_dispatch"}
    for action, state in steps.items():
        acting.do("move", case=case, action=action, version=kept["version"])
        again = json.loads(looking.get(f"/api/v1/cases/{case}", "dispatcher"))
        assert (again["state"], again["version"]) == (state, kept["version"] + 1)
        kept = again


def test_any_sequence_of_acts_of_both_is_the_same_to_both(two):
    """A model of the layer is kept here; after each act the other process agrees with it."""
    rng = random.Random(20240611)
    there = set(two[0].window())
    for step in range(60):
        acting, looking = two if rng.random() < 0.5 else two[::-1]
        act = rng.choice(["create", "create", "edit", "remove", "move"])
        key = rng.choice(sorted(there)) if there and act != "create" else name()
        if act == "create" or key not in there:
            wkt = pipe(rng.uniform(0, 0.002), 0.0002)
            acting.do("create", layer="pipes", values={"id": key, "kind": "gas"}, wkt=wkt)
            there.add(key)
        elif act == "edit":
            acting.do("edit", layer="pipes", key=key, values={"diameter_mm": float(step + 1)})
        elif act == "move":
            acting.do("edit", layer="pipes", key=key, values={}, wkt=pipe(rng.uniform(0.1, 0.2)))
            there.discard(key)
        else:
            acting.do("remove", layer="pipes", key=key)
            there.discard(key)
        assert looking.window() == looking.listed() == sorted(there), (step, act, key)
        tile = looking.tile()
        assert all(key in tile for key in there), (step, act)


def test_a_running_service_shows_what_a_command_imported_and_a_command_what_it_received(
    serve, folder, cityops, tmp_path
):
    service = serve(folder, CITYOPS_WEB_WORKERS="2")
    clients = [service.client("planner") for _ in range(2)]
    path = f"/api/v1/layers/pipes/features?bbox={BOX}&limit=1000"
    for client in clients * 6:
        client.get(path)
    key = name()
    file = tmp_path / "one.geojson"
    line = {"type": "LineString", "coordinates": [[LON, LAT], [LON + 0.0005, LAT]]}
    feature = {"type": "Feature", "properties": {"id": key, "kind": "gas"}, "geometry": line}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    done = cityops(folder, "import", str(file), "--layer", "pipes", "--json")
    assert json.loads(done.stdout)["stored"] == 1
    x, y = tile_of(LON, LAT)
    for client in clients * 6:  # both workers are asked in turn
        assert key in [f["id"] for f in client.get(path)["features"]]
        assert key.encode() in client.get(f"/tiles/pipes/15/{x}/{y}.mvt")
    case = {"id": str(uuid4()), "class_code": "0401", "lon": 117.1933, "lat": 39.1176}
    service.client("inspector").post("/api/v1/cases", case)
    dispatcher = service.client("dispatcher")
    assert all(
        dispatcher.get("/api/v1/cases?limit=1")["cases"][0]["id"] == case["id"] for _ in range(6)
    )
    exported = tmp_path / "out.geojson"
    cityops(folder, "export", "pipes", "--out", str(exported), "--bbox", BOX, "--json")
    assert key in exported.read_text()
