"""Limits as people type them into tables: ``1紧急工作时制止``, ``种植季节5工作日``, ``两小时``.

Words and traps are those met in real tables: a verb glued to the limit, a season in front of it,
小时 and 天 that mean working hours and working days, a unit in its own column that contradicts
the text (the text wins), several steps in one cell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from gis.errors import InvalidError
from grid.clock.limit import UNIT_NAMES, Limit, LimitUnit, Season, amount_of, limit_of

#: Longest cell that is still taken for a limit.
MAX_TYPED = 200
_DIGITS = "零一二三四五六七八九"
_NUMBER = r"(?:\d+(?:\.\d+)?|半|[零一二两三四五六七八九十百]+)"
_BASE = r"(?:工作小时|工作时|小时|时|工作日|工作天|自然日|自然天|日历天|天|日|分钟|分)"
_STEP = re.compile(
    rf"(?P<head>[^\d，,；;。、/]*?)(?P<urgent>紧急)?(?P<n>{_NUMBER})个?(?P<urgent2>紧急)?"
    rf"(?P<unit>{_BASE})?(?P<tail>[^\d，,；;。、/]*)"
)
_IGNORED = re.compile(
    r"^(?:不超过|不大于|小于|限期|限|在|应于|约|≤|<)+|(?:以内|之内|内|完成|处置)+$"
)
_SEASON = re.compile(r"(?:季节|季|期|期间)$")
_HOURS = frozenset({"工作小时", "工作时", "小时", "时"})
_MINUTES = frozenset({"分钟", "分"})
_NATURAL = frozenset({"自然日", "自然天", "日历天"})
#: Words that do not say whether working time is meant.
_OPEN = frozenset({"小时", "时", "天", "日", "分钟", "分"})


@dataclass(frozen=True)
class TypedStep:
    """One limit of a cell: the limit, what is to be done in it, and what was noticed."""

    limit: Limit
    action: str
    notes: tuple[str, ...] = ()


def limits_in(
    text: object, unit_text: object = None, seasons: Mapping[str, Season] | None = None
) -> tuple[TypedStep, ...]:
    """The limits of a cell, in order.

    Parameters
    ----------
    text
        The cell: a number or a text.
    unit_text
        The cell of a column that names the unit, where there is one.
    seasons
        Seasons by name.

    Raises
    ------
    InvalidError
        ``limit.unreadable``, ``limit.no_unit``, ``limit.unknown_season``, ``limit.bad_amount``,
        ``limit.too_long``.

    Examples
    --------
    >>> [(s.limit.told, s.action) for s in limits_in("1紧急工作时制止，15工作日拆除")]
    [('1 紧急工作时', '制止'), ('15 工作日', '拆除')]
    >>> limits_in(2, "紧急工作时")[0].limit.told
    '2 紧急工作时'
    """
    typed = typed_text(text)
    if len(typed) > MAX_TYPED:
        raise _unreadable(text)
    steps = []
    for part in re.split(r"[，,；;。、/]+", typed):
        if not part:
            continue
        found = _STEP.fullmatch(part)
        if found is None:
            raise _unreadable(text)
        steps.append(_step(found, typed_text(unit_text), seasons or {}, text))
    if not steps:
        raise _unreadable(text)
    return tuple(steps)


def typed_text(value: object) -> str:
    """A cell as text: full-width forms made plain, white space and line breaks removed.

    Examples
    --------
    >>> typed_text("２　工作日"), typed_text(3.0), typed_text(None)
    ('2工作日', '3', '')
    """
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(value)))


def _step(
    found: re.Match[str], unit_text: str, seasons: Mapping[str, Season], cell: object
) -> TypedStep:
    head, season = _season_of(_IGNORED.sub("", found["head"]), seasons, cell)
    tail = re.sub(r"^(?:以内|之内|内)", "", _IGNORED.sub("", found["tail"]))
    urgent = bool(found["urgent"] or found["urgent2"])
    notes: list[str] = []
    if not found["unit"]:
        if not unit_text:
            raise InvalidError(
                "limit.no_unit", "时限没有单位：{got}", field="limit", got=str(cell)[:80]
            )
        word, urgent = unit_text.removeprefix("紧急"), urgent or unit_text.startswith("紧急")
    else:
        word = found["unit"]
        urgent = _settled(word, urgent, unit_text, notes)
    unit, share = _unit_of(word, urgent, cell)
    amount = number_of(found["n"]) * share
    return TypedStep(limit_of(amount, unit, season), tail or head, tuple(notes))


def _settled(word: str, urgent: bool, unit_text: str, notes: list[str]) -> bool:
    """Whether the limit is urgent, from the words of the text and of the unit column."""
    column_urgent = unit_text.startswith("紧急")
    if not unit_text or column_urgent == urgent:
        return urgent
    if word in _OPEN and not urgent:
        return True
    shown = f"时限类型写“{unit_text}”，时限写“{'紧急' if urgent else ''}{word}”，按时限的文字"
    notes.append(shown)
    return urgent


def _unit_of(word: str, urgent: bool, cell: object) -> tuple[LimitUnit, Fraction]:
    if word in _MINUTES:
        return (LimitUnit.URGENT_HOUR if urgent else LimitUnit.WORK_HOUR), Fraction(1, 60)
    if word in _HOURS:
        return (LimitUnit.URGENT_HOUR if urgent else LimitUnit.WORK_HOUR), Fraction(1)
    if word in _NATURAL:
        return LimitUnit.NATURAL_DAY, Fraction(1)
    if word in {"工作日", "工作天", "天", "日"}:
        return (LimitUnit.URGENT_DAY if urgent else LimitUnit.WORK_DAY), Fraction(1)
    raise InvalidError(
        "limit.no_unit",
        "不认识时限单位 {got}",
        field="limit",
        got=word or str(cell)[:80],
        expected=list(UNIT_NAMES.values()),
    )


def _season_of(head: str, seasons: Mapping[str, Season], cell: object) -> tuple[str, Season | None]:
    """What is left of the words in front of a limit, and the season they name."""
    for name in sorted(seasons, key=len, reverse=True):
        if head.startswith(name):
            return head.removeprefix(name).removeprefix("内"), seasons[name]
    if _SEASON.search(head):
        raise InvalidError(
            "limit.unknown_season",
            "不认识季节 {got}",
            field="limit",
            got=head,
            expected=sorted(seasons),
            hint="先在季节表里登记起止日期",
        )
    return head, None


def number_of(text: str) -> Fraction:
    """A number in digits or in Chinese up to 999.

    Examples
    --------
    >>> [str(number_of(t)) for t in ("1.5", "半", "两", "十二", "一百零五")]
    ['3/2', '1/2', '2', '12', '105']
    """
    if text == "半":
        return Fraction(1, 2)
    if text[0].isdigit():
        return amount_of(text)
    total, digit = 0, 0
    for char in text.replace("两", "二"):
        if char == "百":
            total, digit = total + (digit or 1) * 100, 0
        elif char == "十":
            total, digit = total + (digit or 1) * 10, 0
        else:
            digit = _DIGITS.index(char)
    return Fraction(total + digit)


def _unreadable(cell: object) -> InvalidError:
    return InvalidError(
        "limit.unreadable",
        "看不懂时限：{got}",
        field="limit",
        got=str(cell)[:80],
        expected="例如 2工作日、1紧急工作时制止、种植季节5工作日",
    )
