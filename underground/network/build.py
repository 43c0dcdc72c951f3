"""Networks out of surveys and models."""

from __future__ import annotations

import numpy as np
import shapely

from gis.features import object_array
from underground.axes import BoolArray, FloatArray, IntArray, ObjectArray
from underground.network.model import Network
from underground.pipes import Pipes, pipes_of_survey
from underground.survey.inp import SOURCE_KINDS, InpModel
from underground.survey.model import Survey

#: Appurtenances of surveys that are valves (阀门) and those that are sources.
VALVE_WORDS = frozenset({"阀门", "闸阀", "蝶阀", "阀门井", "阀门孔", "闸门井"})
SOURCE_WORDS = frozenset({"水厂出水", "增压站出水", "水源井", "水塔", "reservoir", "tank"})
#: An end nearer than this (metres) to a line of its kind joins it in mid-span.
MID_SPAN_M = 0.001


def network_of_model(model: InpModel) -> Network:
    """The network of an EPANET or SWMM model; every link of it, valves and pumps too.

    Names that a node and a link share are no matter: they are told apart by their place.
    """
    n, m = len(model.nodes), len(model.links)
    return Network(
        nodes=model.nodes,
        links=model.links,
        tail=model.start,
        head=model.end,
        length=model.length,
        link_kind=model.link_kind,
        is_closed=model.is_closed,
        is_one_way=model.is_one_way,
        is_source=np.isin(model.node_kind.astype(str), SOURCE_KINDS),
        xyz=np.column_stack([model.xy, model.elevation]) if n else np.empty((0, 3)),
        parent=np.arange(m),
        point_valves=np.empty(0, np.int64),
    )


def network_of_survey(survey: Survey, *, kind: str | None = None) -> Network:
    """The network of a survey's lines, all or of one kind.

    Links are the lines with a place, abandoned and empty ones left out; nodes are the points they
    name. Where the end of a single line lies on another line of its kind, that line is cut there
    into two links with one parent: a connection in mid-span needs no point of its own.
    """
    pipes = pipes_of_survey(survey)
    keep = ~np.isin(pipes.status.astype(str), ["abandoned", "empty", "planned"])
    keep &= (pipes.nodes >= 0).all(axis=1) & (pipes.nodes[:, 0] != pipes.nodes[:, 1])
    if kind is not None:
        keep &= pipes.kind.astype(str) == kind
    chosen = pipes.take(np.flatnonzero(keep))
    used, ends = np.unique(chosen.nodes, return_inverse=True)
    ends = ends.reshape(-1, 2)
    numbers = survey.points.text("number")[used]
    things = survey.points.text("appurtenance")[used]
    links = _cut_at_joints(chosen, ends, _joints(chosen, ends))
    m = len(links[0])
    return Network(
        nodes=numbers,
        links=links[0],
        tail=links[1],
        head=links[2],
        length=links[3],
        link_kind=chosen.kind[links[4]],
        is_closed=np.isin(chosen.status[links[4]].astype(str), ["closed"]),
        is_one_way=np.zeros(m, bool),
        is_source=np.isin(things.astype(str), list(SOURCE_WORDS)),
        xyz=_node_places(chosen, ends, len(used)),
        parent=chosen.rows[links[4]],
        point_valves=np.flatnonzero(np.isin(things.astype(str), list(VALVE_WORDS))),
    )


def _node_places(pipes: Pipes, ends: IntArray, n: int) -> FloatArray:
    out = np.full((n, 3), np.nan)
    first = pipes.axes.first
    out[ends[:, 1]] = pipes.axes.xyz[first[1:] - 1]
    out[ends[:, 0]] = pipes.axes.xyz[first[:-1]]
    return out


def _joints(pipes: Pipes, ends: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Nodes of one line that lie on another of their kind: node, pipe, metres along it in plan."""
    n = int(ends.max(initial=-1)) + 1
    degree = np.bincount(ends.reshape(-1), minlength=n)
    loose = np.flatnonzero(degree == 1)
    if not len(loose):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    places = _node_places(pipes, ends, n)[loose, :2]
    own = np.full(n, -1, np.int64)
    own[ends[:, 0]] = own[ends[:, 1]] = 0
    own[ends[:, 0]] = np.arange(len(ends))
    own[ends[:, 1]] = np.where(degree[ends[:, 1]] == 1, np.arange(len(ends)), own[ends[:, 1]])
    lines = pipes.axes.plan_lines()
    spots = shapely.points(places)
    which, near = shapely.STRtree(lines).query(spots, predicate="dwithin", distance=MID_SPAN_M)
    node = loose[which]
    kinds = pipes.kind.astype(str)
    keep = (kinds[own[node]] == kinds[near]) & (own[node] != near)
    node, near, spot = node[keep], near[keep], spots[which[keep]]
    along = shapely.line_locate_point(lines[near], spot)
    total = pipes.axes.lengths(plan=True)[near]
    inner = (along > MID_SPAN_M) & (along < total - MID_SPAN_M)
    return node[inner], near[inner], along[inner]


def _cut_at_joints(
    pipes: Pipes, ends: IntArray, joints: tuple[IntArray, IntArray, FloatArray]
) -> tuple[ObjectArray, IntArray, IntArray, FloatArray, IntArray]:
    """Names, tails, heads, lengths of links, and the pipe that each is of."""
    node, pipe, along = joints
    count = len(ends)
    plan, space = pipes.axes.lengths(plan=True), pipes.axes.lengths()
    stretched = np.where(np.isnan(space) | (plan <= 0), 1.0, space / np.where(plan > 0, plan, 1.0))
    every = np.arange(count)
    # Stations along each pipe: its start, its joints, its end.
    of = np.concatenate([every, pipe, every])
    at = np.concatenate([np.zeros(count), along, plan])
    who = np.concatenate([ends[:, 0], node, ends[:, 1]])
    order = np.lexsort((at, of))
    of, at, who = of[order], at[order], who[order]
    inside = of[1:] == of[:-1]
    owner = of[:-1][inside]
    number = np.arange(len(owner)) - np.searchsorted(owner, owner)
    pieces = np.bincount(owner, minlength=count)
    names = object_array(
        name if pieces[o] == 1 else f"{name}#{k + 1}"
        for name, o, k in zip(
            pipes.ids[owner].tolist(), owner.tolist(), number.tolist(), strict=True
        )
    )
    long = (at[1:] - at[:-1])[inside] * stretched[owner]
    return names, who[:-1][inside], who[1:][inside], long, owner


def conducting(network: Network, *, respect_status: bool) -> BoolArray:
    """(m,) links that conduct: all, or those that are not shut."""
    return ~network.is_closed if respect_status else np.ones(len(network.links), bool)
