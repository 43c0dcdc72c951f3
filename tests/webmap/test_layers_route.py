"""Layers through the interface: within the permission, in the fixed form, bad queries refused."""

import json

import pytest


def _names(answer):
    return [feature["properties"]["id"] for feature in answer.json["features"]]


def _json(answer):
    return json.loads(answer.data)


def test_catalogue_holds_what_the_role_may_see(sign_in):
    planner = {layer["name"] for layer in sign_in("planner").get("/api/v1/layers").json["layers"]}
    inspector = {
        layer["name"] for layer in sign_in("inspector").get("/api/v1/layers").json["layers"]
    }
    assert {"pipes", "components", "districts"} <= planner
    assert "hazard_sites" not in planner
    assert "components" in inspector
    assert "pipes" not in inspector


def test_only_a_tile_whose_address_names_the_permission_may_be_kept(sign_in):
    planner = sign_in("planner")
    layers = planner.get("/api/v1/layers").json["layers"]
    address = next(layer["tiles"] for layer in layers if layer["name"] == "pipes")
    named = planner.get(address.format(z=0, x=0, y=0))
    bare = planner.get("/tiles/pipes/0/0/0.mvt")
    assert named.data == bare.data
    assert named.headers["Cache-Control"] == "private, max-age=86400"
    assert bare.headers["Cache-Control"] == "no-store"


def test_legend_counts_and_measures_each_class(sign_in):
    layers = sign_in("planner").get("/api/v1/layers").json["layers"]
    pipes = next(layer for layer in layers if layer["name"] == "pipes")
    counts = {item["code"]: item["count"] for item in pipes["classes"]}
    assert counts["water"] == 2
    assert counts["gas"] == 2
    assert counts["heat"] == 0
    assert pipes["count"] == 6
    # 0.002 degrees of longitude at 39.1 north are 172.98 m; PROJ's geod says 172.984 m.
    water = next(item for item in pipes["classes"] if item["code"] == "water")
    assert water["length_m"] == pytest.approx(2 * 172.98, rel=2e-4)
    assert pipes["bounds"] == pytest.approx([117.2, 39.1, 117.202, 39.105])


def test_owner_of_gas_sees_gas_alone_in_catalogue_list_and_feature(sign_in):
    owner = sign_in("owner")
    layers = owner.get("/api/v1/layers").json["layers"]
    pipes = next(layer for layer in layers if layer["name"] == "pipes")
    assert [item["code"] for item in pipes["classes"]] == ["gas"]
    assert pipes["count"] == 2
    listed = _json(owner.get("/api/v1/layers/pipes/features"))
    assert [f["id"] for f in listed["features"]] == ["P-1", "P-4"]
    assert owner.get("/api/v1/layers/pipes/features/P-0").status_code == 404


def test_person_of_one_area_sees_only_it(sign_in):
    listed = _json(sign_in("west").get("/api/v1/layers/pipes/features?bbox=117,39,118,40"))
    assert [f["id"] for f in listed["features"]] == ["P-0", "P-1", "P-2"]
    assert listed["total"] == 3


def test_restricted_field_reaches_nobody_whom_it_does_not_concern(sign_in):
    emergency = sign_in("emergency")
    for path in (
        "/api/v1/layers",
        "/api/v1/layers/pipes/features",
        "/api/v1/layers/pipes/features/P-1",
    ):
        answer = emergency.get(path)
        assert answer.status_code == 200
        assert b"secret-" not in answer.data
        assert b"owner_contact" not in answer.data
    assert b"secret-1" in sign_in("planner").get("/api/v1/layers/pipes/features/P-1").data


def test_pages_follow_each_other_without_gap(sign_in):
    planner = sign_in("planner")
    first = _json(planner.get("/api/v1/layers/pipes/features?bbox=117,39,118,40&limit=4"))
    second = _json(planner.get(first["next"]))
    assert [f["id"] for f in first["features"] + second["features"]] == [f"P-{i}" for i in range(6)]
    assert first["total"] == second["total"] == 6
    assert second["next"] is None


def test_world_and_huge_limit_are_cut(sign_in):
    planner = sign_in("planner")
    answer = planner.get("/api/v1/layers/pipes/features?bbox=-180,-90,180,90&limit=1000000000")
    assert len(_json(answer)["features"]) == 6


def test_filter_by_several_values(sign_in):
    answer = sign_in("planner").get("/api/v1/layers/pipes/features?kind=gas,power")
    assert [f["id"] for f in _json(answer)["features"]] == ["P-1", "P-4", "P-5"]


