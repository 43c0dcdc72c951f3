"""People to shelters: the transportation problem, solved exactly in whole numbers.

Few shelters, many buildings: the flow is kept by shelter, and the residual network has one node
per shelter and one for the end of all ways. A quarter of the buildings, with a quarter of the room,
is solved first; the prices of its shelters give nearly everybody his place in the whole. Then
successive shortest paths between shelters move what is too much here and missing there (R. K. Ahuja,
T. L. Magnanti, J. B. Orlin, Network Flows, 1993, chapter 9.7). The result is a flow of least cost
whatever the prices were: they only decide how much is left to move.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidError

IntArray = npt.NDArray[np.int64]
#: Cost of a pair without a way.
NO_WAY = -1
#: The greatest cost of a pair times the square of the sinks: all chains of moves fit into 64 bits.
MOST_COST = 1 << 58
#: So few sources are solved without looking at a part of them first, and this part is looked at.
_FEW, _PART = 100, 4
_FAR = np.iinfo(np.int64).max // 4


@dataclass(frozen=True)
class Transport:
    """Who goes where.

    Attributes
    ----------
    source, sink, units
        (f,) flows, ordered by source and sink; units are positive.
    unserved
        (n,) units of each source that no sink takes.
    cost
        Sum of cost times units over the flows.
    """

    source: IntArray
    sink: IntArray
    units: IntArray
    unserved: IntArray
    cost: int


def transport(supply: IntArray, capacity: IntArray, cost: IntArray) -> Transport:
    """The cheapest way to give as many units as possible to sinks of limited capacity.

    As many as possible comes before as cheap as possible. Which of several equal answers is given
    depends on the order of the rows only.

    Parameters
    ----------
    supply
        (n,) whole units of each source.
    capacity
        (k,) whole units that each sink takes.
    cost
        (n, k) whole cost of a unit, `NO_WAY` where there is none.

    Raises
    ------
    InvalidError
        ``transport.bad_input`` when shapes differ or a number is negative or too great.

    Examples
    --------
    >>> supply, capacity = np.array([2, 2]), np.array([3, 1])
    >>> found = transport(supply, capacity, np.array([[1, 5], [1, 2]]))
    >>> found.units.tolist(), found.sink.tolist(), found.cost
    ([2, 1, 1], [0, 0, 1], 5)
    """
    _check(supply, capacity, cost)
    rows = np.flatnonzero(supply > 0)
    k = cost.shape[1]
    # Whoever is not served goes to a sink of his own, dearer than any chain of moves.
    nowhere = (k + 2) * (int(cost.max(initial=0)) + 1)
    full = np.empty((len(rows), k + 1), np.int64)
    full[:, :k] = np.where(cost[rows] == NO_WAY, 2 * nowhere, cost[rows])
    full[:, k] = nowhere
    room = np.append(capacity, int(supply.sum()))
    flow = _solved(supply[rows], room, full)
    return _result(flow, rows, supply, cost)


def _check(supply: IntArray, capacity: IntArray, cost: IntArray) -> None:
    good = cost.ndim == 2 and cost.shape == (len(supply), len(capacity))
    good = good and int(cost.max(initial=0)) <= MOST_COST // (len(capacity) + 2) ** 2
    good = good and not any((part < low).any() for part, low in ((supply, 0), (capacity, 0)))
    if not good or (cost < NO_WAY).any():
        raise InvalidError(
            "transport.bad_input",
            "人数、容量和费用应为非负整数，形状一致：{got}",
            got=[list(supply.shape), list(capacity.shape), list(cost.shape)],
        )


def _solved(supply: IntArray, room: IntArray, cost: IntArray) -> _Flow:
    """The cheapest flow; the prices to begin with are those of a part of the sources."""
    price = np.zeros(len(room), np.int64)
    if len(supply) > _FEW:
        some = slice(None, None, _PART)
        share = supply[some].sum() / supply.sum()
        part = np.floor(room * share).astype(np.int64)
        part[-1] = int(supply[some].sum())
        price = _solved(supply[some], part, cost[some]).prices()
    flow = _Flow(supply, room, cost, price)
    flow.settle()
    return flow


class _Members:
    """Sources at one sink, their units, and what each would pay more at each other sink."""

    def __init__(self, sources: IntArray, units: IntArray, extra: IntArray) -> None:
        self.count = len(sources)
        self.sources, self.units = sources, units
        self.extra = np.ascontiguousarray(extra.T)
        self.at = {i: p for p, i in enumerate(sources.tolist())}

    def add(self, source: int, units: int, extra: IntArray) -> bool:
        """Give it units; True when the source is new here."""
        if source in self.at:
            self.units[self.at[source]] += units
            return False
        if self.count == len(self.sources):
            more = max(8, self.count)
            self.sources = np.pad(self.sources, (0, more))
            self.units = np.pad(self.units, (0, more))
            self.extra = np.pad(self.extra, ((0, 0), (0, more)))
        p = self.count
        self.sources[p], self.units[p], self.extra[:, p] = source, units, extra
        self.at[source] = p
        self.count += 1
        return True

    def take(self, source: int, units: int) -> bool:
        """Take units from it; True when nothing of the source is left."""
        p = self.at[source]
        self.units[p] -= units
        if self.units[p]:
            return False
        last = self.count - 1
        self.sources[p], self.units[p] = self.sources[last], self.units[last]
        self.extra[:, p] = self.extra[:, last]
        self.at[int(self.sources[p])] = p
        del self.at[source]
        self.count = last
        return True


class _Flow:
    """Units of sources at sinks, what sinks pass on to the end, and the cheapest moves.

    The end is the node after the last sink. A sink with a price passes on all it may take, so that
    one that is not full lacks units; shortest paths bring them.
    """

    def __init__(self, supply: IntArray, room: IntArray, cost: IntArray, price: IntArray) -> None:
        self.room, self.cost = room, cost
        self.end = k = len(room)
        best = (cost + price).argmin(axis=1)
        self.held = []
        for j in range(k):
            mine = np.flatnonzero(best == j)
            extra = cost[mine] - cost[mine, j][:, None]
            self.held.append(_Members(mine, supply[mine], extra))
        load = np.bincount(best, supply, minlength=k).astype(np.int64)
        self.passed = np.where(price > 0, room, np.minimum(load, room))
        self.surplus = np.append(load - self.passed, self.passed.sum() - supply.sum())
        self.move = np.full((k + 1, k + 1), _FAR, np.int64)
        self.mover = np.full((k + 1, k + 1), -1, np.int64)
        for j in range(k):
            self._look(j, np.arange(k))
            self._look_at_end(j)

    def _look(self, j: int, columns: IntArray) -> None:
        """Find anew who moves most cheaply from sink j to some others."""
        held = self.held[j]
        if not held.count or not len(columns):
            self.move[j, columns] = _FAR
            return
        who = held.extra[columns, : held.count].argmin(axis=1)
        self.mover[j, columns] = held.sources[who]
        self.move[j, columns] = held.extra[columns, who]

    def _look_at_end(self, j: int) -> None:
        self.move[j, self.end] = 0 if self.passed[j] < self.room[j] else _FAR
        self.move[self.end, j] = 0 if self.passed[j] > 0 else _FAR

    def settle(self) -> None:
        """Move along shortest paths until no sink has too much or too little."""
        while (self.surplus > 0).any():
            path = self._shortest()
            steps = [(a, b, int(self.mover[a, b])) for a, b in pairwise(path)]
            units = min(
                int(self.surplus[path[0]]),
                -int(self.surplus[path[-1]]),
                *(self._most(a, b, who) for a, b, who in steps),
            )
            for a, b, who in steps:
                self._shift(a, b, who, units)
            self.surplus[path[0]] -= units
            self.surplus[path[-1]] += units

    def _most(self, a: int, b: int, who: int) -> int:
        if b == self.end:
            return int(self.room[a] - self.passed[a])
        if a == self.end:
            return int(self.passed[b])
        return int(self.held[a].units[self.held[a].at[who]])

    def _shift(self, a: int, b: int, who: int, units: int) -> None:
        if self.end in (a, b):
            j = a if b == self.end else b
            self.passed[j] += units if b == self.end else -units
            self._look_at_end(j)
            return
        if self.held[a].take(who, units):
            self._look(a, np.flatnonzero(self.mover[a, : self.end] == who))
        extra = self.cost[who] - self.cost[who, b]
        if self.held[b].add(who, units, extra):
            better = np.flatnonzero(extra < self.move[b, : self.end])
            self.move[b, better] = extra[better]
            self.mover[b, better] = who

    def _shortest(self) -> list[int]:
        """Nodes of the cheapest path from one with too much to one with too little."""
        least, before = self._distances(self.surplus > 0)
        last = int(np.where(self.surplus < 0, least, _FAR).argmin())
        path = [last]
        while before[path[-1]] >= 0:
            path.append(int(before[path[-1]]))
        return path[::-1]

    def _distances(self, begin: npt.NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
        """Least cost to each node from any of some, and the node before it; Bellman and Ford."""
        least = np.where(begin, 0, _FAR)
        before = np.full(len(least), -1, np.int64)
        nodes = np.arange(len(least))
        for _ in nodes:
            by = least[:, None] + self.move
            via = by.argmin(axis=0)
            found = by[via, nodes]
            better = (found < least) & (found < _FAR // 2)
            if not better.any():
                break
            least = np.where(better, found, least)
            before = np.where(better, via, before)
        return least, before

    def prices(self) -> IntArray:
        """(k,) prices under which each source is where it is cheapest, once settled."""
        begin = np.zeros(self.end + 1, bool)
        begin[self.end] = True
        least, _ = self._distances(begin)
        return np.maximum(-least[: self.end], 0)

    def flows(self) -> Iterator[tuple[int, int, int]]:
        """Source, sink and units of every flow."""
        for j, held in enumerate(self.held):
            for i, p in held.at.items():
                yield i, j, int(held.units[p])


def _result(flow: _Flow, rows: IntArray, supply: IntArray, cost: IntArray) -> Transport:
    """The flows to real sinks, and who is left."""
    k = cost.shape[1]
    listed = sorted(flow.flows())
    table = np.array(listed, np.int64).reshape(-1, 3)
    real = table[:, 1] < k
    unserved = np.zeros(len(supply), np.int64)
    unserved[rows[table[~real, 0]]] = table[~real, 2]
    source, sink, units = rows[table[real, 0]], table[real, 1], table[real, 2]
    total = sum(c * u for c, u in zip(cost[source, sink].tolist(), units.tolist(), strict=True))
    return Transport(source, sink, units, unserved, total)
