"""Networks of model files: segments between valves, isolation of a link."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cityops.services.reading.encoding import decode
from cityops.services.underground.files import model_of_file, survey_of_files
from gis.errors import CityError, FileError, InvalidError, NotFoundError
from underground.axes import IntArray
from underground.network.build import network_of_model, network_of_survey
from underground.network.isolation import IsolationIndex, isolation_index
from underground.network.model import Network
from underground.network.partition import segments
from underground.network.valves import ValveLayer, valve_layer

_LINK = ("link", "管段", "管线编号")
_NODE = ("node", "节点", "点号")


def network_of_file(path: Path, sources: Sequence[str] = ()) -> Network:
    """The network of an EPANET or SWMM file, or of the lines of a survey.

    Parameters
    ----------
    sources
        Nodes from which water comes besides those that the file names.

    Raises
    ------
    FileError
        See `parse_inp` and `survey_of_files`.
    NotFoundError
        A source is no node of the network.
    """
    if path.suffix.lower() == ".inp":
        network = network_of_model(model_of_file(path))
    else:
        network = network_of_survey(survey_of_files([path]))
    if not sources:
        return network
    is_source = network.is_source.copy()
    is_source[[network.node(name) for name in sources]] = True
    return replace(network, is_source=is_source)


def valves_of_file(path: Path, network: Network) -> ValveLayer:
    """Valves out of a CSV with the columns link and node; an empty link is a valve at a node.

    Raises
    ------
    FileError
        There is no such file, or its columns are missing.
    InvalidError
        Rows that name no valve of the network, all of them.
    """
    if not path.is_file():
        raise NotFoundError("file.missing", "没有文件 {got}", field="valves", got=str(path))
    reader = csv.reader(io.StringIO(decode(path.read_bytes()).text, newline=""))
    rows = [(i, [c.strip() for c in cells]) for i, cells in enumerate(reader, 1) if any(cells)]
    head = [name.lower() for name in rows[0][1]] if rows else []
    columns = [next((head.index(n) for n in names if n in head), None) for names in (_LINK, _NODE)]
    if columns[0] is None or columns[1] is None:
        raise FileError(
            "valves.no_columns",
            "阀门表应有 link、node 两列",
            field="valves",
            got=head,
            expected=["link", "node"],
        )
    width = max(columns[0], columns[1]) + 1
    short = [i for i, cells in rows[1:] if len(cells) < width]
    if short:
        raise FileError(
            "csv.columns", "第 {got} 行缺少列", field="valves", got=short[:20], row=short[0]
        )
    pairs = [(cells[columns[0]] or None, cells[columns[1]]) for _, cells in rows[1:]]
    return valve_layer(network, pairs, [i for i, _ in rows[1:]])


def segments_of_file(
    path: Path, valves: Path, *, sources: Sequence[str] = (), respect_status: bool = False
) -> dict[str, Any]:
    """Segments between valves in the fixed form.

    Raises
    ------
    FileError, InvalidError
        See `network_of_file` and `valves_of_file`.
    """
    network = network_of_file(path, sources)
    layer = valves_of_file(valves, network)
    index = IsolationIndex(
        network, layer, segments(network, layer, respect_status=respect_status), respect_status
    )
    part = index.partition
    links, link_first = part.links_by_segment
    nodes, node_first = part.nodes_by_segment
    at, valve_first = index.valves_by_segment
    listed = [
        {
            "id": i + 1,
            "links": network.links[links[link_first[i] : link_first[i + 1]]].tolist(),
            "nodes": network.nodes[nodes[node_first[i] : node_first[i + 1]]].tolist(),
            "valves": _named(network, layer, np.sort(at[valve_first[i] : valve_first[i + 1]])),
            "has_source": bool(index.has_source[i]),
        }
        for i in range(part.count)
    ]
    return {"segments": listed, **_about(network, layer)}


def isolation_of_file(
    path: Path,
    valves: Path,
    link: str,
    *,
    exclude: Sequence[str] = (),
    sources: Sequence[str] = (),
    respect_status: bool = False,
) -> dict[str, Any]:
    """How to close off a link, in the fixed form.

    Parameters
    ----------
    exclude
        Valves that cannot be closed, each as "link,node".

    Raises
    ------
    NotFoundError, InvalidError
        No such link, or excluded valves that are none of the layer or no two names; several of
        these are in ``errors``.
    FileError, InvalidError
        See `network_of_file` and `valves_of_file`.
    """
    network = network_of_file(path, sources)
    layer = valves_of_file(valves, network)
    burst, excluded = _asked(network, layer, link, exclude)
    index = isolation_index(network, layer, respect_status=respect_status)
    found = index.isolate(burst, excluded)
    long = network.length[found.links]
    return {
        "close": _named(network, layer, found.close),
        "links": network.links[found.links].tolist(),
        "unintended_links": network.links[found.unintended_links].tolist(),
        "length_m": round(float(np.nansum(long)), 6),
        "distance_m": [round(float(d), 3) for d in found.distance_m],
        "nodes": network.nodes[found.nodes].tolist(),
        "not_needed": _named(network, layer, found.close[found.not_needed]),
        "links_without_length": int(np.isnan(long).sum()),
        "has_source": found.has_source,
        **_about(network, layer),
    }


def _named(network: Network, layer: ValveLayer, valves: IntArray) -> list[list[str]]:
    links, nodes = network.links[layer.link[valves]], network.nodes[layer.node[valves]]
    return [[str(a), str(b)] for a, b in zip(links, nodes, strict=True)]


def _about(network: Network, layer: ValveLayer) -> dict[str, Any]:
    return {
        "network_version": network.version,
        "valves": len(layer),
        "not_isolating": network.nodes[layer.not_isolating].tolist(),
        "sources": network.nodes[network.is_source].tolist(),
    }


def _asked(
    network: Network, layer: ValveLayer, link: str, exclude: Sequence[str]
) -> tuple[int, list[int]]:
    """Positions of the link and of the excluded valves; every fault of them at once."""
    faults: list[CityError] = []
    found: list[int] = []
    questions: list[Callable[[], int]] = [lambda: network.link(link)]
    questions += [
        partial(lambda text: _valve_at(network, layer, pair_of(text, "exclude")), text)
        for text in exclude
    ]
    for question in questions:
        try:
            found.append(question())
        except CityError as fault:
            faults.append(fault)
    if len(faults) > 1:
        first = faults[0]
        kind = NotFoundError if isinstance(first, NotFoundError) else InvalidError
        raise kind(
            first.code, first.template, field=first.field, got=first.got,
            expected=first.expected, params=first.params, errors=faults,
        )  # fmt: skip
    if faults:
        raise faults[0]
    return found[0], found[1:]


def pair_of(text: str, field: str) -> tuple[str, str]:
    """A link and a node as they are written on the command line.

    Raises
    ------
    InvalidError
        Not two names with a comma between.
    """
    link, comma, node = text.rpartition(",")
    if not comma or not link or not node:
        raise InvalidError(
            "valves.bad_pair",
            "应写作“管段,节点”，得到 {got}",
            field=field,
            got=text,
            expected="LINK,NODE",
        )
    return link.strip(), node.strip()


def _valve_at(network: Network, layer: ValveLayer, pair: tuple[str, str]) -> int:
    link, node = network.link(pair[0]), network.node(pair[1])
    at = np.flatnonzero((layer.link == link) & (layer.node == node))
    if not len(at):
        raise NotFoundError(
            "valves.no_such_valve",
            "管段 {link} 在节点 {node} 一侧没有阀门",
            field="exclude",
            got=list(pair),
            params={"link": pair[0], "node": pair[1]},
        )
    return int(at[0])