def test_order_of_a_field(sign_in):
    answer = sign_in("planner").get("/api/v1/layers/pipes/features?sort=-diameter_mm&limit=2")
    assert [f["id"] for f in _json(answer)["features"]] == ["P-5", "P-4"]


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3",
        "bbox=1,2,3,4,5",
        "bbox=118,39,117,40",
        "bbox=117,40,118,39",
        "bbox=nan,39,118,40",
        "bbox=117,39,118,1e400",
        "bbox=117,39,500,40",
        "bbox=１１７,39,118,40",
        "bbox=1_17,39,118,40",
        "bbox=",
        "limit=-1",
        "limit=0",
        "limit=many",
        "after=-5",
        "after=1e12",
        "sort=name;drop table users",
        "sort=(select 1)",
        "sort=owner_contact_x",
        "__class__=1",
        "exec(java.lang.Runtime)=1",
        "kind=gas&kind=water",
        "diameter_mm=' or 1=1 --",
        "q=" + "%25" * 201,
    ],
)
def test_bad_query_is_400_in_the_fixed_form(sign_in, query):
    answer = sign_in("planner").get(f"/api/v1/layers/pipes/features?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json["error"]["kind"] == "invalid"
    assert answer.json["error"]["message"]
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


def test_hidden_field_cannot_be_asked_for(sign_in):
    emergency = sign_in("emergency")
    for query in ("owner_contact=secret-1", "sort=owner_contact"):
        answer = emergency.get(f"/api/v1/layers/pipes/features?{query}")
        assert answer.status_code == 400
        assert "owner_contact" not in answer.json["error"]["expected"]


@pytest.mark.parametrize("path", ["nothing/features", "nothing/features/1", "pipes/features/x"])
def test_what_is_not_there_is_404(sign_in, path):
    answer = sign_in("planner").get(f"/api/v1/layers/{path}")
    assert answer.status_code == 404
    assert answer.json["error"]["kind"] == "not_found"


def test_a_key_that_no_store_can_hold_is_refused_in_words(sign_in):
    answer = sign_in("planner").get("/api/v1/layers/pipes/features/%00")
    assert answer.status_code == 400
    assert answer.json["error"]["message"]


def test_layer_out_of_reach_is_403(sign_in):
    assert sign_in("inspector").get("/api/v1/layers/pipes/features").status_code == 403


def test_feature_tells_measure_and_origin(sign_in):
    found = _json(sign_in("planner").get("/api/v1/layers/pipes/features/P-1"))
    assert found["properties"]["kind"] == "gas"
    assert found["properties"]["_length_m"] == pytest.approx(172.98, rel=2e-4)
    assert found["geometry"]["type"] == "LineString"
    assert "row_version" in found["origin"]


def _polygon(west, south, east, north):
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _select(client, polygon, **more):
    headers = {"X-CSRFToken": client.token}
    body = {"polygon": polygon} | more
    return client.post("/api/v1/layers/pipes/select", json=body, headers=headers)


def test_polygon_counts_and_measures_what_it_touches(sign_in):
    answer = _select(sign_in("planner"), _polygon(117.199, 39.0995, 117.201, 39.1015))
    found = _json(answer)
    assert answer.status_code == 200
    assert found["count"] == 2
    assert sorted(found["keys"]) == ["P-0", "P-1"]
    assert found["sum"]["length_m"] == pytest.approx(2 * 172.98, rel=2e-4)
    assert found["sum"]["inside_length_m"] == pytest.approx(172.98, rel=2e-4)
    assert {c["code"]: c["count"] for c in found["classes"]} == {"gas": 1, "water": 1}
    assert [f["id"] for f in found["features"]] == ["P-0", "P-1"]


def test_text_keeps_to_the_area_and_finds_what_the_list_finds(sign_in):
    planner = sign_in("planner")
    some = _polygon(117.199, 39.0995, 117.203, 39.1035)  # P-0 to P-3
    for text, keys in (("p-", 4), ("燃气", 1), ("P-5", 0), ("SECRET-2", 1)):
        found = _json(_select(planner, some, q=text))
        listed = _json(planner.get(f"/api/v1/layers/pipes/features?q={text}"))
        inside = {f["id"] for f in listed["features"]} & {f"P-{i}" for i in range(4)}
        assert {f["id"] for f in found["features"]} == set(found["keys"]) == inside
        assert found["count"] == found["sum"]["count"] == keys
    assert _json(_select(sign_in("emergency"), some, q="secret"))["count"] == 0
    assert _select(planner, some, q="x" * 101).status_code == 422


def test_polygon_selects_within_the_permission(sign_in):
    found = _json(_select(sign_in("owner"), _polygon(117, 39, 118, 40)))
    assert found["keys"] == ["P-1", "P-4"]


@pytest.mark.parametrize(
    ("polygon", "status"),
    [
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}, 422),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 0]]]}, 422),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}, 422),
        ({"type": "Polygon", "coordinates": []}, 422),
        ({}, 422),
        ({"type": "Point", "coordinates": [117.2, 39.1]}, 422),
        ({"type": "Polygon", "coordinates": [[[39, 117], [40, 117], [40, 118], [39, 117]]]}, 422),
        ({"type": "Polygon", "coordinates": [[[170, 0], [-170, 0], [-170, 9], [170, 0]]]}, 422),
    ],
)
def test_bad_polygon_is_refused_with_a_reason(sign_in, polygon, status):
    answer = _select(sign_in("planner"), polygon)
    assert answer.status_code == status, answer.text
    assert answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"[" * 200_000, "application/json", 400),
        (b'{"polygon": {"type": "Polygon", "coordinates": [[NaN]]}}', "application/json", 400),
        (b'{"polygon": {}, "limit": 1e400}', "application/json", 400),
        (b'{"polygon": {}, "polygon": {}}', "application/json", 400),
        (b'{"polygon": {"type": "\\ud800"}}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"9" * 5000, "application/json", 400),
        (b'{"polygon": {}, "limit": "5"}', "application/json", 422),
        (b'{"polygon": {}, "colour": 1}', "application/json", 422),
        (b"{}", "application/json", 422),
        (b"{}", "text/plain", 415),
    ],
)
def test_bad_body_is_refused_and_the_next_request_answered(sign_in, body, kind, status):
    planner = sign_in("planner")
    headers = {"X-CSRFToken": planner.token}
    answer = planner.post(
        "/api/v1/layers/pipes/select", data=body, content_type=kind, headers=headers
    )
    assert answer.status_code == status, answer.text
    assert answer.json["error"]["code"]
    assert planner.get("/api/v1/layers").status_code == 200


