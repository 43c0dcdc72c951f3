"""A time limit: an amount of one of five units.

The units are those of real tables of time limits (Yuncheng's municipal standard, read in
secondary form): urgent hours and days run day and night, holidays included; working hours and
days count working periods only; a natural day is a day of the calendar, that is 24 hours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Any

from gis.errors import InvalidError

MICROSECOND = 1
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
#: A limit longer than this is a slip of the pen.
MAX_DAYS = 3660


class LimitUnit(StrEnum):
    """The five units of time limits."""

    URGENT_HOUR = "urgent_hour"
    URGENT_DAY = "urgent_day"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"
    NATURAL_DAY = "natural_day"

    @property
    def is_continuous(self) -> bool:
        """Whether it runs day and night."""
        return self not in (LimitUnit.WORK_HOUR, LimitUnit.WORK_DAY)


UNIT_NAMES: dict[LimitUnit, str] = {
    LimitUnit.URGENT_HOUR: "紧急工作时",
    LimitUnit.URGENT_DAY: "紧急工作日",
    LimitUnit.WORK_HOUR: "工作时",
    LimitUnit.WORK_DAY: "工作日",
    LimitUnit.NATURAL_DAY: "自然日",
}


@dataclass(frozen=True)
class Season:
    """Days of the year in which a limit runs, such as the planting season; may cross New Year.

    ``first`` and ``last`` are (month, day), both inside the season.
    """

    name: str
    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, month: int, day: int) -> bool:
        """Whether a day of the year lies in the season.

        Examples
        --------
        >>> Season("采暖期", (11, 15), (3, 15)).holds(1, 1)
        True
        """
        at = (month, day)
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last


#: Lengths of the units that are the same in every calendar.
_UNIT_LENGTHS = {
    LimitUnit.URGENT_HOUR: HOUR,
    LimitUnit.WORK_HOUR: HOUR,
    LimitUnit.URGENT_DAY: DAY,
    LimitUnit.NATURAL_DAY: DAY,
}


@dataclass(frozen=True)
class Limit:
    """An amount of a unit; with a season, only time inside the season counts.

    Examples
    --------
    >>> Limit(Fraction(3, 2), LimitUnit.WORK_HOUR).told
    '1.5 工作时'
    """

    amount: Fraction
    unit: LimitUnit
    season: Season | None = None

    def microseconds(self, hours_per_work_day: int = 8) -> int:
        """Length in microseconds of the time that counts.

        Examples
        --------
        >>> Limit(Fraction(1), LimitUnit.WORK_DAY).microseconds() // SECOND
        28800
        """
        whole = _UNIT_LENGTHS.get(self.unit, hours_per_work_day * HOUR)
        exact, rest = divmod(self.amount.numerator * whole, self.amount.denominator)
        return exact if not rest else round(self.amount * whole)

    def times(self, count: int) -> Limit:
        """The limit `count` times over."""
        return replace(self, amount=self.amount * count)

    @cached_property
    def told(self) -> str:
        """The limit in words."""
        season = f"（{self.season.name}内）" if self.season else ""
        return f"{amount_text(self.amount)} {UNIT_NAMES[self.unit]}{season}"

    @cached_property
    def said(self) -> str:
        """The limit as people say it: parts of an urgent hour are minutes.

        Examples
        --------
        >>> Limit(Fraction(1, 4), LimitUnit.URGENT_HOUR).said
        '15 分钟'
        """
        minutes = self.amount * 60
        is_short = self.unit is LimitUnit.URGENT_HOUR and 0 < self.amount < 1
        if not is_short or minutes.denominator != 1:
            return self.told
        season = f"（{self.season.name}内）" if self.season else ""
        return f"{minutes} 分钟{season}"

    def as_dict(self) -> dict[str, Any]:
        """The limit as JSON; the amount as text where it is no plain decimal."""
        return {
            "amount": amount_text(self.amount),
            "unit": self.unit.value,
            "season": self.season.name if self.season else None,
        }


def amount_text(amount: Fraction) -> str:
    """An amount as a decimal, or as a fraction where it has no end.

    Examples
    --------
    >>> amount_text(Fraction(1, 4)), amount_text(Fraction(1, 3)), amount_text(Fraction(2))
    ('0.25', '1/3', '2')
    """
    if amount.denominator == 1:
        return str(amount.numerator)
    rest = amount.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{amount.numerator}/{amount.denominator}"
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return format(exact.normalize(), "f")


def amount_of(value: str | int | float | Decimal) -> Fraction:
    """An amount out of a number or a decimal text.

    Raises
    ------
    InvalidError
        ``limit.bad_amount`` when it is no number, negative or not finite.

    Examples
    --------
    >>> amount_of("0.25"), amount_of(3)
    (Fraction(1, 4), Fraction(3, 1))
    """
    try:
        exact = Decimal(str(value).strip())
    except InvalidOperation:
        exact = Decimal("NaN")
    # The exponent is bounded before it becomes digits.
    if not exact.is_finite() or exact < 0 or abs(exact.adjusted()) > 12:
        raise InvalidError(
            "limit.bad_amount",
            "时限的数量应为不小于 0 的数，得到 {got}",
            field="amount",
            got=str(value),
        )
    return Fraction(exact)


def limit_of(
    amount: str | int | float | Decimal | Fraction,
    unit: LimitUnit | str,
    season: Season | None = None,
) -> Limit:
    """A limit, checked.

    Raises
    ------
    InvalidError
        ``limit.bad_amount``, ``limit.unknown_unit``, ``limit.too_long``.

    Examples
    --------
    >>> limit_of(2, "work_day").told
    '2 工作日'
    """
    exact = amount if isinstance(amount, Fraction) else amount_of(amount)
    if unit not in set(LimitUnit):
        raise InvalidError(
            "limit.unknown_unit",
            "没有时限单位 {got}",
            field="unit",
            got=str(unit),
            expected=[u.value for u in LimitUnit],
        )
    made = Limit(exact, LimitUnit(unit), season)
    if made.microseconds() > MAX_DAYS * DAY:
        raise InvalidError(
            "limit.too_long",
            "时限最长 {expected} 天，得到 {got}",
            field="amount",
            got=made.told,
            expected=MAX_DAYS,
        )
    return made
