"""Bad bodies at every address that takes one, read off the OpenAPI document: refused, nothing stored."""

from __future__ import annotations

import gzip
import json
import random
import re
from uuid import UUID

import pytest

from webmap.validated import describe

LONE = b'{"x": "\\ud800"}'
#: row of the table of bad inputs, body, status, code
PARSED = [
    (4, b"[" * 200_000, 400, "json.too_deep"),
    (4, b'{"x":' * 101 + b"1" + b"}" * 101, 400, "json.too_deep"),
    (5, b'{"x": NaN}', 400, "json.not_finite"),
    (5, b'{"x": -Infinity}', 400, "json.not_finite"),
    (5, b'{"x": [1, 1e400]}', 400, "json.not_finite"),
    (6, b'{"x": 1, "x": 1}', 400, "json.duplicate_key"),
    (6, b'{"y": {"x": 1, "x": 2}}', 400, "json.duplicate_key"),
    (7, LONE, 400, "json.bad_text"),
    (7, b'{"x": "a\\u0000b"}', 400, "json.bad_text"),
    (7, b'{"\\u0000": 1}', 400, "json.bad_text"),
    (8, b'{"x": "\xff\xfe"}', 400, "json.bad_encoding"),
    (8, '{"x": 1}'.encode("utf-16"), 400, "json.bad_encoding"),
    (8, b"\xef\xbb\xbf[]", 400, "json.not_an_object"),
    (9, b'{"x": ' + b"9" * 5000 + b"}", 400, "json.number_too_large"),
    (9, b"9" * 5000, 400, "json.number_too_large"),
    (10, b"", 400, "json.empty"),
    (10, b"[]", 400, "json.not_an_object"),
    (10, b'"text"', 400, "json.not_an_object"),
    (10, b"null", 400, "json.not_an_object"),
    (10, b"{", 400, "json.syntax"),
    (10, b"{}garbage", 400, "json.syntax"),
    (10, b"{'x': 1}", 400, "json.syntax"),
    (10, b"\x00", 400, "json.syntax"),
]


@pytest.fixture(scope="module")
def operations(app):
    """(method, address, schema) of every operation with a body."""
    document = describe(app, "CityOps", "0")
    schemas = document["components"]["schemas"]
    out = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "requestBody" in operation:
                name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
                out.append((method.upper(), _filled(path), schemas[name.rpartition("/")[2]]))
    return out


def _filled(path: str) -> str:
    """An address with something in each of its parts."""
    known = {"layer": "pipes", "number": "1"}
    return re.sub(r"\{(\w+)\}", lambda m: known.get(m[1], str(UUID(int=7))), path)


@pytest.fixture(scope="module")
def ask(app):
    """Send a body as the data manager, who may do most."""
    client = app.test_client()
    page = client.get("/login").text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = {"username": "data", "password": "open-sesame-7", "csrf_token": token}
    assert client.post("/login", data=form).status_code == 302
    token = client.get("/map").text.split('name="csrf-token" content="')[1].split('"')[0]

    def send(method, address, body, kind="application/json", **headers):
        return client.open(
            address,
            method=method,
            data=body,
            content_type=kind,
            headers={"X-CSRFToken": token, **headers},
        )

    return send


@pytest.fixture
def stored(services):
    """Rows of every table but the audit trail; nothing may have been added at the end."""

    def count():
        with services.store.reading() as tx:
            names = tx.connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            )
            return {
                name: tx.connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar()
                for name in names.scalars().all()
                if name != "audit"
            }

    before = count()
    yield
    assert count() == before


def check_refused(answer, status, code=None):
    """The one form: an object with what was wrong, and the number of the request."""
    assert answer.status_code == status, (answer.status_code, answer.data[:300])
    error = answer.json["error"]
    assert set(error) >= {"code", "kind", "message", "field", "got", "expected", "hint"}
    assert error["message"]
    assert code is None or error["code"] == code, error
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(("row", "body", "status", "code"), PARSED)
def test_what_is_no_good_json_is_400_everywhere(operations, ask, stored, row, body, status, code):
    for method, address, _ in operations:
        check_refused(ask(method, address, body), status, code)
    assert ask("GET", "/api/v1/layers", None).status_code == 200