def test_compressed_body_is_refused(sign_in):
    planner = sign_in("planner")
    headers = {"X-CSRFToken": planner.token, "Content-Encoding": "gzip"}
    answer = planner.post("/api/v1/layers/pipes/select", data=b"\x1f\x8b", headers=headers)
    assert answer.status_code == 415


def test_post_without_token_is_refused(sign_in):
    answer = sign_in("planner").post("/api/v1/layers/pipes/select", json={"polygon": {}})
    assert answer.status_code == 403
    assert answer.json["error"]["code"] == "csrf.missing"


def test_values_of_a_field_come_most_frequent_first(sign_in):
    found = sign_in("planner").get("/api/v1/layers/pipes/values?field=kind").json
    counts = [(v["count"], v["value"]) for v in found["values"]]
    assert sorted(counts) == [(1, "power"), (1, "sewer"), (2, "gas"), (2, "water")]
    assert [n for n, _ in counts] == [2, 2, 1, 1]
    assert (found["others"], found["unknown"]) == ({"values": 0, "count": 0}, 0)
    widths = sign_in("planner").get("/api/v1/layers/pipes/values?field=diameter_mm").json
    assert sorted(v["value"] for v in widths["values"]) == [100.0 * i for i in range(1, 7)]
    unknown = sign_in("planner").get("/api/v1/layers/pipes/values?field=material").json["unknown"]
    assert unknown == 6


@pytest.mark.parametrize(
    ("who", "keys"), [("owner", {"P-1", "P-4"}), ("west", {"P-0", "P-1", "P-2"})]
)
def test_values_are_those_of_rows_and_fields_that_one_may_see(sign_in, who, keys):
    client = sign_in(who)
    found = client.get("/api/v1/layers/pipes/values?field=id").json
    assert {v["value"] for v in found["values"]} == keys
    hidden = sign_in("emergency").get("/api/v1/layers/pipes/values?field=owner_contact")
    missing = sign_in("emergency").get("/api/v1/layers/pipes/values?field=no_such")
    assert hidden.status_code == missing.status_code == 400
    assert hidden.json["error"]["code"] == missing.json["error"]["code"]


def test_values_beyond_the_most_frequent_are_counted(sign_in, monkeypatch):
    monkeypatch.setattr("cityops.services.layers.MOST_VALUES", 1)
    found = sign_in("planner").get("/api/v1/layers/pipes/values?field=kind").json
    assert [v["count"] for v in found["values"]] == [2]
    assert found["others"] == {"values": 3, "count": 4}
