"""Whether a substance of the register is one that anybody can look up, and what a unit amounts to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction

from gis.errors import InvalidError
from hazards.gb18218.grade import Grading, grade_unit
from hazards.gb18218.inventory import Inventory, Line
from hazards.gb18218.resolve import resolve
from hazards.gb18218.tables import Tables, shipped_tables
from hazards.models import Caution
from hazards.registers.values import Holding, Register, Unit

#: Faults of GB 18218 that a register may live with: it keeps what is known, grading comes later.
_LATER = frozenset({"gb18218.ambiguous", "gb18218.not_listed"})


def line_of(holding: Holding, number: int = 1) -> Line:
    """A substance of the register as a line of an inventory, its quantity as it is written."""
    symbols = (holding.symbol or "").replace("，", ",").replace("、", ",").split(",")
    return Line(
        number=number,
        row=holding.row,
        cas=holding.cas,
        form=holding.form,
        symbols=tuple(symbol.strip() for symbol in symbols if symbol.strip()),
        name=holding.name,
        quantity_t=Fraction(str(holding.design_max_t)),
    )


def substance_faults(
    holdings: Sequence[Holding], cards: AbstractSet[str], tables: Tables | None = None
) -> Iterator[InvalidError | Caution | None]:
    """For each substance its fault, a remark, or None.

    A substance is known by a row of GB 18218 table 1, by a category symbol, or by a response card
    with its CAS number. Which of several rows is meant may be settled later.

    Parameters
    ----------
    cards
        CAS numbers that have a response card.
    """
    used = tables or shipped_tables()
    for holding in holdings:
        yield _looked_up(holding, cards, used)


def _looked_up(
    holding: Holding, cards: AbstractSet[str], tables: Tables
) -> InvalidError | Caution | None:
    line = line_of(holding)
    if line.row is None and line.cas is None and not line.symbols:
        return _unknown("{told} 没有 CAS 号、表 1 序号或类别符号", holding)
    try:
        resolve(line, tables)
    except InvalidError as fault:
        if fault.code not in _LATER:
            words = str(fault).partition("：")[2]
            return InvalidError(fault.code, words, field="物质名称", got=fault.got)
        if fault.code == "gb18218.not_listed" and holding.cas not in cards:
            return _unknown(
                "不认识 {told}：不在 GB 18218 表 1，没有类别符号，也没有处置卡", holding
            )
        return Caution(fault.code, str(fault).partition("：")[2])
    return None


def _unknown(words: str, holding: Holding) -> InvalidError:
    return InvalidError(
        "register.unknown_substance",
        words,
        field="物质名称",
        got=holding.name[:60],
        params={"told": " ".join(filter(None, (holding.name, holding.cas)))[:100]},
        hint="由人按 GHS 分类给出类别符号，或补处置卡",
    )


def grading_of(register: Register, unit: Unit) -> Grading | InvalidError | None:
    """S, R and grade of one unit by GB 18218; why it cannot be told; None where it holds nothing."""
    held = register.held_in(unit)
    if not held:
        return None
    lines = tuple(line_of(one, number) for number, one in enumerate(held, start=1))
    try:
        return grade_unit(Inventory(lines, unit.people_500m))
    except InvalidError as fault:
        return fault
