"""An empty workbook for the register, made from the same declaration that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from hazards.registers.sheets import CELL_TITLES, SHEETS, CellType, ColumnSpec, SheetSpec

_TEXTS = (CellType.TEXT, CellType.CREDIT_CODE, CellType.CAS)
#: Rows whose cells are prepared: texts as texts, so that a code keeps its digits.
_PREPARED = 200
_NOTES = ("工作表", "列", "必填", "填什么", "单位", "可选项")


def template_workbook() -> bytes:
    """The workbook (.xlsx): a sheet for each part of the register, and one that explains them.

    Examples
    --------
    >>> template_workbook()[:2]
    b'PK'
    """
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for spec in SHEETS:
        _prepare(book.create_sheet(spec.title), spec)
    notes = book.create_sheet("说明")
    for row in (_NOTES, *_notes()):
        notes.append(row)
    _widen(notes, [12, 24, 8, 28, 8, 60])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _prepare(sheet: Any, spec: SheetSpec) -> None:
    from openpyxl.styles import Font, PatternFill

    sheet.append([column.head for column in spec.columns])
    needed = PatternFill("solid", fgColor="FFE8B3")
    for place, column in enumerate(spec.columns, start=1):
        head = sheet.cell(1, place)
        head.font = Font(bold=True)
        if column.is_required:
            head.fill = needed
        form = "@" if column.type in _TEXTS else _form(column)
        for row in range(2, _PREPARED + 2):
            sheet.cell(row, place).number_format = form
    _widen(sheet, [max(12, 2 * len(column.head) + 4) for column in spec.columns])
    sheet.freeze_panes = "A2"


def _form(column: ColumnSpec) -> str:
    return {CellType.DATE: "yyyy-mm-dd", CellType.INTEGER: "0"}.get(column.type, "General")


def _widen(sheet: Any, widths: list[int]) -> None:
    from openpyxl.utils import get_column_letter

    for place, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width


def _notes() -> Iterator[tuple[str, ...]]:
    for spec in SHEETS:
        for column in spec.columns:
            yield (
                spec.title,
                column.title,
                "是" if column.is_required else "",
                CELL_TITLES[column.type],
                column.unit or "",
                "、".join(title for _, title in column.choices),
            )
