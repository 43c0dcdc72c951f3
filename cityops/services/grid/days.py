"""Special days of a year out of a table that people keep: dates as typed, kinds in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from cityops.services.grid.sheets import read_sheets
from gis.errors import CityError, FileError, InvalidError
from grid.clock.shipped import day_sets_of
from grid.schemes.limit_text import typed_text
from grid.schemes.sheet import HEAD_ROWS, Sheet

_COLUMNS: dict[str, tuple[str, ...]] = {
    "date": ("date", "日期", "开始日期", "起始日期", "起", "放假日期"),
    "until": ("until", "结束日期", "截止日期", "止", "至"),
    "kind": ("kind", "类型", "安排", "性质", "休息或上班"),
    "name_zh": ("name_zh", "name", "名称", "节日", "节假日", "说明"),
}
_ROLE_OF = {word: role for role, words in _COLUMNS.items() for word in words}
_KINDS = {
    **dict.fromkeys(("rest", "休", "休息", "放假", "假", "节假日", "假日", "holiday"), "rest"),
    **dict.fromkeys(("work", "班", "上班", "调休", "补班", "调休上班", "工作", "workday"), "work"),
}
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
#: Fewer special days than this are no whole year of a country with holidays.
FEWEST_DAYS = 10
#: A feast that is longer was typed wrongly.
LONGEST = timedelta(days=31)

Row = dict[str, str]


@dataclass(frozen=True)
class DaysRead:
    """Special days as rows of a table of days, and the years of which they are all there."""

    days: tuple[Row, ...]
    years: tuple[Row, ...]


def read_days(
    path: Path, name: str, source: str, years: Sequence[int], confidence: str = "local"
) -> DaysRead:
    """Special days of a table (.xlsx, .csv) with the columns 日期, 类型 and perhaps 结束日期, 名称.

    Parameters
    ----------
    name
        Name of the set of days.
    years
        Years that the table holds wholly; when none are given, those that it names.

    Raises
    ------
    InvalidError
        ``calendar.bad_days`` with every row that has a fault; ``calendar.year_thin`` when a year
        that nobody called whole has too few days to be.
    FileError, NotFoundError
        ``calendar.no_head``, or when the file is no table.
    """
    head = {"day_set": name, "source": source, "confidence": confidence}
    rows: list[Row] = []
    numbers: list[int] = []
    faults: list[CityError] = []
    for number, cells in _records(read_sheets(path)):
        try:
            found = list(_days(cells))
        except CityError as fault:
            fault.row = number
            faults.append(fault)
            continue
        rows += [head | row for row in found]
        numbers += [number] * len(found)
    whole = sorted(set(years) or {int(row["date"][:4]) for row in rows})
    told = [head | {"year": str(year)} for year in whole]
    faults += _contradictions(rows, told, numbers)
    if faults:
        raise _bad_days(path, faults)
    if not years:
        _check_thick(rows, whole)
    return DaysRead(tuple(rows), tuple(told))


def _records(sheets: Sequence[Sheet]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Row number and cells by role of the first sheet with such a table."""
    for sheet in sheets:
        rows = sheet.filled()
        for at, row in enumerate(rows[:HEAD_ROWS]):
            columns = _roles(row)
            if {"date", "kind"} <= columns.keys():
                for number, cells in enumerate(rows[at + 1 :], at + 2):
                    if any(typed_text(value) for value in cells) and _roles(cells) != columns:
                        yield number, {role: cells[c] for role, c in columns.items()}
                return
    raise FileError(
        "calendar.no_head",
        "找不到表头：要有“日期”和“类型”两列",
        field="file",
        expected=["日期", "结束日期", "类型", "名称"],
    )


def _roles(row: Sequence[Any]) -> dict[str, int]:
    out: dict[str, int] = {}
    for column, value in enumerate(row):
        role = _ROLE_OF.get(typed_text(value).lower())
        if role is not None:
            out.setdefault(role, column)
    return out


def _days(cells: Mapping[str, Any]) -> Iterator[Row]:
    """The days of one row, one row each.

    Raises
    ------
    InvalidError
        ``calendar.bad_date``, ``calendar.bad_kind``, ``calendar.bad_span``.
    """
    first = date_of(cells.get("date"))
    last = date_of(cells["until"]) if typed_text(cells.get("until")) else first
    if not first <= last <= first + LONGEST:
        raise InvalidError(
            "calendar.bad_span",
            "结束日期 {got} 早于开始日期 {expected}，或相隔超过 31 天",
            field="until",
            got=last.isoformat(),
            expected=first.isoformat(),
        )
    word = typed_text(cells.get("kind")).lower()
    kind = _KINDS.get(word)
    if kind is None:
        raise InvalidError(
            "calendar.bad_kind",
            "应为休息或上班，得到 {got}",
            field="kind",
            got=word[:40],
            expected=["休息", "上班"],
        )
    name = typed_text(cells.get("name_zh"))
    for step in range((last - first).days + 1):
        day = first + timedelta(days=step)
        yield {"date": day.isoformat(), "kind": kind, "name_zh": name}


def date_of(value: Any) -> date:
    """The date of a cell: a date, or a text such as 2027-01-01, 2027/1/1, 2027年1月1日, 20270101.

    Raises
    ------
    InvalidError
        ``calendar.bad_date``.

    Examples
    --------
    >>> date_of("2027年1月1日") == date_of(20270101) == date(2027, 1, 1)
    True
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = typed_text(value)
    found = _DATE.fullmatch(text) or _DIGITS.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        return date(*map(int, found.groups()))
    except ValueError:
        raise InvalidError(
            "calendar.bad_date",
            "不是日期：{got}",
            field="date",
            got=text[:40],
            expected="2027-01-01",
        ) from None


def _contradictions(
    rows: Sequence[Row], years: Sequence[Row], numbers: Sequence[int]
) -> list[CityError]:
    """What is wrong between the days of a table, with the rows in which they stood."""
    try:
        day_sets_of(rows, years)
    except InvalidError as fault:
        found = list(fault.errors)
        for single in found:
            if single.row is not None:
                single.row = numbers[single.row - 2]
        return found
    return []


def _bad_days(path: Path, faults: Sequence[CityError]) -> InvalidError:
    ordered = sorted(faults, key=lambda f: f.row or 0)
    return InvalidError(
        "calendar.bad_days",
        "{file} 有 {count} 处不对，什么都没有存：{first}",
        field="file",
        got=path.name,
        params={"file": path.name, "count": len(ordered), "first": str(ordered[0])},
        errors=ordered,
    )


def _check_thick(rows: Sequence[Row], years: Sequence[int]) -> None:
    for year in years:
        count = sum(row["date"].startswith(str(year)) for row in rows)
        if count < FEWEST_DAYS:
            raise InvalidError(
                "calendar.year_thin",
                "{year} 年只有 {got} 天，不像一整年的安排",
                field="year",
                got=count,
                params={"year": year},
                hint=f"确实是全年的，用 --year {year} 说明",
            )
    if not years:
        raise InvalidError("calendar.empty", "表里没有日期", field="file")
