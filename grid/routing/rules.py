"""Rules of duty: grid, class and condition name the body that disposes, for a time.

A rule that says more goes before one that says less: the condition first, then the longer class,
then the longer grid code. Two rules that say equally much about the same case and name different
bodies contradict each other and are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from gis.errors import CityError, InvalidError
from grid.classes import ClassKey
from grid.origin import Origin
from grid.schemes.values import holds_on
from grid.shipped import day_of, origin_of, shipped_rows


@dataclass(frozen=True)
class DutyRule:
    """One rule.

    Attributes
    ----------
    grid_kind, grid_code
        Kind of grid and the beginning of a code of it; '' is everywhere.
    class_prefix
        Beginning of a class code; '' is every class of the scheme.
    condition
        Id of a filing condition; '' is any.
    auto
        Whether a case may be dispatched by the rule without a person.
    """

    id: str
    domain: str
    scheme: str
    class_prefix: str
    body: str
    origin: Origin
    grid_kind: str = ""
    grid_code: str = ""
    condition: str = ""
    auto: bool = False
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def weight(self) -> tuple[int, int, int]:
        """How much the rule says; the greater goes first."""
        return (len(self.condition), len(self.class_prefix), len(self.grid_code))

    def covers(
        self, key: ClassKey, condition: str | None, grids: Mapping[str, str], day: date | None
    ) -> bool:
        """Whether the rule says anything about a case; `grids` are codes by kind of grid."""
        if (self.domain, self.scheme) != (key.domain, key.scheme):
            return False
        if not key.code.startswith(self.class_prefix):
            return False
        if self.condition and self.condition != condition:
            return False
        if self.grid_code and not grids.get(self.grid_kind, "").startswith(self.grid_code):
            return False
        return holds_on(self.valid_from, self.valid_to, day)


class RuleBook:
    """Rules, ready to be asked.

    Parameters
    ----------
    rules
        Rows of the table.
    bodies
        Codes of bodies in being, where they are known.

    Raises
    ------
    InvalidError
        ``routing.invalid`` with every fault: an id twice, an unknown body, a grid code without a
        kind, dates that run backwards, two rules that contradict each other.
    """

    def __init__(self, rules: Iterable[DutyRule], bodies: Iterable[str] | None = None) -> None:
        self.rules = tuple(rules)
        known = None if bodies is None else frozenset(bodies)
        faults = [*_row_faults(self.rules, known), *_contradictions(self.rules)]
        if faults:
            raise InvalidError(
                "routing.invalid",
                "职责表有 {count} 处不对：{first}",
                params={"count": len(faults), "first": str(faults[0])},
                errors=faults,
            )
        self._by_prefix: dict[tuple[str, str, str], list[DutyRule]] = {}
        for rule in sorted(self.rules, key=lambda r: (*(-w for w in r.weight), r.id)):
            place = (rule.domain, rule.scheme, rule.class_prefix)
            self._by_prefix.setdefault(place, []).append(rule)

    def best(
        self,
        key: ClassKey,
        condition: str | None,
        grids: Mapping[str, str],
        day: date | None = None,
    ) -> DutyRule | None:
        """The rule that says most about a case, None when none says anything.

        Examples
        --------
        >>> key = ClassKey("component", "GB/T 30428.2-2013", "0102")
        >>> shipped_rules().best(key, None, {}).body
        'drainage'
        """
        found = [
            rule
            for length in range(len(key.code), -1, -1)
            for rule in self._by_prefix.get((key.domain, key.scheme, key.code[:length]), ())
            if rule.covers(key, condition, grids, day)
        ]
        return max(found, key=lambda r: (r.weight, r.id), default=None)


def _row_faults(rules: Sequence[DutyRule], bodies: frozenset[str] | None) -> list[CityError]:
    out: list[CityError] = []
    seen: set[str] = set()
    for number, rule in enumerate(rules, 2):
        if rule.id in seen:
            out.append(_fault("routing.twice", "规则 {got} 出现两次", "id", rule.id, number))
        seen.add(rule.id)
        if bodies is not None and rule.body not in bodies:
            out.append(_fault("routing.unknown_body", "没有部门 {got}", "body", rule.body, number))
        if rule.grid_code and not rule.grid_kind:
            message = "规则 {got} 有网格编码，没有网格类型"
            out.append(_fault("routing.no_kind", message, "grid_kind", rule.id, number))
        if rule.valid_from and rule.valid_to and rule.valid_to <= rule.valid_from:
            message = "规则 {got} 的停用日期不晚于启用日期"
            out.append(_fault("routing.backwards", message, "valid_to", rule.id, number))
    return out


def _fault(code: str, message: str, field: str, got: str, row: int) -> InvalidError:
    return InvalidError(code, message, field=field, got=got, row=row)


def _contradictions(rules: Sequence[DutyRule]) -> list[CityError]:
    """Rules on the same ground, class and condition at one time that name different bodies."""
    same: dict[tuple[str, ...], list[tuple[int, DutyRule]]] = {}
    for number, rule in enumerate(rules, 2):
        about = (
            *(rule.domain, rule.scheme, rule.class_prefix, rule.condition),
            *(rule.grid_kind, rule.grid_code),
        )
        same.setdefault(about, []).append((number, rule))
    out: list[CityError] = []
    for some in same.values():
        for at, (number, rule) in enumerate(some):
            for _, other in some[:at]:
                if rule.body != other.body and _at_one_time(rule, other):
                    out.append(
                        InvalidError(
                            "routing.contradiction",
                            "规则 {got} 与 {expected} 管同一件事，部门不同",
                            field="body",
                            got=f"{rule.id}: {rule.body}",
                            expected=f"{other.id}: {other.body}",
                            row=number,
                        )
                    )
    return out


def _at_one_time(one: DutyRule, two: DutyRule) -> bool:
    start = max(one.valid_from or date.min, two.valid_from or date.min)
    return start < min(one.valid_to or date.max, two.valid_to or date.max)


def rules_of(rows: Iterable[dict[str, str]], bodies: Iterable[str] | None = None) -> RuleBook:
    """A book of rules out of a table.

    Raises
    ------
    InvalidError
        ``routing.invalid``.
    """
    return RuleBook([_rule(row) for row in rows], bodies)


def _rule(row: dict[str, str]) -> DutyRule:
    return DutyRule(
        id=row["id"],
        domain=row["domain"],
        scheme=row["scheme"],
        class_prefix=row["class_prefix"],
        body=row["body"],
        origin=origin_of(row),
        grid_kind=row["grid_kind"],
        grid_code=row["grid_code"],
        condition=row["condition"],
        auto=row["auto"] == "yes",
        valid_from=day_of(row["valid_from"]),
        valid_to=day_of(row["valid_to"]),
    )


@cache
def shipped_rules() -> RuleBook:
    """The sample rules that ship."""
    return rules_of(shipped_rows("duty_rules.csv"))
