"""One command runs three kinds of processes, watches them, and takes them all with it."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from uuid import uuid4

import pytest
from PIL import Image

pytestmark = pytest.mark.slow

KINDS = ("web", "stream", "jobs")
REPORT = {"class_code": "0401", "lon": 117.1933, "lat": 39.1176, "description": "井盖移位"}


@pytest.fixture(scope="module")
def service(serve, template, tmp_path_factory):
    """A service that the tests of this file share."""
    folder = tmp_path_factory.mktemp("serve") / "data"
    shutil.copytree(template, folder)
    return serve(folder)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(out, "JPEG")
    return out.getvalue()


def test_one_command_runs_web_stream_and_jobs(service, machine):
    state = service.state()
    assert sorted(state["processes"]) == sorted(KINDS)
    assert all(machine.is_alive(pid) for pid in state["processes"].values())
    assert state["pid"] == service.process.pid
    assert state["url"] == service.url
    assert service.health() == 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_process_is_started_again_and_the_service_answers(service, machine, kind):
    before = service.pid_of(kind)
    workers = machine.descendants(before)
    os.kill(before, signal.SIGKILL)
    after = machine.wait_for(
        lambda: (pid := service.pid_of(kind)) not in (None, before) and pid, what=f"a new {kind}"
    )
    assert machine.is_alive(after)
    machine.wait_for(lambda: service.health() == 200, what="an answer")
    # Workers of the killed master do not live on beside those of the new one.
    machine.wait_for(lambda: not any(map(machine.is_alive, workers)), what="the end of workers")
    assert service.client("planner").get("/api/v1/layers")["layers"]


def test_a_killed_web_worker_is_replaced_within_its_master(service, machine):
    master = service.pid_of("web")
    workers = machine.wait_for(lambda: machine.descendants(master))
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    machine.wait_for(lambda: machine.descendants(master) - workers, what="a new worker")
    machine.wait_for(lambda: service.health() == 200, what="an answer")
    assert service.pid_of("web") == master


def test_work_goes_on_after_the_job_process_was_killed(service, machine):
    """The photo of a case gets its copy from the job process, also from the one that follows."""
    client = service.client("inspector")
    case = client.post("/api/v1/cases", REPORT | {"id": str(uuid4())})
    os.kill(service.pid_of("jobs"), signal.SIGKILL)
    status, data, _ = client.ask(
        "POST", f"/api/v1/cases/{case['id']}/photos/a", picture(), {"Content-Type": "image/jpeg"}
    )
    assert status == 201, data

    def ready():
        photos = client.get(f"/api/v1/cases/{case['id']}")["photos"]
        return photos[0]["state"] == "ready" and photos[0]["url"]

    address = machine.wait_for(ready, what="the copy of the photo")
    assert Image.open(io.BytesIO(client.get(address))).size == (64, 48)


def test_what_happens_reaches_who_keeps_a_stream_open(service):
    """The stream process is another one than the web process that takes the report."""
    watcher, client = service.client("dispatcher"), service.client("inspector")
    host, _, port = watcher._host.partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        cookie = "; ".join(f"{k}={v}" for k, v in watcher._cookies.items())
        line.sendall(f"GET /events HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode())
        told = b""
        while b"event: layers" not in told:
            told += line.recv(65536)
        case = client.post("/api/v1/cases", REPORT | {"id": str(uuid4())})
        while case["id"].encode() not in told:
            told += line.recv(65536)
    assert b"event: case" in told


def test_a_second_server_on_the_folder_is_refused_with_one_sentence(service, cityops):
    refused = cityops(service.folder, "serve", "--port", "0", "--json")
    assert refused.returncode == 4
    error = json.loads(refused.stdout)["error"]
    assert error["code"] == "serve.folder_in_use"
    assert str(service.process.pid) in error["message"]
    assert service.url in error["message"]
    assert refused.stderr == ""
    assert service.health() == 200


def test_a_folder_that_is_served_is_not_restored_over(service, cityops, tmp_path):
    backup = tmp_path / "b.tar"
    assert cityops(service.folder, "backup", str(backup), "--json").returncode == 0
    refused = cityops(service.folder, "restore", str(backup), "--force", "--json")
    assert refused.returncode == 4
    assert json.loads(refused.stdout)["error"]["code"] == "serve.folder_in_use"
    assert service.health() == 200


def test_a_port_in_use_is_refused_and_another_one_is_named(service, cityops, folder):
    port = service.url.rstrip("/").rpartition(":")[2]
    refused = cityops(folder, "serve", "--port", port, "--json")
    assert refused.returncode == 4
    error = json.loads(refused.stdout)["error"]
    assert (error["code"], error["field"]) == ("serve.port_taken", "port")
    assert str(int(port) + 1) in error["hint"]
    assert service.health() == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_every_process_and_leaves_nothing_behind(serve, folder, machine, number):
    service = serve(folder)
    family = machine.descendants(service.process.pid)
    assert len(family) >= 4  # web, its worker, stream, jobs
    service.process.send_signal(number)
    assert service.process.wait(20) == 0
    assert [pid for pid in family if machine.is_alive(pid)] == []
    assert not (folder / "server.json").exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(service.url[:-1].rpartition(":")[2]))) != 0


def test_when_the_supervisor_itself_is_killed_its_children_end_and_the_folder_is_free(
    serve, folder, machine
):
    service = serve(folder)
    family = machine.descendants(service.process.pid)
    service.process.kill()
    service.process.wait()
    machine.wait_for(lambda: not any(map(machine.is_alive, family)), what="the end of all")
    assert serve(folder).health() == 200


def test_a_folder_without_a_database_is_refused_in_one_sentence(cityops, tmp_path):
    refused = cityops(tmp_path / "none", "serve", "--port", "0", "--json")
    assert refused.returncode == 6
    error = json.loads(refused.stdout)["error"]
    assert error["code"] == "store.missing"
    assert "cityops init" in error["hint"]


def test_a_weak_secret_keeps_the_service_from_starting(cityops, folder):
    refused = cityops(folder, "serve", "--port", "0", "--json", CITYOPS_SECRET_KEY="changeme")
    assert refused.returncode == 2
    assert json.loads(refused.stdout)["error"]["code"] == "secret.weak"


def test_demo_makes_what_is_missing_and_says_how_to_sign_in(machine, tmp_path):
    folder = tmp_path / "new" / "data"
    command = [sys.executable, "-m", "cityops", "demo", "--port", "0", "--json"]
    command += ["--data", str(folder), "--scene", "helsinki"]
    with subprocess.Popen(
        command,
        env=machine.environment(tmp_path / "elsewhere", CITYOPS_WEB_WORKERS="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        told = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    assert told["scene"] == "helsinki"
    assert told["data_dir"] == str(folder)
    assert {"inspector", "planner", "emergency"} <= {a["username"] for a in told["accounts"]}
    assert len(told["password"]) >= 8
    assert not (tmp_path / "elsewhere").exists()
