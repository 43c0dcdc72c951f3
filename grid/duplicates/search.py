"""Finding duplicates of a report, alone or of a hundred thousand at once.

A case that is still open when the thing is seen again is its duplicate; one that was closed before
is its recurrence. Reports without a place of their own have neither: an address is no place, and
a default point would make hot spots where nothing is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import numpy as np
import numpy.typing as npt

from gis.local_frame import to_ecef
from grid.classes import ClassKey
from grid.duplicates.rules import DuplicateRule, DuplicateRules

FloatArray = npt.NDArray[np.float64]


class Kinship(StrEnum):
    """What an earlier case is to a report."""

    DUPLICATE = "duplicate"
    RECURRENCE = "recurrence"


@dataclass(frozen=True)
class Seen:
    """A report or case, as far as duplicates are concerned.

    Attributes
    ----------
    at
        When the thing was seen: the time it was written down, not the time it arrived.
    lon, lat
        Degrees in CGCS2000; None where the report has no place of its own.
    ended_at, closed
        When the case ended, and whether it was closed, not refused or voided.
    """

    id: UUID
    key: ClassKey
    at: datetime
    lon: float | None
    lat: float | None
    ended_at: datetime | None = None
    closed: bool = False


@dataclass(frozen=True)
class Kin:
    """An earlier case that may be the same thing."""

    id: UUID
    kinship: Kinship
    distance_m: float


def kinship(report: Seen, other: Seen, rule: DuplicateRule) -> Kinship | None:
    """What an earlier case nearby is to a report, by time alone; None when nothing.

    Seen again before the case ended: a duplicate. After it was closed: a recurrence, for a while.
    After it was refused or voided: a duplicate, within the window.
    """
    if other.id == report.id or other.at > report.at:
        return None
    if other.ended_at is None or report.at <= other.ended_at:
        return Kinship.DUPLICATE
    if other.closed:
        return Kinship.RECURRENCE if report.at - other.ended_at <= rule.recurrence else None
    return Kinship.DUPLICATE if report.at - other.at <= rule.window else None


def kin_of(
    report: Seen, others: Sequence[Seen], rules: DuplicateRules, most: int = 10
) -> list[Kin]:
    """Earlier cases that may be what a report is about, duplicates before recurrences, by distance.

    Parameters
    ----------
    others
        Cases around, in any order; the class group is looked at here.
    most
        At most so many.
    """
    if report.lon is None or report.lat is None:
        return []
    rule, group = rules.of(report.key), rules.group_of(report.key)
    placed = [o for o in others if o.lon is not None and rules.group_of(o.key) == group]
    if not placed:
        return []
    metres = np.linalg.norm(_points(placed) - _points([report]), axis=1)
    found = [
        Kin(other.id, kind, float(d))
        for other, d in zip(placed, metres.tolist(), strict=True)
        if d <= rule.distance_m and (kind := kinship(report, other, rule)) is not None
    ]
    return sorted(found, key=_order)[:most]


def _order(kin: Kin) -> tuple[bool, float, str]:
    return kin.kinship is Kinship.RECURRENCE, kin.distance_m, str(kin.id)


def _points(seen: Sequence[Seen]) -> FloatArray:
    """(n, 3) earth-centred metres; the chord of 50 m is the distance to a tenth of a micrometre."""
    return to_ecef(np.array([[s.lon, s.lat] for s in seen], np.float64))


def kin_of_many(reports: Sequence[Seen], rules: DuplicateRules, most: int = 10) -> list[list[Kin]]:
    """For each of many reports, its kin among the others; what `kin_of` says of each.

    Reports are put into boxes of the size of their group's distance, one group at a time, in the
    order in which they were seen.
    """
    out: list[list[Kin]] = [[] for _ in reports]
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for at, report in enumerate(reports):
        if report.lon is not None and report.lat is not None:
            groups[rules.group_of(report.key)].append(at)
    for rows in groups.values():
        _fill(reports, rows, rules.of(reports[rows[0]].key), most, out)
    return out


def _fill(
    reports: Sequence[Seen], rows: list[int], rule: DuplicateRule, most: int, out: list[list[Kin]]
) -> None:
    ordered = sorted(rows, key=lambda r: (reports[r].at, str(reports[r].id)))
    xyz = _points([reports[r] for r in ordered])
    boxes = _boxes(xyz, max(rule.distance_m, 10.0)).tolist()
    filled: defaultdict[int, list[int]] = defaultdict(list)
    # Two reports of one instant see each other: those that come later are put in first.
    upto = 0
    for at, row in enumerate(ordered):
        while upto < len(ordered) and reports[ordered[upto]].at <= reports[row].at:
            filled[boxes[upto]].append(upto)
            upto += 1
        here = boxes[at]
        near = [i for step in _STEPS if here + step in filled for i in filled[here + step]]
        if len(near) > 1:
            out[row] = _kin(reports, ordered, near, at, xyz, rule, most)


#: Boxes are numbered by three fields of 21 bits, wide enough for the earth in boxes of 10 m.
_BITS = 21
_STEPS = tuple(
    (i << 2 * _BITS) + (j << _BITS) + k for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)
)


def _boxes(xyz: FloatArray, size_m: float) -> npt.NDArray[np.int64]:
    """(n,) numbers of the cubes in which positions lie."""
    at = np.floor(xyz / size_m).astype(np.int64) + (1 << (_BITS - 1))
    boxes: npt.NDArray[np.int64] = (at[:, 0] << 2 * _BITS) + (at[:, 1] << _BITS) + at[:, 2]
    return boxes


def _kin(
    reports: Sequence[Seen],
    ordered: list[int],
    near: list[int],
    at: int,
    xyz: FloatArray,
    rule: DuplicateRule,
    most: int,
) -> list[Kin]:
    report = reports[ordered[at]]
    step = xyz[near] - xyz[at]
    metres = np.sqrt(np.einsum("ij,ij->i", step, step))
    found = []
    for other, d in zip(near, metres.tolist(), strict=True):
        if d <= rule.distance_m:
            earlier = reports[ordered[other]]
            kind = kinship(report, earlier, rule)
            if kind is not None:
                found.append(Kin(earlier.id, kind, d))
    return sorted(found, key=_order)[:most]


@dataclass(frozen=True)
class Spot:
    """Reports around one centre, the first report of them; reports do not chain."""

    centre: UUID
    members: tuple[UUID, ...]


def spots(reports: Sequence[Seen], rules: DuplicateRules, distance_m: float) -> list[Spot]:
    """Places with several reports of one group: circles around the first of them, without chaining.

    A report belongs to the nearest centre within the distance, or becomes one. Largest first.
    """
    placed = sorted((r for r in reports if r.lon is not None), key=lambda r: (r.at, str(r.id)))
    centres: defaultdict[str, list[tuple[Seen, FloatArray, list[UUID]]]] = defaultdict(list)
    for report, xyz in zip(placed, _points(placed) if placed else (), strict=True):
        known = centres[rules.group_of(report.key)]
        far = [float(np.linalg.norm(xyz - c)) for _, c, _ in known]
        at = int(np.argmin(far)) if far else -1
        if at >= 0 and far[at] <= distance_m:
            known[at][2].append(report.id)
        else:
            known.append((report, xyz, [report.id]))
    found = [Spot(c.id, tuple(m)) for some in centres.values() for c, _, m in some if len(m) > 1]
    return sorted(found, key=lambda s: (-len(s.members), str(s.centre)))
