"""What the administrator's tools read: health by part, figures without people, logs as JSON lines."""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
from dataclasses import replace

import pytest

from cityops.logs import JsonLines
from webmap.metrics import BUCKETS_S, Counter


def figures(text):
    return {
        name: float(value)
        for name, _, value in (
            line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")
        )
    }


@pytest.fixture
def token(services):
    """The services with a token for monitoring."""
    before, services.settings = services.settings, replace(services.settings, metrics_token="t" * 9)
    yield "t" * 9
    services.settings = before


def read(client, token):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def test_figures_are_for_the_token_and_nobody_else(client, sign_in, token):
    assert read(client, token).status_code == 200
    for wrong in ("", "t" * 8, "t" * 10, "é"):
        assert read(client, wrong).status_code == 401
    assert sign_in("planner").get("/metrics").status_code == 403


def test_without_a_token_in_the_settings_an_empty_one_opens_nothing(client):
    assert read(client, "").status_code == 401


def test_figures_count_requests_by_kind_and_rows_by_layer(client, token):
    before = figures(read(client, token).text)
    client.get("/api/v1/layers")
    client.get("/healthz")
    after = figures(read(client, token).text)
    name = 'cityops_http_requests_total{area="api",status="4xx"}'
    assert after[name] == before[name] + 1
    assert after['cityops_layer_rows{layer="pipes"}'] == 6
    for area in ("api", "page"):
        count = after[f'cityops_http_request_seconds_count{{area="{area}"}}']
        assert after[f'cityops_http_request_seconds_bucket{{area="{area}",le="+Inf"}}'] == count


def test_counts_of_several_processes_are_summed(tmp_path):
    ours = Counter(tmp_path / "m")
    ours.add("api", 200, 0.001)
    pid = os.fork()
    if pid == 0:
        ours.add("api", 200, 0.5)
        os._exit(0)
    os.waitpid(pid, 0)
    found = figures("\n".join(Counter(tmp_path / "m").lines()))
    assert found['cityops_http_requests_total{area="api",status="2xx"}'] == 2
    assert found['cityops_http_request_seconds_bucket{area="api",le="0.3"}'] == 1
    assert found['cityops_http_request_seconds_sum{area="api"}'] == pytest.approx(0.501)
    assert tuple(sorted(BUCKETS_S)) == BUCKETS_S


def test_health_names_the_process_that_is_down_and_goes_on_serving(client, settings):
    state = settings.data_dir / "server.json"
    state.write_text(json.dumps({"processes": {"web": os.getpid(), "jobs": None}}))
    try:
        answer = client.get("/healthz")
    finally:
        state.unlink()
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert answer.json["parts"]["jobs"] == "process.down"
    assert answer.json["parts"]["web"] == "ok"


def test_health_tells_a_disk_that_is_nearly_full(client, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr("webmap.api.health.shutil.disk_usage", lambda _: usage)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json["parts"]["disk"]) == (200, "disk.low")


def test_a_line_of_the_log_stays_one_line_and_takes_objects_in():
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines("web"))
    log = logging.Logger("x")
    log.addHandler(handler)
    log.info("a\nb {}")
    log.info('{"status": 403}')
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["process"] for line in lines] == ["web", "web"]
    assert lines[0]["message"] == "a\nb {}"
    assert lines[1]["event"] == {"status": 403}


def test_a_refusal_in_the_log_tells_neither_name_nor_network_address(client, sign_in, caplog):
    with caplog.at_level(logging.INFO, logger="cityops.web.refused"):
        sign_in("planner").get("/api/v1/audit?subject=%E6%9D%8E%E6%9F%90")
    line = json.loads(caplog.records[-1].getMessage())
    assert line["code"] == "audit.forbidden"
    assert "127.0.0.1" not in caplog.text
    assert "planner" not in caplog.text
    assert "李某" not in caplog.text


@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "10.0.0.9"), (2, "10.0.0.8")])
def test_only_our_own_proxies_say_from_where_a_request_came(settings, services, proxies, seen):
    from flask import request

    from cityops.bootstrap import Services
    from webmap.app import create_app

    app = create_app(services=Services(replace(settings, proxies=proxies)))
    found = []
    app.before_request(lambda: found.append((request.remote_addr, request.host)))
    forged = {"X-Forwarded-For": "6.6.6.6, 10.0.0.8, 10.0.0.9", "X-Forwarded-Host": "evil.example"}
    app.test_client().get("/healthz", headers=forged)
    assert found == [(seen, "localhost")]
    app.extensions["cityops"].store.dispose()
