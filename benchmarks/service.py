"""One web process of the program, the processor time that it takes, and a person who signed in."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.made_store import PASSWORD
from cityops.jobs.processes import listen
from cityops.settings import Settings, environment_of

_START_WITHIN_S = 60.0


@dataclass
class WebWorker:
    """A running web process with its master."""

    master: subprocess.Popen[bytes]
    port: int
    clients: list[Client] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """The process that answers."""
        children = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children")
        return int(children.read_text().split()[0])

    def cpu_s(self) -> float:
        """Processor seconds of all of its threads so far."""
        return cpu_seconds_of(self.pid)

    def client(self, username: str | None = None) -> Client:
        """A browser's connection; signed in when a name is given."""
        made = Client(self.port)
        self.clients.append(made)
        if username is not None:
            made.sign_in(username)
        return made


def cpu_seconds_of(pid: int) -> float:
    """Processor seconds of a process so far, to the nanosecond, by the scheduler's own count."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


class Client:
    """One kept connection with its cookies."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: dict[str, str] = {}
        self._host = f"127.0.0.1:{port}"
        self._token: str | None = None

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        return self._ask("GET", path)

    def post(self, path: str, value: Any) -> tuple[int, bytes]:
        """Status and body of the answer to a JSON value, as a page of this person sends it."""
        if self._token is None:
            page = self.get("/login?next=/")[1] + self.get("/map")[1]
            found = re.search(rb'name="csrf-token" content="([^"]+)"', page)
            self._token = found.group(1).decode() if found else ""
        return self._ask("POST", path, json.dumps(value), {"X-CSRFToken": self._token})

    def _ask(
        self, method: str, path: str, body: str | None = None, more: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        headers = {
            "Host": self._host,
            "Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items()),
        }
        if body is not None:
            form = "application/x-www-form-urlencoded"
            headers["Content-Type"] = form if more is None else "application/json"
        headers |= more or {}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        data = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, data

    def sign_in(self, username: str) -> None:
        """Sign in with the accounts of :mod:`benchmarks.made_store`.

        Raises
        ------
        RuntimeError
            When the service refuses.
        """
        page = self.get("/login")[1].decode()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        form = {
            "username": username,
            "password": PASSWORD,
            "csrf_token": token.group(1) if token else "",
        }
        status, body = self._ask("POST", "/login", urllib.parse.urlencode(form))
        if status != 302:
            raise RuntimeError(f"sign-in answered {status}: {body[:300]!r}")


@contextmanager
def web_worker(
    settings: Settings, application: str = "webmap.wsgi:application()"
) -> Iterator[WebWorker]:
    """One worker of gunicorn on a free port, as ``cityops serve`` starts it.

    Raises
    ------
    RuntimeError
        When it does not answer in time.
    """
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        chosen = replace(settings, port=port)
        here = str(Path(__file__).parents[1])
        master = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"),
                *(
                    "--worker-class",
                    "gthread",
                    "--workers",
                    "1",
                    "--threads",
                    "4",
                    "--keep-alive",
                    "60",
                ),
                *("--log-level", "warning", application),
            ],
            env={**os.environ, **environment_of(chosen), "PYTHONPATH": here},
            pass_fds=(listener.fileno(),),
            start_new_session=True,
            cwd=here,
        )
        worker = WebWorker(master, port)
        try:
            _wait_for(port)
            yield worker
        finally:
            for client in worker.clients:
                client.close()
            os.killpg(master.pid, signal.SIGTERM)
            master.wait(30)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_WITHIN_S
    while time.monotonic() < deadline:
        try:
            with closing(Client(port)) as client:
                if client.get("/healthz")[0] == 200:
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the web process did not start")
