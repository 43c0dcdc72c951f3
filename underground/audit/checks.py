"""Checks of pairs of pipes and of single pipes, in bulk; each gives findings and counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from gis.errors import CityError, InvalidError
from gis.features import object_array
from underground.audit.answers import (
    ANSWERS,
    CHECKS,
    LISTED,
    Answer,
    Check,
    Findings,
    counts_of,
    judged,
)
from underground.audit.profiles import ABOVE_MODES, DUCT_MODES, TRENCH_MODES, Limits, PairLimits
from underground.axes import BoolArray, FloatArray, IntArray, ObjectArray
from underground.clearance.beside import horizontal_beside
from underground.clearance.cover import Ground, covers, covers_below
from underground.clearance.pairs import Clearances, clearances
from underground.containment import holds
from underground.pipes import Pipes
from underground.rules.tables import RuleTable

Counts = Counter[tuple[str, str]]
#: Surfaces between which the table of covers tells.
SURFACES = ("sidewalk", "carriageway")


@dataclass(frozen=True)
class AuditSettings:
    """What an audit takes for granted; all of it is stated in its result.

    Attributes
    ----------
    times_sigma
        A gap within so many standard errors of its limit is within the survey's error.
    stacked_deg
        Pipes that cross at less than this angle, or overlap in plan while running so, lie on top of
        each other (4.1.6).
    frost_m
        Frost depth that water, drainage and reclaimed pipes and power laid directly must lie below;
        None is not checked.
    friction_deg, trench_m
        Angle of friction of the soil and width of a pipe's trench, for pipes deeper than the
        foundation of a building (4.1.11); None is unknown.
    """

    times_sigma: float = 2.0
    stacked_deg: float = 20.0
    frost_m: float | None = None
    friction_deg: float | None = None
    trench_m: float | None = None

    def __post_init__(self) -> None:
        faults: list[CityError] = []
        for field, low, high in (
            ("times_sigma", 0.0, 10.0),
            ("stacked_deg", 0.0, 90.0),
            ("frost_m", 0.0, 10.0),
            ("friction_deg", 1.0, 60.0),
            ("trench_m", 0.0, 50.0),
        ):
            value = getattr(self, field)
            if value is not None and not low <= value <= high:
                faults.append(
                    InvalidError(
                        "audit.setting", "{field} 应在 {expected} 之间，得到 {got}",
                        field=field, got=value, expected=[low, high],
                    )
                )  # fmt: skip
        if faults:
            raise InvalidError("audit.settings", "检查的设置有误", errors=faults)


@dataclass(frozen=True)
class _Pairs:
    """Pairs of pipes that may be too near, measured."""

    i: IntArray
    j: IntArray
    found: Clearances
    sigma_xy: FloatArray
    sigma_z: FloatArray
    is_sized: BoolArray


def buried(pipes: Pipes) -> BoolArray:
    """(n,) pipes that lie in the ground or whose way of laying is unknown."""
    return ~np.isin(pipes.mode.astype(str), list(ABOVE_MODES))


def reach_of(pipes: Pipes, limits: Limits, settings: AuditSettings) -> FloatArray:
    """(n,) metres around the axis of each pipe within which a pair may matter.

    Half of the outer width, of the greatest limit with any other kind, and of the error.
    """
    sigma = np.nan_to_num(pipes.sigma_xy)
    limit = limits.reach[limits.of_pipe] if len(pipes) else np.empty(0)
    half = np.nan_to_num(pipes.solids.width) / 2
    return np.asarray(half + limit / 2 + settings.times_sigma * sigma)


def check_pairs(
    pipes: Pipes, i: IntArray, j: IntArray, limits: Limits, settings: AuditSettings
) -> tuple[list[Findings], Counts]:
    """Horizontal, vertical, stacking and order of pairs of pipes.

    Pairs that share a point belong together there and are left out, as is what lies inside a
    casing, a trench or a duct bank.
    """
    keep = ~_share_point(pipes.nodes, i, j)
    i, j = i[keep], j[keep]
    found = clearances(pipes.solids, i, pipes.solids, j)
    i_in, j_in = holds(pipes, i, j, found)
    apart = ~(i_in | j_in)
    if not apart.all():
        i, j, found = i[apart], j[apart], found.take(np.flatnonzero(apart))
    pairs = _Pairs(
        i,
        j,
        found,
        np.hypot(pipes.sigma_xy[i], pipes.sigma_xy[j]),
        np.hypot(pipes.sigma_z[i], pipes.sigma_z[j]),
        ~np.isnan(pipes.solids.width[i] + pipes.solids.width[j]),
    )
    overlaps = found.crosses | (found.horizontal_m < 0)
    stacked = overlaps & (found.angle_deg < settings.stacked_deg)
    parts = [
        _horizontal(pipes, pairs, overlaps, limits, settings),
        _vertical(pairs, overlaps, limits, settings),
        _stacking(pairs, stacked, settings),
        _order(pipes, pairs, overlaps, limits, settings),
    ]
    counts: Counts = Counter()
    for _, more in parts:
        counts.update(more)
    return [findings for findings, _ in parts], counts


def _share_point(nodes: IntArray, i: IntArray, j: IntArray) -> BoolArray:
    same = np.zeros(len(i), bool)
    for a in range(2):
        for b in range(2):
            same |= (nodes[i, a] == nodes[j, b]) & (nodes[i, a] >= 0)
    return same


def _horizontal(
    pipes: Pipes, pairs: _Pairs, overlaps: BoolArray, limits: Limits, settings: AuditSettings
) -> tuple[Findings, Counts]:
    """Where pipes run beside each other; where they overlap in plan the vertical rule holds."""
    bound = limits.of_pairs(RuleTable.HORIZONTAL, pairs.i, pairs.j)
    gap = pairs.found.horizontal_m.copy()
    bent = np.flatnonzero(pairs.found.crosses)
    gap[bent] = horizontal_beside(pipes.solids, pairs.i[bent], pairs.j[bent], bound.most[bent])
    beside = ~overlaps | (pairs.found.crosses & ~np.isnan(gap))
    at = np.flatnonzero(beside)
    return _limited(Check.HORIZONTAL, pairs, at, gap, pairs.sigma_xy, bound, settings)


def _vertical(
    pairs: _Pairs, overlaps: BoolArray, limits: Limits, settings: AuditSettings
) -> tuple[Findings, Counts]:
    bound = limits.of_pairs(RuleTable.VERTICAL, pairs.i, pairs.j)
    at = np.flatnonzero(overlaps)
    gap = pairs.found.vertical_m
    return _limited(Check.VERTICAL, pairs, at, gap, pairs.sigma_z, bound, settings)


def _limited(
    check: Check,
    pairs: _Pairs,
    at: IntArray,
    gap: FloatArray,
    sigma: FloatArray,
    bound: PairLimits,
    settings: AuditSettings,
) -> tuple[Findings, Counts]:
    """Answers of pairs at positions `at` to the limits of a table."""
    bound = bound.take(at).settled(gap[at], sigma[at], settings.times_sigma)
    answer = limited(gap[at], sigma[at], bound, settings.times_sigma)
    clash = (gap[at] < -settings.times_sigma * np.nan_to_num(sigma[at])) & ~bound.has_rule
    answer[clash] = ANSWERS.index(Answer.FAIL)  # two pipes in one place need no rule
    missing = bound.missing.copy()
    unknown = np.isnan(gap[at])
    missing[unknown] = "heights"
    missing[unknown & ~pairs.is_sized[at]] = "size"
    return _findings(check, pairs, at, answer, gap[at], bound.asked, sigma[at], bound.rule, missing)


def limited(gap: FloatArray, sigma: FloatArray, bound: PairLimits, times_sigma: float) -> IntArray:
    """Answers of gaps to the limits of a table, row by row."""
    answer = judged(gap, bound.most, sigma, bound.reducible, bound.floor, times_sigma)
    unsure = bound.is_insufficient & (answer != ANSWERS.index(Answer.PASS))
    answer[unsure] = ANSWERS.index(Answer.INSUFFICIENT)
    answer[~bound.has_rule & ~bound.is_insufficient] = ANSWERS.index(Answer.NO_RULE)
    return answer


def _stacking(
    pairs: _Pairs, stacked: BoolArray, settings: AuditSettings
) -> tuple[Findings, Counts]:
    """4.1.6: not on top of one another lengthwise."""
    at = np.flatnonzero(stacked)
    gap = np.nan_to_num(pairs.found.horizontal_m[at])
    unsure = (-gap < settings.times_sigma * np.nan_to_num(pairs.sigma_xy[at])) & (
        ~pairs.found.crosses[at]
    )
    answer = np.where(
        unsure, ANSWERS.index(Answer.WITHIN_ERROR), ANSWERS.index(Answer.FAIL)
    ).astype(np.int64)
    none = np.full(len(at), np.nan)
    nothing = object_array([None] * len(at))
    rule = np.full(len(at), -1, np.int64)
    return _findings(
        Check.STACKING, pairs, at, answer, gap, none, pairs.sigma_xy[at], rule, nothing
    )


def _order(
    pipes: Pipes, pairs: _Pairs, overlaps: BoolArray, limits: Limits, settings: AuditSettings
) -> tuple[Findings, Counts]:
    """4.1.12: which kind should lie above which at a crossing."""
    order = limits.rules.crossing_order
    ranks = {kind: row.rank for kind, row in order.items()}
    rank = np.array([ranks.get(k, -1) for k in pipes.kind.tolist()], np.int64)
    above, below = rank[pairs.i], rank[pairs.j]
    at = np.flatnonzero(overlaps & (above >= 0) & (below >= 0) & (above != below))
    side = pairs.found.above[at]
    wrong = np.where(side > 0, above[at] > below[at], below[at] > above[at])
    level = _axis_difference(pairs.found)[at]
    unsure = np.abs(level) < settings.times_sigma * np.nan_to_num(pairs.sigma_z[at])
    unknown = np.isnan(pairs.found.vertical_m[at])
    answer = np.where(wrong, ANSWERS.index(Answer.REDUCIBLE), ANSWERS.index(Answer.PASS))
    answer = np.where(unsure, ANSWERS.index(Answer.WITHIN_ERROR), answer)
    answer = np.where(unknown, ANSWERS.index(Answer.INSUFFICIENT), answer).astype(np.int64)
    missing = object_array("heights" if u else None for u in unknown.tolist())
    none = np.full(len(at), np.nan)
    rule = np.full(len(at), -1, np.int64)
    return _findings(Check.ORDER, pairs, at, answer, level, none, pairs.sigma_z[at], rule, missing)


def _axis_difference(found: Clearances) -> FloatArray:
    """Metres from the lower to the upper axis where the pipes come closest."""
    return np.abs(found.at_a[:, 2] - found.at_b[:, 2])


def _findings(
    check: Check,
    pairs: _Pairs,
    at: IntArray,
    answer: IntArray,
    gap: FloatArray,
    required: FloatArray,
    sigma: FloatArray,
    rule: IntArray,
    missing: ObjectArray,
) -> tuple[Findings, Counts]:
    """Findings that are listed, and counts of all."""
    counts: Counts = Counter(counts_of(check, answer))
    listed = np.isin(answer, [ANSWERS.index(a) for a in LISTED])
    at = at[listed]
    return (
        Findings(
            check=np.full(len(at), CHECKS.index(check), np.int64),
            answer=answer[listed],
            a=pairs.i[at],
            b=pairs.j[at],
            gap_m=gap[listed],
            required_m=required[listed],
            sigma_m=sigma[listed],
            rule=rule[listed],
            missing=missing[listed],
            place=pairs.found.place[at],
            along_a=pairs.found.along_a[at],
            by_points_m=np.full(len(at), np.nan),
        ),
        counts,
    )


# -- cover ---------------------------------------------------------------------------------------


def check_cover(
    pipes: Pipes,
    rows: IntArray,
    limits: Limits,
    settings: AuditSettings,
    *,
    surface: ObjectArray | None = None,
    ground: Ground | None = None,
) -> tuple[list[Findings], Counts]:
    """Cover of pipes at positions `rows`.

    Parameters
    ----------
    surface
        (n,) what lies above each pipe of the set (``sidewalk``, ``carriageway``, ``courtyard``,
        ``paddy``, ``river_1_5`` ...); None is unknown: then both the sidewalk's and the
        carriageway's limit are asked, and where they disagree the data are insufficient.
    ground
        A model of the ground; without it the ground is straight between the surveyed points.
    """
    if not len(rows):
        return [], Counter()
    some = pipes.take(rows)
    straight = covers(some.solids, some.ground)
    found = straight if ground is None else covers_below(some.solids, ground)
    above = object_array([None] * len(rows)) if surface is None else surface[rows]
    bounds = [
        _cover_limits(limits, rows, object_array(s if s is not None else usual for s in above))
        for usual in SURFACES
    ]
    bounds = [
        _frosted(bound, some, settings).settled(found.cover_m, some.sigma_z, settings.times_sigma)
        for bound in bounds
    ]
    parts = [limited(found.cover_m, some.sigma_z, bound, settings.times_sigma) for bound in bounds]
    answer = np.where(parts[0] == parts[1], parts[0], ANSWERS.index(Answer.INSUFFICIENT))
    worst = bounds[0].most <= bounds[1].most
    most = np.where(worst, bounds[1].most, bounds[0].most)
    rule = np.where(worst, bounds[1].rule, bounds[0].rule)
    missing = np.where(worst, bounds[1].missing, bounds[0].missing)
    missing[(parts[0] != parts[1])] = "surface"
    missing[np.isnan(found.cover_m)] = "heights"
    missing[np.isnan(some.solids.height)] = "size"
    ruled = bounds[0].has_rule | bounds[1].has_rule
    ruled |= bounds[0].is_insufficient | bounds[1].is_insufficient
    most = np.where(ruled, most, np.nan)
    listed = np.isin(answer, [ANSWERS.index(a) for a in LISTED])
    at = np.flatnonzero(listed)
    findings = Findings(
        check=np.full(len(at), CHECKS.index(Check.COVER), np.int64),
        answer=answer[at],
        a=np.asarray(rows)[at],
        b=np.full(len(at), -1, np.int64),
        gap_m=found.cover_m[at],
        required_m=most[at],
        sigma_m=some.sigma_z[at],
        rule=rule[at],
        missing=missing[at],
        place=found.place[at],
        along_a=found.along[at],
        by_points_m=np.full(len(at), np.nan) if ground is None else straight.cover_m[at],
    )
    return [findings], Counter(counts_of(Check.COVER, answer))


def _cover_limits(limits: Limits, rows: IntArray, surface: ObjectArray) -> PairLimits:
    profiles = limits.of_pipe[rows]
    keys = list(zip(profiles.tolist(), surface.tolist(), strict=True))
    at: dict[tuple[int, str], int] = {}
    which = np.array([at.setdefault(key, len(at)) for key in keys], np.int64)
    return PairLimits.of(limits.rules, [limits.cover_choice(*key) for key in at], which)


def _frosted(bound: PairLimits, pipes: Pipes, settings: AuditSettings) -> PairLimits:
    """The limits, not less than the frost depth for what 4.1.1 lays below it.

    That is water, drainage, reclaimed water and power laid directly; of wet gas no survey says
    that it is. Power of which the way of laying is unknown may have to.
    """
    if settings.frost_m is None:
        return bound
    kind, mode = pipes.kind.astype(str), pipes.mode.astype(str)
    ruled = bound.has_rule | bound.is_insufficient
    cold = np.isin(kind, ["water", "storm", "sewer", "reclaimed"]) & ruled
    cable = (kind == "power") & ~np.isin(mode, list(DUCT_MODES | TRENCH_MODES)) & ruled
    known = np.array([m is not None for m in pipes.mode.tolist()], bool)
    least = np.where(cold | (cable & known), np.maximum(bound.least, settings.frost_m), bound.least)
    most = np.where(cold | cable, np.maximum(bound.most, settings.frost_m), bound.most)
    return replace(bound, least=least, most=most)
