"""Cases over HTTP: one form of answer, versions in ETags, nothing for who may not see it."""

from __future__ import annotations

import io
import json
from uuid import UUID, uuid4

import numpy as np
import pytest
import shapely
from PIL import Image

from cityops.services.roles import SYSTEM, Role
from gis.features import FeatureBatch, object_array

HERE = {"lon": 117.2005, "lat": 39.1005}


@pytest.fixture(scope="module", autouse=True)
def crew(services):
    """The people and the cell of a case that the town lacks."""
    for name, role, more in (
        ("acceptor", Role.ACCEPTOR, {}),
        ("leader", Role.SHIFT_LEADER, {}),
        ("drainage", Role.DEPARTMENT, {"department": "drainage"}),
        ("eastern", Role.INSPECTOR, {"areas": ("990102",)}),
    ):
        services.accounts.add(SYSTEM, name, [role], password="open-sesame-7", name=name, **more)
    with services.store.writing() as tx:
        spec = tx.layers.registry().get("cells")
        row = {"code": "990101001001001"}
        batch = FeatureBatch(
            spec=spec,
            fids=np.full(1, -1, np.int64),
            geometry=object_array([shapely.box(117.2, 39.1, 117.202, 39.102)]),
            columns={n: object_array([row.get(n)]) for n in spec.field_names},
            areas=object_array(["990101001001"]),
        )
        tx.layers.append(spec, batch, None)


@pytest.fixture
def post(sign_in):
    """Gives a function that posts JSON as somebody; each is signed in once."""
    kept = {}

    def send(who, path, body, **headers):
        client = kept.setdefault(who, None) or sign_in(who)
        kept[who] = client
        return client.post(
            f"/api/v1/cases{path}", json=body, headers={"X-CSRFToken": client.token} | headers
        )

    return send


def a_report(**more):
    return {"id": str(uuid4()), "domain": "component", "class_code": "0102", **HERE} | more


def a_photo(size=(60, 40)):
    noise = np.random.default_rng(size[0]).integers(0, 255, (size[1], size[0], 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "JPEG", comment=b"SECRET-COMMENT")
    return out.getvalue()


def test_a_report_is_201_then_200_then_409_when_it_says_something_else(post):
    body = a_report(description="井盖破损")
    first = post("inspector", "", body)
    assert first.status_code == 201
    assert first.headers["Location"] == f"/api/v1/cases/{body['id']}"
    assert first.headers["ETag"] == '"1"'
    again = post("inspector", "", body)
    assert (again.status_code, again.json["number"]) == (200, first.json["number"])
    other = post("inspector", "", body | {"description": "别的"})
    assert (other.status_code, other.json["error"]["code"]) == (409, "case.id_taken")


def test_an_answer_that_got_lost_is_given_again_with_the_state_of_now(post):
    body = a_report()
    post("inspector", "", body)
    post("acceptor", f"/{body['id']}/moves", {"action": "accept", "version": 1})
    again = post("inspector", "", body)
    assert (again.status_code, again.json["state"]) == (200, "to_file")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "not-a-uuid"}, "id"),
        ({"id": "{7a5f0f1e-6a44-4f5e-9f43-0d7f9a3c1e55}"}, "id"),
        ({"lon": "117.2"}, "lon"),
        ({"lat": True}, "lat"),
        ({"colour": "red"}, "colour"),
        ({"description": "长" * 2001}, "description"),
        ({"device_time": "yesterday"}, "device_time"),
        ({"source": "moon"}, "source"),
        ({"class_code": None}, "class_code"),
    ],
)
def test_a_bad_report_is_422_and_names_the_field(post, change, field):
    answer = post("inspector", "", a_report() | change)
    assert answer.status_code == 422
    assert answer.json["error"]["field"] == field


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"[" * 100_000, 400),
        (b'{"id": NaN}', 400),
        (b'{"id": 1, "id": 2}', 400),
        (b"[1]", 400),
        (b"", 400),
        (b'{"description": "\\ud800"}', 400),
        (b'{"description": "a\\u0000b"}', 400),
    ],
)
def test_what_is_no_sound_json_object_is_400(sign_in, raw, status):
    client = sign_in("inspector")
    answer = client.post(
        "/api/v1/cases",
        data=raw,
        content_type="application/json",
        headers={"X-CSRFToken": client.token},
    )
    assert answer.status_code == status
    assert answer.json["error"]["code"].startswith("json.")


