"""Install one lock file and the project itself into a virtual environment.

Run by the Makefile with the Python of that environment::

    .venv/bin/python tools/install.py lock/core.txt

Needs the standard library alone. Every file is checked against the hash in the lock. uv does
the work where it can be had (seconds instead of half a minute); otherwise pip does. Nothing is
built in isolation, so nothing unlocked is fetched: the build tools come from ``lock/build.txt``.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
QUIET_PIP = [*PIP, "install", "--quiet", "--require-hashes", "--no-deps"]


def main(lock: str) -> int:
    """Install `lock` and the project; the exit code of the step that failed, or 0."""
    started = time.perf_counter()
    say(f"installing {lock} (a first run downloads about 150 MB)")
    status = run([*QUIET_PIP, "-r", "lock/build.txt"])
    if status:
        return status
    with_uv = by_uv(lock)
    if not with_uv:
        say("uv is not to be had here: pip installs, which takes half a minute longer")
        status = run([*QUIET_PIP, "--no-build-isolation", "-r", lock])
    status = status or run(
        [*PIP, "install", "--quiet", "--no-build-isolation", "--no-deps", "--editable", "."]
    )
    if not status:
        tool = "uv" if with_uv else "pip"
        say(f"installed by {tool} in {time.perf_counter() - started:.0f} s")
    return status


def by_uv(lock: str) -> bool:
    """Whether uv could be installed and could install `lock`."""
    if os.environ.get("CITYOPS_INSTALL_WITH") == "pip":
        return False
    if run([*QUIET_PIP, "--retries", "1", "-r", "lock/uv.txt"], quiet=True):
        return False
    uv = Path(sys.executable).with_name("uv")
    command = [
        str(uv), "pip", "install", "--quiet", "--python", sys.executable,
        "--require-hashes", "--no-deps", "--no-build-isolation", "-r", lock,
    ]  # fmt: skip
    return run(command, uv_environment(pip_settings()), quiet=True) == 0


def pip_settings() -> dict[str, str]:
    """Settings of pip for this machine; a later source (environment) wins over an earlier one."""
    listing = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=False)
    found: dict[str, str] = {}
    for line in listing.stdout.splitlines():
        name, _, value = line.partition("=")
        try:
            found[name.rpartition(".")[2]] = str(ast.literal_eval(value))
        except (ValueError, SyntaxError):
            continue
    return found


def uv_environment(pip: Mapping[str, str]) -> dict[str, str]:
    """Environment that gives uv the same sources as pip; hashes make their order harmless."""
    out = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_NO_CONFIG": "1"}
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "find-links": "UV_FIND_LINKS",
        "cert": "SSL_CERT_FILE",
    }
    for ours, theirs in names.items():
        if pip.get(ours):
            separator = "," if ours == "find-links" else " "
            out[theirs] = separator.join(pip[ours].split())
    return {**out, **os.environ}


def run(
    command: list[str], environment: Mapping[str, str] | None = None, *, quiet: bool = False
) -> int:
    """Exit code of `command`, run in the checkout; `quiet` keeps its words back."""
    sink = subprocess.DEVNULL if quiet else None
    return subprocess.run(
        command, cwd=ROOT, env=environment, stdout=sink, stderr=sink, check=False
    ).returncode


def say(text: str) -> None:
    """Print a line for the person who waits."""
    print(f"[install] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
