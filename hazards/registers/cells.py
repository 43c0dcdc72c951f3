"""One cell of a workbook as a value of its column, or the fault of it."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from typing import Any

from gis.errors import InvalidError
from hazards.credit_code import checked_code
from hazards.gb18218.resolve import is_cas
from hazards.registers.sheets import CellType, ColumnSpec

_MOST_TEXT = 2000
_UNKNOWN = frozenset({"", "未知", "不详", "unknown"})
#: 2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日: the year first, or nobody knows what is meant.
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_NUMBER_AND_UNIT = re.compile(r"([-+]?[\d,]*\.?\d+)\s*([^\d\s].*)?")
_FIRST, _LAST = dt.date(1900, 1, 1), dt.date(2100, 1, 1)


def cell_value(column: ColumnSpec, cell: Any, today: dt.date | None = None) -> Any:
    """The value of a cell; None is unknown.

    Parameters
    ----------
    cell
        As a workbook gives it: text, number, date, truth value or None.
    today
        Dates of the past are held against it; None: against nothing.

    Raises
    ------
    InvalidError
        ``register.missing``, ``register.bad_*``, ``register.out_of_range``, ``register.future``,
        ``credit_code.*``.

    Examples
    --------
    >>> cell_value(ColumnSpec("n", "人数", CellType.INTEGER), 12.0)
    12
    """
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in _UNKNOWN):
        if column.is_required:
            raise _fault(column, "missing", "不能为空", cell)
        return None
    if isinstance(cell, bool):
        raise _fault(column, "bad_value", "不能是逻辑值", cell)
    if column.type in (CellType.INTEGER, CellType.REAL):
        return _number(column, cell)
    if column.type is CellType.DATE:
        return _date(column, cell, today)
    text = _text(column, cell)
    if column.type is CellType.CREDIT_CODE:
        return _code(column, cell, text)
    if column.type is CellType.CAS:
        return _cas(column, text)
    return _choice(column, text) if column.type is CellType.CHOICE else text


def plain(text: Any) -> str:
    """A head or a key for comparison: half-width, without blanks, small letters.

    Examples
    --------
    >>> plain(" CAS　号（T）")
    'cas号(t)'
    """
    return "".join(unicodedata.normalize("NFKC", "" if text is None else str(text)).split()).lower()


def _text(column: ColumnSpec, cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        cell = int(cell)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time(0):
        cell = cell.date()
    text = str(cell).strip()
    if len(text) > _MOST_TEXT or any(
        unicodedata.category(c) == "Cc" and c not in "\n\t\r" for c in text
    ):
        raise _fault(column, "bad_text", f"应为不超过 {_MOST_TEXT} 字的文字", text)
    return text


def _code(column: ColumnSpec, cell: Any, text: str) -> str:
    """A credit code; a number has lost its last digits in Excel already."""
    if not isinstance(cell, str):
        raise _fault(
            column, "code_is_number", "是数字格式，会丢失末位", text, hint="把单元格设为文本再填"
        )
    try:
        return checked_code(text)
    except InvalidError as fault:
        fault.field = column.title
        raise


def _cas(column: ColumnSpec, text: str) -> str:
    cas = plain(text)
    if not is_cas(cas):
        raise _fault(column, "bad_cas", "格式或校验位不对：{got}", text)
    return cas


def _choice(column: ColumnSpec, text: str) -> str:
    for code, title in column.choices:
        if plain(text) in (plain(code), plain(title)):
            return code
    titles = [title for _, title in column.choices]
    raise _fault(column, "bad_choice", "不能是 {got}", text, expected=titles)


def _number(column: ColumnSpec, cell: Any) -> float | int:
    if isinstance(cell, str):
        raise _text_for_number(column, cell.strip())
    if not isinstance(cell, (int, float)) or not math.isfinite(cell):
        raise _fault(column, "bad_number", "应为数，得到 {got}", cell)
    if column.type is CellType.INTEGER and cell != int(cell):
        raise _fault(column, "bad_number", "应为整数，得到 {got}", cell)
    low = -math.inf if column.low is None else column.low
    high = math.inf if column.high is None else column.high
    if not low <= cell <= high:
        ends = [column.low, column.high]
        raise _fault(
            column, "out_of_range", "{got} 超出范围：" + _told(column), cell, expected=ends
        )
    return int(cell) if column.type is CellType.INTEGER else float(cell)


def _told(column: ColumnSpec) -> str:
    """The range of a column in words."""
    if column.high is None:
        return f"至少 {column.low:,.10g}"
    if column.low is None:
        return f"至多 {column.high:,.10g}"
    return f"应为 {column.low:,.10g} 至 {column.high:,.10g}"


def _text_for_number(column: ColumnSpec, text: str) -> InvalidError:
    """A text where a number belongs: with a unit behind it, or a number kept as text."""
    found = _NUMBER_AND_UNIT.fullmatch(unicodedata.normalize("NFKC", text))
    unit = column.unit or "无"
    if found is not None and found[2]:
        return _fault(
            column, "unit_in_cell", "单元格里写了单位：{got}", text, expected=column.unit,
            hint=f"只填数，本列单位：{unit}",
        )  # fmt: skip
    if found is not None:
        return _fault(column, "text_number", "是文本格式的数：{got}", text, hint="把单元格改为数值")
    return _fault(column, "bad_number", "应为数，得到 {got}", text, hint="不知道就留空")


def _date(column: ColumnSpec, cell: Any, today: dt.date | None) -> dt.date:
    found = _day(cell)
    if found is None or not _FIRST <= found < _LAST:
        hint = "按 2026-03-01 填，或把单元格设为日期"
        raise _fault(column, "bad_date", "不是日期：{got}", cell, hint=hint)
    if column.is_past and today is not None and found > today:
        raise _fault(column, "future", "{got} 在今天以后", found, expected=today.isoformat())
    return found


def _day(cell: Any) -> dt.date | None:
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    found = _DATE.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if found is None:
        return None
    try:
        return dt.date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def _fault(
    column: ColumnSpec,
    code: str,
    words: str,
    got: Any,
    *,
    expected: Any = None,
    hint: str | None = None,
) -> InvalidError:
    shown = got if isinstance(got, (int, float)) and math.isfinite(got) else str(got)[:60]
    return InvalidError(
        f"register.{code}",
        "{field}" + words,
        field=column.title,
        got=None if got is None else shown,
        expected=expected,
        hint=hint,
    )
