"""Rows of a city's own table of duties or of weights, with every fault of the table at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

from cityops.services.grid.config import GridConfig
from cityops.services.grid.sheets import read_sheets
from gis.errors import CityError, FileError, InvalidError
from grid.duty import departments
from grid.evaluation.composites import composites_of
from grid.origin import Confidence
from grid.routing.rules import rules_of
from grid.schemes.limit_text import typed_text
from grid.shipped import day_of, shipped_rows

Row = dict[str, str]


class RuleKind(StrEnum):
    """Which table; the value is its kind in the store."""

    DUTIES = "duties"
    WEIGHTS = "composites"


_NEEDED: dict[RuleKind, tuple[str, ...]] = {
    RuleKind.DUTIES: ("id", "domain", "scheme", "class_prefix", "body"),
    RuleKind.WEIGHTS: ("composite", "subject", "component", "figure", "form", "weight"),
}
_OPTIONAL: dict[RuleKind, tuple[str, ...]] = {
    RuleKind.DUTIES: ("grid_kind", "grid_code", "condition", "auto", "valid_from", "valid_to"),
    RuleKind.WEIGHTS: (),
}
#: What stands for a value that cannot be read, while the rest of the table is looked at.
_IN_PLACE = {"confidence": "local", "weight": "0", "valid_from": "", "valid_to": ""}


@dataclass(frozen=True)
class _Given:
    """A row that holds something, and its number in the sheet."""

    number: int
    row: Row


def read_rules(path: Path, kind: RuleKind, source: str, config: GridConfig) -> list[Row]:
    """Rows of the first sheet, whose first row names the columns.

    Parameters
    ----------
    config
        Names the schemes that rules may be about.

    Raises
    ------
    FileError
        ``rules.no_columns``.
    InvalidError
        ``rules.bad_rows`` with every fault: of single rows, and of the table as a whole;
        ``routing.invalid``, ``evaluation.bad_weights`` where only the whole is wrong.
    """
    given = list(_given(path, kind, source))
    faults = [fault for one in given for fault in _faults(one, kind, config)]
    whole = _as_a_whole(given, kind, faults)
    if faults or not given:
        found = sorted([*faults, *(whole.errors if whole else ())], key=lambda f: f.row or 0)
        raise _bad(path, found)
    if whole is not None:
        raise whole
    return [one.row for one in given]


def _given(path: Path, kind: RuleKind, source: str) -> Iterator[_Given]:
    sheet = read_sheets(path)[0]
    head = [typed_text(value).lower() for value in (sheet.rows[0] if sheet.rows else ())]
    missing = [name for name in _NEEDED[kind] if name not in head]
    if missing:
        raise FileError(
            "rules.no_columns",
            "表里缺少列：{missing}",
            field="file",
            got="、".join(name for name in head if name),
            expected=[*_NEEDED[kind], *_OPTIONAL[kind], "source", "confidence"],
            params={"missing": "、".join(missing)},
        )
    usual = dict.fromkeys(_OPTIONAL[kind], "") | {"source": source, "confidence": "local"}
    for number, cells in enumerate(sheet.rows[1:], 2):
        given = {n: t for n, v in zip(head, cells, strict=False) if (t := _cell(n, v))}
        if given:
            yield _Given(number, dict.fromkeys(_NEEDED[kind], "") | usual | given)


def _cell(name: str, value: Any) -> str:
    """A cell as text; a class code that a workbook made a number of gets its zeros back."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else str(value).strip()
    is_code = name == "class_prefix" and isinstance(value, int)
    return text.zfill(len(text) + len(text) % 2) if is_code else text


def _faults(given: _Given, kind: RuleKind, config: GridConfig) -> Iterator[InvalidError]:
    """What is wrong with a row by itself."""
    row, number = given.row, given.number
    if row["confidence"] not in set(Confidence):
        known = [c.value for c in Confidence]
        yield _wrong("confidence", row["confidence"], known, number)
    if kind is RuleKind.WEIGHTS:
        try:
            Fraction(row["weight"])
        except (ValueError, ZeroDivisionError):
            yield _wrong("weight", row["weight"], "0.30", number)
        return
    for name in ("valid_from", "valid_to"):
        try:
            day_of(row[name])
        except ValueError:
            yield _wrong(name, row[name], "2026-01-01", number)
    yield from _unknown(row, number, config)


def _unknown(row: Row, number: int, config: GridConfig) -> Iterator[InvalidError]:
    """A domain that is none, and a scheme that the domain does not have."""
    domains = sorted({info.domain for info in config.schemes.infos})
    if row["domain"] not in domains:
        yield _wrong("domain", row["domain"], domains, number)
    schemes = sorted(
        {
            info.scheme
            for info in config.schemes.infos
            if info.domain == row["domain"] or row["domain"] not in domains
        }
    )
    if row["scheme"] not in schemes:
        yield _wrong("scheme", row["scheme"], schemes, number)


def _as_a_whole(
    given: Sequence[_Given], kind: RuleKind, faults: Sequence[CityError]
) -> InvalidError | None:
    """What is wrong with the rows together, told by their numbers in the sheet."""
    unread = {(f.row, f.field) for f in faults if f.field in _IN_PLACE}
    rows = [
        {n: _IN_PLACE[n] if (one.number, n) in unread else v for n, v in one.row.items()}
        for one in given
    ]
    try:
        if kind is RuleKind.DUTIES:
            rules_of(rows, departments())
        else:
            composites_of(rows, shipped_rows("score_bands.csv"), shipped_rows("grades.csv"))
    except InvalidError as fault:
        for single in fault.errors:
            if single.row is not None:
                single.row = given[single.row - 2].number
        if any(field == "weight" for _, field in unread):
            # A sum says nothing where one of its parts cannot be read.
            fault.errors = tuple(f for f in fault.errors if f.code != "evaluation.weights")
        return fault
    return None


def _wrong(field: str, got: str, expected: Any, row: int) -> InvalidError:
    return InvalidError(
        "rules.bad_value",
        "{field} 的值不对：{got}",
        field=field,
        got=got[:80],
        expected=expected,
        params={"field": field},
        row=row,
    )


def _bad(path: Path, faults: Sequence[CityError]) -> InvalidError:
    first = str(faults[0]) if faults else "没有一行"
    rows = {fault.row for fault in faults if fault.row is not None}
    return InvalidError(
        "rules.bad_rows",
        "{file} 有 {count} 行不能接受，什么都没有存：{first}",
        field="file",
        got=path.name,
        params={"file": path.name, "count": len(rows), "first": first},
        errors=list(faults),
    )
