"""Sign-ins are in the audit trail; auditors read it over HTTP, nobody changes it."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from contextlib import closing

import pytest


def entries(services, action):
    with services.store.reading() as tx:
        return [entry for entry in tx.audit.latest(500) if entry["action"] == action]


def attempt(app, name, password):
    client = app.test_client()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)
    form = {"username": name, "password": password, "csrf_token": found[1]}
    return client, client.post("/login", data=form)


def test_coming_in_and_going_out_are_entries(services, sign_in):
    planner = sign_in("planner")
    begun = entries(services, "session.begin")[0]
    assert begun["body"]["person"] == "planner"
    planner.post("/logout", data={"csrf_token": planner.token})
    ended = entries(services, "session.end")[0]
    assert (ended["person_id"], ended["subject"]) == (begun["person_id"], begun["subject"])


def test_a_refusal_is_one_entry_a_minute_and_never_tells_what_was_typed(app, services):
    before = len(entries(services, "session.refused"))
    for _ in range(3):
        attempt(app, "hunter2-typed-here", "x" * 12)
    attempt(app, "west", "x" * 12)
    found = entries(services, "session.refused")[: -before or None]
    assert [entry["result"] for entry in found] == ["wrong", "wrong"]
    assert "hunter2" not in str(found)
    assert found[1]["subject"] == "account:?"


def test_who_cannot_be_written_down_is_not_let_in(app, services, settings):
    with closing(sqlite3.connect(settings.data_dir / "cityops.db")) as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'x'); END")
        try:
            client, answer = attempt(app, "planner", "open-sesame-7")
            assert answer.status_code >= 500
            assert client.get("/api/v1/layers").status_code == 401
        finally:
            db.execute("DROP TRIGGER full")


def test_signing_in_waits_for_a_writer(app, services):
    inside, over = threading.Event(), threading.Event()

    def hold():
        with services.store.writing():
            inside.set()
            over.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(5)
    threading.Timer(0.3, over.set).start()
    began = time.monotonic()
    assert attempt(app, "data", "open-sesame-7")[1].status_code == 302
    assert time.monotonic() - began < 5
    holder.join()


def test_a_changed_password_is_an_entry_of_the_same_transaction(services, sign_in):
    from cityops.services.accounts import Account, hash_password
    from cityops.services.roles import Role

    with services.store.writing() as tx:
        tx.accounts.add(
            Account(0, "mover", "mover", frozenset({Role.PLANNER})), hash_password("open-sesame-7")
        )
    client = sign_in("mover")
    form = {"password": "open-sesame-7", "new_password": "quite-another-9"}
    form |= {"new_password_confirm": "quite-another-9", "csrf_token": client.token}
    assert client.post("/change", data=form).status_code == 302
    assert entries(services, "account.password")[0]["body"]["person"] == "mover"


def test_an_auditor_reads_and_verifies_and_all_others_are_refused(sign_in):
    auditor = sign_in("auditor")
    page = auditor.get("/api/v1/audit?limit=2").json
    assert [entry["id"] for entry in page["entries"]] == [page["next"] + 1, page["next"]]
    older = auditor.get(f"/api/v1/audit?limit=2&before={page['next']}").json
    assert older["entries"][0]["id"] == page["next"] - 1
    check = auditor.get("/api/v1/audit/check").json
    assert check["ok"]
    assert auditor.get(f"/api/v1/audit/check?anchor={check['anchor']}").json["ok"]
    for other in ("planner", "data", "inspector"):
        assert sign_in(other).get("/api/v1/audit").status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_over_http_changes_the_trail(sign_in, method):
    auditor = sign_in("auditor")
    before = auditor.get("/api/v1/audit?limit=1").json["entries"][0]["hash"]
    answer = auditor.open(
        "/api/v1/audit", method=method, json={}, headers={"X-CSRFToken": auditor.token}
    )
    assert answer.status_code == 405
    assert auditor.get("/api/v1/audit?limit=1").json["entries"][0]["hash"] == before


def test_a_bad_anchor_is_400(sign_in):
    assert sign_in("auditor").get("/api/v1/audit/check?anchor=1:xyz").status_code == 400
