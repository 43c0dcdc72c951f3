"""How near and how soon two reports are about the same thing, by group of classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from gis.errors import InvalidError
from grid.classes import ClassKey
from grid.origin import Origin
from grid.shipped import origin_of, shipped_rows


@dataclass(frozen=True)
class DuplicateRule:
    """Distance and times for a group of classes.

    Attributes
    ----------
    window
        A case that ended without being closed counts this long after its report.
    recurrence
        A closed case that comes back this long after its end is a recurrence.
    """

    group: str
    distance_m: float
    window: timedelta
    recurrence: timedelta
    origin: Origin


class DuplicateRules:
    """Rules by group, and the group of every class.

    Examples
    --------
    >>> rules = shipped_duplicate_rules()
    >>> rules.of(ClassKey("component", "GB/T 30428.2-2013", "0102")).distance_m
    10.0
    """

    def __init__(
        self, rules: Iterable[DuplicateRule], groups: Mapping[tuple[str, str, str], str]
    ) -> None:
        self._rules = {rule.group: rule for rule in rules}
        self._groups = dict(groups)
        unknown = sorted(set(self._groups.values()) - set(self._rules))
        if "" not in self._rules or unknown:
            raise InvalidError(
                "duplicates.bad_rules", "重复判定规则缺少一般规则或分组：{got}", got=unknown or [""]
            )

    def group_of(self, key: ClassKey) -> str:
        """Name of the group of a class; a class in no group is one of its own."""
        for length in range(len(key.code), 0, -1):
            found = self._groups.get((key.domain, key.scheme, key.code[:length]))
            if found is not None:
                return found
        return f"{key.domain}:{key.scheme}:{key.code}"

    def of(self, key: ClassKey) -> DuplicateRule:
        """The rule for a class."""
        return self._rules.get(self.group_of(key), self._rules[""])


@cache
def shipped_duplicate_rules() -> DuplicateRules:
    """The rules that ship."""
    rules = [
        DuplicateRule(
            group=row["group"],
            distance_m=float(row["distance_m"]),
            window=timedelta(hours=float(row["hours"])),
            recurrence=timedelta(days=float(row["recurrence_days"])),
            origin=origin_of(row),
        )
        for row in shipped_rows("duplicate_rules.csv")
    ]
    groups = {
        (row["domain"], row["scheme"], row["class_prefix"]): row["group"]
        for row in shipped_rows("class_groups.csv")
    }
    return DuplicateRules(rules, groups)
