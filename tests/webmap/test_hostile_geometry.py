"""Bad shapes and positions at every address that takes one: refused with a reason, never a crash."""

from __future__ import annotations

import json
import math
import time
from uuid import uuid4

import numpy as np
import pytest

from webmap.validated import describe

#: What a body needs beside the shape.
BESIDE = {"/api/v1/sheets": {"layer": "pipes"}, "/api/v1/sheets/plan": {"layer": "pipes"}}
RING = [[117.0, 39.0], [117.1, 39.0], [117.1, 39.1], [117.0, 39.0]]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def circle(vertices, radius=0.01):
    turn = np.linspace(0, 2 * math.pi, vertices)
    ring = np.column_stack([117.05 + radius * np.cos(turn), 39.05 + radius * np.sin(turn)])
    ring[-1] = ring[0]
    return ring.tolist()


def comb(teeth, along_x):
    """A valid polygon of many thin teeth: two of them crossed cost seconds and gigabytes."""
    points = [(0.0, 0.0)]
    for i in range(teeth):
        x = i / teeth
        points += [(x, 1.0), (x + 0.4 / teeth, 1.0), (x + 0.4 / teeth, 0.01), (x + 1 / teeth, 0.01)]
    points += [(1.0, 0.0), (0.0, 0.0)]
    spots = [(x, y) if along_x else (y, x) for x, y in points]
    return [[117.0 + x * 0.3, 39.0 + y * 0.3] for x, y in spots]


def nested(levels):
    shape = {"type": "Point", "coordinates": [117, 39]}
    for _ in range(levels):
        shape = {"type": "GeometryCollection", "geometries": [shape]}
    return shape


#: row of the table of bad inputs, name, geometry
SHAPES = [
    (15, "collection", nested(1)),
    (15, "collection of collections", nested(2)),
    (15, "ten deep", nested(10)),
    (15, "nested coordinates", {"type": "Polygon", "coordinates": [[[[[[117, 39]]]]]]}),
    (17, "bow-tie", polygon([[117, 39], [118, 40], [118, 39], [117, 40], [117, 39]])),
    (18, "ring not closed", polygon(RING[:3])),
    (18, "three points", polygon([[117, 39], [117.1, 39], [117, 39]])),
    (18, "no area", polygon([[117, 39], [117.1, 39], [117.2, 39], [117, 39]])),
    (18, "one point four times", polygon([[117, 39]] * 4)),
    (
        18,
        "spike",
        polygon([[117, 39], [117.1, 39], [117.1, 39.1], [117.1, 39.3], [117.1, 39.1], [117, 39]]),
    ),
    (19, "hole outside", polygon(RING, [[118, 40], [118.1, 40], [118.1, 40.1], [118, 40]])),
    (19, "same hole twice", polygon(RING, *[[[117.06, 39.02], [117.08, 39.02], [117.08, 39.04], [117.06, 39.02]]] * 2)),
    (20, "empty", {"type": "Polygon", "coordinates": []}),
    (20, "empty ring", {"type": "Polygon", "coordinates": [[]]}),
    (20, "no coordinates", {"type": "Polygon"}),
    (20, "nothing", {}),
    (21, "latitude 95", polygon([[117, 39], [118, 39], [118, 95], [117, 39]])),
    (21, "longitude 500", polygon([[117, 39], [500, 39], [118, 40], [117, 39]])),
    (22, "swapped", polygon([[39, 117], [39.1, 117], [39.1, 117.1], [39, 117]])),
    (24, "antimeridian", polygon([[170, 0], [-170, 0], [-170, 9], [170, 9], [170, 0]])),
    (25, "four numbers", polygon([[117, 39, 1, 2], [118, 39, 1, 2], [118, 40, 1, 2], [117, 39, 1, 2]])),
    (26, "point", {"type": "Point", "coordinates": [117, 39]}),
    (26, "line", {"type": "LineString", "coordinates": RING}),
    (26, "unknown type", {"type": "Circle", "coordinates": RING}),
    (26, "feature", {"type": "Feature", "geometry": polygon(RING), "properties": {}}),
    (27, "unknown system", polygon(RING) | {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}}),
    (27, "linked system", polygon(RING) | {"crs": {"type": "link", "properties": {"href": "http://127.0.0.1:9/crs"}}}),
    (30, "metres", polygon([[448262, 4417000], [448362, 4417000], [448362, 4417100], [448262, 4417000]])),
    (31, "too many vertices", polygon(circle(30_000))),
    (31, "too many holes", polygon(RING, *[RING] * 10_001)),
    (33, "text", polygon([["117", "39"], ["118", "39"], ["118", "40"], ["117", "39"]])),
    (33, "booleans", polygon([[True, False]] * 4)),
    (33, "nulls", polygon([[None, None]] * 4)),
]  # fmt: skip