@pytest.mark.parametrize(
    ("kind", "headers", "status"),
    [
        ("text/plain", {}, 415),
        ("application/x-www-form-urlencoded", {}, 415),
        ("multipart/form-data; boundary=x", {}, 415),
        ("", {}, 415),
        ("application/json", {"Content-Encoding": "gzip"}, 415),
        ("application/json", {"Content-Encoding": "identity, br"}, 415),
    ],
)
def test_another_type_or_a_packed_body_is_415_everywhere(
    operations, ask, stored, kind, headers, status
):
    body = gzip.compress(b"{}" + b" " * 1_000_000) if "gzip" in headers.values() else b"{}"
    for method, address, _ in operations:
        check_refused(ask(method, address, body, kind, **headers), status)


def test_a_body_that_does_not_fit_its_description_names_every_fault(operations, ask, stored):
    for method, address, schema in operations:
        needed = schema.get("required", [])
        wrong = {name: {"wrong": []} for name in schema["properties"]} | {"__class__": 1}
        answer = ask(method, address, json.dumps(wrong).encode())
        check_refused(answer, 422, "body.invalid")
        named = {fault["field"].partition(".")[0] for fault in answer.json["errors"]}
        assert "__class__" in named
        assert set(needed) <= named | {"polygon", "where"}, (address, named)
        if needed:
            check_refused(ask(method, address, b"{}"), 422, "body.invalid")


def _nonsense(rng: random.Random, depth: int = 0):
    """Any JSON value."""
    texts = ("", " ", "x" * 3000, "1; DROP TABLE case_record", "{{7*7}}", "\u202e", "../..", "１")
    plain = (None, True, 0, -1, 2**62, 1e308, -0.0, 0.1, rng.choice(texts), rng.choice(texts))
    if depth > 2 or rng.random() < 0.6:
        return rng.choice(plain)
    if rng.random() < 0.5:
        return [_nonsense(rng, depth + 1) for _ in range(rng.randint(0, 4))]
    return {rng.choice(("type", "coordinates", "a")): _nonsense(rng, depth + 1) for _ in range(3)}


def _shaped(rng: random.Random, schema):
    """A value that often fits its schema and often does not."""
    if rng.random() < 0.25:
        return _nonsense(rng)
    for choice in ("anyOf",):
        if choice in schema:
            return _shaped(rng, rng.choice(schema[choice]))
    kind = schema.get("type")
    if "enum" in schema:
        return rng.choice(schema["enum"])
    if kind == "number":
        return rng.choice([0, 117.2, 39.1, -180.0, 1e300, 5e-324, 89.99])
    if kind == "integer":
        return rng.choice([0, 1, -1, 2**31, 2**63 - 1, 2**63])
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "array":
        return [_shaped(rng, schema.get("items", {})) for _ in range(rng.randint(0, 3))]
    if kind == "object":
        ring = [[117, 39], [118, 39], [118, 40], [117, 39]]
        rng.shuffle(ring)
        return rng.choice(
            [{"type": "Polygon", "coordinates": [ring]}, {"kind": ["gas"]}, _nonsense(rng)]
        )
    return rng.choice(["pipes", "close", "117.2", str(UUID(int=3)), "cgcs2000", "mars", "x" * 40])


@pytest.mark.parametrize("seed", range(6))
def test_no_body_whatever_ends_in_a_fault_of_the_program(operations, ask, seed):
    rng = random.Random(seed)
    for method, address, schema in operations:
        for _ in range(12):
            body = {
                name: _shaped(rng, part)
                for name, part in schema["properties"].items()
                if rng.random() < 0.8
            }
            answer = ask(method, address, json.dumps(body).encode())
            if answer.status_code >= 400:
                check_refused(answer, answer.status_code)
            assert answer.status_code < 500, (address, body, answer.data[:500])


def test_a_body_over_the_limit_is_413_and_the_next_one_is_read(operations, ask, stored):
    method, address, _ = operations[0]
    check_refused(ask(method, address, b" " * 20_000_001), 413)
    check_refused(ask(method, address, b"[]"), 400)


@pytest.mark.parametrize("text", ["a\r\nadmin: true", "\x1b[31mred", "\u202eevil", "‮", "ok\n\n"])
def test_control_characters_in_a_text_are_kept_as_text_or_refused(ask, text):
    identity = str(UUID(int=random.Random(text).getrandbits(128), version=4))
    case = {"id": identity, "class_code": "0401", "lon": 117.2005, "lat": 39.1005}
    answer = ask("POST", "/api/v1/cases", json.dumps(case | {"description": text}).encode())
    # The data manager may not report; the refusal is one line of JSON all the same.
    assert answer.status_code in (201, 403, 422)
    assert b"\n" not in answer.data.strip()
    assert b"\r" not in answer.data
