"""How long the map takes in a real browser, from the address to everything drawn, with many pipes.

Headless Chromium with software GL, no cache. By the clock, for that is what a person waits; so
other work on the machine counts too.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from typing import Any

from benchmarks import made_city
from benchmarks.browser import ARGUMENTS
from benchmarks.command import main
from benchmarks.contest import AnswersDiffer, Finding, PeerMissing, bounded
from benchmarks.made_store import PASSWORD, PLANNER, folder_for, settings_of
from benchmarks.peers import need
from benchmarks.plan import Plan
from benchmarks.service import web_worker

SECONDS_AT_MOST = 6.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DESK = {"width": 1440, "height": 900}
WITHIN_MS = 60_000


def browser_path() -> str:
    """The system's Chromium.

    Raises
    ------
    PeerMissing
        When there is none.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise PeerMissing("chromium")
    return found


def measure(plan: Plan) -> list[Finding]:
    """The whole city, a district, a street."""
    path, playwright = browser_path(), need("playwright.sync_api", "playwright")
    pipes, rounds = plan.size(100_000, 1500), plan.size(3, 1)
    side_m = made_city.pipe_extent_m(pipes)
    lon = made_city.WEST + side_m / 2 / made_city.LON_M
    lat = made_city.SOUTH + side_m / 2 / made_city.LAT_M
    places = {
        "as it opens": "/map",
        "zoom 13": f"/map?at={lon:.4f},{lat:.4f},13.00",
        "zoom 16": f"/map?at={lon:.4f},{lat:.4f},16.00",
    }
    out = []
    with (
        folder_for(plan, pipes) as folder,
        web_worker(settings_of(folder)) as worker,
        playwright.sync_playwright() as started,
    ):
        browser = started.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        url = f"http://127.0.0.1:{worker.port}"
        for what, place in places.items():
            taken = [seconds_until_idle(browser, url, place, pipes) for _ in range(rounds)]
            out.append(
                bounded(
                    f"the map until everything is drawn, {what}",
                    f"{pipes:,} pipes, {DESK['width']} x {DESK['height']} pixels",
                    "Chromium, software GL",
                    statistics.median(taken),
                    "s by the clock",
                    at_most=SECONDS_AT_MOST,
                    rounds=rounds,
                )
            )
        browser.close()
    return out


def seconds_until_idle(browser: Any, url: str, place: str, pipes: int) -> float:
    """Sign in, then open the map: seconds until it says that it is idle.

    Raises
    ------
    AnswersDiffer
        When the map's catalogue counts other pipes than were put in.
    """
    context = browser.new_context(viewport=DESK, locale="zh-CN")
    try:
        page = context.new_page()
        page.goto(url + "/login")
        page.fill("input[name=username]", PLANNER)
        page.fill("input[type=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url(lambda at: "/login" not in at)
        page.goto("about:blank")
        begin = time.perf_counter()
        page.goto(url + place, wait_until="commit")
        page.wait_for_selector("html[data-map=idle]", timeout=WITHIN_MS)
        taken = time.perf_counter() - begin
        check_count(page, pipes)
        return taken
    finally:
        context.close()


def check_count(page: Any, pipes: int) -> None:
    """Compare the count that the page is told with the rows that were put in.

    Raises
    ------
    AnswersDiffer
        When it is another.
    """
    told = page.evaluate("() => fetch('/api/v1/layers').then(answer => answer.json())")
    counts = {layer["name"]: layer["count"] for layer in told["layers"]}
    if counts.get("pipes") != pipes:
        raise AnswersDiffer(f"the map knows {counts.get('pipes')} pipes of {pipes}")


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("playwright",)))
