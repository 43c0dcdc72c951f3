"""Hazard runs through the interface: strict bodies, all faults at once, rights kept."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

#: A place in the sample district of these tests.
HERE = {"lon": 117.2005, "lat": 39.1005}
GOOD = {**HERE, "masses_kg": {"low": 100, "likely": 500.0, "high": 2000}}


def post(client, body):
    return client.post(
        "/api/v1/hazards/runs", json=body, headers={"X-CSRFToken": getattr(client, "token", "")}
    )


def test_a_run_is_computed_kept_and_read_again(sign_in):
    client = sign_in("emergency")
    answer = post(client, GOOD)
    assert answer.status_code == 201
    run = answer.json
    assert [a["mass_kg"] for a in run["alternatives"]] == [100, 500, 2000]
    again = client.get(answer.headers["Location"])
    assert again.status_code == 200
    assert again.json == run
    assert client.get("/api/v1/hazards/runs").json["runs"][0]["run_id"] == run["run_id"]


def test_components_in_the_ring_are_counted_with_their_class(sign_in):
    zones = post(sign_in("emergency"), GOOD).json["alternatives"][1]["zones"]
    assert zones[-1]["exposure"]["components"] == {"within": 3, "band": 0}
    assert zones[0]["exposure"]["components"]["within"] == 3


def test_a_layer_in_which_nothing_was_ever_entered_is_unknown_and_not_zero(sign_in):
    run = post(sign_in("emergency"), GOOD).json
    held = run["alternatives"][0]["zones"][-1]["exposure"]
    assert held["people"] is held["places"] is held["roads"] is None
    assert run["lists"]["places"] is None
    assert "exposure.no_buildings" in {w["code"] for w in run["warnings"]}


def test_levels_and_models_come_with_source_and_confidence(sign_in):
    client = sign_in("emergency")
    levels = client.get("/api/v1/hazards/levels").json["levels"]
    assert [lv["level"] for lv in levels if lv["offered"]] == [20.7, 6.9, 2]
    assert all(lv["source"] and lv["confidence"]["code"] for lv in levels)
    models = client.get("/api/v1/hazards/models").json
    assert models["default"] == models["models"][0]["name"] == "kingery-bulmash"


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"masses_kg": {"low": -1}}, "masses_kg.low", "blast.bad_mass"),
        ({"masses_kg": {"high": 1e9}}, "masses_kg.high", "blast.bad_mass"),
        ({"masses_kg": {"low": "NaN"}}, "masses_kg.low", "field.float_type"),
        ({"masses_kg": {"low": True}}, "masses_kg.low", "field.float_type"),
        ({"masses_kg": {"tiny": 5}}, "masses_kg.tiny", "field.extra_forbidden"),
        ({"masses_kg": 5}, "masses_kg", "field.model_type"),
        ({"masses_kg": {}}, "masses_kg", "hazard.no_mass"),
        ({"masses_kg": None}, "masses_kg", "hazard.no_mass"),
        ({"lon": 0, "lat": 0}, "lon,lat", "hazard.outside_city"),
        ({"lon": 118.5, "lat": 39.1}, "lon,lat", "hazard.outside_city"),
        ({"lon": 39.1, "lat": 117.2}, "lon,lat", "crs.swapped"),
        ({"lon": 500, "lat": 95}, "lon,lat", "crs.outside_area"),
        ({"lon": 447896.3, "lat": 4330000.0}, "lon,lat", "crs.outside_area"),
        ({"lon": None}, "lon,lat", "hazard.no_place"),
        ({"lon": "117"}, "lon", "field.float_type"),
        ({"crs": "mars"}, "crs", "crs.unknown"),
        ({"site": "HZ-NONE"}, "site", "hazard.unknown_site"),
        ({"model": "aloha"}, "model", "hazard.unknown_model"),
        ({"levels": ["5kW/m2"]}, "level", "level.unit"),
        ({"levels": ["0.01kPa"]}, "levels", "blast.outside_range"),
        ({"levels": []}, "levels", "blast.bad_levels"),
        ({"levels": [f"{n}kPa" for n in range(1, 12)]}, "levels", "blast.bad_levels"),
        ({"levels": ["2kPa"] * 101}, "levels", "field.too_long"),
        ({"levels": "2kPa"}, "levels", "field.list_type"),
        ({"wind": 3}, "wind", "field.extra_forbidden"),
    ],
)
def test_a_hostile_body_is_422_with_the_field_and_nothing_is_kept(sign_in, change, field, code):
    client = sign_in("emergency")
    before = client.get("/api/v1/hazards/runs").json
    answer = post(client, GOOD | change)
    assert answer.status_code == 422
    faults = [answer.json["error"], *answer.json["errors"]]
    assert (field, code) in {(f["field"], f["code"]) for f in faults}
    assert client.get("/api/v1/hazards/runs").json == before


def test_all_faults_of_a_body_are_told_at_once(sign_in):
    body = {
        "lon": 0,
        "lat": 0,
        "model": "x",
        "masses_kg": {"low": -1, "high": 1e12},
        "levels": ["2m"],
    }
    codes = [e["code"] for e in post(sign_in("emergency"), body).json["errors"]]
    assert codes == [
        "hazard.unknown_model",
        "level.unit",
        "blast.bad_mass",
        "blast.bad_mass",
        "hazard.outside_city",
    ]


@pytest.mark.parametrize(
    "text", ['{"lon": NaN}', '{"lon": 1e400}', "[" * 100_000, "", "[]", '{"lon":1,"lon":2}']
)
def test_what_is_no_json_object_is_400(sign_in, text):
    client = sign_in("emergency")
    answer = client.post(
        "/api/v1/hazards/runs",
        data=text,
        content_type="application/json",
        headers={"X-CSRFToken": client.token},
    )
    assert answer.status_code == 400
    assert answer.json["error"]["code"].startswith("json.")


def test_a_run_without_the_token_is_refused(sign_in):
    answer = sign_in("emergency").post("/api/v1/hazards/runs", json=GOOD)
    assert answer.status_code == 403
    assert answer.json["error"]["code"] == "csrf.missing"


@pytest.mark.parametrize("name", ["planner", "inspector", "auditor", "owner"])
def test_who_may_not_see_hazards_computes_and_reads_nothing(sign_in, name):
    run_id = post(sign_in("emergency"), GOOD).json["run_id"]
    client = sign_in(name)
    assert post(client, GOOD).status_code == 403
    assert post(client, GOOD | {"lon": 0, "masses_kg": {"low": -1}}).status_code == 403
    assert client.get("/api/v1/hazards/levels").status_code == 403
    assert client.get("/api/v1/hazards/models").status_code == 403
    assert client.get("/api/v1/hazards/runs").status_code == 403
    assert client.get(f"/api/v1/hazards/runs/{run_id}").status_code == 404


def test_an_unknown_run_is_404(sign_in):
    client = sign_in("emergency")
    assert client.get(f"/api/v1/hazards/runs/{uuid4()}").status_code == 404
    assert client.get("/api/v1/hazards/runs/not-a-uuid").status_code == 404


def test_the_document_describes_the_run(sign_in):
    paths = sign_in("emergency").get("/api/v1/openapi.json").json["paths"]
    assert "post" in paths["/api/v1/hazards/runs"]
    assert paths["/api/v1/hazards/runs"]["post"]["requestBody"]


def test_the_emergency_tool_is_offered_to_those_who_may_see_hazards(sign_in):
    def offered(name):
        page = sign_in(name).get("/map").text
        boot = page.split('id="boot"')[1].split(">", 1)[1].split("</script>")[0]
        return "emergency" in json.loads(boot)["tools"]

    people = ("emergency", "data", "planner", "inspector")
    assert [offered(name) for name in people] == [True, True, False, False]


def test_a_run_is_printed_as_pdf_and_a_bad_wish_is_refused(sign_in):
    client = sign_in("emergency")
    address = post(client, GOOD).headers["Location"] + "/sheet"
    headers = {"X-CSRFToken": client.token}
    made = client.post(address, json={"alternative": "high", "time": "night"}, headers=headers)
    assert made.status_code == 200
    assert made.mimetype == "application/pdf"
    assert made.data.startswith(b"%PDF-")
    for wish in ({"alternative": "middle"}, {"time": "noon"}, {"paper": "A0"}, {"scale": 1}):
        assert client.post(address, json=wish, headers=headers).status_code == 422
    assert sign_in("planner").post(address, json={}, headers=headers).status_code in (403, 404)
