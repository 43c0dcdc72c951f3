"""Segments and isolation against wntr, networkx, and recomputation from scratch."""

import warnings
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InvalidError, NotFoundError
from underground.network.build import network_of_model
from underground.network.cuts import cut_index
from underground.network.edits import edited
from underground.network.isolation import isolation_index
from underground.network.model import network_of, plain_matrix
from underground.network.partition import segments
from underground.network.reconnect import pinned, snap_to_nodes
from underground.network.valves import valve_layer, without
from underground.survey.inp import parse_inp

NETS = ["Net3", "ky4", "ky10", "Net6"]
LAYERS = {
    "two per junction less": ("strategic", 2),
    "one less": ("strategic", 1),
    "random": ("random", 0.4),
}


@pytest.fixture(scope="session")
def wntr():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("wntr")


@pytest.fixture(scope="session")
def model(wntr):
    """``model(name)``: our network and wntr's."""
    made = {}

    def get(name):
        if name not in made:
            path = Path(wntr.__file__).parent / "library" / "networks" / f"{name}.inp"
            ours = network_of_model(parse_inp(path.read_text(encoding="latin-1"), name))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made[name] = ours, wntr.network.WaterNetworkModel(str(path))
        return made[name]

    return get


def layer_of(wntr, network, theirs, kind, n):
    count = n if n > 1 or kind == "strategic" else int(n * len(network.links))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = wntr.network.generate_valve_layer(theirs, kind, count, seed=1)
    pairs = list(zip(table["link"], table["node"], strict=True))
    return table, valve_layer(network, pairs)


def same_partition(a, b):
    there, back = {}, {}
    return all(
        there.setdefault(x, y) == y and back.setdefault(y, x) == x
        for x, y in zip(a, b, strict=True)
    )


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("name", [*NETS[:3], pytest.param("Net6", marks=pytest.mark.slow)])
def test_segments_are_those_of_wntr(name, layer, wntr, model):
    network, theirs = model(name)
    table, valves = layer_of(wntr, network, theirs, *LAYERS[layer])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        of_node, of_link, sizes = wntr.metrics.topographic.valve_segments(theirs.to_graph(), table)
    found = segments(network, valves)
    assert found.count == len(sizes)
    ours = [*found.of_node.tolist(), *found.of_link.tolist()]
    assert same_partition(
        ours, [*(of_node[n] for n in network.nodes), *(of_link[k] for k in network.links)]
    )


@pytest.mark.parametrize("name", ["ky4", "ky10"])
def test_a_valve_at_a_point_of_two_links_parts_links_as_one_on_either_of_them(name, model):
    network, _ = model(name)
    points = np.random.default_rng(1).choice(np.flatnonzero(network.degrees == 2), 100, False)
    at_points = segments(network, valve_layer(network, [(None, network.nodes[p]) for p in points]))
    last = {
        int(p): int(max(np.flatnonzero((network.tail == p) | (network.head == p)))) for p in points
    }
    on_links = [(network.links[last[int(p)]], network.nodes[p]) for p in points]
    other = segments(network, valve_layer(network, on_links))
    assert same_partition(at_points.of_link.tolist(), other.of_link.tolist())


def test_a_valve_where_three_links_meet_shuts_nothing_and_is_named():
    net = network_of("ABCD", [("p", "A", "B"), ("q", "B", "C"), ("r", "B", "D")])
    layer = valve_layer(net, [(None, "B")])
    assert net.nodes[layer.not_isolating].tolist() == ["B"]
    assert segments(net, layer).count == 1


def test_every_valve_that_is_none_of_the_network_is_named_at_once():
    net = network_of("ABC", [("p", "A", "B"), ("q", "B", "C")])
    with pytest.raises(InvalidError) as refused:
        valve_layer(net, [("p", "C"), ("x", "A"), ("p", "Z"), ("q", "C")], [2, 3, 4, 5])
    assert [(e.row, e.code) for e in refused.value.errors] == [
        (2, "valves.not_an_end"), (3, "valves.no_link"), (4, "valves.no_node"),
    ]  # fmt: skip


def test_unknown_links_are_not_found():
    with pytest.raises(NotFoundError):
        network_of("AB", [("p", "A", "B")]).link("q")


# -- isolation from scratch --------------------------------------------------------------------


