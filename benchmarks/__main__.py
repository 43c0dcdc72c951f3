"""All benchmarks, or those named, one after another, each in a process of its own.

    python -m benchmarks [name ...] [--quick] [--strict]

A full run of all writes ``RESULTS.md`` and ``results.json`` here. The exit code is that of the
worst: 1 where answers differ, 2 where a peer is missing, with ``--strict`` 3 where a goal is not
met, else 0.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.command import DIFFERENT, MISSING, NOT_MET
from benchmarks.results import HERE, write

NAMES = (
    "point_in_cell",
    "points_in_bulk",
    "pipe_window",
    "pending_edits",
    "packed_build",
    "tile_encoding",
    "window_route",
    "tile_route",
    "memory",
    "map_idle",
    "reports_in_bulk",
    "calendar_change",
    "evaluation_month",
    "underground_clearance",
    "underground_postgis",
    "underground_audit",
    "underground_network",
    "hazard_alarms",
    "evacuation",
    "hazard_click",
)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmarks that are named; gives the exit code."""
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument("names", nargs="*", help=", ".join(NAMES))
    made.add_argument("--quick", action="store_true", help="small data, to see that it runs")
    made.add_argument("--strict", action="store_true", help="exit 3 when a goal is not met")
    asked = made.parse_args(argv)
    unknown = sorted(set(asked.names) - set(NAMES))
    if unknown:
        made.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    names = asked.names or list(NAMES)
    reports: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="cityops-bench-") as shared:
        codes = [run(name, Path(shared), asked.quick, reports) for name in names]
    if not asked.quick and not asked.names:
        write(reports)
        print(f"written: {HERE / 'RESULTS.md'}")
    return worst(codes, reports, strict=asked.strict)


def run(name: str, shared: Path, quick: bool, reports: dict[str, Any]) -> int:
    """Run one benchmark in a process of its own and keep its report; gives its exit code."""
    print(f"-- {name}", flush=True)
    file = shared / f"{name}.json"
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    command += ["--json", str(file), "--shared", str(shared)]
    done = subprocess.run(
        command + ["--quick"] * quick, cwd=HERE.parent, stderr=subprocess.PIPE, text=True
    )
    sys.stderr.write(done.stderr)
    if file.is_file():
        reports[name] = json.loads(file.read_text())
    else:
        lines = done.stderr.strip().splitlines()
        reports[name] = lines[-1] if lines else f"exit {done.returncode}"
    return done.returncode


def worst(codes: list[int], reports: dict[str, Any], *, strict: bool) -> int:
    """Exit code of a run: different answers before missing peers before goals not met."""
    failed = [code for code in codes if code not in (0, MISSING)]
    if failed:
        return DIFFERENT
    if MISSING in codes:
        return MISSING
    told = [report for report in reports.values() if isinstance(report, dict)]
    missed = any(finding["met"] is False for report in told for finding in report["findings"])
    return NOT_MET if strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