@pytest.fixture(scope="module")
def taking_shapes(app):
    """Addresses whose body has a polygon."""
    document = describe(app, "CityOps", "0")
    schemas = document["components"]["schemas"]
    out = []
    for path, methods in document["paths"].items():
        body = methods.get("post", {}).get("requestBody")
        if body is None:
            continue
        name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        if "polygon" in schemas[name]["properties"]:
            out.append(path.replace("{layer}", "pipes"))
    assert len(out) >= 3
    return out


@pytest.fixture
def post(sign_in):
    client = sign_in("planner")

    def send(path, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(
            path,
            data=data,
            content_type="application/json",
            headers={"X-CSRFToken": client.token},
        )

    return send


@pytest.mark.parametrize(("row", "name", "shape"), SHAPES, ids=[f"{r}-{n}" for r, n, _ in SHAPES])
def test_a_bad_shape_is_refused_with_a_reason_everywhere(taking_shapes, post, row, name, shape):
    for path in taking_shapes:
        answer = post(path, BESIDE.get(path, {}) | {"polygon": shape})
        assert answer.status_code in (400, 413, 422), (path, answer.status_code, answer.text[:300])
        error = answer.json["error"]
        assert error["kind"] == "invalid"
        assert error["message"], path
        assert not error["code"].startswith("internal"), path


@pytest.mark.parametrize(
    ("row", "value"), [(15, "nested"), (5, "NaN"), (5, "1e400"), (9, "9" * 5000)]
)
def test_a_shape_that_no_parser_may_see_is_refused_before(taking_shapes, post, row, value):
    inner = "[" * 20_000 + "]" * 20_000 if value == "nested" else f"[[[{value}, 39]]]"
    for path in taking_shapes:
        beside = json.dumps(BESIDE.get(path, {}))[1:-1]
        comma = "," if beside else ""
        body = f'{{{beside}{comma}"polygon": {{"type": "Polygon", "coordinates": {inner}}}}}'
        answer = post(path, body.encode())
        assert answer.status_code == 400, (path, answer.text[:200])
        assert answer.json["error"]["code"].startswith("json.")


def test_a_swapped_shape_is_told_what_it_was_probably_meant_to_be(taking_shapes, post):
    swapped = next(shape for _, name, shape in SHAPES if name == "swapped")
    for path in taking_shapes:
        answer = post(path, BESIDE.get(path, {}) | {"polygon": swapped})
        told = answer.json["error"]["code"] + str(answer.json["errors"])
        assert "swapped" in told, (path, told)


def test_the_place_of_a_crossing_is_named(taking_shapes, post):
    bow_tie = next(shape for _, name, shape in SHAPES if name == "bow-tie")
    for path in taking_shapes:
        answer = post(path, BESIDE.get(path, {}) | {"polygon": bow_tie})
        assert "117.5" in answer.text, (path, answer.text)


def test_a_costly_polygon_is_answered_or_refused_in_time(taking_shapes, post):
    """A comb of a thousand teeth laid over the pipes."""
    for path in taking_shapes:
        began = time.perf_counter()
        answer = post(path, BESIDE.get(path, {}) | {"polygon": polygon(comb(1000, True))})
        assert answer.status_code in (200, 400, 422), (path, answer.text[:200])
        assert time.perf_counter() - began < 5


POSITIONS = [
    ("lon=0&lat=0", 200),
    ("lon=-71.06&lat=42.36", 200),
    ("lon=500&lat=39", 400),
    ("lon=117&lat=95", 400),
    ("lon=39.1&lat=117.2", 400),
    ("lon=0&lat=90", 400),
    ("lon=117.2&lat=39.1&crs=EPSG:4548", 400),
    ("lon=448262&lat=4417000", 400),
    ("lon=39500000&lat=4417000", 400),
    ("lon=117.2&lat=39.1&crs=EPSG:1", 400),
    ("lon=117.2&lat=39.1&crs=../../etc/passwd", 400),
    ("lon=117.2&lat=39.1&crs=%2Bproj%3Dmerc%20%2Bnadgrids%3Dhttp%3A%2F%2F127.0.0.1%2Fx", 400),
    ("lon=517279&lat=4330000&crs=EPSG:4548", 200),
    ("lon=1e300&lat=1e300&crs=EPSG:4548", 400),
]


@pytest.mark.parametrize(("query", "status"), POSITIONS)
@pytest.mark.parametrize("path", ["/api/v1/locate", "/api/v1/dossier"])
def test_what_is_no_position_is_refused(sign_in, path, query, status):
    answer = sign_in("planner").get(f"{path}?{query}")
    assert answer.status_code == status, answer.text
    if status == 400:
        assert answer.json["error"]["message"]


CASES = [
    ({"lon": 39.1005, "lat": 117.2005}, "crs.swapped"),
    ({"lon": 0, "lat": 0}, "case.outside_area"),
    ({"lon": 116.0, "lat": 39.1}, "case.outside_area"),
    ({"lon": 117.2, "lat": 95}, None),
    ({"lon": 500, "lat": 39}, None),
    ({"lon": 448262, "lat": 4417000}, None),
    ({"lon": 117.2005}, "case.half_position"),
    ({"lon": 117.2005, "lat": 39.1005, "crs": "EPSG:99999"}, "crs.unknown"),
    ({"lon": 117.2005, "lat": 39.1005, "accuracy_m": -1}, "case.bad_accuracy"),
    ({}, "case.no_place"),
]


@pytest.mark.parametrize(("place", "code"), CASES)
def test_a_case_at_no_place_is_refused_and_not_stored(sign_in, services, place, code):
    client = sign_in("inspector")
    case = {"id": str(uuid4()), "class_code": "0401"} | place
    answer = client.post("/api/v1/cases", json=case, headers={"X-CSRFToken": client.token})
    assert answer.status_code == 422, answer.text
    told = [answer.json["error"], *answer.json["errors"]]
    assert code is None or code in {fault["code"] for fault in told}
    with services.store.reading() as tx:
        assert not tx.connection.exec_driver_sql("SELECT count(*) FROM case_record").scalar()


def test_a_swapped_report_is_told_the_turned_position(sign_in):
    client = sign_in("inspector")
    case = {"id": str(uuid4()), "class_code": "0401", "lon": 39.1005, "lat": 117.2005}
    answer = client.post("/api/v1/cases", json=case, headers={"X-CSRFToken": client.token})
    assert answer.json["error"]["expected"] == [117.2005, 39.1005]
    assert "117.2005, 39.1005" in answer.json["error"]["hint"]


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4490", "EPSG:4326"])
def test_degrees_may_be_named_in_the_old_way(post, name):
    shape = polygon(RING) | {"crs": {"type": "name", "properties": {"name": name}}}
    assert post("/api/v1/layers/pipes/select", {"polygon": shape}).status_code == 200
