"""Dividing what is too large: in two, again and again, where the border costs least.

Candidates are found by a tree that keeps costly borders inside and by sweeping in twelve
directions; the cheapest are refined face by face. What a cut costs grows smoothly towards the
bounds of sizes, so that noise in the ground does not tip the choice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np

from grid.partition.graph import FaceGraph
from grid.partition.regions import Sizes

#: So many of the cheapest cuts are refined.
TRIED = 40
#: Shares of the area at which a sweep stops.
SHARES = np.arange(0.1, 0.95, 0.08)


def divided(graph: FaceGraph, members: set[int], sizes: Sizes) -> list[set[int]]:
    """A region that is too large, divided where borders cost least; itself where it cannot be."""
    if graph.area(members) <= sizes.most:
        return [members]
    cut = best_cut(graph, members, sizes)
    if cut is None:
        return [members]
    return [piece for side in cut for piece in divided(graph, side, sizes)]


def best_cut(graph: FaceGraph, members: set[int], sizes: Sizes) -> tuple[set[int], set[int]] | None:
    """The cheapest border that leaves two connected sides of sufficient size; None without one."""
    total = graph.area(members)

    def score(one: set[int], two: set[int]) -> float:
        return graph.border_cost(one, two) * _awkward(graph.area(one), graph.area(two), sizes)

    first = min(members)
    sides = {frozenset(s if first in s else members - s) for s in candidates(graph, members)}
    fair = [s for s in sides if sizes.least <= graph.area(s) <= total - sizes.least]
    scored = sorted((score(set(s), members - s), sorted(s)) for s in fair)
    best: tuple[float, set[int], set[int]] | None = None
    for _, faces in scored[:TRIED]:
        side = set(faces)
        one, two = refined(graph, side, members - side, sizes)
        cost = score(one, two)
        if best is None or cost < best[0] - 1e-9:
            best = (cost, one, two)
    return None if best is None else (best[1], best[2])


def _awkward(one: float, two: float, sizes: Sizes) -> float:
    """Factor by which two areas make a cut worse: uneven, or so near to a bound that noise decides.

    It rises smoothly, so that a small change of the ground does not tip the choice.
    """
    factor = 1.0 + 0.5 * abs(one - two) / (one + two)
    short = max(0.0, 1.4 - min(one, two) / sizes.least) / 0.4
    factor *= 1.0 + 2.0 * short**2
    for area in (one, two):
        factor *= 1.0 + max(0.0, 1.0 - abs(area / sizes.most - 1.0) / 0.06)
    return factor


def candidates(graph: FaceGraph, members: set[int]) -> Iterator[set[int]]:
    """Sides of possible cuts: by a tree that keeps costly borders inside, and by sweeping."""
    yield from _tree_sides(graph, members)
    faces = sorted(members)
    xy, areas = graph.points[faces], graph.areas[faces]
    seen: set[frozenset[int]] = set()
    for angle in np.arange(12) * np.pi / 12:
        order = np.argsort(xy @ [np.cos(angle), np.sin(angle)], kind="stable")
        total = np.cumsum(areas[order])
        ends = np.searchsorted(total, SHARES * total[-1]) + 1
        for upto in np.unique(ends).tolist():
            swept = frozenset(faces[i] for i in order[:upto].tolist())
            if swept in seen:
                continue
            seen.add(swept)
            side = _whole(graph, members, set(swept))
            if side is not None:
                yield side


def _whole(graph: FaceGraph, members: set[int], side: set[int]) -> set[int] | None:
    """A side made connected, with a connected rest, by giving loose parts to the other side."""
    side = graph.parts(side)[0] if side else side
    rest = members - side
    if not side or not rest:
        return None
    loose = graph.parts(rest)[1:]
    for part in loose:
        side = side | part
    return side if len(side) < len(members) and len(graph.parts(side)) == 1 else None


def _tree_sides(graph: FaceGraph, members: set[int]) -> Iterator[set[int]]:
    """One side for each branch of a spanning tree that holds the costliest borders."""
    pairs = sorted(
        (-cost, a, b)
        for a in members
        for b, cost in graph.costs[a].items()
        if b in members and a < b
    )
    root: dict[int, int] = {f: f for f in members}
    find = _finder(root)
    tree: defaultdict[int, list[int]] = defaultdict(list)
    for _, a, b in pairs:
        x, y = find(a), find(b)
        if x != y:
            root[x] = y
            tree[a].append(b)
            tree[b].append(a)
    top = min(members)
    order, parent = [top], {top: -1}
    for face in order:
        for child in tree[face]:
            if child not in parent:
                parent[child] = face
                order.append(child)
    below: dict[int, set[int]] = {f: {f} for f in order}
    for face in reversed(order[1:]):
        below[parent[face]] |= below[face]
        yield set(below[face])


def _finder(root: dict[int, int]) -> Callable[[int], int]:
    def find(face: int) -> int:
        while root[face] != face:
            root[face] = root[root[face]]
            face = root[face]
        return face

    return find


def refined(
    graph: FaceGraph, one: set[int], two: set[int], sizes: Sizes
) -> tuple[set[int], set[int]]:
    """Two sides after moving single faces across as long as the border gets cheaper."""
    sides = [set(one), set(two)]
    areas = [graph.area(one), graph.area(two)]
    rim = {f for f in one if not two.isdisjoint(graph.costs[f])}
    rim |= {f for f in two if not one.isdisjoint(graph.costs[f])}
    for _ in range(2 * (len(one) + len(two))):
        move = _best_move(graph, sides, areas, rim, sizes)
        if move is None:
            break
        face, source = move
        sides[source].discard(face)
        sides[1 - source].add(face)
        areas[source] -= graph.areas[face]
        areas[1 - source] += graph.areas[face]
        for near in (face, *graph.costs[face]):
            side = next((k for k in (0, 1) if near in sides[k]), None)
            if side is not None and not sides[1 - side].isdisjoint(graph.costs[near]):
                rim.add(near)
            else:
                rim.discard(near)
    return sides[0], sides[1]


def _best_move(
    graph: FaceGraph, sides: list[set[int]], areas: list[float], rim: set[int], sizes: Sizes
) -> tuple[int, int] | None:
    gains = []
    for face in rim:
        source = 0 if face in sides[0] else 1
        if areas[source] - graph.areas[face] < sizes.least:
            continue
        own = across = 0.0
        for other, cost in graph.costs[face].items():
            if other in sides[source]:
                own += cost
            elif other in sides[1 - source]:
                across += cost
        if across > own + 1e-6:
            gains.append((own - across, face, source))
    for _, face, source in sorted(gains):
        if stays_whole(graph, sides[source], face):
            return face, source
    return None


def stays_whole(graph: FaceGraph, side: set[int], face: int) -> bool:
    """Whether a connected side stays connected without one of its faces."""
    near = [f for f in graph.costs[face] if f in side]
    if len(near) <= 1:
        return len(side) > 1
    goal, seen, stack = set(near[1:]), {face, near[0]}, [near[0]]
    while stack and goal:
        for other in graph.costs[stack.pop()]:
            if other in side and other not in seen:
                seen.add(other)
                goal.discard(other)
                stack.append(other)
    return not goal
