"""Sections as Excel workbooks: bytes, no file; texts stay texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

#: Why levels are missing, by `long.Reason`.
REASONS = {
    "height_unknown": "高程不明", "height_or_size_unknown": "高程或管径不明",
    "size_unknown": "管径不明", "wall_unknown": "壁厚不明",
}  # fmt: skip
#: Columns and their titles, in order.
CROSS_COLUMNS = {
    "chainage_m": "里程 m", "kind": "种类", "id": "编号", "width_m": "外宽 m", "height_m": "外高 m",
    "ground_m": "地面高程 m", "top_m": "管顶高程 m", "axis_m": "轴线高程 m", "bottom_m": "管底高程 m",
    "cover_m": "覆土 m", "cover_limit_m": "最小覆土 m", "angle_deg": "交角 °", "spacing_m": "至下一管净距 m",
    "owner": "权属单位", "material": "材质", "sigma_z_m": "高程中误差 m",
}  # fmt: skip
PROFILE_SHEETS: dict[str, tuple[str, dict[str, str]]] = {
    "vertices": ("里程表", {
        "station_m": "里程 m", "pipe": "编号", "ground_m": "地面高程 m", "top_m": "管顶高程 m",
        "axis_m": "轴线高程 m", "bottom_m": "管外底高程 m", "invert_m": "管内底高程 m",
        "invert_source": "内底来源",
    }),
    "links": ("管段", {
        "pipe": "编号", "from_m": "起 m", "to_m": "止 m", "slope": "坡度", "slope_of": "坡度依据",
        "width_m": "外径 m", "wall_m": "壁厚 m", "wall_assumed": "壁厚为假定",
        "kind": "种类", "forward": "顺起终点方向",
    }),
    "crossing": ("交叉管线", {
        "station_m": "里程 m", "pipe": "编号", "kind": "种类", "top_m": "管顶高程 m",
        "bottom_m": "管底高程 m",
    }),
    "gaps": ("缺少高程", {
        "from_m": "起 m", "to_m": "止 m", "reason": "原因", "missing": "缺少",
    }),
}  # fmt: skip

#: Columns of the program's own words, and how these are written in a sheet.
_WORDED = {"invert_source", "slope_of", "reason", "missing"}
_WORDS: dict[str, str] = {
    "delivered": "测量值", "between_delivered": "两端测量值之间内插", "bottom_and_wall": "外底加壁厚",
    "bottom_and_assumed_wall": "外底加假定壁厚", "none": "不明", "invert": "内底", "axis": "轴线",
    "top_m": "管顶", "axis_m": "轴线", "bottom_m": "管外底", "invert_m": "管内底", **REASONS,
}  # fmt: skip


def cross_section_sheet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A workbook of a cross-section, one row per hit.

    Examples
    --------
    >>> cross_section_sheet([])[:2]
    b'PK'
    """
    return _workbook([("横断面", CROSS_COLUMNS, rows)])


def profile_sheet(profile: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """A workbook of a long profile: stations, pipes, crossings, gaps.

    Examples
    --------
    >>> profile_sheet({"vertices": [], "links": [], "crossing": [], "gaps": []})[:2]
    b'PK'
    """
    return _workbook(
        [(title, columns, profile[name]) for name, (title, columns) in PROFILE_SHEETS.items()]
    )


def _workbook(
    sheets: Sequence[tuple[str, Mapping[str, str], Sequence[Mapping[str, Any]]]],
) -> bytes:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    for title, columns, rows in sheets:
        sheet = book.create_sheet(title)
        sheet.append(list(columns.values()))
        for row in rows:
            sheet.append([_cell(row.get(name), is_word=name in _WORDED) for name in columns])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(value: Any, *, is_word: bool = False) -> Any:
    """A text that begins like a formula stays a text; words of the program are told in Chinese."""
    if is_word and value is not None:
        words = value if isinstance(value, list) else [value]
        return "、".join(_WORDS[word] for word in words)
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value
