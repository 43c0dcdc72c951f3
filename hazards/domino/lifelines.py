"""Lifelines in reach of a source: pipes and valves, through a port that another domain fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from gis.features import ObjectArray
from gis.layers import GeometryKind
from gis.ragged import Ragged
from hazards.disc import lengths_within

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LifelineSet:
    """Lines and valves in metres east and north of the source.

    Attributes
    ----------
    lines
        (p,) LineStrings.
    ids, kinds, owners
        (p,) texts of the lines; None unknown. Kinds are titles for people.
    valve_ids
        (v,) texts.
    valves_m
        (v, 2) metres.
    source
        Where they come from.
    """

    lines: ObjectArray
    ids: ObjectArray
    kinds: ObjectArray
    owners: ObjectArray
    valve_ids: ObjectArray
    valves_m: FloatArray
    source: str


class Lifelines(Protocol):
    """What knows lifelines."""

    def around(self, lon: float, lat: float, reach_m: float) -> LifelineSet:
        """Lines and valves that may lie within a reach of a place (CGCS2000 degrees)."""


@dataclass(frozen=True)
class LifelineSum:
    """Lines of one kind within one ring; metres inside, in plan."""

    radius_m: float
    kind: str | None
    lines: int
    length_m: float
    owners: tuple[str, ...]


@dataclass(frozen=True)
class LifelineReport:
    """What lies in rings: sums by ring and kind, ids of lines, valves by distance.

    ``lines`` are (id, nearest ring that holds a part of it, metres within the largest ring);
    ``valves`` are (id, metres from the source), nearest first.
    """

    sums: tuple[LifelineSum, ...]
    lines: tuple[tuple[str | None, float, float], ...]
    valves: tuple[tuple[str, float], ...]


def lifelines_within(found: LifelineSet, radii_m: Sequence[float]) -> LifelineReport:
    """Lines and valves in rings around the source; a valve on the edge is in.

    Examples
    --------
    >>> import shapely
    >>> line = np.array([shapely.LineString([(-50, 0), (50, 0)])], object)
    >>> one = np.array(["a"], object)
    >>> some = LifelineSet(line, one, one, one, one, np.array([[0.0, 30.0]]), "file")
    >>> report = lifelines_within(some, [10.0, 30.0])
    >>> [round(s.length_m, 6) for s in report.sums], report.valves
    ([20.0, 60.0], (('a', 30.0),))
    """
    radii = sorted(radii_m)
    ragged = Ragged.from_shapely(GeometryKind.LINE, found.lines)
    inside = lengths_within(ragged, radii)
    sums = []
    for radius, metres in zip(radii, inside, strict=True):
        held = metres > 0
        for kind in dict.fromkeys(found.kinds[held].tolist()):
            mine = held & np.array([k == kind for k in found.kinds.tolist()], bool)
            owners = tuple(sorted({o for o in found.owners[mine].tolist() if o}))
            sums.append(
                LifelineSum(radius, kind, int(mine.sum()), float(metres[mine].sum()), owners)
            )
    any_ring = np.flatnonzero(inside[-1] > 0) if radii else np.empty(0, np.int64)
    lines = tuple(
        (found.ids[i], radii[int(np.argmax(inside[:, i] > 0))], float(inside[-1, i]))
        for i in any_ring.tolist()
    )
    metres = np.hypot(*found.valves_m.T) if len(found.valves_m) else np.empty(0)
    near = [i for i in np.argsort(metres, kind="stable").tolist() if metres[i] <= max(radii)]
    return LifelineReport(
        tuple(sums), lines, tuple((str(found.valve_ids[i]), float(metres[i])) for i in near)
    )
