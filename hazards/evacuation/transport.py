"""People to shelters: the transportation problem, solved exactly in whole numbers.

Few shelters, many buildings: the flow is kept by shelter, and a residual network has one node per
shelter. First, prices of crowded shelters rise until each keeps about as many as it has room for
(coordinate ascent of the dual); prices only rise where a shelter stays full, so that complementary
slackness holds. Then successive shortest paths between shelters move what is still too much
(R. K. Ahuja, T. L. Magnanti, J. B. Orlin, Network Flows, 1993, chapter 9.7). The result is a
flow of least cost whatever the first part reached.
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
#: The greatest cost of a pair: with the tiers above it everything stays within 64 bits.
MOST_COST = 1 << 53
#: Rounds of rising prices before the rest is moved path by path.
_ROUNDS = 200


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
    n, k = cost.shape
    # Whoever is not served goes to a sink of its own, dearer than any chain of moves.
    nowhere = (k + 2) * (int(cost.max(initial=0)) + 1)
    full = np.empty((n, k + 1), np.int64)
    full[:, :k] = np.where(cost == NO_WAY, 2 * nowhere, cost)
    full[:, k] = nowhere
    room = np.append(capacity, int(supply.sum()))
    prices = _Prices(supply, room, full)
    prices.rise()
    flow = _Flow(supply, room, full, prices.best)
    flow.settle()
    return flow.result(cost)


def _check(supply: IntArray, capacity: IntArray, cost: IntArray) -> None:
    fits = cost.ndim == 2 and cost.shape == (len(supply), len(capacity))
    small = int(cost.max(initial=0)) <= MOST_COST // (len(capacity) + 2)
    if not fits or not small or (supply < 0).any() or (capacity < 0).any() or (cost < NO_WAY).any():
        raise InvalidError(
            "transport.bad_input",
            "人数、容量和费用应为非负整数，形状一致：{got}",
            got=[list(supply.shape), list(capacity.shape), list(cost.shape)],
        )


class _Prices:
    """Prices of sinks under which each source knows the sink that it likes best.

    Where a price is above 0 the sink is wanted by as many as it takes, or by more.
    """

    def __init__(self, supply: IntArray, room: IntArray, cost: IntArray) -> None:
        self.supply, self.room = supply, room
        self.cost = cost
        self.price = np.zeros(len(room), np.int64)
        self.best = cost.argmin(axis=1)
        self.load = np.bincount(self.best, weights=supply, minlength=len(room)).astype(np.int64)

    def rise(self) -> None:
        """Raise prices until hardly any sink is wanted by more than it takes."""
        for _ in range(_ROUNDS):
            risen = [self._one(j) for j in range(len(self.room))]
            if not any([*risen, self._all()]):
                break

    def _one(self, j: int) -> bool:
        """Raise the price of one crowded sink as far as it stays full."""
        if self.load[j] <= self.room[j]:
            return False
        mine = np.flatnonzero(self.best == j)
        others = self.cost[mine] + self.price
        held = others[:, j].copy()
        others[:, j] = np.iinfo(np.int64).max
        second = others.argmin(axis=1)
        margin = others[np.arange(len(mine)), second] - held
        rise = _largest_rise(margin, self.supply[mine], int(self.room[j]))
        self.price[j] += rise
        gone = margin < rise
        self._move(mine[gone], second[gone])
        return rise > 0

    def _all(self) -> bool:
        """Raise the prices of all full sinks together as far as each of them stays full.

        Two crowded neighbours would otherwise outbid each other in small steps.
        """
        full = (self.load >= self.room) & (self.load > 0)
        if not (self.load > self.room).any() or full.all():
            return False
        open_ = np.flatnonzero(~full)
        mine = np.flatnonzero(full[self.best])
        outside = self.cost[np.ix_(mine, open_)] + self.price[open_]
        second = outside.argmin(axis=1)
        own_sink = self.best[mine]
        held = self.cost[mine, own_sink] + self.price[own_sink]
        margin = outside[np.arange(len(mine)), second] - held
        rises = []
        for j in np.flatnonzero(full).tolist():
            own = own_sink == j
            rises.append(_largest_rise(margin[own], self.supply[mine][own], int(self.room[j])))
        rise = min(rises)
        self.price[full] += rise
        gone = margin < rise
        self._move(mine[gone], open_[second[gone]])
        return rise > 0

    def _move(self, rows: IntArray, to: IntArray) -> None:
        k = len(self.room)
        moved = self.supply[rows]
        self.load -= np.bincount(self.best[rows], moved, minlength=k).astype(np.int64)
        self.load += np.bincount(to, moved, minlength=k).astype(np.int64)
        self.best[rows] = to


def _largest_rise(margin: IntArray, units: IntArray, keep: int) -> int:
    """The largest rise at which those who still prefer this sink to all others are `keep` or more.

    One less than the margin at which the last of them would be indifferent: ties decide nothing.
    """
    order = np.argsort(-margin, kind="stable")
    staying = np.cumsum(units[order])
    at = int(np.searchsorted(staying, keep)) if keep > 0 else 0
    return max(int(margin[order[min(at, len(order) - 1)]]) - 1, 0)


class _Flow:
    """Units of sources at sinks, and the cheapest move from each sink to each other."""

    def __init__(self, supply: IntArray, room: IntArray, cost: IntArray, best: IntArray) -> None:
        self.room, self.cost, self.supply = room, cost, supply
        filled = supply > 0
        self.at: list[dict[int, int]] = [{} for _ in room]
        for i, j in zip(np.flatnonzero(filled).tolist(), best[filled].tolist(), strict=True):
            self.at[j][i] = int(supply[i])
        self.load = np.array([sum(held.values()) for held in self.at], np.int64)
        k = len(room)
        self.move = np.full((k, k), np.iinfo(np.int64).max // 4, np.int64)
        self.mover = np.full((k, k), -1, np.int64)
        for j in range(k):
            self._look(j)

    def _look(self, j: int) -> None:
        """Find anew who moves most cheaply from sink j to each other sink."""
        members = np.fromiter(self.at[j], np.int64, len(self.at[j]))
        if not len(members):
            self.move[j] = np.iinfo(np.int64).max // 4
            self.mover[j] = -1
            return
        extra = self.cost[members] - self.cost[members, j][:, None]
        who = extra.argmin(axis=0)
        self.mover[j] = members[who]
        self.move[j] = extra[who, np.arange(len(self.room))]

    def settle(self) -> None:
        """Move what is too much along shortest paths until no sink holds more than its room."""
        while (self.load > self.room).any():
            path = self._shortest()
            units = min(
                int(self.load[path[0]] - self.room[path[0]]),
                int(self.room[path[-1]] - self.load[path[-1]]),
                *(self.at[a][int(self.mover[a, b])] for a, b in _steps(path)),
            )
            movers = [(a, b, int(self.mover[a, b])) for a, b in _steps(path)]
            for a, b, who in movers:
                self._shift(a, b, who, units)
            for j in path:
                self._look(j)

    def _shift(self, a: int, b: int, who: int, units: int) -> None:
        left = self.at[a][who] - units
        if left:
            self.at[a][who] = left
        else:
            del self.at[a][who]
        self.at[b][who] = self.at[b].get(who, 0) + units
        self.load[a] -= units
        self.load[b] += units

    def _shortest(self) -> list[int]:
        """Sinks of the cheapest path from a crowded one to one with room; Bellman and Ford."""
        far = np.iinfo(np.int64).max // 4
        least = np.where(self.load > self.room, 0, far)
        before = np.full(len(least), -1, np.int64)
        for _ in range(len(least) + 1):
            by = np.minimum(least[:, None] + self.move, far)
            via = by.argmin(axis=0)
            found = by[via, np.arange(len(least))]
            better = found < least
            if not better.any():
                break
            least = np.where(better, found, least)
            before = np.where(better, via, before)
        end = int(np.where(self.load < self.room, least, far).argmin())
        path = [end]
        while before[path[-1]] >= 0:
            path.append(int(before[path[-1]]))
        return path[::-1]

    def result(self, cost: IntArray) -> Transport:
        """The flows to real sinks, and who is left."""
        k = cost.shape[1]
        rows = sorted((i, j, u) for j, held in enumerate(self.at[:k]) for i, u in held.items())
        source, sink, units = (
            (np.array(c, np.int64) for c in zip(*rows, strict=True))
            if rows
            else (np.empty(0, np.int64) for _ in range(3))
        )
        unserved = np.zeros(len(self.supply), np.int64)
        for i, left in self.at[k].items():
            unserved[i] = left
        total = sum(int(c) * int(u) for c, u in zip(cost[source, sink], units, strict=True))
        return Transport(source, sink, units, unserved, total)


def _steps(path: list[int]) -> Iterator[tuple[int, int]]:
    return pairwise(path)
