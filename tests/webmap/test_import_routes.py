"""Files over HTTP: up, looked at, in, out, back; and what the routes refuse."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from cityops.jobs.worker import Worker
from cityops.services.imports.service import ImportOptions
from cityops.services.roles import SYSTEM, Role
from gis.errors import ConflictError, ForbiddenError

DATA = Path(__file__).parents[1] / "cityops" / "data"


@pytest.fixture
def data(sign_in):
    return sign_in("data")


@pytest.fixture
def do(services):
    """Do a job that was accepted; gives it as it ended."""

    def run(answer):
        assert answer.status_code == 202, answer.text
        Worker(services).do(answer.json["id"])
        from cityops.services.roles import SYSTEM

        return services.jobs.get(SYSTEM, answer.json["id"])

    return run


def features(*rows):
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"id": f"{rows[0]}-{i}", "text": "=1+1"},
                    "geometry": {"type": "Point", "coordinates": p},
                }
                for i, p in enumerate(rows[1:])
            ],
        }
    ).encode()


def upload(client, *files):
    parts = [(io.BytesIO(data), name) for name, data in files]
    return client.post(
        "/api/v1/imports", data={"file": parts}, headers={"X-CSRFToken": client.token}
    )


def post(client, path, body=None):
    return client.post(path, json=body or {}, headers={"X-CSRFToken": client.token})


@pytest.fixture
def received(data):
    """A delivery of two points, one of them broken."""

    def receive(name="stops.geojson", mark="a"):
        body = features(mark, [117.2, 39.1], [117.201, 39.101], [])
        answer = upload(data, (name, body))
        assert answer.status_code == 201, answer.text
        return answer.json

    return receive


def test_an_upload_is_kept_and_proposed_as_a_new_layer(received):
    told = received("公交站点 2026.geojson")
    assert (told["state"], told["filename"]) == ("received", "公交站点 2026.geojson")
    assert told["options"]["new"] is True
    assert told["options"]["title"] == "公交站点 2026"
    assert told["options"]["layer"].startswith("layer_2026")


def test_a_look_shows_columns_rows_map_and_faults_and_stores_nothing(data, received, do, services):
    number = received()["id"]
    before = services.layers.catalogue(_person(services, "data"))
    job = do(post(data, f"/api/v1/imports/{number}/look", {"layer": "look_only", "new": True}))
    assert job.state.value == "done"
    report = data.get(f"/api/v1/imports/{number}").json["report"]
    assert [c["name"] for c in report["columns"]] == ["id", "text"]
    assert (report["stored"], report["refused_rows"]) == (2, 1)
    assert report["sketch"]["bounds"] == [117.2, 39.1, 117.201, 39.101]
    assert len(report["sketch"]["features"]["features"]) == 2
    assert report["rows"]["rows"][2]["faults"]
    assert services.layers.catalogue(_person(services, "data")) == before


def _person(services, username):
    return services.accounts.get(username).person


def test_a_look_at_what_cannot_be_imported_says_why_and_shows_it_all_the_same(data, do):
    number = upload(data, ("a.csv", b"lon,lat,no\n117.2,39.1,1\n")).json["id"]
    do(post(data, f"/api/v1/imports/{number}/look", {"layer": "csv_layer", "new": True}))
    report = data.get(f"/api/v1/imports/{number}").json["report"]
    assert report["refusal"]["error"]["code"] == "crs.missing"
    assert [c["name"] for c in report["columns"]] == ["no"]
    do(post(data, f"/api/v1/imports/{number}/look", {"layer": "c", "new": True, "crs": "4490"}))
    assert data.get(f"/api/v1/imports/{number}").json["report"]["refusal"] is None


def test_a_file_goes_in_is_seen_goes_out_and_is_taken_back(data, received, do):
    number = received(mark="round")["id"]
    asked = {"layer": "round_trip", "new": True, "title": "往返"}
    job = do(post(data, f"/api/v1/imports/{number}/import", asked))
    assert job.result["stored"] == 2
    told = data.get(f"/api/v1/imports/{number}").json
    assert (told["state"], told["layer"]) == ("stored", "round_trip")
    assert "round_trip" in [layer["name"] for layer in data.get("/api/v1/layers").json["layers"]]
    seen = data.get("/api/v1/layers/round_trip/features").json
    assert {f["id"] for f in seen["features"]} == {"round-0", "round-1"}
    out = data.get("/api/v1/exports/round_trip?format=geojson")
    assert [f["geometry"]["coordinates"] for f in json.loads(out.data)["features"]] == [
        [117.2, 39.1],
        [117.201, 39.101],
    ]
    assert "attachment" in out.headers["Content-Disposition"]
    undone = post(data, f"/api/v1/imports/{number}/undo")
    assert (undone.json["removed"], undone.json["layer_withdrawn"]) == (2, True)
    assert data.get("/api/v1/layers/round_trip/features").status_code == 404
    assert "round_trip" not in [ly["name"] for ly in data.get("/api/v1/layers").json["layers"]]
    assert post(data, f"/api/v1/imports/{number}/undo").status_code == 409


def test_a_layer_that_another_delivery_uses_outlives_the_one_that_made_it(data, received, do):
    first, second = received(mark="one")["id"], received(mark="two")["id"]
    do(post(data, f"/api/v1/imports/{first}/import", {"layer": "shared", "new": True}))
    do(post(data, f"/api/v1/imports/{second}/import", {"layer": "shared"}))
    undone = post(data, f"/api/v1/imports/{first}/undo").json
    assert (undone["removed"], undone["layer_withdrawn"]) == (2, False)
    assert data.get("/api/v1/layers/shared/features").json["total"] == 2
    # What is left was not made by the second delivery: the layer stays, empty.
    assert post(data, f"/api/v1/imports/{second}/undo").json["layer_withdrawn"] is False
    assert data.get("/api/v1/layers/shared/features").json["total"] == 0


def test_a_withdrawn_layer_can_be_made_anew_with_other_columns(data, received, do):
    def version():
        layers = data.get("/api/v1/layers").json["layers"]
        return next(one["version"] for one in layers if one["name"] == "phoenix")

    number = received(mark="again")["id"]
    asked = {"layer": "phoenix", "new": True}
    do(post(data, f"/api/v1/imports/{number}/import", asked))
    before = version()
    post(data, f"/api/v1/imports/{number}/undo")
    body = b"id,lon,lat,height\n1,117.2,39.1,5\n2,117.3,39.2,6\n"
    other = upload(data, ("towers.csv", body)).json["id"]
    do(post(data, f"/api/v1/imports/{other}/import", asked | {"crs": "EPSG:4490"}))
    found = data.get("/api/v1/layers/phoenix/features").json
    assert [f["properties"]["height"] for f in found["features"]] == [5, 6]
    assert version() > before + 1


def test_a_field_called_like_a_part_of_the_address_can_be_filtered_and_paged(data, do):
    shapes = [
        {
            "type": "Feature",
            "properties": {"id": f"f-{i}", "layer": "A"},
            "geometry": {"type": "Point", "coordinates": [117.2 + i / 1000, 39.1]},
        }
        for i in range(3)
    ]
    body = json.dumps({"type": "FeatureCollection", "features": shapes}).encode()
    number = upload(data, ("drawing.geojson", body)).json["id"]
    do(post(data, f"/api/v1/imports/{number}/import", {"layer": "drawing", "new": True}))
    first = data.get("/api/v1/layers/drawing/features?layer=A&limit=2").json
    second = data.get(first["next"]).json
    assert [f["id"] for f in first["features"] + second["features"]] == ["f-0", "f-1", "f-2"]


def test_refused_rows_come_as_a_table_without_formulas(data, received, do):
    number = received(mark="csv")["id"]
    do(post(data, f"/api/v1/imports/{number}/look", {"layer": "t", "new": True}))
    answer = data.get(f"/api/v1/imports/{number}/refused.csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0] == ["行", "字段", "代码", "原因", "得到", "怎么办"]
    assert rows[1][0] == "3"
    assert rows[1][2].startswith("geometry.")
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)


def test_an_import_runs_once_however_often_its_job_does(data, received, do, services):
    number = received(mark="once")["id"]
    answer = post(data, f"/api/v1/imports/{number}/import", {"layer": "once", "new": True})
    job = do(answer)
    again = services.deliveries.work(job, _Silent())
    assert again == job.result
    assert data.get("/api/v1/layers/once/features").json["total"] == 2


class _Silent:
    def report(self, *_args):
        pass

    def check(self):
        pass


class _Overtaken(_Silent):
    """Another worker does the whole job while this one is about to write."""

    def __init__(self, other):
        self.other = other

    def report(self, done, *_args):
        other, self.other = self.other if done == 3 else None, None if done == 3 else self.other
        if other is not None:
            other()


def test_a_run_that_another_one_overtook_does_not_call_the_delivery_refused(
    data, received, services
):
    number = received(mark="overtaken")["id"]
    asked = {"layer": "overtaken", "new": True}
    told = post(data, f"/api/v1/imports/{number}/import", asked)
    job = services.jobs.get(_person(services, "data"), told.json["id"])
    with pytest.raises(ConflictError):
        services.deliveries.work(job, _Overtaken(lambda: services.deliveries.work(job, _Silent())))
    assert data.get(f"/api/v1/imports/{number}").json["state"] == "stored"
    assert post(data, f"/api/v1/imports/{number}/undo").json["removed"] == 2


def test_a_late_note_of_a_job_does_not_bring_an_undone_delivery_back(
    data, received, services, monkeypatch
):
    number = received(mark="late")["id"]
    told = post(data, f"/api/v1/imports/{number}/import", {"layer": "late", "new": True})
    job = services.jobs.get(_person(services, "data"), told.json["id"])
    desk = services.deliveries
    run = desk._imports.run

    def stored_and_taken_back(*args):
        done = run(*args)
        desk.undo(_person(services, "data"), number)
        return done

    monkeypatch.setattr(desk._imports, "run", stored_and_taken_back)
    desk.work(job, _Silent())
    assert data.get(f"/api/v1/imports/{number}").json["state"] == "undone"


def test_of_two_that_import_a_delivery_at_once_one_is_refused(data, received, services):
    number = received(mark="both")["id"]
    person, desk = _person(services, "data"), services.deliveries
    before = desk.get(person, number)
    asked = ImportOptions(layer="both", new=True)
    assert desk._begun(person, before, asked) is not None
    assert desk._begun(person, before, asked) is None
    with pytest.raises(ConflictError, match="正在导入"):
        desk.submit(person, number, asked)


def test_rows_that_were_edited_since_are_not_taken_back(data, received, do, services):
    number = received(mark="edit")["id"]
    do(post(data, f"/api/v1/imports/{number}/import", {"layer": "edited", "new": True}))
    services.layers.edit(
        _person(services, "data"), "edited", "edit-0", {"text": "changed"}, None, None
    )
    answer = post(data, f"/api/v1/imports/{number}/undo")
    assert answer.json["error"]["code"] == "delivery.changed_since"
    assert data.get("/api/v1/layers/edited/features").json["total"] == 2


def test_a_stored_delivery_is_not_imported_again(data, received, do):
    number = received(mark="again")["id"]
    asked = {"layer": "again_layer", "new": True}
    do(post(data, f"/api/v1/imports/{number}/import", asked))
    answer = post(data, f"/api/v1/imports/{number}/import", asked)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "delivery.stored")


def test_the_parts_of_a_shapefile_become_one_delivery(data, do):
    folder = DATA / "feet"
    parts = [(p.name, p.read_bytes()) for p in sorted(folder.glob("schools.*"))]
    number = upload(data, *parts).json["id"]
    do(post(data, f"/api/v1/imports/{number}/look", {"layer": "schools", "new": True}))
    report = data.get(f"/api/v1/imports/{number}").json["report"]
    assert (report["driver"], report["crs"], report["stored"]) == (
        "ESRI Shapefile",
        "ESRI:102649",
        8,
    )


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([("a.geojson", b"{}"), ("b.geojson", b"{}")], "file.not_one"),
        ([("a.shp", b"1"), ("b.dbf", b"1")], "file.not_one"),
        ([("a.shp", b"1"), ("a.exe", b"1")], "file.not_one"),
        ([("a.exe", b"MZ")], "file.unsupported"),
        ([("a.geojson", b"<OGRVRTDataSource/>")], "file.wrong_type"),
        ([("a.geojson", b"")], "file.empty"),
        ([("../../etc/passwd", b"root")], "file.unsupported"),
    ],
)
def test_what_is_no_delivery_is_refused_at_the_door(data, files, code):
    answer = upload(data, *files)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, code)


def test_a_layer_of_a_file_can_be_asked_by_the_heading_of_its_column(data, do):
    shapes = [
        {
            "type": "Feature",
            "properties": {"编号": f"n-{i}", "名称": name},
            "geometry": {"type": "Point", "coordinates": [117.2 + i / 1000, 39.1]},
        }
        for i, name in enumerate(["甲", "乙", "甲"])
    ]
    body = json.dumps({"type": "FeatureCollection", "features": shapes}).encode()
    number = upload(data, ("named.geojson", body)).json["id"]
    job = do(post(data, f"/api/v1/imports/{number}/import", {"layer": "named", "new": True}))
    progress = job.as_dict()["progress"]
    assert progress["done"] == progress["total"]
    told = data.get("/api/v1/layers/named/values?field=名称").json
    assert told["values"] == [{"value": "甲", "count": 2}, {"value": "乙", "count": 1}]
    found = data.get("/api/v1/layers/named/features?名称=甲").json
    assert [f["id"] for f in found["features"]] == ["n-0", "n-2"]
    sorted_ = data.get("/api/v1/layers/named/features?名称=甲&sort=-名称&limit=1").json
    assert (sorted_["total"], sorted_["features"][0]["id"]) == (2, "n-0")
    assert data.get("/api/v1/layers/named/values?field=名").status_code == 400


def test_a_body_of_the_wrong_type_is_told_the_right_one(data):
    path, token = "/api/v1/imports", {"X-CSRFToken": data.token}
    error = data.post(path, json={}, headers=token).json["error"]
    assert (error["code"], error["got"]) == ("http.415", "application/json")
    assert error["expected"] == "multipart/form-data"


def test_no_file_no_token_and_no_form_are_refused(data):
    assert upload(data).status_code in (415, 422)
    assert (
        data.post("/api/v1/imports", data={"file": (io.BytesIO(b"{}"), "a.json")}).status_code
        == 403
    )
    answer = data.post(
        "/api/v1/imports",
        data=b"{}",
        content_type="application/json",
        headers={"X-CSRFToken": data.token},
    )
    assert answer.status_code == 415


@pytest.mark.parametrize("name", ["planner", "emergency", "inspector", "owner", "auditor"])
def test_who_may_import_nothing_neither_sends_nor_sees_deliveries(sign_in, received, name):
    number = received(mark=name)["id"]
    client = sign_in(name)
    assert upload(client, ("a.geojson", features("x", [117, 39]))).status_code == 403
    assert client.get("/api/v1/imports").status_code == 403
    assert client.get(f"/api/v1/imports/{number}").status_code == 403
    assert post(client, f"/api/v1/imports/{number}/look", {"layer": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"layer": 5}, 422),
        ({"layer": "x", "unknown": 1}, 422),
        ({"layer": "x" * 100}, 422),
        ({"layer": "x", "map": {"a": 1}}, 422),
    ],
)
def test_options_that_are_none_are_refused(data, received, body, status):
    number = received(mark=str(body))["id"]
    assert post(data, f"/api/v1/imports/{number}/look", body).status_code == status
    assert post(data, "/api/v1/imports/999999/look", {"layer": "x"}).status_code == 404


class TestExports:
    """Layers as files."""

    def test_a_planner_takes_pipes_along_but_not_what_is_hidden(self, sign_in):
        answer = sign_in("planner").get("/api/v1/exports/components?format=csv")
        assert answer.status_code == 200
        assert answer.mimetype == "text/csv"

    def test_who_may_look_only_may_not_export(self, sign_in):
        assert sign_in("inspector").get("/api/v1/exports/components").status_code == 403
        assert sign_in("emergency").get("/api/v1/exports/pipes").status_code == 403

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("format=exe", 400),
            ("bbox=1,2,3", 400),
            ("bbox=4,2,3,1", 400),
            ("bbox=nan,1,2,3", 400),
            ("crs=EPSG:1", 400),
            ("nothing=1", 400),
        ],
    )
    def test_what_cannot_be_exported_is_refused(self, sign_in, query, status):
        assert sign_in("planner").get(f"/api/v1/exports/pipes?{query}").status_code == status

    def test_a_box_and_a_filter_narrow_it(self, sign_in):
        client = sign_in("planner")
        some = client.get("/api/v1/exports/pipes?kind=gas&bbox=117.19,39.09,117.3,39.102")
        assert [f["id"] for f in json.loads(some.data)["features"]] == ["P-1"]

    def test_a_person_with_limits_gets_theirs_only(self, sign_in):
        rows = json.loads(sign_in("west").get("/api/v1/exports/pipes").data)["features"]
        assert {f["id"] for f in rows} == {"P-0", "P-1", "P-2"}
        raw = sign_in("owner").get("/api/v1/exports/pipes").data
        assert {f["id"] for f in json.loads(raw)["features"]} == {"P-1", "P-4"}

    @pytest.mark.parametrize("name", ["geojson", "gpkg", "shapefile", "csv", "xlsx", "flatgeobuf"])
    def test_every_format_comes_as_a_job_with_what_it_cannot_hold(
        self, sign_in, do, services, name
    ):
        client = sign_in("planner")
        job = do(post(client, "/api/v1/exports", {"layer": "pipes", "format": name}))
        assert (job.state.value, job.result["rows"]) == ("done", 6)
        answer = client.get(f"/api/v1/exports/jobs/{job.id}/file")
        assert answer.status_code == 200
        assert len(answer.data) == job.result["bytes"]
        assert sign_in("data").get(f"/api/v1/exports/jobs/{job.id}/file").status_code == 404
        if name == "shapefile":
            with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
                assert {"pipes.shp", "pipes.cpg", "notice.txt"} <= set(archive.namelist())

    def test_a_finished_export_is_kept_from_who_may_no_longer_export(self, sign_in, do, services):
        job = do(post(sign_in("planner"), "/api/v1/exports", {"layer": "pipes"}))
        person = services.jobs.get(SYSTEM, job.id).person
        assert services.export_desk.fetch(
            replace(person, roles=frozenset({Role.PLANNER})), job.id
        ).path.is_file()
        with pytest.raises(ForbiddenError):
            services.export_desk.fetch(replace(person, roles=frozenset({Role.BUILDER})), job.id)

    @pytest.mark.parametrize("limit", [{"areas": ("990101",)}, {"categories": {"pipes": {"gas"}}}])
    def test_a_finished_export_is_kept_from_who_may_see_less_by_now(
        self, sign_in, do, services, limit
    ):
        job = do(post(sign_in("planner"), "/api/v1/exports", {"layer": "pipes"}))
        person = services.jobs.get(SYSTEM, job.id).person
        less = replace(person, roles=frozenset({Role.PLANNER}), **limit)
        with pytest.raises(ForbiddenError) as refusal:
            services.export_desk.fetch(less, job.id)
        assert refusal.value.code == "export.right_narrowed"

    def test_an_export_that_does_not_say_its_right_is_made_again(
        self, sign_in, do, services, monkeypatch
    ):
        client = sign_in("planner")
        job = do(post(client, "/api/v1/exports", {"layer": "pipes"}))
        old = replace(job, result={k: v for k, v in job.result.items() if k != "right"})
        monkeypatch.setattr(services.jobs, "get", lambda *_: old)
        answer = client.get(f"/api/v1/exports/jobs/{job.id}/file")
        assert (answer.status_code, answer.json["error"]["code"]) == (409, "export.right_unknown")

    def test_great_layers_go_as_a_job_only(self, sign_in, monkeypatch):
        from cityops.services.exports import desk

        monkeypatch.setattr(desk, "MOST_AT_ONCE", 5)
        client = sign_in("planner")
        answer = client.get("/api/v1/exports/pipes?format=csv")
        assert answer.json["error"]["code"] == "export.too_many_at_once"
        assert client.get("/api/v1/exports/pipes?format=csv&kind=gas").status_code == 200

    def test_nothing_is_left_behind_by_an_export_at_once(self, sign_in, settings):
        sign_in("planner").get("/api/v1/exports/pipes?format=gpkg")
        assert not list((settings.data_dir / "exports").glob("now-*"))
