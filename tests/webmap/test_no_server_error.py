"""Whatever is sent to any address of the document is answered, and never by a fault of the program."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webmap.validated import describe

#: Values that parsers, databases and geometry stumble over, and plain random ones.
ODD = st.sampled_from(
    [
        *("", " ", "0", "-1", "x" * 3000, "' or 1=1 --", "{{7*7}}", "../../etc/passwd", "\u202ex"),
        *(
            "__class__",
            "a\0b",
            "2026-02-30",
            "９",
            "NaN",
            "1e400",
            "117.2,39.1,117.3",
            "pipes",
            "gas",
        ),
        *(0, -1, 2**31, 2**63, -(2**63), 1e308, -0.0, 117.2, 39.1, True, False, None),
    ]
)
SHAPES = st.sampled_from(
    [
        {"type": "Point", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[117, 39], [118, 39], [117, 39]]]},
        {"type": "GeometryCollection", "geometries": []},
        {"type": "LineString", "coordinates": [[117.2, 39.1, 1], [117.3, 39.1]]},
        {"type": "MultiPolygon", "coordinates": [[[]]]},
    ]
)
VALUES = st.recursive(
    ODD
    | SHAPES
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=6,
)


def operations(app):
    """(method, rule, names of the query, properties of the body) of every documented operation."""
    document = describe(app, "CityOps", "0")
    schemas = document.get("components", {}).get("schemas", {})
    for path, methods in sorted(document["paths"].items()):
        for method, operation in methods.items():
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            names = [p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"]
            body = None
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                named = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
                body = sorted(schemas[named]["properties"])
            yield method.upper(), path, names, body


@pytest.fixture(scope="module")
def people(app):
    """Clients that reach most of what there is."""
    made = []
    for name in ("data", "planner", "emergency", "inspector", "auditor"):
        client = app.test_client()
        page = client.get("/login").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
        form = {"username": name, "password": "open-sesame-7", "csrf_token": token}
        assert client.post("/login", data=form).status_code == 302
        found = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/map").text)
        client.token = found[1]
        made.append(client)
    return made


@settings(
    max_examples=250, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
@given(data=st.data())
def test_no_answer_is_a_fault_of_the_program(app, people, data):
    method, path, names, body = data.draw(st.sampled_from(list(operations(app))))
    client = data.draw(st.sampled_from(people))
    part = st.sampled_from(
        ["pipes", "districts", "x", "0", "P-0", "9" * 400, "%2e%2e", "é", "a%00b"]
    )
    address = re.sub(r"\{[^}]+\}", lambda _: data.draw(part), path)
    query = {name: data.draw(ODD) for name in names if data.draw(st.booleans())}
    sent = None
    if body is not None:
        sent = {name: data.draw(VALUES) for name in body if data.draw(st.integers(0, 3))}
    answer = client.open(
        address,
        method=method,
        query_string={k: str(v) for k, v in query.items() if v is not None},
        data=None if sent is None else json.dumps(sent),
        content_type=None if sent is None else "application/json",
        headers={"X-CSRFToken": client.token},
    )
    assert answer.status_code < 500, (method, address, query, sent, answer.text[:300])
    if answer.status_code >= 400 and answer.status_code != 404:
        assert answer.json["error"]["code"]
