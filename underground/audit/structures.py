"""Pipes beside buildings, trees, poles, towers, kerbs and rails (table 4.1.9), and below rails (4.1.14).

Pipes that end in a building serve it and are not held against it. Of what a pipe crosses in plan
without a rule for the crossing (kerbs), only stretches beside it count.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely

from gis.features import object_array
from underground.audit.answers import ANSWERS, CHECKS, LISTED, Check, Findings, counts_of
from underground.audit.checks import AuditSettings, Counts, limited
from underground.audit.profiles import Limits, PairLimits
from underground.axes import FloatArray, IntArray, ObjectArray
from underground.clearance.beside import horizontal_beside
from underground.clearance.pairs import clearances
from underground.pipes import Pipes
from underground.rules.conditions import Attribute, Profile
from underground.rules.resolve import Choice, Verdict, choose
from underground.rules.tables import RuleSet, RuleTable
from underground.surroundings import SHAPES, Surroundings

#: Kind of a rail -> row of the table of vertical clearances that its base is.
RAIL_BASES = {"railway": "railway_rail_base", "tram_rail": "tram_rail_base"}
_VOLTAGE = re.compile(r"(<=|>)\s*(\d+)kV")
_TOUCH_M = 1e-6


@dataclass
class StructureLimits:
    """Limits between the profiles of pipes and of structures, each looked up once."""

    limits: Limits
    profiles: list[Profile | None]
    of_structure: IntArray
    _choices: dict[tuple[RuleTable, int, int], Choice] = field(default_factory=dict)

    @classmethod
    def of(cls, limits: Limits, around: Surroundings) -> StructureLimits:
        """Limits for a set of structures."""
        known: dict[Profile | None, int] = {}
        of = [
            known.setdefault(profile_of(limits.rules, kind, None if v != v else v), len(known))
            for kind, v in zip(around.kind.tolist(), around.voltage_kv.tolist(), strict=True)
        ]
        return cls(limits, list(known), np.array(of, np.int64))

    def of_pairs(self, table: RuleTable, i: IntArray, k: IntArray) -> PairLimits:
        """Limits of pairs of pipe and structure."""
        p, q = self.limits.of_pipe[i], self.of_structure[k]
        n = max(len(self.profiles), 1)
        keys, which = np.unique(p * n + q, return_inverse=True)
        choices = [self._choice(table, int(key) // n, int(key) % n) for key in keys]
        return PairLimits.of(self.limits.rules, choices, which.reshape(-1))

    def _choice(self, table: RuleTable, p: int, q: int) -> Choice:
        if (table, p, q) not in self._choices:
            pipe, other = self.limits.profiles[p], self.profiles[q]
            if table is RuleTable.VERTICAL and other is not None:
                base = RAIL_BASES.get(other.kind)
                other = None if base is None else Profile(base)
            none = Choice(Verdict.NO_RULE, -1)
            found = none if pipe is None or other is None else None
            if found is None and pipe is not None and other is not None:
                found = choose(self.limits.rules, table, pipe, other)
            self._choices[table, p, q] = found or none
        return self._choices[table, p, q]

    @cached_property
    def reach(self) -> FloatArray:
        """(p,) greatest horizontal limit of each profile of pipes with any structure here."""
        every = range(len(self.profiles))
        return np.array(
            [
                max((self._choice(RuleTable.HORIZONTAL, p, q).most_m for q in every), default=0.0)
                for p in range(len(self.limits.profiles))
            ]
        )


def profile_of(rules: RuleSet, kind: str | None, kilovolts: float | None) -> Profile | None:
    """A structure as rules see it; None for a kind that the tables do not know.

    Words of the tables that say from where a distance counts ("to trunk centre") select nothing;
    of several such words of one kind the voltage decides, and without it none is chosen.

    Examples
    --------
    >>> from underground.rules.tables import shipped_rules
    >>> profile_of(shipped_rules(), "tower", 110.0).variant
    'base edge >35kV'
    >>> profile_of(shipped_rules(), "tower", None).variant is None
    True
    """
    if kind not in SHAPES:
        return None
    words = sorted(_variants(rules, kind))
    if len(words) <= 1:
        return Profile(kind, variant=words[0] if words else None)
    if kilovolts is None:
        return Profile(kind)
    met = [w for w in words if (m := _VOLTAGE.search(w)) and _holds(m, kilovolts)]
    return Profile(kind, variant=met[0] if len(met) == 1 else None)


def _variants(rules: RuleSet, kind: str) -> set[str]:
    return {
        str(c.value)
        for rule in rules.rules
        if rule.table is RuleTable.HORIZONTAL
        for own, conditions in ((rule.kind_a, rule.conditions_a), (rule.kind_b, rule.conditions_b))
        if own == kind
        for c in conditions
        if c.attribute is Attribute.VARIANT
    }


def _holds(match: re.Match[str], kilovolts: float) -> bool:
    bound = float(match[2])
    return kilovolts <= bound if match[1] == "<=" else kilovolts > bound


@dataclass(frozen=True)
class Beside:
    """k pairs of pipe and structure in plan: axes to shapes, less half of the pipe's width.

    ``gap`` is NaN where the size is unknown, or where a line that is crossed leaves nothing
    beside it; ``vertical`` is NaN but where a rail is crossed at known heights.
    """

    gap: FloatArray
    vertical: FloatArray
    crosses: np.ndarray
    serves: np.ndarray
    place: FloatArray
    along: FloatArray


def beside(
    pipes: Pipes, i: IntArray, around: Surroundings, k: IntArray, required: FloatArray
) -> Beside:
    """Distances of the pairs (pipe ``i[n]``, structure ``k[n]``)."""
    n = len(i)
    lines = pipes.axes.take(i).plan_lines() if n else np.empty(0, object)
    shapes = around.shapes[k]
    apart = np.asarray(shapely.distance(lines, shapes), float)
    ends = shapely.get_coordinates(shapely.shortest_line(lines, shapes)).reshape(n, 2, 2)
    gap = apart - pipes.solids.width[i] / 2
    vertical, crosses = np.full(n, np.nan), np.zeros(n, bool)
    rows = np.flatnonzero(around.is_line[k])
    if len(rows):
        own, at_i = np.unique(i[rows], return_inverse=True)
        rails, at_k = np.unique(around.rail_of[k[rows]], return_inverse=True)
        both = pipes.solids.take(own).joined(around.rails.take(rails))
        a, b = at_i.reshape(-1), at_k.reshape(-1) + len(own)
        found = clearances(both, a, both, b)
        crosses[rows], vertical[rows] = found.crosses, found.vertical_m
        bent = np.flatnonzero(found.crosses)
        gap[rows[bent]] = horizontal_beside(both, a[bent], b[bent], required[rows[bent]])
        ends[rows] = found.place[:, None]
    return Beside(
        gap=gap,
        vertical=vertical,
        crosses=crosses,
        serves=serves(pipes, i, around, k),
        place=ends.mean(axis=1),
        along=np.asarray(shapely.line_locate_point(lines, shapely.points(ends[:, 0])), float),
    )


def serves(pipes: Pipes, i: IntArray, around: Surroundings, k: IntArray) -> np.ndarray:
    """Which pipes end in or at a building."""
    out = np.zeros(len(i), bool)
    rows = np.flatnonzero(around.kind[k] == "building")
    shapes = around.shapes[k]
    for at in (pipes.axes.first[:-1], pipes.axes.first[1:] - 1):
        end = shapely.points(pipes.axes.xyz[at[i[rows]], :2])
        out[rows] |= np.asarray(shapely.distance(end, shapes[rows]) <= _TOUCH_M)
    return out


def check_structures(
    pipes: Pipes,
    i: IntArray,
    around: Surroundings,
    k: IntArray,
    limits: StructureLimits,
    settings: AuditSettings,
) -> tuple[list[Findings], Counts]:
    """Horizontal clearances to structures, and vertical ones below rails."""
    bound = limits.of_pairs(RuleTable.HORIZONTAL, i, k)
    found = beside(pipes, i, around, k, bound.most)
    sigma = np.hypot(pipes.sigma_xy[i], np.nan_to_num(around.sigma_xy[k]))
    level = ~found.serves & ~(found.crosses & np.isnan(found.gap))
    over = found.crosses & np.isin(around.kind[k].astype(str), list(RAIL_BASES))
    parts = []
    counts: Counts = Counter()
    for check, at, gap, error, table, lacking in (
        (Check.HORIZONTAL, np.flatnonzero(level), found.gap, sigma, bound, "size"),
        (
            Check.VERTICAL, np.flatnonzero(over), found.vertical, pipes.sigma_z[i],
            limits.of_pairs(RuleTable.VERTICAL, i, k), "heights",
        ),
    ):  # fmt: skip
        own = table.take(at)
        own = own.settled(gap[at], error[at], settings.times_sigma)
        answer = limited(gap[at], error[at], own, settings.times_sigma)
        missing = own.missing.copy()
        missing[np.isnan(gap[at]) & own.has_rule] = lacking
        counts.update(counts_of(check, answer))
        parts.append(
            structure_findings(
                check, answer, i[at], len(pipes) + k[at], gap[at], own.asked, error[at],
                own.rule, missing, found.place[at], found.along[at],
            )
        )  # fmt: skip
    return parts, counts


def structure_findings(
    check: Check,
    answer: IntArray,
    a: IntArray,
    b: IntArray,
    gap: FloatArray,
    required: FloatArray,
    sigma: FloatArray,
    rule: IntArray,
    missing: ObjectArray,
    place: FloatArray,
    along: FloatArray,
) -> Findings:
    """The findings among answers that are listed."""
    listed = np.flatnonzero(np.isin(answer, [ANSWERS.index(x) for x in LISTED]))
    return Findings(
        check=np.full(len(listed), CHECKS.index(check), np.int64),
        answer=answer[listed],
        a=a[listed],
        b=b[listed],
        gap_m=gap[listed],
        required_m=required[listed],
        sigma_m=sigma[listed],
        rule=rule[listed],
        missing=object_array(missing[listed].tolist()),
        place=place[listed],
        along_a=along[listed],
        by_points_m=np.full(len(listed), np.nan),
    )
