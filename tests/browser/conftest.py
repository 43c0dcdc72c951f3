"""The whole service in processes of its own, looked at by a real browser.

A page that asks anything of another machine, logs an error or throws one fails its test.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.browser import ARGUMENTS

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
PICTURES = Path(__file__).parent / "out"
PASSWORD = "open-sesame-7"  # of the sample accounts of one test run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser and runs in one worker, on one service."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Service:
    """A running service: its address, its data folder, its main process."""

    url: str
    data_dir: Path
    pid: int

    def cityops(self, *arguments: str) -> dict[str, Any]:
        """Run a command on the service's data folder; gives its JSON answer."""
        done = subprocess.run(
            [sys.executable, "-m", "cityops", *arguments, "--json"],
            env={**os.environ, "CITYOPS_DATA_DIR": str(self.data_dir)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """Gives a function that starts ``cityops demo`` on a free port; all end with the session."""
    running: list[subprocess.Popen[str]] = []

    def start(scene: str = "tianjin", **more: str) -> Service:
        folder = tmp_path_factory.mktemp("service")
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "cityops",
                    "demo",
                    "--port",
                    "0",
                    "--scene",
                    scene,
                    "--json",
                ],
                env={
                    **os.environ,
                    "CITYOPS_DATA_DIR": str(folder / "data"),
                    "CITYOPS_DEMO_PASSWORD": PASSWORD,
                    "CITYOPS_WEB_WORKERS": "1",
                    **more,
                },
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        running.append(process)
        line = process.stdout.readline() if process.stdout else ""
        assert line, (folder / "log").read_text()
        told = json.loads(line)
        return Service(told["url"].rstrip("/"), folder / "data", told["pid"])

    yield start
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        if process.stdout:
            process.stdout.close()


@pytest.fixture(scope="session")
def service(serve: Callable[..., Service]) -> Service:
    """The service on the scene of Tianjin that the tests of this folder share."""
    return serve()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for the session."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield made
        made.close()


@dataclass
class Seat:
    """A signed-in page, and what went wrong on it."""

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a path of the service."""
        self.page.goto(self.url + path)
        return self.page

    def map_idle(self) -> Page:
        """Wait until the map has drawn everything."""
        self.page.wait_for_selector("html[data-map=idle]", timeout=30_000)
        return self.page

    def picture(self, name: str) -> None:
        """Keep a picture of the page in ``tests/browser/out``."""
        PICTURES.mkdir(exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")


@pytest.fixture
def seat(browser: Browser, service: Service) -> Iterator[Callable[..., Seat]]:
    """Gives a function that signs somebody in: ``seat("planner", size=DESK)``.

    At the end of the test every page must have been free of errors and foreign requests.
    """
    opened: list[Seat] = []

    def sit(
        username: str | None, size: dict[str, int] = DESK, at: Service = service, **context: Any
    ) -> Seat:
        made = browser.new_context(viewport=size, locale="zh-CN", **context)  # type: ignore[arg-type]
        made.set_default_timeout(15_000)
        place = Seat(made.new_page(), at.url)
        opened.append(place)
        watch(place)
        if username is not None:
            place.go("/login")
            place.page.fill("input[name=username]", username)
            place.page.fill("input[type=password]", PASSWORD)
            place.page.click("button[type=submit]")
            place.page.wait_for_url(lambda url: "/login" not in url)
        return place

    yield sit
    for place in opened:
        place.page.context.close()
    assert [fault for place in opened for fault in place.faults] == []


def watch(place: Seat) -> None:
    """Note errors of the page, and requests that leave the machine."""
    page = place.page

    def heard(message: Any) -> None:
        if message.type == "error":
            place.faults.append(f"console: {message.text}")

    def asked(request: Any) -> None:
        if not request.url.startswith((place.url, "data:", "blob:", "about:")):
            place.faults.append(f"foreign request: {request.url}")

    page.on("console", heard)
    page.on("pageerror", lambda error: place.faults.append(f"thrown: {error}"))
    page.on("request", asked)