def from_scratch(net, valves, link, exclude, respect_status):
    """Closed links, valves to close, links that lose every source: by flooding the whole network.

    Vertices are nodes (0 to n - 1) and links (from n on).
    """
    n = len(net.nodes)
    near = [[] for _ in range(n + len(net.links))]
    for i, ends in enumerate(zip(net.tail.tolist(), net.head.tolist(), strict=True)):
        if not (respect_status and net.is_closed[i]):
            for end in set(ends):
                near[n + i].append(end)
                near[end].append(n + i)
    edges = [(n + int(k), int(v)) for k, v in zip(valves.link, valves.node, strict=True)]
    shut = {e for i, e in enumerate(edges) if i not in exclude}
    sources = np.flatnonzero(net.is_source).tolist()
    part = flooded(near, [n + link], shut, set())
    lost = flooded(near, sources, set(), set()) - flooded(near, sources, set(), part) - part
    close = [
        i for i, (a, b) in enumerate(edges)
        if i not in exclude and (a in part) != (b in part) and b in near[a]
    ]  # fmt: skip
    return sorted(v - n for v in part if v >= n), close, sorted(v - n for v in lost if v >= n)


def flooded(near, starts, shut, walls):
    """Vertices reached from some, not through edges that are shut nor into walls."""
    reached = {v for v in starts if v not in walls}
    waiting = list(reached)
    while waiting:
        v = waiting.pop()
        for w in near[v]:
            if w not in reached and w not in walls and (v, w) not in shut and (w, v) not in shut:
                reached.add(w)
                waiting.append(w)
    return reached


def check(index, link, exclude):
    net = index.network
    found = index.isolate(link, exclude)
    links, close, lost = from_scratch(net, index.valves, link, set(exclude), index.respect_status)
    assert found.links.tolist() == links
    assert sorted(found.close.tolist()) == close
    assert found.unintended_links.tolist() == lost
    assert (np.diff(found.distance_m) >= 0).all()


def some_exclusions(index, link, rng):
    near = index.isolate(link).close
    count = min(len(near), int(rng.integers(0, 4)))
    return rng.choice(near, count, replace=False).tolist() if count else []


