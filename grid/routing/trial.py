"""Rules tried on history before they are switched on, and rules learnt from it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gis.errors import ConflictError, InvalidError
from grid.classes import ClassKey
from grid.origin import Confidence, Origin
from grid.routing.decide import Situation, decide_many
from grid.routing.rules import DutyRule, RuleBook

NOBODY = "—"


@dataclass(frozen=True)
class Handled:
    """A case of the past: what was known when it was routed, and the body that disposed of it."""

    situation: Situation
    body: str
    at: datetime


@dataclass(frozen=True)
class Trial:
    """How rules would have decided a history.

    Attributes
    ----------
    confusion
        For each pair (body that disposed, body suggested), how many cases; ``—`` is no suggestion.
    """

    cases: int
    decided: int
    right: int
    confusion: Mapping[tuple[str, str], int]

    @property
    def accuracy(self) -> float | None:
        """Share of all cases that were suggested to the right body; None without cases."""
        return self.right / self.cases if self.cases else None

    @property
    def accuracy_of_decided(self) -> float | None:
        """Share of the cases with a suggestion that was right; None without one."""
        return self.right / self.decided if self.decided else None

    def as_dict(self) -> dict[str, Any]:
        """The trial as JSON."""
        return {
            "cases": self.cases,
            "decided": self.decided,
            "right": self.right,
            "accuracy": self.accuracy,
            "accuracy_of_decided": self.accuracy_of_decided,
            "confusion": [
                {"body": body, "suggested": None if said == NOBODY else said, "cases": n}
                for (body, said), n in sorted(self.confusion.items())
            ],
        }


def tried(book: RuleBook, history: Sequence[Handled]) -> Trial:
    """How a book of rules would have decided a history."""
    decisions = decide_many(book, [h.situation for h in history])
    confusion = Counter((h.body, d.body or NOBODY) for h, d in zip(history, decisions, strict=True))
    decided = sum(n for (_, said), n in confusion.items() if said != NOBODY)
    right = sum(n for (body, said), n in confusion.items() if body == said)
    return Trial(len(history), decided, right, dict(confusion))


def may_be_switched_on(new: Trial, old: Trial | None = None, least_cases: int = 30) -> None:
    """Refuse rules that were not tried, or decide history worse than those in use.

    Raises
    ------
    ConflictError
        ``routing.not_tried`` below `least_cases`, ``routing.worse`` when fewer cases come out
        right than by the rules in use.
    """
    if new.cases < least_cases:
        raise ConflictError(
            "routing.not_tried",
            "规则要先用至少 {expected} 个历史案件试算，只试了 {got} 个",
            got=new.cases,
            expected=least_cases,
        )
    if old is not None and new.right < old.right:
        raise ConflictError(
            "routing.worse",
            "新规则派对 {got} 件，不如现行规则的 {expected} 件",
            got=new.right,
            expected=old.right,
        )


def split_by_date(
    history: Iterable[Handled], share: float = 0.7
) -> tuple[list[Handled], list[Handled]]:
    """The earlier share of a history, and the rest, which the rules have not seen.

    Raises
    ------
    InvalidError
        ``routing.bad_share`` when the share is none.
    """
    if not 0.0 < share < 1.0:
        raise InvalidError("routing.bad_share", "比例应在 0 与 1 之间：{got}", got=share)
    ordered = sorted(history, key=lambda h: h.at)
    cut = int(len(ordered) * share)
    return ordered[:cut], ordered[cut:]


def learnt(history: Sequence[Handled], kind: str = "", least: int = 3) -> RuleBook:
    """Rules that say of each class, condition and grid what most of its cases say.

    A condition or a grid gets a rule of its own only where it differs from its class and at
    least `least` cases stand behind it. Ties go to the body that comes first.

    Parameters
    ----------
    kind
        Kind of grid to tell apart by, '' for none.
    """
    by_class: defaultdict[ClassKey, Counter[str]] = defaultdict(Counter)
    by_part: defaultdict[tuple[ClassKey, str, str], Counter[str]] = defaultdict(Counter)
    for case in history:
        s = case.situation
        by_class[s.key][case.body] += 1
        by_part[s.key, s.condition or "", ""][case.body] += 1
        code = (s.grids or {}).get(kind, "")
        if kind and code:
            by_part[s.key, "", code][case.body] += 1
    rules = [_rule(n, key, "", "", "", bodies) for n, (key, bodies) in enumerate(by_class.items())]
    for (key, condition, code), bodies in by_part.items():
        best = _most(bodies)
        enough = sum(bodies.values()) >= least
        if (condition or code) and enough and best != _most(by_class[key]):
            rules.append(_rule(len(rules), key, condition, kind if code else "", code, bodies))
    return RuleBook(rules)


def _most(bodies: Counter[str]) -> str:
    return min(bodies, key=lambda body: (-bodies[body], body))


def _rule(
    number: int, key: ClassKey, condition: str, kind: str, code: str, bodies: Counter[str]
) -> DutyRule:
    body = _most(bodies)
    total = sum(bodies.values())
    source = f"由 {total} 个历史案件归纳，其中 {bodies[body]} 个由该部门处置"
    return DutyRule(
        id=f"L{number + 1:04d}",
        domain=key.domain,
        scheme=key.scheme,
        class_prefix=key.code,
        body=body,
        origin=Origin(source, Confidence.INFERRED),
        grid_kind=kind,
        grid_code=code,
        condition=condition,
    )


@dataclass(frozen=True)
class Choice:
    """What was suggested for a case and what a person chose."""

    suggested: str | None
    chosen: str
    on: date


def first_dispatch_accuracy(choices: Iterable[Choice]) -> tuple[int, int]:
    """Cases whose first dispatch was the one suggested, and cases that had a suggestion (首派准确率)."""
    suggested = [c for c in choices if c.suggested is not None]
    return sum(c.suggested == c.chosen for c in suggested), len(suggested)


def confusion_table(trial: Trial) -> str:
    """The trial as a table for people: rows disposed, columns suggested."""
    bodies = sorted({body for pair in trial.confusion for body in pair} - {NOBODY})
    columns = [*bodies, NOBODY]
    width = max((len(b) for b in bodies), default=4) + 1
    lines = ["".ljust(width) + "".join(c.rjust(max(6, len(c) + 1)) for c in columns)]
    for body in bodies:
        counts = [trial.confusion.get((body, said), 0) for said in columns]
        if any(counts):
            cells = (
                str(n or ".").rjust(max(6, len(c) + 1))
                for n, c in zip(counts, columns, strict=True)
            )
            lines.append(body.ljust(width) + "".join(cells))
    share = trial.accuracy
    told = "—" if share is None else f"{share:.1%}"
    lines.append(f"{trial.cases} 件，给出建议 {trial.decided} 件，正确 {trial.right} 件（{told}）")
    return "\n".join(lines)
