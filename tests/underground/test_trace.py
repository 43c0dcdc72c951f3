"""Traces against networkx, and their stop reasons on small networks."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import NotFoundError
from underground.network.bridges import bridges, flow_by_sources
from underground.network.model import network_of
from underground.network.trace import (
    Stop,
    along_flow,
    connected,
    dangling,
    flow_by_levels,
    path,
)

NAMES = "ABCDEFGH"
ends = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=16)


def net_of(pairs, **more):
    links = [(f"p{i}", NAMES[a], NAMES[b]) for i, (a, b) in enumerate(pairs)]
    return network_of(NAMES, links, **more)


def graph_of(pairs, lengths=None):
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(8))
    for i, (a, b) in enumerate(pairs):
        graph.add_edge(a, b, key=i, weight=1.0 if lengths is None else lengths[i])
    return graph


@settings(max_examples=150, deadline=None)
@given(ends, st.integers(0, 7))
def test_what_hangs_together_is_the_component(pairs, node):
    found = connected(net_of(pairs), node)
    assert set(found.nodes.tolist()) == nx.node_connected_component(graph_of(pairs), node)


@settings(max_examples=200, deadline=None)
@given(ends)
def test_bridges_are_those_of_networkx(pairs):
    graph = graph_of(pairs)
    simple = nx.Graph((a, b) for a, b in pairs if a != b)
    expected = {frozenset(e) for e in nx.bridges(simple)} if len(simple) else set()
    single = [
        a != b and frozenset((a, b)) in expected and graph.number_of_edges(a, b) == 1
        for a, b in pairs
    ]
    assert bridges(net_of(pairs)).tolist() == single


@settings(max_examples=150, deadline=None)
@given(ends, st.integers(0, 7), st.integers(0, 7), st.integers(0, 1000))
def test_paths_are_as_short_as_those_of_networkx(pairs, start, end, seed):
    lengths = np.random.default_rng(seed).integers(1, 20, len(pairs)).astype(float)
    graph = graph_of(pairs, lengths)
    net = net_of(pairs, lengths=lengths)
    if not nx.has_path(graph, start, end):
        with pytest.raises(NotFoundError):
            path(net, start, end)
        return
    found = path(net, start, end)
    assert found.length_m == pytest.approx(nx.shortest_path_length(graph, start, end, "weight"))
    assert (found.nodes[0], found.nodes[-1]) == (start, end)
    for i, (link, forward) in enumerate(zip(found.links, found.forward, strict=True)):
        a, b = (net.tail[link], net.head[link]) if forward else (net.head[link], net.tail[link])
        assert (a, b) == (found.nodes[i], found.nodes[i + 1])


@settings(max_examples=150, deadline=None)
@given(ends, st.integers(0, 7), st.booleans())
def test_up_and_down_the_flow_are_ancestors_and_descendants(pairs, node, upstream):
    graph = nx.MultiDiGraph(pairs)
    graph.add_nodes_from(range(8))
    expected = (nx.ancestors if upstream else nx.descendants)(graph, node) | {node}
    found = along_flow(net_of(pairs), node, np.ones(len(pairs), int), upstream=upstream)
    assert set(found.nodes.tolist()) == expected


@settings(max_examples=200, deadline=None)
@given(ends, st.sets(st.integers(0, 7), min_size=1, max_size=2))
def test_flow_is_determined_where_one_side_has_no_source_and_no_other_way_in(pairs, sources):
    net = net_of(pairs, sources=[NAMES[s] for s in sources])
    flow = flow_by_sources(net)
    for i, (a, b) in enumerate(pairs):
        rest = graph_of([p for k, p in enumerate(pairs) if k != i])
        wet = set().union(*(nx.node_connected_component(rest, s) for s in sources))
        expected = 0 if (a in wet) == (b in wet) else 1 if a in wet else -1
        assert flow[i] == expected


def test_a_trace_says_why_it_stops():
    net = network_of(
        "ABCDEF",
        [("p", "A", "B"), ("q", "B", "C"), ("r", "B", "D"), ("s", "D", "E"), ("t", "F", "C")],
    )
    use = np.array([True, True, True, False, True])
    found = along_flow(net, 0, np.array([1, 1, 1, 1, 1]), upstream=False, use=use)
    assert found.stops == ((2, -1, Stop.AGAINST), (3, 3, Stop.CLOSED))
    unknown = along_flow(net, 0, np.array([1, 0, 1, 1, 1]), upstream=False)
    assert (1, 1, Stop.UNDETERMINED) in unknown.stops
    assert (4, -1, Stop.END) in unknown.stops


def test_upstream_ends_at_sources():
    net = network_of("RAB", [("p", "R", "A"), ("q", "A", "B")], sources="R")
    found = along_flow(net, 2, flow_by_sources(net), upstream=True)
    assert found.stops == ((0, -1, Stop.SOURCE),)


def test_flow_by_levels_is_undetermined_where_a_level_is_missing_or_equal():
    net = network_of("ABCD", [("p", "A", "B"), ("q", "B", "C"), ("r", "C", "D")])
    level = np.array([[3.0, 2.0], [2.0, np.nan], [1.0, 1.0]])
    assert flow_by_levels(net, level).tolist() == [1, 0, 0]


def test_dangling_ends_are_no_sources():
    net = network_of("RABC", [("p", "R", "A"), ("q", "A", "B"), ("r", "A", "C")], sources="R")
    assert net.nodes[dangling(net)].tolist() == ["B", "C"]