def test_a_report_needs_sign_in_token_and_type(client, sign_in):
    assert client.post("/api/v1/cases", json=a_report()).status_code in (401, 403)
    assert client.get("/api/v1/cases").status_code == 401
    signed = sign_in("inspector")
    assert signed.post("/api/v1/cases", json=a_report()).status_code == 403
    text = signed.post(
        "/api/v1/cases",
        data=json.dumps(a_report()),
        content_type="text/plain",
        headers={"X-CSRFToken": signed.token},
    )
    assert text.status_code == 415


def test_acts_are_no_get(sign_in):
    assert sign_in("inspector").get(f"/api/v1/cases/{uuid4()}/moves").status_code == 405


def test_a_stale_act_is_412_with_both_versions_and_the_present_state(post):
    body = a_report()
    post("inspector", "", body)
    path = f"/{body['id']}/moves"
    assert post("acceptor", path, {"action": "accept", "version": 1}).status_code == 200
    stale = post("acceptor", path, {"action": "accept", "version": 1})
    error = stale.json["error"]
    assert (stale.status_code, error["code"]) == (412, "case.stale")
    assert (error["got"], error["expected"]) == (1, 2)
    assert "待立案" in error["message"]


def test_the_version_may_stand_in_if_match_and_has_to_stand_somewhere(post):
    body = a_report()
    post("inspector", "", body)
    path = f"/{body['id']}/moves"
    without = post("acceptor", path, {"action": "accept"})
    assert (without.status_code, without.json["error"]["code"]) == (422, "case.version_needed")
    done = post("acceptor", path, {"action": "accept"}, **{"If-Match": '"1"'})
    assert (done.status_code, done.headers["ETag"]) == (200, '"2"')


@pytest.mark.parametrize(
    ("move", "status", "code"),
    [
        ({"action": "fly"}, 422, "field.enum"),
        ({"action": "dispatch", "department": "drainage"}, 409, "case.wrong_state"),
        ({"action": "refuse"}, 422, "case.note_needed"),
        ({"action": "link", "target": str(UUID(int=1))}, 422, "case.bad_target"),
        ({"action": "ask_verify", "assignee": 999}, 422, "case.unknown_collector"),
        ({"action": "ask_return", "until": "soon"}, 422, "body.invalid"),
    ],
)
def test_what_the_workflow_refuses_keeps_its_code(post, move, status, code):
    body = a_report()
    post("inspector", "", body)
    answer = post("acceptor", f"/{body['id']}/moves", {"version": 1} | move)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)


def test_a_case_of_another_area_and_one_that_is_not_there_get_the_same_answer(post, sign_in):
    body = a_report()
    post("inspector", "", body)
    stranger = sign_in("eastern")
    hidden = stranger.get(f"/api/v1/cases/{body['id']}")
    absent = stranger.get(f"/api/v1/cases/{uuid4()}")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json["error"]["code"] == absent.json["error"]["code"] == "case.unknown"
    assert sign_in("eastern").get("/api/v1/cases/1%20or%201=1").status_code == 404


def test_the_department_reads_nowhere_who_reported(post, sign_in):
    body = a_report()
    post("inspector", "", body)
    for who, move in (
        ("acceptor", {"action": "ask_verify"}),
        ("inspector", {"action": "confirm"}),
        ("acceptor", {"action": "accept"}),
        ("leader", {"action": "file", "condition": "TJ-WELL-COVER"}),
        ("dispatcher", {"action": "dispatch", "department": "drainage"}),
    ):
        version = int(sign_in(who).get(f"/api/v1/cases/{body['id']}").headers["ETag"].strip('"'))
        done = post(who, f"/{body['id']}/moves", move | {"version": version})
        assert done.status_code == 200, done.json
    department = sign_in("drainage")
    whole = department.get(f"/api/v1/cases/{body['id']}")
    listed = department.get("/api/v1/cases")
    assert whole.json["department"] == "drainage"
    assert b'"inspector' not in whole.data.replace(b"reporter_title", b"")
    assert b"inspector" not in listed.data


