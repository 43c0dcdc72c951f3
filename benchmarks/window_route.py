"""A window of 1,000 pipes over HTTP, signed in and within a permission, as GeoJSON.

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
from benchmarks.made_store import LAYER, LIMITED, folder_for, settings_of
from benchmarks.plan import Plan
from benchmarks.service import Client, WebWorker, web_worker

RATIO_AT_MOST = 0.35
MS_AT_MOST = 3.0
_OURS = f"/api/v1/layers/{LAYER}/features"
_PEERS = f"/api/v1/usual/{LAYER}/features"


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


def queries(pipes: int, wanted: int, n: int) -> list[str]:
    """`n` windows that hold about `wanted` pipes of those that half of the districts have."""
    side_m = made_city.pipe_extent_m(pipes) * min((2.1 * wanted / pipes) ** 0.5, 1.0)
    # A page gives at most 1,000: windows hold a little more, pages are cut.
    return [
        "?bbox={:.7f},{:.7f},{:.7f},{:.7f}".format(*box) + f"&limit={wanted}"
        for box in made_city.windows_m(pipes, n, side_m)
    ]


def measure(plan: Plan) -> list[Finding]:
    """Windows all over the layer, each asked once in a round."""
    pipes, wanted = plan.size(1_000_000, 1500), plan.size(1000, 50)
    asked = queries(pipes, wanted, plan.size(60, 3))
    with (
        folder_for(plan, pipes) as folder,
        web_worker(settings_of(folder), "benchmarks.peer_route:application()") as worker,
    ):
        client = worker.client(LIMITED)
        found = [(ours_answer(client, q), peer_answer(client, q)) for q in asked]
        question = "a window of pipes as GeoJSON, signed in, within a permission"
        for ours, peer in found:
            check_equal(question, ours, peer)
        features = statistics.mean(len(ours) for ours, _ in found)
        ours_ms, peer_ms = by_turns(worker, client, asked, plan.rounds)
        one = [query.replace(f"&limit={wanted}", "&limit=1") for query in asked]
        one_ms, _ = by_turns(worker, client, one, plan.rounds)
    n = f"{pipes:,} pipes, {len(asked)} windows of {features:.0f} features"
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
        rounds=plan.rounds,
    )
    alone = bounded(
        "the same, processor time of the web process",
        n,
        "the route",
        ours_ms,
        "CPU ms",
        at_most=MS_AT_MOST,
        rounds=plan.rounds,
    )
    before = Finding(
        question="the same windows, but one feature of each in the answer: what a request costs",
        n=f"{pipes:,} pipes, {len(asked)} windows",
        ours_name="the route",
        ours=one_ms,
        unit="CPU ms",
        value=one_ms,
        limit=None,
        goal="",
        rounds=plan.rounds,
    )
    return [ratio, alone, before]


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
