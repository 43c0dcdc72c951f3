"""The program as it is run: processes of its own on a data folder, asked over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from cityops.services.demo import ensure_demo_accounts
from cityops.services.scenes import SceneService
from cityops.settings import Settings
from cityops.store.database import create_all

PASSWORD = "open-sesame-7"
ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder starts services of its own."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.server)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Variables of a process on a data folder; nothing of the machine's own settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CITYOPS_")}
    return kept | {"CITYOPS_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1", **more}


def wait_for(claim: Callable[[], Any], within_s: float = 30.0, what: str = "it") -> Any:
    """What `claim` gives once it gives something true."""
    deadline = time.monotonic() + within_s
    while not (found := claim()):
        assert time.monotonic() < deadline, f"{what} did not happen within {within_s} s"
        time.sleep(0.05)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def descendants(pid: int) -> set[int]:
    """Ids of the children of a process, and of theirs."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found: set[int] = set()
    todo = [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        found |= set(children)
        todo += children
    return found


class Client:
    """A person's programme: keeps the cookie, sends the token, follows nothing."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._cookies: dict[str, str] = {}
        self.token = ""

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of an answer."""
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items())}
        sent |= {"X-CSRFToken": self.token} | (headers or {})
        connection = http.client.HTTPConnection(self._host, timeout=30)
        try:
            connection.request(method, path, body, {k: v for k, v in sent.items() if v})
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        for name, value in answer.getheaders():
            if name == "Set-Cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.partition(";")[0]
        return answer.status, data, dict(answer.getheaders())

    def get(self, path: str) -> Any:
        """The JSON, or the bytes, of a good answer."""
        status, data, headers = self.ask("GET", path)
        assert status in (200, 204), (status, path, data[:300])
        return json.loads(data) if "json" in headers.get("Content-Type", "") else data

    def post(self, path: str, value: Any) -> Any:
        """The JSON of a good answer to a JSON body."""
        kind = {"Content-Type": "application/json"}
        status, data, _ = self.ask("POST", path, json.dumps(value).encode(), kind)
        assert status in (200, 201, 202), (status, path, data[:300])
        return json.loads(data)

    def sign_in(self, username: str, password: str = PASSWORD) -> Client:
        """This client, signed in."""
        page = self.ask("GET", "/login")[1].decode()
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found, page[:300]
        form = {"username": username, "password": password, "csrf_token": found[1]}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        status, data, _ = self.ask("POST", "/login", urlencode(form).encode(), kind)
        assert status == 302, data[:300]
        found = re.search(
            r'name="csrf-token" content="([^"]+)"', self.ask("GET", "/map")[1].decode()
        )
        assert found
        self.token = found[1]
        return self


@dataclass
class Service:
    """A running ``cityops serve``."""

    process: subprocess.Popen[str] = field(repr=False)
    folder: Path
    url: str
    log: Path = field(repr=False)

    def state(self) -> dict[str, Any]:
        """What the supervisor says of its processes."""
        return json.loads((self.folder / "server.json").read_text())

    def pid_of(self, name: str) -> int | None:
        """Id of the process called web, stream or jobs; None while it is down."""
        return self.state()["processes"][name]

    def health(self) -> int:
        """Status of ``/healthz``; 0 when nobody answers."""
        try:
            return Client(self.url).ask("GET", "/healthz")[0]
        except OSError:
            return 0

    def client(self, username: str) -> Client:
        """A signed-in client."""
        return Client(self.url).sign_in(username)


@pytest.fixture(scope="session")
def machine() -> SimpleNamespace:
    """Looks at processes: ``wait_for``, ``is_alive``, ``descendants``, ``environment``."""
    return SimpleNamespace(
        wait_for=wait_for, is_alive=is_alive, descendants=descendants, environment=environment
    )


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the scene of Tianjin and the demo accounts, to be copied."""
    folder = tmp_path_factory.mktemp("template") / "data"
    store = create_all(Settings(data_dir=folder))
    SceneService(store).set_up("tianjin")
    ensure_demo_accounts(store, PASSWORD)
    store.dispose()
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    """A data folder of this test's own."""
    shutil.copytree(template, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def cityops() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command to its end: ``cityops(folder, "locate", "117", "39", "--json")``."""

    def run(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "cityops", *arguments],
            env=environment(folder, **more),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """Starts ``cityops serve`` on a folder and a free port; what it started ends with the module."""
    running: list[subprocess.Popen[str]] = []
    logs = tmp_path_factory.mktemp("logs")

    def start(folder: Path, command: str = "serve", **more: str) -> Service:
        path = logs / f"{len(running)}.log"
        with path.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "cityops", command, "--port", "0", "--json"],
                env=environment(folder, **{"CITYOPS_WEB_WORKERS": "1", **more}),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        running.append(process)
        line = process.stdout.readline() if process.stdout else ""
        assert line, path.read_text()
        return Service(process, folder, json.loads(line)["url"], path)

    yield start
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        if process.stdout:
            process.stdout.close()
