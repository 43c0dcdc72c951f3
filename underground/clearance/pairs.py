"""Clearances of pairs of pipes: gap in space, vertical, horizontal, crossing, and where.

Definitions
-----------
gap
    Least distance of the outer walls in space; negative when they clash.
crossing
    The axes meet in plan at a point inside of both, not at an end of one.
vertical
    At crossings the bottom of the upper minus the top of the lower pipe, the least one, along the
    whole stretch where axes lie on each other in plan; where the outlines overlap in plan and the axes do not cross, the least over the overlap.
horizontal
    Distance of the axes in plan minus half of both widths; none where the axes cross.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from gis.errors import InvalidError
from gis.ragged import spread
from underground.axes import BoolArray, FloatArray, IntArray
from underground.clearance.bodies import Solids
from underground.clearance.candidates import candidate_pieces
from underground.clearance.levels import apart, levels
from underground.clearance.meetings import MEETING_M, meeting_places, middle_of_common
from underground.clearance.overlap import vertical_over_overlaps
from underground.clearance.pieces import closest_of_pieces
from underground.clearance.zonotope import signed_distance

#: Pairs of pipes with more pairs of pieces than this are thinned out by boxes first.
PRUNED_FROM = 4096
#: Pairs of straight pieces worked on at once.
PIECES_AT_ONCE = 262_144


@dataclass(frozen=True)
class Clearances:
    """Answers for n pairs; NaN is "none" or, where a height or size is unknown, unknown.

    Attributes
    ----------
    gap_3d_m, vertical_m, horizontal_m
        (n,) metres between outer walls.
    crosses
        (n,) whether the axes cross in plan.
    angle_deg
        (n,) smallest angle of a crossing in plan, 0 to 90; without crossing the angle between
        the pieces that come closest in plan; NaN at risers.
    above
        (n,) which lies higher where the vertical clearance was taken: 1 the first, -1 the
        second, 0 neither or unknown.
    at_a, at_b
        (n, 3) points of the axes where the gap is least.
    place
        (n, 2) in plan: the crossing with the least clearance, else the middle of the closest
        points in plan.
    along_a, along_b
        (n,) metres along each axis in plan of the points that gave `place`.
    """

    gap_3d_m: FloatArray
    vertical_m: FloatArray
    horizontal_m: FloatArray
    crosses: BoolArray
    angle_deg: FloatArray
    above: IntArray
    at_a: FloatArray
    at_b: FloatArray
    place: FloatArray
    along_a: FloatArray
    along_b: FloatArray

    def __len__(self) -> int:
        return len(self.gap_3d_m)

    def take(self, rows: IntArray) -> Clearances:
        """Answers at positions `rows`."""
        names = Clearances.__dataclass_fields__
        return Clearances(**{name: getattr(self, name)[rows] for name in names})


@dataclass(frozen=True)
class _Pieces:
    """Pairs of straight pieces: their numbers, the pair they belong to, closest points in plan."""

    of_a: IntArray
    of_b: IntArray
    pair: IntArray
    share_a: FloatArray
    share_b: FloatArray
    plan: FloatArray


def clearances(a: Solids, rows_a: IntArray, b: Solids, rows_b: IntArray) -> Clearances:
    """Clearances of the pairs (``rows_a[i]`` of `a`, ``rows_b[i]`` of `b`).

    Heights of both must refer to one datum: `underground.heights.require_one_datum`.

    Raises
    ------
    InvalidError
        When the two lists of rows have different lengths.

    Examples
    --------
    >>> from underground.axes import axes_of
    >>> from underground.clearance.bodies import round_solids
    >>> import shapely
    >>> lines = shapely.from_wkt(["LINESTRING Z (-9 0 -1, 9 0 -1)", "LINESTRING Z (0 -9 -2, 0 9 -2)"])
    >>> pipes = round_solids(axes_of(lines), 0.2)
    >>> found = clearances(pipes, np.array([0]), pipes, np.array([1]))
    >>> found.vertical_m.round(9).tolist(), found.crosses.tolist(), found.horizontal_m.tolist()
    ([0.8], [True], [nan])
    """
    if len(rows_a) != len(rows_b):
        raise InvalidError(
            "clearance.ragged",
            "两列行号长度不一：{got} 与 {expected}",
            got=len(rows_b),
            expected=len(rows_a),
        )
    rows_a, rows_b = np.asarray(rows_a, np.int64), np.asarray(rows_b, np.int64)
    products = a.axes.counts[rows_a] * b.axes.counts[rows_b]
    work = np.cumsum(np.minimum(products, PRUNED_FROM))
    cuts = _cuts(work)
    parts = [_some(a, rows_a[i:j], b, rows_b[i:j]) for i, j in itertools.pairwise(cuts)]
    return _joined(parts)


def _cuts(work: IntArray) -> list[int]:
    """Cut points so that each part holds about `PIECES_AT_ONCE` pairs of pieces."""
    cuts = [0]
    while cuts[-1] < len(work):
        done = int(work[cuts[-1] - 1]) if cuts[-1] else 0
        cut = int(np.searchsorted(work, done + PIECES_AT_ONCE, side="right"))
        cuts.append(max(cut, cuts[-1] + 1))
    return cuts if len(cuts) > 1 else [0, 0]


def _joined(parts: list[Clearances]) -> Clearances:
    if len(parts) == 1:
        return parts[0]
    names = Clearances.__dataclass_fields__
    return Clearances(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})


def _some(a: Solids, rows_a: IntArray, b: Solids, rows_b: IntArray) -> Clearances:
    pieces = _expanded(a, rows_a, b, rows_b)
    n = len(rows_a)
    first = np.searchsorted(pieces.pair, np.arange(n))
    gap, at_a, at_b = _gaps(a, b, pieces, first)
    meets = _meetings(a, b, pieces)
    crosses = np.zeros(n, bool)
    crosses[pieces.pair[meets]] = True
    halves = (a.width[rows_a] + b.width[rows_b]) / 2
    nearest = _first_least(pieces.plan, pieces.pair, first)
    horizontal = np.where(crosses, np.nan, pieces.plan[nearest] - halves)
    vertical, above, chosen = _verticals(a, b, pieces, meets, n)
    _at_crossings(a, b, pieces, chosen, vertical, gap, at_a, at_b)
    chosen = np.where(chosen < 0, nearest, chosen)
    overlapping = np.flatnonzero(~crosses & (horizontal < 0))
    if len(overlapping):
        found = vertical_over_overlaps(
            a, b, pieces.of_a, pieces.of_b, pieces.pair, pieces.plan, overlapping
        )
        vertical[overlapping], above[overlapping] = found
    plan_a = _plan_points(a, pieces.of_a[chosen], pieces.share_a[chosen])
    plan_b = _plan_points(b, pieces.of_b[chosen], pieces.share_b[chosen])
    return Clearances(
        gap_3d_m=gap,
        vertical_m=vertical,
        horizontal_m=horizontal,
        crosses=crosses,
        angle_deg=_angles(a, b, pieces, meets, nearest, n),
        above=above,
        at_a=at_a,
        at_b=at_b,
        place=(plan_a + plan_b) / 2,
        along_a=_along(a, pieces.of_a[chosen], pieces.share_a[chosen]),
        along_b=_along(b, pieces.of_b[chosen], pieces.share_b[chosen]),
    )


def _expanded(a: Solids, rows_a: IntArray, b: Solids, rows_b: IntArray) -> _Pieces:
    """Pairs of pieces of each pair of pipes: all of them, or of long pipes those that may count."""
    counts_a, counts_b = a.axes.counts[rows_a], b.axes.counts[rows_b]
    first_a, first_b = a.axes.first[rows_a] - rows_a, b.axes.first[rows_b] - rows_b
    long = counts_a * counts_b > PRUNED_FROM
    number, pair = spread(np.zeros(len(rows_a), np.int64), np.where(long, 0, counts_a * counts_b))
    wide = np.maximum(counts_b[pair], 1)
    of_a, of_b = first_a[pair] + number // wide, first_b[pair] + number % wide
    for k in np.flatnonzero(long).tolist():
        more_a, more_b = candidate_pieces(a, int(rows_a[k]), b, int(rows_b[k]))
        of_a, of_b = np.concatenate([of_a, more_a]), np.concatenate([of_b, more_b])
        pair = np.concatenate([pair, np.full(len(more_a), k)])
    if long.any():
        order = np.argsort(pair, kind="stable")
        of_a, of_b, pair = of_a[order], of_b[order], pair[order]
    starts = a.axes.pieces[0][of_a], b.axes.pieces[0][of_b]
    share_a, share_b, plan = closest_of_pieces(
        a.axes.xyz, starts[0], b.axes.xyz, starts[1], plan=True
    )
    return _Pieces(of_a, of_b, pair, share_a, share_b, plan)


def _ends(solids: Solids, piece: IntArray) -> tuple[FloatArray, FloatArray]:
    start = solids.axes.pieces[0][piece]
    return solids.axes.xyz[start], solids.axes.xyz[start + 1]


def _first_least(values: FloatArray, pair: IntArray, first: IntArray) -> IntArray:
    """Position of the least value of each pair, the first of several; NaN counts as endless."""
    if not len(first):
        return np.empty(0, np.int64)
    filled = np.where(np.isnan(values), np.inf, values)
    least = np.minimum.reduceat(filled, first)
    hits = np.flatnonzero(filled <= least[pair])
    _, at = np.unique(pair[hits], return_index=True)
    return hits[at]


def _gaps(
    a: Solids, b: Solids, pieces: _Pieces, first: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Least gap of each pair and the points of the axes that have it; NaN if any is unknown."""
    starts = a.axes.pieces[0][pieces.of_a], b.axes.pieces[0][pieces.of_b]
    share_a, share_b, gap = closest_of_pieces(a.axes.xyz, starts[0], b.axes.xyz, starts[1])
    owner_a, owner_b = a.axes.pieces[1][pieces.of_a], b.axes.pieces[1][pieces.of_b]
    gap = gap - (a.width[owner_a] + b.width[owner_b]) / 2
    boxed = np.flatnonzero(a.is_box[owner_a] | b.is_box[owner_b])
    if len(boxed):
        found = _box_gaps(a, pieces.of_a[boxed], b, pieces.of_b[boxed])
        gap[boxed], moved_a, moved_b = found
        outside = gap[boxed] > 0
        share_a[boxed] = np.where(outside, moved_a, share_a[boxed])
        share_b[boxed] = np.where(outside, moved_b, share_b[boxed])
    best = _first_least(gap, pieces.pair, first)
    unknown = np.zeros(len(first), bool)
    unknown[pieces.pair[np.isnan(gap)]] = True
    (a0, a1), (b0, b1) = _ends(a, pieces.of_a[best]), _ends(b, pieces.of_b[best])
    at_a = a0 + share_a[best, None] * (a1 - a0)
    at_b = b0 + share_b[best, None] * (b1 - b0)
    return np.where(unknown, np.nan, gap[best]), at_a, at_b


