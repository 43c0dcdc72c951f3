"""A full audit of a city's pipes on two cores: rules, six answers, order, cover; time and memory.

Before it is timed, a small part is compared with itself under another tiling.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks import made_pipes
from benchmarks.command import main
from benchmarks.contest import Finding, bounded, check_equal, cpu_seconds
from benchmarks.plan import Plan
from cityops.services.underground.audits import run_audit
from underground.audit.tiles import Audit, AuditResult
from underground.rules.tables import shipped_rules

AT_MOST_S = 900.0
AT_MOST_MB = 3000.0
TILE_CPU_S = 10.0


def ours_answer(audit: Audit) -> list[object]:
    """Counts and findings."""
    return plain(run_audit(audit))


def peer_answer(audit: Audit) -> list[object]:
    """The same under a tiling of a third of the side."""
    return plain(run_audit(replace(audit, tile_m=audit.tile_m / 3)))


def plain(result: AuditResult) -> list[object]:
    """What two audits must have in common."""
    found = result.findings
    columns = (found.a, found.b, found.check, found.answer)
    return [dict(result.counts), *(column.tolist() for column in columns)]


def measure(plan: Plan) -> list[Finding]:
    """A million pipes, and one tile of a dense centre."""
    rules = shipped_rules()
    small = Audit(made_pipes.streets(plan.size(20_000, 1000)), rules)
    check_equal("audit under two tilings", ours_answer(small), peer_answer(small))
    tile = Audit(made_pipes.streets(plan.size(10_000, 500)), rules, tile_m=1e6)
    seconds = cpu_seconds(lambda: run_audit(tile))
    n = plan.size(1_000_000, 2000)
    with tempfile.TemporaryDirectory(prefix="cityops-audit-") as folder:
        audit = Audit(made_pipes.streets(n), rules)
        begin = time.perf_counter()
        result = run_audit(audit, workers=2, folder=Path(folder))
        wall = time.perf_counter() - begin
    checks = sum(result.counts.values())
    sized = f"{n:,} pipes, {checks:,} checks, {len(audit.tiles)} tiles"
    return [
        bounded(
            "audit of a square kilometre",
            f"{len(tile.pipes):,} pipes",
            "one process",
            seconds,
            "CPU s",
            at_most=TILE_CPU_S,
        ),
        bounded("audit of a city", sized, "two processes", wall, "s", at_most=AT_MOST_S),
        bounded(
            "memory of that audit, largest process",
            sized,
            "two processes",
            _peak_mb(),
            "MB",
            at_most=AT_MOST_MB,
        ),
    ]


def _peak_mb() -> float:
    """Largest of this process and its children; what they share is counted in each."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or ""))
