"""What the administrator is given fits the program: settings, commands, units, and named tests."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from cityops.cli import COMMANDS
from cityops.settings import Settings, settings_from

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def test_the_settings_of_the_service_are_settings_of_the_program():
    lines = (DEPLOY / "cityops.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert given.keys() <= {f"CITYOPS_{item.name.upper()}" for item in fields(Settings)}
    assert settings_from(given).proxies == 1  # deploy/nginx.conf


def test_units_and_pages_call_commands_that_exist():
    texts = [path.read_text() for path in DEPLOY.iterdir()]
    texts += [(ROOT / "docs" / "operations.md").read_text("utf-8")]
    called = set(re.findall(r"venv/bin/cityops (\w+)", "\n".join(texts)))
    assert {"serve", "backup", "restore", "migrate", "audit"} <= called
    assert called <= COMMANDS.keys()


def test_the_pages_on_promises_name_tests_that_exist():
    there = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    for page in ("reliability.md", "security.md"):
        named = set(re.findall(r"(test_\w+\.py)", (ROOT / "docs" / page).read_text("utf-8")))
        assert named - there == set()


@pytest.mark.parametrize("unit", ["cityops.service", "cityops-backup.service"])
def test_systemd_understands_the_units(unit):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(DEPLOY / unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    told = [line for line in done.stderr.splitlines() if line.strip()]
    # The program is not installed where the unit looks for it.
    assert [line for line in told if "is not executable" not in line] == []
