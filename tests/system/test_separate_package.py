"""A layer out of a package that is installed separately, in table, import, tile, legend, panel, list
and export of the running program, with no other code; its restricted field in no byte of others.
"""

from __future__ import annotations

import io
import json
import math
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import mapbox_vector_tile
import pytest

pytestmark = pytest.mark.slow

PACKAGE = Path(__file__).parents[1] / "packages" / "tram_layers"
SECRET = "022-8888-6161"
LON, LAT = 117.1935, 39.1175
ROWS = [
    {"接触线编号": "TW-1", "阶段": "已建", "电压": 750, "电话": SECRET, "备注": "第一段"},
    {"接触线编号": "TW-2", "阶段": "规划", "电压": 1500, "电话": SECRET, "备注": None},
    {"接触线编号": "TW-3", "阶段": "拆除", "电压": 750, "电话": SECRET, "备注": None},
]
FORMATS = ("geojson", "gpkg", "shapefile", "csv", "xlsx", "flatgeobuf")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder of packages with the one of the tests in it, put there without any network."""
    folder = tmp_path_factory.mktemp("site")
    act = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    where = ["--no-build-isolation", "--disable-pip-version-check", "--target", str(folder)]
    subprocess.run([*act, *where, str(PACKAGE)], check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def service(site, serve, template, tmp_path_factory):
    """The program with the package beside it."""
    import shutil

    folder = tmp_path_factory.mktemp("city") / "data"
    shutil.copytree(template, folder)
    return serve(folder, PYTHONPATH=str(site))


def delivery() -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": row,
            "geometry": {
                "type": "LineString",
                "coordinates": [[LON, LAT + i / 2000], [LON + 0.002, LAT + i / 2000]],
            },
        }
        for i, row in enumerate(ROWS)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


@pytest.fixture(scope="module")
def report(service, machine):
    """What the import of a delivery says, sent as the page sends it, done by the job process."""
    client = service.client("data")
    line = b"--line\r\n"
    head = b'Content-Disposition: form-data; name="file"; filename="wires.geojson"\r\n\r\n'
    body = line + head + delivery() + b"\r\n--line--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=line"}
    status, answer, _ = client.ask("POST", "/api/v1/imports", body, kind)
    assert status == 201, answer
    number = json.loads(answer)["id"]
    job = client.post(f"/api/v1/imports/{number}/import", {"layer": "tram_wires"})

    def ended():
        told = client.get(f"/api/v1/jobs/{job['id']}")
        return told["state"] in ("done", "failed") and told

    assert machine.wait_for(ended, what="the import")["state"] == "done"
    return client.get(f"/api/v1/imports/{number}")["report"]


@pytest.fixture(scope="module")
def planner(service, report):
    return service.client("planner")


@pytest.fixture(scope="module")
def manager(service, report):
    return service.client("data")


def tile(client) -> bytes:
    entry = next(e for e in client.get("/api/v1/layers")["layers"] if e["name"] == "tram_wires")
    z = 15
    x = int((LON + 180) / 360 * 2**z)
    y = int((1 - math.asinh(math.tan(math.radians(LAT))) / math.pi) / 2 * 2**z)
    return client.get(entry["tiles"].format(z=z, x=x, y=y))


def tile_rows(client) -> list[dict]:
    return [
        f["properties"] for f in mapbox_vector_tile.decode(tile(client))["tram_wires"]["features"]
    ]


def test_the_command_lists_it_with_title_fields_unit_and_codes(site, service, cityops):
    told = json.loads(cityops(service.folder, "layers", "--json", PYTHONPATH=str(site)).stdout)
    layer = next(one for one in told["layers"] if one["name"] == "tram_wires")
    assert layer["title"]["zh"] == "有轨电车接触网"
    fields = {f["name"]: f for f in layer["fields"]}
    assert fields["phase"]["codes"] == ["built", "planned"]
    assert fields["voltage_v"]["unit"] == "V"


def test_the_import_knows_its_columns_and_code_list(report):
    assert report["mapping"] == {
        "wire_no": "接触线编号",
        "phase": "阶段",
        "voltage_v": "电压",
        "duty_phone": "电话",
    }
    assert (report["rows_in"], report["stored"], report["extra_columns"]) == (3, 2, ["备注"])
    assert [(r["row"], r["field"], r["code"]) for r in report["refused"]] == [
        (3, "phase", "field.code")
    ]


def test_it_has_a_table_with_its_index(service, report):
    with closing(sqlite3.connect(service.folder / "cityops.db")) as database:
        tables = {
            n for (n,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
        }
        name = next(t for t in tables if t.endswith("tram_wires") and "rtree" not in t)
        rows = database.execute(
            f"SELECT wire_no, phase, voltage_v FROM {name} ORDER BY 1"
        ).fetchall()
    assert rows == [("TW-1", "built", 750.0), ("TW-2", "planned", 1500.0)]
    assert any("tram_wires" in t and t != name for t in tables)


def test_the_legend_is_made_from_its_declaration(planner):
    entry = next(e for e in planner.get("/api/v1/layers")["layers"] if e["name"] == "tram_wires")
    assert entry["title"]["zh"] == "有轨电车接触网"
    assert [(c["title"]["zh"], c["mark"], c["count"]) for c in entry["classes"]] == [
        ("已建", "建", 1),
        ("规划", "规", 1),
    ]
    assert {f["name"]: f["unit"] for f in entry["fields"]}["voltage_v"] == "V"


def test_the_tile_draws_it(planner, manager):
    assert {(row["wire_no"], row["phase"]) for row in tile_rows(planner)} == {
        ("TW-1", "built"),
        ("TW-2", "planned"),
    }
    assert {row["duty_phone"] for row in tile_rows(manager)} == {SECRET}


def test_the_panel_shows_one_and_the_list_filters_and_sorts(planner):
    one = planner.get("/api/v1/layers/tram_wires/features/TW-1")["properties"]
    assert (one["phase"], one["voltage_v"]) == ("built", 750.0)
    listed = planner.get("/api/v1/layers/tram_wires/features?phase=planned")
    assert [f["id"] for f in listed["features"]] == ["TW-2"]
    ordered = planner.get("/api/v1/layers/tram_wires/features?sort=-voltage_v")
    assert [f["id"] for f in ordered["features"]] == ["TW-2", "TW-1"]


@pytest.mark.parametrize("name", FORMATS)
def test_it_is_exported_with_the_restricted_field_for_who_may_see_it_only(planner, manager, name):
    path = f"/api/v1/exports/tram_wires?format={name}"
    assert SECRET.encode() not in unpacked(planner.ask("GET", path)[1])
    full = unpacked(manager.ask("GET", path)[1])
    assert SECRET.encode() in full
    assert b"TW-1" in full


def unpacked(data: bytes) -> bytes:
    """The bytes of a file, and of what is packed in it."""
    if not data.startswith(b"PK"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return data + b"".join(archive.read(name) for name in archive.namelist())


@pytest.mark.parametrize("username", ["planner", "owner", "emergency"])
def test_no_byte_of_what_others_get_holds_the_restricted_value(service, report, username):
    client = service.client(username)
    around = f"{LON - 0.01},{LAT - 0.01},{LON + 0.01},{LAT + 0.01}"
    ring = [[LON - 1, LAT - 1], [LON + 1, LAT - 1], [LON + 1, LAT + 1], [LON - 1, LAT - 1]]
    polygon = json.dumps({"polygon": {"type": "Polygon", "coordinates": [ring]}, "limit": 100})
    kind = {"Content-Type": "application/json"}
    answers = [
        client.ask("GET", "/api/v1/layers"),
        client.ask("GET", f"/api/v1/layers/tram_wires/features?bbox={around}"),
        client.ask("GET", "/api/v1/layers/tram_wires/features?sort=wire_no"),
        client.ask("GET", "/api/v1/layers/tram_wires/features/TW-1"),
        client.ask("GET", f"/api/v1/layers/tram_wires/features?q={SECRET[-9:]}"),
        client.ask("GET", f"/api/v1/search?q={SECRET[-9:]}"),
        client.ask("GET", f"/api/v1/dossier?lon={LON}&lat={LAT}"),
        client.ask("POST", "/api/v1/layers/tram_wires/select", polygon.encode(), kind),
    ]
    for status, body, _ in answers:
        assert status == 200, body[:300]
        assert SECRET.encode() not in body, body[:500]
    assert SECRET.encode() not in tile(client)
    # An answer repeats what was searched for; the part that was not may not come back.
    assert json.loads(answers[4][1])["total"] == 0
    assert json.loads(answers[5][1])["results"] == []
    for field in ("duty_phone", "-duty_phone"):
        path = f"/api/v1/layers/tram_wires/features?sort={field}"
        assert client.ask("GET", path)[0] == 400
    assert client.ask("GET", f"/api/v1/layers/tram_wires/features?duty_phone={SECRET}")[0] == 400


def test_who_may_not_see_the_group_sees_nothing_of_it(service, report):
    client = service.client("inspector")
    assert b"tram_wires" not in client.ask("GET", "/api/v1/layers")[1]
    for path in (
        "layers/tram_wires/features",
        "layers/tram_wires/features/TW-1",
        "exports/tram_wires",
    ):
        assert client.ask("GET", f"/api/v1/{path}")[0] == 403


def test_the_command_exports_it(site, service, cityops, report, tmp_path):
    out = tmp_path / "wires.geojson"
    done = cityops(
        service.folder, "export", "tram_wires", "--out", str(out), "--json", PYTHONPATH=str(site)
    )
    assert json.loads(done.stdout)["rows"] == 2
    assert {f["properties"]["wire_no"] for f in json.loads(out.read_text())["features"]} == {
        "TW-1",
        "TW-2",
    }
