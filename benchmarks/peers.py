"""The programs that are measured against, and their versions."""

from __future__ import annotations

import os
import platform
import re
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.contest import PeerMissing

#: Packages that the measured program itself stands on.
OWN = ("cityops", "numpy", "shapely", "geoindex-rs", "rtree", "orjson", "flask", "gunicorn")


def need(module: str, package: str | None = None) -> Any:
    """The module of a peer.

    Raises
    ------
    PeerMissing
        When it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise PeerMissing(package or module) from error


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python, the program's own packages and `packages`; missing ones are left out."""
    out = {"python": platform.python_version()}
    for name in dict.fromkeys((*OWN, *packages)):
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            continue
    return out


def machine() -> dict[str, str]:
    """Processor, cores and system that the figures belong to."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "load": " ".join(f"{v:.1f}" for v in os.getloadavg()),
    }


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found.group(1).strip() if found else platform.processor() or "unknown"
