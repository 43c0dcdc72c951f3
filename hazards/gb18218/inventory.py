"""The inventory of one unit, read from JSON with every fault at once.

``{"substances": [{"row" | "cas" [+ "form"], "symbol"?, "name"?, "quantity_t"}], "people_500m": n}``.
Quantities are the design maximum in tonnes and are kept as exact fractions: JSON's 0.1 is 1/10.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import partial
from typing import Any, TypeVar

from gis.errors import CityError, InvalidError
from hazards.models import Caution

MAX_SUBSTANCES = 5000
#: Least and greatest quantity of one line, tonnes: a milligram, and more than any store holds.
_LEAST_T, _MOST_T = Decimal("1e-9"), Decimal("1e9")
_MOST_DIGITS = 40
_MOST_PEOPLE = 10**8
_FIELDS = frozenset({"row", "cas", "form", "symbol", "name", "quantity_t"})
_TOP = frozenset({"substances", "people_500m", "name"})
T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """One line of an inventory, as given.

    Attributes
    ----------
    number
        1-based, to point at.
    symbols
        Category symbols that a person set from the substance's GHS classification.
    """

    number: int
    row: str | None
    cas: str | None
    form: str | None
    symbols: tuple[str, ...]
    name: str | None
    quantity_t: Fraction


@dataclass(frozen=True)
class Inventory:
    """Lines of one unit, and residents within 500 m outside of the fence (None: unknown)."""

    lines: tuple[Line, ...]
    people_500m: int | None
    cautions: tuple[Caution, ...] = ()


def read_inventory(text: str, check: Callable[[Line], object] | None = None) -> Inventory:
    """An inventory out of the text of a JSON file.

    Parameters
    ----------
    check
        Refuses a line that means no substance, such as `hazards.gb18218.resolve.check_line`. Asked
        where the inventory is refused anyhow, so that its faults are told together with the others.

    Raises
    ------
    InvalidError
        ``inventory.syntax`` when it is no JSON; the fault, or ``inventory.invalid`` with every one
        of several.

    Examples
    --------
    >>> read_inventory('{"substances": [{"row": 1, "quantity_t": 0.1}]}').lines[0].quantity_t
    Fraction(1, 10)
    """
    try:
        given = json.loads(
            text,
            parse_float=_number,
            parse_int=_number,
            parse_constant=Decimal,
            object_pairs_hook=_once,
        )
    except InvalidError:
        raise
    except (ValueError, RecursionError) as fault:
        raise InvalidError(
            "inventory.syntax",
            "不是 JSON：{got}",
            got=str(fault)[:200],
            hint="用 UTF-8 编码的 JSON",
        ) from fault
    return inventory_of(given, check)


def _number(text: str) -> Decimal:
    return Decimal(text) if len(text) <= _MOST_DIGITS else Decimal("NaN")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidError(
            "inventory.twice", "同一对象里字段重复：{got}", got=[name for name, _ in pairs][:20]
        )
    return found


def inventory_of(given: Any, check: Callable[[Line], object] | None = None) -> Inventory:
    """An inventory out of parsed JSON; ``check`` as in `read_inventory`.

    Raises
    ------
    InvalidError
        The fault, or ``inventory.invalid`` with every one of several.
    """
    listed = given.get("substances") if isinstance(given, dict) else None
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_SUBSTANCES:
        raise InvalidError(
            "inventory.substances",
            "应为对象，其 substances 是 1 至 {most} 项的列表",
            field="substances",
            got=_shape_told(given),
            expected={"substances": [{"row": 1, "quantity_t": 20}], "people_500m": 120},
            params={"most": MAX_SUBSTANCES},
        )
    faults: list[CityError] = []
    read = [_line(number, one, faults) for number, one in enumerate(listed, start=1)]
    lines = [line for line in read if line is not None]
    people = _tried(faults, lambda: _people(given.get("people_500m")))
    if faults and check is not None:
        for line in lines:
            _tried(faults, partial(check, line))
        faults.sort(key=lambda fault: fault.row or len(listed) + 1)
    raise_all(faults)
    return Inventory(tuple(lines), people, tuple(_unknown_fields(given, listed)))


def raise_all(faults: list[CityError]) -> None:
    """Refuse with the one fault, or with ``inventory.invalid`` and all of them.

    Raises
    ------
    InvalidError
        When there is any.
    """
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InvalidError(
            "inventory.invalid",
            "清单有 {count} 处不对：{first}",
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
        )


def _shape_told(given: Any) -> str | int:
    """What stood where an object with a list of substances belongs."""
    if not isinstance(given, dict):
        return type(given).__name__
    held = given.get("substances")
    return len(held) if isinstance(held, list) else str(held)[:60]


def _tried(faults: list[CityError], act: Callable[[], T]) -> T | None:
    """What `act` gives; None and its fault noted when it refuses."""
    try:
        return act()
    except InvalidError as fault:
        faults.append(fault)
        return None


def _line(number: int, given: Any, faults: list[CityError]) -> Line | None:
    """A line with every fault of it noted; None where it does not say which substance it means.

    A quantity that is none stands as 0 beside its fault.
    """
    if not isinstance(given, dict):
        faults.append(_fault(number, "inventory.bad_line", "第 {row} 项应为对象", "substances"))
        return None
    row = given.get("row")
    if isinstance(row, Decimal):
        row = str(int(row)) if row.is_finite() and row == int(row) else str(row)
    before = len(faults)
    texts = {"row": row} | {name: given.get(name) for name in ("cas", "form", "name")}
    said = {n: _tried(faults, partial(_text, number, n, text)) for n, text in texts.items()}
    symbols = given.get("symbol")
    listed = symbols if isinstance(symbols, list) else [] if symbols is None else [symbols]
    known = [_tried(faults, partial(_text, number, "symbol", s)) for s in listed]
    is_named = len(faults) == before
    quantity = _tried(faults, lambda: _quantity(number, given.get("quantity_t")))
    if not is_named:
        return None
    if said["row"] is None and said["cas"] is None and not any(known):
        words = "第 {row} 项没有说明是什么物质：给出 row、cas 或 symbol"
        faults.append(_fault(number, "inventory.no_substance", words, "row"))
        return None
    return Line(
        number=number,
        symbols=tuple(filter(None, known)),
        quantity_t=Fraction(0) if quantity is None else quantity,
        **said,
    )


def _fault(number: int, code: str, words: str, field: str) -> InvalidError:
    return InvalidError(code, words, field=field, row=number, params={"row": number})


def _text(number: int, field: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > 200:
        raise InvalidError(
            "inventory.bad_text",
            "第 {row} 项的 {field} 应为文字",
            field=field,
            row=number,
            got=str(value)[:60],
            params={"row": number},
        )
    return value.strip()


def _quantity(number: int, value: Any) -> Fraction:
    """Tonnes, exact. Text is read as well: other programs write exact numbers so."""
    found = value
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        try:
            found = _number(str(value).strip())
        except InvalidOperation:
            found = None
    good = isinstance(found, Decimal) and found.is_finite()
    if not good or not _LEAST_T <= found <= _MOST_T:
        raise InvalidError(
            "inventory.bad_quantity",
            "第 {row} 项的设计最大量应为 {low} 至 {high} t 的数，得到 {given}",
            field="quantity_t",
            row=number,
            got=None if value is None else str(value)[:60],
            params={
                "row": number,
                "low": f"{_LEAST_T:g}",
                "high": f"{_MOST_T:g}",
                "given": "空" if value is None else str(value)[:60],
            },
        )
    return Fraction(found)


def _people(value: Any) -> int | None:
    """Residents, or None where nobody knows; a number of people is a whole number."""
    if value is None:
        return None
    whole = Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
    good = isinstance(whole, Decimal) and whole.is_finite() and 0 <= whole <= _MOST_PEOPLE
    if not good or whole != int(whole):
        raise InvalidError(
            "inventory.bad_people",
            "厂界外 500 m 内常住人口应为非负整数，得到 {got}",
            field="people_500m",
            got=str(value)[:60],
        )
    return int(whole)


def _unknown_fields(given: dict[str, Any], listed: list[dict[str, Any]]) -> Iterator[Caution]:
    unknown = set(given) - _TOP
    for line in listed:
        unknown |= set(line) - _FIELDS
    if unknown:
        names = "、".join(sorted(unknown)[:10])
        yield Caution("inventory.unknown_field", f"不认识的字段没有用到：{names[:200]}")
