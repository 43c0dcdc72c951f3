"""Which row decides for two pipes: by kind, by what is known of them, the most particular one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from underground.rules.conditions import Attribute, Condition, Profile
from underground.rules.tables import Rule, RuleSet, RuleTable


class Verdict(StrEnum):
    """What looking for a row gave."""

    RULE = "rule"
    NO_RULE = "no_rule"
    INSUFFICIENT = "insufficient_data"


@dataclass(frozen=True)
class Choice:
    """A row, or why there is none.

    Attributes
    ----------
    rule
        Position in the set, -1 where none; with `NO_RULE` it may be a row whose cell is a dash.
    missing
        What would have to be known, where rows of different limits may apply.
    least_m, most_m
        Limits between which the answer lies.
    weakest
        Position of the row with the least limit that may apply, -1 where none need apply: what
        does not keep that limit keeps none.
    """

    verdict: Verdict
    rule: int
    missing: tuple[str, ...] = ()
    least_m: float = 0.0
    most_m: float = 0.0
    weakest: int = -1


def choose(rules: RuleSet, table: RuleTable, a: Profile, b: Profile) -> Choice:
    """The row of a table for two profiles, in either order.

    A row that may apply counts only where it would change the limit: what the cell does not
    depend on is not asked for. Of rows that apply the one with most conditions decides; of
    equals the greatest limit.

    Examples
    --------
    >>> from underground.rules.tables import shipped_rules
    >>> water, sewer = Profile("water", size_m=0.3), Profile("sewer_storm")
    >>> found = choose(shipped_rules(), RuleTable.HORIZONTAL, water, sewer)
    >>> shipped_rules().rules[found.rule].limit_m
    1.5
    >>> choose(shipped_rules(), RuleTable.HORIZONTAL, Profile("water"), sewer).missing
    ('size',)
    """
    sure: list[tuple[int, int]] = []
    maybe: list[tuple[int, int, frozenset[str]]] = []
    for i in rules.by_pair.get((table, frozenset({a.kind, b.kind})), ()):
        best = _best_reading(rules.rules[i], a, b)
        if best is None:
            continue
        weight, missing = best
        if missing:
            maybe.append((i, weight, missing))
        else:
            sure.append((i, weight))
    return _decided(rules, sure, maybe)


def _decided(
    rules: RuleSet, sure: list[tuple[int, int]], maybe: list[tuple[int, int, frozenset[str]]]
) -> Choice:
    chosen = -1
    heaviest = -1
    if sure:
        heaviest = max(weight for _, weight in sure)
        chosen = max(
            (i for i, weight in sure if weight == heaviest),
            key=lambda i: (rules.rules[i].limit_m or 0.0, -i),
        )
    rivals = [(i, missing) for i, weight, missing in maybe if weight >= heaviest]
    limits = {rules.rules[i].limit_m for i, _ in rivals}
    if chosen >= 0:
        limits.add(rules.rules[chosen].limit_m)
    if not limits:
        return Choice(Verdict.NO_RULE, -1)
    known = [limit or 0.0 for limit in limits]
    if len(limits) > 1 or (chosen < 0 and rivals and not _covers_all(rules, rivals)):
        missing = tuple(sorted({m for _, each in rivals for m in each}))
        if chosen < 0 and not _covers_all(rules, rivals):
            return Choice(Verdict.INSUFFICIENT, chosen, missing, 0.0, max(known))
        rows = [i for i, _ in rivals] + ([chosen] if chosen >= 0 else [])
        weakest = min(rows, key=lambda i: rules.rules[i].limit_m or 0.0)
        return Choice(Verdict.INSUFFICIENT, chosen, missing, min(known), max(known), weakest)
    if chosen < 0:
        chosen = rivals[0][0]
    limit = rules.rules[chosen].limit_m
    if limit is None:
        return Choice(Verdict.NO_RULE, chosen)
    return Choice(Verdict.RULE, chosen, (), limit, limit)


def _covers_all(rules: RuleSet, rivals: list[tuple[int, frozenset[str]]]) -> bool:
    """Whether the rows that may apply leave no value of what is missing without a row.

    True for several rows on one attribute other than the way of laying: the tables list every
    pressure, size and voltage, but not every way of laying.
    """
    asked = {m for _, missing in rivals for m in missing}
    return len(rivals) > 1 and Attribute.LAYING.value not in asked


def _best_reading(rule: Rule, a: Profile, b: Profile) -> tuple[int, frozenset[str]] | None:
    """Weight of a row and what it lacks, in the better of both orders; None where it is not met."""
    readings = []
    for first, second in ((a, b), (b, a)):
        if (rule.kind_a, rule.kind_b) == (first.kind, second.kind):
            found = _reading((*_on(rule.conditions_a, first), *_on(rule.conditions_b, second)))
            if found is not None:
                readings.append(found)
    return min(readings, key=lambda r: (len(r[1]), -r[0])) if readings else None


def _on(
    conditions: tuple[Condition, ...], profile: Profile
) -> tuple[tuple[Condition, bool | None], ...]:
    return tuple((c, c.met_by(profile)) for c in conditions)


def _reading(
    answers: tuple[tuple[Condition, bool | None], ...],
) -> tuple[int, frozenset[str]] | None:
    if any(met is False for _, met in answers):
        return None
    return len(answers), frozenset(c.attribute.value for c, met in answers if met is None)


def choose_cover(rules: RuleSet, pipe: Profile, surface: str) -> Choice:
    """The row of the table of covers for a pipe under a surface; rows for "any" kind count too.

    Examples
    --------
    >>> from underground.rules.tables import shipped_rules
    >>> found = choose_cover(shipped_rules(), Profile("gas"), "carriageway")
    >>> found.most_m
    0.9
    """
    above = Profile(surface)
    own = choose(rules, RuleTable.COVER, pipe, above)
    if own.rule >= 0 or own.verdict is not Verdict.NO_RULE:
        return own
    return choose(rules, RuleTable.COVER, Profile("any"), above)