def test_conditions_of_a_class_its_deadline_and_its_twins_are_told(post, sign_in):
    there = {"lon": 117.2041, "lat": 39.1091}  # away from what other tests report
    body, twin = a_report(**there), a_report(**there)
    post("inspector", "", body)
    assert body["id"] in [d["case_id"] for d in post("inspector", "", twin).json["duplicates"]]
    client = sign_in("acceptor")
    query = "domain=component&class_code=0102"
    [first, *_] = client.get(f"/api/v1/cases/conditions?{query}").json["conditions"]
    assert {"id", "title", "closing", "limit", "source", "confidence"} <= set(first)
    twins = client.get(f"/api/v1/cases/{twin['id']}/duplicates").json["duplicates"]
    assert {"case_id", "kind", "distance_m", "state"} <= set(twins[0])
    told = client.get(f"/api/v1/cases/{twin['id']}/explanation").json
    assert (sorted(told), bool(told["sentences"])) == (["due_at", "periods", "sentences"], True)
    assert sign_in("eastern").get(f"/api/v1/cases/{twin['id']}/explanation").status_code == 404


@pytest.mark.parametrize("query", ["class_code=9999", "class_code=0401&scheme=moon"])
def test_a_class_that_no_table_holds_has_no_conditions(sign_in, query):
    answer = sign_in("acceptor").get(f"/api/v1/cases/conditions?{query}")
    assert (answer.status_code, answer.json["conditions"]) == (200, [])


def test_an_act_under_a_key_is_done_once_and_another_under_it_is_refused(post):
    body = a_report()
    post("inspector", "", body)
    path, key = f"/{body['id']}/moves", str(uuid4())
    act = {"action": "accept", "version": 1, "key": key}
    assert post("acceptor", path, act).json["version"] == 2
    assert post("acceptor", path, act).json["version"] == 2
    other = post("acceptor", path, act | {"note": "别的"})
    assert (other.status_code, other.json["error"]["code"]) == (409, "case.key_taken")


@pytest.mark.parametrize(
    ("condition", "status", "code"),
    [("moon", 404, "scheme.unknown_condition"), ("YC-E0401-1", 422, "scheme.foreign_condition")],
)
def test_a_report_with_a_condition_of_no_class_or_another_is_refused(post, condition, status, code):
    answer = post("inspector", "", a_report(condition=condition))
    assert answer.status_code == 422
    assert answer.json["errors"][0]["code"] == code


def test_lists_come_as_geojson_too(post, sign_in):
    body = a_report()
    post("inspector", "", body)
    found = sign_in("inspector").get("/api/v1/cases?format=geojson&mine=1").json
    assert found["type"] == "FeatureCollection"
    [point] = [f for f in found["features"] if f["id"] == body["id"]]
    assert point["geometry"]["coordinates"] == [HERE["lon"], HERE["lat"]]


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=501", "limit=1e9", "limit=-1", "after=-1", "state=flying"),
        *("bbox=1,2,3", "bbox=1,2,3,4,5", "bbox=NaN,1,2,3", "bbox=5,1,2,3", "area=x' OR 1=1"),
        *("format=xml", "mine=maybe", "sort=name;drop table", "limit=5&limit=6"),
    ],
)
def test_a_bad_query_is_400(sign_in, query):
    answer = sign_in("inspector").get(f"/api/v1/cases?{query}")
    assert answer.status_code == 400
    assert answer.json["error"]["message"]


def test_counts_and_classes_answer_their_people(sign_in):
    counted = sign_in("acceptor").get("/api/v1/cases/counts").json
    assert counted["inbox"] >= counted["states"]["reported"] >= 0
    classes = sign_in("inspector").get("/api/v1/cases/classes").json
    assert len(classes["recent"]) == 6
    assert sign_in("planner").get("/api/v1/cases/counts").status_code == 403


# -- photos ------------------------------------------------------------------------------------


@pytest.fixture
def filed(sign_in):
    """A client that filed a case: ``send(name, **how)`` posts to its photos."""
    client = sign_in("inspector")
    token = {"X-CSRFToken": client.token}
    body = a_report()
    client.post("/api/v1/cases", json=body, headers=token)
    client.case = body["id"]

    def send(name, query="", **how):
        path = f"/api/v1/cases/{body['id']}/photos/{name}{query}"
        return client.post(path, headers=token, **how)

    client.send = send
    return client


