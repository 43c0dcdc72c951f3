"""The empty workbook that a city fills with its classes, conditions and limits."""

from __future__ import annotations

import io

from grid.schemes.template import SHEETS, columns

#: Name of the sheet that explains the columns; without a head of its own it is not read.
EXPLAINED = "说明"
_WIDTH = 16


def template_workbook() -> bytes:
    """An .xlsx: one sheet for components, one for events, and one that explains the columns."""
    import openpyxl
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    book.remove(book.active)
    for title in SHEETS:
        sheet = book.create_sheet(title)
        # The name of the sheet says already which of the two its rows are.
        sheet.append([column.name for column in columns() if column.name != "类型"])
        sheet.freeze_panes = "A2"
    explained = book.create_sheet(EXPLAINED)
    explained.append(["列名", "也认作", "必有", "填什么"])
    for column in columns():
        needed = "是" if column.needed else ""
        explained.append([column.name, "、".join(column.others), needed, column.meaning])
    for sheet in book.worksheets:
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for number in range(1, sheet.max_column + 1):
            sheet.column_dimensions[get_column_letter(number)].width = _WIDTH
    explained.column_dimensions["B"].width = explained.column_dimensions["D"].width = 4 * _WIDTH
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
