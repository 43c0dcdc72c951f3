"""A proposed pipe against everything near (方案检查), and the nearest alignment that passes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from gis.errors import InvalidError
from gis.features import object_array
from gis.index import SpatialIndex
from underground.audit.answers import Findings, joined_findings, sorted_findings
from underground.audit.checks import (
    AuditSettings,
    Counts,
    buried,
    check_cover,
    check_pairs,
    reach_of,
)
from underground.audit.foundations import check_foundations
from underground.audit.profiles import Limits
from underground.audit.structures import check_structures, serves
from underground.audit.tiles import Audit
from underground.axes import Axes, FloatArray, IntArray, offsets
from underground.clearance.bodies import Solids
from underground.pipes import Pipes
from underground.rules.tables import RuleSet
from underground.surroundings import Surroundings

#: Positions of the lattice that are checked at once.
AT_ONCE = 256


@dataclass(frozen=True)
class Proposal:
    """Answer of a check.

    Attributes
    ----------
    audit
        Existing and proposed pipes together; the proposed one is the last.
    findings, counts
        Of pairs with the proposed pipe, and of its cover.
    """

    audit: Audit
    findings: Findings
    counts: Counts

    @property
    def passes(self) -> bool:
        """Whether nothing is to be said against it: no finding of any kind."""
        return len(self.findings) == 0


@dataclass(frozen=True)
class Alignment:
    """A shifted alignment that passes.

    Attributes
    ----------
    aside_m
        To the left of the proposed line, negative to the right.
    up_m
        Upwards.
    distance_m
        Of both together.
    axes
        The shifted axis.
    checked
        How many positions of the lattice were looked at.
    """

    aside_m: float
    up_m: float
    distance_m: float
    axes: Axes
    checked: int


@dataclass(frozen=True)
class Corridor:
    """Where an alternative may lie: so far aside and up or down, in steps."""

    aside_m: float
    up_m: float
    down_m: float
    step_m: float = 0.1

    def __post_init__(self) -> None:
        numbers = (self.aside_m, self.up_m, self.down_m, self.step_m)
        if not all(np.isfinite(numbers)) or min(numbers[:3]) < 0 or not self.step_m > 0:
            raise InvalidError(
                "corridor.bad",
                "走廊的宽度不能为负，步长应大于 0",
                field="corridor",
                got=list(numbers),
            )

    def shifts(self) -> FloatArray:
        """(n, 2) shifts (aside, up) of the lattice, nearest first; of equals flatter, then left first."""
        across = np.arange(
            -_steps(self.aside_m, self.step_m), _steps(self.aside_m, self.step_m) + 1
        )
        along = np.arange(-_steps(self.down_m, self.step_m), _steps(self.up_m, self.step_m) + 1)
        aside, up = (v.reshape(-1) for v in np.meshgrid(across, along))
        order = np.lexsort((-aside, -up, np.abs(up), aside**2 + up**2))
        return np.asarray(np.column_stack([aside, up])[order] * self.step_m, np.float64)


def _steps(length: float, step: float) -> int:
    return int(np.floor(length / step + 1e-9))


def check_proposal(
    existing: Pipes,
    proposed: Pipes,
    rules: RuleSet,
    settings: AuditSettings | None = None,
    around: Surroundings | None = None,
) -> Proposal:
    """All findings of one proposed pipe against everything near, and of its cover.

    `around` are structures that it must keep away from too.

    Raises
    ------
    DatumError
        Heights of different or unknown datums.
    InvalidError
        Not one pipe is proposed, or its id is taken.
    """
    if len(proposed) != 1:
        raise InvalidError("proposal.one", "每次检查一条方案管线，得到 {got} 条", got=len(proposed))
    audit = Audit(existing.joined(proposed), rules, settings or AuditSettings(), around=around)
    row = len(existing)
    near = _near(audit, row)
    swap = audit.rank[near] > audit.rank[row]
    own = np.full(len(near), row)
    i, j = np.where(swap, own, near), np.where(swap, near, own)
    parts, counts = check_pairs(audit.pipes, i, j, audit.limits, audit.settings)
    counts = Counter(counts)
    cover, more = check_cover(audit.pipes, np.array([row]), audit.limits, audit.settings)
    if not np.isnan(proposed.ground).all():
        parts, counts = [*parts, *cover], counts + more
    beside, more = _beside_structures(audit, np.array([row]))
    parts, counts = [*parts, *beside], counts + more
    return Proposal(audit, sorted_findings(joined_findings(parts)), counts)


def _beside_structures(audit: Audit, rows: IntArray) -> tuple[list[Findings], Counts]:
    """Findings of pipes at positions `rows` with the structures around."""
    around, limits, index = audit.around, audit.structure_limits, audit.around_index
    at = np.flatnonzero(np.isin(audit.chosen, rows))
    if around is None or limits is None or index is None or not len(at):
        return [], Counter()
    own, k = index.windows(audit.wide_boxes[at])
    i = audit.chosen[at[own]]
    parts, found = check_structures(audit.pipes, i, around, k, limits, audit.settings)
    counts = Counter(found)
    house = np.flatnonzero(around.kind[k] == "building")
    house = house[~serves(audit.pipes, i[house], around, k[house])]
    deep, more = check_foundations(audit.pipes, i[house], around, k[house], audit.settings)
    counts.update(more)
    return [*parts, deep], counts


def _near(audit: Audit, row: int) -> IntArray:
    """Existing pipes whose boxes meet that of the proposed one."""
    boxes = audit.boxes
    own = boxes[np.flatnonzero(audit.chosen == row)]
    others = audit.chosen[:-1] if len(audit.chosen) and audit.chosen[-1] == row else audit.chosen
    if not len(own) or not len(others):
        return np.empty(0, np.int64)
    found: IntArray = SpatialIndex.build(boxes[: len(others)]).window(tuple(own[0].tolist()))
    return others[found]


def nearest_alignment(
    existing: Pipes,
    proposed: Pipes,
    rules: RuleSet,
    corridor: Corridor,
    settings: AuditSettings | None = None,
    around: Surroundings | None = None,
) -> Alignment | None:
    """The shift of least distance at which a proposed pipe has no finding.

    Every position of the corridor's lattice is looked at in the order of its distance, so that
    nothing nearer on the lattice passes. None: no position within the corridor passes.

    Raises
    ------
    DatumError, InvalidError
        See `check_proposal`.
    """
    settings = settings or AuditSettings()
    base = check_proposal(existing, proposed, rules, settings, around)
    shifts = corridor.shifts()
    near = _within_corridor(base.audit, existing, corridor, settings)
    for start in range(0, len(shifts), AT_ONCE):
        some = shifts[start : start + AT_ONCE]
        passing = _passing(near, proposed, some, rules, settings, around)
        if len(passing):
            k = int(passing[0])
            aside, up = (float(v) for v in some[k])
            moved = shifted(proposed.axes, aside, up)
            distance = float(np.hypot(aside, up))
            return Alignment(aside, up, distance, moved, start + k + 1)
    return None


def _within_corridor(
    audit: Audit, existing: Pipes, corridor: Corridor, settings: AuditSettings
) -> Pipes:
    """Existing pipes that may matter for some position of the corridor."""
    row = len(existing)
    reach = reach_of(audit.pipes, audit.limits, settings)
    own = audit.pipes.axes.bounds[row]
    room = reach[row] + corridor.aside_m * np.sqrt(2)
    low, high = own[:2] - room, own[2:] + room
    boxes = existing.axes.bounds
    grown = reach[:row, None]
    meets = ((boxes[:, :2] - grown <= high) & (boxes[:, 2:] + grown >= low)).all(axis=1)
    return existing.take(np.flatnonzero(meets & buried(existing)))


def _passing(
    near: Pipes,
    proposed: Pipes,
    shifts: FloatArray,
    rules: RuleSet,
    settings: AuditSettings,
    around: Surroundings | None,
) -> IntArray:
    """Positions in `shifts` without a finding, ascending."""
    k, n = len(shifts), len(near)
    candidates = _candidates(proposed, shifts)
    together = near.joined(candidates) if n else candidates
    limits = Limits.of(together, rules)
    rows = np.arange(n, n + k)
    bad = np.zeros(n + k, bool)
    if n:
        i, j = np.tile(np.arange(n), k), np.repeat(rows, n)
        parts, _ = check_pairs(together, i, j, limits, settings)
        bad[joined_findings(parts).b] = True
    if not np.isnan(proposed.ground).all():
        cover, _ = check_cover(together, rows, limits, settings)
        bad[joined_findings(cover).a] = True
    if around is not None:
        audit = Audit(together, rules, settings, around=around)
        beside, _ = _beside_structures(audit, rows)
        bad[joined_findings(beside).a] = True
    return np.flatnonzero(~bad[n:])


def _candidates(proposed: Pipes, shifts: FloatArray) -> Pipes:
    """The proposed pipe at every shift, with names of their own."""
    k = len(shifts)
    axes = [shifted(proposed.axes, float(a), float(u)) for a, u in shifts]
    count = len(proposed.axes.xyz)
    many = proposed.take(np.zeros(k, np.int64))
    moved = Axes(np.concatenate([a.xyz for a in axes]), offsets(np.full(k, count)))
    solids = Solids(moved, many.solids.width, many.solids.height, many.solids.is_box)
    names = object_array(f"\0{i}" for i in range(k))  # no delivered name begins so
    return replace(many, ids=names, solids=solids)


def shifted(axes: Axes, aside_m: float, up_m: float) -> Axes:
    """An axis moved parallel to itself: to the left in plan, mitred at bends, and up.

    Examples
    --------
    >>> import shapely
    >>> from underground.axes import axes_of
    >>> line = axes_of([shapely.from_wkt("LINESTRING Z (0 0 -1, 9 0 -1)")])
    >>> shifted(line, 1.0, -0.5).xyz.tolist()
    [[0.0, 1.0, -1.5], [9.0, 1.0, -1.5]]
    """
    xyz = axes.xyz.copy()
    step = np.diff(xyz[:, :2], axis=0)
    long = np.hypot(step[:, 0], step[:, 1])
    normal = np.column_stack([-step[:, 1], step[:, 0]]) / np.where(long > 0, long, 1.0)[:, None]
    before, after = np.vstack([normal[:1], normal]), np.vstack([normal, normal[-1:]])
    both = before + after
    square = np.einsum("ij,ij->i", both, both)
    mitre = (
        both * (2 / np.where(square > 0.1, square, 0.1))[:, None]
    )  # very sharp turns are blunted
    xyz[:, :2] += aside_m * mitre
    xyz[:, 2] += up_m
    return Axes(xyz, axes.first)
