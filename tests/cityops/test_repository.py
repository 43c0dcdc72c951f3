"""What holds for the repository as a whole."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Hosts of package registries, written so that this file does not name them itself.
REGISTRIES = [
    "pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "yarn" + "pkg.com",
    "proxy.golang" + ".org", "crates" + ".io", "rubygems" + ".org", "npm" + "mirror.com",
    "pypi.tuna" + ".tsinghua", "mirrors" + ".aliyun",
]  # fmt: skip


def tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout: there is no list of the files that belong to it")
    return [
        path for name in listing.stdout.split(b"\0") if (path := ROOT / name.decode()).is_file()
    ]


def test_no_file_names_a_package_registry():
    pattern = re.compile("|".join(map(re.escape, REGISTRIES)).encode())
    naming = [str(p.relative_to(ROOT)) for p in tracked_files() if pattern.search(p.read_bytes())]
    assert naming == []


@pytest.mark.parametrize("name", ["build", "uv", "core", "test"])
def test_every_locked_version_has_a_hash(name):
    text = (ROOT / "lock" / f"{name}.txt").read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) >= 1
    assert [e.splitlines()[0] for e in entries if "--hash=sha256:" not in e] == []
    assert [e.splitlines()[0] for e in entries if "==" not in e] == []


def test_the_test_lock_holds_the_core_lock():
    def pins(name: str) -> set[tuple[str, str]]:
        text = (ROOT / "lock" / name).read_text()
        return set(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.M))

    assert pins("core.txt") <= pins("test.txt")


def test_every_direct_dependency_is_locked():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.match(r"[a-z0-9-]+", d)[0] for d in project["dependencies"]}
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "lock/core.txt").read_text(), re.M))
    assert wanted - locked == set()
