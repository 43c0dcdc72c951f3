"""Foreign hosts, climbing paths, forged requests, ids of others: refused, written down, in one form."""

from __future__ import annotations

import json
import logging

import pytest

from cityops.services.hidden_looks import Remembered
from webmap.refusals import AGAIN_AFTER_S

JSON = {"Accept": "application/json"}


@pytest.mark.parametrize(
    "host",
    [
        *("evil.com", "evil.com:80", "127.0.0.1.evil.com", "127.0.0.1@evil.com", "localhost,evil"),
        *(
            "",
            " ",
            "[::1",
            "127.0.0.1:99999999",
            "127.0.0.1/x",
            "LOCALHOST.evil.com",
            "xn--80ak6aa92e",
        ),
    ],
)
def test_a_foreign_host_is_400_at_every_address(client, host):
    for path in ("/login", "/healthz", "/static/css/ui.css", "/api/v1/layers", "/nothing"):
        answer = client.get(path, headers={"Host": host} | JSON)
        assert answer.status_code == 400, (path, host)
        assert "evil" not in answer.headers.get("Location", "")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.com"},
        {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "444"},
        {"Forwarded": "host=evil.com;proto=https"},
        {"X-Original-URL": "/healthz", "X-Rewrite-URL": "/healthz"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"Origin": "https://evil.com", "Referer": "https://evil.com/"},
    ],
)
def test_no_header_of_a_stranger_changes_where_links_lead(client, headers):
    answer = client.get("/map", headers=headers)
    assert answer.status_code == 302
    assert answer.location.startswith("/login?next=")
    page = client.get("/login", headers=headers)
    assert "evil.com" not in page.text
    assert "https://" not in page.headers.get("Content-Security-Policy", "")


def test_no_other_site_is_let_read_answers(sign_in):
    answer = sign_in("planner").get("/api/v1/layers", headers={"Origin": "https://evil.com"})
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        *("..%2f..%2fetc%2fpasswd", "../../etc/passwd", "..\\..\\etc\\passwd", "%2e%2e/app.py"),
        *(
            "....//....//etc/passwd",
            "css/../../app.py",
            "/etc/passwd",
            "css%00.css",
            "%c0%ae%c0%ae/",
        ),
        *("css", "css/", "", "vendor/../../wsgi.py", "js/app.js%20", "~root", "C:/windows/win.ini"),
    ],
)
def test_no_path_leaves_the_static_folder(client, path):
    answer = client.get(f"/static/{path}")
    assert answer.status_code in (308, 400, 404), path
    assert b"root:" not in answer.data
    assert b"from __future__" not in answer.data


def _post(client, path, body, kind="application/json", **headers):
    return client.post(path, data=body, content_type=kind, headers=headers | JSON)


def test_a_forged_request_is_refused_whatever_type_it_names(sign_in):
    """A page of another site can send forms and plain text with our cookie, but no token."""
    client = sign_in("inspector")
    body = json.dumps({"id": "7a5f0f1e-6a44-4f5e-9f43-0d7f9a3c1e55", "class_code": "0401"})
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        answer = _post(client, "/api/v1/cases", body, kind)
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "csrf.missing")
    for token in ("", "x", "null", client.token[:-1], client.token[::-1]):
        answer = _post(client, "/api/v1/cases", body, **{"X-CSRFToken": token})
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "csrf.missing")


def test_a_token_of_another_session_is_none(sign_in):
    one, other = sign_in("inspector"), sign_in("planner")
    answer = _post(one, "/api/v1/cases", b"{}", **{"X-CSRFToken": other.token})
    assert answer.json["error"]["code"] == "csrf.missing"


@pytest.mark.parametrize("change", [lambda c: c[:-2], lambda c: c[::-1], lambda _: "e30.x.y"])
def test_a_cookie_that_was_changed_is_no_session(app, sign_in, change):
    cookie = sign_in("planner").get_cookie("cityops").value
    visitor = app.test_client()
    visitor.set_cookie("cityops", change(cookie))
    assert visitor.get("/api/v1/layers").status_code == 401


def test_what_was_signed_out_stays_out(sign_in):
    client = sign_in("planner")
    kept = client.get_cookie("cityops").value
    assert client.get("/api/v1/layers").status_code == 200
    assert client.post("/logout", headers={"X-CSRFToken": client.token}).status_code == 302
    assert client.get("/api/v1/layers").status_code == 401
    assert client.get_cookie("cityops") is None or client.get_cookie("cityops").value != kept


def test_visitors_send_little(client):
    """Before sign-in nothing large is read, not even to find a token in it."""
    form = b"username=" + b"x" * 200_000
    kind = "application/x-www-form-urlencoded"
    assert _post(client, "/login", form, kind).status_code == 413
    parts = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"x" * 200_000
    )
    kind = "multipart/form-data; boundary=b"
    assert _post(client, "/login", parts + b"\r\n--b--\r\n", kind).status_code == 413
    assert _post(client, "/api/v1/cases/x/photos/a", parts, kind).status_code in (401, 404)


def audited(services, action="http.refused"):
    with services.store.reading() as tx:
        return [entry for entry in tx.audit.latest(500) if entry["action"] == action]


def test_who_asks_for_what_they_have_no_right_to_is_in_the_audit_trail_once(sign_in, services):
    client = sign_in("inspector")
    for _ in range(3):
        assert client.get("/api/v1/layers/pipes/features").status_code == 403
    entries = [e for e in audited(services) if e["subject"] == "GET /api/v1/layers/pipes/features"]
    assert len(entries) == 1
    assert entries[0]["result"] == "permission.layer"
    with services.store.reading() as tx:
        assert tx.audit.verify().broken_at is None


def test_the_same_refusal_is_remembered_for_a_minute():
    remembered = Remembered(AGAIN_AFTER_S)
    assert remembered.is_new((1, "a"), now=0)
    assert not remembered.is_new((1, "a"), now=AGAIN_AFTER_S - 1)
    assert remembered.is_new((2, "a"), now=1)
    assert remembered.is_new((1, "a"), now=AGAIN_AFTER_S + 1)


@pytest.mark.parametrize(
    "path", ["/a%0d%0aadmin", "/%0a2026 web INFO forged", "/%1b[31m", "/%e2%80%ae"]
)
def test_a_refusal_is_one_line_of_the_log_whatever_was_asked_for(sign_in, caplog, path):
    client = sign_in("planner")
    with caplog.at_level(logging.INFO, "cityops.web.refused"):
        answer = client.get(path, headers=JSON)
    assert answer.status_code == 404
    lines = [r.getMessage() for r in caplog.records if r.name == "cityops.web.refused"]
    assert len(lines) == 1
    assert not any(ord(c) < 32 for c in lines[0])
    assert json.loads(lines[0])["request_id"] == answer.json["request_id"]


def test_the_answer_to_a_page_says_the_same_in_words(sign_in):
    page = sign_in("inspector").get("/nothing-here", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.mimetype == "text/html"
    assert "没有这个地址" in page.text
    assert page.headers["X-Request-ID"] in page.text
