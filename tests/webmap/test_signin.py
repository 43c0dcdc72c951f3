"""Signing in and out."""

import re

import pytest

PASSWORD = "open-sesame-7"


def _token(client):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)[1]


def _try(client, name, password, **more):
    data = {"username": name, "password": password, "csrf_token": _token(client)} | more
    return client.post("/login", data=data)


def test_the_map_is_closed_and_leads_to_sign_in_and_back(client):
    answer = client.get("/map?at=117.2,39.1,14")
    assert answer.status_code == 302
    assert answer.location.startswith("/login?next=")
    entered = _try(client, "planner", PASSWORD, next="/map?at=117.2,39.1,14")
    assert entered.location == "/map?at=117.2,39.1,14"
    assert client.get("/map").status_code == 200


def test_name_is_read_without_case_and_spaces(client):
    assert _try(client, " Planner ", PASSWORD).status_code == 302


def test_wrong_password_and_unknown_name_get_the_same_page(client):
    first = _try(client, "inspector", "not-this-one").text
    second = _try(client, "nobody-here", "not-this-one").text
    strip = re.compile(r'nonce="[^"]*"|value="[^"]*"|autofocus')
    assert strip.sub("", first) == strip.sub("", second)
    assert "没有登录：账号或密码不对" in first


def test_programs_learn_no_more_than_people(client):
    def answer(name):
        sent = {"username": name, "password": "not-this-one"}
        headers = {"X-CSRFToken": _token(client), "Accept": "application/json"}
        got = client.post("/login", json=sent, headers=headers)
        return got.status_code, got.json["response"]["errors"]

    assert answer("inspector") == answer("nobody-at-all")
    assert answer("inspector")[0] == 400


def test_sixth_try_is_refused_even_with_the_right_password(client):
    for _ in range(5):
        assert _try(client, "dispatcher", "wrong-wrong").status_code == 200
    page = _try(client, "dispatcher", PASSWORD)
    assert page.status_code == 200
    assert "没有登录：账号或密码不对" in page.text


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.com", "https:evil", "https://evil.com/x", "/\\evil.com", "\\\\evil.com", "/a\r\nb"],
)
def test_one_is_never_led_to_another_host(client, elsewhere):
    page = client.get("/login", query_string={"next": elsewhere}).text
    assert re.search(r'name="next" value="([^"]*)"', page)[1] == ""
    answer = _try(client, "auditor", PASSWORD, next=elsewhere)
    assert answer.status_code == 302
    assert answer.location == "/"


def test_next_in_the_query_of_the_post_is_not_followed_either(client):
    data = {"username": "auditor", "password": PASSWORD, "csrf_token": _token(client)}
    answer = client.post("/login?next=//evil.com", data=data)
    assert "evil" not in (answer.location or "")


def test_session_cookie_is_http_only_and_same_site(client):
    cookie = _try(client, "planner", PASSWORD).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_session_of_a_visitor_is_not_the_one_after_sign_in(client):
    client.get("/login")
    before = client.get_cookie("cityops").value
    _try(client, "planner", PASSWORD)
    assert client.get_cookie("cityops").value != before


def test_edited_cookie_is_no_session(client, sign_in):
    stolen = sign_in("planner").get_cookie("cityops").value
    client.set_cookie("cityops", stolen[:-3] + ("aaa" if stolen[-3:] != "aaa" else "bbb"))
    assert client.get("/api/v1/layers").status_code == 401


def test_sign_out_needs_a_post_with_the_token(sign_in):
    planner = sign_in("planner")
    assert planner.get("/logout").status_code in (404, 405)
    assert planner.post("/logout").status_code == 403
    assert planner.get("/map").status_code == 200
    assert planner.post("/logout", data={"csrf_token": planner.token}).status_code == 302
    assert planner.get("/map").status_code == 302


def test_sign_in_page_lists_the_demo_accounts_only_in_a_demonstration(client, app, services):
    assert "规划员" in client.get("/login").text
    import dataclasses

    quiet = dataclasses.replace(services.settings, demo=False)
    before, services.settings = services.settings, quiet
    try:
        assert "规划员" not in client.get("/login").text
    finally:
        services.settings = before


def test_password_hash_is_not_written_again_at_sign_in(client, services):
    def kept():
        with services.store.reading() as tx:
            return tx.accounts.password_hash(tx.accounts.find("emergency").id)

    before = kept()
    assert _try(client, "emergency", PASSWORD).status_code == 302
    assert kept() == before