def _box_gaps(
    a: Solids, of_a: IntArray, b: Solids, of_b: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Signed distances of pieces of which one is a box, and shares along both axes."""
    (centre_a, half_a), (centre_b, half_b) = a.convex, b.convex
    radius = a.radii[of_a] + b.radii[of_b]
    generators = np.concatenate([half_a[of_a, :2], half_b[of_b, :2]], axis=1)
    upright = half_a[of_a, 2] + half_b[of_b, 2]
    generators = np.concatenate([generators, upright[:, None]], axis=1)
    distance, shares = signed_distance(centre_a[of_a] - centre_b[of_b], generators)
    share_a = np.clip(_within(a, of_a, half_a, centre_a, shares[:, 0]), 0, 1)
    share_b = np.clip(_within(b, of_b, half_b, centre_b, -shares[:, 2]), 0, 1)
    return distance - radius, share_a, share_b


def _within(
    solids: Solids, piece: IntArray, half: FloatArray, centre: FloatArray, share: FloatArray
) -> FloatArray:
    """Share along the delivered piece of a share in [-1, 1] along the lengthened body."""
    start, end = _ends(solids, piece)
    along = end - start
    point = centre[piece] + half[piece, 0] * share[:, None]
    square = np.einsum("ij,ij->i", along, along)
    return np.asarray(np.einsum("ij,ij->i", point - start, along) / np.where(square > 0, square, 1))


def _meetings(a: Solids, b: Solids, pieces: _Pieces) -> IntArray:
    """Positions of the pairs of pieces that meet in plan inside of both axes."""
    near = np.flatnonzero(pieces.plan <= MEETING_M)
    inside = _are_inside(a, b, pieces, near)
    if not inside.all():
        end = near[~inside]
        rows, share_a, share_b = middle_of_common(a, pieces.of_a[end], b, pieces.of_b[end])
        pieces.share_a[end[rows]], pieces.share_b[end[rows]] = share_a, share_b
        inside = _are_inside(a, b, pieces, near)
    return near[inside]


def _are_inside(a: Solids, b: Solids, pieces: _Pieces, at: IntArray) -> BoolArray:
    """Whether the places where pieces meet lie between the ends of both axes."""
    inside = _is_inside(a, pieces.of_a[at], pieces.share_a[at])
    return inside & _is_inside(b, pieces.of_b[at], pieces.share_b[at])


def _is_inside(solids: Solids, piece: IntArray, share: FloatArray) -> BoolArray:
    """Whether a place lies between the ends of its axis in plan: a riser at an end is that end."""
    axes = solids.axes
    along = _along(solids, piece, share)
    total = axes.stations[axes.first[axes.pieces[1][piece] + 1] - 1]
    return np.asarray((along > MEETING_M) & (along < total - MEETING_M), bool)


def _verticals(
    a: Solids, b: Solids, pieces: _Pieces, meets: IntArray, n: int
) -> tuple[FloatArray, IntArray, IntArray]:
    """Least clearance over the crossings of each pair, who is above there, and which crossing."""
    vertical, above = np.full(n, np.nan), np.zeros(n, np.int64)
    chosen = np.full(n, -1, np.int64)
    if len(meets):
        meets, share_a, share_b = meeting_places(
            a, pieces.of_a, b, pieces.of_b, meets, pieces.share_a, pieces.share_b
        )
        of_a = levels(a, pieces.of_a[meets], share_a)
        of_b = levels(b, pieces.of_b[meets], share_b)
        gap = apart(of_a, of_b)
        order = np.lexsort((gap, pieces.pair[meets]))
        pair, at = np.unique(pieces.pair[meets][order], return_index=True)
        best = order[at]
        unknown = np.unique(pieces.pair[meets][np.isnan(gap)])
        vertical[pair], chosen[pair] = gap[best], meets[best]
        pieces.share_a[meets[best]], pieces.share_b[meets[best]] = share_a[best], share_b[best]
        vertical[unknown] = np.nan
        difference = of_a[1][best] - of_b[1][best]
        above[pair] = np.where(np.isnan(difference), 0, np.sign(difference)).astype(np.int64)
    return vertical, above, chosen


def _at_crossings(
    a: Solids,
    b: Solids,
    pieces: _Pieces,
    chosen: IntArray,
    vertical: FloatArray,
    gap: FloatArray,
    at_a: FloatArray,
    at_b: FloatArray,
) -> None:
    """Of boxes that lie flat over another the gap is least everywhere: then tell the crossing."""
    level = np.abs(gap - vertical) <= MEETING_M
    rows = np.flatnonzero((chosen >= 0) & level)
    for at, solids, piece, share in (
        (at_a, a, pieces.of_a, pieces.share_a),
        (at_b, b, pieces.of_b, pieces.share_b),
    ):
        start, end = _ends(solids, piece[chosen[rows]])
        at[rows] = start + share[chosen[rows], None] * (end - start)


def _angles(
    a: Solids, b: Solids, pieces: _Pieces, meets: IntArray, nearest: IntArray, n: int
) -> FloatArray:
    """Degrees between pieces in plan: the least over the crossings, else at the closest points."""
    used = np.concatenate([meets, nearest])
    u = np.subtract(*_ends(a, pieces.of_a[used])[::-1])
    v = np.subtract(*_ends(b, pieces.of_b[used])[::-1])
    across = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    along = np.abs(u[:, 0] * v[:, 0] + u[:, 1] * v[:, 1])
    angle = np.where((across == 0) & (along == 0), np.nan, np.degrees(np.arctan2(across, along)))
    crossing = np.full(n, np.inf)
    np.fmin.at(crossing, pieces.pair[meets], angle[: len(meets)])
    return np.where(np.isinf(crossing), angle[len(meets) :], crossing)


def _plan_points(solids: Solids, piece: IntArray, share: FloatArray) -> FloatArray:
    start, end = _ends(solids, piece)
    return np.asarray(start[:, :2] + share[:, None] * (end - start)[:, :2])


def _along(solids: Solids, piece: IntArray, share: FloatArray) -> FloatArray:
    """Metres in plan from the start of the axis."""
    start = solids.axes.pieces[0][piece]
    stations = solids.axes.stations
    return np.asarray(stations[start] + share * (stations[start + 1] - stations[start]))
