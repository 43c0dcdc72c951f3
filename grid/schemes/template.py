"""An empty workbook of classes, conditions and limits, with what each of its columns means."""

from __future__ import annotations

from dataclasses import dataclass

from grid.schemes.sheet import COLUMN_NAMES

#: Names of the sheets that take rows: each says by itself what its classes are.
SHEETS = ("部件", "事件")


@dataclass(frozen=True)
class Column:
    """A column of the workbook.

    Attributes
    ----------
    name
        Heading in the template.
    others
        Further headings under which it is known.
    needed
        Whether the table must have it.
    meaning
        What stands in it.
    """

    name: str
    others: tuple[str, ...]
    needed: bool
    meaning: str


#: Role -> heading in the template, whether it is needed, and what stands in it.
_MEANINGS: dict[str, tuple[str, bool, str]] = {
    "major_code": ("大类代码", False, "两位；小类代码写足四位时可不填"),
    "major": ("大类名称", False, "同一代码只有一个名称"),
    "minor_code": ("小类代码", True, "两位，或连大类共四位"),
    "minor": ("小类名称", True, "同一代码只有一个名称"),
    "condition": ("立案条件编号", False, "不填则按小类编号"),
    "trigger": ("立案条件", True, "什么情形立案"),
    "closing": ("结案条件", False, "怎样算处置完"),
    "limit": ("处置时限", False, "如 2紧急工作时、4工作时、1工作日、3自然日；不填是未知"),
    "area": ("适用区域", False, "时限适用哪一类区域：A、B、C 或 全部；不填是全部"),
    "limit_A": ("A类", False, "A 类区域的时限，与“处置时限”同样写"),
    "limit_B": ("B类", False, "B 类区域的时限"),
    "limit_C": ("C类", False, "C 类区域的时限"),
    "unit": ("时限单位", False, "时限只写数字时的单位，如 工作日"),
    "domain": ("类型", False, "部件 或 事件；工作表名里已写明则不填"),
}


def columns() -> tuple[Column, ...]:
    """Every column that a workbook may have, in the order of the template.

    Examples
    --------
    >>> [column.name for column in columns() if column.needed]
    ['小类代码', '小类名称', '立案条件']
    """
    return tuple(
        Column(name, tuple(n for n in COLUMN_NAMES[role] if n != name), needed, meaning)
        for role, (name, needed, meaning) in _MEANINGS.items()
    )
