"""Pairs of 3D pipes less than 2 m apart in space, against PostGIS with one worker.

Our time is that of finding and giving all pairs of ids from coordinates in memory, tree included;
PostGIS is asked to count them, its tree being there already. Its processor time is that of its
backend.
"""

from __future__ import annotations

import sys

import numpy as np

from benchmarks import made_pipes
from benchmarks.command import main
from benchmarks.contest import Contender, Finding, check_equal, contest
from benchmarks.plan import Plan
from benchmarks.postgis import Session, postgis
from benchmarks.underground_clearance import WITHIN_M, ours_answer
from underground.axes import Axes
from underground.clearance.pieces import use_compiled_kernel

NUMPY_AT_MOST = 0.35
NUMBA_AT_MOST = 0.15
_PAIRS = (
    f"from pipe a join pipe b on a.id < b.id and ST_DWithin(a.geom, b.geom, {WITHIN_M})"
    f" and ST_3DDWithin(a.geom, b.geom, {WITHIN_M})"
)


def load(session: Session, axes: Axes) -> None:
    """Pipes into a table with a tree, known to the planner."""
    session.ask("create table pipe (id int primary key, geom geometry(LineStringZ) not null)")
    ends = axes.xyz.reshape(-1, 6).tolist()
    for start in range(0, len(ends), 5000):
        rows = enumerate(ends[start : start + 5000], start)
        values = ", ".join(
            f"({i}, 'LINESTRING Z ({x} {y} {z}, {u} {v} {w})')" for i, (x, y, z, u, v, w) in rows
        )
        session.ask(f"insert into pipe values {values}")
    session.ask("create index on pipe using gist (geom)")
    session.ask("vacuum analyze pipe")


def peer_answer(session: Session) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (i, j), i < j, less than 2 m apart."""
    lines = session.ask(f"select a.id, b.id {_PAIRS} order by 1, 2")
    found = np.array([line.split("|") for line in lines], np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def measure(plan: Plan) -> list[Finding]:
    """A hundred thousand pipes, ten thousand in a square kilometre."""
    n = plan.size(100_000, 2000)
    axes = made_pipes.lines_3d(n)
    question = "pairs of pipes less than 2 m apart in space"
    with postgis() as session:
        load(session, axes)
        peer = _told(session)
        findings = []
        for name, compiled in (("numpy", False), ("numba", True)):
            if use_compiled_kernel(compiled) is not compiled:
                print("numba is not installed: its goal is not measured", file=sys.stderr)
                continue
            check_equal(f"{question}, {name}", ours_answer(axes), peer_answer(session))
            findings.append(
                contest(
                    f"{question}, {name}",
                    f"{n:,} pipes",
                    Contender(f"packed tree and {name}", lambda: ours_answer(axes)),
                    Contender(
                        peer, lambda: session.ask(f"select count(*) {_PAIRS}"), session.clock
                    ),
                    at_most=NUMBA_AT_MOST if compiled else NUMPY_AT_MOST,
                    rounds=plan.rounds,
                    unit="ms",
                )
            )
        use_compiled_kernel(False)
    return findings


def _told(session: Session) -> str:
    versions = session.ask("select postgis_lib_version(), current_setting('server_version')")
    postgis_version, server = versions[0].split("|")
    return f"PostGIS {postgis_version} on PostgreSQL {server.split()[0]}"


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("numba", "scipy")))
