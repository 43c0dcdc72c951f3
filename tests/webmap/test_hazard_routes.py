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
    told = client.get("/api/v1/hazards/levels").json
    levels = told["levels"]
    assert [heat["level"] for heat in told["heats"] if heat["offered"]] == [10, 5, 2]
    assert {row["harm"] for row in told["classes"]} == {"overpressure", "thermal", "toxic"}
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


# -- gas, fire, grades and probits ---------------------------------------------------------------

GAS = {
    **HERE,
    "model": "dispersion",
    "cas": "7782-50-5",
    "rate_kg_s": {"low": 0.1, "likely": 1, "high": 5},
    "wind_m_s": 3,
    "wind_from": 270,
    "stability": "D",
    "terrain": "urban",
}
UNIT = {"substances": [{"row": 1, "quantity_t": 20}, {"cas": "7782-50-5", "quantity_t": "10"}]}
LOAD = {"name": "chlorine", "value": 250, "minutes": 30}


def send(client, kind, body):
    return client.post(
        f"/api/v1/hazards/{kind}", json=body, headers={"X-CSRFToken": getattr(client, "token", "")}
    )


@pytest.mark.parametrize(("kind", "body"), [("zones", GAS), ("grades", UNIT), ("probits", LOAD)])
def test_what_is_computed_is_kept_and_read_again(sign_in, kind, body):
    client = sign_in("emergency")
    answer = send(client, kind, body)
    assert answer.status_code == 201
    again = client.get(answer.headers["Location"])
    assert (again.status_code, again.json) == (200, answer.json)
    assert answer.json["kept"] is True
    told = client.get(f"/api/v1/hazards/runs?kind={answer.json['kind']}").json["runs"]
    assert told[0]["run_id"] == answer.json["run_id"]


def test_the_list_of_blasts_holds_blasts_only(sign_in):
    client = sign_in("emergency")
    send(client, "zones", GAS)
    send(client, "probits", LOAD)
    runs = client.get("/api/v1/hazards/runs").json["runs"]
    assert all("masses_kg" in run for run in runs)
    every = client.get("/api/v1/hazards/runs?kind=all").json["runs"]
    assert {"dispersion", "probit"} <= {run["kind"] for run in every}


def test_three_rates_have_their_zones_with_what_they_reach(sign_in):
    run = send(sign_in("emergency"), "zones", GAS).json
    assert [a["rate_kg_s"] for a in run["alternatives"]] == [0.1, 1, 5]
    assert run["choice"]["model"] == run["model"] == "britter-mcquaid"
    assert all("exposure" in zone for a in run["alternatives"] for zone in a["zones"])


def test_a_unit_is_graded_and_a_fence_without_buildings_leaves_residents_unknown(sign_in):
    client = sign_in("emergency")
    found = send(client, "grades", UNIT | {"people_500m": 120}).json
    assert (found["S"], found["R"], found["grade"]) == (4, 24, 3)
    square = [[117.2, 39.1], [117.202, 39.1], [117.202, 39.102], [117.2, 39.1]]
    fenced = send(
        client, "grades", UNIT | {"boundary": {"type": "Polygon", "coordinates": [square]}}
    )
    assert fenced.json["alpha"] is None
    assert "gb18218.no_buildings" in {w["code"] for w in fenced.json["warnings"]}


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("zones", GAS | {"rate_kg_s": {"likely": -1}}, "plume.out_of_range"),
        ("zones", GAS | {"rate_kg_s": {}}, "plume.missing"),
        ("zones", GAS | {"rate_kg_s": {"low": 2, "high": 1}}, "hazard.amount_order"),
        ("zones", GAS | {"wind_m_s": 0.5}, "plume.out_of_range"),
        ("zones", GAS | {"stability": "G"}, "plume.unknown_weather"),
        ("zones", GAS | {"terrain": "sea"}, "plume.unknown_weather"),
        ("zones", GAS | {"cas": "1-1-1"}, "toxic.unknown"),
        ("zones", GAS | {"levels": ["2kPa"]}, "level.unit"),
        ("zones", GAS | {"levels": ["2ppm"] * 101}, "field.too_long"),
        ("zones", GAS | {"lon": 39.1, "lat": 117.2}, "crs.swapped"),
        ("zones", GAS | {"lon": 0, "lat": 0}, "hazard.outside_city"),
        ("zones", GAS | {"model": "aloha"}, "hazard.unknown_model"),
        ("zones", GAS | {"heat_mj_kg": 5}, "hazard.wrong_option"),
        ("zones", GAS | {"anywhere": True}, "field.extra_forbidden"),
        ("zones", GAS | {"wind_m_s": "3"}, "field.float_type"),
        ("grades", UNIT | {"boundary": {"type": "Point"}}, "gb18218.bad_boundary"),
        ("grades", UNIT | {"people_500m": -1}, "inventory.bad_people"),
        ("grades", {"substances": []}, "inventory.substances"),
        ("grades", {"substances": [{"row": 1, "quantity_t": -5}]}, "inventory.bad_quantity"),
        ("grades", {"substances": [{"cas": "6484-52-2", "quantity_t": 5}]}, "gb18218.ambiguous"),
        ("probits", LOAD | {"name": "x"}, "probit.unknown"),
        ("probits", LOAD | {"value": -1}, "probit.bad_value"),
        ("probits", {"name": "chlorine", "value": 5}, "probit.no_minutes"),
    ],
)
def test_a_bad_body_is_422_with_its_reason(sign_in, kind, body, code):
    answer = send(sign_in("emergency"), kind, body)
    assert answer.status_code == 422
    assert code in {f["code"] for f in [answer.json["error"], *answer.json["errors"]]}


@pytest.mark.parametrize("kind", ["zones", "grades", "probits"])
def test_who_may_not_see_hazards_is_refused_whatever_the_body(sign_in, kind):
    body = {"zones": GAS | {"lon": 0}, "grades": UNIT | {"people_500m": -1}, "probits": LOAD}[kind]
    assert send(sign_in("planner"), kind, body).status_code == 403


def test_a_run_of_gas_has_a_situation_sheet(sign_in):
    client = sign_in("emergency")
    address = send(client, "zones", GAS).headers["Location"] + "/sheet"
    answer = client.post(address, json={}, headers={"X-CSRFToken": client.token})
    assert (answer.status_code, answer.data[:5]) == (200, b"%PDF-")


def test_a_run_without_zones_has_no_situation_sheet(sign_in):
    client = sign_in("emergency")
    address = send(client, "probits", LOAD).headers["Location"] + "/sheet"
    answer = client.post(address, json={}, headers={"X-CSRFToken": client.token})
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "hazard.no_sheet")
