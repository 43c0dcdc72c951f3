"""A register's workbook as interfaces answer it: counts, faults, grades of units, cards."""

from __future__ import annotations

import zlib
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from cityops.services.reading.workbook import check_parts
from gis.errors import CityError, FileError, InvalidError
from hazards.gb18218.grade import SOURCE as GRADING_SOURCE
from hazards.registers.comparing import FINDING_TITLES, Finding, FindingKind, findings_of
from hazards.registers.rectification import PLAN_PARTS, unplanned
from hazards.registers.sheets import SHEETS
from hazards.registers.substances import grading_of
from hazards.registers.values import FILED_GRADES, Register, unknown_of
from hazards.registers.workbook import Outcome, SheetRows, faults_of, read_register

#: What openpyxl, expat and zlib raise over a broken file; expat's is a SyntaxError.
_BROKEN = (
    *(KeyError, ValueError, OSError, TypeError, IndexError, AttributeError),
    *(SyntaxError, EOFError, zlib.error, BadZipFile),
)
#: No sheet has more rows.
MOST_ROWS = 200_000


def checked_register(path: Path, today: date) -> dict[str, Any]:
    """What a workbook holds, as JSON: ``ok`` and the register's figures, or its faults.

    Raises
    ------
    FileError
        When it is no plain workbook.
    """
    outcome = read_register(sheets_of(path), today)
    return outcome_json(outcome)


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome of a reading as JSON."""
    register = outcome.register
    return {
        "ok": register is not None,
        "rows": dict(outcome.rows),
        "fault_count": outcome.fault_count,
        "faults": list(faults_of(outcome)),
        "units": [] if register is None else [_unit(register, i) for i in _numbers(register)],
        "findings": [] if register is None else [_finding(f) for f in findings_of(register)],
        "substances": [] if register is None else _substances(register),
        "dangers": [] if register is None else _dangers(register),
        "grading_source": GRADING_SOURCE,
        "warnings": [caution.as_dict() for caution in outcome.cautions],
    }


def refusal(outcome: dict[str, Any], faults: list[dict[str, Any]]) -> InvalidError:
    """The refusal of a workbook with faults, all of them in ``errors``."""
    first = faults[0]
    singles = [
        InvalidError(
            fault["code"], "{sheet}：{told}",
            field=fault["field"], got=fault["got"], expected=fault["expected"],
            hint=fault["hint"], row=fault["row"], params={"sheet": fault["sheet"], "told": fault["message"]},
        )
        for fault in faults
    ]  # fmt: skip
    return InvalidError(
        "register.invalid",
        "档案表有 {count} 处不对，没有读入任何内容；{first}",
        field="file",
        params={"count": outcome["fault_count"], "first": f"{first['sheet']}第 {first['row']} 行"},
        errors=singles,
    )


def sheets_of(path: Path) -> list[SheetRows]:
    """Rows of every sheet that hold something; formulas give their last values.

    Raises
    ------
    FileError
        ``xlsx.*`` and ``zip.*``, ``register.too_many_rows``.
    """
    check_parts(path)
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            # Sheets are read only as their rows are asked for: what is broken shows up here too.
            return [_rows(book[name]) for name in book.sheetnames]
        finally:
            book.close()
    except _BROKEN as fault:
        raise FileError("xlsx.bad", "工作簿已损坏", field="file", got=path.name) from fault


def _rows(sheet: Any) -> SheetRows:
    # Some programs write a wrong extent into the file; without one every row is read.
    sheet.reset_dimensions()
    numbers, rows = [], []
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        if any(cell is not None for cell in cells):
            numbers.append(number)
            rows.append(cells)
        if len(rows) > MOST_ROWS:
            raise FileError(
                "register.too_many_rows",
                "工作表 {got} 超过 {expected} 行",
                field="file",
                got=sheet.title,
                expected=MOST_ROWS,
            )
    return SheetRows(sheet.title, numbers, rows)


def _numbers(register: Register) -> range:
    return range(len(register.units))


def _unit(register: Register, number: int) -> dict[str, Any]:
    """S, R and grade of a unit; null with the reason where nobody can tell."""
    unit = register.units[number]
    found = grading_of(register, unit)
    told: dict[str, Any] = {"S": None, "R": None, "grade": None, "major": None, "reasons": []}
    if isinstance(found, CityError):
        told["reasons"] = [str(e) for e in found.errors or (found,)]
    elif found is not None:
        told |= {
            "S": float(found.s),
            "R": None if found.r is None else float(found.r),
            "grade": found.grade,
            "major": found.is_major,
            "reasons": [caution.message for caution in found.cautions],
        }
    key = {"credit_code": unit.credit_code, "unit_no": unit.unit_no, "name": unit.name}
    return key | told | {"filed_grade": unit.filed_grade}


def _finding(found: Finding) -> dict[str, Any]:
    """What does not fit, with a sentence for people."""
    held, title = found.holding, FINDING_TITLES[found.kind]
    if found.kind is FindingKind.OVER_LICENCE:
        words = (
            f"{held.name if held else ''}设计最大量 {found.found:g} t，许可量 {found.stated:g} t"
        )
    else:
        true = "级别未知" if found.found is None else FILED_GRADES[str(int(found.found))].zh
        filed = "" if found.stated is None else f"，备案{FILED_GRADES[str(int(found.stated))].zh}"
        words = f"按 GB 18218 为{true}{filed}"
    return {
        "kind": found.kind.value,
        "title": {"zh": title.zh, "en": title.en},
        "credit_code": found.credit_code,
        "unit_no": found.unit_no,
        "equipment_no": None if held is None else held.equipment_no,
        "substance": None if held is None else held.name,
        "cas": None if held is None else held.cas,
        "found": found.found,
        "stated": found.stated,
        "message": f"{title.zh}：{words}",
    }


def _substances(register: Register) -> list[dict[str, Any]]:
    """Each substance once, with its card: null is unknown."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for held in register.holdings:
        card = register.card_of(held)
        key = (card.cas, "" if card.cas else held.name)
        found.setdefault(key, asdict(card) | {"cas": card.cas or None, "unknown": unknown_of(card)})
    return list(found.values())


def _dangers(register: Register) -> list[dict[str, Any]]:
    return [
        {
            "danger_no": one.danger_no,
            "credit_code": one.credit_code,
            "found_on": one.found_on.isoformat(),
            "deadline": None if one.deadline is None else one.deadline.isoformat(),
            "unplanned": [PLAN_PARTS[name].zh for name in unplanned(one)],
        }
        for one in register.dangers
    ]


def sheet_titles() -> list[str]:
    """Titles of the sheets of a workbook, in order."""
    return [spec.title for spec in SHEETS]