def test_a_photo_comes_as_a_form_or_as_the_body_and_twice_is_once(filed):
    data = a_photo()
    form = filed.send("a.jpg", data={"photo": (io.BytesIO(data), "../../etc/passwd")})
    body = filed.send("b.jpg", data=a_photo((61, 40)), content_type="image/jpeg")
    again = filed.send("a.jpg", data={"photo": (io.BytesIO(data), "x\u202egpj.exe")})
    assert (form.status_code, body.status_code, again.status_code) == (201, 201, 200)
    assert [p["name"] for p in again.json["photos"]] == ["a.jpg", "b.jpg"]


def test_the_copy_is_served_without_exif_as_a_picture_and_nothing_else(filed, services):
    filed.send("a.jpg", data=a_photo(), content_type="image/jpeg")
    path = f"/api/v1/cases/{filed.case}/photos/a.jpg"
    assert filed.get(path).status_code == 404
    services.photos.make_copy(UUID(filed.case), "a.jpg")
    for query in ("", "?size=thumbnail"):
        answer = filed.get(path + query)
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert b"SECRET-COMMENT" not in answer.data
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Cache-Control"].startswith("private")


def test_a_browser_asks_again_before_it_shows_a_photo_that_it_kept(filed, services):
    filed.send("a.jpg", data=a_photo(), content_type="image/jpeg")
    services.photos.make_copy(UUID(filed.case), "a.jpg")
    path = f"/api/v1/cases/{filed.case}/photos/a.jpg"
    first = filed.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = filed.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_photo_of_a_case_of_others_is_not_there(filed, services, sign_in):
    filed.send("a.jpg", data=a_photo(), content_type="image/jpeg")
    services.photos.make_copy(UUID(filed.case), "a.jpg")
    path = f"/api/v1/cases/{filed.case}/photos/a.jpg"
    assert sign_in("eastern").get(path).status_code == 404
    assert sign_in("planner").get(path).status_code == 404


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ({"data": b"x", "content_type": "text/plain"}, 415, "http.415"),
        ({"data": b"<svg onload='x'/>", "content_type": "image/jpeg"}, 422, "photo.wrong_type"),
        ({"data": b"", "content_type": "image/jpeg"}, 422, "photo.wrong_type"),
        ({"data": {}, "content_type": "multipart/form-data"}, 422, "photo.one_file"),
        ({"data": b"\xff\xd8\xff\xe0", "content_type": "image/jpeg"}, 422, "photo.truncated"),
        ({"data": b"--x\r\nbroken", "content_type": "multipart/form-data; boundary=x"}, 422, None),
        ({"query": "?kind=selfie", "data": b"x", "content_type": "image/jpeg"}, 422, None),
    ],
)
def test_what_is_no_photo_is_refused_and_nothing_is_kept(filed, how, status, code):
    answer = filed.send("a.jpg", **how)
    assert answer.status_code == status
    assert code is None or answer.json["error"]["code"] == code
    assert filed.get(f"/api/v1/cases/{filed.case}").json["photos"] == []


def test_two_files_at_once_are_refused(filed):
    files = [(io.BytesIO(a_photo()), "a.jpg"), (io.BytesIO(a_photo()), "b.jpg")]
    answer = filed.send("a.jpg", data={"photo": files})
    assert answer.json["error"]["code"] == "photo.one_file"


def test_a_photo_over_the_limit_is_413_whether_it_says_so_or_not(filed, settings):
    most = settings.max_photo_mb * 1_000_000
    for over in (200_000, 1):
        data = b"\xff\xd8\xff" + b"\0" * (most - 3 + over)
        answer = filed.send("a.jpg", data=data, content_type="image/jpeg")
        assert answer.status_code == 413
        assert f"{settings.max_photo_mb} MB" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    "name", ["..%2f..%2fetc", "%2e%2e", "a%00b.jpg", "%E2%80%AEgpj.exe", "a" * 300, "CON%20.jpg"]
)
def test_a_hostile_name_in_the_address_is_refused(filed, name):
    answer = filed.send(name, data=a_photo(), content_type="image/jpeg")
    assert answer.status_code in (404, 422)
    assert filed.get(f"/api/v1/cases/{filed.case}").json["photos"] == []
