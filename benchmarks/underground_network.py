"""Traces against networkx, segments against wntr, isolation of a city's network by fixed bounds."""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import made_pipes
from benchmarks.command import main
from benchmarks.contest import Contender, Finding, bounded, check_equal, contest
from benchmarks.peers import need
from benchmarks.plan import Plan
from underground.network.build import network_of_model
from underground.network.edits import edited
from underground.network.isolation import IsolationIndex, isolation_index
from underground.network.model import Network
from underground.network.partition import Partition, segments
from underground.network.trace import connected
from underground.network.valves import valve_layer, without
from underground.survey.inp import parse_inp

TRACE_AT_MOST = 0.05
SEGMENTS_AT_MOST = 0.05


def ours_answer(network: Network) -> list[list[int]]:
    """Nodes that hang together with the first one, ascending."""
    return [connected(network, 0).nodes.tolist()]


def peer_answer(graph: Any, networkx: Any) -> list[list[int]]:
    """The same from networkx."""
    return [sorted({0, *networkx.descendants(graph, 0)})]


def segment_labels(found: Partition) -> list[int]:
    """First member of each node's and link's segment, so that numbering does not matter."""
    labels = np.concatenate([found.of_node, found.of_link])
    first = np.unique(labels, return_index=True)[1]
    return first[labels].tolist()


def peer_labels(network: Network, answer: Any) -> list[int]:
    """The same out of wntr's answer."""
    of_node, of_link, _ = answer
    given = [*(of_node[n] for n in network.nodes), *(of_link[k] for k in network.links)]
    _, first, inverse = np.unique(np.array(given), return_index=True, return_inverse=True)
    return first[inverse].tolist()


def measure(plan: Plan) -> list[Finding]:
    """200 000 nodes traced, Net6 cut into segments, a million links isolated."""
    return [_trace(plan), _segments(plan), *_isolation(plan)]


def _trace(plan: Plan) -> Finding:
    networkx = need("networkx")
    network = made_pipes.lattice(plan.size(400_000, 400))
    graph = networkx.DiGraph()
    for a, b in zip(network.tail.tolist(), network.head.tolist(), strict=True):
        graph.add_edge(a, b)
        graph.add_edge(b, a)
    question = "trace of everything that hangs together"
    check_equal(question, ours_answer(network), peer_answer(graph, networkx))
    return contest(
        question,
        f"{len(network.nodes):,} nodes",
        Contender("compressed rows", lambda: connected(network, 0)),
        Contender("networkx.descendants", lambda: networkx.descendants(graph, 0)),
        at_most=TRACE_AT_MOST,
        rounds=plan.rounds,
        unit="ms",
    )


def _segments(plan: Plan) -> Finding:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wntr = need("wntr")
        name = "Net3" if plan.quick else "Net6"
        path = Path(wntr.__file__).parent / "library" / "networks" / f"{name}.inp"
        theirs = wntr.network.WaterNetworkModel(str(path))
        table = wntr.network.generate_valve_layer(theirs, "strategic", 2, seed=1)
        graph = theirs.to_graph()
    network = network_of_model(parse_inp(path.read_text(encoding="latin-1")))
    layer = valve_layer(network, list(zip(table["link"], table["node"], strict=True)))

    def peer() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return wntr.metrics.topographic.valve_segments(graph, table)

    question = f"segments of {name} between valves"
    check_equal(question, segment_labels(segments(network, layer)), peer_labels(network, peer()))
    return contest(
        question,
        f"{len(network.links):,} links, {len(layer):,} valves",
        Contender("components", lambda: segments(network, layer)),
        Contender("wntr.valve_segments", peer),
        at_most=SEGMENTS_AT_MOST,
        rounds=min(plan.rounds, 3),
        unit="ms",
    )


def _isolation(plan: Plan) -> list[Finding]:
    network = made_pipes.lattice(plan.size(1_000_000, 1000))
    layer = made_pipes.valves(network)
    sized = f"{len(network.links):,} links, {len(layer):,} valves"
    begin = time.process_time()
    index = isolation_index(network, layer).prepare()
    prepared = time.process_time() - begin
    rng = np.random.default_rng(5)
    links = rng.choice(len(network.links), plan.size(300, 20), replace=False).tolist()
    plain = [_seconds(lambda k=k: index.isolate(k)) for k in links]
    excluded = _with_three_excluded(index, links)
    fewer = without(layer, np.array([0]))
    touched = layer.link[:1]
    begin = time.process_time()
    after = edited(index, network, fewer, touched).prepare()
    refreshed = time.process_time() - begin
    anew = isolation_index(network, fewer)
    check_equal("isolation after an edit", _answers(after, links[:5]), _answers(anew, links[:5]))
    rounds = len(links)
    return [
        bounded("preparing isolation", sized, "one search", prepared, "CPU s", at_most=20),
        bounded(
            "isolation of a link", sized, "ranges of the search",
            statistics.median(plain) * 1000, "CPU ms", at_most=5, rounds=rounds,
        ),
        bounded(
            "isolation with three valves excluded", sized, "one search around them",
            statistics.median(excluded) * 1000, "CPU ms", at_most=100, rounds=len(excluded),
        ),
        bounded("refresh after one edit", sized, "touched segments", refreshed, "CPU s", at_most=1),
    ]  # fmt: skip


def _seconds(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _with_three_excluded(index: IsolationIndex, links: list[int]) -> list[float]:
    taken = []
    for link in links:
        close = index.isolate(link).close
        if len(close) >= 3:
            three = close[:3].tolist()
            taken.append(_seconds(lambda k=link, e=three: index.isolate(k, e)))
    return taken or [float("nan")]


def _answers(index: IsolationIndex, links: list[int]) -> list[list[int]]:
    found = [index.isolate(link) for link in links]
    return [f.links.tolist() for f in found] + [f.unintended_links.tolist() for f in found]


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or "", ("networkx", "wntr", "scipy")))
