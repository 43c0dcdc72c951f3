"""How long it takes until all have arrived, between two bounds.

Each edge lets through so many persons per second and holds the rest in a queue before it, first
come first served; queues take no room.

Least: nobody can arrive before he has walked his way at the higher speed, and an edge needs its
persons divided by its capacity, whoever comes first. Most: if everyone waited at home so long that
his walk at the lower speed ends when that of the furthest does, the streams to one shelter
would reach each edge of their tree as if no way took time. Then every stream thins out, the edge that
needs longest decides, and the last arrives after the longest walk plus that time. To set out at
once instead makes no one later, for what leaves a queue grows with what has come (the min-plus
algebra of J.-Y. Le Boudec and P. Thiran, Network Calculus, 2001). An edge that leads to several
shelters is taken as shared in the ratio of their persons. So both bounds fall, or stay, when a
capacity grows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hazards.evacuation.rates import Span

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Clearance:
    """Seconds until the last have arrived.

    Attributes
    ----------
    low_s
        It cannot be less.
    high_s
        It need not be more; None where the capacity of a used road is unknown.
    walk_low_s, walk_high_s
        The longest way at the higher and at the lower speed.
    queue_low_s, queue_high_s
        The longest time that an edge needs for its persons; the latter None as `high_s`.
    bottleneck
        The edge that needs longest, -1 when no capacity is known or nobody goes.
    unknown
        How many used edges have no known capacity.
    """

    low_s: float
    high_s: float | None
    walk_low_s: float
    walk_high_s: float
    queue_low_s: float
    queue_high_s: float | None
    bottleneck: int
    unknown: int


def clearance_of(
    fast_s: FloatArray,
    slow_s: FloatArray,
    target: IntArray,
    load: FloatArray,
    used: BoolArray,
    capacities: tuple[FloatArray, FloatArray],
    departure: Span | None,
) -> Clearance:
    """The bounds.

    Parameters
    ----------
    fast_s, slow_s
        (f,) of each flow from door to shelter.
    target
        (f,) number of its shelter.
    load, used
        See `hazards.evacuation.reach.Walk`.
    capacities
        (e,) least and greatest capacity of edges, persons per second; NaN unknown.
    departure
        Seconds until the last have left.

    Examples
    --------
    >>> one = np.array([60.0])
    >>> capacity = np.array([0.5])
    >>> found = clearance_of(one, 2 * one, np.array([0]), np.array([[100.0], [0.0]]),
    ...     np.array([[True]]), (capacity, capacity), None)
    >>> found.low_s, found.high_s
    (200.0, 320.0)
    """
    if not len(target):
        return Clearance(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1, 0)
    any_used = used.any(axis=0)
    low, high = capacities
    unknown = int((any_used & np.isnan(low)).sum())
    least = np.where(any_used, load.max(axis=0) / high, 0.0)
    most = np.where(any_used, load.sum(axis=0) / low, 0.0)
    queue_low = float(np.nan_to_num(least).max(initial=0.0))
    known = np.nan_to_num(most)
    leaving = (0.0, 0.0) if departure is None else (departure.low, departure.high)
    latest = max(
        float(slow_s[target == k].max()) + float(known[used[k]].max(initial=0.0))
        for k in np.unique(target).tolist()
    )
    walk_low, walk_high = float(fast_s.max()), float(slow_s.max())
    return Clearance(
        low_s=max(walk_low, queue_low, leaving[0]),
        high_s=None if unknown else leaving[1] + latest,
        walk_low_s=walk_low,
        walk_high_s=walk_high,
        queue_low_s=queue_low,
        queue_high_s=None if unknown else float(known.max(initial=0.0)),
        bottleneck=int(known.argmax()) if known.max(initial=0.0) > 0 else -1,
        unknown=unknown,
    )
