"""Too many at once: one id twice at the same moment, and more requests than connections."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest

REPORT = {"class_code": "0401", "lon": 117.2005, "lat": 39.1005, "description": "井盖移位"}


def test_one_id_sent_eight_times_at_the_same_moment_is_one_case(app, services, sign_in):
    client = sign_in("inspector")
    cookie, body = client.get_cookie("cityops").value, REPORT | {"id": str(uuid4())}
    gate, answers = threading.Barrier(8), []

    def send():
        phone = app.test_client()
        phone.set_cookie("cityops", cookie)
        gate.wait(10)
        headers = {"X-CSRFToken": client.token}
        answers.append(phone.post("/api/v1/cases", json=body, headers=headers).status_code)

    crowd = [threading.Thread(target=send) for _ in range(8)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(30)
    assert sorted(answers) == [200] * 7 + [201]
    with services.store.reading() as tx:
        query = "SELECT count(*) FROM case_record WHERE id = :id"
        from sqlalchemy import text

        found = tx.connection.execute(text(query), {"id": body["id"]}).scalar()
    assert found == 1


def test_more_requests_than_connections_are_told_so_and_go_on(services, sign_in):
    client = sign_in("planner")
    held = [services.store.engine.connect() for _ in range(16)]
    try:
        answer = client.get("/api/v1/layers")
        assert answer.status_code == 503
        assert answer.json["error"]["code"] == "store.busy"
        assert int(answer.headers["Retry-After"]) >= 1
    finally:
        for connection in held:
            connection.close()
    assert client.get("/api/v1/layers").status_code == 200


@pytest.mark.parametrize("act", ["tiles", "features"])
def test_what_reads_waits_for_no_writer(services, sign_in, act):
    client = sign_in("planner")
    address = {"tiles": "/tiles/pipes/0/0/0.mvt", "features": "/api/v1/layers/pipes/features"}
    with services.store.writing() as tx:
        tx.outbox.put("test.filler", {"text": "x"})
        assert client.get(address[act]).status_code == 200