QUESTIONS = {"Net3": 200, "ky4": 120, "ky10": 120, "Net6": 60}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETS)
def test_isolation_equals_recomputation_from_scratch(name, wntr, model):
    network, theirs = model(name)
    rng = np.random.default_rng(11)
    for n in (2, 1):
        _, valves = layer_of(wntr, network, theirs, "strategic", n)
        index = isolation_index(network, valves).prepare()
        for _ in range(QUESTIONS[name] // 2):
            link = int(rng.integers(len(network.links)))
            check(index, link, some_exclusions(index, link, rng))


@pytest.mark.parametrize("name", ["Net3", "ky4"])
def test_isolation_that_respects_closed_links_equals_recomputation(name, wntr, model):
    network, theirs = model(name)
    _, valves = layer_of(wntr, network, theirs, "strategic", 2)
    index = isolation_index(network, valves, respect_status=True)
    rng = np.random.default_rng(5)
    shut = np.flatnonzero(network.is_closed)
    for link in [*shut.tolist(), *rng.choice(len(network.links), 12).tolist()]:
        check(index, link, some_exclusions(index, link, rng))


links = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(links, st.sets(st.integers(0, 6), max_size=3), st.data())
def test_isolation_of_small_networks_equals_recomputation(ends, sources, data):
    net = network_of(
        "ABCDEFG",
        [(f"p{i}", "ABCDEFG"[a], "ABCDEFG"[b]) for i, (a, b) in enumerate(ends)],
        sources=["ABCDEFG"[s] for s in sources],
    )
    spots = [(k, int(e[k])) for k in range(len(ends)) for e in (net.tail, net.head)]
    chosen = data.draw(st.lists(st.sampled_from(spots), unique=True, max_size=10))
    valves = valve_layer(net, [(net.links[k], net.nodes[n]) for k, n in chosen])
    index = isolation_index(net, valves)
    link = data.draw(st.integers(0, len(ends) - 1))
    every = range(len(valves))
    exclude = data.draw(st.lists(st.sampled_from(every), unique=True, max_size=3)) if every else []
    check(index, link, exclude)


def test_what_hangs_behind_the_closed_part_loses_its_water_and_its_valve_need_not_be_closed():
    net = network_of("RABC", [("p", "R", "A"), ("q", "A", "B"), ("r", "B", "C")], sources="R")
    index = isolation_index(net, valve_layer(net, [("p", "A"), ("q", "B")]))
    found = index.isolate(1)
    assert net.links[found.unintended_links].tolist() == ["r"]
    assert found.close.tolist() == [1, 0] or found.close.tolist() == [0, 1]
    assert found.not_needed.tolist() == [v == 1 for v in found.close.tolist()]


def test_a_tank_inside_the_closed_part_feeds_nobody_outside():
    net = network_of("RTBC", [("p", "R", "T"), ("q", "T", "B"), ("r", "B", "C")], sources="T")
    index = isolation_index(net, valve_layer(net, [("q", "T"), ("p", "T")]))
    assert index.isolate(0).has_source is False
    shut = isolation_index(net, valve_layer(net, [("q", "B")])).isolate(1)
    assert shut.has_source
    assert net.links[shut.unintended_links].tolist() == ["r"]


def test_valves_come_in_the_order_of_their_distance_along_the_pipes():
    pipes = [("p", "A", "B"), ("q", "B", "C"), ("r", "C", "D"), ("s", "B", "E")]
    net = network_of("ABCDE", pipes, lengths=[10, 100, 50, 30])
    index = isolation_index(net, valve_layer(net, [("r", "D"), ("s", "E"), ("p", "A")]))
    found = index.isolate(0)
    assert found.distance_m.tolist() == pytest.approx([5, 35, 155])
    assert net.nodes[index.valves.node[found.close]].tolist() == ["A", "E", "D"]


def test_a_check_valve_feeds_nobody_against_its_direction():
    pipes = [("p", "R", "A"), ("q", "A", "B"), ("cv", "B", "C"), ("s", "C", "S")]
    net = network_of("RABCS", pipes, sources=["R", "S"], one_way=["cv"])
    valves = valve_layer(net, [("p", "A")])
    blind = isolation_index(net, valves).isolate(0)
    aware = isolation_index(net, valves, respect_status=True).isolate(0)
    assert net.links[blind.unintended_links].tolist() == []
    assert net.links[aware.unintended_links].tolist() == ["q", "cv"]


def test_an_edit_gives_the_answers_of_a_network_prepared_anew(wntr, model):
    network, theirs = model("ky4")
    _, valves = layer_of(wntr, network, theirs, "strategic", 2)
    index = isolation_index(network, valves).prepare()
    rng = np.random.default_rng(2)
    for _ in range(5):
        gone = rng.choice(len(valves), 3, replace=False)
        fewer = without(valves, gone)
        after = edited(index, network, fewer, valves.link[gone])
        anew = isolation_index(network, fewer)
        assert same_partition(after.partition.of_link.tolist(), anew.partition.of_link.tolist())
        for link in rng.choice(len(network.links), 10).tolist():
            one, two = after.isolate(link), anew.isolate(link)
            assert one.links.tolist() == two.links.tolist()
            assert one.unintended_links.tolist() == two.unintended_links.tolist()


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 12), st.integers(0, 30), st.integers(0, 10_000))
def test_what_a_vertex_takes_with_it_is_what_networkx_no_longer_reaches(n, m, seed):
    a, b = np.random.default_rng(seed).integers(0, n, (2, m))
    graph = nx.Graph(zip(a.tolist(), b.tolist(), strict=True))
    graph.add_nodes_from(range(n))
    index = cut_index(plain_matrix(np.append(a, b), np.append(b, a), n), 0)
    reached = nx.node_connected_component(graph, 0)
    for vertex in range(1, n):
        rest = graph.copy()
        rest.remove_node(vertex)
        expected = reached - nx.node_connected_component(rest, 0) - {vertex}
        assert set(index.lost_with(vertex).tolist()) == expected


def test_the_version_of_a_network_changes_with_what_conducts():
    one = network_of("AB", [("p", "A", "B")])
    two = network_of("AB", [("p", "A", "B")], closed=["p"])
    assert one.version != two.version
    assert one.version == network_of("AB", [("p", "A", "B")]).version


def test_a_pin_puts_the_nearer_end_of_a_line_where_a_person_says():
    ends = np.array([[[0.0, 0.0], [10.0, 0.0]]])
    nodes = np.array([[0.1, 0.0], [10.2, 0.0], [11.0, 0.0]])
    found = snap_to_nodes(ends, nodes, 2.0)
    assert found.node.tolist() == [0, 1]
    moved = pinned(found, ends, 0, 2, 2.0)
    assert moved.node.tolist() == [0, 2]
    assert moved.moved_m[1] == pytest.approx(1.0)
    with pytest.raises(InvalidError) as refused:
        pinned(found, ends, 0, 2, 0.5)
    assert refused.value.code == "reconnect.pin_far"
