"""The body a case is suggested to, the runner-up near a border, and the reasons for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from grid.classes import ClassKey
from grid.routing.rules import DutyRule, RuleBook

#: Nearer to the border of a cell than this, the neighbour's body is named too, metres.
BORDER_M = 30.0


@dataclass(frozen=True)
class Near:
    """A neighbouring cell of a kind of grid, and how far its border is, metres."""

    kind: str
    code: str
    distance_m: float


@dataclass(frozen=True)
class Situation:
    """What is known of a case when it is routed.

    Attributes
    ----------
    grids
        Code of the cell that holds the place, by kind of grid; empty where there is no place.
    near
        Cells nearby that do not hold it.
    owner
        Body that owns the component the case is about, where that is known.
    vague
        Whether the place is too uncertain for anything but a person's judgement.
    """

    key: ClassKey
    condition: str | None = None
    day: date | None = None
    grids: Mapping[str, str] | None = None
    near: Sequence[Near] = ()
    owner: str | None = None
    vague: bool = False


@dataclass(frozen=True)
class Decision:
    """A suggestion and why.

    ``auto`` says that nobody needs to look; ``rule`` is the id of the rule, None where the owner
    of the component decides or nothing does.
    """

    body: str | None
    rule: str | None
    runner_up: str | None
    runner_up_m: float | None
    auto: bool
    reasons: tuple[str, ...]


def decide(book: RuleBook, situation: Situation, border_m: float = BORDER_M) -> Decision:
    """The body for a case.

    The owner of the component goes before every rule. Near a border the body that the rules name
    in the neighbouring cell is the runner-up, if it is another one; of several the nearest, on a
    tie the one whose cell has the smaller code.

    Parameters
    ----------
    border_m
        How near is near.
    """
    if situation.vague:
        return Decision(None, None, None, None, False, ("位置不确定，由派遣员判断",))
    here = dict(situation.grids or {})
    rule = book.best(situation.key, situation.condition, here, situation.day)
    reasons: list[str] = []
    if situation.owner is not None:
        body, used, auto = situation.owner, None, False
        reasons.append(f"部件的权属单位是 {body}")
    elif rule is not None:
        body, used, auto = rule.body, rule.id, rule.auto
        reasons.append(told(rule))
    else:
        body, used, auto = None, None, False
        reasons.append("职责表没有规定")
    runner, metres = _runner_up(book, situation, body, here, border_m)
    if runner is not None:
        reasons.append(f"距相邻网格 {metres:.1f} m，那边由 {runner} 负责")
    return Decision(body, used, runner, metres, auto and runner is None, tuple(reasons))


def _runner_up(
    book: RuleBook,
    situation: Situation,
    body: str | None,
    here: dict[str, str],
    border_m: float,
) -> tuple[str | None, float | None]:
    for near in sorted(situation.near, key=lambda n: (n.distance_m, n.kind, n.code)):
        if near.distance_m > border_m:
            break
        there = here | {near.kind: near.code}
        rule = book.best(situation.key, situation.condition, there, situation.day)
        if rule is not None and rule.body != body:
            return rule.body, near.distance_m
    return None, None


def told(rule: DutyRule) -> str:
    """A rule in words.

    Examples
    --------
    >>> from grid.routing.rules import shipped_rules
    >>> told(shipped_rules().rules[1])
    '规则 D002：部件 0102 → drainage（样例职责表：各地换成自己的，sample）'
    """
    domain = {"component": "部件", "event": "事件"}.get(rule.domain, rule.domain)
    parts = [f"{domain} {rule.class_prefix or '各类'}"]
    if rule.condition:
        parts.append(f"立案条件 {rule.condition}")
    if rule.grid_code:
        parts.append(f"网格 {rule.grid_kind}:{rule.grid_code}")
    about = "、".join(parts)
    origin = f"{rule.origin.source}，{rule.origin.confidence.value}"
    return f"规则 {rule.id}：{about} → {rule.body}（{origin}）"


def decide_many(
    book: RuleBook, situations: Sequence[Situation], border_m: float = BORDER_M
) -> list[Decision]:
    """Decisions for very many cases; equal situations are decided once."""
    kept: dict[tuple[object, ...], Decision] = {}
    out = []
    for s in situations:
        grids = tuple(sorted((s.grids or {}).items()))
        name = (s.key, s.condition, s.day, grids, tuple(s.near), s.owner, s.vague)
        found = kept.get(name)
        if found is None:
            found = kept[name] = decide(book, s, border_m)
        out.append(found)
    return out
