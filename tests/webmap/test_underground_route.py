"""Sums over the pipes in a polygon, as the planner's page asks for them."""

from __future__ import annotations

import json

import pytest

EVERYWHERE = {
    "type": "Polygon",
    "coordinates": [[[117, 39], [118, 39], [118, 40], [117, 40], [117, 39]]],
}


@pytest.fixture
def ask(sign_in):
    """Gives the answer to a body, asked by an account."""

    def asked(name, polygon=EVERYWHERE, **more):
        client = sign_in(name)
        headers = {"X-CSRFToken": client.token}
        body = {"polygon": polygon} | more
        return client.post("/api/v1/underground/sums", json=body, headers=headers)

    return asked


def test_sums_tell_kinds_and_what_is_unknown(ask):
    found = ask("planner").json
    assert {c["code"]: c["count"] for c in found["classes"]} == {
        "water": 2, "gas": 2, "sewer": 1, "power": 1,
    }  # fmt: skip
    assert found["sum"]["count"] == found["trust"]["no_depth"]["count"] == 6
    assert [q["code"] for q in found["trust"]["quality"]] == [None]
    assert "keys" not in found


def test_switched_off_kinds_leave_the_total_but_not_the_table(ask):
    found = ask("planner", where={"kind": ["gas", "power"]}).json
    assert found["sum"]["count"] == 3
    assert len(found["classes"]) == 4


def test_an_owner_sums_up_own_pipes_only(ask):
    found = ask("owner").json
    assert [(c["code"], c["count"]) for c in found["classes"]] == [("gas", 2)]


def test_who_may_not_see_pipes_is_refused(ask):
    assert ask("inspector").status_code == 403


def test_an_emergency_officer_sees_sums_but_cannot_filter_by_a_hidden_field(ask):
    assert ask("emergency").json["sum"]["count"] == 6
    answer = ask("emergency", where={"owner_contact": ["secret-1"]})
    assert answer.status_code == 422
    assert "secret" not in answer.text


def _ring(n):
    from math import cos, pi, sin

    ring = [[117.2 + sin(i * 2 * pi / n) / 50, 39.1 + cos(i * 2 * pi / n) / 50] for i in range(n)]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


BOW_TIE = {"type": "Polygon", "coordinates": [[[117, 39], [118, 40], [118, 39], [117, 40], [117, 39]]]}  # fmt: skip
CONTINENT = {"type": "Polygon", "coordinates": [[[100, 30], [120, 30], [120, 45], [100, 45], [100, 30]]]}  # fmt: skip


@pytest.mark.parametrize(
    ("polygon", "says"),
    [(BOW_TIE, "相交"), (CONTINENT, "过大"), (_ring(20_001), "20000")],
    ids=["bow-tie", "continent", "20001 vertices"],
)
def test_a_polygon_that_cannot_be_used_is_refused_in_words(ask, polygon, says):
    error = ask("planner", polygon).json["error"]
    assert says in error["message"].replace(",", "").replace(" ", "") + (error["hint"] or "")
    assert error["code"].startswith("geometry.")


def test_a_list_of_the_selection_is_filtered_and_ordered(sign_in):
    client = sign_in("planner")
    body = {"polygon": EVERYWHERE, "where": {"kind": ["gas", "water"]}, "sort": "-diameter_mm", "limit": 3}  # fmt: skip
    headers = {"X-CSRFToken": client.token}
    found = client.post("/api/v1/layers/pipes/select", json=body, headers=headers).json
    assert [f["id"] for f in found["features"]] == ["P-4", "P-3", "P-1"]
    assert found["total"] == 4
    rest = client.post("/api/v1/layers/pipes/select", json=body | {"after": found["after"]}, headers=headers)  # fmt: skip
    assert [f["id"] for f in rest.json["features"]] == ["P-0"]


def test_what_an_area_selects_can_be_taken_as_a_file(sign_in):
    client = sign_in("planner")
    body = {"layer": "pipes", "format": "geojson", "within": EVERYWHERE, "where": {"kind": ["gas"]}}
    answer = client.post("/api/v1/exports/file", json=body, headers={"X-CSRFToken": client.token})
    assert answer.status_code == 200, answer.text
    assert 'filename="pipes.geojson"' in answer.headers["Content-Disposition"]
    assert [f["id"] for f in json.loads(answer.data)["features"]] == ["P-1", "P-4"]


def test_who_may_only_look_takes_no_file(sign_in):
    client = sign_in("emergency")
    body = {"layer": "pipes", "within": EVERYWHERE}
    answer = client.post("/api/v1/exports/file", json=body, headers={"X-CSRFToken": client.token})
    assert answer.status_code == 403
