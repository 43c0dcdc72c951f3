"""Pipes as rules see them: few different profiles, each pair of them looked up once."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from underground.axes import BoolArray, FloatArray, IntArray
from underground.pipes import Pipes
from underground.rules.conditions import Attribute, Profile, gas_class, kilovolts
from underground.rules.resolve import Choice, Verdict, choose, choose_cover
from underground.rules.tables import RuleSet, RuleTable

_CLASS_OF_KIND = {
    "water": "water", "storm": "sewer_storm", "sewer": "sewer_storm", "gas": "gas",
    "heat": "heat", "power": "power", "telecom": "telecom", "reclaimed": "reclaimed",
}  # fmt: skip
#: What lies in a trench is judged as the trench.
TRENCH_MODES = frozenset({"GG", "XTD"})
DUCT_MODES = frozenset({"GM", "GK", "DG"})
_CABLES = frozenset({"power", "telecom"})
#: Not in the ground: no rule of the underground applies.
ABOVE_MODES = frozenset({"JK", "SJ", "DM"})


def profile_of(
    kind: str | None,
    mode: str | None,
    pressure: str | None,
    size_m: float | None,
    material: str | None,
) -> Profile | None:
    """The profile of a pipe; None for a kind that the tables do not know.

    Examples
    --------
    >>> profile_of("gas", "ZM", "中压A", 0.2, "PE")
    Profile(kind='gas', size_m=0.2, laying='direct', pressure='gas_medium_a', voltage_kv=None, material='PE', variant=None)
    """
    if kind not in _CLASS_OF_KIND:
        return None
    if mode in TRENCH_MODES:
        return Profile("trench")
    laying = None
    if kind in _CABLES:
        laying = "duct" if mode in DUCT_MODES else "direct" if mode is not None else None
    elif mode is not None:
        laying = "direct"
    return Profile(
        kind=_CLASS_OF_KIND[kind],
        size_m=size_m,
        laying=laying,
        pressure=gas_class(pressure) if kind == "gas" else None,
        voltage_kv=kilovolts(pressure) if kind == "power" else None,
        material=material,
    )


@dataclass
class Limits:
    """Limits of pairs of profiles, each looked up once; shared by all tiles of a process.

    Attributes
    ----------
    profiles
        Different profiles; None is a kind without rules.
    of_pipe
        (n,) profile of each pipe.
    """

    rules: RuleSet
    profiles: list[Profile | None]
    of_pipe: IntArray
    _choices: dict[tuple[RuleTable, int, int], Choice] = field(default_factory=dict)
    _covers: dict[tuple[int, str], Choice] = field(default_factory=dict)

    @classmethod
    def of(cls, pipes: Pipes, rules: RuleSet) -> Limits:
        """Limits for a set of pipes. Sizes count by the bounds that the tables name."""
        bounds = _size_bounds(rules)
        size = np.digitize(np.nan_to_num(pipes.recorded_m), bounds, right=True)
        size = np.where(np.isnan(pipes.recorded_m), -1, size)
        middles = _middles(bounds)
        columns = (pipes.kind, pipes.mode, pipes.pressure, size, pipes.material)
        at: dict[tuple[Any, ...], int] = {}
        of_pipe = np.empty(len(pipes), np.int64)
        for i, key in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
            of_pipe[i] = at.setdefault(key, len(at))
        known: dict[Profile | None, int] = {}
        remap = np.empty(len(at), np.int64)
        for (kind, mode, pressure, bucket, material), i in at.items():
            metres = None if bucket < 0 else middles[bucket]
            profile = profile_of(kind, mode, pressure, metres, material)
            remap[i] = known.setdefault(profile, len(known))
        return cls(rules, list(known), remap[of_pipe] if len(at) else of_pipe)

    def choice(self, table: RuleTable, p: int, q: int) -> Choice:
        """The row for two profiles."""
        key = (table, min(p, q), max(p, q))
        if key not in self._choices:
            a, b = self.profiles[p], self.profiles[q]
            if a is None or b is None:
                self._choices[key] = Choice(Verdict.NO_RULE, -1)
            else:
                self._choices[key] = choose(self.rules, table, a, b)
        return self._choices[key]

    def cover_choice(self, p: int, surface: str) -> Choice:
        """The row for a profile under a surface."""
        if (p, surface) not in self._covers:
            profile = self.profiles[p]
            self._covers[p, surface] = (
                Choice(Verdict.NO_RULE, -1)
                if profile is None
                else choose_cover(self.rules, profile, surface)
            )
        return self._covers[p, surface]

    def of_pairs(self, table: RuleTable, i: IntArray, j: IntArray) -> PairLimits:
        """Limits of pairs of pipes."""
        p, q = self.of_pipe[i], self.of_pipe[j]
        n = len(self.profiles)
        keys, which = np.unique(np.minimum(p, q) * n + np.maximum(p, q), return_inverse=True)
        choices = [self.choice(table, int(k) // n, int(k) % n) for k in keys]
        return PairLimits.of(self.rules, choices, which.reshape(-1))

    @cached_property
    def reach(self) -> FloatArray:
        """(p,) greatest horizontal limit of each profile with any other, metres."""
        n = len(self.profiles)
        return np.array(
            [
                max((self.choice(RuleTable.HORIZONTAL, p, q).most_m for q in range(n)), default=0.0)
                for p in range(n)
            ]
        )


@dataclass(frozen=True)
class PairLimits:
    """Limits of k pairs: verdict, limit, floor, row, what is missing, row of the least limit."""

    has_rule: BoolArray
    is_insufficient: BoolArray
    least: FloatArray
    most: FloatArray
    floor: FloatArray
    reducible: BoolArray
    rule: IntArray
    missing: np.ndarray
    weakest: IntArray

    def settled(self, gap: FloatArray, sigma: FloatArray, times_sigma: float) -> PairLimits:
        """The limits, with the least one for gaps that keep none of those that may apply.

        What is missing does not matter there; rows stay open where the least limit is 0.
        """
        clear = gap + times_sigma * np.nan_to_num(sigma) < self.least
        sure = self.is_insufficient & clear & (self.weakest >= 0)
        if not sure.any():
            return self
        return replace(
            self,
            has_rule=self.has_rule | sure,
            is_insufficient=self.is_insufficient & ~sure,
            most=np.where(sure, self.least, self.most),
            floor=np.where(sure, np.nan, self.floor),
            reducible=self.reducible | sure,
            rule=np.where(sure, self.weakest, self.rule),
        )

    @property
    def asked(self) -> FloatArray:
        """(k,) metres that are asked for; NaN where there is no rule."""
        return np.where(self.has_rule | self.is_insufficient, self.most, np.nan)

    def take(self, rows: IntArray) -> PairLimits:
        """The limits at positions `rows`."""
        return PairLimits(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @classmethod
    def of(cls, rules: RuleSet, choices: list[Choice], which: IntArray) -> PairLimits:
        """Of choices by number."""
        rows = [rules.rules[c.rule] if c.rule >= 0 else None for c in choices]
        floor = [np.nan if r is None or r.floor_m is None else r.floor_m for r in rows]
        missing = np.empty(len(choices), object)
        missing[:] = [",".join(c.missing) or None for c in choices]
        if not choices:
            which = np.empty(0, np.int64)
        return cls(
            has_rule=np.array([c.verdict is Verdict.RULE for c in choices], bool)[which],
            is_insufficient=np.array([c.verdict is Verdict.INSUFFICIENT for c in choices], bool)[
                which
            ],
            least=np.array([c.least_m for c in choices], float)[which],
            most=np.array([c.most_m for c in choices], float)[which],
            floor=np.array(floor, float)[which],
            reducible=np.array([r is None or r.is_reducible for r in rows], bool)[which],
            rule=np.array([c.rule for c in choices], np.int64)[which],
            weakest=np.array([c.weakest for c in choices], np.int64)[which],
            missing=missing[which],
        )


def _size_bounds(rules: RuleSet) -> FloatArray:
    """Sizes that conditions compare with, ascending."""
    found = {
        float(c.value)
        for rule in rules.rules
        for c in (*rule.conditions_a, *rule.conditions_b)
        if c.attribute is Attribute.SIZE
    }
    return np.array(sorted(found))


def _middles(bounds: FloatArray) -> list[float]:
    """A size within each range between the bounds: the bound itself belongs to the range below."""
    return [*(float(b) for b in bounds), float(bounds[-1]) * 2 if len(bounds) else 1.0]
