"""Tables of limits: loading, and what is refused when they are loaded."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from io import StringIO

from gis.errors import CityError, InvalidError
from underground.rules.conditions import Condition, parse_conditions, share_a_value


class RuleTable(StrEnum):
    """Which limit a row is of."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"
    COVER = "cover"


#: Files of a set of rules; a person's checked copy has the same names and columns.
FILES = {
    RuleTable.HORIZONTAL: "clearance_horizontal.csv",
    RuleTable.VERTICAL: "clearance_vertical.csv",
    RuleTable.COVER: "cover_depth.csv",
}
ORDER_FILES = ("crossing_order.csv", "street_order.csv")
_COLUMNS = (
    "id", "table", "kind_a", "cond_a", "kind_b", "cond_b", "limit_m", "floor_m", "reducible",
    "clause", "edition", "confidence", "source", "note", "checked_by", "checked_on",
)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One row.

    Attributes
    ----------
    kind_a, kind_b
        Of cover rows ``kind_b`` is the surface above the pipe.
    limit_m
        None where the table has a dash: there is no limit.
    floor_m
        What measures may bring the limit down to; None is not stated.
    is_reducible
        Whether the clause allows less with safety measures.
    checked_by
        Who compared the row with the printed standard; empty: a draft rule.
    """

    id: str
    table: RuleTable
    kind_a: str
    conditions_a: tuple[Condition, ...]
    kind_b: str
    conditions_b: tuple[Condition, ...]
    limit_m: float | None
    floor_m: float | None
    is_reducible: bool
    clause: str
    edition: str
    confidence: str
    source: str
    note: str
    checked_by: str
    checked_on: str
    row: int

    @property
    def is_draft(self) -> bool:
        """Whether nobody compared it with the printed standard."""
        return not self.checked_by

    @property
    def conditions_text(self) -> str:
        """What selects the row: kinds and conditions as the table has them."""
        sides = []
        for kind, conditions in (
            (self.kind_a, self.conditions_a),
            (self.kind_b, self.conditions_b),
        ):
            words = ", ".join(c.text for c in conditions)
            sides.append(f"{kind} ({words})" if words else kind)
        return " – ".join(sides)

    def as_dict(self) -> dict[str, object]:
        """The row as a finding quotes it."""
        return {
            "id": self.id,
            "table": self.table.value,
            "conditions": self.conditions_text,
            "limit_m": self.limit_m,
            "floor_m": self.floor_m,
            "clause": self.clause,
            "edition": self.edition,
            "confidence": self.confidence,
            "source": self.source or None,
            "note": self.note or None,
            "draft": self.is_draft,
            "checked_by": self.checked_by or None,
            "checked_on": self.checked_on or None,
        }


@dataclass(frozen=True)
class OrderRow:
    """Rank of a kind in an order, with its clause and confidence."""

    rank: int
    kind: str
    clause: str
    edition: str
    confidence: str
    source: str
    checked_by: str

    def as_dict(self) -> dict[str, object]:
        """The row as a finding quotes it."""
        return {
            "id": f"O{self.rank:03d}",
            "table": "order",
            "conditions": self.kind,
            "clause": self.clause,
            "edition": self.edition,
            "confidence": self.confidence,
            "source": self.source,
            "draft": not self.checked_by,
        }


@dataclass(frozen=True)
class RuleSet:
    """All rows of one set of tables."""

    rules: tuple[Rule, ...]
    crossing_order: Mapping[str, OrderRow]
    street_order: Mapping[str, OrderRow]

    @cached_property
    def by_pair(self) -> dict[tuple[RuleTable, frozenset[str]], tuple[int, ...]]:
        """Positions of the rows of each table and pair of kinds."""
        out: dict[tuple[RuleTable, frozenset[str]], tuple[int, ...]] = {}
        for i, rule in enumerate(self.rules):
            key = (rule.table, frozenset({rule.kind_a, rule.kind_b}))
            out[key] = (*out.get(key, ()), i)
        return out


@cache
def shipped_rules() -> RuleSet:
    """The tables that come with the program; all of their rows are drafts.

    Examples
    --------
    >>> rules = shipped_rules()
    >>> len(rules.rules) > 300, all(rule.is_draft for rule in rules.rules)
    (True, True)
    """
    folder = files("underground") / "data"
    return rules_of_texts(
        {
            name: (folder / name).read_text(encoding="utf-8")
            for name in (*FILES.values(), *ORDER_FILES)
        }
    )


def rules_of_texts(texts: Mapping[str, str]) -> RuleSet:
    """The set in CSV texts by file name; a missing file is that of the program.

    Raises
    ------
    InvalidError
        With every fault in ``errors``: columns, numbers and conditions that cannot be read, ids
        that repeat, rows of equal conditions with different limits.
    """
    faults: list[CityError] = []
    rules: list[Rule] = []
    for table, name in FILES.items():
        rules += _rows(table, name, _text(texts, name), faults)
    faults += _repeated_ids(rules) + _contradictions(rules)
    orders = [_order(_text(texts, name), name, faults) for name in ORDER_FILES]
    if faults:
        raise InvalidError(
            "rules.bad",
            "规则表有 {count} 处错误",
            field="rules",
            params={"count": len(faults)},
            errors=faults,
        )
    return RuleSet(tuple(rules), *orders)


def _text(texts: Mapping[str, str], name: str) -> str:
    """The text that is given, an empty one too; else that of the program."""
    if name in texts:
        return texts[name]
    return (files("underground") / "data" / name).read_text(encoding="utf-8")


def _rows(table: RuleTable, name: str, text: str, faults: list[CityError]) -> list[Rule]:
    reader = csv.DictReader(StringIO(text.lstrip("\ufeff")))
    missing = sorted(set(_COLUMNS) - set(reader.fieldnames or ()))
    if missing:
        faults.append(
            InvalidError("rules.columns", "{field} 缺少列 {got}", field=name, got=missing)
        )
        return []
    out = []
    for row, cells in enumerate(reader, 2):
        plain = {key: (cells[key] or "").strip() for key in _COLUMNS}
        numbers = [_number(plain[key], key, name, row, faults) for key in ("limit_m", "floor_m")]
        if plain["table"] != table.value or not plain["id"] or not plain["kind_a"]:
            faults.append(
                InvalidError("rules.row", "{field}：不是这张表的规则", field=name, got=row, row=row)
            )
            continue
        out.append(
            Rule(
                id=plain["id"],
                table=table,
                kind_a=plain["kind_a"],
                conditions_a=parse_conditions(plain["cond_a"]),
                kind_b=plain["kind_b"],
                conditions_b=parse_conditions(plain["cond_b"]),
                limit_m=numbers[0],
                floor_m=numbers[1],
                is_reducible=plain["reducible"] == "yes",
                clause=plain["clause"],
                edition=plain["edition"],
                confidence=plain["confidence"],
                source=plain["source"],
                note=plain["note"],
                checked_by=plain["checked_by"],
                checked_on=plain["checked_on"],
                row=row,
            )
        )
    return out


def _number(text: str, key: str, name: str, row: int, faults: list[CityError]) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1000:
        faults.append(
            InvalidError(
                "rules.number",
                "{name} 的 {field} 不是长度：{got}",
                field=key,
                got=text,
                row=row,
                params={"name": name},
            )
        )
        return None
    return value


def _repeated_ids(rules: list[Rule]) -> list[CityError]:
    seen: dict[str, Rule] = {}
    out: list[CityError] = []
    for rule in rules:
        if seen.setdefault(rule.id, rule) is not rule:
            out.append(InvalidError("rules.id", "规则编号 {got} 重复", got=rule.id, row=rule.row))
    return out


def _contradictions(rules: list[Rule]) -> list[CityError]:
    """Rows that the same pipes select with equal right, and that differ in their limit."""
    groups: dict[object, list[Rule]] = {}
    for rule in rules:
        weight = len(rule.conditions_a) + len(rule.conditions_b)
        key = (rule.table, frozenset({rule.kind_a, rule.kind_b}), weight)
        groups.setdefault(key, []).append(rule)
    out: list[CityError] = []
    for group in groups.values():
        for k, rule in enumerate(group):
            rivals = (r for r in group[:k] if r.limit_m != rule.limit_m and _tie(r, rule))
            for first in itertools.islice(rivals, 1):
                out.append(
                    InvalidError(
                        "rules.contradict",
                        "规则 {got} 与 {other} 的条件相同（{conditions}）而限值不同",
                        got=rule.id,
                        params={"other": first.id, "conditions": rule.conditions_text},
                        row=rule.row,
                    )
                )
    return out


def _tie(a: Rule, b: Rule) -> bool:
    """Whether two rows of equal weight ask for the same things, and some pair of pipes has both."""
    sides = [(b.conditions_a, b.conditions_b)] if a.kind_a == b.kind_a else []
    sides += [(b.conditions_b, b.conditions_a)] if a.kind_a == b.kind_b else []
    return any(
        share_a_value(a.conditions_a, one) and share_a_value(a.conditions_b, two)
        for one, two in sides
    )


def _order(text: str, name: str, faults: list[CityError]) -> dict[str, OrderRow]:
    out: dict[str, OrderRow] = {}
    for row, cells in enumerate(csv.DictReader(StringIO(text.lstrip("\ufeff"))), 2):
        try:
            rank = int(cells["rank"])
            out[cells["kind"]] = OrderRow(
                rank,
                cells["kind"],
                cells["clause"],
                cells["edition"],
                cells["confidence"],
                cells["source"],
                (cells.get("checked_by") or "").strip(),
            )
        except (KeyError, TypeError, ValueError):
            faults.append(
                InvalidError("rules.order", "{field}：读不出来", field=name, got=row, row=row)
            )
    if not out:
        faults.append(InvalidError("rules.order", "{field}：读不出来", field=name, got=0, row=1))
    return out