def test_a_hash_of_another_cost_signs_in_and_is_renewed_while_open_sessions_go_on(
    app, services, sign_in
):
    from argon2 import PasswordHasher

    from cityops.services.accounts import Account, hash_password
    from cityops.services.roles import Role

    old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    with services.store.writing() as tx:
        person = Account(0, "veteran", "veteran", frozenset({Role.PLANNER}))
        account = tx.accounts.add(person, hash_password(PASSWORD))
    open_before = sign_in("veteran")
    with services.store.writing() as tx:
        tx.accounts.renew_hash(account.id, old)
    assert sign_in("veteran").get("/map").status_code == 200
    with services.store.reading() as tx:
        kept = tx.accounts.password_hash(account.id)
    assert kept.split("$")[3] == hash_password("x").split("$")[3] != old.split("$")[3]
    assert sign_in("veteran").get("/map").status_code == 200
    assert open_before.get("/map").status_code == 200


def test_change_of_password_is_stored_and_ends_other_sessions(app, services, sign_in):
    from cityops.services.accounts import Account, hash_password
    from cityops.services.roles import Role

    with services.store.writing() as tx:
        person = Account(0, "fickle", "fickle", frozenset({Role.PLANNER}))
        tx.accounts.add(person, hash_password(PASSWORD))
    here, there = sign_in("fickle"), sign_in("fickle")
    fresh = "quite-another-9"
    data = {
        "password": PASSWORD,
        "new_password": fresh,
        "new_password_confirm": fresh,
        "csrf_token": here.token,
    }
    assert here.post("/change", data=data).status_code == 302
    assert there.get("/map").status_code == 302
    assert sign_in("fickle", fresh).get("/map").status_code == 200


def _copy_of(client, app):
    thief = app.test_client()
    thief.set_cookie("cityops", client.get_cookie("cityops").value)
    return thief


def test_signing_out_ends_copies_of_the_session_and_no_other_one(app, sign_in):
    here, elsewhere = sign_in("planner"), sign_in("planner")
    thief = _copy_of(here, app)
    assert thief.get("/map").status_code == 200
    assert here.post("/logout", data={"csrf_token": here.token}).status_code == 302
    assert thief.get("/api/v1/layers").status_code == 401
    assert thief.get("/change").status_code == 302
    assert elsewhere.get("/map").status_code == 200


def test_disabling_a_person_ends_their_sessions(services, sign_in):
    from cityops.services.roles import SYSTEM

    there = sign_in("west")
    services.accounts.grant(SYSTEM, "west", active=False)
    assert there.get("/map").status_code == 302
    services.accounts.grant(SYSTEM, "west", active=True)
    assert there.get("/map").status_code == 302


def test_sign_out_that_cannot_be_stored_says_so(services, sign_in, monkeypatch):
    from gis.errors import UnavailableError

    def locked(*_args):
        raise UnavailableError("store.locked", "数据库正忙")

    auditor = sign_in("auditor")
    monkeypatch.setattr(services.accounts, "sign_out", locked)
    assert auditor.post("/logout", data={"csrf_token": auditor.token}).status_code == 503
    assert auditor.get("/map").status_code == 200


def test_a_token_is_no_way_around_the_session(app, client):
    sent = {"username": "auditor", "password": PASSWORD}
    headers = {"X-CSRFToken": _token(client), "Accept": "application/json"}
    told = client.post("/login?include_auth_token", json=sent, headers=headers).json
    token = told["response"]["user"].get("authentication_token", "")
    program = app.test_client()
    headers = {"Authentication-Token": token}
    assert program.get("/api/v1/layers", headers=headers).status_code == 401


def test_a_request_asks_for_its_person_once(services, sign_in):
    from sqlalchemy import event

    asked = []
    data = sign_in("data")
    event.listen(services.store.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    assert data.get("/api/v1/layers").status_code == 200
    people = [text for text in asked if "users" in text or "ended_session" in text]
    assert len(people) == 1


def test_ended_sessions_are_forgotten_once_their_cookies_have_run_out(services):
    services.accounts.sign_out("a" * 32, 60, 1_000)
    services.accounts.sign_out("b" * 32, 60, 1_050)
    with services.store.reading() as tx:
        assert tx.accounts.is_ended("a" * 32)
    services.accounts.sign_out("c" * 32, 60, 1_061)
    with services.store.reading() as tx:
        assert [tx.accounts.is_ended(n * 32) for n in "abc"] == [False, True, True]


@pytest.mark.parametrize(("later_s", "status"), [(7_100, 200), (7_300, 401)])
def test_a_session_ends_two_hours_after_the_last_act(sign_in, monkeypatch, later_s, status):
    import time

    from itsdangerous import TimestampSigner

    planner = sign_in("planner")
    now = int(time.time()) + later_s
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: now)
    assert planner.get("/api/v1/layers").status_code == status
