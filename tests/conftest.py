"""What all tests share: a closing list of what did not run, and why."""

from __future__ import annotations

import os
import shutil
from collections import Counter

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str | None:
    """Path of the system's Chromium, or None."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium; the test is skipped where there is none."""
    found = chromium_path()
    if found is None:
        pytest.skip("no Chromium on this machine (make test-all installs Debian's as root)")
    return found


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip browser tests where there is no browser, unless CITYOPS_NEED_BROWSER demands one."""
    if chromium_path() is not None or os.environ.get("CITYOPS_NEED_BROWSER"):
        return
    why = pytest.mark.skip(
        reason="no Chromium on this machine (make test-all installs Debian's as root)"
    )
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(why)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count what the marker expression left out."""
    if items:
        items[0].config.stash.setdefault(LEFT_OUT, Counter()).update(
            "browser" if "browser" in item.keywords else "left out by choice" for item in items
        )


LEFT_OUT = pytest.StashKey[Counter[str]]()


def pytest_terminal_summary(terminalreporter, exitstatus, config) -> None:
    """Say which tests were skipped and why, most frequent reason first."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", ()):
        where = report.nodeid.partition("::")[0]
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[f"{where}: {why.removeprefix('Skipped: ')}"] += 1
    if config.getoption("-m") == "not browser":
        reasons["tests/browser: they need a browser; make test-all runs them"] += 0
    if not reasons:
        return
    terminalreporter.section("not run, and why")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count or ''} {reason}".strip())
