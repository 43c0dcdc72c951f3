"""Locate, dossier and search through the interface: same answers as the services, rights kept."""

import pytest

from cityops.services.roles import Person, Role

AT = "lon=117.2005&lat=39.1005"
ROUTES = (f"/api/v1/locate?{AT}", f"/api/v1/dossier?{AT}", "/api/v1/search?q=样例", "/api/v1/scene")


@pytest.mark.parametrize("address", ROUTES)
def test_a_visitor_must_sign_in_first(client, address):
    answer = client.get(address)
    assert answer.status_code == 401
    assert answer.json["error"]["kind"] == "forbidden"


def test_locate_answers_as_the_service_does(sign_in, services):
    person = Person(1, "planner", frozenset({Role.PLANNER}))
    answer = sign_in("planner").get(f"/api/v1/locate?{AT}")
    assert answer.status_code == 200
    assert answer.json == services.locate.locate(person, 117.2005, 39.1005)
    assert answer.json["district"] == {"code": "990101", "name": "样例区"}
    assert answer.json["components"][0]["distance_m"] == 0.0


def test_locate_converts_the_named_datum(sign_in):
    answer = sign_in("inspector").get("/api/v1/locate?lon=117.2063031&lat=39.1160262&crs=gcj02")
    assert answer.json["lon"] == pytest.approx(117.2, abs=1e-6)
    assert answer.json["input_crs"] == "gcj02"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/locate", 400),
        ("/api/v1/locate?lon=nan&lat=39", 400),
        ("/api/v1/locate?lon=117", 400),
        ("/api/v1/locate?lon=117&lat=39&lat=40", 400),
        ("/api/v1/locate?lon=117&lat=39&surprise=1", 400),
        ("/api/v1/locate?lon=117&lat=39&crs=mars", 400),
        ("/api/v1/locate?lon=39&lat=117", 400),
        (f"/api/v1/dossier?{AT}&radius_m=0", 400),
        (f"/api/v1/dossier?{AT}&radius_m=501", 400),
        ("/api/v1/search", 400),
        ("/api/v1/search?q=a&limit=0", 400),
    ],
)
def test_a_bad_query_is_refused_in_the_one_form(sign_in, address, status):
    answer = sign_in("planner").get(address)
    assert answer.status_code == status
    assert {"code", "kind", "message", "field", "got", "expected", "hint"} <= set(
        answer.json["error"]
    )


def sections(client):
    answer = client.get("/api/v1/dossier?lon=117.2005&lat=39.1005&radius_m=400")
    assert answer.status_code == 200
    return {s["name"]: s for s in answer.json["sections"]}, answer.data


def test_the_dossier_of_a_planner_holds_pipes_and_of_an_inspector_none(sign_in):
    assert "pipes" in sections(sign_in("planner"))[0]
    found, raw = sections(sign_in("inspector"))
    assert "components" in found
    assert "pipes" not in found
    assert b"P-0" not in raw


def test_no_byte_of_a_restricted_field_reaches_who_may_not_see_it(sign_in):
    assert b"secret-" in sections(sign_in("planner"))[1]
    assert b"secret-" not in sections(sign_in("emergency"))[1]


def test_a_gas_owner_gets_no_byte_of_other_pipes(sign_in):
    found, raw = sections(sign_in("owner"))
    assert {row["values"]["kind"] for row in found["pipes"]["rows"]} == {"gas"}
    assert not any(f"P-{i}".encode() in raw for i in (0, 2, 3, 5))


def test_who_is_limited_to_the_west_gets_nothing_of_the_east(sign_in):
    assert not any(f"P-{i}".encode() in sections(sign_in("west"))[1] for i in (3, 4, 5))


def test_search_finds_a_pipe_for_a_planner_only(sign_in):
    found = sign_in("planner").get("/api/v1/search?q=P-3").json["results"]
    assert [hit["key"] for hit in found] == ["P-3"]
    assert sign_in("inspector").get("/api/v1/search?q=P-3").json["results"] == []
