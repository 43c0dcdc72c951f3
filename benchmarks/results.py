"""The results of a run as a page for people and a file for programs; both are written, never typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_HEAD = """# Results

Written by `python -m benchmarks`; do not edit. {when}. {machine}

Times are processor time unless a line says otherwise; medians; contenders take turns in one run,
after their answers were found equal. What is measured how: [docs/performance.md](../docs/performance.md).
"""


def write(reports: Mapping[str, Any], *, folder: Path = HERE, now: datetime | None = None) -> None:
    """Write ``RESULTS.md`` and ``results.json``.

    Parameters
    ----------
    reports
        Benchmark -> its report, or the text of why there is none.
    """
    when = (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    data = {"measured": when, "benchmarks": dict(reports)}
    text = json.dumps(data, ensure_ascii=False, indent=1)
    (folder / "results.json").write_text(text + "\n")
    (folder / "RESULTS.md").write_text(page(reports, when))


def page(reports: Mapping[str, Any], when: str) -> str:
    """The page."""
    told = [report for report in reports.values() if isinstance(report, dict)]
    machine = told[0]["machine"] if told else {}
    versions: dict[str, str] = {}
    for report in told:
        versions |= report["versions"]
    head = _HEAD.format(when=f"Measured {when}", machine=_machine(machine))
    rows = ["| measured | n | ours | peer | goal | |", "|---|---|---|---|---|---|"]
    missing = []
    for name, report in reports.items():
        if isinstance(report, dict):
            rows += [_row(finding) for finding in report["findings"]]
        else:
            missing.append(f"- {name}: {report}")
    parts = [head, "\n".join(rows)]
    if missing:
        parts.append("Not measured:\n\n" + "\n".join(missing))
    parts.append("Versions: " + ", ".join(f"{name} {v}" for name, v in sorted(versions.items())))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _machine(machine: Mapping[str, str]) -> str:
    if not machine:
        return ""
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}; "
        f"load average at the first result {machine['load']}."
    )


def _row(finding: Mapping[str, Any]) -> str:
    unit, rounds = finding["unit"], finding["rounds"]
    ours = f"{finding['ours_name']}: {_number(finding['ours'])} {unit}"
    peer = ""
    if finding["peer"] is not None:
        peer = f"{finding['peer_name']}: {_number(finding['peer'])} {unit}"
        peer += f" (ratio {finding['value']:.3f})"
    verdict = {None: "for the record", True: "met", False: "**not met**"}[finding["met"]]
    n = f"{finding['n']}; median of {rounds}" if rounds > 1 else finding["n"]
    cells = (finding["question"], n, ours, peer, finding["goal"], verdict)
    return "| " + " | ".join(cells) + " |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
