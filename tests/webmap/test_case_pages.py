"""Where people land, and what the field page holds."""

from __future__ import annotations

import json
import re

import pytest

PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36"}


@pytest.mark.parametrize(
    ("who", "headers", "cookie", "place"),
    [
        ("inspector", PHONE, None, "/field"),
        ("inspector", {"Sec-CH-UA-Mobile": "?1"}, None, "/field"),
        ("inspector", {}, "1", "/field"),
        ("inspector", {}, "0", "/map"),
        ("inspector", {}, None, "/map"),
        ("planner", PHONE, "1", "/map"),
        ("emergency", PHONE, None, "/map"),
    ],
)
def test_who_works_outside_and_holds_a_phone_lands_on_the_field_page(
    sign_in, who, headers, cookie, place
):
    client = sign_in(who)
    if cookie is not None:
        client.set_cookie("narrow", cookie)
    answer = client.get("/", headers=headers)
    assert (answer.status_code, answer.location) == (302, place)


def test_the_field_page_is_for_who_reports(sign_in):
    assert sign_in("inspector").get("/field").status_code == 200
    for who in ("planner", "dispatcher", "auditor"):
        answer = sign_in(who).get("/field")
        assert (answer.status_code, answer.location) == (302, "/map")


def test_the_field_page_says_whose_it_is_and_what_may_be_shown(sign_in):
    page = sign_in("inspector").get("/field").text
    boot = json.loads(re.search(r'id="boot"[^>]*>(.*?)</script>', page)[1])
    assert boot["person"]["name"] == "inspector"
    assert "内部使用，非公开地图" in page
    assert "拍照上报" in page


def test_without_sign_in_the_field_page_leads_to_the_sign_in_and_back(client):
    answer = client.get("/field")
    assert answer.status_code == 302
    assert answer.location == "/login?next=%2Ffield" or answer.location == "/login?next=/field"
