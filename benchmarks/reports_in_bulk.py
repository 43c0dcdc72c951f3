"""Bodies and duplicates of very many reports at once, equal to what each report alone gets."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np

from benchmarks.command import main
from benchmarks.contest import Finding, bounded, check_equal, cpu_seconds
from benchmarks.plan import Plan
from grid.classes import GB_SCHEME, ClassKey
from grid.duplicates.rules import shipped_duplicate_rules
from grid.duplicates.search import Kin, Seen, kin_of, kin_of_many
from grid.routing.decide import Decision, Near, Situation, decide, decide_many
from grid.routing.rules import shipped_rules
from grid.schemes.shipped import shipped_schemes

AT_MOST_S = 10.0
#: So many reports are compared with all others one by one, for equal answers.
ALONE = 40
_DAY = date(2026, 11, 25)
_START = datetime(2026, 1, 1, tzinfo=UTC)
_CELLS = 4000


def keys() -> list[ClassKey]:
    """Every minor class of the national scheme, components and events."""
    rows = shipped_schemes().classes
    return [r.key for r in rows if r.level == "minor" and r.key.scheme == GB_SCHEME]


def situations(count: int, seed: int = 3) -> list[Situation]:
    """Reports in cells of a district, every third within 60 m of a neighbour, some of an owner."""
    rng = np.random.default_rng(seed)
    classes = keys()
    cells = [f"1201010{n // 400:02d}{n % 400 // 40:03d}{n % 40 + 1:03d}" for n in range(_CELLS)]
    chosen = zip(
        rng.integers(0, len(classes), count).tolist(),
        rng.integers(0, _CELLS - 1, count).tolist(),
        rng.uniform(0, 180, count).round(2).tolist(),
        (rng.random(count) < 0.1).tolist(),
        strict=True,
    )
    return [
        Situation(
            classes[kind],
            day=_DAY,
            grids={"unit": cells[cell]},
            near=[Near("unit", cells[cell + 1], metres)] if metres < 60 else [],
            owner="drainage" if owned else None,
        )
        for kind, cell, metres, owned in chosen
    ]


def reports(count: int, seed: int = 4) -> list[Seen]:
    """A quarter of a year of reports in a city, thick where people are, some without a place."""
    rng = np.random.default_rng(seed)
    classes = keys()
    centres = rng.uniform((117.0, 38.9), (117.4, 39.3), (200, 2))
    places = centres[rng.integers(0, 200, count)] + rng.normal(0, 0.004, (count, 2))
    minutes = rng.integers(0, 130_000, count).tolist()
    ends = rng.integers(30, 10_000, count).tolist()
    how = rng.integers(0, 4, count).tolist()
    kinds = np.minimum(rng.geometric(0.08, count) - 1, len(classes) - 1).tolist()
    placed = (rng.random(count) > 0.05).tolist()
    out = []
    for i, (lon, lat) in enumerate(places.tolist()):
        at = _START + timedelta(minutes=minutes[i])
        end = None if how[i] == 0 else at + timedelta(minutes=ends[i])
        own = placed[i]
        place = (lon if own else None, lat if own else None)
        closed = how[i] > 1
        out.append(Seen(UUID(int=i + 1), classes[kinds[i]], at, place[0], place[1], end, closed))
    return out


def told(found: list[Kin]) -> list[tuple[str, str, float]]:
    """Kin as plain values, distances to a micrometre."""
    return [(str(kin.id), kin.kinship.value, round(kin.distance_m, 6)) for kin in found]


def ours_answer(
    asked: list[Situation], seen: list[Seen], some: range
) -> tuple[list[Decision], list[list[tuple[str, str, float]]]]:
    """Decisions of all reports, and the kin of some; all at once."""
    together = kin_of_many(seen, shipped_duplicate_rules())
    return decide_many(shipped_rules(), asked), [told(together[i]) for i in some]


def peer_answer(
    asked: list[Situation], seen: list[Seen], some: range
) -> tuple[list[Decision], list[list[tuple[str, str, float]]]]:
    """The same, each report alone; for its kin it is compared with every other one."""
    rules = shipped_duplicate_rules()
    return (
        [decide(shipped_rules(), s) for s in asked],
        [told(kin_of(seen[i], seen, rules)) for i in some],
    )


def measure(plan: Plan) -> list[Finding]:
    """Each of the reports alone and all at once, then the time of all at once."""
    count = plan.size(100_000, 1500)
    book, rules = shipped_rules(), shipped_duplicate_rules()
    asked, seen = situations(count), reports(count)
    some = range(0, count, max(count // ALONE, 1))
    check_equal(
        "bodies and duplicates", ours_answer(asked, seen, some), peer_answer(asked, seen, some)
    )
    with_kin = sum(map(bool, kin_of_many(seen, rules)))
    sized = f"{count:,} reports"
    return [
        bounded(
            "bodies of reports, each equal to the one of it alone",
            sized,
            "decide_many",
            cpu_seconds(lambda: decide_many(book, asked)),
            "CPU s",
            at_most=AT_MOST_S,
        ),
        bounded(
            "duplicates and recurrences of reports among each other",
            f"{sized}, {with_kin:,} with kin, {len(some)} compared alone",
            "kin_of_many",
            cpu_seconds(lambda: kin_of_many(seen, rules)),
            "CPU s",
            at_most=AT_MOST_S,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or ""))
