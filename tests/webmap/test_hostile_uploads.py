"""Hostile uploads over HTTP: names, types, cut forms, and things of others; nothing is left behind."""

from __future__ import annotations

import gc
import gzip
import io
import json
import warnings
import zipfile
from uuid import uuid4

import pytest

POINTS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"id": "a", "kind": "gas"},
            "geometry": {"type": "LineString", "coordinates": [[117.2, 39.1], [117.201, 39.1]]},
        }
    ],
}
GOOD = json.dumps(POINTS).encode()


#: A parser that gives up lets go of what it has spooled without closing it; that is no fault.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(scope="module", autouse=True)
def spools():
    """Let what was spooled go before the next module, where such a warning would be a fault."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def data(sign_in):
    return sign_in("data")


def send(client, name, content, field="file"):
    return client.post(
        "/api/v1/imports",
        data={field: (io.BytesIO(content), name)},
        content_type="multipart/form-data",
        headers={"X-CSRFToken": client.token},
    )


def kept(services):
    """Deliveries, and files on disk whatever their names."""
    with services.store.reading() as tx:
        rows = tx.connection.exec_driver_sql("SELECT count(*) FROM delivery").scalar()
    folder = services.settings.files_dir
    return rows, sorted(p.name for p in folder.rglob("*") if p.is_file())


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        *("../../../etc/cron.d/x.geojson", "..\\..\\x.geojson", "/etc/passwd.geojson"),
        *("CON.geojson", "a" * 290 + ".geojson", "\u202egnosjoeg.geojson", "😀.geojson"),
        *(" .geojson", "<script>alert(1)</script>.geojson", "a;b=c.geojson", "a'b\"c.geojson"),
    ],
)
def test_a_hostile_name_is_kept_as_text_and_names_no_file(data, services, name):
    before = kept(services)
    answer = send(data, name, json.dumps(POINTS | {"name": name}).encode())
    assert answer.status_code in (201, 400, 422), answer.text
    rows, files = kept(services)
    assert all(len(file) == 64 for file in files)
    if answer.status_code == 201:
        told = answer.json["filename"]
        assert "/" not in told
        assert "\\" not in told
        assert rows == before[0] + 1
        assert len(json.loads(answer.data)["options"]["layer"]) <= 60
    else:
        assert (rows, files) == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("evil.geojson", b"<OGRVRTDataSource><SrcDataSource>/etc/passwd</SrcDataSource>"),
        ("evil.geojson", b"<?xml version='1.0'?><wfs:x xmlns:wfs='http://127.0.0.1:9/'/>"),
        ("evil.gpkg", b"SQLite format 3\x00" + b"\x00" * 200),
        ("evil.geojson", gzip.compress(GOOD)),
        ("evil.geojson", b""),
        ("evil.shp", b"\x00\x00\x27\x0a" + b"\xff" * 100),
        ("evil.xlsx", b"PK\x03\x04 nothing"),
        ("evil.zip", zipped(("../../x.shp", b"x"), ("x.dbf", b"x"))),
        ("evil.zip", zipped(("x.txt", b"0" * 50_000_000))),
        ("evil.vrt", b"<OGRVRTDataSource/>"),
        ("evil.php", b"<?php system('id');"),
        ("evil.xlsm", zipped(("xl/vbaProject.bin", b"x"))),
        ("evil", GOOD),
    ],
)
def test_what_is_no_delivery_is_refused_and_leaves_neither_row_nor_file(
    data, services, name, content
):
    before = kept(services)
    answer = send(data, name, content)
    if answer.status_code == 201:
        # Only its head was read: the look, in a confined child, will refuse it.
        assert name in ("evil.gpkg", "evil.shp", "evil.zip", "evil.xlsx"), answer.text
        return
    assert answer.status_code == 422, answer.text
    assert answer.json["error"]["message"]
    assert kept(services) == before


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_form_that_is_cut_stores_nothing(data, services, share):
    before = kept(services)
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.geojson"\r\n\r\n'
    whole = head + GOOD + b"\r\n--b--\r\n"
    answer = data.post(
        "/api/v1/imports",
        data=whole[: int(len(whole) * share)],
        content_type="multipart/form-data; boundary=b",
        headers={"X-CSRFToken": data.token},
    )
    assert answer.status_code in (400, 422), answer.text
    assert kept(services) == before


def test_a_form_without_a_file_with_many_or_with_too_many_parts_is_refused(data, services):
    before = kept(services)
    token = {"X-CSRFToken": data.token}
    none = data.post(
        "/api/v1/imports", data={"x": "y"}, headers=token, content_type="multipart/form-data"
    )
    assert none.status_code == 422
    many = {f"f{i}": (io.BytesIO(b"x"), f"{i}.geojson") for i in range(3)}
    answer = data.post(
        "/api/v1/imports", data=many, headers=token, content_type="multipart/form-data"
    )
    assert answer.status_code == 422
    parts = {f"p{i}": "x" for i in range(5000)}
    answer = data.post(
        "/api/v1/imports", data=parts, headers=token, content_type="multipart/form-data"
    )
    assert answer.status_code == 413
    assert kept(services) == before


def test_things_of_others_are_not_there(data, sign_in):
    """Deliveries, jobs and exported files of another person, also for who may import and export."""
    delivery = send(data, "mine.geojson", json.dumps(POINTS | {"n": str(uuid4())}).encode()).json
    token = {"X-CSRFToken": data.token}
    body = {"layer": "pipes", "format": "csv"}
    job = data.post("/api/v1/exports", json=body, headers=token).json
    assert data.get(f"/api/v1/jobs/{job['id']}").status_code == 200
    other = sign_in("planner")
    headers = {"X-CSRFToken": other.token}
    asked = [
        other.get(f"/api/v1/jobs/{job['id']}"),
        other.post(f"/api/v1/jobs/{job['id']}/cancel", headers=headers),
        other.get(f"/api/v1/exports/jobs/{job['id']}/file"),
        other.get(f"/api/v1/imports/{delivery['id']}"),
        other.get(f"/api/v1/imports/{delivery['id']}/refused.csv"),
        other.post(f"/api/v1/imports/{delivery['id']}/undo", headers=headers),
        other.post(
            f"/api/v1/imports/{delivery['id']}/import", json={"layer": "x"}, headers=headers
        ),
    ]
    assert {answer.status_code for answer in asked} <= {403, 404}
    assert data.get(f"/api/v1/jobs/{job['id']}").json["state"] == "queued"
    listed = other.get("/api/v1/jobs").json["jobs"]
    assert job["id"] not in {j["id"] for j in listed}
