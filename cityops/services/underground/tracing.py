"""Traces along networks of surveys and models; loose ends joined."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cityops.services.underground.files import model_of_file, survey_of_files
from cityops.services.underground.networks import pair_of
from cityops.services.underground.trust import checked_survey
from gis.errors import CityError, InvalidError, NotFoundError
from underground.axes import BoolArray, FloatArray, IntArray
from underground.network.bridges import bridges, flow_by_sources
from underground.network.build import conducting, network_of_model, network_of_survey
from underground.network.model import Network
from underground.network.reconnect import Reconnection, join_ends, pinned, snap_to_nodes
from underground.network.trace import Trace, along_flow, connected, dangling, flow_by_levels, path
from underground.pipes import pipes_of_survey
from underground.survey.inp import InpKind
from underground.survey.meaning import meaning_of
from underground.survey.model import Survey
from underground.survey.places import degrees_of, metric_places, plane_of

DIRECTIONS = ("connected", "up", "down")


def trace_of_files(
    paths: Sequence[Path],
    start: str,
    *,
    direction: str = "connected",
    end: str | None = None,
    kind: str | None = None,
    respect_status: bool = False,
    crs: str | None = None,
    part: str | None = None,
    despite: bool = False,
) -> dict[str, Any]:
    """What hangs together with a node, lies up or down the flow of it, or on the way to another.

    Parameters
    ----------
    direction
        ``connected``, ``up`` or ``down``; flow follows the survey's field, else the levels of
        gravity pipes, else sources; where none of them decides it is undetermined and named.
    end
        Another node: the shortest way there is given.
    despite
        See `checked_survey`; its warnings stand in ``warnings``.

    Raises
    ------
    NotFoundError
        No such node, or no way between the two.
    InvalidError
        See `checked_survey`.
    """
    survey, warnings = checked_survey(
        paths, crs=crs, part=part, despite=despite, needs_heights=False
    )
    network, flow = _network(survey, paths, kind)
    use = conducting(network, respect_status=respect_status)
    about = {
        "network_version": network.version,
        "nodes_in_network": len(network.nodes),
        "links_in_network": len(network.links),
        "warnings": warnings,
    }
    node = network.node(start)
    if end is not None:
        found = path(network, node, network.node(end), use)
        return {
            "nodes": network.nodes[found.nodes].tolist(),
            "links": network.links[found.links].tolist(),
            "length_m": round(found.length_m, 6),
            **about,
        }
    if direction not in DIRECTIONS:
        raise InvalidError(
            "trace.direction", "不认识方向 {got}", field="direction", got=direction,
            expected=list(DIRECTIONS),
        )  # fmt: skip
    if direction == "connected":
        trace = connected(network, node, use)
    else:
        trace = along_flow(network, node, flow, upstream=direction == "up", use=use)
    return {**_trace_row(network, trace, use), **about}


def _trace_row(network: Network, trace: Trace, use: BoolArray) -> dict[str, Any]:
    loose = set(dangling(network, use).tolist())
    cut = bridges(network, use)
    return {
        "nodes": network.nodes[trace.nodes].tolist(),
        "links": network.links[trace.links].tolist(),
        "length_m": round(float(np.nansum(network.length[trace.links])), 6),
        "stops": [
            {
                "node": network.nodes[n],
                "link": None if k < 0 else network.links[k],
                "reason": reason.value,
            }
            for n, k, reason in trace.stops
        ],
        "sources": network.nodes[[n for n in trace.nodes if network.is_source[n]]].tolist(),
        "bridges": int(cut[trace.links].sum()),
        "in_loops": int((~cut[trace.links]).sum()),
        "dangling": [str(network.nodes[n]) for n in trace.nodes.tolist() if n in loose],
    }


def _network(survey: Survey, paths: Sequence[Path], kind: str | None) -> tuple[Network, IntArray]:
    """A network and the direction of flow in each of its links."""
    if len(paths) == 1 and paths[0].suffix.lower() == ".inp":
        model = model_of_file(paths[0])
        network = network_of_model(model)
        if model.kind is InpKind.SWMM:
            return network, np.ones(len(network.links), np.int64)
        return network, flow_by_sources(network)
    network = network_of_survey(survey, kind=kind)
    return network, _flow(survey, network)


def _flow(survey: Survey, network: Network) -> IntArray:
    """Field of the survey, else levels of gravity pipes, else sources."""
    meaning = meaning_of(survey)
    line = {row: i for i, row in enumerate(survey.lines.rows.tolist())}
    of_link = np.array([line[int(row)] for row in network.parent.tolist()], np.int64)
    told = meaning.flow[of_link]
    pipes = pipes_of_survey(survey)
    at = {row: i for i, row in enumerate(pipes.rows.tolist())}
    pipe = np.array([at[int(row)] for row in network.parent.tolist()], np.int64)
    first = pipes.axes.first
    level = np.column_stack(
        [pipes.axes.xyz[first[pipe], 2], pipes.axes.xyz[first[pipe + 1] - 1, 2]]
    )
    by_level = np.where(meaning.is_gravity[of_link], flow_by_levels(network, level), 0)
    found = np.where(told != 0, told, by_level)
    return np.where(found != 0, found, flow_by_sources(network)).astype(np.int64)


def reconnect_files(
    paths: Sequence[Path],
    *,
    tolerance_m: float,
    crs: str | None = None,
    pins: Sequence[str] = (),
    out: Path | None = None,
) -> dict[str, Any]:
    """Join ends of lines that do not meet; every move is reported.

    With a layer of points each end goes to the nearest point within the tolerance; without one,
    ends that lie together become a node at their middle, or join a line in mid-span.

    Parameters
    ----------
    pins
        ``LINE,NODE`` that a person knows to belong together: they come before distances. Only with
        a layer of points.
    out
        Where to write the lines with their ends moved, as GeoJSON in degrees with the names of
        their nodes; nothing else is changed.

    Raises
    ------
    InvalidError
        The tolerance is not positive, or a pin is further away than it. Faults of several pins are
        told together.
    NotFoundError
        A pin names a line or node that is not there.
    """
    survey = survey_of_files(paths, crs=crs)
    places = metric_places(survey)
    given = survey.points_delivered
    if given:
        known = np.flatnonzero(~np.isnan(places.points).any(axis=1))
        found = snap_to_nodes(places.ends, places.points[known], tolerance_m)
        names = survey.points.text("number")[known].tolist()
        lines = survey.lines.text("name").tolist()
        found = _pinned(found, places.ends, lines, names, pins, tolerance_m)
    elif pins:
        raise InvalidError("reconnect.pin_points", "没有点图层，不能指定节点", field="pin")
    else:
        found = join_ends(places.ends, tolerance_m, pipes_of_survey(survey).axes.plan_lines())
        names = [f"N{i + 1}" for i in range(len(found.place))]
    joined = found.node >= 0 if given else _shared(found)
    if out is not None:
        out.write_bytes(_lines_json(survey, found, names))
    return {
        "lines": len(survey.lines),
        "ends": len(found.node),
        "nodes": len(names),
        "tolerance_m": tolerance_m,
        "joined": int(joined.sum()),
        "mid_span": int((found.mid_span >= 0).sum()),
        "left_open": int((~joined & (found.mid_span < 0)).sum()),
        "doubtful": int(found.is_doubtful.sum()),
        "moved_max_m": round(float(found.moved_m.max(initial=0.0)), 4),
        "moves": _moves(survey, found, names),
    }


def _pinned(
    found: Reconnection,
    ends: FloatArray,
    lines: list[str | None],
    names: list[str | None],
    pins: Sequence[str],
    tolerance_m: float,
) -> Reconnection:
    """Ends put where a person says; the faults of all pins at once."""
    faults: list[CityError] = []
    for text in pins:
        try:
            line, node = pair_of(text, "--pin")
            at = _position(lines, line), _position(names, node)
            found = pinned(found, ends, *at, tolerance_m)
        except CityError as fault:
            faults.append(fault)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InvalidError(
            "reconnect.pins", "指定的节点有 {count} 处错误",
            params={"count": len(faults)}, field="pin", errors=faults,
        )  # fmt: skip
    return found


def _position(names: list[str | None], name: str) -> int:
    if name not in names:
        raise NotFoundError("reconnect.pin_unknown", "没有 {got}", field="pin", got=name)
    return names.index(name)


def _shared(found: Reconnection) -> BoolArray:
    """Ends that share their node with another end."""
    count = np.bincount(found.node[found.node >= 0], minlength=len(found.place) or 1)
    return np.asarray((found.node >= 0) & (count[np.maximum(found.node, 0)] > 1), bool)


def _moves(survey: Survey, found: Reconnection, names: list[str]) -> list[dict[str, Any]]:
    """Ends that moved, with how far, and how far the next candidate was."""
    rows = []
    for e in np.flatnonzero(found.moved_m > 1e-6).tolist():
        line, side = divmod(e, 2)
        second = float(found.second_m[e])
        rows.append(
            {
                "row": int(survey.lines.rows[line]),
                "line": survey.lines.text("name")[line],
                "end": ("start", "end")[side],
                "node": names[found.node[e]] if found.node[e] >= 0 else None,
                "mid_span_row": (
                    int(survey.lines.rows[found.mid_span[e]]) if found.mid_span[e] >= 0 else None
                ),
                "moved_m": round(float(found.moved_m[e]), 4),
                "second_m": None if np.isnan(second) else round(second, 4),
                "doubtful": bool(found.is_doubtful[e]),
            }
        )
    return rows


def _lines_json(survey: Survey, found: Reconnection, names: list[str]) -> bytes:
    """Lines with their ends at their nodes; degrees where the system is known."""
    plane = plane_of(survey)
    ends = survey.end_places.reshape(-1, 2).copy()
    at = np.flatnonzero(found.node >= 0)
    ends[at] = plane.delivered(found.place[found.node[at]])
    first = survey.shapes.first
    features = []
    for i in range(len(survey.lines)):
        middle = survey.shapes.xyz[first[i] : first[i + 1], :2]
        line = np.vstack([ends[2 * i], middle, ends[2 * i + 1]])
        shown = degrees_of(survey.crs, line)[0] if survey.crs is not None else line
        node = [found.node[2 * i + k] for k in range(2)]
        features.append(
            {
                "type": "Feature",
                "properties": {
                    "name": survey.lines.text("name")[i],
                    "start_node_name": names[node[0]] if node[0] >= 0 else None,
                    "end_node_name": names[node[1]] if node[1] >= 0 else None,
                },
                "geometry": {"type": "LineString", "coordinates": np.round(shown, 9).tolist()},
            }
        )
    return orjson.dumps({"type": "FeatureCollection", "features": features})
