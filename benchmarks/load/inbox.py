"""Inboxes over a million cases, as seven people see them, on SQLite and where it is installed on PostGIS.

Both stores hold the same cases and must give the same pages. Told is the time on the wall of the
service, without HTTP; the load average stands beside it, for other work makes it longer.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.command import main
from benchmarks.contest import Finding, PeerMissing, bounded, check_equal
from benchmarks.load.made_cases import fill_cases
from benchmarks.plan import Plan
from benchmarks.postgis import postgis
from cityops.bootstrap import Services
from cityops.services.roles import Person, Role
from cityops.settings import Settings
from cityops.store.database import create_all

AT_MOST_MS = 100.0
_DISTRICT, _STREET = "120105", "120105003"
PEOPLE = (
    Person(150, "监督员", frozenset({Role.INSPECTOR})),
    Person(151, "监督员", frozenset({Role.INSPECTOR}), areas=(_STREET,)),
    Person(1001, "受理员", frozenset({Role.ACCEPTOR})),
    Person(1002, "受理员", frozenset({Role.ACCEPTOR}), areas=(_DISTRICT,)),
    Person(1003, "值班长", frozenset({Role.SHIFT_LEADER, Role.DISPATCHER})),
    Person(1004, "派遣员", frozenset({Role.DISPATCHER})),
    Person(1005, "部门", frozenset({Role.DEPARTMENT}), department="drainage"),
)


def questions(count: int) -> tuple[dict[str, Any], ...]:
    """What a list of the inbox is narrowed to: not at all, deep, a class, a kind, an area."""
    narrowed = ({}, {"after": count // 3}, {"class_code": "0401"}, {"domain": "component"})
    return tuple({"inbox": True} | more for more in (*narrowed, {"area": _DISTRICT}))


@contextmanager
def stores(count: int) -> Iterator[dict[str, Services]]:
    """The same cases on each store that there is."""
    with ExitStack() as kept:
        out = {}
        for name in ("SQLite", "PostGIS"):
            folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="cityops-bench-")))
            settings = Settings(data_dir=folder)
            if name == "PostGIS":
                try:
                    session = kept.enter_context(postgis())
                except PeerMissing:
                    continue
                where = session.ask("show unix_socket_directories")[0]
                url = f"postgresql+psycopg://bench@/postgres?host={where}"
                settings = Settings(data_dir=folder, database_url=url)
            store = create_all(settings)
            fill_cases(store, count)
            if name == "PostGIS":
                session.ask("vacuum analyze")
            store.dispose()
            out[name] = Services(settings)
        yield out
        for services in out.values():
            services.store.dispose()  # type: ignore[attr-defined]


def measure(plan: Plan) -> list[Finding]:
    """The 95th percentile of all people and questions on each store, after their pages were compared."""
    count = plan.size(1_000_000, 3000)
    asked = [(person, query) for person in PEOPLE for query in questions(count)]
    out = []
    with stores(count) as there:
        pages = {name: [_page(s, *one) for one in asked] for name, s in there.items()}
        for name, found in pages.items():
            check_equal(f"inbox on {name}", found, pages["SQLite"])
        for name, services in there.items():
            taken = []
            for _ in range(plan.rounds):
                for one in asked:
                    begin = time.perf_counter()
                    _page(services, *one)
                    taken.append((time.perf_counter() - begin) * 1e3)
            p95 = statistics.quantiles(taken, n=20)[-1]
            told = (
                f"{name}, median {statistics.median(taken):.0f} ms, load {os.getloadavg()[0]:.1f}"
            )
            n = f"{count:,} cases, {len(asked)} lists of {len(PEOPLE)} people"
            out.append(bounded("p95 of an inbox", n, told, p95, "ms", at_most=AT_MOST_MS))
    return out


def _page(services: Services, person: Person, query: dict[str, Any]) -> tuple[int, list[str]]:
    found = services.cases.page(person, limit=100, **query)
    return found["total"], [case["id"] for case in found["cases"]]


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("sqlalchemy",)))
