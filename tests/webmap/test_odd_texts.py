"""Texts that a database cannot hold are refused as what they are, on both stores alike."""

from __future__ import annotations

import io
import json
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest

CASE = {"class_code": "0401", "lon": 117.2, "lat": 39.1}
ADDRESSES = [
    "/api/v1/cases?class_code={}",
    "/api/v1/layers/pipes/features/{}",
    "/api/v1/layers/pipes/features?kind={}",
    "/api/v1/layers/pipes/features?q={}",
    "/api/v1/layers/{}/features",
    "/api/v1/search?q={}",
    "/api/v1/exports/pipes?format=csv&id={}",
]


def refusal(answer) -> str:
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    return answer.json["error"]["code"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_nul_in_an_address_is_refused(sign_in, address):
    refusal(sign_in("data").get(address.format("a%00b")))


@pytest.mark.parametrize("address", ["/api/v1/audit?action={}", "/api/v1/audit?subject={}"])
def test_a_nul_in_a_question_to_the_trail_is_refused(sign_in, address):
    assert refusal(sign_in("auditor").get(address.format("a%00b"))) == "text.bad_character"


def test_a_nul_in_an_account_name_lets_nobody_in(client):
    page = client.get("/login").text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = urlencode({"username": "data\0", "password": "open-sesame-7", "csrf_token": token})
    kind = "application/x-www-form-urlencoded"
    answer = client.post("/login", data=form, content_type=kind)
    assert answer.status_code in (200, 422)
    assert client.get("/api/v1/layers").status_code == 401


def test_a_nul_in_the_name_of_a_file_is_refused(sign_in):
    client = sign_in("data")
    sent = {"file": (io.BytesIO(b'{"type":"FeatureCollection","features":[]}'), "a\0b.geojson")}
    headers = {"X-CSRFToken": client.token}
    answer = client.post("/api/v1/imports", data=sent, headers=headers)
    assert refusal(answer) == "text.bad_character"


@pytest.mark.parametrize("field", ["description", "address", "component", "class_code", "id"])
@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 10_001], ids=["nul", "half", "long"])
def test_a_text_that_no_case_can_hold_is_refused_and_no_case_is_there(sign_in, field, text):
    client = sign_in("inspector")
    body = CASE | {"id": str(uuid4()), field: text}
    headers = {"X-CSRFToken": client.token}
    kind = "application/json"
    sent = json.dumps(body)
    refusal(client.post("/api/v1/cases", data=sent, content_type=kind, headers=headers))
    assert client.get("/api/v1/cases").json["total"] == 0


def test_the_longest_name_of_a_photo_is_kept_or_refused_never_a_fault(sign_in):
    client = sign_in("inspector")
    headers = {"X-CSRFToken": client.token}
    for name in ("x" * 121, quote("图" * 121), "a%00b"):
        address = f"/api/v1/cases/{uuid4()}/photos/{name}"
        refusal(client.post(address, data=b"x", content_type="image/jpeg", headers=headers))
