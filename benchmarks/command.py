"""What every benchmark's command does: measure, print, and say by the exit code what happened.

0: measured (a goal that is not met is printed as such); 1: the answers differ; 2: a peer is
missing. With ``--strict`` a goal that is not met is 3.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.contest import AnswersDiffer, Finding, PeerMissing
from benchmarks.peers import machine, versions
from benchmarks.plan import Plan

DIFFERENT, MISSING, NOT_MET = 1, 2, 3
Measure = Callable[[Plan], list[Finding]]


def parser(about: str) -> argparse.ArgumentParser:
    """Arguments that all benchmarks take."""
    made = argparse.ArgumentParser(description=about)
    made.add_argument("--quick", action="store_true", help="small data, to see that it runs")
    made.add_argument("--strict", action="store_true", help="exit 3 when a goal is not met")
    made.add_argument("--json", type=Path, help="also write the findings to this file")
    made.add_argument("--shared", type=Path, help="folder for data that benchmarks share")
    return made


def main(
    measure: Measure, about: str, peers: Sequence[str] = (), argv: list[str] | None = None
) -> int:
    """Run one benchmark as a command; gives its exit code."""
    asked = parser(about).parse_args(argv)
    try:
        found = measure(Plan(quick=asked.quick, shared=asked.shared))
    except PeerMissing as missing:
        print(f"missing: {missing}", file=sys.stderr)
        return MISSING
    except AnswersDiffer as difference:
        print(f"answers differ: {difference}", file=sys.stderr)
        return DIFFERENT
    told = versions(*peers)
    print(" ".join(f"{name} {number}" for name, number in told.items()))
    for finding in found:
        print(line(finding))
    if asked.json is not None:
        asked.json.write_text(json.dumps(report(found, told), ensure_ascii=False, indent=1))
    return NOT_MET if asked.strict and any(f.met is False for f in found) else 0


def report(found: Sequence[Finding], told: dict[str, str]) -> dict[str, Any]:
    """Findings as JSON, with versions and machine."""
    return {
        "versions": told,
        "machine": machine(),
        "findings": [asdict(finding) | {"met": finding.met} for finding in found],
    }


def line(finding: Finding) -> str:
    """A finding in one line for people."""
    against = ""
    if finding.peer is not None:
        against = f" | {finding.peer_name} {finding.peer:.4g} | ratio {finding.value:.3f}"
    verdict = {None: "for the record", True: "met", False: "NOT MET"}[finding.met]
    goal = f"{finding.goal}: {verdict}" if finding.goal else verdict
    return (
        f"{finding.question} [{finding.n}; median of {finding.rounds}]: {finding.ours_name} "
        f"{finding.ours:.4g} {finding.unit}{against} | {goal}"
    )
