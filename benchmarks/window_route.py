"""A window of 1,000 features over HTTP, signed in and within a permission, as GeoJSON.

The peer is the same route in the same process, with a Python object per feature, shapely's
``mapping()`` and orjson. Counted is the processor time of the web process.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from typing import Any

import orjson

from benchmarks import made_city
from benchmarks.command import main
from benchmarks.contest import Finding, bounded, check_equal
from benchmarks.made_store import LAYER, LIMITED, POINTS, folder_for, settings_of
from benchmarks.plan import Plan
from benchmarks.service import Client, WebWorker, web_worker

RATIO_AT_MOST = 0.35
MS_AT_MOST = 3.0
_OURS, _PEERS = "/api/v1/layers/", "/api/v1/usual/"


def ours_answer(client: Client, query: str) -> dict[str, Any]:
    """Features by id, from the program's route."""
    return by_id(client, _OURS + query)


def peer_answer(client: Client, query: str) -> dict[str, Any]:
    """Features by id, written the usual way."""
    return by_id(client, _PEERS + query)


def by_id(client: Client, path: str) -> dict[str, Any]:
    """Features of an answer by id.

    Raises
    ------
    RuntimeError
        When the service refuses.
    """
    status, body = client.get(path)
    if status != 200:
        raise RuntimeError(f"{path} answered {status}: {body[:300]!r}")
    return {feature["id"]: feature for feature in orjson.loads(body)["features"]}


def queries(layer: str, rows: int, wanted: int, n: int) -> list[str]:
    """`n` windows with about `wanted` rows of those that half of the districts have."""
    # A page gives at most 1,000: windows hold a little more, pages are cut.
    side_m = made_city.pipe_extent_m(rows) * min((2.1 * wanted / rows) ** 0.5, 1.0)
    return [
        f"{layer}/features?bbox=" + ",".join(f"{v:.7f}" for v in box) + f"&limit={wanted}"
        for box in made_city.windows_m(rows, n, side_m)
    ]


def measure(plan: Plan) -> list[Finding]:
    """Windows all over a layer, each asked once in a round: pipes with 23 fields, points with 14."""
    pipes, points = plan.size(1_000_000, 1500), plan.size(200_000, 1500)
    out = []
    with (
        folder_for(plan, pipes, points) as folder,
        web_worker(settings_of(folder), "benchmarks.peer_route:application()") as worker,
    ):
        client = worker.client(LIMITED)
        for layer, rows in ((LAYER, pipes), (POINTS, points)):
            out += windows_of(plan, worker, client, layer, rows)
    return out


def windows_of(
    plan: Plan, worker: WebWorker, client: Client, layer: str, rows: int
) -> list[Finding]:
    """Findings for one layer."""
    wanted, rounds = plan.size(1000, 50), plan.rounds
    asked = queries(layer, rows, wanted, plan.size(60, 3))
    found = [(ours_answer(client, q), peer_answer(client, q)) for q in asked]
    question = f"a window of {layer} as GeoJSON, signed in, within a permission"
    for ours, peer in found:
        check_equal(question, ours, peer)
    features = statistics.mean(len(ours) for ours, _ in found)
    size = statistics.mean(len(client.get(_OURS + q)[1]) for q in asked[:5]) / 1000
    ours_ms, peer_ms = by_turns(worker, client, asked, rounds)
    one_ms, _ = by_turns(worker, client, [q.replace(f"={wanted}", "=1") for q in asked], rounds)
    n = f"{rows:,} {layer}, {len(asked)} windows of {features:.0f} features, {size:.0f} kB"
    ratio = Finding(
        question=question,
        n=n,
        ours_name="the route",
        ours=ours_ms,
        peer_name="the route with mapping() + orjson",
        peer=peer_ms,
        unit="CPU ms",
        value=ours_ms / peer_ms,
        limit=RATIO_AT_MOST,
        goal=f"at most {RATIO_AT_MOST:g} of the peer's time",
        rounds=rounds,
    )
    alone = "the same, processor time of the web process"
    name = f"the route ({one_ms:.2f} with one feature in the answer)"
    return [
        ratio,
        bounded(alone, n, name, ours_ms, "CPU ms", at_most=MS_AT_MOST, rounds=rounds),
    ]


def by_turns(
    worker: WebWorker, client: Client, asked: Sequence[str], rounds: int
) -> tuple[float, float]:
    """Median milliseconds of the web process for one answer: ours, the peer's."""
    taken: dict[str, list[float]] = {_OURS: [], _PEERS: []}
    for turn in range(rounds):
        for path in (_OURS, _PEERS) if turn % 2 == 0 else (_PEERS, _OURS):
            begin = worker.cpu_s()
            for query in asked:
                client.get(path + query)
            taken[path].append((worker.cpu_s() - begin) / len(asked) * 1e3)
    return statistics.median(taken[_OURS]), statistics.median(taken[_PEERS])


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("shapely", "orjson")))
